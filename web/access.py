"""Who may do what to which object: one table, one function, deny by default."""

from enum import Flag, auto
from typing import Literal

import msgspec

from queues.interaction import Interaction
from queues.lifecycle import HELD
from router.state import State
from web.problems import Problem

Role = Literal["operator", "supervisor", "admin", "integration"]
ROLES: tuple[Role, ...] = ("operator", "supervisor", "admin", "integration")


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person with a session, or a program with a token. `id` may be logged, it is no secret."""

    id: str
    role: Role
    name: str = ""
    agent: str | None = None
    language: str = "en"
    session: str | None = None
    csrf: str = ""
    token: str | None = None


class Tie(Flag):
    """What ties a principal to an object."""

    NONE = 0
    OWNS = auto()
    """He holds the interaction now; the agent or the offer is his own."""
    OFFERED = auto()
    """It rings at him."""
    HELD = auto()
    """He held it before."""
    SERVES = auto()
    """It is in a queue that he serves."""
    KNOWS = auto()
    """It is of a customer whom he serves just now."""
    JOINED = auto()
    """He is in its room."""
    ANYBODY = auto()
    """No tie is needed."""


Action = Literal[
    "self",
    "interaction.admit",
    "interaction.start",
    "interaction.list",
    "interaction.see",
    "interaction.read",
    "interaction.note",
    "interaction.reply",
    "interaction.resend",
    "interaction.handle",
    "interaction.close",
    "interaction.steer",
    "interaction.assign",
    "interaction.room",
    "interaction.takeover",
    "interaction.send",
    "sending.list",
    "interaction.leave",
    "interaction.label",
    "understanding.see",
    "understanding.ask",
    "understanding.act",
    "offer.answer",
    "agent.list",
    "agent.see",
    "agent.act",
    "agent.edit",
    "agent.remove",
    "queue.see",
    "queue.edit",
    "queue.emergency",
    "auto_replies.see",
    "auto_replies.release",
    "avalanche.see",
    "avalanche.answer",
    "article.see",
    "article.edit",
    "report.see",
    "events.read",
    "customer.see",
    "customer.list",
    "customer.edit",
    "customer.merge",
    "purchase.import",
    "segment.see",
    "segment.calculate",
    "customer.export",
    "customer.erase",
    "quarantine.see",
    "quarantine.act",
    "mailbox.see",
    "mail.import",
    "desk.open",
    "wallboard.open",
]

_ANY = Tie.ANYBODY
_SEEN = Tie.OWNS | Tie.OFFERED | Tie.HELD | Tie.JOINED | Tie.SERVES
_READ = Tie.OWNS | Tie.OFFERED | Tie.HELD | Tie.JOINED
_SPEAKS = Tie.OWNS | Tie.JOINED

RIGHTS: dict[Action, dict[Role, Tie]] = {
    "self": dict.fromkeys(ROLES, _ANY),
    "interaction.admit": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.start": dict.fromkeys(ROLES, _ANY),
    "interaction.list": dict.fromkeys(ROLES, _ANY),
    "interaction.see": {"operator": _SEEN | Tie.KNOWS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.read": {"operator": _READ, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.note": {"operator": _READ, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.reply": {"operator": _SPEAKS, "supervisor": _SPEAKS, "admin": _SPEAKS, "integration": _ANY},
    "interaction.resend": {
        "operator": Tie.OWNS | Tie.HELD,
        "supervisor": _ANY,
        "admin": _ANY,
        "integration": _ANY,
    },
    "interaction.handle": {"operator": Tie.OWNS, "supervisor": Tie.OWNS, "admin": Tie.OWNS, "integration": _ANY},
    "interaction.close": {"operator": Tie.OWNS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.steer": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.assign": {
        "operator": Tie.SERVES | Tie.OFFERED,
        "supervisor": _ANY,
        "admin": _ANY,
        "integration": _ANY,
    },
    "interaction.room": {"operator": _SPEAKS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    # An offer's conversation is usually over: who had it may send, too.
    "interaction.send": {"operator": _SPEAKS | Tie.HELD, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "sending.list": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.takeover": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "interaction.label": {"operator": _READ, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "understanding.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "understanding.ask": {"operator": _ANY, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "understanding.act": {"supervisor": _ANY, "admin": _ANY},
    "interaction.leave": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "offer.answer": {"operator": Tie.OWNS, "supervisor": Tie.OWNS, "admin": Tie.OWNS, "integration": _ANY},
    "agent.list": dict.fromkeys(ROLES, _ANY),
    "agent.see": dict.fromkeys(ROLES, _ANY),
    "agent.act": {"operator": Tie.OWNS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "agent.edit": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "agent.remove": {"admin": _ANY, "integration": _ANY},
    "queue.see": dict.fromkeys(ROLES, _ANY),
    "queue.emergency": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "auto_replies.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "auto_replies.release": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "article.see": dict.fromkeys(ROLES, _ANY),
    "article.edit": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "avalanche.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "avalanche.answer": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "report.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "queue.edit": {"admin": _ANY, "integration": _ANY},
    "events.read": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "customer.edit": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "customer.merge": {"operator": Tie.KNOWS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "customer.list": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "purchase.import": {"admin": _ANY, "integration": _ANY},
    "segment.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "segment.calculate": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "customer.export": {"supervisor": _ANY, "admin": _ANY},
    "customer.erase": {"admin": _ANY},
    "quarantine.see": {"supervisor": _ANY, "admin": _ANY},
    "quarantine.act": {"supervisor": _ANY, "admin": _ANY},
    "mailbox.see": {"supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "mail.import": {"admin": _ANY, "integration": _ANY},
    "customer.see": {"operator": Tie.KNOWS, "supervisor": _ANY, "admin": _ANY, "integration": _ANY},
    "desk.open": {"operator": _ANY, "supervisor": _ANY, "admin": _ANY},
    "wallboard.open": {"supervisor": _ANY, "admin": _ANY},
}
"""For each action, the roles that may, and the ties of which they need at least one."""


def allows(principal: Principal, action: Action, tie: Tie) -> bool:
    """Tell whether `principal` may do `action` to something he is tied to by `tie`."""
    needed = RIGHTS[action].get(principal.role, Tie.NONE)
    return bool(needed & (tie | Tie.ANYBODY))


def authorise(principal: Principal, action: Action, tie: Tie | None = None) -> None:
    """Return if `principal` may do `action`; `tie` is left out where no object is known yet.

    Raises:
        Problem: he may not (403).
    """
    needed = RIGHTS[action].get(principal.role)
    if needed is None:
        roles = ", ".join(RIGHTS[action])
        raise Problem("forbidden", f"Your role is {principal.role}; this needs one of: {roles}.", reason="role")
    if tie is not None and not allows(principal, action, tie):
        raise Problem("forbidden", "This is not yours to see or change.", reason="not_yours")


def tie_to_interaction(principal: Principal, interaction: Interaction, state: State) -> Tie:
    """Return what ties `principal` to `interaction` by the state alone; `HELD` needs the journal (web/views.py)."""
    agent = principal.agent
    if agent is None:
        return Tie.NONE
    tie = Tie.NONE
    if interaction.agent == agent:
        tie |= Tie.OWNS if interaction.state in HELD else Tie.HELD
    if any(offer in state.offers and state.offers[offer].agent == agent for offer in interaction.offers):
        tie |= Tie.OFFERED
    if agent in interaction.participants:
        tie |= Tie.JOINED
    profile = state.agents.get(agent)
    if profile is not None and interaction.queue in profile.profile.queues:
        tie |= Tie.SERVES
    return tie


def tie_to_agent(principal: Principal, agent: str) -> Tie:
    """Return what ties `principal` to an agent: it is himself, or nothing does."""
    return Tie.OWNS if principal.agent == agent else Tie.NONE


def serves_customer(principal: Principal, customer: str, state: State) -> bool:
    """Tell whether `principal` holds, or is offered, an interaction of `customer` just now."""
    if principal.agent is None or principal.agent not in state.agents:
        return False
    held = state.agents[principal.agent].holds
    return any(state.interactions[id].customer == customer for id in held if id in state.interactions)


def role_of(text: str) -> Role:
    """Return the role that `text` names.

    Raises:
        Problem: there is no such role; whoever has it may do nothing.
    """
    if text not in ROLES:
        raise Problem("forbidden", f"The account has the role {text!r}, which may do nothing.", reason="role")
    return text
