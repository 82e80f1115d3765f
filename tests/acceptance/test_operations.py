"""What an administrator does with a site that works: backup and restore, status, doctor, check."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.admitting import arrive, events_of
from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import SiteProcess
from tests.servers.dovecot import PASSWORD, USERNAME, Dovecot, running_dovecot
from tests.storage.faulty import make_with_schema, rewrite


async def test_a_backup_under_traffic_is_the_site_as_it_was_when_restored_elsewhere(
    tmp_path: Path, sink: Sink, model: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here = SiteProcess(tmp_path / "here", sink_port=sink.listener.port, model=model)
    there = SiteProcess(tmp_path / "there", sink_port=sink.listener.port, model=model)
    token, backup = here.token("admin"), tmp_path / "monday.backup"
    acknowledged: list[str] = []
    await here.start()
    try:
        async with Api(here.base, token) as api:
            traffic = asyncio.create_task(arrive(api, acknowledged))

            async def enough() -> bool | None:
                return len(acknowledged) >= 50 or None

            await eventually(enough)
            before = len(acknowledged)
            kept = await asyncio.to_thread(here.command, "backup", str(backup), "--with-secret")
            after = len(acknowledged)
            traffic.cancel()
            await asyncio.gather(traffic, return_exceptions=True)
            of_here = await events_of(api, kept["seq"])
        assert after > before, "nobody came while the backup was taken"
        assert before <= kept["interactions"] <= after + 1
        assert kept["bytes"] == backup.stat().st_size
        restored = there.run("restore", str(backup))
        assert restored.returncode == 0, restored.stderr
        assert f"{kept['seq']:,} events" in restored.stdout
        assert (there.folder / "centrala.secret").read_bytes() == (here.folder / "centrala.secret").read_bytes()
        assert there.command("db", "check")["sound"]
        await there.start()
        async with Api(there.base, token) as api:
            assert await events_of(api, kept["seq"]) == of_here
            for external_id in acknowledged[:before]:
                again = await api.call("POST", "/interactions", {"external_id": external_id, "text": "Where is it?"})
                assert again[0] == 200, f"{external_id} was acknowledged before the backup and is not in it"
    finally:
        await here.kill()
        await there.kill()


async def test_a_killed_backup_leaves_nothing_under_its_name(site: SiteProcess, tmp_path: Path) -> None:
    await site.start()
    backup = tmp_path / "monday.backup"
    killed = await asyncio.to_thread(site.run, "backup", str(backup), CENTRALA_CRASH_AT="backup.copy")
    assert (killed.returncode, backup.exists()) == (-9, False)
    done = await asyncio.to_thread(site.run, "backup", str(backup))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "monday.backup.part").exists()
    again = await asyncio.to_thread(site.run, "backup", str(backup))
    assert (again.returncode, again.stdout) == (1, "")
    assert "exists already" in again.stderr


async def test_a_running_site_is_not_restored_over(site: SiteProcess, tmp_path: Path) -> None:
    await site.start()
    backup = str(tmp_path / "monday.backup")
    assert site.run("backup", backup).returncode == 0
    refused = site.run("restore", backup)
    assert refused.returncode == 1
    assert "is in use by process" in refused.stderr


async def test_status_tells_of_a_running_site_and_of_one_that_stands(site: SiteProcess, tmp_path: Path) -> None:
    token = site.token("integration")
    await site.start()
    async with Api(site.base, token) as api:
        for number in range(3):
            await api.post("/interactions", external_id=f"order-{number}", queue="billing", text="Hello")
    site.command("backup", str(tmp_path / "monday.backup"))
    running = site.command("status")
    assert (running["running"], running["ready"], running["problems"]) == (True, True, [])
    assert running["queues"] == {"billing": {"waiting": 3}}
    assert running["conservation_mismatch"] == 0
    assert running["last_backup"]["seq"] == running["seq"]
    shown = site.run("status").stdout
    for line in ("ready", "billing: 3 waiting", "monday.backup", "2 offline"):
        assert line in shown
    await site.stop()
    stands = site.run("status")
    assert stands.returncode == 1
    assert "not running" in stands.stdout
    assert "billing: 3 waiting" in stands.stdout


async def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(site: SiteProcess) -> None:
    # The mail server that it greets lives in this test's own loop.
    healthy = await asyncio.to_thread(site.command, "doctor")
    assert healthy["ok"], healthy
    await site.start()
    held = {check["name"]: check for check in (await asyncio.to_thread(site.command, "doctor"))["checks"]}
    assert "held by the Centrala that runs" in held["port"]["found"]
    await site.stop()
    (site.folder / "model.npz").write_bytes(b"no model")
    rewrite(site.folder / "centrala.db", "UPDATE journal SET at = at + 1")
    sick = await asyncio.to_thread(site.run, "doctor")
    assert sick.returncode == 1
    for words in ("FAILED model", "remove it to have one trained", "FAILED store", "centrala restore FILE", "2 of"):
        assert words in sick.stdout, sick.stdout
    (site.folder / "centrala.secret").chmod(0o644)
    open_to_all = await asyncio.to_thread(site.run, "doctor")
    assert "chmod 600" in open_to_all.stdout


async def test_the_doctor_says_which_server_does_not_answer(site: SiteProcess, sink: Sink) -> None:
    await sink.listener.stop()
    sick = site.run("doctor")
    assert sick.returncode == 1
    assert "FAILED mail out: mail" in sick.stdout
    assert "[channels.mail.send]" in sick.stdout


async def test_a_port_of_somebody_else_is_named(site: SiteProcess) -> None:
    stranger = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", site.web_port)
    async with stranger:
        sick = await asyncio.to_thread(site.run, "doctor")
    assert sick.returncode == 1
    assert f"127.0.0.1:{site.web_port}: Address already in use" in sick.stdout


async def test_a_configuration_with_faults_is_all_that_the_doctor_looks_at(site: SiteProcess) -> None:
    site.config.write_text("[web]\nport = 'many'\n", "utf-8")
    sick = site.run("doctor")
    assert sick.returncode == 1
    assert "centrala config check" in sick.stdout


@pytest.mark.parametrize("command", [("backup", "x.backup"), ("db", "check"), ("db", "upgrade", "--dry-run")])
async def test_without_a_store_a_command_says_so(site: SiteProcess, command: tuple[str, ...]) -> None:
    refused = site.run(*command)
    assert refused.returncode == 1
    assert "there is no store" in refused.stderr


async def test_a_check_tells_what_is_wrong(site: SiteProcess, tmp_path: Path) -> None:
    token = site.token("integration")
    await site.start()
    async with Api(site.base, token) as api:
        await api.post("/interactions", external_id="order-1", text="Hello")
    assert site.command("db", "check")["problems"] == []
    assert site.command("db", "upgrade", "--dry-run")["steps"] == []
    await site.stop()
    rewrite(site.folder / "centrala.db", "UPDATE interactions SET state = 'closed'")
    found = site.run("db", "check")
    assert found.returncode == 1
    assert "the records and the journal differ in state" in found.stderr
    rewrite(site.folder / "centrala.db", "DELETE FROM interactions")
    assert "1 interactions were admitted, the records have 0" in site.run("db", "check").stderr


@pytest.mark.needs_server("dovecot")
async def test_a_mailbox_is_tried_by_the_doctor_and_told_of_by_status(tmp_path: Path, sink: Sink, model: Path) -> None:
    with ExitStack() as running:
        dovecot = running.enter_context(running_dovecot())
        await told_of_a_mailbox(tmp_path, sink, model, dovecot, running)


async def told_of_a_mailbox(tmp_path: Path, sink: Sink, model: Path, dovecot: Dovecot, running: ExitStack) -> None:
    receive = (
        f'{{ protocol = "imap", host = "127.0.0.1", port = {dovecot.port}, username = "{USERNAME}", '
        'password_env = "MAILBOX_PASSWORD", tls = "none" }'
    )
    right = {"MAILBOX_PASSWORD": PASSWORD}
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, receive=receive, environment=right)
    healthy = {check["name"]: check for check in (await asyncio.to_thread(site.command, "doctor"))["checks"]}
    assert healthy["mail in: mail"]["found"].endswith("not encrypted, folder INBOX opened")
    wrong = await asyncio.to_thread(site.run, "doctor", MAILBOX_PASSWORD="guessed")
    assert wrong.returncode == 1
    assert f"refuses the log-in of {USERNAME}" in wrong.stdout
    assert "guessed" not in wrong.stdout
    await site.start()
    try:

        async def read() -> bool | None:
            box = (await asyncio.to_thread(site.command, "status"))["mailboxes"]["mail"]
            return (not box["failing"] and box["contact_age_s"] is not None) or None

        await eventually(read)
        # Its mail server goes.
        await asyncio.to_thread(running.close)

        async def failing() -> str | None:
            shown = await asyncio.to_thread(site.run, "status")
            return shown.stdout if "FAILING" in shown.stdout else None

        assert "Mailbox mail is not read just now" in await eventually(failing)
    finally:
        await site.kill()


async def test_a_start_upgrades_an_older_store_and_keeps_a_copy_of_it(site: SiteProcess, tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    make_with_schema(path, "0001")
    before = site.command("db", "upgrade", "--dry-run")
    assert (before["schema"], before["steps"][0]["revision"]) == ("0001", "0002")
    assert "1 step behind" in site.run("doctor").stdout or len(before["steps"]) > 1
    killed = site.run("serve", CENTRALA_CRASH_AT="migrate.step")
    assert killed.returncode == -9
    assert site.command("db", "upgrade", "--dry-run")["schema"] == "0001"
    await site.start()
    assert [line["backup"] for line in site.logged("store_kept_before_upgrade")] == [before["backup"]]
    assert (await site.stop(), site.command("db", "check")["sound"]) == (0, True)
    assert site.run("restore", before["backup"]).returncode == 0
    assert site.command("db", "upgrade", "--dry-run")["schema"] == "0001"
    assert site.run("db", "upgrade").returncode == 0
    assert site.command("db", "upgrade", "--dry-run")["steps"] == []
