"""Queues as staff sets them by API, over those of the configuration file. A change holds for the next decision."""

import msgspec

from app.engine import Engine
from queues.lifecycle import OPEN, InteractionState
from queues.policy import QueuePolicy
from router.commands import DefineAgent, Move, Reconcile
from router.decision import Refusal
from vocabulary.ids import QueueName
from vocabulary.records import Put, Remove, SettingRow
from vocabulary.stores import Store

S = InteractionState
OF_QUEUE = "queue:"
"""Begins the id of the row of a queue."""


async def saved_queues(store: Store) -> dict[QueueName, QueuePolicy]:
    """Return the queues that were set by API."""
    saved = [msgspec.json.decode(row.body, type=QueuePolicy) for row in await store.settings(OF_QUEUE)]
    return {queue.name: queue for queue in saved}


class QueueSettings:
    """The queues of one site."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._of_file = engine.policy.queues

    async def load(self) -> None:
        """Put what was set by API over the queues of the file."""
        self._use({**self._of_file, **await saved_queues(self._store)})

    def _use(self, queues: dict[QueueName, QueuePolicy]) -> None:
        self._engine.policy = msgspec.structs.replace(self._engine.policy, queues=queues)

    async def put(self, queue: QueuePolicy) -> None:
        """Let there be a queue with this policy, and look at everything again under it."""
        await self._engine.write(Put(SettingRow(id=OF_QUEUE + queue.name, body=msgspec.json.encode(queue))))
        self._use({**self._engine.policy.queues, queue.name: queue})
        await self._engine.submit(Reconcile())

    async def remove(self, name: QueueName, move_to: QueueName | None, by: str) -> Refusal | None:
        """Remove a queue that was made by API. What waits in it and who serves it goes to `move_to`."""
        refusal = self._refusal(name, move_to)
        if refusal is not None:
            return refusal
        if move_to is not None:
            await self._empty(name, move_to, by)
        await self._engine.write(Remove(SettingRow, OF_QUEUE + name))
        self._use({each: queue for each, queue in self._engine.policy.queues.items() if each != name})
        await self._engine.submit(Reconcile())
        return None

    def _refusal(self, name: QueueName, move_to: QueueName | None) -> Refusal | None:
        if name in self._of_file:
            return Refusal(
                "conflict", "set_by_file", f"Queue {name!r} stands in the configuration file: remove it there."
            )
        if any(rule.then.queue == name for rule in self._engine.policy.rules):
            return Refusal("conflict", "used_by_rule", f"A rule names queue {name!r}.")
        if move_to is None and (self._work(name) or self._engine.state.members.get(name)):
            detail = f"Queue {name!r} holds work or has agents; say with move_to which queue takes them."
            return Refusal("conflict", "holds_work", detail)
        return None

    def _work(self, name: QueueName) -> list[str]:
        interactions = self._engine.state.interactions.values()
        return [found.id for found in interactions if found.queue == name and found.state in OPEN]

    async def _empty(self, name: QueueName, move_to: QueueName, by: str) -> None:
        """Bring agents first, so that what comes after them finds them there."""
        for agent in list(self._engine.state.agents_of(name)):
            served = agent.profile.queues
            others = {queue: member for queue, member in served.items() if queue != name}
            profile = msgspec.structs.replace(agent.profile, queues={move_to: served[name], **others})
            await self._engine.submit(DefineAgent(agent.id, profile))
        for id in self._work(name):
            if self._engine.state.interactions[id].state in (S.WAITING, S.OFFERED):
                await self._engine.submit(Move(id, move_to, by))
