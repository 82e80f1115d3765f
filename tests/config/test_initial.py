from pathlib import Path

import pytest

from config.initial import init
from config.loader import check
from config.secrets import secret_of


def test_init_writes_a_file_that_starts_and_a_private_secret(tmp_path: Path) -> None:
    configuration, secret = init(tmp_path / "new" / "folder")
    assert check(configuration, {}) == ()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret_of(secret)


@pytest.mark.parametrize("name", ["centrala.toml", "centrala.secret"])
def test_init_overwrites_nothing_and_writes_nothing_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match="exists already; nothing was written"):
        init(tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]
