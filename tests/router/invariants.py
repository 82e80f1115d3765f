"""What holds after every step, whatever the step was (semantics.md section 20)."""

from fractions import Fraction

from agents.agent import WORK, Agent, Hold, HoldKind
from queues.backlog import Signature, signature_of
from queues.consult import sought
from queues.interaction import Interaction, OrderKey
from queues.lifecycle import HELD, OPEN, InteractionState
from reports.live import Stats, days_from
from router import checkpoint
from router.commands import Command
from router.decide import advance, decide
from router.decision import Decision
from router.eligibility import fails_because, reserved_for
from router.events import AnyEvent, Assigned, Offered, OfferWithdrawn, SendingDue
from router.evolve import evolve
from router.index import priority_for
from router.policy import Policy
from router.state import OF_INTERACTIONS, State, kinds_of, next_deadline
from storage.codec import decode, encode
from tests.builders import START, House
from vocabulary.instants import Instant

S = InteractionState
KINDS: dict[InteractionState, HoldKind] = {
    S.OFFERED: "offer",
    S.ACTIVE: "active",
    S.WRAP_UP: "wrap_up",
    S.PARKED: "parked",
}


class Checked(House):
    """A house that checks itself: a second state follows the stored journal, a third comes from a checkpoint."""

    def __init__(self, policy: Policy, now: Instant = START) -> None:
        super().__init__(policy, now)
        self.follower = State()
        self.stats = Stats(now, days_from(now))
        self.chosen = False
        """Whether somebody has just chosen the agent himself: what is offered to him next need not come first."""
        self.steps: set[tuple[str, str, int]] = set()
        """What was sent of sendings."""

    def do(self, command: Command) -> Decision:
        before = checkpoint.encode(self.state), next_deadline(self.state)
        decision = decide(command, self.state, self.policy, self.now)
        assert (checkpoint.encode(self.state), next_deadline(self.state)) == before, "decide changed the state"
        check_same(self.state, self.follower)
        elsewhere = checkpoint.decode(before[0])
        assert advance(command, elsewhere, self.policy, self.now) == decision, "a restored state decides otherwise"
        assert advance(command, self.state, self.policy, self.now) == decision, "advance decides otherwise"
        for event in decision.events:
            self._apply(event)
        check(self.state, self.policy, self.now)
        check_figures(self.state, self.stats)
        check_same(self.state, self.follower)
        check_same(self.state, checkpoint.decode(checkpoint.encode(self.state)))
        return decision

    def _apply(self, event: AnyEvent) -> None:
        chosen = bool(self.log) and isinstance(self.log[-1], Assigned | OfferWithdrawn) and self.chosen
        if isinstance(event, Offered) and not chosen:
            check_order(self.follower, event, self.policy, self.now)
        self.chosen = isinstance(event, Assigned) or (isinstance(event, OfferWithdrawn) and self.chosen)
        if isinstance(event, SendingDue):
            step = (event.interaction, event.sending, event.step)
            assert step not in self.steps, "a step was sent twice"
            self.steps.add(step)
        self.log.append(event)
        stored = decode(encode(event, len(self.log)))
        assert stored == event
        evolve(self.follower, stored)
        self.stats.observe(stored, {name: queue.target for name, queue in self.policy.queues.items()})

    def replayed(self) -> State:
        """Return the state that the log gives from zero."""
        state = State()
        for event in self.log:
            evolve(state, event)
        return state


def check_same(one: State, other: State) -> None:
    assert checkpoint.encode(one) == checkpoint.encode(other)
    assert next_deadline(one) == next_deadline(other)
    assert _backlog(one) == _backlog(other)
    assert {queue: one.members[queue] for queue in one.members if one.members[queue]} == {
        queue: other.members[queue] for queue in other.members if other.members[queue]
    }


def _backlog(state: State) -> dict[Signature, list[tuple[OrderKey, str]]]:
    index = state.index
    return {
        signature: [((each.class_, each.due_at, each.number), each.id) for each in index.waiting(signature)]
        for signature in index.signatures()
    }


def check(state: State, policy: Policy, now: Instant) -> None:
    interactions = list(state.interactions.values())
    for interaction in interactions:
        check_one_state(state, interaction)
        check_clocks(interaction)
        check_deadlines(state, interaction)
    assert set(state.promised) == {each.id for each in interactions if each.agreement is not None}
    expecting = {(each.customer, each.id) for each in interactions if each.sendings}
    assert {(customer, id) for customer, ids in state.expecting.items() for id in ids} == expecting
    check_backlog(state, [interaction for interaction in interactions if interaction.state is S.WAITING])
    check_used_units(state, interactions)
    due = next_deadline(state)
    if due is None or due > now:  # a refusal changes nothing, not even what is due; the alarm ticks
        check_liveness(state, now)


def check_deadlines(state: State, interaction: Interaction) -> None:
    """What is not looked at when its deadlines are entered is not due."""
    others = set(OF_INTERACTIONS) - set(kinds_of(interaction))
    assert [kind for kind in others if OF_INTERACTIONS[kind](state, interaction) is not None] == []


def check_one_state(state: State, interaction: Interaction) -> None:
    """Offers are pending exactly while it is offered; somebody owns it exactly while he works on it."""
    pending = [id for id in state.offers if state.offers[id].interaction == interaction.id]
    pending = [id for id in pending if state.offers[id].state == "pending"]
    assert tuple(pending) == interaction.offers
    if interaction.consult is None:
        assert (len(pending) > 0) == (interaction.state is S.OFFERED)
        assert len(pending) <= (interaction.parallel if reserved_for(interaction) is None else 1)
    else:
        # A warm transfer asks one after the other while its owner goes on.
        assert interaction.state is S.ACTIVE
        assert len(pending) <= 1
    assert not interaction.participants or interaction.state is S.ACTIVE
    assert interaction.agent not in interaction.participants or interaction.state is not S.ACTIVE
    if interaction.state in (S.ACTIVE, S.PARKED, S.WRAP_UP):
        assert interaction.agent in state.agents
    if interaction.state in (S.WAITING, S.OFFERED):
        assert interaction.agent is None
    assert (interaction.closed_at is None) == (interaction.state in OPEN)


def check_clocks(interaction: Interaction) -> None:
    """A clock that runs has an instant to come unless it is late or paused; nothing runs after the end."""
    agreement = interaction.agreement
    for clock in interaction.clocks.values():
        assert agreement is not None
        if clock.runs:
            assert interaction.state in OPEN
            assert (clock.next_at is None) == (clock.breached or clock.left is not None)
            assert (clock.left is not None) == (interaction.state is S.PARKED and agreement.pause_while_parked)
        else:
            assert (clock.next_at, clock.left) == (None, None)


def check_backlog(state: State, waiting: list[Interaction]) -> None:
    expected: dict[Signature, list[tuple[OrderKey, str]]] = {}
    asking = {each.id for each in state.index.aside() if each.state is S.ACTIVE}
    interactions = state.interactions.values()
    assert asking == {each.id for each in interactions if each.consult is not None and not each.offers}
    ringing = {each.id for each in state.index.aside() if each.state is S.OFFERED}
    assert ringing == {each.id for each in interactions if each.state is S.OFFERED and may_ring(each)}
    aside = {each.id for each in state.index.aside() if each.state is S.WAITING}
    assert aside == {each.id for each in waiting if each.barred or reserved_for(each)}
    for interaction in sorted(waiting, key=lambda each: each.key):
        if interaction.id not in aside:
            expected.setdefault(signature_of(interaction), []).append((interaction.key, interaction.id))
    assert _backlog(state) == expected
    assert len(state.index) == len(waiting)
    for line, head in zip(state.index.lines, state.index.heads, strict=True):
        assert head is line.head


def check_used_units(state: State, interactions: list[Interaction]) -> None:
    """An agent holds what rings at him, what he works on and what he wraps up, and never beyond his capacity."""
    for agent in state.agents.values():
        mine = {
            each.id: Hold(each.medium, agent.holds[each.id].cost, kind, agent.holds[each.id].flagged)
            for each in interactions
            if (kind := kind_of_hold(state, agent.id, each)) is not None
        }
        assert agent.holds == mine
        assert agent.used == sum(hold.cost for hold in mine.values())
        assert agent.used <= agent.profile.capacity or any(hold.flagged for hold in mine.values())
        for medium in ("chat", "email", "callback"):
            limit = agent.profile.limit(medium).max
            working = [hold for hold in mine.values() if hold.medium == medium and hold.kind in WORK]
            assert limit is None or len(working) <= limit or any(hold.flagged for hold in working)


def kind_of_hold(state: State, agent: str, interaction: Interaction) -> HoldKind | None:
    """Return why `agent` has `interaction`, or None if he hasn't."""
    if interaction.agent == agent and interaction.state in HELD:
        return KINDS[interaction.state]
    if any(state.offers[offer].agent == agent for offer in interaction.offers):
        return "offer"
    return "room" if agent in interaction.participants else None


def may_ring(interaction: Interaction) -> bool:
    """Tell whether agents are looked for: it waits, could ring at more of them, or a warm transfer asks for one."""
    if interaction.consult is not None:
        return not interaction.offers
    more = interaction.state is S.OFFERED and len(interaction.offers) < interaction.parallel
    return more or interaction.state is S.WAITING


def check_liveness(state: State, now: Instant) -> None:
    """Nothing waits, or rings at too few, beside somebody who could take it."""
    for interaction in state.interactions.values():
        if may_ring(interaction):
            for agent in state.agents.values():
                assert fails_because(agent, sought(interaction), now), f"{interaction.id} waits beside {agent.id}"
        kept = sought(interaction).only_agent
        if kept is not None:
            assert state.agents[kept].presence not in ("offline", "disconnected"), f"{interaction.id} waits for ever"


def check_order(state: State, event: Offered, policy: Policy, now: Instant) -> None:
    """Whatever an agent is offered comes first for him among all that he qualifies for.

    Where his first choice is of a queue that looks ahead, or was until another got it in the same assignment, it need
    only have the same queue priority and class.
    """
    agent = state.agents[event.agent]
    qualifies = sorted(
        (place_for(agent, asked, now), asked.id, asked.queue)
        for each in state.interactions.values()
        if may_ring(each) and fails_because(agent, asked := sought(each), now) is None
    )
    first, id, queue = qualifies[0]
    if id != event.interaction:
        ((taken, of),) = ((place, queue) for place, each, queue in qualifies if each == event.interaction)
        ahead = {policy.queues[name].strategy for name in (queue, of)}
        assert "optimal" in ahead, f"{id} comes before {event.interaction} for {agent.id}"
        assert taken[:2] == first[:2]


def place_for(agent: Agent, interaction: Interaction, now: Instant) -> tuple[int, int, Fraction, Instant, int]:
    """Return what orders all that an agent qualifies for: by due time, or by the ratio of wait over target."""
    class_, due_at, number = interaction.key
    behind = Fraction(due_at - now, interaction.pace) if interaction.pace else Fraction(0)
    return priority_for(agent, interaction), class_, behind, due_at, number


def check_figures(state: State, stats: Stats) -> None:
    """The wallboard's open legs are those that wait or ring."""
    queued = {each.id: each.queue for each in state.interactions.values() if each.state in (S.WAITING, S.OFFERED)}
    assert {id: leg.queue for id, leg in stats._open.items()} == queued
    for name, counts in stats.queues.items():
        assert counts.open == sum(leg.counted for leg in stats._open.values() if leg.queue == name)
