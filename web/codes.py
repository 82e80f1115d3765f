"""Reasons that may stand in the event log, which nobody can change later: words that are about no person.

Whatever else somebody gives as his reason is kept in the audit log, from where it can be erased; the event says so by
a code of its own.
"""

import re
from collections.abc import Collection

OTHER = "other"
BY_STAFF = "by_staff"

DECLINED = frozenset(
    "busy busy_with_other wrong_skill personal technical language break lunch meeting training no_time not_qualified "
    "conflict_of_interest test other".split()
)
"""Why an offer was not taken."""

CLOSED = frozenset(
    "resolved solved unresolved duplicate spam test done answered_elsewhere no_answer no_reply customer_left "
    "wrong_department not_needed expired cancelled information complaint escalated follow_up timeout by_staff "
    "other".split()
)
"""Why something was closed, or what came of it, where its queue has no list of its own."""

_CODE = re.compile(r"[a-z0-9_.:-]{0,40}")


def known_or(given: str, known: Collection[str], otherwise: str) -> str:
    """Return `given` if it is one of `known`, else the code that says that its words are kept elsewhere."""
    return given if given in known else otherwise


def is_code(given: str) -> bool:
    """Tell whether `given` is a code, and no words. For what is about staff: it may still be a name."""
    return _CODE.fullmatch(given) is not None
