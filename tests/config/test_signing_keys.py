"""Keys that sign mail are read from what openssl writes, and refused with a reason."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PublicFormat,
    load_pem_private_key,
)

from config.secrets import SecretRefused
from config.signing_keys import signing_key
from tests.channels.email.keys import PKCS1, PKCS8, ed25519_pem, read, rsa_pem, written
from tests.config.files import SMALL, lines

ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PKCS8, NoEncryption())
MAILBOX = f"""{SMALL}
[channels.mail]
medium = "email"
address = "support@desk.example.org"
"""


@pytest.mark.parametrize("form", [PKCS1, PKCS8])
def test_public_half_of_an_rsa_key_is_the_one_that_openssl_would_print(form: object) -> None:
    pem = rsa_pem(form=form)
    public = load_pem_private_key(pem, None).public_key()
    printed = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert read(pem).public == "".join(printed.splitlines()[1:-1])
    assert read(pem).algorithm == "rsa-sha256"


def test_public_half_of_an_ed25519_key_is_its_32_bytes() -> None:
    raw = load_pem_private_key(ed25519_pem(), None).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = read(ed25519_pem())
    assert (key.algorithm, key.public) == ("ed25519-sha256", base64.b64encode(raw).decode())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no private key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\n=AAA\n-----END PRIVATE KEY-----\n", "a private key that is no base64"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "neither RSA nor Ed25519"),
        (ELLIPTIC, "neither RSA nor Ed25519"),
        (b"x" * 20_000, "more than 16384 bytes"),
    ],
)
def test_what_is_no_key_is_refused_with_what_it_is(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(SecretRefused, match=found):
        signing_key(written(content, tmp_path))


def test_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretRefused, match="mode 0644, expected mode 0600: chmod 600"):
        signing_key(written(rsa_pem(), tmp_path, 0o644))


def test_check_names_a_key_that_cannot_be_had_and_a_domain_that_is_not_the_senders(tmp_path: Path) -> None:
    key = written(rsa_pem(), tmp_path)
    assert lines(f'{MAILBOX}dkim = [{{ selector = "c1", key_file = "{key}" }}]\n') == []
    assert lines(f'{MAILBOX}dkim = [{{ selector = "c1", key_file = "{key}", domain = "example.org" }}]\n') == []
    (told,) = lines(f'{MAILBOX}dkim = [{{ selector = "c1", key_file = "{key}", domain = "example.net" }}]\n')
    assert "channels.mail.dkim[0].domain" in told
    assert "warning" in told
    (told,) = lines(f'{MAILBOX}dkim = [{{ selector = "c1", key_file = "{tmp_path}/none.pem" }}]\n')
    assert "No such file" in told
