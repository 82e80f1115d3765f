"""Lines that a program broke are put together, those that their writer broke stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.flowed import unflowed
from tests.channels.email.mails import a_mail, parsed

FLOWED = 'text/plain; charset=utf-8; format="flowed"'


@pytest.mark.parametrize(
    "sent, meant",
    [
        ("one \ntwo \nthree\nfour", "one two three\nfour"),
        ("> quoted \n> on\nanswer", "> quoted on\nanswer"),
        ("> quoted \nanswer", "> quoted \nanswer"),
        (">>deep \n>> er\n>less", ">> deep er\n> less"),
        (" >no quote\n from the start", ">no quote\nfrom the start"),
        ("text \n-- \nAnna", "text \n-- \nAnna"),
        ("a\n\nb \n\nc", "a\n\nb \nc"),
        ("a \r\nb\rc", "a b\nc"),
        ("", ""),
    ],
)
def test_soft_breaks_are_undone(sent: str, meant: str) -> None:
    assert unflowed(sent) == meant


def test_a_space_that_only_says_so_goes() -> None:
    assert unflowed("你 \n好\nx", delete_space=True) == "你好\nx"


def test_only_mails_that_say_so_are_put_together() -> None:
    body = b"one \r\ntwo\r\n\r\nOn 1.1.2026 10:00, Support \r\n<support@desk.example.org> \r\nwrote:\r\n> hello\r\n"
    message = parsed(a_mail(body, content_type=FLOWED))
    assert message.text == "one two\n\nOn 1.1.2026 10:00, Support <support@desk.example.org> wrote:\n> hello"
    assert message.reply_text == "one two"
    assert parsed(a_mail(b"one \r\ntwo\r\n")).text == "one \ntwo"


@given(st.text(alphabet="ab> -\n\r", max_size=200))
def test_nothing_is_lost_but_breaks_and_spaces(text: str) -> None:
    kept = "".join(unflowed(text).replace(">", "").split())
    assert kept == "".join(text.replace(">", "").split())
