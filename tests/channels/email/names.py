"""Name servers for tests, and a key that signs."""

from collections.abc import Mapping

import dkim

from channels.email.resolver import Kind
from vocabulary.errors import TemporaryFailure

KEY = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQDXUPFH6/Ls6L/Hxmaq1kpFdlAyx79gRMvO6sy6Jf5+rguRaBD4
YwOyd4mOaW56pwq2Dh1g09E1p3MeL3RC+dvm59KlPrIEWxB69gFnbtz9Tz8mSlw5
/KTHwvuFunm/DdRwd/8DdpYIl88XLryNZj0i+aS1GPd8Oji2IOapuf67wQIDAQAB
AoGALJpP4R43jGwKjk/DJNCPQiRoKJzIQCEANzTchBMqzQMw0kZEfa/FLEsm66Fb
iXzg8yWpYE2AoSS27CHYa6dmreUlJFXPr/DOseGzYTkWz7kY+aIkqO/UqL0XxjHd
0Hrl8MWb+pKNfmI6oZM3ruIaAeFl18OOfObaruYAoh4nNqECQQD2g18rqrEWBVuK
PMI7VyezAgX4pKVu/p86qu8Jrg72Wr3vBIxWDTDJ5SksysBw6hYcwPi/lc1v9Jep
aFz0wyEbAkEA35o4cRYAI7r347/DSbKfdI0HEVWeH5IVfeVrg+qRmwzctRbSkpRK
TuANbQcID0EsoQFuofm8RCoQRgWdMuEAUwJBAJOsh2rFSmiCtR/O3hxmTaXy5Fjb
aS9g4Upn8+K8nsH+AiIZe2hhZoTL/yqSG06JLM303A8JUpRq1h/qISWPb1kCQBwQ
3XjETCwv8aFylm6PrxgQA40XdAt+aJguzbn3HWOaz7EjNjcTyefwk37V3RsdER78
cQh/sjPUG8rONZcHSuUCQGnTWxEFsBSrnYDiCYAgz2lr0Kyzy4m3EM2VKnm/xxMd
xrDmTw8HsWFqXc2Qe1IHaPlwK0DK1zqNO1QFHwuG+zE=
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    "v=DKIM1; k=rsa; p="
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXUPFH6/Ls6L/Hxmaq1kpFdlAyx79gRMvO6sy6Jf5+rguRaBD4YwOyd4mOaW56"
    "pwq2Dh1g09E1p3MeL3RC+dvm59KlPrIEWxB69gFnbtz9Tz8mSlw5/KTHwvuFunm/DdRwd/8DdpYIl88XLryNZj0i+aS1GPd8Oji2IOapuf67wQIDAQAB"
)


Table = Mapping[tuple[str, str], tuple[str, ...]]


class Names:
    """Answers from a table; names in `silent` give no answer. `asked` tells what was asked."""

    def __init__(self, table: Table | None = None, silent: tuple[str, ...] = ()) -> None:
        self.table = table or {}
        self.silent = silent
        self.asked: list[tuple[str, str]] = []

    async def records(self, name: str, kind: Kind) -> tuple[str, ...]:
        """Return what the table has."""
        self.asked.append((name, kind))
        if name in self.silent:
            raise TemporaryFailure(f"no answer about {name}")
        return self.table.get((name, kind), ())


def signed(raw: bytes, *, domain: str = "customer.example", length: bool = False) -> bytes:
    """Return `raw` with a signature of `domain`; `length`: it covers only what is there now."""
    signature = dkim.sign(
        raw, b"one", domain.encode(), KEY, include_headers=[b"from", b"to", b"subject", b"date"], length=length
    )
    return bytes(signature) + raw


def key_of(domain: str = "customer.example") -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the record of the key that `signed` signs with."""
    return {(f"one._domainkey.{domain}", "TXT"): (PUBLIC,)}
