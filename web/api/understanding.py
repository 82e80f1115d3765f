"""What messages are about, as people say it, and the versions of the model that learns from that."""

import re

import msgspec

from router import commands as c
from router.decision import Refusal
from vocabulary.ids import reference
from vocabulary.instants import rfc3339
from web.answers import InteractionView
from web.api.handling import now
from web.call import Call
from web.endpoint import Endpoints
from web.learning import ShadowFigures, Training, Version, Watched
from web.learning_answers import (
    LabelledView,
    LabelsView,
    ShadowView,
    ToLabelList,
    ToLabelView,
    TrainingView,
    UnderstandingView,
    VersionList,
    VersionView,
    WatchedView,
)
from web.payloads import LabelSaid, ShadowOn, ToLabelQuery, UseModel
from web.problems import Problem, invalid, refused
from web.staff_views import at

endpoints = Endpoints("understanding")

_NAME = re.compile(r"\w[\w.-]{0,62}")


# -- labels


@endpoints.get("/understanding/labels", "self", "The labels that a person may choose")
async def labels(call: Call) -> LabelsView:
    """Answer what the model knows, what the configuration names, and what people have said before."""
    return LabelsView(items=list(await call.site.learning.labels()))


@endpoints.post("/interactions/{id}/label", "interaction.label", "Say what it is about")
async def say(call: Call, id: str, body: LabelSaid) -> LabelledView:
    """Correct, or confirm, what it is about; that is sure from then on and shown so. Rules don't run again.

    It becomes a row to learn from, unless the site or the customer won't have that. New labels are for supervisors.
    """
    found = await call.interaction(id, "interaction.label")
    await _check(call, body.label)
    learnt = await call.site.learning.said(found, body.label, body.source, call.actor)
    if found.id in call.site.state.interactions:
        await call.submit(c.Relabel(id, body.label, call.actor), *learnt)
    elif learnt:
        # The core has forgotten it: nothing is decided by it any more, but it teaches as much.
        await call.site.write(*learnt)
    return LabelledView(interaction=await now(call, id), learnt=bool(learnt))


async def _check(call: Call, label: str) -> None:
    known = await call.site.learning.labels()
    if label in known:
        return
    if call.principal.role == "operator":
        raise invalid("label", f"There is no label {label!r}; there are {', '.join(known)}. Supervisors make new ones.")
    if _NAME.fullmatch(label) is None or label == "oos":
        raise invalid("label", f"{label!r} is no name of letters, digits, dots, dashes and underlines.")


@endpoints.delete("/interactions/{id}/label", "interaction.label", "Take back what was said")
async def take_back(call: Call, id: str) -> InteractionView:
    """Let it be about what it came in with; the row to learn from goes."""
    found = await call.interaction(id, "interaction.label")
    forgotten = await call.site.learning.taken_back(found)
    if found.id in call.site.state.interactions:
        await call.submit(c.Relabel(id, None, call.actor), *forgotten)
    elif forgotten:
        await call.site.write(*forgotten)
    return await now(call, id)


@endpoints.get("/understanding/to-label", "understanding.see", "What a person should say something of")
async def to_label(call: Call, query: ToLabelQuery) -> ToLabelList:
    """Answer the messages of the last days of which the model is least sure, of many kinds."""
    found = await call.site.learning.to_label(query.limit)
    return ToLabelList(
        items=[
            ToLabelView(
                interaction=each.interaction,
                reference=reference(each.number),
                subject=each.subject,
                text=each.text,
                language=each.language,
                labels=each.labels,
                doubt=each.doubt,
                arrived_at=rfc3339(each.arrived_at),
            )
            for each in found
        ]
    )


# -- the model


@endpoints.get("/understanding", "understanding.see", "The model, what it learns from, and how it does")
async def overview(call: Call) -> UnderstandingView:
    """Answer which version is live, how training goes, what a candidate beside it says, and what was watched."""
    return await _overview(call)


async def _overview(call: Call) -> UnderstandingView:
    learning = call.site.learning
    shadow = await learning.shadow_figures()
    return UnderstandingView(
        live=learning.live,
        rows=await learning.rows(),
        training=_training(await learning.training()),
        shadow=None if shadow is None else _shadow(shadow),
        watched=None if learning.watched is None else _watched(learning.watched),
    )


def _training(told: Training) -> TrainingView:
    fields = msgspec.structs.asdict(told)
    return TrainingView(**{**fields, "started_at": at(told.started_at), "ended_at": at(told.ended_at)})


def _shadow(told: ShadowFigures) -> ShadowView:
    return ShadowView(**{**msgspec.structs.asdict(told), "since": rfc3339(told.since)})


def _watched(told: Watched) -> WatchedView:
    fields = msgspec.structs.asdict(told)
    return WatchedView(**{**fields, "since": rfc3339(told.since), "problems": list(told.problems)})


@endpoints.post("/understanding/retrain", "understanding.act", "Train a new version", status=202)
async def retrain(call: Call) -> TrainingView:
    """Begin; see with GET /understanding how it goes. The new version classifies nothing until it is used."""
    _accepted(await call.site.learning.retrain(call.principal.id))
    return _training(await call.site.learning.training())


def _accepted(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refused(refusal)


@endpoints.get("/understanding/models", "understanding.see", "The versions of the model")
async def models(call: Call) -> VersionList:
    """Answer them, newest first, without their reports."""
    return VersionList(items=[_version(each) for each in await call.site.learning.versions()])


@endpoints.get("/understanding/models/{id}", "understanding.see", "A version with its report")
async def model(call: Call, id: str) -> VersionView:
    """Answer what was measured of it beside the model that was live when it was made."""
    return await _found(call, id)


async def _found(call: Call, id: str) -> VersionView:
    found = await call.site.learning.version(id)
    if found is None:
        raise Problem("not_found", f"There is no version {id!r} of the model.", reason="unknown_model")
    return msgspec.structs.replace(_version(found), report=found.report)


def _version(found: Version) -> VersionView:
    report = found.report
    return VersionView(
        id=found.id,
        at=rfc3339(found.at),
        by=found.by,
        state=found.state,
        fingerprint=found.fingerprint,
        rows=found.rows,
        size=found.size,
        judged=found.judged,
        passes=found.passes,
        accuracy_before=(report.get("before") or {}).get("accuracy"),
        accuracy_after=(report.get("after") or {}).get("accuracy"),
    )


@endpoints.post("/understanding/models/{id}/use", "understanding.act", "Let it classify, everywhere")
async def use(call: Call, id: str, body: UseModel = UseModel()) -> VersionView:  # noqa: B008  (frozen)
    """Use it from now on. Unless `yes` is true, 409 for one that is worse, or was not compared with the live one."""
    _accepted(await call.site.learning.use(id, call.principal.id, yes=body.yes))
    return await _found(call, id)


@endpoints.post("/understanding/rollback", "understanding.act", "Use the version that was live before")
async def roll_back(call: Call) -> UnderstandingView:
    """Go back by one."""
    _accepted(await call.site.learning.roll_back(call.principal.id))
    return await _overview(call)


@endpoints.post("/understanding/models/{id}/shadow", "understanding.act", "Let it run beside the live one, or not")
async def shadow(call: Call, id: str, body: ShadowOn = ShadowOn()) -> VersionView:  # noqa: B008  (frozen)
    """Let it classify what comes in too, without deciding anything; where it differs is counted and listed."""
    _accepted(await call.site.learning.shadow(id if body.on else None, call.principal.id))
    return await _found(call, id)
