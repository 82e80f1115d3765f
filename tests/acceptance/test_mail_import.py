"""`centrala mail import`: nothing is lost, nothing doubled, dates are kept, and nobody is answered."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.mails import letter, send
from tests.acceptance.site import SiteProcess

OLD = {"Date": "Tue, 03 Mar 2020 10:00:00 +0100"}


def old(number: int, **more: str) -> EmailMessage:
    mail = letter("Celia <celia@customers.example>", f"Letter {number}", "Out of my file.", Message_ID=f"<{number}@x>")
    del mail["Date"]
    for name, value in {**OLD, **more}.items():
        mail[name] = value
    return mail


class Imports:
    """A running site and a token that may import."""

    def __init__(self, site: SiteProcess, api: Api, token: str) -> None:
        self.site, self.api, self.token = site, api, token

    async def run(self, *arguments: str) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
        command = ("mail", "import", *arguments, "--channel", "mail", "--json")
        done = await asyncio.to_thread(self.site.remotely, *command, token=self.token)
        return json.loads(done.stdout) if done.stdout else {}, done

    async def interactions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.api.get("/interactions?limit=200"))["items"]
        return sorted(found, key=lambda one: str(one["subject"]))


@pytest.fixture
async def imports(tmp_path: Path, sink: Sink) -> AsyncIterator[Imports]:
    site = SiteProcess(tmp_path, sink_port=sink.listener.port)
    token = site.token("admin")
    await site.start()
    try:
        async with Api(site.base, token) as api:
            yield Imports(site, api, token)
    finally:
        await site.kill()


async def test_files_folders_and_mailbox_files_are_taken_in_once(imports: Imports, tmp_path: Path, sink: Sink) -> None:
    folder = tmp_path / "old"
    (folder / "cur").mkdir(parents=True)
    (folder / "one.eml").write_bytes(old(1).as_bytes())
    (folder / "cur" / "2:2,S").write_bytes(old(2).as_bytes())
    (folder / "notes.txt").write_text("no mail")
    text = b">From me at the start of a line.\n"
    boxed = [old(3).as_bytes(), old(4).as_bytes().replace(b"Out of my file.\n", text)]
    (tmp_path / "box").write_bytes(b"".join(b"From x@y Tue Mar  3 10:00:00 2020\n" + mail + b"\n" for mail in boxed))
    places = (str(folder), str(tmp_path / "box"))

    counts, done = await imports.run(*places)
    assert (done.returncode, done.stderr) == (0, "")
    nothing = {"known": 0, "quarantined": 0, "waiting": 0, "failed": 0, "skipped_files": 1}
    assert counts == {**nothing, "mails": 4, "new": 4}
    taken = await imports.interactions()
    assert [(one["subject"], one["state"]) for one in taken] == [(f"Letter {n}", "waiting") for n in range(1, 5)]
    (message,) = (await imports.api.get(f"/interactions/{taken[3]['id']}/messages"))["items"]
    assert message["at"] == "2020-03-03T09:00:00.000Z"
    assert message["text"] == "From me at the start of a line."

    counts, _ = await imports.run(*places)
    assert counts == {**nothing, "mails": 4, "new": 0, "known": 4}
    assert len(await imports.interactions()) == 4
    assert sink.mails == []


async def test_a_mail_that_came_by_itself_is_known(imports: Imports, tmp_path: Path) -> None:
    mail = old(1)
    await send(imports.site.mail_port, mail)
    await eventually(imports.interactions)
    (tmp_path / "one.eml").write_bytes(mail.as_bytes())
    counts, _ = await imports.run(str(tmp_path / "one.eml"))
    assert (counts["new"], counts["known"]) == (0, 1)


async def test_history_is_closed_and_its_answers_stand_beside_it(imports: Imports, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(old(1).as_bytes())
    (tmp_path / "2.eml").write_bytes(old(2, **{"In-Reply-To": "<1@x>"}).as_bytes())
    counts, _ = await imports.run(str(tmp_path / "1.eml"), str(tmp_path / "2.eml"), "--closed")
    assert counts["new"] == 2
    assert [one["state"] for one in await imports.interactions()] == ["closed", "closed"]


async def test_what_cannot_be_taken_is_told_and_the_others_are(imports: Imports, tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "huge.eml").write_bytes(b"x" * (26 * 1024 * 1024))
    (tmp_path / "one.eml").write_bytes(old(1).as_bytes())
    names = ("empty.eml", "huge.eml", "one.eml")
    counts, done = await imports.run(*(str(tmp_path / name) for name in names))
    assert done.returncode == 1
    assert (counts["mails"], counts["new"], counts["failed"]) == (3, 1, 2)
    assert "empty.eml" in done.stderr
    assert "huge.eml" in done.stderr


async def test_a_channel_that_is_not_there_is_refused_at_once(imports: Imports, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(old(1).as_bytes())
    command = ("mail", "import", str(tmp_path / "one.eml"), "--channel", "nowhere")
    done = await asyncio.to_thread(imports.site.remotely, *command, token=imports.token)
    assert done.returncode == 1
    assert "There is no e-mail channel 'nowhere'" in done.stderr
