"""ux.md G5: 200 files with one mistake each."""

import functools
from collections import Counter
from pathlib import Path

import pytest

from config.faults import ConfigurationError, Fault
from config.loader import check, load
from config.schema import Settings
from config.shape import table_of
from tests.config.files import faults, shipped
from tests.config.mutations import Mutation, mutations

SEEDS = (1, 2, 3)


@functools.cache
def _all_of(seed: int) -> list[tuple[Mutation, list[Fault]]]:
    made = [*mutations(shipped("example.toml"), 136, seed), *mutations(shipped("demo.toml"), 64, seed)]
    return [(each, [fault for fault in faults(each.text) if fault.severity == "fault"]) for each in made]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_mistakes_are_found_on_their_lines(seed: int) -> None:
    found = _all_of(seed)
    silent = [mutation for mutation, said in found if not said]
    assert not silent, [(each.kind, each.key) for each in silent]
    exact = [mutation for mutation, said in found if {fault.line for fault in said} & mutation.lines]
    blamed = Counter(each.kind for each, said in found if not {fault.line for fault in said} & each.lines)
    assert len(exact) >= 0.95 * len(found), blamed


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mistake_is_told_with_key_and_expectation(seed: int) -> None:
    for mutation, said in _all_of(seed):
        assert all(fault.path not in {"", "(file)"} and fault.expected for fault in said)
        assert all("\n" not in str(fault) and fault.expected in str(fault) for fault in said)
        assert not mutation.key or any(mutation.key in fault.path for fault in said), (mutation.kind, mutation.key)


@pytest.mark.parametrize("seed", SEEDS)
def test_most_typos_get_the_right_guess(seed: int) -> None:
    typos = [(mutation, said) for mutation, said in _all_of(seed) if mutation.meant]
    guessed = [mutation for mutation, said in typos if mutation.meant in {fault.did_you_mean for fault in said}]
    assert len(typos) >= 70
    assert len(guessed) >= 0.8 * len(typos)


def test_check_and_start_up_agree_on_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "centrala.toml"
    for mutation in mutations(shipped("example.toml"), 80, seed=4):
        file.write_text(mutation.text, "utf-8")
        with pytest.raises(ConfigurationError) as refused:
            load(file, {})
        assert refused.value.faults == tuple(fault for fault in check(file, {}) if fault.severity == "fault")


def test_a_table_may_not_be_a_number_or_a_nest_of_lists() -> None:
    for table in table_of(Settings).fields:
        for wrong in ("nan", "-1", "99999999999999999999", "'\\u0000'", "[[[]]]", "{ a = { b = 1 } }", "07:32:00"):
            assert faults(f"{table.encode_name} = {wrong}\n")
