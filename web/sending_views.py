"""Views of what is sent later."""

from typing import Annotated

from msgspec import Meta

from router.sending_story import SendingTold
from vocabulary.ids import derived_id
from vocabulary.instants import rfc3339
from web.answers import At, CustomerView, View
from web.staff_views import at


class SentView(View, frozen=True, kw_only=True):
    """A message of a sending that was due. `message`: its id in the conversation; `delivery`: as of any message."""

    at: At
    message: str
    delivery: str


class SendingView(View, frozen=True, kw_only=True):
    """Something that is sent later, or was.

    `name`: the prepared document. `state`: planned, waiting (something was sent, and something follows unless the
    customer answers), done, cancelled or escalated. `reason`: why the next message is held back, or nothing more is
    sent. `by`: who planned it, `router` for a rule. `queue`: whose agents call.
    """

    id: str
    interaction: str
    name: str | None
    state: str
    reason: str
    by: str
    agent: str | None
    planned_at: At
    due_at: At | None
    sent: list[SentView]
    within: str | None
    follow_up: bool
    unless_answered: bool
    ended_by: str
    queue: str | None
    preview: str = ""


class Sendings(View, frozen=True, kw_only=True):
    """Sendings of one interaction, the first planned first."""

    items: list[SendingView]


class PlannedSending(View, frozen=True, kw_only=True):
    """A planned sending with whom it goes to."""

    sending: SendingView
    reference: str
    customer: CustomerView
    queue: str


class PlannedSendings(View, frozen=True, kw_only=True):
    """A page of all planned sendings, the next due first."""

    items: list[PlannedSending]
    next: str | None


class DocumentView(View, frozen=True, kw_only=True):
    """Something prepared that can be sent. `text`: its first message in the language asked for.

    `waits`: it goes not at once but as the configuration says. `follow_ups`: so many messages follow without an answer;
    `queue`: whose agents call then.
    """

    name: str
    text: str
    files: list[str]
    waits: bool
    within: str | None
    follow_ups: int
    queue: str | None
    unsubscribe: bool


class Documents(View, frozen=True, kw_only=True):
    """What is prepared, by name. `hours`: opening hours that a sending may keep to. `time_zone`: the site's."""

    items: list[DocumentView]
    hours: list[str]
    time_zone: Annotated[str, Meta(description="IANA name.")]


def sending_view(told: SendingTold, deliveries: list[str], preview: str) -> SendingView:
    """Return the view of a sending; `deliveries`: what became of each message that was due."""
    return SendingView(
        id=told.id,
        interaction=told.interaction,
        name=told.plan or None,
        state=told.state,
        reason=told.reason,
        by=told.by,
        agent=told.agent,
        planned_at=rfc3339(told.planned_at),
        due_at=at(told.due_at),
        sent=[
            SentView(at=rfc3339(each), message=message_of(told.id, step), delivery=delivery)
            for step, (each, delivery) in enumerate(zip(told.sent, deliveries, strict=True))
        ],
        within=told.within,
        follow_up=not told.alone,
        unless_answered=told.unless_answered,
        ended_by=told.ended_by,
        queue=told.queue,
        preview=preview,
    )


def message_of(sending: str, step: int) -> str:
    """Return the id of the message that is a step of a sending (router/effects.py, app/mailroom.py)."""
    return derived_id("m", derived_id("fx", sending, str(step)))
