"""Why a mail did not go or did not arrive, as a code that pages put into people's words (RFC 3463, RFC 5321 4.2)."""

import re
from typing import Literal

Why = Literal[
    "no_mailbox",
    "bad_address",
    "no_domain",
    "mailbox_full",
    "mailbox_closed",
    "too_big",
    "not_wanted",
    "not_let_in",
    "try_later",
    "unreachable",
    "not_secure",
    "no_answer",
    "interrupted",
    "no_address",
    "foreign_letters",
    "no_channel",
    "not_sendable",
    "other",
]
"""What kind of reason it is.

`not_let_in` is about us (a log-in, a ban), `not_wanted` about the mail (policy, spam); `no_answer` and `interrupted`:
nobody knows whether it arrived. The last but one are about what we have: no address, one with
letters beyond ASCII before its @ (RFC 6531), no mailbox of ours that may send, a mail that can't be put together.
"""

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BY_STATUS: dict[str, Why] = {
    "1.0": "no_mailbox",
    "1.1": "no_mailbox",
    "1.2": "no_domain",
    "1.3": "bad_address",
    "1.6": "no_mailbox",
    "1.10": "no_domain",
    "2.0": "mailbox_closed",
    "2.1": "mailbox_closed",
    "2.2": "mailbox_full",
    "2.3": "too_big",
    "3.4": "too_big",
    "4.1": "unreachable",
    "4.3": "no_domain",
    "4.4": "no_domain",
    "7.8": "not_let_in",
    "7.9": "not_let_in",
    "7.10": "not_secure",
    "7.11": "not_secure",
}
ABOUT_US = frozenset({530, 534, 535, 538})
"""Codes that ask us to log in or to encrypt (RFC 4954 section 6), at whatever stage: no fault of any mail."""
_MAY_PASS = frozenset({"mailbox_full", "too_big", "unreachable", "not_secure"})
"""What is so even where the server says that it is for now only."""
_BY_CODE: dict[int, Why] = {
    421: "try_later",
    450: "try_later",
    451: "try_later",
    452: "mailbox_full",
    454: "not_let_in",
    530: "not_let_in",
    534: "not_let_in",
    535: "not_let_in",
    538: "not_secure",
    550: "no_mailbox",
    551: "no_mailbox",
    552: "too_big",
    553: "bad_address",
    554: "not_wanted",
    556: "no_domain",
}


def why_of(code: int, said: str) -> Why:
    """Return what a server means by a reply code and its words; the enhanced status counts for more than the code."""
    if code in ABOUT_US:
        return _BY_CODE[code]
    status = _ENHANCED.search(said)
    if status is not None:
        subject, detail = status[2], status[3]
        known = _BY_STATUS.get(f"{subject}.{detail}")
        if status[1] == "4":
            return known if known in _MAY_PASS else "try_later"
        if known is not None:
            return known
        if subject == "7":
            return "not_wanted"
    return _BY_CODE.get(code, "try_later" if 400 <= code < 500 else "other")
