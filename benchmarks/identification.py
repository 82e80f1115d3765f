"""Who is it? `python -m benchmarks.identification --json [--quick]`, on spoken calls.

EVI (English): callers tell postcode, name and date of birth, each in up to three attempts, as a recogniser heard it
with its alternatives, and 10,000 fictitious records stand behind. Needs CENTRALA_DATA with `identification/`. Only
calls of speakers are measured whose other calls the weights of customers/matching.py were not counted on; by hash,
about 40 %.

Verification: a caller says that he is a customer, and is (genuine) or isn't (an impostor: another record at random).
Identification: nobody says who it is; records are looked up by date and postcode, and the likeliest is taken from
99.5 % on. Open set: the caller's own record is taken out, and whoever is found then is a false identification. Some
callers told the details of another record than the one that the data names; they count as errors here. Beside each
stands what an exact comparison of the best transcription finds, first attempt and any attempt, in the same run.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from time import process_time

import msgspec

from customers.evidence import STRONG_FROM, probability
from customers.matching import Said, bits_of, compared, likely_birth_dates, likely_postcodes
from customers.traits import plain_code
from vocabulary.records import CustomerRow

SEED = 20
IMPOSTORS, QUICK_IMPOSTORS = 40, 8
FALSE_ACCEPT = (0.01, 0.001)
GOALS = (
    ("verification: genuine callers accepted at one false accept in 1,000, three attempts", "three_attempts", 0.97),
    ("verification: the same, one attempt", "one_attempt", 0.90),
)
_FORMATS = ("%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d %m %Y", "%d%m%Y", "%B %d %Y")


class Caller(msgspec.Struct, frozen=True):
    """One call: what was heard by item and attempt, each with its alternatives, and the record of who called."""

    id: str
    speaker: str
    record: str
    heard: Mapping[str, Sequence[Sequence[str]]]

    def said(self, attempts: int) -> Said:
        """Return all that was heard in the first `attempts`."""
        return Said(
            names=self._all("name", attempts),
            postcodes=self._all("postcode", attempts),
            birth_dates=self._all("dob", attempts),
        )

    def _all(self, item: str, attempts: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for nbest in self.heard[item][:attempts] for text in nbest))


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identification", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="every fourth call, fewer impostors")
    chosen = parser.parse_args()
    folder = Path(os.environ.get("CENTRALA_DATA", "")) / "identification"
    if not (folder / "records.en.csv.gz").exists():
        sys.stdout.write(json.dumps({"benchmark": "identification", "skipped": "needs CENTRALA_DATA", "goals": []}))
        return
    print(json.dumps(measured(folder, quick=chosen.quick), indent=None if chosen.json else 2))


def measured(folder: Path, *, quick: bool) -> dict[str, object]:
    """Return all figures and goals of one run."""
    records, calls = _records(folder / "records.en.csv.gz"), _calls(folder / "dialogues.en.tsv.gz")
    kept = [call for call in calls if call.record in records and is_kept_apart(call.speaker)]
    kept = kept[::4] if quick else kept
    verified = {
        name: _verification(kept, records, attempts, QUICK_IMPOSTORS if quick else IMPOSTORS)
        for name, attempts in (("one_attempt", 1), ("three_attempts", 3))
    }
    identified = {name: _identification(kept, records, n) for name, n in (("one_attempt", 1), ("three_attempts", 3))}
    goals = [
        _goal(label, verified[name]["ours"][f"accepted_at_{FALSE_ACCEPT[1]:g}"], goal) for label, name, goal in GOALS
    ]
    three = identified["three_attempts"]
    goals.append(_goal("identification: right record found, three attempts", three["ours"]["right"], 0.93))
    goals.append(_at_most("identification: somebody else found when he isn't there", three["ours"]["false"], 0.005))
    goals.append(_at_most("one identification", three["ours"]["ms"], 50.0, "ms CPU"))
    return {
        "benchmark": "identification",
        "data": {"records": len(records), "calls": len(calls), "kept_apart": len(kept)},
        "verification": verified,
        "identification": identified,
        "goals": goals,
    }


def is_kept_apart(speaker: str) -> bool:
    """Tell whether a speaker's calls are measured; those of the others were counted for the weights."""
    return int(hashlib.blake2b(speaker.encode(), digest_size=4).hexdigest(), 16) % 2 == 0


def _records(path: Path) -> dict[str, CustomerRow]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return {
            row["scenario_id"]: CustomerRow(
                id=row["scenario_id"],
                created_at=0,
                name=row["name"],
                birth_date=row["dob"],
                postcode=plain_code(row["postcode"]),
            )
            for row in csv.DictReader(file)
        }


def _calls(path: Path) -> list[Caller]:
    heard: dict[str, dict[str, list[Sequence[str]]]] = {}
    whose: dict[str, tuple[str, str]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            whose[row["dialogue_id"]] = (row["speaker_id"], row["scenario_id"])
            items = heard.setdefault(row["dialogue_id"], {"name": [], "postcode": [], "dob": []})
            items[row["item"]].append(json.loads(row["nbest"] or "[]"))
    return [Caller(id, *whose[id], items) for id, items in heard.items()]


# -- verification


def _verification(
    calls: Sequence[Caller], records: Mapping[str, CustomerRow], attempts: int, impostors: int
) -> dict[str, dict[str, float]]:
    everybody, draw = list(records.values()), Random(SEED)
    genuine, wrong, exact_genuine, exact_wrong = [], [], [], []
    for call in calls:
        said, own = call.said(attempts), records[call.record]
        genuine.append(bits_of(compared(said, own)))
        exact_genuine.append(_exact(call, own, attempts))
        for other in draw.sample(everybody, impostors):
            if other.id != own.id:
                wrong.append(bits_of(compared(said, other)))
                exact_wrong.append(_exact(call, other, attempts))
    figures = {f"accepted_at_{rate:g}": round(_accepted(genuine, wrong, rate), 4) for rate in FALSE_ACCEPT}
    return {
        "ours": {**figures, "equal_error": round(_equal_error(genuine, wrong), 4), "impostors": len(wrong)},
        "exact": {
            "all_three_agree": round(sum(each == 3 for each in exact_genuine) / len(exact_genuine), 4),
            "two_agree": round(sum(each >= 2 for each in exact_genuine) / len(exact_genuine), 4),
            "false_accept_two": round(sum(each >= 2 for each in exact_wrong) / len(exact_wrong), 6),
        },
    }


def _accepted(genuine: Sequence[float], wrong: Sequence[float], rate: float) -> float:
    """Return the share of the genuine above the bound that at most `rate` of the wrong reach."""
    bound = sorted(wrong, reverse=True)[int(rate * len(wrong))]
    return sum(bits > bound for bits in genuine) / len(genuine)


def _equal_error(genuine: Sequence[float], wrong: Sequence[float]) -> float:
    """Return the rate at which as many genuine are refused as impostors accepted, in between the nearest bounds."""
    best = min(
        (abs(refused - accepted), (refused + accepted) / 2)
        for bound in sorted({*genuine, *wrong})
        for refused, accepted in [(_share(genuine, bound, below=True), _share(wrong, bound, below=False))]
    )
    return best[1]


def _share(bits: Sequence[float], bound: float, *, below: bool) -> float:
    return sum((each < bound) == below for each in bits) / len(bits)


# -- identification


def _identification(
    calls: Sequence[Caller], records: Mapping[str, CustomerRow], attempts: int
) -> dict[str, dict[str, float]]:
    index = _Index(records.values())
    right = other = false = exact = exact_false = 0
    began = process_time()
    for call in calls:
        found = index.find(call.said(attempts))
        right += found == call.record
        other += found not in (None, call.record)
        false += index.find(call.said(attempts), without=call.record) is not None
    spent = process_time() - began
    for call in calls:
        agreeing = [row.id for row in index.exact(call, attempts)]
        exact += agreeing == [call.record]
        exact_false += any(id != call.record for id in agreeing)
    n = len(calls)
    return {
        "ours": {
            "right": round(right / n, 4),
            "somebody_else": round(other / n, 4),
            "false": round(false / n, 4),
            "ms": round(1000 * spent / (2 * n), 2),
        },
        "exact": {"right": round(exact / n, 4), "somebody_else": round(exact_false / n, 4)},
    }


class _Index:
    """The records by date of birth and by postcode, as the store looks them up."""

    def __init__(self, rows: Iterable[CustomerRow]) -> None:
        self._by_date: dict[str, list[CustomerRow]] = defaultdict(list)
        self._by_code: dict[str, list[CustomerRow]] = defaultdict(list)
        self._size = 0
        for row in rows:
            self._by_date[row.birth_date or ""].append(row)
            self._by_code[row.postcode or ""].append(row)
            self._size += 1

    def find(self, said: Said, without: str | None = None) -> str | None:
        """Return the likeliest record, if it is likely enough and no other as likely."""
        keyed = [*self._of(self._by_date, likely_birth_dates(said)), *self._of(self._by_code, likely_postcodes(said))]
        rows = {row.id: row for row in keyed if row.id != without}
        scored = sorted(((bits_of(compared(said, row)), row.id) for row in rows.values()), reverse=True)
        if not scored or (len(scored) > 1 and scored[1][0] == scored[0][0]):
            return None
        best = scored[0][1]
        likely = probability(compared(said, rows[best]), self._size)
        return best if likely >= STRONG_FROM else None

    def exact(self, call: Caller, attempts: int) -> Iterator[CustomerRow]:
        """Yield the records of which two items agree exactly with the best transcription."""
        dates = {date for text in _best(call, "dob", attempts) if (date := _plain_date(text))}
        codes = {plain_code(text) for text in _best(call, "postcode", attempts)}
        keyed = [*self._of(self._by_date, dates), *self._of(self._by_code, codes)]
        yield from {row.id: row for row in keyed if _exact(call, row, attempts) >= 2}.values()

    def _of(self, index: Mapping[str, list[CustomerRow]], keys: Iterable[str]) -> Iterator[CustomerRow]:
        for key in keys:
            yield from index.get(key, ())


# -- the naive way


def _exact(call: Caller, row: CustomerRow, attempts: int) -> int:
    """Return how many of the three items are the same as written down, case and blanks left aside."""
    code = any(plain_code(text) == row.postcode for text in _best(call, "postcode", attempts))
    name = any(" ".join(text.casefold().split()) == row.name.casefold() for text in _best(call, "name", attempts))
    date = any(_plain_date(text) == row.birth_date for text in _best(call, "dob", attempts))
    return code + name + date


def _best(call: Caller, item: str, attempts: int) -> list[str]:
    return [nbest[0] for nbest in call.heard[item][:attempts] if nbest]


def _plain_date(text: str) -> str | None:
    plain = re.sub(r"(\d)(st|nd|rd|th)\b|\bof\b|\bthe\b", r"\1", text.strip())
    for form in _FORMATS:
        try:
            return datetime.strptime(" ".join(plain.split()), form).date().isoformat()  # noqa: DTZ007  # a date only
        except ValueError:
            continue
    return None


def _goal(name: str, value: float, goal: float, unit: str = "share") -> dict[str, object]:
    return {"name": name, "value": value, "goal": goal, "unit": unit, "holds": value >= goal}


def _at_most(name: str, value: float, goal: float, unit: str = "share") -> dict[str, object]:
    return {"name": name, "value": value, "goal": goal, "unit": unit, "holds": value <= goal}


if __name__ == "__main__":
    main()
