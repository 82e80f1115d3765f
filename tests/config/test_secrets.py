from pathlib import Path

import pytest
import trustme

from config.channel_schema import ReceiveLmtp, Send
from config.secrets import SecretRefused, certificate_of, create_secret, password_of, replace_secret, secret_of
from tests.config.files import SMALL

HERE = Path()


def test_a_password_comes_from_the_environment() -> None:
    assert password_of(Send(password_env="MAIL"), {"MAIL": "s3cret"}) == "s3cret"
    assert password_of(Send(), {"MAIL": "s3cret"}) is None
    with pytest.raises(SecretRefused, match='no environment variable "MAIL"'):
        password_of(Send(password_env="MAIL"), {})


def test_a_password_is_the_first_line_of_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("pass word\nand a note\n")
    file.chmod(0o600)
    assert password_of(Send(password_file=file), {}) == "pass word"
    file.chmod(0o640)
    with pytest.raises(SecretRefused, match="with mode 0640, expected mode 0600: chmod 600"):
        password_of(Send(password_file=file), {})


def test_a_missing_an_empty_and_a_strange_file_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch(mode=0o600)
    latin = tmp_path / "latin"
    latin.write_bytes(b"\xff\xfe")
    latin.chmod(0o600)
    for path, words in ((tmp_path / "absent", "No such file"), (empty, "empty first line"), (latin, "no UTF-8")):
        with pytest.raises(SecretRefused, match=words):
            password_of(Send(password_file=path), {})


def test_a_new_secret_is_private_long_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    create_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(secret_of(path)) >= 43
    with pytest.raises(FileExistsError):
        create_secret(path)


def test_a_secret_is_replaced_whole_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "refresh"
    create_secret(path)
    (tmp_path / "refresh.new").write_text("left by a crash")
    replace_secret(path, "second")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("second\n", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["refresh"]


def test_a_certificate_belongs_to_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued, other = authority.issue_cert("mail.example.org"), authority.issue_cert("mail.example.org")
    cert, key = tmp_path / "mail.pem", tmp_path / "mail.key"
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    assert certificate_of(ReceiveLmtp()) is None
    assert certificate_of(ReceiveLmtp(tls_cert=cert, tls_key=key)) is not None
    key.chmod(0o644)
    with pytest.raises(SecretRefused, match="mode 0600"):
        certificate_of(ReceiveLmtp(tls_cert=cert, tls_key=key))
    other.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    with pytest.raises(SecretRefused, match="KEY_VALUES_MISMATCH"):
        certificate_of(ReceiveLmtp(tls_cert=cert, tls_key=key))
    with pytest.raises(SecretRefused, match="No such file"):
        certificate_of(ReceiveLmtp(tls_cert=tmp_path / "absent", tls_key=key))


def test_check_refuses_a_secret_that_others_may_read(tmp_path: Path) -> None:
    from config.loader import check

    (tmp_path / "centrala.toml").write_text(SMALL)
    create_secret(tmp_path / "centrala.secret")
    assert check(tmp_path / "centrala.toml") == ()
    (tmp_path / "centrala.secret").chmod(0o644)
    (fault,) = check(tmp_path / "centrala.toml")
    assert (fault.path, fault.expected) == ("site.secret_file", f"mode 0600: chmod 600 {tmp_path}/centrala.secret")
