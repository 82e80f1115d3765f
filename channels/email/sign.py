"""DKIM signatures of what we send (RFC 6376, RFC 8463): whoever gets it can prove that it is ours and unchanged."""

import re
from typing import Literal

import dkim

from channels.email.headers import read_block
from vocabulary.errors import PermanentFailure

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

# Named once more than they occur: a second one that is added on the way breaks the signature (RFC 6376 section 8.15).
_OVERSIGNED = (
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
_SIGNED = ("In-Reply-To", "References", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


class Signer:
    """Signs mail for one domain with one key."""

    def __init__(self, *, domain: str, selector: str, algorithm: Algorithm, private: bytes, public: str) -> None:
        """Take where the public key is published, `SELECTOR._domainkey.DOMAIN`, and both halves of the key.

        `private` is PEM for RSA and the base64 of its 32 bytes for Ed25519; `public` is as DNS has it.
        """
        self.domain, self.selector = domain, selector
        self._algorithm, self._private, self._public = algorithm, private, public

    def signed(self, raw: bytes) -> bytes:
        """Return `raw` with a signature in front.

        Raises:
            PermanentFailure: the signature would not stand alone: something else came with it.
        """
        before = read_block(raw, 0, len(raw)).headers.fields
        present = {name for name, _ in before}
        names = [name for name in _OVERSIGNED if name.lower() in present] + list(_OVERSIGNED)
        names += [name for name in _SIGNED if name.lower() in present]
        header: bytes = dkim.DKIM(raw, linesep=b"\r\n").sign(
            self.selector.encode(),
            self.domain.encode(),
            self._private,
            signature_algorithm=self._algorithm.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode() for name in names],
        )
        after = read_block(header + raw, 0, len(header) + len(raw)).headers.fields
        if len(after) != len(before) + 1 or after[0][0] != "dkim-signature" or after[1:] != before:
            raise PermanentFailure("the mail's headers would not arrive as they were meant")
        return header + raw

    @property
    def name(self) -> str:
        """The name in the domain name system under which verifiers look for the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What must stand there."""
        kind = "rsa" if self._algorithm == "rsa-sha256" else "ed25519"
        return f"v=DKIM1; k={kind}; p={self._public}"

    def fits(self, record: str) -> bool:
        """Tell whether what stands under `name` lets verifiers accept what we sign."""
        tags = dict(part.strip().split("=", 1) for part in record.split(";") if "=" in part)
        kind = {name.strip(): re.sub(r"\s", "", value) for name, value in tags.items()}
        return (
            kind.get("v", "DKIM1") == "DKIM1"
            and kind.get("k", "rsa") == ("rsa" if self._algorithm == "rsa-sha256" else "ed25519")
            and kind.get("p") == self._public
        )
