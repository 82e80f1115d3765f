"""Named places at which a test may stop the process dead (docs/explanation/reliability.md).

Nothing happens at any of them unless somebody arms them: `centrala serve` does where CENTRALA_CRASH_AT names one, the
simulator does. They mark the instants between which something is durable, told or sent, and its neighbour is not.
"""

from collections.abc import Callable, Sequence

NAMES: Sequence[str] = (
    "imap.fetched",  # a mail is here, nothing of it is on disk
    "imap.parsed",  # its bytes are on disk and understood, it is no interaction yet
    "ingest.before_commit",
    "ingest.after_commit",  # kept, not acknowledged yet
    "router.classified",
    "router.before_enqueue",
    "assign.selected",  # decided, not durable
    "assign.offer_committed",  # durable, told to nobody
    "assign.offer_published",
    "accept.received",
    "accept.committed",
    "accept.replied",
    "out.row_committed",
    "out.connected",
    "out.mail_from",
    "out.data_sent",
    "out.dot_sent",  # the server may have the mail or not
    "out.reply_read",  # it has, and nothing here says so yet
    "out.sent_committed",
    "ws.recv",
    "ws.committed",
    "ws.acked",
    "close.committed",
    "sched.tick",
    "migrate.step",
    "backup.copy",
    "erase.step",
)

Hook = Callable[[str], None]

_armed: list[Hook] = []
"""At most one: a switch for the whole process, like the death that it stands for."""


def crashpoint(name: str) -> None:
    """Pass the place `name`."""
    for hook in _armed:
        hook(name)


def is_armed() -> bool:
    """Tell whether anybody watches: what only finds out which place is passed may be left out otherwise."""
    return bool(_armed)


def arm(hook: Hook | None) -> None:
    """Have every passing call `hook` with the place's name; None disarms."""
    _armed[:] = [] if hook is None else [hook]
