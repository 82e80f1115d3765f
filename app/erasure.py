"""Erasing a customer: what people wrote goes, that something was there stays (reliability I-16).

The journal holds ids and codes only, so all that is personal is rows of the records: they are emptied, one small
transaction after another, and then the files are written anew. A row of its own remembers how far it has come; what a
crash interrupts, the next start takes up, and doing a step twice changes nothing.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.export import interactions_of
from app.keyed_lock import KeyedLock
from app.merging import of_erased
from app.poison import senders_of
from queues.lifecycle import OPEN
from router.commands import Close, StopSendings
from router.decision import Refusal
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import TemporaryFailure
from vocabulary.ids import CustomerId, derived_id
from vocabulary.instants import MINUTE, SECOND
from vocabulary.records import (
    ERASED,
    AttachmentRow,
    AuditRow,
    Change,
    CustomerRow,
    ErasureRow,
    IdempotencyRow,
    IdentityRow,
    JudgementRow,
    MessageRow,
    OutboxRow,
    PurchaseRow,
    Put,
    ReceivedRow,
    Remove,
    Set,
    StandingRow,
    TrainingRow,
    UploadRow,
    is_erased,
)
from vocabulary.stores import Store

log = structlog.get_logger()

SCRUB_TRIES = 20
NOTHING_SAID: dict[str, Any] = {
    "text": "",
    "full_text": None,
    "html": None,
    "subject": "",
    "sender_name": "",
    "sender_address": "",
    "external_id": None,
    "message_id": None,
    "references": (),
    "attributes": {ERASED: True},
}
"""A message of which only number, author and instant are left."""

_ID = re.compile(rb'"((?:i|m|c|r|a)-[a-z0-9]{26})"')

Standstill = Callable[[Sequence[tuple[str, str]], Sequence[CustomerId]], AbstractAsyncContextManager[None]]
"""Keeps intake from taking in anything from these identities, or for these customers, meanwhile."""


class Eraser:
    """Erases customers. `run` finishes what was interrupted; without it, `finish_all` does."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        standstill: Standstill,
        forgotten: Callable[[CustomerId], None] = lambda _: None,
    ) -> None:
        """`forgotten` hears of each customer whose identities are gone, so that open chats begin anew."""
        self._engine = engine
        self._store = store
        self._standstill = standstill
        self._forgotten = forgotten
        self._locks = KeyedLock()
        self._wanted = asyncio.Event()

    async def erase(self, id: CustomerId, by: str, *, force: bool = False) -> Refusal | None:
        """Erase customer `id` at the order of `by`, or say why not; with `force` what is open is closed first.

        Raises:
            TemporaryFailure: it has begun, or could not begin; `run` goes on with what has begun.
        """
        row = await self._store.customer(id)
        begun = await self._store.erasure(id)
        if row is None or (begun is not None and begun.state == "done"):
            return Refusal("not_found", "unknown_customer", f"There is no customer {id!r}.")
        # Who was merged is one person: all of him goes, or nothing.
        parts = (id,) if is_erased(row) else await self._store.group(id)
        if not is_erased(row):
            known = await self._store.person_identities(id)
            async with self._standstill([(each.kind, each.value) for each in known], parts):
                refusal = await self._close_open(parts, by, force=force)
                if refusal is not None:
                    return refusal
                for part in parts:
                    await self._engine.submit(StopSendings(part, ERASED, by))
                await self._begin(parts, by)
        for part in parts:
            self._forgotten(part)
        self._wanted.set()
        for part in parts:
            await self._finish(part)
        return None

    async def run(self) -> None:
        """Finish whatever has begun; cancel to stop."""
        while True:
            self._wanted.clear()
            with suppress(TemporaryFailure):
                await self.finish_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(MINUTE / SECOND):
                    await self._wanted.wait()

    async def finish_all(self) -> None:
        """Finish what was interrupted."""
        for state in ("running", "scrubbing"):
            for row in await self._store.erasures(state=state):
                await self._finish(row.id)

    # -- the beginning

    async def _close_open(self, ids: Sequence[CustomerId], by: str, *, force: bool) -> Refusal | None:
        open_now = [row async for row in interactions_of(self._store, ids) if row.state in OPEN]
        if open_now and not force:
            some = ", ".join(row.id for row in open_now[:3])
            return Refusal(
                "conflict",
                "interaction_open",
                f"{len(open_now)} of his interactions are open ({some}): close them first, or say that they are to be "
                "closed (force).",
            )
        for row in open_now:
            await self._engine.submit(Close(row.id, ERASED, by))
        return None

    async def _begin(self, ids: Sequence[CustomerId], by: str) -> None:
        """Take names and identities away: whoever writes from there is a stranger from now on."""
        now = self._engine.clock.now()
        changes: list[Change] = []
        for row in await self._store.person(ids[0]):
            known = await self._store.identities(row.id)
            line = AuditRow(id=derived_id("audit", "erase", row.id), at=now, who=by, action="erase", target=row.id)
            addresses = tuple(f"{each.kind}:{each.value}" for each in known)
            changes += (
                Put(ErasureRow(id=row.id, at=now, by=by, addresses=addresses)),
                Put(CustomerRow(id=row.id, created_at=row.created_at, attributes={ERASED: True})),
                *(Remove(IdentityRow, f"{each.kind}:{each.value}") for each in known),
                Put(line),
            )
        changes += of_erased(ids, await self._store.merges(ids))
        await self._engine.write(*changes)
        log.info("erasure_begun", customer=ids[0], parts=len(ids))
        crashpoint("erase.step")

    # -- the steps

    async def _finish(self, id: CustomerId) -> None:
        async with self._locks.holding(id):
            row = await self._store.erasure(id)
            if row is None or row.state == "done":
                return
            if row.state == "running":
                await self._empty(row)
                row = msgspec.structs.replace(row, state="scrubbing", addresses=())
                await self._step(Put(row))
            await self._scrub()
            done = msgspec.structs.replace(row, state="done", done_at=self._engine.clock.now())
            await self._engine.write(Put(done))
            log.info("erasure_done", customer=id)

    async def _empty(self, erasure: ErasureRow) -> None:
        gone = {erasure.id}
        async for interaction in interactions_of(self._store, erasure.id):
            gone |= await self._empty_interaction(interaction.id)
        gone |= await self._empty_elsewhere(_addresses(erasure))
        await self._empty_worth(erasure.id)
        gone |= await self._empty_received(set(erasure.addresses))
        await self._empty_answers(gone)
        lines = await self._store.audit_of(sorted(gone))
        await self._step(*(Set(AuditRow, line.id, {"detail": {}}) for line in lines if line.detail))

    async def _empty_interaction(self, id: str) -> set[str]:
        """Empty what was said, sent and received in it; return the ids of what was emptied."""
        messages = await self._store.all_messages(id)
        outbox = await self._store.outbox_of(id)
        received = [head.row for head in await self._store.received_of(id)]
        await self._step(
            *[change for row in messages for change in await self._emptied(row)],
            *(Set(OutboxRow, row.id, _unsent(row)) for row in outbox),
            *(Remove(UploadRow, row.id) for row in await self._store.uploads(interaction=id)),
            *(Set(ReceivedRow, row.id, _no_bytes(row)) for row in received),
            *(Remove(TrainingRow, row.id) for row in await self._store.training_of(id)),
            # How an article compared stays a figure; whose question it was does not.
            *(Set(JudgementRow, row.id, {"interaction": None}) for row in await self._store.judgements(interaction=id)),
        )
        return {id, *(row.id for row in messages), *(row.id for row in received)}

    async def _emptied(self, row: MessageRow) -> list[Change]:
        files = await self._store.attachment_ids(row.id)
        return [Set(MessageRow, row.id, NOTHING_SAID), *(Remove(AttachmentRow, file) for file in files)]

    async def _empty_worth(self, id: CustomerId) -> None:
        """Remove what he bought and what that made of him."""
        while bought := await self._store.purchases(id, limit=500):
            await self._step(*(Remove(PurchaseRow, row.id) for row in bought))
        await self._step(Remove(StandingRow, id))

    async def _empty_elsewhere(self, addresses: Sequence[str]) -> set[str]:
        """Empty what he wrote in other people's interactions, with the mails that it came in."""
        gone: set[str] = set()
        for row in await self._store.messages_from(addresses):
            changes = await self._emptied(row)
            learnt = await self._store.training_of(row.interaction)
            changes += [Remove(TrainingRow, each.id) for each in learnt if each.message == row.id]
            mail = await self._store.received_row(row.received) if row.received is not None else None
            if mail is not None:
                changes.append(Set(ReceivedRow, mail.id, _no_bytes(mail)))
                gone.add(mail.id)
            await self._step(*changes)
            gone.add(row.id)
        return gone

    async def _empty_received(self, known: set[str]) -> set[str]:
        """Empty what he sent and could not be processed."""
        gone: set[str] = set()
        before = None
        while heads := await self._store.received_page(states=("quarantined", "discarded"), before=before):
            for head in heads:
                row = head.row
                if head.size and known & await senders_of(head, self._store):
                    await self._step(Set(ReceivedRow, row.id, _no_bytes(row)))
                    gone.add(row.id)
            before = (heads[-1].row.at, heads[-1].row.id)
        return gone

    async def _empty_answers(self, gone: set[str]) -> None:
        """Empty the answers that are kept for repetitions; a repetition is told that it is gone, and does nothing."""
        after = ""
        while rows := await self._store.idempotent_answers(after=after):
            about = [row.id for row in rows if gone & _ids_in(row.body)]
            await self._step(*(Set(IdempotencyRow, id, {"status": 410, "body": b""}) for id in about))
            after = rows[-1].id

    async def _step(self, *changes: Change) -> None:
        if changes:
            await self._engine.write(*changes)
        crashpoint("erase.step")

    async def _scrub(self) -> None:
        """Have the files written anew; whoever reads just then is waited for."""
        for left in reversed(range(SCRUB_TRIES)):
            try:
                await self._store.scrub()
            except TemporaryFailure:
                if not left:
                    raise
                await self._engine.clock.sleep(SECOND // 2)
            else:
                return


def _addresses(erasure: ErasureRow) -> list[str]:
    return [value for kind, _, value in (each.partition(":") for each in erasure.addresses) if kind == "email"]


def _unsent(row: OutboxRow) -> dict[str, Any]:
    """Return what is left of something to do outside; what was not done yet never will be."""
    state = "failed" if row.state in ("pending", "sending", "deferred") else row.state
    return {"state": state, "reason": ERASED}


def _no_bytes(row: ReceivedRow) -> dict[str, Any]:
    state = "discarded" if row.state == "quarantined" else row.state
    return {"raw": b"", "envelope": {ERASED: True}, "error": "", "state": state}


def _ids_in(body: bytes) -> set[str]:
    return {found.decode() for found in _ID.findall(body)}
