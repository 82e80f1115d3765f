"""Vectors of texts by a function of the site's own."""

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer
from sklearn.svm import LinearSVC

from classifiers.artifact import OtherEmbedding, from_bytes, load, save, to_bytes
from classifiers.cascade import classify, why
from classifiers.embedding import embedding_named
from classifiers.evaluation import about, predict_many
from classifiers.features import ANALYSERS, TEXT_CHARS_MAX, features_of, tokens
from classifiers.head import SIGNS, Head, Mix, Odds
from classifiers.linear import PENALTY
from classifiers.model import LABEL, Model
from classifiers.orders import Lesson, Order
from classifiers.retraining import retrain
from classifiers.training import train
from tests.classifiers.builders import small_rows
from tests.classifiers.vectors import marks_of
from vocabulary.errors import PermanentFailure

MARKS, LENGTHS = (f"tests.classifiers.vectors:{function}" for function in ("marks_of", "lengths_of"))
TEXTS = ("it is here", "you know that", "it costs much", "they are late", "we can go", "she has come")
LABELS = {"?": "question", "!": "shout"}
ROWS = [(f"{text} {number}{mark}", label) for text in TEXTS for number in range(5) for mark, label in LABELS.items()]


def _marked() -> Model:
    return train(ROWS, embedding=embedding_named(MARKS))


def test_vectors_tell_what_words_do_not() -> None:
    model = _marked()
    assert (model.predict("it is here?").label, model.predict("it is here!").label) == ("question", "shout")
    assert model.cv_accuracy == 1.0
    assert train(ROWS).cv_accuracy < 0.7
    assert (about(model)["embedding"], about(train(ROWS))["embedding"]) == (MARKS, None)
    assert classify("", "they can go!", model=model).labels[0][0] == "shout"
    assert not why("", "they can go!", model=model).exact


def test_of_a_long_text_vectors_tell_as_little_as_words() -> None:
    features = _marked().features
    beginning = "it is here? " * 400
    assert len(beginning) > TEXT_CHARS_MAX
    one, other = features.view(beginning), features.view(f"{beginning}{'!' * 1_000}")
    assert np.array_equal(one.values, other.values)


def test_scores_equal_those_of_the_sklearn_pipeline_with_vectors() -> None:
    rows = [(f"{text}{'?!,'[place % 3]}", label) for place, (text, label) in enumerate(small_rows())]
    texts = [text for text, _ in rows]
    blocks = [
        (terms.__name__, TfidfVectorizer(analyzer=lambda text, terms=terms: terms(tokens(text)), sublinear_tf=True))
        for terms in ANALYSERS[:2]
    ]
    vectors = Pipeline([("marks", FunctionTransformer(lambda texts: np.array(marks_of(texts)))), ("one", Normalizer())])
    pipeline = Pipeline(
        [("terms", FeatureUnion([*blocks, ("vectors", vectors)])), ("machine", LinearSVC(C=PENALTY, random_state=0))]
    ).fit(texts, [label for _, label in rows])
    fitted = [block for _, block in pipeline["terms"].transformer_list[:2]]
    machine = pipeline["machine"]
    weights, bias = machine.coef_.T.astype(np.float32), machine.intercept_.astype(np.float32)
    features = features_of(
        [*(block.get_feature_names_out().tolist() for block in fitted), [], [], []],
        np.concatenate([block.idf_ for block in fitted]).astype(np.float32),
        embedding_named(MARKS),
    )
    head = Head(tuple(pipeline.classes_), weights, bias, None, Mix(1.0, 1.0), Odds(np.zeros(SIGNS), 0.0), None, {})
    model = Model(features, {LABEL: head}, len(rows))
    asked = [*texts, "", "?", "unheard of...", "an apple; a pear: no!"]
    ours = np.array([model.scores(text) for text in asked])
    assert np.abs(ours - pipeline.decision_function(asked)).max() < 1e-6


def test_a_model_asks_for_the_vectors_it_was_trained_with(tmp_path: Path) -> None:
    model, right, other = _marked(), embedding_named(MARKS), embedding_named(LENGTHS)
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", right)
    assert loaded.predict("we can go!") == model.predict("we can go!")
    texts = ["it is here!", "you know that?"] * 3
    assert predict_many(loaded, texts, processes=2) == [model.predict(text) for text in texts]
    with pytest.raises(
        OtherEmbedding, match=r'model: trained with the embedding ".*marks_of" \(6 .*here there is none'
    ):
        load(tmp_path / "model")
    with pytest.raises(OtherEmbedding, match=r'and here it is ".*lengths_of" \(3 dimensions\)'):
        from_bytes(to_bytes(model), other)


def test_a_model_without_vectors_asks_for_none_and_is_the_same_file() -> None:
    plain = to_bytes(train(small_rows()))
    assert to_bytes(from_bytes(plain, embedding_named(MARKS))) == plain
    with np.load(io.BytesIO(plain.split(b"\n", 1)[1])) as arrays:
        assert b"embedding" not in arrays["about"].tobytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module:vectors", "ModuleNotFoundError"),
        ("tests.classifiers.vectors", "AttributeError|ValueError"),
        ("tests.classifiers.vectors:missing", "AttributeError"),
        ("tests.classifiers.vectors:MARKS", "TypeError"),
        ("tests.classifiers.vectors:nothing_of", r"returns \(1,\) for 1 texts"),
        ("tests.classifiers.vectors:endless_of", "no finite number"),
    ],
)
def test_what_is_no_function_to_vectors_is_refused(name: str, said: str) -> None:
    with pytest.raises(PermanentFailure, match=f'embedding "{name}": .*({said})'):
        embedding_named(name)


def test_a_vector_too_few_is_refused() -> None:
    with pytest.raises(PermanentFailure, match=r"returns \(1, 6\) for 60 texts, expected \(60, 6\)"):
        train(ROWS, embedding=embedding_named("tests.classifiers.vectors:one_of"))


def test_the_site_trains_anew_with_other_vectors_than_the_live_model_has(tmp_path: Path) -> None:
    save(_marked(), tmp_path / "live")
    lessons = tuple(Lesson(text, label, "correction") for text, label in ROWS)
    starter = tmp_path / "starter.csv"
    starter.write_text("text,label\nis it?,question\nit is!,shout\n", encoding="utf-8")
    order = Order(lessons=lessons, starter=str(starter), live=str(tmp_path / "live"), embedding=LENGTHS)
    model, report = retrain(order)
    assert (about(model)["embedding"], report["before"]) == (LENGTHS, None)
    model, report = retrain(msgspec.structs.replace(order, embedding=MARKS))
    assert about(model)["embedding"] == MARKS
    assert report["before"]["accuracy"] == report["after"]["accuracy"] == 1.0
