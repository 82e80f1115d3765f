"""A mail that kills the process, at a real site: three counted tries, then it is kept, seen, and tried again."""

from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.mails import letter, send
from tests.acceptance.site import SiteProcess

CRASH = "CENTRALA_CRASH_AT"


async def _start_and_die(site: SiteProcess, boss: str) -> bool:
    """Start the site; tell whether it died of what it found, or lives with that in its quarantine."""
    try:
        await site.start()
    except AssertionError:  # it was dead before it was ready
        return True
    async with Api(site.base, boss) as api:
        return await eventually(partial(_died, site, api))


async def _died(site: SiteProcess, api: Api) -> bool | None:
    with suppress(aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):  # it dies in the middle of its answer
        if (await api.get("/quarantine"))["items"]:
            return False
    return True if site.is_dead else None


async def test_a_mail_that_kills_the_process_is_kept_and_can_be_replayed(site: SiteProcess, sink: Sink) -> None:
    boss = site.token("supervisor")
    site.environment[CRASH] = "imap.parsed"
    await site.start()
    await send(site.mail_port, letter("Ola <ola@customers.example>", "Deadly", "About my invoice"))
    await site.dies()
    starts = 0
    while await _start_and_die(site, boss):
        starts += 1
        assert starts < 10
    assert starts == 3

    async with Api(site.base, boss) as api:
        page = await api.get("/quarantine")
        (kept,) = page["items"]
        assert {name: kept[name] for name in ("attempts", "sender", "subject", "channel", "error")} == {
            "attempts": 3,
            "sender": "Ola <ola@customers.example>",
            "subject": "Deadly",
            "channel": "mail",
            "error": "the process died each time it was worked on",
        }
        assert page["total"] == 1
        assert (await api.get("/interactions"))["items"] == []

    # Whatever killed it is mended.
    await site.stop()
    del site.environment[CRASH]
    await site.start()
    async with Api(site.base, boss) as api:
        await send(site.mail_port, letter("Jan <jan@customers.example>", "Harmless", "About my invoice"))
        await api.post(f"/quarantine/{kept['id']}/replay")

        async def both() -> list[Any] | None:
            found = (await api.get("/interactions"))["items"]
            return found if len(found) == 2 else None

        found = await eventually(both)
        assert {one["subject"] for one in found} == {"Deadly", "Harmless"}
        assert (await api.get("/quarantine"))["items"] == []
