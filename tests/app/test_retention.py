"""What is kept for a while only goes when that is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.retention import ANSWERS_KEPT, UPLOADS_KEPT, Retention
from tests.app.test_engine import Running
from vocabulary.instants import HOUR, MINUTE, Instant
from vocabulary.records import IdempotencyRow, PutNew, SessionRow, UploadRow, UserRow


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "centrala.db")
    await running.start()
    yield running
    await running.stop()


def answer(id: str, at: Instant) -> PutNew:
    return PutNew(IdempotencyRow(id=id, fingerprint="f", status=201, body=b"{}", at=at))


def session(id: str, at: Instant) -> PutNew:
    return PutNew(SessionRow(id=id, user="u-1", csrf="c", created_at=at, seen_at=at + MINUTE))


def upload(id: str, at: Instant) -> PutNew:
    file = {"filename": "a.pdf", "content_type": "application/pdf", "content": b"%PDF-", "size": 5}
    return PutNew(UploadRow(id=id, interaction="i-1", by="ada", at=at, **file))  # type: ignore[arg-type]  # one dict of them


async def test_old_answers_and_log_ins_go_and_the_others_stay(running: Running) -> None:
    engine, store, now = running.engine, running.store, running.engine.clock.now()
    await engine.write(
        PutNew(UserRow(id="u-1", login="ada", name="Ada", role="admin", password="$argon2id$")),
        *(answer(f"old-{number}", now - ANSWERS_KEPT - number) for number in range(1, 701)),
        answer("new", now - ANSWERS_KEPT + HOUR),
        session("over", now - 13 * HOUR),
        session("open", now - 11 * HOUR),
        upload("u-old", now - UPLOADS_KEPT - 1),
        upload("u-new", now - UPLOADS_KEPT + HOUR),
    )
    await Retention(engine=engine, store=store, session_absolute_ms=12 * HOUR).sweep()
    assert [row.id for row in await store.idempotent_answers()] == ["new"]
    assert await store.session("over") is None
    assert await store.session("open") is not None
    assert [row.id for row in await store.uploads(by="ada")] == ["u-new"]
