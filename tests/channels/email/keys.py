"""Private keys as openssl writes them, and the signers made of them."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.email.sign import Signer
from config.signing_keys import SigningKey, signing_key

PKCS1, PKCS8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8


@cache
def rsa_pem(bits: int = 2048, form: PrivateFormat = PKCS8) -> bytes:
    """Return an RSA key."""
    return rsa.generate_private_key(65537, bits).private_bytes(Encoding.PEM, form, NoEncryption())


@cache
def ed25519_pem() -> bytes:
    """Return an Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PKCS8, NoEncryption())


def written(pem: bytes, folder: Path, mode: int = 0o600) -> Path:
    """Write a key to a file and return its path."""
    path = folder / "dkim.pem"
    path.write_bytes(pem)
    path.chmod(mode)
    return path


def read(pem: bytes) -> SigningKey:
    """Return the key as the product reads it."""
    with TemporaryDirectory() as folder:
        return signing_key(written(pem, Path(folder)))


def signer(pem: bytes, domain: str = "desk.example.org", selector: str = "c1") -> Signer:
    """Return who signs with the key."""
    key = read(pem)
    return Signer(domain=domain, selector=selector, algorithm=key.algorithm, private=key.private, public=key.public)
