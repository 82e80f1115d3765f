"""What outcomes prove: the curve is fitted on one half, the promise is proven on the other."""

import math

import pytest
from msgspec.structs import replace

from autoresponders.calibration import PRIOR, Features, Weights, fitted, shares
from autoresponders.proof import Outcome, Proof, needed_for

GOOD, BAD = Features(0.9, 0.7, 0.8, 0.4), Features(0.3, 0.2, 0.2, 0.05)


def probability(features: Features, weights: Weights = PRIOR) -> float:
    (alone,) = shares([features], weights)
    return alone


def outcomes(count: int, *, right: bool, article: str = "hours", features: Features = GOOD) -> list[Outcome]:
    return [Outcome(f"{article}-{right}-{number}", article, features, right) for number in range(count)]


def test_what_is_alike_is_likelier_right() -> None:
    assert probability(GOOD) > 0.9
    assert probability(BAD) < 0.2


def test_only_one_of_several_can_be_what_was_asked_for() -> None:
    assert shares([GOOD, GOOD]) == pytest.approx([0.5, 0.5], abs=0.01)
    assert shares([GOOD, BAD])[0] == pytest.approx(probability(GOOD), abs=0.01)
    assert shares([BAD]) == pytest.approx([probability(BAD)])


def test_few_outcomes_change_little_and_many_decide() -> None:
    few = fitted([(GOOD, False)] * 2)
    many = fitted([(GOOD, False)] * 500 + [(BAD, False)] * 500)
    assert probability(GOOD, few) > 0.5
    assert probability(GOOD, many) < 0.05
    assert fitted([]) == PRIOR


def test_right_answers_alone_give_no_certainty() -> None:
    weights = fitted([(GOOD, True)] * 20)
    assert probability(GOOD, weights) < 0.999


def test_a_share_of_right_ones_is_recovered() -> None:
    weights = fitted([(GOOD, number % 10 < 7) for number in range(2_000)])
    assert probability(GOOD, weights) == pytest.approx(0.7, abs=0.01)


def test_a_promise_needs_as_many_right_answers_as_the_bound_says() -> None:
    assert (needed_for(0.99), needed_for(0.95), needed_for(0.9)) == (299, 59, 29)
    proof = Proof(outcomes(700, right=True))
    assert len(proof.kept) >= 299
    (said,) = proof.shares([GOOD])
    assert proof.threshold("hours", 0.99).scope == "article"
    assert proof.proven("hours", said, {0.9, 0.99}) == 0.99
    assert proof.proven("hours", said - 0.01, {0.9, 0.99}) == 0.0


def test_what_is_not_proven_answers_at_no_probability() -> None:
    proof = Proof(outcomes(40, right=True))
    threshold = proof.threshold("hours", 0.99)
    assert (threshold.least, threshold.scope) == (math.inf, "none")
    assert proof.proven("hours", 1.0, {0.99}) == 0.0
    assert Proof().threshold("hours", 0.5).n == 0


def test_an_article_with_enough_outcomes_of_its_own_is_not_helped_by_others() -> None:
    mixed = [
        *outcomes(500, right=True),
        *outcomes(100, right=True, article="bad"),
        *outcomes(40, right=False, article="bad"),
    ]
    proof = Proof(mixed)
    assert proof.threshold("bad", 0.9).scope == "none"
    assert proof.threshold("new", 0.9).scope == "all"
    assert proof.threshold("hours", 0.9).scope == "article"
    assert proof.threshold("new", 0.9) is proof.threshold("newer", 0.9)


def test_an_article_that_its_few_outcomes_disprove_is_not_proven_by_the_others() -> None:
    proof = Proof([*outcomes(2_600, right=True), *outcomes(52, right=False, article="bad")])
    own = [right for article, _, right in proof.kept if article == "bad"]
    assert 0 < len(own) < needed_for(0.95)
    assert proof.threshold("new", 0.95).scope == "all"
    assert proof.proven("bad", 1.0, {0.9, 0.95}) == 0.0
    bad = proof.threshold("bad", 0.95)
    assert (bad.least, bad.scope, bad.n, bad.right, bad.bound) == (math.inf, "none", len(own), 0, 0.0)


def test_a_wrong_outcome_that_may_be_chance_leaves_an_article_what_all_prove() -> None:
    known = [*outcomes(2_600, right=True), *outcomes(30, right=True, article="few")]
    (wrong,) = [each for each in outcomes(4, right=False, article="few") if each.proves][:1]
    proof = Proof([*known, wrong])
    assert sum(not right for article, _, right in proof.kept if article == "few") == 1
    assert proof.threshold("few", 0.95).scope == "all"


def test_outcomes_below_what_is_answered_disprove_nothing() -> None:
    unlike = [*outcomes(52, right=False, article="few", features=BAD), *outcomes(600, right=False, features=BAD)]
    proof = Proof([*outcomes(2_600, right=True, article="many"), *unlike])
    assert proof.threshold("few", 0.95).scope == "all"
    assert proof.threshold("few", 0.95) is proof.threshold("new", 0.95)


def saying(content: str | None, known: list[Outcome]) -> list[Outcome]:
    return [replace(each, content=content) for each in known]


def test_outcomes_count_for_what_the_article_said_and_for_no_other_words() -> None:
    proof = Proof(saying("old", outcomes(200, right=True)))
    assert proof.threshold("hours", 0.9, "old").scope == "article"
    rewritten = proof.threshold("hours", 0.9, "new")
    assert (rewritten.scope, rewritten.n) == ("none", 0)
    assert proof.proven("hours", 1.0, {0.9}, "new") == 0.0
    assert proof.threshold("another", 0.9, "x").scope == "all"


def test_questions_that_were_kept_back_prove_whatever_an_article_says() -> None:
    proof = Proof([*saying("old", outcomes(200, right=False)), *saying(None, outcomes(200, right=True))])
    rewritten = proof.threshold("hours", 0.9, "new")
    assert (rewritten.scope, rewritten.right) == ("article", rewritten.n)
    assert proof.threshold("hours", 0.9, "old").scope == "none"


def test_a_rewritten_article_is_proven_by_others_as_a_new_one_is() -> None:
    proof = Proof([*saying("x", outcomes(600, right=True, article="many")), *saying("old", outcomes(52, right=False))])
    assert proof.threshold("hours", 0.9, "old").scope == "none"
    assert proof.threshold("hours", 0.9, "new").scope == "all"


def test_outcomes_that_fit_do_not_prove() -> None:
    known = outcomes(200, right=True)
    proof = Proof(known)
    assert len(proof.kept) == sum(each.proves for each in known)
    assert 60 < len(proof.kept) < 140
