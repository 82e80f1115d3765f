"""While many texts wait, another process answers as this one would; when it can't, this one does."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.crowd import CROWD, Copy, Crowd, NotHere
from app.understanding import Understanding
from classifiers import artifact
from classifiers.background import NOTHING
from classifiers.cascade import classify
from classifiers.model import Model
from classifiers.training import train
from tests.classifiers.builders import small_rows
from vocabulary.ids import model_id

TEXTS = ("Where is my parcel?", "I want my money back", "Labas rytas", "")
STARTED_S = 60.0


@pytest.fixture(scope="module")
def model() -> Model:
    return train(small_rows())


@pytest.fixture
def copy(model: Model, tmp_path: Path) -> Copy:
    file = tmp_path / "model.npz"
    artifact.save(model, file)
    return Copy(file, model_id(file.read_bytes()))


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    made = Crowd()
    yield made
    await made.close()


def is_started() -> bool:
    """Tell whether the other process was asked for: that it runs shows only later."""
    return "crowd" in {task.get_name() for task in asyncio.all_tasks()}


async def begun(crowd: Crowd, copy: Copy) -> None:
    assert not crowd.takes(copy, CROWD)
    assert is_started()
    async with asyncio.timeout(STARTED_S):
        await crowd.ready.wait()


async def test_many_are_answered_as_one_is(crowd: Crowd, copy: Copy, model: Model) -> None:
    await begun(crowd, copy)
    assert crowd.takes(copy, 1)
    said = await asyncio.gather(*(crowd.classify(("Order", text, "pl", NOTHING)) for text in TEXTS * 30))
    assert list(said) == [classify("Order", text, model=model, usual="pl") for text in TEXTS] * 30


async def test_the_other_process_knows_the_languages_of_the_site_too(copy: Copy, model: Model) -> None:
    texts, languages = ["Wo ist mein Paket geblieben?", TEXTS[0]], ("de", "pl")
    crowd = Crowd(languages)
    here = Understanding(languages=languages)
    here.model = model
    await here.warm()
    try:
        await begun(crowd, copy)
        said = [await crowd.classify(("", text, None, NOTHING)) for text in texts]
    finally:
        await crowd.close()
    assert said == [await here.classify("", text) for text in texts]
    assert [each.language for each in said] == ["de", None]
    await here.close()


async def test_who_comes_while_it_opens_waits_for_the_model(model: Model) -> None:
    here = Understanding()
    read = asyncio.Event()

    async def load() -> None:
        await read.wait()
        here.model = model

    here.opens_with(load)
    asked = asyncio.create_task(here.classify("", TEXTS[0]))
    async with asyncio.timeout(STARTED_S):
        await here.warm()
        assert not asked.done()
        read.set()
        assert await asked == classify("", TEXTS[0], model=model)
    await here.close()


async def test_few_need_no_other_process(crowd: Crowd, copy: Copy) -> None:
    assert not crowd.takes(copy, CROWD - 1)
    assert not crowd.takes(None, 10 * CROWD)
    assert not is_started()


async def test_another_model_is_not_asked(crowd: Crowd, copy: Copy) -> None:
    await begun(crowd, copy)
    assert not crowd.takes(copy._replace(version="m-another"), 10 * CROWD)


async def test_a_process_that_dies_leaves_its_texts_to_this_one(crowd: Crowd, copy: Copy, model: Model) -> None:
    understanding = Understanding(crowd)
    understanding.model, understanding.copy = model, copy
    await understanding.warm()  # the first text may take more than a text may
    # So many at once start it; they are answered here.
    first = await asyncio.gather(*(understanding.classify("", text) for text in TEXTS * CROWD))
    async with asyncio.timeout(STARTED_S):
        await crowd.ready.wait()
    asked = [asyncio.ensure_future(understanding.classify("", text)) for text in TEXTS * CROWD]
    for process in multiprocessing.active_children():
        process.kill()
    assert await asyncio.gather(*asked) == first == [classify("", text, model=model) for text in TEXTS] * CROWD
    await understanding.close()


async def test_a_process_that_hangs_is_not_waited_for(crowd: Crowd, copy: Copy) -> None:
    await begun(crowd, copy)
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    asked = asyncio.ensure_future(crowd.classify(("", TEXTS[0], None, NOTHING)))
    async with asyncio.timeout(STARTED_S):
        await crowd.close()
    with pytest.raises(NotHere):
        await asked
    assert multiprocessing.active_children() == []


async def test_a_file_with_another_model_is_not_taken_up(crowd: Crowd, copy: Copy) -> None:
    wrong = copy._replace(version="m-another")
    became_ready = asyncio.create_task(crowd.ready.wait())
    assert not crowd.takes(wrong, CROWD)
    await crowd.over()
    assert not became_ready.done()
    became_ready.cancel()
    assert multiprocessing.active_children() == []
    assert not crowd.takes(wrong, CROWD)
    assert not is_started()


async def test_who_waits_when_it_ends_is_sent_away(crowd: Crowd, copy: Copy) -> None:
    await begun(crowd, copy)
    asked = asyncio.ensure_future(crowd.classify(("", TEXTS[0], None, NOTHING)))
    await crowd.close()
    with pytest.raises(NotHere):
        await asked
