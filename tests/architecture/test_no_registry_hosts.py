"""The repository installs from whatever registry its user has set up, and names no machine it was made on."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.architecture.ladder import ROOT

# In pieces, so that this file does not name them itself.
_HOSTS = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("esm", "sh"),
        ("skypack", "dev"),
        ("anaconda", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("crates", "io"),
    )
]
_MACHINE_FOLDERS = [
    "/" + "/".join(parts) + "/" for parts in (("root",), ("home", r"\w+"), ("Users", r"\w+"), ("work",))
]
_HOST = re.compile("|".join(rf"\b{re.escape(host)}\b" for host in _HOSTS), re.IGNORECASE)
_MACHINE_PATH = re.compile("|".join(rf"(?<![\w.*/<>-]){folder}" for folder in _MACHINE_FOLDERS))


def _lines() -> Iterator[tuple[str, str]]:
    """Yield ("FILE:LINE", text) of every text file that is tracked, or would be by `git add`."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    for path in sorted(ROOT / name for name in set(names) if name and (ROOT / name).is_file()):
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
            yield f"{path.relative_to(ROOT)}:{number}", line


def _places(pattern: re.Pattern[str]) -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("needs the clone: asks git for the repository's files")
    return [f"{place}: {found[0]}" for place, line in _lines() if (found := pattern.search(line))]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert _places(_HOST) == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    assert _places(_MACHINE_PATH) == []
