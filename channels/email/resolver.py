"""What the domain name system says: the little of it that the checks of a sender ask."""

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from vocabulary.errors import TemporaryFailure

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]


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

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, lifetime_s: float = 4.0) -> None:
        """Take other `servers` than the machine's, and how long to wait for an answer."""
        self._servers, self._port, self._lifetime_s = servers, port, lifetime_s
        self._asking: dns.asyncresolver.Resolver | None = None

    async def records(self, name: str, kind: Kind) -> tuple[str, ...]:
        """Return what stands under `name`; see `Resolver`."""
        try:
            async with asyncio.timeout(self._lifetime_s + 1):
                answer = await self._resolver().resolve(name, kind, lifetime=self._lifetime_s)
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
            self._asking = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                self._asking.nameservers, self._asking.port = list(self._servers), self._port
            self._asking.cache = dns.resolver.LRUCache(10_000)
        return self._asking
