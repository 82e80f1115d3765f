"""What `centrala init` writes: a commented configuration and a secret."""

from importlib.resources import files
from pathlib import Path

from config.secrets import create_secret

FILE, SECRET = "centrala.toml", "centrala.secret"


def init(directory: Path) -> list[Path]:
    """Return the files written to `directory`, which is made if it is missing.

    Raises:
        FileExistsError: one of the files is there already; nothing was written.
        OSError: the folder can't be written to.
    """
    configuration, secret = directory / FILE, directory / SECRET
    for path in (configuration, secret):
        if path.exists() or path.is_symlink():
            raise FileExistsError(
                f"{path} exists already; nothing was written. Choose another folder, or move it away."
            )
    directory.mkdir(parents=True, exist_ok=True)
    create_secret(secret)
    # "x": whoever was faster keeps his file.
    with configuration.open("x", encoding="utf-8") as file:
        file.write((files("config") / "example.toml").read_text("utf-8"))
    return [configuration, secret]
