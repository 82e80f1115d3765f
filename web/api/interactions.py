"""Interactions: admit, list, look at, write in."""

from typing import Any

import msgspec

from queues.interaction import Interaction
from router.explain import explain_interaction
from router.sending_story import sending_reasons, sendings_told
from router.standing import goes_first
from router.story import story
from vocabulary.records import InteractionRow
from vocabulary.skills import Preference, Requirement, preference_of
from web.access import Principal, Tie, allows, tie_to_interaction
from web.answers import Events, Interactions, InteractionView, Messages
from web.call import Call, accepted
from web.endpoint import Endpoints
from web.event_views import entry_event, tells_who_monitors
from web.explaining import language_of, worded
from web.payloads import (
    EventQuery,
    ExplainQuery,
    InteractionQuery,
    MessageQuery,
    NewInteraction,
    NewPreference,
    NewRequirement,
)
from web.problems import Problem, invalid, span_at
from web.site import Admission, ApiCustomer, ApiInteraction

endpoints = Endpoints("interactions")

_PAGES_MAX = 20
"""How many pages of the records one call looks through for what an operator may see."""


@endpoints.post(
    "/interactions", "interaction.start", "Admit an interaction, or begin one; 200 if it had come before", status=201
)
async def admit(call: Call, body: NewInteraction) -> InteractionView:
    """Take in work. With the same (channel, external_id), or Idempotency-Key, it is the same interaction.

    With `direction: "out"` an agent begins it: it is his at once, and `text` is what he writes to the customer.
    """
    _check_routes(call, body)
    if body.direction == "out":
        admission = await _start(call, body)
    elif allows(call.principal, "interaction.admit", Tie.NONE):
        admission = await call.site.admit(_given(call, body))
    else:
        raise Problem("forbidden", 'Agents begin interactions with `direction: "out"`.', reason="direction")
    if admission.known:
        call.status = 200
    found = await call.views.find(admission.interaction)
    assert found is not None, "what was admitted is there"
    return await call.views.interaction(found)


async def _start(call: Call, body: NewInteraction) -> Admission:
    agent = body.agent or call.principal.agent
    if agent is None:
        raise invalid("agent", "Name the agent who begins it; you are none yourself.")
    if call.principal.role == "operator" and agent != call.principal.agent:
        raise Problem("forbidden", "Agents begin interactions in their own name.", reason="not_yours")
    await call.context.leases.renew(agent)
    decision, admission = await call.site.start(_given(call, body), agent)
    if not admission.known:
        accepted(decision)
    return admission


def _given(call: Call, body: NewInteraction) -> ApiInteraction:
    return ApiInteraction(
        channel=body.channel,
        external_id=body.external_id or call.derived("api"),
        medium=body.medium,
        customer=ApiCustomer(
            id=body.customer.id,
            email=body.customer.email,
            phone=body.customer.phone,
            name=body.customer.name,
            language=body.customer.language,
        ),
        subject=body.subject,
        text=body.text,
        queue=body.queue,
        priority=body.priority,
        class_=body.class_,
        requirements=requirements_of(body.requirements),
        preferences=_preferences_of(body.preferences),
        preferred_agent=body.preferred_agent,
        attributes=body.attributes,
    )


def _check_routes(call: Call, body: NewInteraction) -> None:
    policy = call.site.policy
    if body.channel is not None and body.channel not in policy.channels:
        raise invalid("channel", f"There is no channel {body.channel!r}; there are: {_listed(policy.channels)}.")
    if body.queue is not None and body.queue not in policy.queues:
        raise invalid("queue", f"There is no queue {body.queue!r}; there are: {_listed(policy.queues)}.")
    if body.preferred_agent is not None and body.preferred_agent not in call.site.state.agents:
        raise invalid("preferred_agent", f"There is no agent {body.preferred_agent!r}.")


def _listed(names: dict[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def requirements_of(given: tuple[NewRequirement, ...] | None) -> tuple[Requirement, ...] | None:
    """Return the requirements that a caller gave, None if he left them to the rules.

    Raises:
        Problem: a span is none (422).
    """
    if given is None:
        return None
    return tuple(
        Requirement(
            need.skill,
            need.level,
            None if need.expires_after is None else span_at(f"requirements[{place}].expires_after", need.expires_after),
            need.weight,
        )
        for place, need in enumerate(given)
    )


def _preferences_of(given: tuple[NewPreference | str, ...] | None) -> tuple[Preference, ...] | None:
    return None if given is None else tuple(_preference(place, wish) for place, wish in enumerate(given))


def _preference(place: int, wish: NewPreference | str) -> Preference:
    path = f"preferences[{place}]"
    if isinstance(wish, str):
        try:
            return preference_of(wish)
        except ValueError as error:
            raise invalid(path, str(error)) from error
    if (wish.group is None) == (wish.skill is None):
        raise invalid(path, "Name a group or a skill, one of the two.")
    return Preference(wish.group, wish.skill, wish.level, wish.weight)


@endpoints.get("/interactions", "interaction.list", "List interactions, newest first")
async def list_interactions(call: Call, query: InteractionQuery) -> Interactions:
    """Answer those that the caller may see. Agents see what they have or had, what rings, and their queues."""
    if query.key:
        return await _of_key_customers(call, query)
    rows, cursor = await _visible(call, query)
    items = [await call.views.interaction(call.views.of_row(row)) for row in rows]
    return Interactions(items=items, next=None if cursor is None else str(cursor))


async def _of_key_customers(call: Call, query: InteractionQuery) -> Interactions:
    """Answer a page of what the state holds of customers who go first: however many wait, those are found at once."""
    if query.q is not None:
        raise invalid("q", "That is not searched together with `key`.")
    site, states = call.site, {state for state in (query.state or "").split(",") if state}
    asked = await call.customer(query.customer) if query.customer is not None else None
    wanted = {"queue": query.queue, "agent": query.agent, "customer": asked.id if asked else query.customer}
    found = [
        one
        for one in site.state.interactions.values()
        if goes_first(one.segments, site.policy)
        and (not states or str(one.state) in states)
        and all(value is None or getattr(one, name) == value for name, value in wanted.items())
        and (query.cursor is None or one.number < query.cursor)
        and may_see(call.principal, one, call)
    ]
    page = sorted(found, key=lambda one: -one.number)[: query.limit]
    items = [await call.views.interaction(one) for one in page]
    return Interactions(items=items, next=str(page[-1].number) if len(found) > len(page) else None)


async def _visible(call: Call, query: InteractionQuery) -> tuple[list[InteractionRow], int | None]:
    """Return a page of rows, and the cursor of the next page if there is one."""
    asked = await call.customer(query.customer) if query.customer is not None else None
    customer = query.customer if asked is None else asked.id
    knows = customer is not None and await call.views.knows(call.principal, customer)
    parts = None if customer is None else await call.site.store.group(customer)
    found: list[InteractionRow] = []
    before = query.cursor
    for _ in range(_PAGES_MAX):
        page = await call.site.store.interactions(
            state=[state for state in (query.state or "").split(",") if state],
            queue=query.queue,
            agent=query.agent,
            customer=parts,
            q=query.q,
            before=before,
            limit=query.limit,
        )
        for row in page:
            before = row.number
            if may_see(call.principal, call.views.of_row(row), call, knows=knows):
                found.append(row)
                if len(found) == query.limit:
                    return found, before
        if len(page) < query.limit:
            return found, None
    return found, before


def may_see(principal: Principal, interaction: Interaction, call: Call, *, knows: bool = False) -> bool:
    """Tell whether `principal` may see `interaction` in a list; `knows`: he serves its customer just now."""
    tie = tie_to_interaction(principal, interaction, call.site.state)
    return allows(principal, "interaction.see", tie | (Tie.KNOWS if knows else Tie.NONE))


@endpoints.get("/interactions/{id}", "interaction.see", "One interaction")
async def get_interaction(call: Call, id: str) -> InteractionView:
    """Answer the interaction, closed ones from the records."""
    return await call.views.interaction(await call.interaction(id, "interaction.see"))


@endpoints.get("/interactions/{id}/messages", "interaction.read", "Its messages and notes")
async def list_messages(call: Call, id: str, query: MessageQuery) -> Messages:
    """Answer a page of the conversation, oldest first."""
    await call.interaction(id, "interaction.read")
    rows = await call.site.store.messages(id, after=query.after, limit=query.limit)
    items = [await call.views.message(row, call.language) for row in rows]
    return Messages(items=items, next=rows[-1].number if len(rows) == query.limit else None)


@endpoints.get("/interactions/{id}/events", "interaction.see", "Its part of the event log")
async def list_events(call: Call, id: str, query: EventQuery) -> Events:
    """Answer what happened to it, in order."""
    await call.interaction(id, "interaction.see")
    entries = await call.site.store.entries(query.after, query.limit, interaction=id)
    seen = [each for each in entries if call.principal.role != "operator" or not tells_who_monitors(each)]
    return Events(items=[entry_event(entry) for entry in seen], next=entries[-1].seq if entries else query.after)


async def _words_that_decided(call: Call, id: str) -> dict[str, Any] | None:
    """Return what the customer's own words said for its label; None to who may not read them."""
    found = await call.interaction(id, "interaction.see")
    if not allows(call.principal, "interaction.read", await call.views.tie(call.principal, found)):
        return None
    said = await call.site.why_labelled(id)
    if said is None or said.best is None:
        return None
    words = [{"word": word, "points": points} for word, points in said.words]
    return {"label": said.best, "over": said.second, "words": words, "exact": said.exact}


@endpoints.get("/interactions/{id}/explain", "interaction.see", "Why it is where it is")
async def explain(call: Call, id: str, query: ExplainQuery) -> dict[str, Any]:
    """Answer how it came in, its place, why each agent can't take it, and what comes; `text` says the same in words."""
    await call.interaction(id, "interaction.see")
    language = language_of(call, query)
    answer = explain_interaction(call.site.state, call.site.policy, id, call.site.now())
    if answer is None:
        raise Problem("conflict", f"Interaction {id} was over long ago; nothing is decided about it any more.")
    now = call.site.now()
    for told in sendings_told(await call.site.sending_events(id)):
        answer["reasons"] += msgspec.to_builtins(list(sending_reasons(told, call.site.policy, now)))
    came_in = msgspec.to_builtins(story(await call.site.admission_events(id)))
    decided = await _words_that_decided(call, id)
    if decided is not None:
        answer["decided"] = decided
    identified = await call.views.identified(id, language)
    return await worded(call, {**answer, "admission": came_in, "identified": identified}, language)
