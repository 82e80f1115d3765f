"""Documents that are sent later: what start-up says of their words, files, hours and queues."""

from pathlib import Path

import pytest

from config.loader import Reading, read_text
from config.policy import policy_of
from queues.sending import CallOn, SendingPlan, Timing
from vocabulary.instants import DAY, HOUR

FILE = """
[site]
languages = ["en", "pl"]
time_zone = "Europe/Warsaw"

[channels.mail]
medium = "email"
address = "support@example.org"

[channels.shop]
medium = "chat"

[queues.support]
{queue}

[queues.sales]

[hours.office]
week = {{ mon-fri = ["08:00-17:00"] }}

[[rules]]
when = {{ {when} }}
then = {{ queue = "support", autoresponse = "prices" }}

[[rules]]
then = {{ queue = "sales" }}

[[autoresponses]]
name = "prices"
kind = "document"
text = {{ en = "Our prices.", pl = "Nasze ceny." }}
{more}
"""
IN_ORDER = {"queue": 'message_channel = "mail"', "when": 'words = "price*"', "more": ""}


def reading(folder: Path, **parts: str) -> Reading:
    return read_text(FILE.format(**{**IN_ORDER, **parts}), folder / "centrala.toml", {})


def faults(folder: Path, **parts: str) -> list[str]:
    """Return what is said of a file, without where it is."""
    return [str(fault).partition(": ")[2].replace(f"{folder}/", "") for fault in reading(folder, **parts).faults]


def test_a_document_becomes_a_plan_of_the_core(tmp_path: Path) -> None:
    more = """
after = "2h"
at = "08:30"
within = "office"
unsubscribe = true
escalate = { after = "7d", at = "10:00", callback = "sales" }
steps = [{ after = "3d", text = { en = "Seen?", pl = "Czytane?" } }]
"""
    settings = reading(tmp_path, more=more).settings
    assert settings is not None
    (plan,) = policy_of(settings).plans.values()
    assert plan == SendingPlan(
        name="prices",
        steps=(Timing(2 * HOUR, 8 * 60 + 30), Timing(3 * DAY)),
        within="office",
        zone=plan.zone,
        call=CallOn(Timing(7 * DAY, 10 * 60), "sales"),
        unsubscribe=True,
    )
    assert str(plan.zone) == "Europe/Warsaw"


def test_a_document_alone_is_in_order(tmp_path: Path) -> None:
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('subject = { en = "{{ name }}" }', "found line 1 of it: the unknown variable 'name'"),
        ('at = "8:00"', 'expected a time of day such as "08:00", from 00:00 to 23:59; did you mean "08:00"?'),
        ('at = "24:00"', 'found "24:00", expected a time of day such as "08:00", from 00:00 to 23:59'),
        ('within = "offices"', 'found "offices", expected a table of [hours]: "office"; did you mean "office"?'),
        (
            'escalate = { after = "1d", callback = "sale" }',
            'found "sale", expected a queue: "sales" or "support"; did you mean "sales"?',
        ),
        (
            'steps = [{ after = "1d", text = { en = "Seen?" } }]',
            'found no words in "pl", expected words in each of site.languages: "en" and "pl"',
        ),
        ('subject = { de = "Preise" }', 'found "de", expected one of site.languages: "en" or "pl"'),
        ('subject = { en = "two\\nlines" }', "found a subject of several lines, expected one line"),
        ('attachments = ["gone.pdf"]', "found gone.pdf: No such file or directory, expected a file that can be read"),
        ('attachments = ["fake.pdf"]', "found fake.pdf: such files are not taken"),
        ('attachments = ["large.txt"]', "found large.txt of 10.0MB, expected a file of 10MB at most"),
        ('attachments = ["list.{language}.pdf"]', "found list.pl.pdf: No such file or directory"),
        ('time_zone = "Warsaw"', 'found "Warsaw", expected an IANA time zone such as "Europe/Warsaw"'),
    ],
)
def test_what_is_wrong_with_a_document_is_said(tmp_path: Path, more: str, said: str) -> None:
    (tmp_path / "fake.pdf").write_bytes(b"MZ")
    (tmp_path / "large.txt").write_bytes(b"x" * 10_000_001)
    (tmp_path / "list.en.pdf").write_bytes(b"%PDF-1.7")
    assert any(said in each for each in faults(tmp_path, more=more)), faults(tmp_path, more=more)


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(3)]
    for name in names:
        (tmp_path / name).write_bytes(b"x" * 7_000_000)
    (fault,) = faults(tmp_path, more=f"attachments = {names}")
    assert "found 21.0MB in all, expected 18MB at most" in fault


def test_a_time_outside_the_hours_is_warned_of(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, more='at = "06:00"\nwithin = "office"')
    assert "warning: found 06:00, expected a time within hours.office" in fault


@pytest.mark.parametrize(
    ("when", "severity"), [('channel = "shop"', "fault"), ('medium = "chat"', "fault"), ('words = "price*"', "warning")]
)
def test_a_rule_whose_customers_no_mail_can_reach_is_noted(tmp_path: Path, when: str, severity: str) -> None:
    found = reading(tmp_path, queue="", when=when).faults
    assert [(fault.severity, fault.path) for fault in found] == [(severity, "rules[0].then.autoresponse")]
    assert faults(tmp_path, queue="", when='channel = "mail"') == []


def test_what_belongs_to_documents_is_refused_elsewhere(tmp_path: Path) -> None:
    more = '[[autoresponses]]\nname = "ack"\nkind = "acknowledge"\nattachments = ["a.pdf"]\n'
    assert any(
        'found it beside kind "acknowledge", expected it only with kind "document"' in each
        for each in faults(tmp_path, more=more)
    )


def test_a_queue_does_not_send_documents_to_whom_it_can_not_serve(tmp_path: Path) -> None:
    queue = 'message_channel = "mail"\noverflow = [{ when = { wait = "5m" }, do = { reply = "prices" } }]'
    (fault,) = faults(tmp_path, queue=queue)
    assert 'found "prices", a document' in fault
