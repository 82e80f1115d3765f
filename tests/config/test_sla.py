"""Service-level agreements in the file: what the core reads, and what is refused with its line."""

import pytest

from config.policy import policy_of
from queues.sla import Agreement, Escalation, SlaPolicy
from tests.config.files import SMALL, lines, reading
from vocabulary.instants import HOUR, MINUTE

OFFICE = '[hours.office]\nweek = { mon-fri = "08:00-17:00" }\n'


def test_an_agreement_reaches_the_core() -> None:
    result = reading(
        f"""{SMALL}
{OFFICE}
[sla.gold]
first_response = "15m"
resolution = "8h"
clock = "business"
hours = "office"
pause_while_parked = true
warn_before = ["5m"]
segments = "key_account"
queues = ["support"]
at_warning = {{ notify = "page" }}
at_breach = {{ priority = 20, queue = "support", notify = ["email", "webhook"] }}
"""
    )
    assert result.settings is not None, result.faults
    assert policy_of(result.settings).sla == {
        "gold": SlaPolicy(
            agreement=Agreement(
                name="gold",
                first_response=15 * MINUTE,
                resolution=8 * HOUR,
                hours="office",
                pause_while_parked=True,
                warn_before=(5 * MINUTE,),
            ),
            segments=("key_account",),
            queues=("support",),
            at_warning=Escalation(notify=("page",)),
            at_breach=Escalation(priority=20, queue="support", notify=("email", "webhook")),
        )
    }


@pytest.mark.parametrize(
    ("sla", "fault"),
    [
        ('first_response = "1m"', "sla.gold: warning: found an agreement that is for nobody"),
        ('segments = "key"', "sla.gold: found no target"),
        (
            'segments = "key"\nfirst_response = "1m"\nclock = "business"',
            'sla.gold.clock: found "business" without hours',
        ),
        (
            'segments = "key"\nfirst_response = "1m"\nhours = "office"',
            'sla.gold.hours: found hours beside the clock "calendar"',
        ),
        ('segments = "key"\nfirst_response = "1m"\nclock = "business"\nhours = "ofice"', "sla.gold.hours"),
        ('queues = "support"\nfirst_response = "1m"', "sla.gold.queues: found queues without segments"),
        ('segments = "key"\nqueues = ["suport"]\nfirst_response = "1m"', "sla.gold.queues[0]"),
        ('segments = "key"\nfirst_response = "1m"\nwarn_before = ["1m"]', 'sla.gold.warn_before[0]: found "1m"'),
        ('segments = "key"\nfirst_response = "1m"\nat_breach = { queue = "x" }', "sla.gold.at_breach.queue"),
        ('segments = "key"\nfirst_response = "1m"\nat_breach = { notify = "pager" }', "sla.gold.at_breach.notify"),
    ],
)
def test_what_is_wrong_with_an_agreement_is_named(sla: str, fault: str) -> None:
    found = lines(f"{SMALL}\n{OFFICE}\n[sla.gold]\n{sla}\n")
    assert any(fault in line for line in found), found


def test_a_queue_names_an_agreement_that_there_is() -> None:
    text = SMALL.replace('target = "20s"', 'target = "20s"\nsla = "gould"')
    (fault,) = lines(f'{text}\n[sla.gold]\nfirst_response = "1m"\nsegments = "key"\n')
    assert fault.startswith("centrala.toml:3:")
    assert "gold" in fault


def test_a_medium_that_looks_like_a_slip_is_named() -> None:
    text = SMALL.replace('target = "20s"', 'silent_after = { chatt = "5m" }\nparked_close_after = { emial = "5m" }')
    assert [line.split(":")[1] for line in lines(text)] == ["2", "3"]
