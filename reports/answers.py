"""What automatic answers are worth: a function of the event log (semantics.md sections 18 and 19).

Definitions, version 2 of 2026-11-30. An *answer* is an article that was sent by itself. Its outcome, the first of these
that holds within seven days:

- `escalated`: the customer wrote again, or asked for a person, before it closed;
- `recontacted`: he opened it again, or wrote anew about the same (the same most likely label, or as its continuation);
- `confirmed`: he said that it helped;
- `silent`: nothing of all that. Silence is no success, and is never counted as one;
- `open`: seven days are not over, and nothing has happened.

*Held out* are questions that could have been answered and were given to agents instead, by a draw from their ids: what
answers are worth is the difference to them. Where answers were close and the customer was *asked which*, nothing is
held out: what he chose is an answer, but no part of that difference. Rates leave out what is open; intervals are 95 %.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from reports.intervals import Interval, difference, mean_difference, wilson
from router import events as e
from vocabulary.ids import CustomerId, InteractionId
from vocabulary.instants import DAY, Instant, Span

WITHIN: Span = 7 * DAY
UNKNOWN = "unknown"
Result = Literal["escalated", "recontacted", "confirmed", "silent", "open"]
RESULTS: tuple[Result, ...] = ("confirmed", "silent", "recontacted", "escalated", "open")


class Asked(msgspec.Struct, kw_only=True):
    """A question that was answered by itself, or held out. `handling`: what agents worked on it, ms."""

    interaction: InteractionId
    at: Instant
    autoresponse: str
    article: str
    held_out: bool
    chosen: bool = False
    escalated: bool = False
    recontacted: bool = False
    confirmed: bool = False
    handling: Span = 0
    handled: bool = False

    def result(self, now: Instant) -> Result:
        """Return what became of it, as known at `now`."""
        if self.escalated:
            return "escalated"
        if self.recontacted:
            return "recontacted"
        if self.confirmed:
            return "confirmed"
        return "silent" if now >= self.at + WITHIN else "open"

    def is_complete(self, now: Instant) -> bool:
        """Tell whether its seven days are over: what is known sooner would count contacts and not silence."""
        return now >= self.at + WITHIN


class Choice(msgspec.Struct, kw_only=True):
    """A customer was asked which of close answers he means: he chose one, a person had to take it, or he may yet."""

    interaction: InteractionId
    at: Instant
    autoresponse: str
    result: Literal["chosen", "person", "open"] = "open"


class _Known(msgspec.Struct):
    """What is known of an interaction: since when, whose it is, what about, and since when an agent works on it."""

    at: Instant
    customer: CustomerId
    label: str
    accepted_at: Instant | None = None


class AnswerLog:
    """Follows answers through the log. Feed it events in their order; who follows for ever calls `leave`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.choices: list[Choice] = []
        self._choosing: dict[InteractionId, Choice] = {}
        self._latest: dict[InteractionId, Asked] = {}
        self._known: dict[InteractionId, _Known] = {}
        self._watched: dict[CustomerId, list[tuple[Asked, str]]] = {}

    def observe(self, event: e.AnyEvent) -> list[Asked]:
        """Count `event`; return the questions of which it tells what became of them."""
        match event:
            case e.Admitted(interaction=id, customer=customer):
                label = event.labels[0].name if event.labels else ""
                self._known[id] = _Known(event.at, customer, label)
                return self._came(event.at, customer, label, event.follows)
            case e.AnsweredByBot(bulk=bulk) if bulk:
                # Somebody gave it to many: what became of that is told beside the answer itself.
                pass
            case e.AnswerAsked(interaction=id, at=at, autoresponse=name):
                self._choosing[id] = Choice(interaction=id, at=at, autoresponse=name)
                self.choices.append(self._choosing[id])
            case e.AnsweredByBot() | e.AnswerHeldOut():
                self._chosen(event.interaction, "chosen")
                self._watch(_asked(event))
            case e.AnswerConfirmed(interaction=id) if id in self._latest:
                self._latest[id].confirmed = True
                return [self._latest[id]]
            case e.Enqueued(interaction=id, cause=cause, at=at):
                self._chosen(id, "person")
                return self._enqueued(self._latest[id], cause, at) if id in self._latest else []
            case e.OfferAccepted(interaction=id, at=at) if id in self._known:
                self._known[id].accepted_at = at
            case e.WrappedUp(interaction=id, at=at) | e.Closed(interaction=id, at=at):
                self._over(id, at)
            case e.Forgotten(interaction=id):
                self._known.pop(id, None)
                self._latest.pop(id, None)
                self._choosing.pop(id, None)
            case _:
                pass
        return []

    def leave(self, before: Instant) -> None:
        """Forget what was asked, and who came, before that instant."""
        self.asked = [each for each in self.asked if each.at >= before]
        self.choices = [each for each in self.choices if each.at >= before]
        self._choosing = {id: each for id, each in self._choosing.items() if each.at >= before}
        self._latest = {id: each for id, each in self._latest.items() if each.at >= before}
        watched = {
            customer: [(asked, about) for asked, about in each if asked.at >= before]
            for customer, each in self._watched.items()
        }
        self._watched = {customer: each for customer, each in watched.items() if each}
        self._known = {id: each for id, each in self._known.items() if each.at >= before or id in self._latest}

    def _chosen(self, id: InteractionId, result: Literal["chosen", "person"]) -> None:
        choice = self._choosing.pop(id, None)
        if choice is not None:
            choice.result = result

    def _watch(self, asked: Asked) -> None:
        self.asked.append(asked)
        self._latest[asked.interaction] = asked
        known = self._known.get(asked.interaction)
        if known is not None:
            self._watched.setdefault(known.customer, []).append((asked, known.label))

    def _came(self, at: Instant, customer: CustomerId, label: str, follows: InteractionId | None) -> list[Asked]:
        again = []
        for asked, about in self._watched.get(customer, ()):
            alike = label == about and label not in ("", UNKNOWN)
            if at < asked.at + WITHIN and (alike or follows == asked.interaction):
                asked.recontacted = True
                again.append(asked)
        return again

    def _enqueued(self, asked: Asked, cause: str, at: Instant) -> list[Asked]:
        if at >= asked.at + WITHIN:
            return []
        if cause == "not_satisfied" and not asked.held_out:
            asked.escalated = True
        elif cause == "customer_wrote":
            asked.recontacted = True
        else:
            return []
        return [asked]

    def _over(self, id: InteractionId, at: Instant) -> None:
        known, asked = self._known.get(id), self._latest.get(id)
        if known is not None and asked is not None and known.accepted_at is not None:
            asked.handling += at - known.accepted_at
            asked.handled = True
            known.accepted_at = None


def _asked(event: e.AnsweredByBot | e.AnswerHeldOut) -> Asked:
    return Asked(
        interaction=event.interaction,
        at=event.at,
        autoresponse=event.autoresponse,
        article=event.article,
        held_out=isinstance(event, e.AnswerHeldOut),
        chosen=isinstance(event, e.AnsweredByBot) and event.chosen,
    )


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers of one autoresponse, or of all, were worth in a period.

    `results`: how many have which outcome. Rates are over those whose seven days are over, `complete` of them and
    `held_out_complete` held out. `needed_person`: escalated or re-contacted. `effect`: the rate of who needed us again
    among the answered, minus that of new contacts among the held out. `handling_s`: of what was held out; `saved_s`:
    how much less an answered question took, in seconds of agents, those who came back included. `asked_which`: how
    many customers were asked which answer they mean, what became of that among `chosen`, `person` and `open`.
    """

    name: str
    answered: int
    results: dict[str, int]
    complete: int
    confirmed: Interval | None
    needed_person: Interval | None
    held_out: int
    held_out_complete: int
    held_out_recontacted: Interval | None
    effect: Interval | None
    handling_s: float | None
    saved_s: Interval | None
    asked_which: int
    choices: dict[str, int]


def worths(asked: Sequence[Asked], choices: Sequence[Choice], now: Instant) -> list[Worth]:
    """Return what the answers of each autoresponse were worth, by name."""
    names = sorted({each.autoresponse for each in asked} | {each.autoresponse for each in choices})
    return [
        worth_of(
            name,
            [each for each in asked if each.autoresponse == name],
            [each for each in choices if each.autoresponse == name],
            now,
        )
        for name in names
    ]


def worth_of(name: str, asked: Sequence[Asked], choices: Sequence[Choice], now: Instant) -> Worth:
    """Return what these answers, those held out, and these questions which one were worth."""
    answered = [each for each in asked if not each.held_out]
    held = [each for each in asked if each.held_out]
    complete = [each for each in answered if each.is_complete(now)]
    held_complete = [each for each in held if each.is_complete(now)]
    needed = _needed(complete)
    # Nothing is held out where customers are asked which.
    alike = [each for each in complete if not each.chosen]
    again = sum(each.recontacted for each in held_complete)
    results = [each.result(now) for each in answered]
    handlings = [each.handling / 1000 for each in held_complete if each.handled]
    return Worth(
        name=name,
        answered=len(answered),
        results={result: results.count(result) for result in RESULTS},
        complete=len(complete),
        confirmed=wilson(sum(each.result(now) == "confirmed" for each in complete), len(complete)),
        needed_person=wilson(needed, len(complete)),
        held_out=len(held),
        held_out_complete=len(held_complete),
        held_out_recontacted=wilson(again, len(held_complete)),
        effect=difference((_needed(alike), len(alike)), (again, len(held_complete))),
        handling_s=sum(handlings) / len(handlings) if handlings else None,
        saved_s=mean_difference(handlings, [each.handling / 1000 for each in alike]),
        asked_which=len(choices),
        choices={result: sum(each.result == result for each in choices) for result in ("chosen", "person", "open")},
    )


def _needed(answered: Sequence[Asked]) -> int:
    return sum(each.escalated or each.recontacted for each in answered)
