"""Steps (semantics.md section 5): what waits is asked for less, and by more agents, at once when a step comes due."""

import msgspec

from queues.policy import Step
from router.commands import Reconcile
from router.decide import decide
from router.events import Enqueued, Offered, StepsChanged, StepTaken
from router.relax import relaxed, steps_ahead, terms_of
from tests.builders import START, House, Membership, Requirement, admit, policy, queue, requirement_of
from tests.router.invariants import Checked
from vocabulary.instants import MINUTE, SECOND

RINGS = (
    Step(after=30 * SECOND, lower={"billing": 2}),
    Step(after=60 * SECOND, drop=("billing",), groups=("backup",), priority=10),
)
EXPERT = requirement_of("billing>=5")


def house(*steps: Step, **values: object) -> House:
    return Checked(policy(queue("support", steps=steps or RINGS, **values), queue("sales")))


def test_a_step_lowers_what_is_required_and_matches_again_at_once() -> None:
    site = house()
    site.agent("novice", skills={"billing": 2})
    site.admit("i-1", requirements=(EXPERT,))
    site.after(30 * SECOND - 1)
    assert site.rings_at() is None
    site.after(1)
    assert site.rings_at() == "novice"
    taken, offered = site.log[-2:]
    assert taken == StepTaken(
        at=START + 30 * SECOND,
        interaction="i-1",
        after=30 * SECOND,
        requirements=(requirement_of("billing>=2"),),
        groups=(),
        priority=0,
        due_at=START + 20 * SECOND,
        next_at=START + 60 * SECOND,
    )
    assert isinstance(offered, Offered)


def test_a_step_drops_a_skill_adds_a_group_and_raises_the_priority() -> None:
    site = house()
    site.agent("helper", "sales", groups=("backup",))
    site.admit("i-1", requirements=(EXPERT, requirement_of("lang:pl")))
    site.agent("guest", "sales", groups=("backup",), skills={"lang:pl": 1})
    site.after(60 * SECOND)
    assert site.rings_at() == "guest"
    found = site.interaction()
    assert (found.requirements, found.groups, found.priority) == ((requirement_of("lang:pl"),), ("backup",), 10)
    assert found.due_at == START + 20 * SECOND - 10 * MINUTE


def test_a_group_that_was_added_serves_the_queue_after_all_its_own() -> None:
    site = house(Step(after=SECOND, groups=("backup",)))
    site.agent("member", available=False)
    site.admit("i-1")
    site.after(MINUTE)
    site.agent("helper", "sales", available=False, groups=("backup",))
    site.admit("i-2", queue="sales")
    site.agent("helper", queues={"sales": Membership(99)}, groups=("backup",), capacity=33)
    assert (site.rings_at("i-1"), site.rings_at("i-2")) == (None, "helper")


def test_a_level_is_never_raised_and_priority_stops_at_a_hundred() -> None:
    site = house()
    site.admit("i-1", requirements=(requirement_of("billing>=1"),), priority=95)
    lower, drop = RINGS
    before = terms_of(site.interaction())
    assert relaxed(before, lower) == before
    assert relaxed(before, drop) == ((), ("backup",), 100)


def test_two_levels_of_one_skill_become_one_and_keep_their_expiry() -> None:
    site = house()
    site.admit("i-1", requirements=(requirement_of("billing>=3"), requirement_of("billing>=7")))
    assert relaxed(terms_of(site.interaction()), RINGS[0]).requirements == (requirement_of("billing>=2"),)
    site.admit("i-2", requirements=(Requirement("billing", 7, MINUTE, weight=3),))
    assert relaxed(terms_of(site.interaction("i-2")), RINGS[0]).requirements == (
        Requirement("billing", 2, MINUTE, weight=3),
    )


def test_a_step_without_effect_is_passed_over() -> None:
    site = house(Step(after=30 * SECOND, lower={"billing": 2}))
    site.admit("i-1")
    site.admit("i-2", requirements=(requirement_of("billing>=2"),))
    site.after(MINUTE)
    assert site.of(StepTaken) == []
    assert (site.interaction("i-1").step_at, site.interaction("i-2").step_at) == (None, None)


def test_a_requirement_that_has_expired_is_not_asked_for_again_by_a_lower_level() -> None:
    site = house()
    site.agent("a")
    site.admit("i-1", requirements=(Requirement("billing", 5, 10 * SECOND), requirement_of("lang:pl")))
    site.after(30 * SECOND)
    assert site.interaction().in_force == (requirement_of("lang:pl"),)
    assert site.of(StepTaken) == []


def test_the_clock_of_a_step_runs_on_during_offers() -> None:
    site = house()
    site.agent("expert", skills={"billing": 5})
    site.agent("novice", skills={"billing": 2})
    site.admit("i-1", requirements=(EXPERT,))
    site.after(20 * SECOND)
    site.decline()
    assert site.rings_at() is None
    site.after(10 * SECOND)
    assert site.rings_at() == "novice"


def test_steps_that_are_due_together_are_taken_in_their_order() -> None:
    site = house()
    site.admit("i-1", requirements=(EXPERT,))
    site.now += 2 * MINUTE
    site.do(Reconcile())
    assert [each.after for each in site.of(StepTaken)] == [30 * SECOND, 60 * SECOND]
    assert site.interaction().step_at is None


def test_what_an_agent_has_takes_no_steps_and_what_comes_back_goes_on_with_them() -> None:
    site = house()
    site.agent("expert", skills={"billing": 5})
    site.active("i-1", requirements=(EXPERT,))
    site.after(5 * MINUTE)
    assert site.of(StepTaken) == []
    site.transfers("i-1", "support")
    assert site.interaction().step_at == site.now + 30 * SECOND


def test_what_a_step_did_stays_in_later_legs_of_the_queue() -> None:
    site = house()
    site.agent("novice", skills={"billing": 2})
    site.admit("i-1", requirements=(EXPERT,))
    site.after(40 * SECOND)
    site.accept()
    site.transfers("i-1", "support")
    found = site.interaction()
    assert found.in_force == (requirement_of("billing>=2"),)
    assert (found.steps_taken, found.step_at) == ((30 * SECOND,), site.now + 60 * SECOND)


def test_a_transfer_with_requirements_sets_them_and_the_steps_anew() -> None:
    site = house()
    site.agent("helper", "sales", groups=("backup",))
    site.admit("i-1", requirements=(EXPERT,))
    site.after(60 * SECOND)
    site.accept()
    site.transfers("i-1", "support", requirements=(EXPERT,))
    found = site.interaction()
    assert (found.in_force, found.groups, found.steps_taken) == ((EXPERT,), (), ())
    assert found.step_at == site.now + 30 * SECOND
    assert found.priority == 10


def test_another_queue_starts_its_own_steps_and_takes_groups_back() -> None:
    site = Checked(
        policy(
            queue("support", steps=RINGS),
            queue("sales", steps=(Step(after=10 * SECOND, groups=("floor",)), Step(after=60 * SECOND, priority=5))),
        )
    )
    site.admit("i-1", requirements=(EXPERT,))
    site.after(60 * SECOND)
    site.moves("i-1", "sales")
    found = site.interaction()
    assert (found.in_force, found.groups, found.steps_taken) == ((), (), ())
    site.after(60 * SECOND)
    assert (found.groups, found.priority) == (("floor",), 15)
    site.moves("i-1", "sales")
    assert (found.groups, found.step_at) == ((), site.now + 10 * SECOND)


def test_a_group_is_not_lent_to_the_queue_that_it_was_transferred_to() -> None:
    site = house()
    site.agent("helper", "sales", groups=("backup",))
    site.admit("i-1", requirements=(EXPERT,))
    site.after(60 * SECOND)
    site.accept()
    site.transfers("i-1", "sales")
    assert site.interaction().groups == ()


def test_a_move_does_not_bring_back_what_was_lowered() -> None:
    site = house()
    site.admit("i-1", requirements=(EXPERT,))
    site.after(30 * SECOND)
    site.moves("i-1", "sales")
    assert site.interaction().in_force == (requirement_of("billing>=2"),)


def test_steps_that_come_by_configuration_apply_to_what_waits() -> None:
    site = Checked(policy(queue("support")))
    site.agent("novice", skills={"billing": 2})
    site.admit("i-1", requirements=(EXPERT,))
    site.after(45 * SECOND)
    site.admit("i-2", requirements=(EXPERT,))
    site.policy = policy(queue("support", steps=RINGS))
    site.run(Reconcile())
    # The first step is overdue for what waits longer: it is taken in the same decision.
    assert (site.rings_at("i-1"), site.rings_at("i-2")) == ("novice", None)
    assert site.interaction("i-2").step_at == site.now + 30 * SECOND
    assert site.run(Reconcile()) == ()


def test_steps_that_are_gone_come_no_more_and_nothing_is_taken_back() -> None:
    site = house()
    site.admit("i-1", requirements=(EXPERT,))
    site.after(30 * SECOND)
    site.policy = policy(queue("support"))
    assert site.run(Reconcile()) == ()
    site.after(60 * SECOND)
    assert site.of(StepsChanged) == [StepsChanged(at=START + 60 * SECOND, interaction="i-1", next_at=None)]
    assert site.interaction().in_force == (requirement_of("billing>=2"),)


def test_a_step_that_moved_is_taken_at_its_new_time() -> None:
    site = house()
    site.admit("i-1", requirements=(EXPERT,))
    later = (msgspec.structs.replace(RINGS[0], after=90 * SECOND),)
    site.policy = policy(queue("support", steps=later))
    site.run(Reconcile())
    site.after(90 * SECOND)
    assert [(each.at, each.after) for each in site.of(StepTaken)] == [(START + 90 * SECOND, 90 * SECOND)]


def test_the_steps_ahead_are_known_with_what_will_be_asked_for() -> None:
    site = house()
    site.admit("i-1", requirements=(EXPERT,))
    first, second = steps_ahead(site.interaction(), site.policy.queues["support"])
    assert (first.at, first.terms) == (START + 30 * SECOND, ((requirement_of("billing>=2"),), (), 0))
    assert (second.at, second.terms) == (START + 60 * SECOND, ((), ("backup",), 10))


def test_work_of_a_queue_without_steps_carries_nothing_of_them() -> None:
    site = House(policy(queue("support")))
    site.admit("i-1")
    (enqueued,) = site.of(Enqueued)
    assert (enqueued.step_at, enqueued.counted, site.interaction().stream, site.state.demand) == (None, False, "", {})


def test_a_decision_that_is_only_tried_changes_no_counts() -> None:
    site = house()
    site.admit("i-1")
    before = dict(site.state.demand)
    assert decide(admit("i-2"), site.state, site.policy, site.now).refusal is None
    assert site.state.demand == before
