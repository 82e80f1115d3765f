"""Where a request comes from: its Origin, its address behind proxies."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

_OWN_FETCHES = (None, "same-origin", "none")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin_of(url: str) -> str:
    """Return scheme, host and port of `url`, as browsers write an Origin: lower case, no port where it is the usual."""
    parts = urlsplit(url.lower())
    host = parts.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
    return f"{parts.scheme}://{host}"


class Origins:
    """The origins of our own pages; they are compared whole, never by a part."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin_of(url) for url in allowed)

    def __contains__(self, origin: str) -> bool:
        return origin in self._allowed

    def is_own(self, request: web.Request) -> bool:
        """Tell whether `request` may come from a page of ours; a program sends neither of the two headers."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._allowed:
            return False
        return request.headers.get("Sec-Fetch-Site") in _OWN_FETCHES or origin in self._allowed


class Proxies:
    """Proxies whose X-Forwarded-For is believed; anybody else's is not."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in trusted]

    def client_of(self, request: web.Request) -> str:
        """Return the address of the client: the last one on the way that is none of our proxies."""
        hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
        address = request.remote or ""
        while hops and self._trusts(address):
            hop = hops.pop()
            if not _is_address(hop):
                break
            address = hop
        return address

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
