"""Our arithmetic is scikit-learn's."""

import secrets
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from classifiers.background import NOTHING, Background
from classifiers.examples import shipped_rows
from classifiers.features import (
    ANALYSERS,
    TEXT_CHARS_MAX,
    background_terms,
    char_terms,
    concept_terms,
    features_of,
    stem_terms,
    tokens,
)
from classifiers.fitting import TERM_ROWS_MIN, counted, terms_of
from classifiers.head import SIGNS, Head, Mix, Odds
from classifiers.language import with_languages
from classifiers.linear import PENALTY
from classifiers.model import LABEL, Model
from classifiers.training import WEIGHTS

Message = tuple[str, Background]


def _of_text(terms: Callable[[Sequence[str]], list[str]]) -> Callable[[Message], list[str]]:
    return lambda message: terms(tokens(message[0]))


def _of_background(message: Message) -> list[str]:
    return background_terms(message[1])


def _pipeline(backgrounds: Sequence[Background] | None = None, weights: Sequence[float] | None = None) -> Pipeline:
    analysers = [*((terms.__name__, _of_text(terms)) for terms in ANALYSERS)]
    if backgrounds is not None:
        analysers.append(("background_terms", _of_background))
    blocks = [
        (name, TfidfVectorizer(analyzer=analyser, sublinear_tf=True, min_df=TERM_ROWS_MIN))
        for name, analyser in analysers
    ]
    rows = shipped_rows()
    by_name = None if weights is None else {name: weight for (name, _), weight in zip(blocks, weights, strict=False)}
    terms = FeatureUnion(blocks, transformer_weights=by_name)
    pipeline = Pipeline([("terms", terms), ("machine", LinearSVC(C=PENALTY, random_state=0))])
    return pipeline.fit(_messages([text for text, _ in rows], backgrounds), [label for _, label in rows])


def _messages(texts: Sequence[str], backgrounds: Sequence[Background] | None = None) -> list[Message]:
    return list(zip(texts, backgrounds or [NOTHING] * len(texts), strict=True))


def _model(pipeline: Pipeline) -> Model:
    """Return the same weights as a model of ours."""
    blocks = [block for _, block in pipeline["terms"].transformer_list]
    rarity = np.concatenate([block.idf_ for block in blocks]).astype(np.float32)
    terms = [block.get_feature_names_out().tolist() for block in blocks]
    terms += [[]] * (len(ANALYSERS) + 1 - len(terms))
    machine = pipeline["machine"]
    labels, weights = tuple(pipeline.classes_), machine.coef_.T.astype(np.float32)
    bias = machine.intercept_.astype(np.float32)
    head = Head(labels, weights, bias, None, Mix(1.0, 1.0), Odds(np.zeros(SIGNS), 0.0), None, {})
    return Model(features_of(terms, rarity), {LABEL: head}, len(shipped_rows()))


def _random_texts(seed: int) -> list[str]:
    draw = np.random.default_rng(seed)
    words = [word for text, _ in shipped_rows() for word in text.split()]
    letters = list("abcdefghijklmnopqrstuvwxyząčęėįšųūžáéíóöőúüűłńśźż абвгдеё .,!?0123456789\n\t")
    texts = [" ".join(draw.choice(words, draw.integers(60))) for _ in range(200)]
    texts += ["".join(draw.choice(letters, draw.integers(300))) for _ in range(100)]
    return [*texts, "", " ", "?", "a", "0", "ẞ İ ﬁ", "x" * 5_000, " ".join(words)]


def test_scores_equal_those_of_the_sklearn_pipeline() -> None:
    seed = secrets.randbits(32)
    pipeline, texts = _pipeline(), _random_texts(seed)
    model = _model(pipeline)
    ours = np.array([model.scores(text) for text in texts])
    assert np.abs(ours - pipeline.decision_function(_messages(texts))).max() < 1e-6, f"seed {seed}"


def test_scores_equal_those_of_the_sklearn_pipeline_with_what_is_known_beside_texts() -> None:
    seed = secrets.randbits(32)
    texts = _random_texts(seed)
    model = _model(pipeline := _pipeline(_random_backgrounds(len(shipped_rows()), seed)))
    asked = _messages(texts, _random_backgrounds(len(texts), seed + 1))
    ours = np.array([model.scores(*each) for each in asked])
    assert np.abs(ours - pipeline.decision_function(asked)).max() < 1e-6, f"seed {seed}"
    assert np.abs(ours - [model.scores(text) for text in texts]).max() > 1e-3


def _random_backgrounds(count: int, seed: int) -> list[Background]:
    draw = np.random.default_rng(seed)
    channels, segments = ("", "mail", "chat"), ("", "gold", "new\none")
    subjects, labels = ("", "My order", "faktura 12/7", "Rechnung"), ("invoice", "password", "a b", "unheard of")
    return [
        Background(
            str(draw.choice(subjects)), str(draw.choice(channels)), str(draw.choice(segments)),
            tuple(map(str, draw.choice(labels, draw.integers(7)))),
        )
        for _ in range(count)
    ]  # fmt: skip


def test_training_arrives_where_the_pipeline_does(shipped: Model) -> None:
    texts = [text for text, _ in shipped_rows()]
    known = with_languages(texts, [NOTHING] * len(texts))
    pipeline = _pipeline(known, WEIGHTS)
    order = [pipeline.classes_.tolist().index(label) for label in (*shipped.labels, "oos")]
    ours = np.array([shipped.scores(*each) for each in zip(texts, known, strict=True)])
    # liblinear stops at a tolerance of its own, so two fits of one problem agree to 1e-4 only.
    assert np.abs(ours - pipeline.decision_function(_messages(texts, known))[:, order]).max() < 1e-3


def test_of_too_many_terms_those_of_the_fewest_texts_are_dropped() -> None:
    texts = [text for text, _ in shipped_rows(("en",))]
    counts = counted(texts, [NOTHING] * len(texts)).counts
    everything, most = (terms_of(counts, WEIGHTS, terms_max=terms_max) for terms_max in (1_000_000, 500))
    rows = [np.asarray(block.getnnz(axis=0)) for block in counts]
    least = min(block[kept].min() for block, kept in zip(rows, most.kept, strict=True) if len(kept))
    assert sum(map(len, everything.kept)) > 5_000
    assert 400 < sum(map(len, most.kept)) <= 500
    assert [kept.tolist() for kept in most.kept] == [np.flatnonzero(block >= least).tolist() for block in rows]


def test_diacritics_and_case_make_no_difference() -> None:
    assert tokens("ZAŻÓŁĆ gęślą, Łódź; Ačiū už sąskaitą! Árvíztűrő ёж") == [
        "zazolc", "gesla", "lodz", "aciu", "uz", "saskaita", "arvizturo", "еж",
    ]  # fmt: skip


def test_numbers_never_become_terms_of_their_own() -> None:
    assert tokens("order 48213, +48 600-700-800, FV2024") == ["order", "0", "0", "0", "0", "0", "fv0"]


def test_stem_terms_are_beginnings_and_know_where_a_text_begins_and_ends() -> None:
    assert stem_terms(["my", "refunds"]) == ["my", "refu", "^ my", "my refu", "refu $"]
    assert stem_terms([]) == ["^ $"]


def test_char_terms_stay_inside_words_and_count_a_short_word_once() -> None:
    assert char_terms(["a", "hi"]) == [" a", "a ", " a ", " h", "hi", "i ", " hi", "hi ", " hi "]


@pytest.mark.parametrize("text", ["faktura", "sąskaita", "saskaita", "számla", "szamla", "счёт", "счет", "invoice"])
def test_a_concept_is_the_same_in_five_languages(text: str) -> None:
    assert "bill" in concept_terms(tokens(text))


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert tokens("a " * TEXT_CHARS_MAX) == ["a"] * (TEXT_CHARS_MAX // 2)
    assert [len(word) for word in tokens("x" * 1_000)] == [40]
