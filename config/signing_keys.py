"""The private keys that sign our mail (DKIM): RSA and Ed25519, from PEM as openssl writes it."""

import base64
import re
from pathlib import Path
from typing import Literal

import msgspec

from config.secrets import SecretRefused, private_bytes

KEY_BITS_MIN = 1024
"""Verifiers don't look at shorter RSA keys (RFC 8301)."""

_PEM = re.compile(rb"-----BEGIN (?:RSA )?PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PRIVATE KEY-----")
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")
"""How a PKCS #8 file with an Ed25519 key begins (RFC 8410 section 7); the 32 bytes of the key follow."""
_EXPECTED = "a private key: RSA of 1024 bits or more, or Ed25519, as openssl genpkey writes it"


class SigningKey(msgspec.Struct, frozen=True):
    """A key: `private` as dkimpy takes it, `public` as the domain name system has it."""

    algorithm: Literal["rsa-sha256", "ed25519-sha256"]
    private: bytes
    public: str


def signing_key(path: Path) -> SigningKey:
    """Return the key in the file at `path`.

    Raises:
        SecretRefused: the file is missing, open to others, or holds no key that we can sign with.
    """
    try:
        return _read(private_bytes(path, "key_file", _EXPECTED))
    except ValueError as error:
        if isinstance(error, SecretRefused):
            raise
        raise SecretRefused("key_file", str(error), _EXPECTED) from error


def _read(pem: bytes) -> SigningKey:
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("no private key in PEM")
    try:
        der = base64.b64decode(b"".join(found[1].split()), validate=True)
    except ValueError as error:
        raise ValueError("a private key that is no base64") from error
    if der.startswith(_ED25519):
        return _ed25519(der[len(_ED25519) :])
    return _rsa(pem)


def _ed25519(seed: bytes) -> SigningKey:
    from nacl import signing  # most sites sign with RSA

    if len(seed) != 32:
        raise ValueError("an Ed25519 key of a wrong length")
    public = bytes(signing.SigningKey(seed).verify_key)
    return SigningKey("ed25519-sha256", base64.b64encode(seed), base64.b64encode(public).decode())


def _rsa(pem: bytes) -> SigningKey:
    from dkim.crypto import UnparsableKeyError, parse_pem_private_key

    plain = pem.replace(b"\r\n", b"\n")
    try:
        key = parse_pem_private_key(plain)
    except (UnparsableKeyError, ValueError, IndexError, KeyError) as error:
        raise ValueError("a private key that is neither RSA nor Ed25519") from error
    bits = int(key["modulus"]).bit_length()
    if bits < KEY_BITS_MIN:
        raise ValueError(f"an RSA key of {bits} bits")
    public = _public_key(key["modulus"], key["publicExponent"])
    return SigningKey("rsa-sha256", plain, base64.b64encode(public).decode())


def _public_key(modulus: int, exponent: int) -> bytes:
    """Return an RSA public key as DNS has it: a SubjectPublicKeyInfo in DER (RFC 6376 section 3.6.1)."""
    both = _der(0x30, _integer(modulus) + _integer(exponent))
    rsa_encryption = bytes.fromhex("300d06092a864886f70d0101010500")
    return _der(0x30, rsa_encryption + _der(0x03, b"\0" + both))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
