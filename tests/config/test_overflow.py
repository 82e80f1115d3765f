"""Overflow, closing and callbacks in the file: what the core reads, and what is refused."""

from pathlib import Path

import pytest

from config.loader import read_text
from config.policy import policy_of
from queues.overflow import Do, Overflow, When
from vocabulary.instants import HOUR, MINUTE

FILE = """\
[channels.box]
medium = "email"
address = "box@example.org"
[channels.talk]
medium = "chat"
[hours.office]
week = { mon-fri = "08:00-16:00" }
[queues.support]
hours = "office"
message_channel = "box"
QUEUE
[queues.backup]
BACKUP
[[autoresponses]]
name = "sorry"
kind = "acknowledge"
text = { en = "We are closed." }
[[rules]]
then = { queue = "support", autoresponse = "sorry" }
"""


def test_what_the_file_says_is_what_the_core_reads() -> None:
    text = FILE.replace(
        "QUEUE",
        """overflow = [
  { when = { wait = "5m", unstaffed = true }, do = { move = "backup" } },
  { when = { length = 20 }, do = { priority = 5, groups = "helpers", callback = true } },
  { when = { closed = true }, do = { reply = "sorry", close = "closed_now" } },
]
on_close = "overflow"
outside_hours = "schedule"
callback_slot = "1h"
callback_places = 0
""",
    ).replace("BACKUP", "")
    read = read_text(text, Path("centrala.toml"), {})
    assert read.settings is not None, read.faults
    queue = policy_of(read.settings).queues["support"]
    assert queue.overflow == (
        Overflow(when=When(wait=5 * MINUTE, unstaffed=True), do=Do(move="backup")),
        Overflow(when=When(length=20), do=Do(priority=5, groups=("helpers",), callback=True)),
        Overflow(when=When(closed=True), do=Do(reply="sorry", close="closed_now")),
    )
    assert (queue.on_close, queue.outside_hours, queue.callback_slot, queue.callback_places) == (
        "overflow",
        "schedule",
        HOUR,
        0,
    )


@pytest.mark.parametrize(
    ("line", "path", "found"),
    [
        ('overflow = [{ when = { wait = "1m" }, do = { move = "bakcup" } }]', "overflow[0].do.move", '"bakcup"'),
        ('overflow = [{ when = { wait = "1m" }, do = { move = "support" } }]', "overflow[0].do.move", '"support"'),
        ('overflow = [{ when = { wait = "1m" }, do = { reply = "sory" } }]', "overflow[0].do.reply", '"sory"'),
        ('overflow = [{ when = {}, do = { move = "backup" } }]', "overflow[0].when", "no condition"),
        ('overflow = [{ when = { wait = "1m" }, do = {} }]', "overflow[0].do", "nothing that is done"),
        (
            'overflow = [{ when = { wait = "1m" }, do = { move = "backup", close = "x", reply = "sorry" } }]',
            "overflow[0].do.close",
            "it beside move",
        ),
        (
            (
                'overflow = [{ when = { closed = true }, do = { close = "x", reply = "sorry" } }, '
                '{ when = { holiday = true }, do = { close = "y", reply = "sorry" } }]'
            ),
            "overflow[1]",
            "a rule that never applies",
        ),
        (
            (
                'overflow = [{ when = { wait = "1m" }, do = { close = "x", reply = "sorry" } }, '
                '{ when = { wait = "2m", unstaffed = true }, do = { close = "y", reply = "sorry" } }]'
            ),
            "overflow[1]",
            "a rule that never applies",
        ),
        ('on_close = "overflow"', "on_close", '"overflow" without a rule for it'),
    ],
)
def test_what_can_not_be_is_refused_with_its_line(line: str, path: str, found: str) -> None:
    read = read_text(FILE.replace("QUEUE", line).replace("BACKUP", ""), Path("centrala.toml"), {})
    (fault,) = [fault for fault in read.faults if fault.severity == "fault"]
    assert (fault.path, fault.found, fault.line) == (f"queues.support.{path}", found, 11)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('overflow = [{ when = { closed = true }, do = { move = "support" } }]', "overflow[0].when.closed"),
        ('overflow = [{ when = { wait = "1m" }, do = { message = true } }]', "overflow[0].do.message"),
        ('on_close = "callback"', "on_close"),
        ('outside_hours = "schedule"', "outside_hours"),
        ('message_channel = "talk"', "message_channel"),
    ],
)
def test_what_needs_hours_or_a_mailbox_says_so(line: str, path: str) -> None:
    read = read_text(FILE.replace("QUEUE", "").replace("BACKUP", line), Path("centrala.toml"), {})
    assert [fault.path for fault in read.faults if fault.severity == "fault"] == [f"queues.backup.{path}"]


def test_moves_in_a_circle_are_warned_of_once() -> None:
    there = 'overflow = [{ when = { unstaffed = true }, do = { move = "backup" } }]'
    back = 'overflow = [{ when = { unstaffed = true }, do = { move = "support" } }]'
    read = read_text(FILE.replace("QUEUE", there).replace("BACKUP", back), Path("centrala.toml"), {})
    assert [(fault.path, fault.found, fault.severity) for fault in read.faults] == [
        ("queues.support.overflow[0].do.move", "a circle, support -> backup -> support", "warning")
    ]


def test_words_belong_to_languages() -> None:
    text = FILE.replace('{ en = "We are closed." }', '{ english = "We are closed." }')
    read = read_text(text.replace("QUEUE", "").replace("BACKUP", ""), Path("centrala.toml"), {})
    assert any(fault.path.startswith("autoresponses[0].text") for fault in read.faults)
