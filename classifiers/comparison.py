"""Two models side by side on the same texts: who is right where, whether the new one may be used, what it changes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import Any

from classifiers.cascade import Classification
from classifiers.evaluation import answers_of, confusions, steps
from classifiers.examples import HEADS
from classifiers.model import OUT_OF_SCOPE, UNKNOWN, Prediction

BINS = 10
PAIRS_MAX = 20
EXAMPLES_MAX = 30
SURELY = 0.95
"""So sure one must be that the new model is worse on a part before that part alone forbids it."""


def answer(said: Prediction) -> str:
    """Return the label that counts as the answer: a text that nothing places is `OUT_OF_SCOPE`."""
    return OUT_OF_SCOPE if said.label == UNKNOWN else said.label


def heads_apart(before: Classification, after: Classification) -> list[str]:
    """Return the heads that answer otherwise: department, urgency, sentiment."""
    said = [{name: answered for name, (answered, _) in one.heads.items()} for one in (before, after)]
    return [name for name in HEADS if said[0].get(name) != said[1].get(name)]


def right(said: Sequence[Prediction], labels: Sequence[str]) -> list[bool]:
    """Return for each text whether the answer is its label."""
    return [answer(one) == label for one, label in zip(said, labels, strict=True)]


def chance_of(wins: int, of: int) -> float:
    """Return the probability of so many wins or more in `of` throws of a fair coin."""
    return float(sum(comb(of, k) for k in range(wins, of + 1)) / 2**of)


def paired(before: Sequence[bool], after: Sequence[bool]) -> dict[str, Any]:
    """Return how two models differ on the same texts, by the exact sign test over those where one alone is right.

    `only_before`, `only_after`: so many the one alone has right. `confidence`: how sure it is that the better one of
    the two really is better, 0.5-1; None where nothing differs. Source: McNemar 1947, doi:10.1007/BF02295996.
    """
    lost = sum(was and not now for was, now in zip(before, after, strict=True))
    won = sum(now and not was for was, now in zip(before, after, strict=True))
    sure = None if lost == won == 0 else round(max(0.5, 1 - chance_of(max(lost, won), lost + won)), 4)
    return {"n": len(before), "only_before": lost, "only_after": won, "confidence": sure}


def gate(before: Sequence[bool], after: Sequence[bool], parts: Sequence[str]) -> dict[str, Any]:
    """Return whether the new model may be used without somebody's yes, and why not.

    It may unless it has fewer right than the old one over all, or surely fewer (`SURELY`) in one of the parts.

    Args:
        before: whether the old model is right, a text each.
        after: the same of the new one.
        parts: what each text belongs to.
    """
    whole = paired(before, after)
    worse = ["all"] if whole["only_before"] > whole["only_after"] else []
    told = {}
    for part in sorted(set(parts)):
        mine = [place for place, each in enumerate(parts) if each == part]
        there = paired([before[place] for place in mine], [after[place] for place in mine])
        told[part] = there
        if there["only_before"] > there["only_after"] and (there["confidence"] or 0) >= SURELY:
            worse.append(part)
    return {**whole, "passes": not worse, "worse": worse, "parts": told}


def confusion(said: Sequence[Prediction], labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return what was taken for what how often, most often first: (label, answer, texts)."""
    return confusions(zip(labels, map(answer, said), strict=True), PAIRS_MAX)


def curve(said: Sequence[Prediction], labels: Sequence[str]) -> list[dict[str, float | int]]:
    """Return how often answers of about the same confidence are right: a point for each tenth that has any."""
    answered = answers_of(zip(said, labels, strict=True))
    return [{"n": n, "confidence": sure, "accuracy": share} for sure, share, n in steps(answered, BINS)]


def changes(ids: Sequence[str], before: Sequence[Classification], after: Sequence[Classification]) -> dict[str, Any]:
    """Return what would be decided otherwise of real messages with the new model, with some of them by `ids`.

    `heads`: for how many department, urgency or mood would be another. `mix`: labels of the new one; `unknown` and
    `confidence`: share without a label, and mean confidence in the labels of the others, of both.
    """
    was, now = [each.prediction for each in before], [each.prediction for each in after]
    moved = [
        (id, answer(one), answer(other), other.confidence)
        for id, one, other in zip(ids, was, now, strict=True)
        if answer(one) != answer(other)
    ]
    apart = Counter(name for one, other in zip(before, after, strict=True) for name in heads_apart(one, other))
    return {
        "messages": len(ids),
        "changed": len(moved),
        "pairs": confusions(((one, other) for _, one, other, _ in moved), PAIRS_MAX),
        "examples": [
            {"interaction": id, "from": one, "to": other, "confidence": round(sure, 4)}
            for id, one, other, sure in _mixed(moved)
        ],
        "heads": dict(apart.most_common()),
        "mix": dict(Counter(map(answer, now)).most_common()),
        "unknown": {"before": _unknown(was), "after": _unknown(now)},
        "confidence": {"before": _mean(was), "after": _mean(now)},
    }


def _mixed(moved: Iterable[tuple[str, str, str, float]]) -> list[tuple[str, str, str, float]]:
    """Return some of each kind of change before more of any."""
    seen: Counter[tuple[str, str]] = Counter()
    placed = []
    for each in moved:
        pair = each[1:3]
        placed.append((seen[pair], each))
        seen[pair] += 1
    return [each for _, each in sorted(placed, key=lambda one: one[0])[:EXAMPLES_MAX]]


def _unknown(said: Sequence[Prediction]) -> float | None:
    return round(sum(one.label == UNKNOWN for one in said) / len(said), 4) if said else None


def _mean(said: Sequence[Prediction]) -> float | None:
    sure = [one.confidence for one in said if one.label != UNKNOWN]
    return round(sum(sure) / len(sure), 4) if sure else None


def per_class(
    before: Mapping[str, Mapping[str, float]] | None, after: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float | int | None]]:
    """Return the figures of each label of both models side by side."""
    names = sorted({*(before or {}), *after})
    return {
        name: {
            "n": int((after.get(name) or (before or {})[name])["n"]),
            "f1_before": (before or {}).get(name, {}).get("f1"),
            "f1_after": after.get(name, {}).get("f1"),
            "recall_before": (before or {}).get(name, {}).get("recall"),
            "recall_after": after.get(name, {}).get("recall"),
        }
        for name in names
    }
