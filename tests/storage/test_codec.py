from typing import Any

import msgspec
import pytest

from router.events import Closed, HoldEnded, OfferAccepted, PresenceChanged
from storage.codec import TYPES, decode, encode
from tests.storage import golden
from vocabulary.errors import PermanentFailure
from vocabulary.records import Entry


@pytest.mark.parametrize("line", golden.lines(), ids=lambda line: f"{line.type} v{line.v}")
def test_a_line_of_the_golden_journal_still_means_what_it_says(line: golden.Line) -> None:
    event = decode(line.entry(1))
    if (line.type, line.v) == (type(event).__name__, event.v):
        assert msgspec.json.decode(encode(event, 1).body) == msgspec.json.decode(line.body)


def test_the_golden_journal_has_every_event() -> None:
    assert golden.missing() == [], "python -m tests.storage.golden >> tests/storage/golden.jsonl"


def test_an_entry_carries_what_the_journal_is_searched_by() -> None:
    accepted = OfferAccepted(at=5, offer="o-1", interaction="i-1", agent="a-1")
    entry = encode(accepted, 12)
    assert msgspec.structs.replace(entry, body=b"") == Entry(12, 5, "OfferAccepted", 1, b"", "i-1", "a-1", None)
    assert decode(entry) == accepted
    presence = encode(PresenceChanged(at=5, agent="a-1", presence="away", by="a-1"), 13)
    assert (presence.interaction, presence.agent) == (None, "a-1")


def test_every_event_says_its_version() -> None:
    assert all(kind.v >= 1 for kind in TYPES.values())


def test_old_entries_are_upgraded_step_by_step() -> None:
    def renamed(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "type": "HoldOver"}

    def split(body: dict[str, Any]) -> dict[str, Any]:
        return {"type": "HoldEnded", "at": body["at"], "interaction": body["ticket"]}

    old = Entry(1, 5, "PreferenceEnded", -1, b'{"type":"PreferenceEnded","at":5,"ticket":"i-1"}')
    upgrades = {("PreferenceEnded", -1): renamed, ("HoldOver", 0): split}
    assert decode(old, upgrades) == HoldEnded(at=5, interaction="i-1")


@pytest.mark.parametrize(("name", "v"), [("Teleported", 1), ("HoldEnded", 2)])
def test_what_a_newer_centrala_wrote_is_refused(name: str, v: int) -> None:
    with pytest.raises(PermanentFailure, match=f"entry 3 .{name} v{v}. can't be read"):
        decode(Entry(3, 5, name, v, b'{"type":"HoldEnded","at":5,"interaction":"i-1"}'))


@pytest.mark.parametrize("body", [b"", b"{", b'{"type":"HoldEnded","at":5}', b'{"type":"HoldEnded","at":"x"}', b"\xff"])
def test_a_damaged_body_is_named(body: bytes) -> None:
    with pytest.raises(PermanentFailure, match=r"entry 3 .HoldEnded v1. is damaged"):
        decode(Entry(3, 5, "HoldEnded", 1, body))


def test_a_body_of_another_type_than_the_entry_says_is_refused() -> None:
    closed = Closed(at=5, interaction="i-1", reason="spam", by="ada", reopen_until=5)
    with pytest.raises(PermanentFailure, match="is damaged"):
        decode(msgspec.structs.replace(encode(closed, 3), type="HoldEnded"))
