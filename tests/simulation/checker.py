"""What must hold: after every commit, by the journal as it is on the disk; at the end, against what people were told.

Names of invariants are those of the reliability promises (I-1 ... I-15) and of the routing rules ("routing").
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.engine import Engine
from app.mail_intake import DIED
from queues.lifecycle import InteractionState
from router import checkpoint
from router.events import OfferAccepted
from router.evolve import evolve
from router.policy import Policy
from router.state import State
from storage.chain import EMPTY, Head, digest_of
from storage.codec import decode
from tests.router.invariants import check
from tests.simulation.disk import Disk
from tests.simulation.node import Node
from tests.simulation.truth import Truth
from vocabulary.instants import SECOND, Instant
from vocabulary.records import Entry

S = InteractionState
_ENTRIES = 'SELECT seq, "at", type, v, body, interaction, agent, queue, digest FROM journal WHERE seq > ? ORDER BY seq'
LATE_MS = SECOND
"""An offer ends so long after its deadline at the latest, while the site runs."""


class Violation(Exception):
    """Something that must hold doesn't."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail


def require(holds: object, invariant: str, detail: str) -> None:
    if not holds:
        raise Violation(invariant, detail)


class Follower:
    """Reads the journal as it grows, follows it with a state of its own, and looks at each step."""

    def __init__(self) -> None:
        self.state = State()
        self.head: Head = EMPTY
        self._disk: Disk | None = None
        self._connection: Any = None
        self._syncs = -1
        self.accepted: dict[str, str] = {}
        """Offer -> agent, as the journal says."""
        self.admitted: set[str] = set()

    def look(self, node: Node) -> None:
        """Take in what is durable by now."""
        disk = node.disk
        if disk is not self._disk:
            self._disk, self._connection, self._syncs = disk, disk.connection(), -1
            self.require_kept(self._connection)
        if disk.syncs == self._syncs or disk.dead:
            return
        self._syncs = disk.syncs
        self.read(self._connection, node.application.policy if node.application is not None else None)

    def read(self, connection: Any, policy: Policy | None) -> None:
        """Take in what the journal has got since; with a policy, look at the state behind it too."""
        events = [self._taken(row) for row in connection.execute(_ENTRIES, (self.head.seq,)).fetchall()]
        if events and policy is not None:
            self._check_state(policy, events[-1].at)

    def require_kept(self, connection: Any) -> None:
        """Behind a crash: what was durable still is, and nothing else stands in its place."""
        (last,) = connection.execute("SELECT max(seq) FROM journal").fetchone()
        require(
            (last or 0) >= self.head.seq, "I-10 journal", f"ended at {self.head.seq}, ends at {last} after a restart"
        )
        if self.head.seq:
            query = "SELECT digest FROM journal WHERE seq = ?"
            (digest,) = connection.execute(query, (self.head.seq,)).fetchone()
            require(digest == self.head.digest, "I-10 journal", f"entry {self.head.seq} is another after a restart")

    def _taken(self, row: Any) -> Any:
        *columns, digest = row
        entry = Entry(*columns)
        require(entry.seq == self.head.seq + 1, "I-10 journal", f"entry {entry.seq} follows {self.head.seq}")
        require(
            digest == digest_of(self.head.digest, entry), "I-10 journal", f"entry {entry.seq} breaks the hash chain"
        )
        self.head = Head(entry.seq, digest)
        event = decode(entry)
        self._before(event)
        evolve(self.state, event)
        return event

    def _before(self, event: Any) -> None:
        """Look at an event on the state before it."""
        id = getattr(event, "interaction", None)
        match type(event).__name__:
            case "Admitted":
                require(id not in self.admitted, "I-3 uniqueness", f"{id} was admitted twice")
                self.admitted.add(id or "")
            case "OfferAccepted":
                self._accepted(event)
            case "OfferDeclined" | "OfferExpired" | "OfferWithdrawn":
                offer = self.state.offers.get(event.offer)
                require(
                    offer is not None and offer.state == "pending", "I-5 offers", f"{event.offer} ended more than once"
                )
            case _:
                return

    def _accepted(self, event: OfferAccepted) -> None:
        offer = self.state.offers.get(event.offer)
        require(
            offer is not None and offer.state == "pending", "I-5 offers", f"{event.offer} was accepted behind its end"
        )
        assert offer is not None
        require(
            event.at <= offer.expires_at + LATE_MS,
            "I-5 offers",
            f"{event.offer} was accepted {event.at - offer.expires_at} ms after its end",
        )
        owned = self.state.interactions[event.interaction]
        taken_over = owned.consult is not None
        require(
            owned.agent is None or taken_over,
            "I-4 one owner",
            f"{owned.id} is {owned.agent}'s and {event.agent} takes it",
        )
        self.accepted[event.offer] = event.agent

    def _check_state(self, policy: Policy, at: Instant) -> None:
        try:
            check(self.state, policy, at)
        except AssertionError as broken:
            raise Violation("routing", f"behind entry {self.head.seq}: {broken}") from broken

    def check_offers(self, now: Instant) -> None:
        """No offer rings on behind its time; only while the site has been running for a while."""
        for offer in self.state.offers.values():
            if offer.state == "pending":
                late = now - offer.expires_at
                require(late <= LATE_MS, "I-6 offers end", f"{offer.id} rings {late} ms behind its time")


class Records:
    """The tables as they are on the disk."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        found: list[Any] = self._connection.execute(query, parameters).fetchall()
        return found


def unread(records: Records, truth: Truth) -> list[str]:
    """Return the mails of the mailbox that the site has nowhere yet, neither taken in nor kept aside."""
    said = {row[0].strip() for row in records.rows("SELECT text FROM messages")}
    kept_aside = _kept_aside(records)
    missing = sorted(set(truth.boxed) - said)
    return [text for text in missing if not any(text.encode() in raw for raw in kept_aside)]


def _kept_aside(records: Records) -> list[bytes]:
    """Return what the process seems to have died of three times: to be kept aside is a place like any other."""
    return [row[0] for row in records.rows("SELECT raw FROM received WHERE error = ?", DIED)]


def violations_at_the_end(
    records: Records, follower: Follower, truth: Truth, now: Instant
) -> Iterator[tuple[str, str]]:
    """Compare the site with what people were told, once everything has come to rest."""
    messages = records.rows(
        "SELECT interaction, number, author, text, external_id, message_id, id, attributes FROM messages"
    )
    said = Counter(row[3].strip() for row in messages)
    where = {row[3].strip(): row for row in messages}
    yield from _inputs(truth, said, where, follower, _kept_aside(records))
    yield from _numbers(messages)
    yield from _chats(truth, where, messages)
    yield from _mail_out(records, truth, where, now)
    yield from _conservation(records, follower)
    for offer, agent in truth.taken.items():
        if follower.accepted.get(offer) != agent:
            yield (
                "I-4 one owner",
                f"{agent} was told that {offer} is his, the journal says {follower.accepted.get(offer)}",
            )


def _inputs(
    truth: Truth, said: Counter[str], where: dict[str, Any], follower: Follower, kept_aside: Sequence[bytes]
) -> Iterator[tuple[str, str]]:
    acknowledged: dict[str, Iterable[str]] = {
        "chat": truth.chats,
        "mail (250)": truth.mails,
        "mail (mailbox)": truth.boxed,
        "call": {text: id for id, (_, text) in truth.calls.items()},
        "reply": truth.replies,
    }
    for kind, texts in acknowledged.items():
        for text in texts:
            if said[text] == 0 and not any(text.encode() in raw for raw in kept_aside):
                yield "I-1 no loss", f"{kind} {text!r} was acknowledged and is nowhere"
            elif said[text] > 1:
                yield "I-3 uniqueness", f"{kind} {text!r} is there {said[text]} times"
    for text, row in where.items():
        if row[2] in ("customer", "agent", "note") and text not in truth.tried and text not in ("over to you", "done"):
            yield "I-2 no phantom", f"nobody ever said {text!r}"
        if row[0] not in follower.admitted and row[0] not in follower.state.interactions:
            yield "I-2 no phantom", f"{row[0]} has messages and was never admitted"
    for external_id, (interaction, text) in truth.calls.items():
        if text in where and where[text][0] != interaction:
            yield "I-3 uniqueness", f"{external_id} was told to be {interaction}, its text is in {where[text][0]}"
    for text, interaction in truth.replies.items():
        if text in where and where[text][0] != interaction:
            yield "I-1 no loss", f"{text!r} was written to {interaction} and is in {where[text][0]}"
    ours = {row[5]: row[0] for row in where.values() if row[5] and row[2] in ("agent", "bot")}
    for text, answered in truth.continued.items():
        if text in where and answered in ours and where[text][0] != ours[answered]:
            yield "I-1 no loss", f"{text!r} answers {answered} of {ours[answered]} and is in {where[text][0]}"


def _numbers(messages: list[Any]) -> Iterator[tuple[str, str]]:
    numbers: dict[str, list[int]] = {}
    for row in messages:
        numbers.setdefault(row[0], []).append(row[1] or 0)
    for interaction, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield "I-8 order", f"{interaction} has messages {sorted(found)}"


def _chats(truth: Truth, where: dict[str, Any], messages: list[Any]) -> Iterator[tuple[str, str]]:
    for text, (visitor, number) in truth.chats.items():
        if text in where and where[text][1] != number:
            yield "I-8 order", f"{visitor} was told that {text!r} is number {number}, it is {where[text][1]}"
    by_place = {(row[0], row[1]): row for row in messages}
    for visitor, shown in truth.heard.items():
        last: dict[str, int] = {}
        for (conversation, number), text in shown.items():
            row = by_place.get((conversation, number))
            if row is not None and row[2] == "note":
                yield "I-14 isolation", f"{visitor} was shown the note {text!r}"
            if row is None or row[3].strip() != text.strip():
                yield "I-8 order", f"{visitor} was shown {text!r} as {number} of {conversation}: {row and row[3]!r}"
            last[conversation] = max(number, last.get(conversation, 0))
        for conversation, number in last.items():
            first = min(each for where_, each in shown if where_ == conversation)
            for (interaction, each), row in by_place.items():
                missed = interaction == conversation and first < each < number and row[2] != "note"
                if missed and (interaction, each) not in shown:
                    yield "I-8 order", f"{visitor} never saw {row[3]!r}, number {each} of {conversation}"


def _mail_out(records: Records, truth: Truth, where: dict[str, Any], now: Instant) -> Iterator[tuple[str, str]]:
    automatic = Counter(mail.in_reply_to for mail in truth.sent if mail.automatic)
    for answered, count in automatic.items():
        if count > 1:
            yield "I-6 one automatic reply", f"{answered} was answered {count} times"
        if answered in truth.machine:
            yield "I-6 one automatic reply", f"{answered} was written by a machine and was answered"
    ids: dict[str, set[str]] = {}
    for mail in truth.sent:
        body = mail.raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        for text in truth.replies:
            if text in body and f"{text}0" not in body and _is_line(text, body):
                ids.setdefault(text, set()).add(mail.message_id)
    for text, found in ids.items():
        if len(found) > 1:
            yield "I-15 outbox", f"{text!r} went out under {len(found)} Message-IDs"
    rows = records.rows("SELECT id, kind, state, message, reason, due_at FROM outbox")
    texts = {row[6]: text for text, row in where.items()}
    for id, kind, state, message, reason, due_at in rows:
        if state in ("pending", "sending") or (state == "deferred" and due_at < now - 30 * SECOND):
            yield "I-15 outbox", f"{kind} {id} is still {state}"
        text = texts.get(message, "")
        if kind == "mail":
            yield from _second_thoughts(truth, text, state, gone=text in ids)
        if state == "sent" and kind == "mail" and text in truth.replies and text not in ids:
            yield "I-15 outbox", f"{text!r} is called sent, the customers' server never had it"
        if state == "failed" and "5.7.1 not wanted" not in reason:
            yield "I-15 outbox", f"{kind} {id} failed: {reason}"


def _second_thoughts(truth: Truth, text: str, state: str, *, gone: bool) -> Iterator[tuple[str, str]]:
    """What was taken back never goes; what nobody took back, or too late, goes as everything else."""
    wanted = truth.second_thoughts.get(text, False)
    if wanted and gone:
        yield "I-15 outbox", f"{text!r} was taken back, the customers' server has it"
    if (wanted and state != "taken_back") or (wanted is False and state == "taken_back"):
        yield "I-15 outbox", f"{text!r} was {'' if wanted else 'not '}taken back, it is called {state}"


def _is_line(text: str, body: str) -> bool:
    return any(line.strip() == text for line in body.splitlines())


def _conservation(records: Records, follower: Follower) -> Iterator[tuple[str, str]]:
    for id, state, error in records.rows("SELECT id, state, error FROM received"):
        if state != "admitted" and error != DIED:
            yield "I-12 conservation", f"{id} is still {state}: {error}"
    known = {row[0]: row[1] for row in records.rows("SELECT id, state FROM interactions")}
    if set(known) != follower.admitted:
        yield "I-12 conservation", f"records and journal differ by {set(known) ^ follower.admitted}"
    for id, interaction in follower.state.interactions.items():
        if known.get(id) != str(interaction.state):
            yield "I-12 conservation", f"{id} is {interaction.state} in the journal, {known.get(id)} in the records"
    duplicates = records.rows(
        "SELECT channel, external_id, count(*) FROM messages "
        "WHERE external_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    )
    for row in duplicates:
        yield "I-3 uniqueness", f"{row}"
    if records.rows("PRAGMA quick_check") != [("ok",)]:
        yield "I-1 no loss", "the database is damaged"


def check_replay(node: Node, follower: Follower) -> None:
    """The site's state is what the journal gives from zero, whatever checkpoints it came by."""
    assert node.application is not None
    engine: Engine = node.application.engine
    require(
        engine.seq == follower.head.seq,
        "I-10 journal",
        f"the site is at {engine.seq}, its journal at {follower.head.seq}",
    )
    ours, theirs = checkpoint.encode(follower.state), checkpoint.encode(engine.state)
    require(ours == theirs, "I-10 journal", "the site's state is not what its journal gives")
