"""What the domain name system says: the little of it that the checks of a sender ask."""

import asyncio
from typing import Literal, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from vocabulary.errors import TemporaryFailure

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]
LIFETIME_S = 4.0


class Resolver(Protocol):
    """Answers questions about names."""

    async def records(self, name: str, kind: Kind) -> tuple[str, ...]:
        """Return what stands under `name`, as text: a TXT record's pieces joined, a MX record as "10 mx.example.org".

        A name that isn't there, or can't be one, has no records.

        Raises:
            TemporaryFailure: nobody knows now.
        """


class SystemResolver:
    """Asks the name servers that the machine is set up with; it keeps answers for as long as they hold."""

    def __init__(self) -> None:
        self._asking: dns.asyncresolver.Resolver | None = None

    async def records(self, name: str, kind: Kind) -> tuple[str, ...]:
        """Return what stands under `name`; see `Resolver`."""
        try:
            async with asyncio.timeout(LIFETIME_S + 1):
                answer = await self._resolver().resolve(name, kind, lifetime=LIFETIME_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.IDNAException):
            return ()
        except (dns.exception.DNSException, OSError, TimeoutError) as error:
            raise TemporaryFailure(f"no answer about {kind} of a name: {type(error).__name__}") from error
        if kind == "TXT":
            return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)
        return tuple(record.to_text().rstrip(".") for record in answer)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        # Made when it is needed: a machine without name servers starts all the same.
        if self._asking is None:
            self._asking = dns.asyncresolver.Resolver()
            self._asking.cache = dns.resolver.LRUCache(10_000)
        return self._asking
