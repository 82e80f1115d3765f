"""What some random houses have besides: opening hours, overflow, callback windows, agreements, silence."""

from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from queues.hours import Hours, Interval
from queues.overflow import Do, Overflow, When
from queues.policy import OnClose
from queues.sla import Agreement, Escalation, Notify, SlaPolicy
from tests.queues.opening import SomeHolidays
from tests.reference.chance import Chance
from tests.reference.hours import date_at
from vocabulary.instants import HOUR, MINUTE, SECOND, Span

SERVICES = ("hours", "overflow", "windows", "agreements", "silence")
ZONES = ("UTC", "America/New_York", "Europe/Warsaw", "Australia/Lord_Howe")
BREAKS = ((0, 35), (40, 50))
HOURS = ("breaks", "office", "night", "always", "never")
WAITS = (5 * SECOND, 30 * SECOND, 2 * MINUTE)
SOON = (20 * SECOND, MINUTE, 5 * MINUTE, HOUR)
GROUPS = ("seniors", "general")
MEDIA = ("chat", "email", "callback")


def services(chance: Chance) -> frozenset[str]:
    """Return what a house has; many have nothing of it."""
    return frozenset(name for name in SERVICES if chance.once_in(2)) if not chance.once_in(3) else frozenset()


def hours(chance: Chance, at: int) -> dict[str, Hours]:
    """Return tables of hours that change often around `at`: breaks of every hour, an office's, a night's."""
    zone = ZoneInfo(chance.of(ZONES))
    exceptions = _exceptions(chance, zone, at)
    tables = {
        "breaks": tuple(Interval(hour * 60 + start, hour * 60 + end) for hour in range(24) for start, end in BREAKS),
        "office": (_interval(zone, at, -90, 95), _interval(zone, at, 30, 300)),
        "night": (_interval(zone, at, 15, 600),),
    }
    found = {name: Hours(zone=zone, week=(intervals,) * 7, **exceptions) for name, intervals in tables.items()}
    weekdays = Hours(zone=zone, week=(*[tables["office"]] * 6, ()), **exceptions)
    always = Hours(zone=zone, week=((Interval(0, 24 * 60),),) * 7)
    return {**found, "weekdays": weekdays, "always": always, "never": Hours(zone=zone)}


def _exceptions(chance: Chance, zone: ZoneInfo, at: int) -> dict[str, Any]:
    day = date_at(zone, at)
    exceptions: dict[str, Any] = {}
    if chance.once_in(4):
        exceptions = {"closings": {f"{day:%Y-%m-%d}": "own", "03-03": "own"}}
    elif chance.once_in(3):
        exceptions = {"openings": {f"{day:%m-%d}": (_interval(zone, at, -60, 70), _interval(zone, at, 15, 20))}}
    if chance.once_in(3):
        exceptions["holidays"] = SomeHolidays({day: "public"})
    return exceptions


def _interval(zone: ZoneInfo, at: int, since: int, length: int) -> Interval:
    """Return an interval that begins `since` minutes after `at`, as clocks show it."""
    shown = datetime.fromtimestamp(at // 1000, zone)
    start = (shown.hour * 60 + shown.minute + since) % (24 * 60)
    return Interval(start, start + length)


def of_queue(chance: Chance, name: str, names: tuple[str, ...], on: frozenset[str]) -> dict[str, Any]:
    """Return what the policy of queue `name` says of it."""
    values: dict[str, Any] = {"message_channel": chance.of(("mail", "mail", None, "gone"))} if on else {}
    if "hours" in on and not chance.once_in(4):
        values |= {
            "hours": chance.of(("office", "night", *HOURS, "weekdays")),
            "outside_hours": chance.of(("wait", "schedule")),
        }
        values |= {"on_close": chance.of(get_args(OnClose)[: 4 if "overflow" in on else 3])}
    if "overflow" in on:
        values["overflow"] = tuple(
            _rule(chance, name, names, hours="hours" in values) for _ in range(chance.of((1, 2, 3)))
        )
    if "windows" in on:
        values |= {"callback_slot": chance.of((30 * MINUTE, 10 * MINUTE)), "callback_places": chance.of((1, 2))}
        values |= {"callback_days_max": chance.of((90, 2)), "callback_retry": chance.of((MINUTE, HOUR))}
    if "agreements" in on:
        values["sla"] = chance.of(("usual", "usual", None, "quick"))
    if "silence" in on:
        values |= {"silent_after": _spans(chance, SOON), "parked_close_after": _spans(chance, SOON)}
    return values


def _spans(chance: Chance, spans: tuple[Span, ...]) -> dict[str, Span]:
    return {medium: chance.of(spans) for medium in MEDIA if not chance.once_in(3)}


def _rule(chance: Chance, name: str, names: tuple[str, ...], *, hours: bool) -> Overflow:
    kinds = (
        "wait",
        "wait",
        "length",
        "expected_wait",
        "unstaffed",
        "emergency",
        *(("closed", "closed", "closed", "holiday") if hours else ()),
    )
    when = _condition(chance, chance.of(kinds))
    if chance.once_in(5):
        when |= _condition(chance, chance.of(kinds[3:]))
    return Overflow(when=When(**when), do=action(chance, name, names))


def _condition(chance: Chance, kind: str) -> dict[str, Any]:
    if kind in ("wait", "expected_wait"):
        return {kind: chance.of(WAITS)}
    return {kind: chance.of((0, 1, 2)) if kind == "length" else True}


def action(chance: Chance, name: str, names: tuple[str, ...]) -> Do:
    """Return what is done then; `names` may hold the queue itself, or one that is gone."""
    values: dict[str, Any] = {}
    if chance.once_in(4):
        values["priority"] = chance.of((1, -2, 5, 200))
    if chance.once_in(4):
        values["groups"] = (chance.of(GROUPS),)
    if chance.once_in(4):
        values["callback"] = True
    if chance.once_in(3):
        values["reply"] = "sorry"
    end = chance.of(("", "move", "move", "message", "close"))
    if end == "move":
        values["move"] = chance.of((*names, "gone") if chance.once_in(5) else names)
    elif end == "message":
        values["message"] = True
    elif end == "close":
        values["close"] = "overflowed"
    return Do(**values)


def agreements(chance: Chance, names: tuple[str, ...], tables: tuple[str, ...]) -> dict[str, SlaPolicy]:
    """Return agreements: one for customers of a segment, two that queues may name."""
    gold = _agreement(chance, "gold", names, tables, segments=("gold",), queues=chance.of(((), names[:1])))
    return {name: _agreement(chance, name, names, tables) for name in ("usual", "quick")} | {"gold": gold}


def _agreement(chance: Chance, name: str, names: tuple[str, ...], tables: tuple[str, ...], **values: Any) -> SlaPolicy:
    spans = (None, *SOON)
    terms = Agreement(
        name=name,
        first_response=chance.of(spans),
        next_response=chance.of(spans),
        resolution=chance.of(spans),
        hours=chance.of((None, *tables)),
        pause_while_parked=chance.once_in(2),
        warn_before=chance.of(((), (10 * SECOND,), (50 * SECOND, 10 * SECOND), (HOUR, 3 * MINUTE))),
    )
    warning, breach = _escalation(chance, names), _escalation(chance, names)
    return SlaPolicy(agreement=terms, at_warning=warning, at_breach=breach, **values)


def _escalation(chance: Chance, names: tuple[str, ...]) -> Escalation:
    notify: tuple[Notify, ...] = ("page",) if chance.once_in(2) else ()
    queue = chance.of((*names, "gone")) if chance.once_in(3) else None
    return Escalation(priority=chance.of((0, 2, 200)), queue=queue, notify=notify)
