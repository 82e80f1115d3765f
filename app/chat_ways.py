"""Other ways than to wait in the chat: what overflow has offered, and what becomes of it."""

import re
from collections.abc import Callable
from itertools import islice
from typing import Protocol

from app.engine import Engine
from app.notices import CALENDAR_NAME
from app.openings import free_windows
from app.reply_limits import ReplyLimits
from autoresponders.templates import Wordings
from channels.callback.phones import PhoneRefused, example, likely_e164, region_of
from channels.callback.times import zone_of
from channels.chat.conversations import Identity
from channels.chat.ways import NO_WAYS, CallWish, LeftMessage, Taken, WayRefused, Ways, Windows
from queues.interaction import Interaction
from queues.lifecycle import OPEN, QUEUED, InteractionState
from queues.overflow import NO_MARKS
from router.callbacks import slot_refused
from router.commands import AcceptCallback, AddMessage, LeaveMessage
from router.decision import Refusal
from vocabulary.ids import InteractionId, derived_id
from vocabulary.instants import Instant, Span
from vocabulary.media import CALLBACK, CHAT, EMAIL
from vocabulary.records import Change, MessageRow, PutNew, Set, SetAttributes
from vocabulary.stores import Store

S = InteractionState
WINDOWS_MAX = 400
"""So many times go to a page at once."""

# What people mistype; whether anybody reads mail there, only a mail can tell.
_ADDRESS = re.compile(r"(?=.{3,254}\Z)[^\s@,;:<>()\"]+@[^\s@,;:<>()\"]+\.[^\s@,;:<>()\".]{2,}")


class Limit(Protocol):
    """How often something may be tried by each of many."""

    def take(self, key: str, now: Instant) -> Span:
        """Count a try of `key` and return 0, or return how many ms are left until the next one is possible."""


class ChatWays:
    """Offers and takes other ways.

    `region`: where numbers without a prefix are, unless the language tells. `by_phone`: how often one number may be
    asked for. `link_of` gives the address at which a customer changes or cancels his callback.
    `limits`: what stands for an address where automatic replies are counted.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        wordings: Wordings,
        region: str,
        by_phone: Limit,
        link_of: Callable[[InteractionId], str],
        limits: ReplyLimits,
    ) -> None:
        self._engine = engine
        self._store = store
        self._wordings = wordings
        self._region = region
        self._by_phone = by_phone
        self._link_of = link_of
        self._limits = limits

    # -- what is shown

    def offered(self, interaction: Interaction) -> Ways:
        """Return what the customer may choose instead of waiting."""
        if interaction.medium != CHAT or interaction.state not in QUEUED:
            return NO_WAYS
        ways = (interaction.overflow or NO_MARKS).ways
        if not ways:
            return NO_WAYS
        language = interaction.language or ""
        said = [self._wordings.text(f"{way}_offered", language) for way in ("callback", "message") if way in ways]
        return Ways(
            callback="callback" in ways,
            message="message" in ways,
            text=" ".join(said),
            language=self._wordings.spoken(f"{ways[0]}_offered", language),
            phone_example=example(region_of(language, self._region)),
        )

    async def taken(self, interaction: Interaction) -> Taken | None:
        """Return where it goes on, unless that is over too, or not durable yet: then its own event tells of it."""
        if interaction.state not in OPEN or interaction.medium not in (CALLBACK, EMAIL):
            return None
        rows = await self._store.messages(interaction.id, limit=100)
        if interaction.medium == EMAIL:
            addresses = [row.sender_address for row in rows if row.author == "customer" and row.sender_address]
            return Taken(way="message", to=addresses[0]) if addresses else None
        phone = str(rows[0].attributes.get("phone", "")) if rows else ""
        if not phone:
            return None
        link = self._link_of(interaction.id)
        due = interaction.scheduled_at if interaction.state is S.SCHEDULED else None
        # The queue may have left the configuration since.
        queue = self._engine.policy.queues.get(interaction.queue)
        return Taken(
            way="callback",
            to=phone,
            due_at=due,
            ends_at=None if due is None or queue is None else due + queue.callback_slot,
            link=link,
            calendar=None if due is None else f"{link}/{CALENDAR_NAME}",
        )

    async def windows(self, id: InteractionId, after: Instant) -> Windows:
        """Return the next times that can be booked."""
        held = self._engine.state.interactions.get(id)
        queue = None if held is None else self._engine.policy.queues.get(held.queue)
        if held is None or queue is None:
            return Windows((), 0, more=False)
        starts = tuple(islice(free_windows(self._engine, held.queue, after), WINDOWS_MAX + 1))
        return Windows(starts[:WINDOWS_MAX], queue.callback_slot, more=len(starts) > WINDOWS_MAX)

    # -- what is chosen

    async def call_back(self, id: InteractionId, wish: CallWish, *, language: str) -> WayRefused | None:
        """Let it go on as a callback to the number that he gave."""
        held = self._engine.state.interactions.get(id)
        if held is not None and held.medium == CALLBACK and held.state in OPEN:
            return None
        refused = self._not_offered(held, "callback")
        if refused is not None:
            return refused
        try:
            phone = likely_e164(wish.phone, self._regions(held, language))
        except PhoneRefused as fault:
            return WayRefused(f"phone.{fault.code}", "that is no number that we call")
        refused = self._slot_refused(held, wish.slot)
        if refused is not None:
            return refused
        if self._by_phone.take(phone, self._engine.clock.now()):
            return WayRefused("phone.too_often", "this number was given several times already")
        # What a visitor types is a claim and no identity (decision 0007): it stays with this request.
        first = await self._store.messages(id, limit=1)
        zone = {} if zone_of(wish.time_zone) is None else {"time_zone": wish.time_zone}
        changes = [SetAttributes(MessageRow, row.id, {"phone": phone, **zone}) for row in first]
        decision = await self._engine.submit(AcceptCallback(id, wish.slot), changes)
        return _refused(decision.refusal)

    async def leave_message(
        self, visitor: str, id: InteractionId, left: LeftMessage, *, identity: Identity
    ) -> WayRefused | None:
        """Let it go on as e-mail to the address that he gave, with what he adds."""
        held = self._engine.state.interactions.get(id)
        if held is not None and held.medium == EMAIL and held.state in OPEN:
            return None
        refused = self._not_offered(held, "message")
        if held is None or refused is not None:
            return refused
        if _ADDRESS.fullmatch(left.email) is None:
            return WayRefused("bad_email", "that is no e-mail address")
        queue = self._engine.policy.queues.get(held.queue)
        if queue is None or queue.message_channel not in self._engine.policy.channels:
            return WayRefused("no_message_channel", "no mailbox answers for this queue")
        changes: list[Change] = []
        if left.text:
            await self._add(visitor, held, left, identity)
        else:
            changes = await self._addressed(id, left.email)
        hashes = self._limits.of(left.email)
        decision = await self._engine.submit(LeaveMessage(id, hashes.address, hashes.domain), changes)
        return _refused(decision.refusal)

    async def _add(self, visitor: str, held: Interaction, left: LeftMessage, identity: Identity) -> None:
        """Add what he says to the conversation, with the address that answers go to; a repeat adds nothing."""
        external_id = f"{visitor}:{left.client_id}"
        row = MessageRow(
            id=derived_id("m", held.channel, external_id),
            interaction=held.id,
            channel=held.channel,
            author="customer",
            at=self._engine.clock.now(),
            text=left.text,
            external_id=external_id,
            sender_name=identity.name or "",
            sender_address=left.email,
        )
        if await self._store.message(row.id) is None:
            await self._engine.submit(AddMessage(interaction=held.id, message=row.id, author="customer"), [PutNew(row)])

    async def _addressed(self, id: InteractionId, email: str) -> list[Change]:
        """Let his last message have the address: answers go to where that came from."""
        rows = await self._store.messages(id, limit=100_000)
        own = [row for row in rows if row.author == "customer"]
        return [Set(MessageRow, row.id, {"sender_address": email}) for row in own[-1:]]

    def _regions(self, held: Interaction | None, language: str) -> list[str]:
        """Return where a number without a prefix may be, the likeliest first."""
        spoken = (language, held.language if held is not None else None)
        return [*(region_of(each, self._region) for each in spoken if each), self._region]

    def _slot_refused(self, held: Interaction | None, slot: Instant | None) -> WayRefused | None:
        """Return why the window can't be booked: before the try counts for its number."""
        policy = self._engine.policy
        queue = None if held is None else policy.queues.get(held.queue)
        if slot is None or queue is None:
            return None
        return _refused(slot_refused(self._engine.state, policy, queue, slot, self._engine.clock.now()))

    def _not_offered(self, held: Interaction | None, way: str) -> WayRefused | None:
        if held is None or held.state not in QUEUED:
            return WayRefused("not_waiting", "the conversation does not wait any more")
        if way not in (held.overflow or NO_MARKS).ways:
            return WayRefused("not_offered", "this is not offered")
        return None


def _refused(refusal: Refusal | None) -> WayRefused | None:
    return None if refusal is None else WayRefused(refusal.reason, refusal.detail)
