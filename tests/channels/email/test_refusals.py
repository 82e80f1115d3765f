"""What a server says becomes a reason that people understand."""

import pytest

from channels.email.refusals import why_of


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (550, "5.1.1 <anna@x.example>: Recipient address rejected: User unknown", "no_mailbox"),
        (550, "No such user here", "no_mailbox"),
        (551, "user not local", "no_mailbox"),
        (553, "mailbox name not allowed", "bad_address"),
        (501, "5.1.3 Bad recipient address syntax", "bad_address"),
        (550, "5.1.2 Host unknown", "no_domain"),
        (556, "5.1.10 Recipient address has null MX", "no_domain"),
        (552, "5.2.2 mailbox full", "mailbox_full"),
        (452, "4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
        (550, "5.2.1 The email account that you tried to reach is disabled", "mailbox_closed"),
        (552, "5.3.4 Message size exceeds fixed limit", "too_big"),
        (552, "too big", "too_big"),
        (550, "5.7.1 Unsolicited mail", "not_wanted"),
        (550, "5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy", "not_wanted"),
        (554, "Message rejected as spam", "not_wanted"),
        (530, "5.7.0 Must issue a STARTTLS command first", "not_let_in"),
        (535, "5.7.8 Error: authentication failed", "not_let_in"),
        (450, "4.2.0 Greylisted, try again in 300 seconds", "try_later"),
        (450, "4.7.1 Greylisting in action", "try_later"),
        (421, "4.7.0 too busy", "try_later"),
        (451, "local error", "try_later"),
        (454, "4.7.0 TLS not available", "try_later"),
        (599, "what?", "other"),
    ],
)
def test_reason_is_that_of_the_enhanced_status_or_else_of_the_code(code: int, said: str, why: str) -> None:
    assert why_of(code, said) == why
