"""What stands for an address and its organisation where automatic replies are counted: no log holds addresses."""

from collections.abc import Collection

import msgspec

from channels.email.addresses import comparable
from channels.email.trust import organisational
from vocabulary.ids import keyed_hash


class Hashes(msgspec.Struct, frozen=True):
    """What stands for where a reply goes; None: there is nowhere, or no limit of that kind."""

    address: str | None = None
    domain: str | None = None


class ReplyLimits:
    """Makes these hashes. `providers`: domains whose addresses belong to people who don't know each other."""

    def __init__(self, key: bytes, providers: Collection[str] = ()) -> None:
        self._key = key
        self._providers = frozenset(providers)

    def of(self, address: str) -> Hashes:
        """Return what stands for `address`; with whatever detail it is written, it is one mailbox (RFC 5233)."""
        mailbox = comparable(address)
        of_mailbox = keyed_hash(self._key, mailbox)
        domain = mailbox.rpartition("@")[2]
        if not domain or domain in self._providers:
            return Hashes(of_mailbox)
        return Hashes(of_mailbox, keyed_hash(self._key, f"domain\x1f{organisational(domain) or domain}"))

    def of_visitor(self, visitor: str) -> Hashes:
        """Return what stands for a visitor without an address."""
        return Hashes(keyed_hash(self._key, visitor))
