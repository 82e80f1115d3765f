"""What automatic answers are worth, from the log: silence is no success, and the held-out tell the true effect."""

import pytest

from reports.answers import AnswerLog, Asked, Choice, worth_of, worths
from reports.intervals import difference, mean_difference, wilson
from router.commands import AddMessage, Candidate, ConfirmAnswer, WantPerson
from router.policy import Policy
from tests.builders import Autoresponse, House, Label, policy, queue, rule
from vocabulary.instants import DAY, HOUR, MINUTE

SURE = (Candidate("hours", 0.9),)
ABOUT = (Label("hours", 0.9),)


def answering(holdout: float = 0.0) -> Policy:
    bot = Autoresponse(name="bot", kind="answer", confidence=0.6, holdout=holdout)
    return policy(queue(wrap_up="none"), rules=(rule(autoresponse="bot"),), autoresponses=(bot,))


def asked(house: House) -> list[Asked]:
    log = AnswerLog()
    for event in house.log:
        log.observe(event)
    return log.asked


def choices(house: House) -> list[Choice]:
    log = AnswerLog()
    for event in house.log:
        log.observe(event)
    return log.choices


def question(house: House, id: str, customer: str | None = None) -> None:
    house.admit(id, address_hash=id, candidates=SURE, labels=ABOUT, customer=customer or f"c-{id}")


def test_each_answer_has_one_outcome_and_silence_is_its_own() -> None:
    house = House(answering())
    for id in ("silent", "confirmed", "escalated", "person", "reopened"):
        question(house, id)
    house.run(ConfirmAnswer("confirmed"))
    house.after(HOUR)
    house.writes("escalated")
    house.run(WantPerson("person"))
    house.after(DAY)
    house.writes("reopened")
    question(house, "young")
    house.after(6 * DAY)
    now = house.now
    found = {each.interaction: each.result(now) for each in asked(house)}
    assert found == {
        "silent": "silent",
        "confirmed": "confirmed",
        "escalated": "escalated",
        "person": "escalated",
        "reopened": "recontacted",
        "young": "open",
    }


def test_a_new_contact_about_the_same_within_seven_days_is_no_success_whatever_was_said() -> None:
    house = House(answering())
    for id in ("again", "other-label", "later"):
        question(house, id, customer=id)
        house.run(ConfirmAnswer(id))
    house.after(3 * DAY)
    house.admit("again-2", customer="again", labels=ABOUT)
    house.admit("other-2", customer="other-label", labels=(Label("prices", 0.9),))
    house.after(5 * DAY)
    house.admit("later-2", customer="later", labels=ABOUT)
    found = {each.interaction: each.result(house.now) for each in asked(house)}
    assert found == {"again": "recontacted", "other-label": "confirmed", "later": "confirmed"}


def test_who_follows_the_log_is_told_of_which_answers_something_is_heard() -> None:
    house, log = House(answering()), AnswerLog()
    question(house, "first", customer="c")
    house.run(ConfirmAnswer("first"))
    question(house, "second", customer="c")
    house.writes("second")
    told = [(each.interaction, each.result(each.at)) for event in house.log for each in log.observe(event)]
    assert told == [("first", "confirmed"), ("first", "recontacted"), ("second", "escalated")]


def test_what_is_old_is_left_and_what_is_young_goes_on() -> None:
    house, log = House(answering()), AnswerLog()
    question(house, "old", customer="c")
    house.after(4 * DAY)
    question(house, "young", customer="d")
    for event in house.log:
        log.observe(event)
    log.leave(house.now)
    assert [each.interaction for each in log.asked] == ["young"]
    seen = len(house.log)
    house.admit("old-2", customer="c", labels=ABOUT)
    house.admit("young-2", customer="d", labels=ABOUT)
    told = [each.interaction for event in house.log[seen:] for each in log.observe(event)]
    assert told == ["young"]


def test_what_follows_an_answer_is_a_new_contact_even_if_nobody_can_tell_what_it_is_about() -> None:
    house = House(answering())
    house.admit("first", address_hash="h", candidates=SURE, customer="c")
    house.admit("unknown", customer="c", labels=(Label("unknown", 0.0),))
    assert [each.recontacted for each in asked(house)] == [False]
    house.admit("follow", customer="c", follows="first")
    assert [each.recontacted for each in asked(house)] == [True]


def test_held_out_questions_tell_what_agents_need_for_them() -> None:
    house = House(answering(holdout=0.5))
    house.agent("a")
    for number in range(20):
        id = f"i-{number}"
        question(house, id)
        if house.state_of(id) == "offered":
            house.accept(id)
            house.after(10 * MINUTE)
            house.ends(id)
    house.after(7 * DAY)
    (worth,) = worths(asked(house), [], house.now)
    assert worth.answered + worth.held_out == 20
    assert worth.held_out > 3
    assert (worth.handling_s, worth.results["silent"]) == (600, worth.answered)
    assert worth.saved_s is not None
    assert worth.saved_s.value == 600
    assert worth.confirmed is not None
    assert worth.confirmed.value == 0


def test_rates_leave_out_what_is_open_and_the_effect_compares_with_the_held_out() -> None:
    def made(count: int, *, held_out: bool, recontacted: bool, chosen: bool = False) -> list[Asked]:
        asked = Asked(interaction="i", at=0, autoresponse="b", article="a", held_out=held_out, chosen=chosen)
        asked.recontacted = recontacted
        return [asked] * count

    known = made(30, held_out=False, recontacted=True) + made(70, held_out=False, recontacted=False)
    known += made(10, held_out=True, recontacted=True) + made(90, held_out=True, recontacted=False)
    # What was chosen has no counterpart among the held out.
    known += made(100, held_out=False, recontacted=True, chosen=True)
    assert worth_of("b", known, [], 6 * DAY).effect is None
    worth = worth_of("b", known, [], 7 * DAY)
    assert worth.needed_person is not None
    assert worth.needed_person.value == pytest.approx(0.65)
    assert worth.effect is not None
    assert worth.effect.value == pytest.approx(0.2)
    assert 0.08 < worth.effect.low < 0.1
    assert 0.3 < worth.effect.high < 0.32


def test_intervals_agree_with_published_examples() -> None:
    # Newcombe 1998, table II: 56/70 and 48/80, method 10: 0.0524 to 0.3339; 81/263 by Wilson: 0.2553 to 0.3662.
    found = difference((56, 70), (48, 80))
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    share = wilson(81, 263)
    assert share is not None
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) is None
    assert mean_difference([1.0], [1.0, 2.0]) is None


def test_a_customer_who_only_chose_is_answered_once() -> None:
    bot = Autoresponse(name="bot", kind="answer", precision=0.99, clarify=0.5)
    house = House(policy(queue(), rules=(rule(autoresponse="bot"),), autoresponses=(bot,)))
    house.admit("i-1", address_hash="h", candidates=(Candidate("a", 0.4), Candidate("b", 0.3)))
    assert asked(house) == []
    house.run(AddMessage(interaction="i-1", message="m", author="customer", chosen="b"))
    assert [(each.article, each.chosen) for each in asked(house)] == [("b", True)]


def test_who_is_asked_which_chooses_or_goes_to_a_person_or_may_yet_choose() -> None:
    bot = Autoresponse(name="bot", kind="answer", precision=0.99, clarify=0.5, clarify_wait=HOUR)
    house = House(policy(queue(), rules=(rule(autoresponse="bot"),), autoresponses=(bot,)))
    close = (Candidate("a", 0.4), Candidate("b", 0.3))
    for id in ("chooses", "says-more", "is-silent"):
        house.admit(id, address_hash=id, customer=f"c-{id}", candidates=close)
    house.run(AddMessage(interaction="chooses", message="m", author="customer", chosen="b"))
    house.writes("says-more")
    house.after(2 * HOUR)
    house.admit("just-asked", address_hash="j", customer="c-j", candidates=close)
    # What becomes of an answer that was chosen is no second choice.
    house.run(WantPerson("chooses"))
    found = {each.interaction: each.result for each in choices(house)}
    assert found == {"chooses": "chosen", "says-more": "person", "is-silent": "person", "just-asked": "open"}
    (worth,) = worths(asked(house), choices(house), house.now)
    assert (worth.answered, worth.asked_which) == (1, 4)
    assert worth.choices == {"chosen": 1, "person": 2, "open": 1}
