"""Whether a promise of precision is proven: from which probability on so large a share of answers was right.

Half of the outcomes, chosen by their ids, fit the curve (`calibration`); the other half, which it has not seen, prove.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from autoresponders.calibration import PRIOR, Features, Weights, fitted, shares
from vocabulary.ids import share_of
from vocabulary.proportions import LEVEL, lower_bound, threshold_for, upper_bound

Scope = Literal["article", "all", "none"]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """An article that was found first for a question, and whether it was the right one. `id` tells outcomes apart.

    `others`: how the next articles compared. `content`: what the article said when that was judged (`content_of`), of
    which alone it tells; None: it was judged for whatever the article says.
    """

    id: str
    article: str
    features: Features
    right: bool
    others: tuple[Features, ...] = ()
    content: str | None = None

    @property
    def proves(self) -> bool:
        """Whether it proves rather than fits."""
        return share_of("proof", self.id) < 0.5


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """From which probability on `precision` is proven; `least` inf: from none on.

    `scope`: by the outcomes of this article, by all, or by none yet. Of the `n` outcomes from there on `right` were
    right, or of all that there are where nothing is proven; where its own outcomes disprove what all prove, of its own
    from there on. `bound`: what is certain of the true share then.
    """

    precision: float
    least: float
    scope: Scope
    n: int
    right: int
    bound: float


def needed_for(precision: float, level: float = LEVEL) -> int:
    """Return how many right answers without a wrong one prove `precision`: 299 for 0.99."""
    return math.ceil(math.log(1 - level) / math.log(precision))


class Proof:
    """What outcomes prove."""

    def __init__(self, outcomes: Iterable[Outcome] = (), *, prior: Weights = PRIOR, level: float = LEVEL) -> None:
        known = list(outcomes)
        self.weights = fitted([(each.features, each.right) for each in known if not each.proves], prior)
        self._level = level
        self._kept: list[tuple[str, float, bool]] = []
        self._own: dict[str, dict[str | None, list[tuple[float, bool]]]] = {}
        for each in known:
            if each.proves:
                said = self.shares((each.features, *each.others))[0]
                self._kept.append((each.article, said, each.right))
                self._own.setdefault(each.article, {}).setdefault(each.content, []).append((said, each.right))
        self._known: dict[tuple[str, float, str], Threshold] = {}
        self._shared: dict[float, Threshold] = {}

    @property
    def kept(self) -> Sequence[tuple[str, float, bool]]:
        """Return the kept-back outcomes: article, probability, and whether it was right."""
        return self._kept

    def shares(self, candidates: Sequence[Features]) -> list[float]:
        """Return the probability that each of the articles answers, of which only one can."""
        return shares(candidates, self.weights)

    def threshold(self, article: str, precision: float, content: str = "") -> Threshold:
        """Return from which probability on `article`, that says `content`, keeps `precision`.

        By its own outcomes where they suffice. Where they are too few for that, all prove it, unless its own disprove
        it. What it said before is another answer's proof: of that, nothing counts for it.
        """
        known = self._known.get((article, precision, content))
        if known is None:
            known = self._known[article, precision, content] = self._threshold(article, precision, content)
        return known

    def _threshold(self, article: str, precision: float, content: str) -> Threshold:
        by_content = self._own.get(article, {})
        own = [*by_content.get(None, ()), *by_content.get(content, ())]
        if len(own) >= needed_for(precision, self._level):
            return self._found(own, precision, "article")
        if by_content.keys() <= {None, content}:
            # Few articles have outcomes enough of their own; what all of them prove is worked out once.
            shared = self._shared.get(precision)
            if shared is None:
                every = [(said, right) for _, said, right in self._kept]
                shared = self._shared[precision] = self._found(every, precision, "all")
        else:
            others = [(said, right) for id, said, right in self._kept if id != article]
            shared = self._found([*others, *own], precision, "all")
        answered = [right for said, right in own if said >= shared.least]
        return self._disproved(answered, precision) or shared

    def _disproved(self, answered: Sequence[bool], precision: float) -> Threshold | None:
        """Return that nothing is proven, if so few of the article's own were right that it breaks the promise."""
        n, right = len(answered), sum(answered)
        if upper_bound(right, n, self._level) >= precision:
            return None
        bound = lower_bound(right, n, self._level)
        return Threshold(precision=precision, least=math.inf, scope="none", n=n, right=right, bound=bound)

    def _found(self, pairs: list[tuple[float, bool]], precision: float, scope: Scope) -> Threshold:
        least = threshold_for(pairs, precision, self._level)
        counted = [right for said, right in pairs if said >= least] or [right for _, right in pairs]
        n, right = len(counted), sum(counted)
        return Threshold(
            precision=precision,
            least=least,
            scope=scope if math.isfinite(least) else "none",
            n=n,
            right=right,
            bound=lower_bound(right, n, self._level),
        )

    def proven(self, article: str, said: float, precisions: Iterable[float], content: str = "") -> float:
        """Return the highest of `precisions` that answering by `article` at probability `said` keeps, 0 if none."""
        held = (each for each in precisions if said >= self.threshold(article, each, content).least)
        return max(held, default=0.0)
