"""Random days: after every step all invariants hold, and the journal gives the same state again."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from agents.agent import MediumLimit, Membership, Profile
from queues.bulk import Bulk
from queues.hours import Hours, Interval
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.overflow import Do, Overflow, When
from queues.policy import Step
from queues.sla import Agreement, Escalation, SlaPolicy
from router.commands import (
    AcceptCallback,
    AcceptOffer,
    AddMessage,
    AnswerInBulk,
    Assign,
    BeginAutomation,
    BeginDelivery,
    CallAttempted,
    CancelCallback,
    CancelTransfer,
    Candidate,
    Close,
    Command,
    Connect,
    CustomerBack,
    CustomerGone,
    DeclineOffer,
    DefineAgent,
    DeliverAgain,
    Disconnect,
    End,
    EndAvalanche,
    ExtendWrapUp,
    JoinRoom,
    Leave,
    LeaveMessage,
    LeaveRoom,
    MarkSpam,
    Move,
    Park,
    Reconcile,
    RecordEstimate,
    Relabel,
    RemoveAgent,
    RenewSla,
    ReportAvalanche,
    ReportDelivery,
    Reprioritise,
    RescheduleCallback,
    Resume,
    SetEmergency,
    SetPresence,
    StartOutbound,
    TakeBack,
    TakeOver,
    Tick,
    Transfer,
    UndoAct,
    UndoInBulk,
    WantPerson,
    WrapUp,
)
from router.decision import Refusal
from router.events import Admitted, Forgotten
from router.state import next_deadline
from tests.builders import Autoresponse, Condition, House, Label, Requirement, admit, policy, queue
from tests.builders import rule as triage_rule
from tests.reference.chance import Seeded
from tests.reference.houses import house as random_house
from tests.reference.orders import following, opening, span
from tests.reference.setting import Setting
from tests.router.invariants import Checked, check_same
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

S = InteractionState
QUEUES = ("sales", "support", "instant", "mail")
STEPS = (
    Step(after=10 * SECOND, lower={"billing": 2}, priority=5),
    Step(after=30 * SECOND, drop=("lang:pl",), groups=("backup",)),
    Step(after=MINUTE, drop=("billing",), groups=("night",), guard=False),
)
GOLD = SlaPolicy(
    agreement=Agreement(
        name="gold",
        first_response=2 * MINUTE,
        next_response=MINUTE,
        resolution=9 * HOUR,
        pause_while_parked=True,
        warn_before=(90 * SECOND, 30 * SECOND),
    ),
    at_warning=Escalation(priority=10),
    at_breach=Escalation(priority=20, queue="sales", notify=("page",)),
)
KEY = SlaPolicy(agreement=Agreement(name="key", first_response=MINUTE, resolution=HOUR), segments=("key_account",))
AT_ONCE = (
    Overflow(when=When(length=2), do=Do(move="sales")),
    Overflow(when=When(wait=30 * SECOND, unstaffed=True), do=Do(move="mail")),
    Overflow(when=When(unstaffed=True), do=Do(priority=5, groups=("backup",), callback=True)),
    Overflow(when=When(expected_wait=MINUTE), do=Do(message=True, priority=1)),
)
BY_HOURS = (
    Overflow(when=When(emergency=True), do=Do(move="sales")),
    Overflow(when=When(closed=True, wait=10 * SECOND), do=Do(reply="ack", close="closed")),
    Overflow(when=When(wait=2 * MINUTE), do=Do(move="instant")),
)
POLICY = policy(
    queue("sales", wrap_up="timed", target=20 * SECOND, steps=STEPS, segment_targets={"key_account": 5 * SECOND}),
    queue(
        "support",
        monitoring=True,
        strategy="longest_idle",
        wrap_up="open",
        target=2 * MINUTE,
        credit=10 * SECOND,
        sla="gold",
        silent_after={"chat": 5 * MINUTE, "email": 5 * MINUTE},
        undo=MINUTE,
        parked_close_after={"chat": 2 * HOUR},
    ),
    queue("instant", offer={"chat": 0, "email": 0, "callback": 0}, wrap_up="none", overflow=AT_ONCE),
    queue(
        "mail",
        wrap_up="optional",
        on_disconnect={"chat": "close", "callback": "requeue"},
        callback_attempts=2,
        callback_slot=5 * MINUTE,
        callback_places=1,
        hours="office",
        on_close="message",
        outside_hours="schedule",
        message_channel="mail",
        overflow=BY_HOURS,
    ),
    hours={"office": Hours(zone=UTC, week=((Interval(9 * 60, 9 * 60 + 45), Interval(10 * 60, 17 * 60)),) * 7)},
    rules=(
        triage_rule("support", Condition(label=("faq",)), name="faq", autoresponse="bot"),
        triage_rule("support", autoresponse="ack"),
    ),
    autoresponses=(
        Autoresponse(name="ack", kind="acknowledge"),
        Autoresponse(name="bot", kind="answer", otherwise="ack"),
    ),
    auto_replies_within=HOUR,
    estimate_samples_min=2,
    sla={"gold": GOLD, "key": KEY},
)
AGENTS = ("a", "b", "c", "d")
SPANS = (1, 500, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 16 * MINUTE, 9 * HOUR, DAY + 1, 8 * DAY)

levels = st.sampled_from((1, 3, 5, 8))
skills = st.dictionaries(st.sampled_from(("billing", "lang:pl")), levels)
memberships = st.dictionaries(
    st.sampled_from(QUEUES), st.builds(Membership, st.integers(1, 2), st.sampled_from((0, 0, 5 * SECOND, MINUTE)))
)
requirements = st.lists(
    st.builds(
        Requirement, st.sampled_from(("billing", "lang:pl")), levels, st.sampled_from((None, 10 * SECOND, MINUTE))
    ),
    max_size=2,
    unique_by=lambda need: (need.skill, need.level),
).map(tuple)
picks = st.integers(0, 1_000)
agents = st.sampled_from(AGENTS)


class Day(RuleBasedStateMachine):
    """Commands in any order, at any time, by anybody; a command may be refused, but nothing may break."""

    def __init__(self) -> None:
        super().__init__()
        self.house: House = Checked(POLICY)
        self.number = 0

    def do(self, command: Command) -> Refusal | None:
        return self.house.do(command).refusal

    def those(self, *states: InteractionState) -> list[Interaction]:
        return [each for each in self.house.state.interactions.values() if each.state in states]

    def ringing(self) -> list[Interaction]:
        return [each for each in self.house.state.interactions.values() if each.offers]

    def pick(self, number: int, *states: InteractionState) -> Interaction | None:
        """Return one of the interactions that are in `states`, seldom any other."""
        able = self.those(*states) if number % 8 else self.those(*S)
        return able[number % len(able)] if able else None

    def comes_to_work(self, agent: str) -> None:
        if agent not in self.house.state.agents:
            self.do(DefineAgent(agent, Profile({"billing": 5}, {queue: Membership() for queue in QUEUES})))
        self.do(Connect(agent))
        self.do(SetPresence(agent, "available", by=agent))

    @initialize(capacities=st.lists(st.sampled_from((33, 66, 100, 150)), min_size=4, max_size=4))
    def staff(self, capacities: list[int]) -> None:
        self.do(Reconcile())
        queues = (QUEUES, QUEUES[:2], QUEUES[1:], QUEUES[:1])
        for name, capacity, serves in zip(AGENTS, capacities, queues, strict=True):
            media = {"chat": MediumLimit(50, 2)} if name == "b" else {}
            skills = {"billing": 3, "lang:pl": 5} if name < "c" else {"billing": 8}
            queues_of = {queue: Membership() for queue in serves}
            groups = ("backup", "night") if name > "b" else ()
            self.do(DefineAgent(name, Profile(skills, queues_of, capacity, media, groups)))
            if name < "c":
                self.comes_to_work(name)

    @rule(
        medium=st.sampled_from(("chat", "chat", "email", "callback")),
        queue=st.sampled_from((None, *QUEUES)),
        priority=st.sampled_from((None, -100, 1, 100)),
        class_=st.sampled_from((None, -1, 1)),
        needs=st.just(()) | requirements,
        preferred=st.sampled_from((None, None, *AGENTS)),
        slot=st.sampled_from((None, None, None, None, None, MINUTE)),
    )
    def something_comes_in(
        self, medium: str, needs: Any, preferred: str | None, slot: int | None, **values: Any
    ) -> None:
        self.number += 1
        values |= {"requirements": needs, "preferred_agent": preferred, "address_hash": f"h{self.number % 3}"}
        values["scheduled_at"] = None if slot is None else self.house.now + slot
        values["labels"] = (Label("faq", 0.9),) if self.number % 5 == 0 else ()
        values["segment"] = "key_account" if self.number % 4 == 0 else None
        values["candidates"] = (Candidate("hours", 0.9),)
        refusal = self.do(admit(f"i-{self.number}", medium, **values))
        if refusal is not None:
            assert (medium, refusal.reason, slot) == ("callback", "schedule_closed", MINUTE)
            self.number -= 1

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: int) -> None:
        self.house.after(span)
        due = next_deadline(self.house.state)
        assert due is None or due > self.house.now

    @rule(span=st.sampled_from(SPANS))
    def nobody_looks_at_the_clock(self, span: int) -> None:
        self.house.now += span
        self.do(Tick())

    @precondition(lambda self: self.ringing())
    @rule(number=picks, accepts=st.sampled_from((True, True, True, False)), span=st.sampled_from((0, 0, 30 * SECOND)))
    def an_offer_is_answered(self, number: int, accepts: bool, span: int) -> None:
        ringing = self.ringing()
        offer = self.house.state.offers[ringing[number % len(ringing)].offers[0]]
        self.house.now += span
        refusal = self.do(
            AcceptOffer(offer.id, offer.agent) if accepts else DeclineOffer(offer.id, offer.agent, "busy")
        )
        overdue = offer.expires_at <= self.house.now
        # It may end by something else that was due: its customer stayed away, say.
        assert refusal is not None or not overdue
        assert refusal is None or refusal.code == "conflict"

    @precondition(lambda self: self.those(S.ACTIVE, S.PARKED, S.WRAP_UP))
    @rule(
        number=picks,
        act=st.sampled_from(
            ("reply", "end", "end", "wrap_up", "transfer", "hand", "ask", "keep", "park", "resume", "call", "extend")
        ),
        queue=st.sampled_from(QUEUES),
        needs=st.none() | requirements,
        span=st.none() | st.sampled_from(SPANS),
        outcome=st.sampled_from(("reached", "no_answer", "busy", "wrong_number")),
    )
    def an_owner_works(self, number: int, act: str, queue: str, needs: Any, span: int | None, outcome: Any) -> None:
        states = {"wrap_up": (S.WRAP_UP,), "extend": (S.WRAP_UP,), "resume": (S.PARKED,), "end": (S.ACTIVE, S.PARKED)}
        known = self.pick(number, *states.get(act, (S.ACTIVE,)))
        if known is None:
            return
        id, owner = known.id, known.agent or "a"
        orders: dict[str, Command] = {
            "reply": AddMessage(interaction=id, message=f"m-{known.messages}", author="agent", agent=owner),
            "end": End(id, owner, wrap_up=number % 2 == 0),
            "wrap_up": WrapUp(id, owner),
            "extend": ExtendWrapUp(id, owner),
            "transfer": Transfer(id, owner, queue, "note", needs),
            "hand": Transfer(id, owner, None, "note", to=AGENTS[number % 4], warm=number % 3 == 0),
            "ask": Transfer(id, owner, queue if number % 2 else None, "note", needs, warm=True),
            "keep": CancelTransfer(id, owner),
            "park": Park(id, owner, None if span is None else self.house.now + span),
            "resume": Resume(id, owner),
            "call": CallAttempted(id, owner, outcome),
        }
        self.do(orders[act])

    @precondition(lambda self: any(each.held_back for each in self.those(*S)))
    @rule(
        number=picks,
        act=st.sampled_from(("back", "back", "goes", "again", "failed", "another")),
        agent=st.none() | agents,
    )
    def an_agent_has_second_thoughts(self, number: int, act: str, agent: str | None) -> None:
        holding = [each for each in self.those(*S) if each.held_back]
        known = holding[number % len(holding)]
        id, held = known.id, known.held_back[number % len(known.held_back)]
        orders: dict[str, Command] = {
            "back": TakeBack(id, held.message, agent or held.agent),
            "goes": BeginDelivery(id, held.message),
            "again": DeliverAgain(id, held.message, "boss"),
            "failed": ReportDelivery(id, held.message, "failed"),
            "another": AddMessage(interaction=id, message=f"m-{known.messages}", author="agent", agent=held.agent),
        }
        refusal = self.do(orders[act])
        assert refusal is None or act in ("back", "another")

    @precondition(lambda self: self.those(*S))
    @rule(number=picks, act=st.sampled_from(("writes", "writes", "leaves", "gone", "gone", "back")))
    def a_customer_does_something(self, number: int, act: str) -> None:
        silent = (S.ANSWERED_BY_BOT, S.PARKED, S.WRAP_UP, S.CLOSED, S.ABANDONED)
        known = self.pick(number, *(silent if act == "writes" else S))
        if known is not None:
            orders: dict[str, Command] = {
                "writes": AddMessage(interaction=known.id, message=f"m-{known.messages}", author="customer"),
                "leaves": Leave(known.id),
                "gone": CustomerGone(known.id),
                "back": CustomerBack(known.id),
            }
            assert self.do(orders[act]) is None

    @precondition(lambda self: self.those(*S))
    @rule(
        number=picks,
        act=st.sampled_from(("move", "move", "reprioritise", "close", "renew")),
        queue=st.sampled_from(QUEUES),
        priority=st.integers(-101, 101),
        class_=st.sampled_from((None, -1, 0, 1)),
    )
    def a_supervisor_steps_in(self, number: int, act: str, queue: str, priority: int, class_: int | None) -> None:
        known = self.pick(number, S.WAITING, S.OFFERED) if act != "close" else self.pick(number, *S)
        if known is not None:
            orders: dict[str, Command] = {
                "move": Move(known.id, queue, "boss"),
                "reprioritise": Reprioritise(known.id, priority, "boss", class_),
                "close": Close(known.id, "spam", "boss"),
                "renew": RenewSla(known.id, "boss"),
            }
            self.do(orders[act])

    @precondition(lambda self: self.those(*S))
    @rule(
        number=picks,
        act=st.sampled_from(("assign", "pull", "join", "join", "leave", "take", "undo", "undo", "spam", "relabel")),
        agent=agents,
        beyond=st.sampled_from((False, False, True)),
        mode=st.sampled_from(("participant", "monitor", "whisper", "barge")),
    )
    def somebody_joins_or_steers(self, number: int, act: str, agent: str, beyond: bool, mode: Any) -> None:
        queued = act in ("assign", "pull")
        known = self.pick(number, S.WAITING, S.OFFERED) if queued else self.pick(number, S.ACTIVE)
        if act == "undo":
            known = next((each for each in self.those(*S) if each.undo is not None), known)
        if known is not None:
            orders: dict[str, Command] = {
                "assign": Assign(known.id, agent, "boss", beyond),
                "pull": Assign(known.id, agent, agent),
                "join": JoinRoom(known.id, agent, mode, "boss", beyond),
                "leave": LeaveRoom(known.id, agent),
                "take": TakeOver(known.id, agent, "boss", beyond),
                "undo": UndoAct(known.id, "boss"),
                "spam": MarkSpam(known.id, "boss"),
                "relabel": Relabel(known.id, "faq" if beyond else None, "boss"),
            }
            self.do(orders[act])

    @rule(
        number=picks,
        act=st.sampled_from(("answer", "answer", "undo", "person", "says", "by_itself", "begins", "ends")),
        label=st.sampled_from(("", "", "faq")),
        leave_out=st.sampled_from(((), ("key_account",))),
    )
    def many_are_answered_at_once(self, number: int, act: str, label: str, leave_out: Any) -> None:
        resting = [each for each in self.those(*S) if each.bulk]
        known = resting[number % len(resting)] if resting else None
        ids = tuple(each.id for each in self.those(*(S if number % 8 == 0 else (S.WAITING, S.OFFERED))))
        bulk = Bulk(id=f"b-{number % 3}", languages=("en",), label=label, fallback="en", leave_out=leave_out)
        of_faq = Bulk(id=bulk.id, languages=("en",), label="faq", fallback="en")
        orders: dict[str, Command] = {
            "answer": AnswerInBulk(bulk, ids, "boss"),
            "by_itself": BeginAutomation(of_faq, MINUTE, 2, "boss", number % 2 == 0),
            "begins": ReportAvalanche("faq", None, 60, 4.5, 15 * MINUTE),
            "ends": EndAvalanche("faq", None, "router"),
        }
        if known is not None:
            orders |= {
                "undo": UndoInBulk(known.bulk, tuple(each.id for each in resting), "boss"),
                "person": WantPerson(known.id),
                "says": AddMessage(interaction=known.id, message=f"m-{known.messages}", author="bot", bulk=known.bulk),
            }
        self.do(orders.get(act, orders["answer"]))

    @rule(agent=agents, medium=st.sampled_from(("chat", "callback")), queue=st.sampled_from((None, *QUEUES)))
    def an_agent_begins(self, agent: str, medium: str, queue: str | None) -> None:
        id, channel = f"i-{self.number + 1}", "web" if medium == "chat" else "form"
        command = StartOutbound(id=id, channel=channel, medium=medium, customer="c-1", agent=agent, queue=queue)
        if self.do(command) is None:
            self.number += 1

    @rule(agent=agents)
    def an_agent_comes_to_work(self, agent: str) -> None:
        self.comes_to_work(agent)

    @rule(agent=agents, presence=st.sampled_from(("busy", "away", "offline")), after=st.booleans(), chat=st.booleans())
    def an_agent_declares(self, agent: str, presence: Any, after: bool, chat: bool) -> None:
        self.do(SetPresence(agent, presence, by=agent, after_current=after, media={"chat": chat}))

    @rule(agent=agents, back=st.booleans())
    def a_socket_closes_or_opens(self, agent: str, back: bool) -> None:
        self.do(Connect(agent) if back else Disconnect(agent))

    @rule(agent=agents, skills=skills, queues=memberships, remove=st.sampled_from((None, None, False, True)))
    def an_account_changes(self, agent: str, skills: Any, queues: Any, remove: bool | None) -> None:
        old = self.house.state.agents.get(agent)
        capacity, media = (old.profile.capacity, old.profile.media) if old is not None else (100, {})
        groups = ("night",) if len(skills) % 2 else ()
        self.do(
            DefineAgent(agent, Profile(skills, queues, capacity, media, groups))
            if remove is None
            else RemoveAgent(agent, move=remove)
        )

    @rule(
        name=st.sampled_from(("instant", "mail")),
        action=st.sampled_from((None, None, Do(), Do(move="support"), Do(priority=3), Do(close="evacuated"))),
    )
    def an_emergency_comes_or_goes(self, name: str, action: Do | None) -> None:
        self.do(SetEmergency(name, action, "boss"))

    @precondition(lambda self: self.those(S.WAITING, S.OFFERED, S.SCHEDULED))
    @rule(
        number=picks,
        act=st.sampled_from(("callback", "slot", "reschedule", "cancel", "message", "estimate")),
        slots=st.integers(0, 3),
    )
    def who_waits_chooses_another_way(self, number: int, act: str, slots: int) -> None:
        known = self.pick(number, S.WAITING, S.OFFERED, S.SCHEDULED)
        if known is not None:
            slot = (self.house.now // (5 * MINUTE) + slots) * 5 * MINUTE
            orders: dict[str, Command] = {
                "callback": AcceptCallback(known.id),
                "slot": AcceptCallback(known.id, slot),
                "reschedule": RescheduleCallback(known.id, slot),
                "cancel": CancelCallback(known.id, "customer" if slots else "boss"),
                "message": LeaveMessage(known.id),
                "estimate": RecordEstimate(known.id, slots * 30 * SECOND, slots * MINUTE),
            }
            self.do(orders[act])

    @rule(number=picks)
    def something_is_said_twice(self, number: int) -> None:
        """What came in before, an offer that is somebody else's, a start of the house: none of it changes anything."""
        known = self.pick(number, *S)
        if known is not None:
            assert self.do(admit(known.id)) == Refusal("known", "known", "This came in before; nothing changed.")
        offers = sorted(self.house.state.offers)
        if offers:
            offer = self.house.state.offers[offers[number % len(offers)]]
            stranger = next(agent for agent in AGENTS if agent != offer.agent)
            assert self.house.refusal(AcceptOffer(offer.id, stranger)) == ("not_found", "unknown_offer")
        self.do(Tick())
        assert self.house.run(Reconcile()) == ()

    @rule(numbers=st.lists(picks, min_size=8, max_size=24))
    def an_hour_goes_as_it_should(self, numbers: list[int]) -> None:
        """Work is taken up, done and comes back, so that the other rules find something in every state."""
        for agent in AGENTS:
            self.comes_to_work(agent)
        for number in numbers:
            if number % 4 == 0:
                self.number += 1
                self.do(
                    admit(f"i-{self.number}", ("chat", "email", "callback")[number % 3], queue=QUEUES[number // 4 % 4])
                )
            known = self.pick(number + 1, *S)
            if known is not None:
                self.moves_on(known, number)
            self.house.after(number % 7 * SECOND)

    def moves_on(self, known: Interaction, number: int) -> None:
        owner, writes = (
            known.agent or "a",
            AddMessage(interaction=known.id, message=f"m-{known.messages}", author="customer"),
        )
        steps: dict[InteractionState, tuple[Command, ...]] = {
            S.OFFERED: tuple(AcceptOffer(id, self.house.state.offers[id].agent) for id in known.offers),
            S.ACTIVE: (
                End(known.id, owner, wrap_up=True),
                Park(known.id, owner, self.house.now + 9 * SECOND),
                Transfer(known.id, owner, "sales", "n"),
                Transfer(known.id, owner, QUEUES[number % 4], "n", warm=True),
                Transfer(known.id, owner, None, "n", to=AGENTS[number % 3], warm=number % 2 == 0),
                JoinRoom(known.id, AGENTS[number % 4], "participant", owner),
                CallAttempted(known.id, owner, "no_answer"),
                Disconnect(owner),
            ),
            S.WRAP_UP: (writes, WrapUp(known.id, owner)),
            S.PARKED: (writes, Resume(known.id, owner)),
        }
        asked = known.state is S.ACTIVE and bool(known.offers)
        able = steps[S.OFFERED] if asked else steps.get(known.state, (writes, Tick()))
        self.do(able[number % len(able)])

    def teardown(self) -> None:
        """Admitted = open + closed + abandoned, those that were forgotten after their end included."""
        house = self.house
        assert isinstance(house, Checked)
        assert house.state.admitted == len(house.of(Admitted)) == self.number
        assert self.number == len(house.state.interactions) + len(house.of(Forgotten))
        check_same(house.state, house.replayed())


def _settings(examples: int, steps: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, print_blob=True
    )


def test_invariants_hold_after_every_step_of_a_random_day() -> None:
    run_state_machine_as_test(Day, settings=_settings(60, 50))


def run_random_house(seed: str, commands: int) -> None:
    """Run commands of any kind in a house with features at random, all invariants checked after each."""
    chance = Seeded(seed)
    house = Checked(random_house(chance))
    setting = Setting(chance, house.policy, steady=True)
    for command in opening(setting):
        house.do(command)
    for _ in range(commands):
        due = next_deadline(house.state)
        at = span(chance, house.now, due)
        late = due is not None and due < at and not chance.once_in(10)
        house.now = max(due or 0, house.now) if late else at
        house.do(Tick() if late else following(setting, house.state, house.now))
    assert house.state.admitted == len(house.of(Admitted))
    assert house.state.admitted == len(house.state.interactions) + len(house.of(Forgotten))
    check_same(house.state, house.replayed())


@pytest.mark.parametrize("number", range(6))
def test_invariants_hold_in_a_random_house(number: int) -> None:
    run_random_house(f"invariants/{number}", 120)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(60))
def test_invariants_hold_in_many_random_houses(number: int) -> None:
    run_random_house(f"many/{number}", 400)


@pytest.mark.slow
def test_invariants_hold_after_every_step_of_many_random_days() -> None:
    run_state_machine_as_test(Day, settings=_settings(300, 100))
