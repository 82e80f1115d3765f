"""A site, a sink for its mail, and tokens for its API."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.client import Sink
from tests.acceptance.site import SiteProcess


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained from the shipped examples, once for all sites."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    subprocess.run([sys.executable, "-m", "classifiers.training", "--out", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    await sink.listener.start()
    yield sink
    await sink.listener.stop()


@pytest.fixture
async def site(tmp_path: Path, sink: Sink, model: Path) -> AsyncIterator[SiteProcess]:
    """A site that is not started yet: tokens are made first."""
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model)
    yield site
    await site.kill()
