"""The sender says what became of a mail, whatever the server does at whatever stage."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.smtp import FAILURES_MAX, Envelope, Outcome, SendResult, SmtpSender, Timeouts, dot_stuffed, retry_at
from tests.channels.email.fake_smtp import CLOSE, RESET, SILENT, STAGES, FakeSmtp, smtp_server
from vocabulary.instants import DAY, MINUTE

RAW = b"Subject: x\r\n\r\nhello\r\n.dot\r\n"
SHORT = Timeouts(connect_s=0.2, command_s=0.2, data_s=0.2, final_dot_s=0.2, total_s=5)


def a_sender(server: FakeSmtp, **changes: object) -> SmtpSender:
    settings: dict[str, object] = {"host": "127.0.0.1", "port": server.port, "tls": "none", "timeouts": SHORT}
    return SmtpSender(**{**settings, **changes})  # type: ignore[arg-type]  # what a test changes is its own to type


async def sent(sender: SmtpSender, recipient: str = "anna@customer.example") -> SendResult:
    return await sender.send(RAW, Envelope(sender="support@desk.example.org", recipient=recipient))


async def outcome(script: dict[str, str | list[str]]) -> SendResult:
    async with smtp_server(script) as server:
        sender = a_sender(server)
        try:
            return await sent(sender)
        finally:
            await sender.close()


async def test_mail_is_sent_as_it_is() -> None:
    async with smtp_server() as server:
        sender = a_sender(server)
        assert await sent(sender) == SendResult(Outcome.SENT, "taken", 250)
        await sender.close()
    assert server.mails == [b"Subject: x\r\n\r\nhello\r\n..dot\r\n.\r\n"]
    assert f"MAIL FROM:<support@desk.example.org> SIZE={len(RAW)}" in server.commands


async def test_null_sender_is_written_empty() -> None:
    async with smtp_server() as server:
        sender = a_sender(server)
        result = await sender.send(RAW, Envelope(sender="", recipient="anna@customer.example"))
        await sender.close()
    assert result.outcome is Outcome.SENT
    assert any(command.startswith("MAIL FROM:<>") for command in server.commands)


@pytest.mark.parametrize("stage", STAGES)
async def test_4xx_at_any_stage_is_deferred(stage: str) -> None:
    result = await outcome({stage: "451 4.3.0 later"})
    assert (result.outcome, result.code) == (Outcome.DEFERRED, 451)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
async def test_5xx_about_the_mail_is_final(stage: str) -> None:
    result = await outcome({stage: "550 5.1.1 no such mailbox"})
    assert (result.outcome, result.code) == (Outcome.FAILED, 550)
    assert "no such mailbox" in result.reason


@pytest.mark.parametrize("answer", ["530 5.7.0 Must issue a STARTTLS command first", "535 5.7.8 log in first"])
async def test_server_that_asks_us_to_log_in_is_no_fault_of_the_mail(answer: str) -> None:
    result = await outcome({"MAIL": answer})
    assert (result.outcome, result.why) == (Outcome.DEFERRED, "not_let_in")


@pytest.mark.parametrize("stage", ["connect", "EHLO"])
async def test_5xx_about_us_is_no_fault_of_the_mail(stage: str) -> None:
    assert (await outcome({stage: "554 go away"})).outcome is Outcome.DEFERRED


@pytest.mark.parametrize("fault", [CLOSE, RESET, SILENT, "what?", "999 x"])
@pytest.mark.parametrize("stage", ["connect", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_server_lost_before_the_content_is_deferred(stage: str, fault: str) -> None:
    assert (await outcome({stage: fault})).outcome is Outcome.DEFERRED


@pytest.mark.parametrize("fault", [CLOSE, RESET, SILENT, "what?", "354 more?"])
async def test_answer_lost_after_the_final_dot_is_uncertain(fault: str) -> None:
    async with smtp_server({"dot": fault}) as server:
        sender = a_sender(server)
        result = await sent(sender)
        await sender.close()
    assert result.outcome is Outcome.UNCERTAIN
    assert len(server.mails) == 1


async def test_connection_lost_while_the_content_goes_out_is_uncertain() -> None:
    assert (await outcome({"body": CLOSE})).outcome is Outcome.UNCERTAIN


async def test_server_that_stops_reading_cannot_have_the_mail() -> None:
    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        for reply in (b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readline()
            writer.write(reply)
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer whose window is closed
        await gone.wait()
        writer.transport.abort()

    gone = asyncio.Event()
    server = await asyncio.start_server(stuck, "127.0.0.1", 0)
    sender = SmtpSender(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none", timeouts=SHORT)
    result = await sender.send(b"x" * 20_000_000, Envelope(sender="", recipient="anna@customer.example"))
    gone.set()
    server.close()
    await server.wait_closed()
    assert result.outcome is Outcome.DEFERRED


async def test_fresh_connection_is_used_again() -> None:
    async with smtp_server() as server:
        sender = a_sender(server)
        results = [await sent(sender) for _ in range(3)]
        await sender.close()
    assert [result.outcome for result in results] == [Outcome.SENT] * 3
    assert (server.connections, len(server.mails)) == (1, 3)


async def test_stale_connection_costs_no_mail() -> None:
    async with smtp_server() as server:
        sender = a_sender(server)
        assert (await sent(sender)).outcome is Outcome.SENT
        server.hang_up()
        assert (await sent(sender)).outcome is Outcome.SENT
        server.script["RSET"] = [CLOSE]
        assert (await sent(sender)).outcome is Outcome.SENT
        await sender.close()
    assert len(server.mails) == 3


async def test_old_connection_is_not_trusted() -> None:
    async with smtp_server() as server:
        sender = a_sender(server, fresh_s=0)
        await sent(sender)
        await sent(sender)
        await sender.close()
    assert server.connections == 2


async def test_cancelled_send_leaves_no_connection_in_the_middle() -> None:
    async with smtp_server({"DATA": [SILENT]}, awaited="DATA") as server:
        sender = a_sender(server, timeouts=Timeouts())
        task = asyncio.ensure_future(sent(sender))
        await server.heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await sent(sender)).outcome is Outcome.SENT
        await sender.close()
    assert server.connections == 2


async def test_one_refused_recipient_does_not_harm_the_next() -> None:
    async with smtp_server({"RCPT": ["550 no", "250 OK"]}) as server:
        sender = a_sender(server)
        assert [(await sent(sender)).outcome for _ in range(2)] == [Outcome.FAILED, Outcome.SENT]
        await sender.close()


async def test_slow_domain_delays_nobody_else() -> None:
    async with smtp_server({"dot": [SILENT]}, awaited="DATA") as server:
        sender = a_sender(server, timeouts=Timeouts())
        slow = asyncio.ensure_future(sent(sender, "anna@slow.example"))
        await server.heard.wait()
        same = asyncio.ensure_future(sent(sender, "jan@slow.example"))
        others = await asyncio.gather(*(sent(sender, f"anna@quick{number}.example") for number in range(10)))
        assert [result.outcome for result in others] == [Outcome.SENT] * 10
        assert not same.done()
        for task in (slow, same):
            task.cancel()
        await asyncio.gather(slow, same, return_exceptions=True)
        await sender.close()
    assert server.connections <= 4


async def test_no_more_connections_are_open_than_may_be() -> None:
    async with smtp_server() as server:
        sender = a_sender(server, connections=2)
        results = await asyncio.gather(*(sent(sender, f"anna@d{number}.example") for number in range(20)))
        await sender.close()
    assert [result.outcome for result in results] == [Outcome.SENT] * 20
    assert server.connections == 2


async def test_breaker_rests_after_several_tries_and_a_mail_that_goes_closes_it() -> None:
    async with smtp_server({"connect": ["421 4.3.2 not now"] * FAILURES_MAX}) as server:
        sender = a_sender(server)
        for _ in range(FAILURES_MAX):
            assert sender.rest_s == 0
            assert (await sent(sender)).outcome is Outcome.DEFERRED
        assert 0 < sender.rest_s <= 15
        assert (await sent(sender)).outcome is Outcome.SENT
        assert (await sent(a_sender(server))).outcome is Outcome.SENT
        server.script["connect"] = "421 4.3.2 not now"
        await sender.close()


async def test_refusals_of_mails_don_t_open_the_breaker() -> None:
    async with smtp_server({"RCPT": "550 5.1.1 nobody"}) as server:
        sender = a_sender(server)
        for _ in range(FAILURES_MAX + 1):
            assert (await sent(sender)).outcome is Outcome.FAILED
        assert sender.rest_s == 0
        await sender.close()


KNOWS_DSN = "250-fake\r\n250-SIZE 30000000\r\n250 DSN"


async def test_reports_are_asked_for_where_the_server_knows_them() -> None:
    async with smtp_server({"EHLO": KNOWS_DSN}) as server:
        sender = a_sender(server)
        envelope = Envelope(sender="support@desk.example.org", recipient="anna@customer.example", id="fx-7")
        assert (await sender.send(RAW, envelope)).outcome is Outcome.SENT
        null = Envelope(sender="", recipient="anna@customer.example", id="fx-8")
        assert (await sender.send(RAW, null)).outcome is Outcome.SENT
        await sender.close()
    size = f"SIZE={len(RAW)}"
    assert [each for each in server.commands if each.startswith(("MAIL", "RCPT"))] == [
        f"MAIL FROM:<support@desk.example.org> {size} ENVID=fx-7 RET=HDRS",
        "RCPT TO:<anna@customer.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;anna@customer.example",
        f"MAIL FROM:<> {size}",
        "RCPT TO:<anna@customer.example> NOTIFY=NEVER",
    ]


async def test_nobody_listens() -> None:
    async with smtp_server() as server:
        pass
    assert (await sent(a_sender(server))).outcome is Outcome.DEFERRED


async def test_server_without_starttls_gets_neither_password_nor_mail() -> None:
    async with smtp_server() as server:
        sender = a_sender(server, tls="starttls", username="desk", password="secret")
        result = await sent(sender)
    assert result.outcome is Outcome.DEFERRED
    assert all(command.upper().startswith(("EHLO", "STARTTLS", "QUIT")) for command in server.commands)


def test_password_never_crosses_a_network_in_the_clear() -> None:
    with pytest.raises(ValueError, match="starttls"):
        SmtpSender(host="mail.example.org", port=25, username="desk", password="secret", tls="none")


@pytest.mark.parametrize("address", ['"a\r\nRCPT TO:<e@z>"@y', "a@b>\r\nDATA", "<a@b.example>", "żółć@x.example", ""])
async def test_address_that_is_not_plain_never_reaches_the_wire(address: str) -> None:
    async with smtp_server() as server:
        sender = a_sender(server)
        result = await sent(sender, recipient=address)
    assert (result.outcome, server.connections) == (Outcome.FAILED, 0)


@given(st.binary(max_size=300) | st.text(alphabet="\r\n.x", max_size=100).map(str.encode))
def test_content_never_ends_before_its_end(raw: bytes) -> None:
    wire = dot_stuffed(raw)
    assert wire.find(b"\r\n.\r\n") in (-1, len(wire) - 5)
    assert wire == b".\r\n" or wire.endswith(b"\r\n.\r\n")
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")
    assert not any(line.startswith(b".") and not line.startswith(b"..") for line in wire.split(b"\r\n")[:-2])


def test_delays_grow_from_5_to_67_minutes_over_5_days() -> None:
    now, delays = 0, []
    while (at := retry_at(0, now, "o-1")) is not None:
        delays.append(at - now)
        now = at
    assert delays[0] in range(5 * MINUTE, 6 * MINUTE)
    assert delays[1] in range(10 * MINUTE, 13 * MINUTE)
    assert all(delay <= 74 * MINUTE for delay in delays)
    assert delays[-1] >= 67 * MINUTE
    assert len(delays) in range(100, 115)
    assert now in range(4 * DAY, 5 * DAY + 1)


def test_delays_are_the_same_for_the_same_mail_and_differ_between_mails() -> None:
    assert retry_at(0, 3, "o-1") == retry_at(0, 3, "o-1")
    assert len({retry_at(0, 3, f"o-{at}") for at in range(50)}) > 40


def test_mail_that_is_asked_for_again_begins_with_the_short_delays() -> None:
    again = retry_at(9 * DAY, 9 * DAY, "o-1")
    assert again is not None
    assert again - 9 * DAY < 6 * MINUTE
