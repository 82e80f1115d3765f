"""Transfer to a queue, moves, parking and forced ends (semantics.md sections 2 and 15)."""

from router.commands import AddMessage, Close, End, Move, Park, Resume, Transfer
from router.events import Closed, Enqueued, MessageAdded, Moved, Transferred
from tests.builders import START, House, policy, queue, requirement_of
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

TWO = (queue("support"), queue("sales", target=MINUTE))


def test_a_transfer_opens_a_new_leg_with_a_note_and_keeps_arrived_at() -> None:
    house = House(policy(*TWO))
    house.agent("a")
    house.active()
    house.after(MINUTE)
    now = house.now
    events = house.run(Transfer("i-1", "a", "sales", "note-1"))
    assert events == (
        MessageAdded(at=now, interaction="i-1", message="note-1", number=2, author="note", agent="a"),
        Transferred(at=now, interaction="i-1", agent="a", queue="sales", note="note-1"),
        Enqueued(
            at=now,
            interaction="i-1",
            queue="sales",
            leg=2,
            arrived_at=START,
            due_at=START + MINUTE,
            credit=MINUTE,
            target=MINUTE,
            cause="transferred",
            last=("a",),
            steps_anew=True,
        ),
    )
    assert (house.state_of(), house.interaction().agent, house.whom("a").used) == ("waiting", None, 0)


def test_a_transfer_rings_at_the_next_agent_in_the_same_decision() -> None:
    house = House(policy(*TWO))
    house.agent("a")
    house.agent("b", "sales")
    house.active()
    house.transfers("i-1", "sales")
    assert house.rings_at() == "b"


def test_a_transfer_is_offered_last_to_who_gave_it_away() -> None:
    house = House(policy(*TWO))
    house.agent("a", "support", "sales")
    house.active()
    house.after(SECOND)
    house.agent("b", "sales")
    house.active("i-2", queue="sales", preferred_agent="b")
    house.transfers("i-1", "sales")
    assert house.rings_at("i-1") == "b"


def test_who_gave_it_away_gets_it_if_nobody_else_can_take_it() -> None:
    house = House(policy(*TWO))
    house.agent("a", "support", "sales")
    house.active()
    house.transfers("i-1", "sales")
    assert house.rings_at() == "a"


def test_who_transfers_is_free_for_what_waits() -> None:
    house = House(policy(*TWO))
    house.agent("a", capacity=33)
    house.active("i-1")
    house.admit("i-2")
    house.transfers("i-1", "sales")
    assert house.rings_at("i-2") == "a"


def test_only_the_owner_transfers_and_only_to_a_queue_that_exists() -> None:
    house = House(policy(*TWO))
    house.agent("a")
    house.active()
    assert house.refusal(Transfer("i-1", "b", "sales", "n")) == ("conflict", "not_owner")
    assert house.refusal(Transfer("i-1", "a", "fax", "n")) == ("invalid", "unknown_queue")
    house.ends()
    assert house.refusal(Transfer("i-1", "a", "sales", "n")) == ("conflict", "wrong_state")


def test_a_move_puts_what_waits_into_another_queue_and_withdraws_its_offer() -> None:
    house = House(policy(*TWO))
    house.agent("a")
    house.agent("b", "sales")
    house.admit()
    house.run(Move("i-1", "sales", "boss"))
    assert house.of(Moved) == [
        Moved(at=START, interaction="i-1", queue="sales", by="boss", undo_until=START + 10 * SECOND)
    ]
    assert (house.rings_at(), house.whom("a").used, house.interaction().leg) == ("b", 0, 2)


def test_only_what_waits_can_be_moved() -> None:
    house = House(policy(*TWO))
    house.agent("a")
    house.active()
    assert house.refusal(Move("i-1", "sales", "boss")) == ("conflict", "not_waiting")
    assert house.refusal(Move("i-1", "fax", "boss")) == ("invalid", "unknown_queue")
    assert house.refusal(Move("i-9", "sales", "boss")) == ("not_found", "unknown_interaction")


def test_a_queue_that_left_the_configuration_keeps_its_work_until_it_is_moved() -> None:
    house = House(policy(*TWO))
    house.agent("a", "support", "sales")
    house.admit("i-1", queue="sales")
    house.admit("i-2", queue="sales")
    house.policy = policy(queue("support"))
    house.decline("i-2")
    house.after(10 * SECOND)
    house.accept("i-2")
    house.ends("i-2")
    house.after(30 * SECOND)
    assert house.state_of("i-2") == "closed"
    house.moves("i-1", "support")
    assert house.interaction("i-1").queue == "support"


# -- parking


def test_a_parked_interaction_is_resumed_by_its_owner() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    house.run(Resume("i-1", "a"))
    assert (house.state_of(), house.owner(), house.whom("a").used) == ("active", "a", 33)


def test_a_customer_who_writes_brings_a_parked_interaction_back_to_its_agent() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    house.writes()
    assert (house.state_of(), house.owner()) == ("active", "a")


def test_it_waits_for_an_agent_without_room_and_prefers_him() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.agent("b")
    house.active("i-1")
    house.parks("i-1")
    house.active("i-2", preferred_agent="a")
    house.writes("i-1")
    interaction = house.interaction("i-1")
    assert (interaction.state, interaction.preferred_agent) == ("waiting", "a")
    house.ends("i-2")
    house.wraps_up("i-2")
    assert house.rings_at("i-1") == "a"


def test_it_waits_in_the_queue_if_its_agent_is_gone() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    house.declares("a", "offline")
    house.agent("b")
    house.writes()
    assert house.rings_at() == "b"


def test_when_until_is_reached_it_is_active_again_if_the_agent_has_room() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks(until=START + HOUR)
    house.after(HOUR)
    assert (house.state_of(), house.owner(), house.interaction().parked_until) == ("active", "a", None)


def test_when_until_is_reached_it_waits_if_the_agent_has_no_room() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.parks("i-1", until=START + HOUR)
    house.active("i-2")
    house.after(HOUR)
    assert (house.state_of("i-1"), house.interaction("i-1").preferred_agent) == ("waiting", "a")


def test_a_parked_interaction_may_be_ended() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    house.run(End("i-1", "a"))
    assert house.of(Closed) == [Closed(at=START, interaction="i-1", reason="ended", by="a", reopen_until=START + DAY)]


def test_parked_work_stays_with_an_agent_who_was_cut_off_and_came_back() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.cut_off("a")
    house.after(SECOND)
    house.run(Park("i-1", "a"))
    house.back("a")
    house.after(HOUR)
    assert (house.state_of(), house.owner()) == ("parked", "a")


# -- forced ends, and who may write


def test_staff_may_close_it_in_any_state_that_is_open() -> None:
    house = House(policy(queue(wrap_up="open")))
    house.agent("a", capacity=1_000)
    house.admit("scheduled", "callback", scheduled_at=START + HOUR)
    house.admit("waiting", requirements=(requirement_of("rare"),))
    house.admit("offered")
    house.active("active")
    house.active("parked", "email")
    house.parks("parked")
    house.active("wrap_up", "email")
    house.ends("wrap_up")
    for id in list(house.state.interactions):
        assert house.state_of(id) == id
        house.run(Close(id, "spam", "boss"))
        assert (house.state_of(id), house.interaction(id).disposition) == ("closed", "spam")
        assert house.run(Close(id, "spam", "boss")) == ()
    assert house.whom("a").holds == {}


def test_only_the_owner_may_reply() -> None:
    house = House()
    house.agent("a")
    house.admit()
    reply = AddMessage(interaction="i-1", message="m-2", author="agent", agent="a")
    assert house.refusal(reply) == ("conflict", "not_owner")
    house.accept()
    house.run(reply)
    assert (house.interaction().replied, house.interaction().unanswered_at) == (True, None)


def test_a_note_may_be_added_in_any_state_and_answers_nobody() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.writes(author="note", agent="b")
    assert (house.interaction().messages, house.interaction().unanswered_at) == (2, START)


def test_messages_of_one_conversation_have_one_order() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.replies()
    house.writes()
    house.writes(author="bot")
    assert [(each.number, each.author) for each in house.of(MessageAdded)] == [
        (1, "customer"),
        (2, "agent"),
        (3, "customer"),
        (4, "bot"),
    ]
