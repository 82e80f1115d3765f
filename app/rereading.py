"""What a waiting interaction is about by all that its customer has written, where the first message didn't tell.

Somebody says hello before he says what he wants; somebody tells who he is only when he is asked. The rules then look
again (router/rereading.py).
"""

from typing import Any

from app.background import former_labels
from app.engine import Engine
from app.labelling import Classify, Labelled, labelled
from app.recognising import Seen
from app.standing import standing_of
from channels.message import InboundMessage
from classifiers.background import Background
from classifiers.model import UNKNOWN
from queues.interaction import Interaction
from router.commands import Admit
from router.rereading import may_be_read_anew
from vocabulary.ids import InteractionId
from vocabulary.records import MessageRow
from vocabulary.stores import Store

MESSAGES_MAX = 10
"""So many of its messages, the first ones, are read together with the new one."""


class Rereading:
    """Reads what waits anew, for one site."""

    def __init__(self, *, engine: Engine, store: Store, classify: Classify) -> None:
        self._engine = engine
        self._store = store
        self._classify = classify

    def concerns(self, id: InteractionId, *, identified: bool) -> Interaction | None:
        """Return the interaction if another message may tell where it belongs; `identified`: he has told who he is."""
        held = self._engine.state.interactions.get(id)
        if held is None or not may_be_read_anew(held):
            return None
        return held if identified or _is_unknown(held) else None

    async def read(self, held: Interaction, message: InboundMessage, seen: Seen) -> tuple[Admit, Labelled | None]:
        """Return what came in as it is understood with `message`, and what that tells if it was read anew."""
        standing = await standing_of(self._store, self._engine.policy, seen.person, self._engine.clock.now())
        rows = await self._store.messages(held.id, limit=MESSAGES_MAX)
        written = [row.text for row in rows if row.author == "customer"]
        text = "\n".join((*written, message.reply_text))
        first = rows[0] if rows else None
        said: Labelled | None = None
        if _is_unknown(held):
            former = await former_labels(self._store, tuple(row.id for row in seen.rows))
            known = Background(first.subject if first else "", held.channel, standing.segment or "", former)
            usual = seen.person.language if seen.person is not None else None
            said = await labelled(self._classify, text, usual, known)
        about = _about(held, said)
        anew = Admit(
            id=held.id,
            channel=held.channel,
            medium=held.medium,
            customer=held.customer,
            subject=first.subject if first else "",
            text=text,
            **about,
            segment=standing.segment,
            also_segments=standing.also,
            preferred_agent=seen.preferred_agent or standing.preferred_agent,
            attributes={**standing.attributes, **_wished(first)},
        )
        return anew, said


def _is_unknown(held: Interaction) -> bool:
    return held.label in ("", UNKNOWN)


def _about(held: Interaction, said: Labelled | None) -> dict[str, Any]:
    if said is None:
        return {"labels": held.labels, "heads": held.heads, "language": held.language}
    return {"labels": said.labels, "heads": said.heads, "language": said.language or held.language}


def _wished(first: MessageRow | None) -> dict[str, Any]:
    """Return the attributes that whoever sent the first message gave it."""
    found: dict[str, Any] = first.attributes.get("attributes", {}) if first is not None else {}
    return found
