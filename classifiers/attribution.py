"""The words that decided: what each word of a text gave the best label over the second.

Computed when somebody asks, from the text; never stored. Of the linear scores, and of the networks' first layer, each
term's share is exact; where a network's unit rests or works is taken as it is for this text (a first-order
attribution, as "gradient times input": Shrikumar et al. 2017, arXiv:1704.02685).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

import numpy as np

from classifiers.background import NOTHING as NO_BACKGROUND
from classifiers.background import Background
from classifiers.concepts import concepts_of
from classifiers.features import TEXT_CHARS_MAX, Features, View, background_terms, char_terms, stem_terms, tokens
from classifiers.head import LINEAR_TEMPERATURE, Head, Scores
from classifiers.nets import Nets

WORDS_MAX = 8
_SHARE_MIN = 0.02
"""Words that gave less than this share of the largest are not worth a line."""

_WORD = re.compile(r"\w+")

NOTHING: Mapping[str, str] = MappingProxyType({})

Decided = tuple[tuple[str, float], ...]
"""Words as they were written, the most weighty first, each with its points: log odds of the best over the second."""


def words_that_decided(
    features: Features,
    head: Head,
    text: str,
    best: str,
    second: str,
    *,
    known: Background = NO_BACKGROUND,
    as_typed: Mapping[str, str] = NOTHING,
) -> Decided:
    """Return the words of `text` that spoke for `best` (> 0) or for `second` (< 0), at most `WORDS_MAX`.

    Names of what is `known` beside the text (its channel, say) are among them where they had a say. `as_typed`: words
    of `text`, in small letters -> what stands for them in the answer.

    Raises:
        ValueError: the head has no such label.
    """
    found = _WORD.findall(text[:TEXT_CHARS_MAX])
    written = [as_typed.get(word.casefold(), word) for word in found]
    words, places = _folded(found)
    view = features.view(text, known)
    leads = lead_of_terms(head, view, head.labels.index(best), head.labels.index(second))
    points = dict(zip(view.rows.tolist(), leads.tolist(), strict=True))
    totals: defaultdict[str, float] = defaultdict(float)
    for block, located in zip(features.blocks, (_word_spots, _char_spots, _stem_spots, _concept_spots), strict=True):
        for term, spots in _gathered(located(words)).items():
            share = points.get(block.rows.get(term, -1), 0.0) / len(spots)
            for spot in spots:
                for place in spot:
                    totals[written[places[place]].casefold()] += share / len(spot)
    for term in dict.fromkeys(background_terms(known)):
        row = features.background.rows.get(term)
        if row is None:
            continue
        part, _, name = term.partition(":")
        shown = written[places[words.index(name)]] if part == "subject" and name in words else name
        written.append(shown)
        totals[shown.casefold()] += points.get(row, 0.0)
    return _weightiest(totals, written)


def lead_of_terms(head: Head, view: View, best: int, second: int) -> Scores:
    """Return what each term of `view` adds to the log odds of label `best` over label `second`, (n_known,)."""
    columns = head.weights[view.rows].astype(np.float64)
    linear: Scores = view.values * (columns[:, best] - columns[:, second]) / LINEAR_TEMPERATURE
    if head.nets is None:
        return linear / head.mix.temperature
    mixed: Scores = head.mix.linear * linear + (1 - head.mix.linear) * _lead_by_nets(head.nets, view, best, second)
    return mixed / head.mix.temperature


def _lead_by_nets(nets: Nets, view: View, best: int, second: int) -> Scores:
    """Return the same by the mean of the networks, with each unit at work or at rest as this text has it."""
    count, hidden, _ = nets.exit.shape
    entry = nets.entry[view.rows] * np.repeat(nets.step[view.rows].astype(np.float64), hidden, axis=1)
    works = view.values @ entry + nets.entry_bias > 0
    onward = (nets.exit[:, :, best] - nets.exit[:, :, second]).reshape(-1)
    lead: Scores = view.values * (entry @ (works * onward)) / count
    return lead


def _weightiest(totals: Mapping[str, float], written: Sequence[str]) -> Decided:
    """Return the words with the most points, as they stand first in the text."""
    as_written: dict[str, str] = {}
    for word in written:
        as_written.setdefault(word.casefold(), word)
    ranked = sorted(totals.items(), key=lambda found: -abs(found[1]))[:WORDS_MAX]
    least = _SHARE_MIN * abs(ranked[0][1]) if ranked else 0.0
    return tuple((as_written[word], round(points, 3)) for word, points in ranked if abs(points) > least)


def _folded(written: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the words as the model reads them, and of which written word each is part."""
    words, places = [], []
    for place, word in enumerate(written):
        for token in tokens(word):
            words.append(token)
            places.append(place)
    return words, places


Spots = list[tuple[int, ...]]
"""Each time that a term occurs: the places of the words that it comes from."""


def _gathered(located: Iterable[tuple[str, tuple[int, ...]]]) -> Mapping[str, Spots]:
    spots: defaultdict[str, Spots] = defaultdict(list)
    for term, spot in located:
        spots[term].append(spot)
    return spots


def _word_spots(words: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    return ((word, (place,)) for place, word in enumerate(words))


def _char_spots(words: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    return ((piece, (place,)) for place, word in enumerate(words) for piece in char_terms([word]))


def _stem_spots(words: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    terms = stem_terms(words)
    stems, pairs = terms[: len(words)], terms[len(words) :]
    yield from ((stem, (place,)) for place, stem in enumerate(stems))
    for place, pair in enumerate(pairs):
        spot = tuple(at for at in (place - 1, place) if 0 <= at < len(words))
        if spot:
            yield pair, spot


def _concept_spots(words: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    spoken: defaultdict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words):
        for concept in set(concepts_of([word])):
            spoken[concept].append(place)
    yield from ((concept, tuple(places)) for concept, places in spoken.items())
    for left, right in combinations(sorted(spoken), 2):
        yield f"{left} {right}", tuple(sorted({*spoken[left], *spoken[right]}))
