"""Every shell block of the documentation runs."""

import os
import re
import shutil
from pathlib import Path

import pytest

from config.secrets import create_secret
from tests.docs.pages import ROOT, blocks, name_of, pages
from tests.docs.session import free_ports, run, script, targets, with_ports
from tests.trained import trained

_PAGES = [page for page in pages() if blocks(page, "sh")]
_MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("page", _PAGES, ids=name_of)
def test_the_shell_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    _needs("bash", "curl")
    ports = free_ports()
    if page.parent.name == "how-to":
        _site(tmp_path, ports)
    done = run(script(blocks(page, "sh"), ports), tmp_path)
    logs = "\n".join(log.read_text("utf-8")[-3000:] for log in tmp_path.rglob("*.log"))
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{logs}"


@pytest.mark.parametrize("page", _PAGES, ids=name_of)
def test_make_targets_that_a_page_names_are_there(page: Path) -> None:
    named = {target for block in blocks(page, "sh") for target in targets(block)}
    assert named - set(re.findall(r"^(\w+):", _MAKEFILE, re.MULTILINE)) == set()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_commands_are_in_blocks_that_run(page: Path) -> None:
    """`bash`, `shell` and `console` blocks would escape the test above."""
    assert [block.place for other in ("bash", "shell", "console", "") for block in blocks(page, other)] == []


def _site(folder: Path, ports: dict[str, str]) -> None:
    """Let `folder` be that of a site, as how-to pages have it."""
    configuration = (Path(__file__).parent / "centrala.toml").read_text("utf-8")
    (folder / "centrala.toml").write_text(with_ports(configuration, ports), "utf-8")
    create_secret(folder / "centrala.secret")
    # A site without a model trains one beside everything else, for longer than any page lasts.
    (folder / "model.npz").write_bytes(trained().content)


def _needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CENTRALA_REQUIRE_SERVERS") == "1":
        pytest.fail(f"needs {' '.join(missing)}, and CENTRALA_REQUIRE_SERVERS=1 lets no test be skipped", pytrace=False)
    if missing:
        pytest.skip(f"needs {' '.join(missing)} (Debian: apt-get install {' '.join(missing)})")
