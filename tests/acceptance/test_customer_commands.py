"""`centrala customer export` and `erase`: through a running site, and in its store while none runs."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.mails import letter, send
from tests.acceptance.site import SiteProcess


async def _customer(site: SiteProcess, token: str, name: str) -> str:
    await send(site.mail_port, letter(f"{name} <{name}@customers.example>", name, f"An invoice of {name}"))
    async with Api(site.base, token) as api:

        async def found() -> str | None:
            items = (await api.get(f"/interactions?q={name}"))["items"]
            return items[0]["customer"]["id"] if items else None

        return await eventually(found)


def _run(site: SiteProcess, *arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"CENTRALA_URL": site.base, **({"CENTRALA_TOKEN": token} if token else {})}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "customer", *arguments, "--config", str(site.config)],
        capture_output=True,
        text=True,
        check=False,
        env={**site.process_environment(), **environment},
    )


async def test_commands_work_with_a_site_and_without(site: SiteProcess, sink: Sink, tmp_path: Path) -> None:
    admin = site.token("admin")
    await site.start()
    ola, jan = await _customer(site, admin, "Ola"), await _customer(site, admin, "Jan")

    # While it runs, the site is asked; without a token nobody may look into its store.
    busy = _run(site, "export", ola, "--out", str(tmp_path / "busy.json"))
    assert (busy.returncode, "is in use by process" in busy.stderr) == (1, True)
    done = _run(site, "export", ola, "--out", str(tmp_path / "ola.json"), token=admin)
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "ola.json").read_text())
    assert (document["format"], document["customer"]["name"]) == ("centrala-customer", "Ola")
    assert stat.S_IMODE((tmp_path / "ola.json").stat().st_mode) == 0o600
    again = _run(site, "export", ola, "--out", str(tmp_path / "ola.json"), token=admin)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    refused = _run(site, "erase", ola, "--yes", token=admin)
    assert (refused.returncode, "are open" in refused.stderr) == (1, True)
    erased = _run(site, "erase", ola, "--yes", "--force", token=admin)
    assert erased.returncode == 0, erased.stderr
    assert "Ola" not in json.dumps(site.logged("mail_taken"))
    await site.stop()

    # No site answers: the store is opened.
    done = _run(site, "export", jan, "--out", str(tmp_path / "jan.json"), token=admin)
    assert done.returncode == 0, done.stderr
    (interaction,) = json.loads((tmp_path / "jan.json").read_text())["interactions"]
    assert interaction["messages"][0]["text"].strip() == "An invoice of Jan"
    (tmp_path / "jan.json").unlink()
    (tmp_path / "ola.json").unlink()
    assert "are open" in _run(site, "erase", jan, "--yes").stderr
    erased = _run(site, "erase", jan, "--yes", "--force")
    assert erased.returncode == 0, erased.stderr
    unknown = _run(site, "erase", jan, "--yes")
    assert (unknown.returncode, unknown.stderr) == (1, f"centrala: There is no customer {jan!r}.\n")
    content = b"".join(path.read_bytes() for path in tmp_path.glob("centrala.db*"))  # noqa: ASYNC240  # the site is over
    assert b"Jan@customers.example" not in content
    assert b"An invoice of" not in content
