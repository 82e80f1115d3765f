"""A site, a sink for its mail, and tokens for its API."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.acceptance.axe import Inspector
from tests.acceptance.client import Sink
from tests.acceptance.house import House, running_house
from tests.acceptance.site import SiteProcess
from tests.acceptance.windows import PATIENCE_MS, Windows, chromium
from tests.trained import trained


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of the shipped examples."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    path.write_bytes(trained().content)
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


# Tests with a browser share one loop (`loop_scope="session"`), because the browser and a module's site live in it.


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests; each person in a test has a profile of his own."""
    expect.set_options(timeout=PATIENCE_MS)
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """Windows for one test. Console errors, uncaught errors and breaches of the content security policy fail it."""
    windows = Windows(browser)
    yield windows
    complaints = await windows.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def inspector(request: pytest.FixtureRequest) -> Iterator[Inspector]:
    """Looks at pages; what it finds wrong with them fails the test once it is over."""
    # Colours are the same in all languages.
    translated = "language" in request.fixturenames and request.getfixturevalue("language") != "en"
    inspector = Inspector(dark=not translated)
    yield inspector
    assert not inspector.faults, "\n".join(inspector.faults)


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """What a module's site has beside the usual; modules override it."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def module_house(
    tmp_path_factory: pytest.TempPathFactory, model: Path, house_settings: dict[str, Any]
) -> AsyncIterator[House]:
    """The site that the tests of a module share."""
    async with running_house(tmp_path_factory.mktemp("site"), model, **house_settings) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def house(module_house: House) -> AsyncIterator[House]:
    """The module's site with nothing going on in it."""
    yield module_house
    await module_house.settle()
