"""Questions to a real name server on this machine."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from channels.email.resolver import Kind, SystemResolver
from vocabulary.errors import TemporaryFailure


class NameServer(asyncio.DatagramProtocol):
    """Knows a few names; others fail in their own way."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text()
        self.asked.append(name)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if name == "silent.example.":
            return
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name == "known.example.":
            records = {"TXT": ['"v=spf1 " "-all"', '"other"'], "MX": ["10 mx.known.example."], "A": ["192.0.2.1"]}
            kind = dns.rdatatype.to_text(question.question[0].rdtype)
            if kind in records:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records[kind]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[tuple[NameServer, SystemResolver]]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    protocol.port = port
    yield protocol, SystemResolver(["127.0.0.1"], port=port, lifetime_s=10)
    transport.close()


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [
        ("known.example", "TXT", ("v=spf1 -all", "other")),
        ("known.example", "MX", ("10 mx.known.example",)),
        ("known.example", "A", ("192.0.2.1",)),
        ("known.example", "AAAA", ()),
        ("unknown.example", "TXT", ()),
        (f"{'a' * 64}.example", "TXT", ()),
        ("..", "TXT", ()),
        ("", "TXT", ()),
    ],
)
async def test_records_are_read_as_text_and_names_that_are_not_there_have_none(
    server: tuple[NameServer, SystemResolver], name: str, kind: Kind, records: tuple[str, ...]
) -> None:
    assert sorted(await server[1].records(name, kind)) == sorted(records)


@pytest.mark.parametrize("name", ["broken.example", "silent.example"])
async def test_a_server_that_fails_or_is_silent_means_that_nobody_knows_now(
    server: tuple[NameServer, SystemResolver], name: str
) -> None:
    impatient = SystemResolver(["127.0.0.1"], port=server[0].port, lifetime_s=0.2)
    with pytest.raises(TemporaryFailure):
        await impatient.records(name, "TXT")


async def test_what_was_answered_is_not_asked_again(server: tuple[NameServer, SystemResolver]) -> None:
    for _ in range(3):
        await server[1].records("known.example", "TXT")
    assert server[0].asked == ["known.example."]
