import json
from typing import Any

import pytest
from msgspec.structs import replace

from channels.chat import frames
from channels.chat.actions import (
    Action,
    CallPerson,
    Close,
    Depart,
    FindWindows,
    Look,
    Say,
    Send,
    TakeCallback,
    TakeMessage,
    TellRead,
    TellTyping,
)
from channels.chat.conversations import (
    ChatMessage,
    Conversation,
    Ended,
    ExpectedWait,
    Gone,
    Identity,
    Joined,
    Offered,
    Place,
    Queued,
    Said,
    Spoken,
    Transferred,
    Typing,
)
from channels.chat.session import FRAMES_BURST, MESSAGES_BURST, Session
from channels.chat.tokens import new_visitor, token_of
from channels.chat.ways import NO_WAYS, CallWish, LeftMessage, Taken, WayRefused, Ways, Windows
from vocabulary.instants import SECOND

KEYS = {"k1": b"a secret of the site"}
KNOWN = new_visitor(b"0123456789abcdef")
TALK = Conversation(id="c1", reference="R-1", state="waiting", seq=5)
NOW = 1_700_000_000_000


def session_of(token: str | None = None) -> Session:
    return Session(keys=KEYS, bits=bytes(16), languages=("en", "pl"), company="Acme", token=token)


def frame(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def said(seq: int, conversation: str = "c1") -> Spoken:
    return Spoken(conversation, message(seq))


def message(seq: int) -> ChatMessage:
    return ChatMessage(seq=seq, author="agent", name="Ola", text=f"text {seq}", at=0)


def sent(actions: list[Action]) -> list[dict[str, Any]]:
    """Return the frames, as the client reads them."""
    return [json.loads(frames.encoded(action.frame)) for action in actions if isinstance(action, Send)]


def seqs(actions: list[Action]) -> list[int]:
    return [each["seq"] for each in sent(actions) if each["type"] == "message"]


def look(session: Session, conversation: Conversation | None, *seqs: int) -> list[Action]:
    glance = session.glance()
    actions = session.found(glance, conversation, is_open=True)
    for seq in seqs:
        assert conversation is not None
        actions += session.caught_up(conversation.id, message(seq))
    return actions + session.settled(glance)


def welcomed(conversation: Conversation | None = TALK, **hello: Any) -> Session:
    """Return a session that was greeted and has nothing left to read."""
    session = session_of()
    session.receive(frame("hello", **{"after": 5, **hello}), NOW)
    look(session, conversation)
    return session


# -- hello


def test_hello_of_a_stranger_makes_a_new_visitor() -> None:
    session = session_of()
    assert session.receive(frame("hello", language="pl-PL", identity={"name": " Anna\x00 ", "email": ""}), NOW) == []
    assert (session.visitor, session.language, session.identity) == (
        new_visitor(bytes(16)),
        "pl",
        Identity(name="Anna", email=None),
    )
    assert sent(look(session, None)) == [
        {
            "type": "welcome",
            "seq": 0,
            "visitor_token": token_of(new_visitor(bytes(16)), KEYS),
            "conversation": None,
            "language": "pl",
            "open": True,
            "company": "Acme",
        }
    ]


@pytest.mark.parametrize(
    "in_frame, in_query",
    [
        (token_of(KNOWN, KEYS), None),
        (None, token_of(KNOWN, KEYS)),
        ("forged", token_of(KNOWN, KEYS)),
        (token_of(KNOWN, KEYS), "forged"),
    ],
)
def test_hello_with_a_token_of_ours_is_its_visitor(in_frame: str | None, in_query: str | None) -> None:
    session = session_of(in_query)
    session.receive(frame("hello", visitor_token=in_frame), NOW)
    assert session.visitor == KNOWN


def test_a_language_that_we_do_not_speak_gives_the_default() -> None:
    session = session_of()
    session.receive(frame("hello", language="xx"), NOW)
    assert session.language == "en"


def test_nothing_but_hello_begins_and_hello_begins_once() -> None:
    session = session_of()
    assert [each["code"] for each in sent(session.receive(frame("message", client_id="a", text="x"), NOW))] == [
        "bad_frame"
    ]
    session.receive(frame("hello"), NOW)
    assert [each["detail"] for each in sent(session.receive(frame("hello"), NOW))] == ["hello was said already"]


@pytest.mark.parametrize(
    "after, conversation, first",
    [(None, None, 1), (3, None, 4), (5, "c1", 6), (3, "c0", 1), (9, None, 1), (9, "c1", 1)],
)
def test_resume_begins_behind_what_the_page_has(after: int | None, conversation: str | None, first: int) -> None:
    session = session_of()
    session.receive(frame("hello", after=after, conversation=conversation), NOW)
    actions = look(session, TALK, 1, 2, 3, 4, 5)
    assert sent(actions)[0]["seq"] == first - 1
    assert seqs(actions) == list(range(first, 6))


# -- what a client says


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"hello"',
        '{"type": "unknown"}',
        '{"type": 7}',
        "{}",
        '{"type": "read"}',
        '{"type": "read", "seq": -1}',
        '{"type": "read", "seq": 1e300}',
        '{"type": "message", "text": "x"}',
        '{"type": "message", "client_id": "", "text": "x"}',
        '{"type": "message", "client_id": "a b", "text": "x"}',
        '{"type": "message", "client_id": "a", "text": 1}',
        '{"type": "message", "client_id": "a", "text": "\\ud800"}',
        '{"type": "message", "client_id": "a", "text": " \\n\\u0000 "}',
        json.dumps({"type": "message", "client_id": "x" * 65, "text": "x"}),
        '{"type": "typing", "x": ' + "[" * 50_000,
    ],
)
def test_what_is_no_frame_is_answered_and_changes_nothing(text: str) -> None:
    session = welcomed()
    assert [each["code"] for each in sent(session.receive(text, NOW))] == ["bad_frame"]
    assert session.receive(frame("message", client_id="a", text="x"), NOW) == [Say("a", "x")]


def test_fields_of_newer_pages_are_ignored() -> None:
    assert welcomed().receive(frame("message", client_id="a", text="x", mood={"is": "good"}), NOW) == [Say("a", "x")]


def test_a_text_is_taken_without_what_cannot_be_seen() -> None:
    session = welcomed()
    assert session.receive(frame("message", client_id="a", text=" one\r\ntwo\x00\x1b[31m\u202e\t. "), NOW) == [
        Say("a", "one\ntwo[31m\t.")
    ]


def test_four_kilobytes_are_taken_and_one_byte_more_is_not() -> None:
    session = welcomed()
    assert session.receive(frame("message", client_id="a", text="ż" * 2048), NOW) == [Say("a", "ż" * 2048)]
    (refused,) = sent(session.receive(frame("message", client_id="b", text="ż" * 2048 + "x"), NOW))
    assert (refused["code"], refused["client_id"]) == ("too_long", "b")


def test_twenty_messages_at_once_and_five_a_second_after_that() -> None:
    session = welcomed()

    def burst(now: int) -> int:
        actions = [session.receive(frame("message", client_id=f"m{i}", text="x"), now)[0] for i in range(25)]
        refused = [each for action in actions for each in sent([action])]
        assert all(0 < each["retry_after_s"] <= 0.201 for each in refused)
        return sum(isinstance(action, Say) for action in actions)

    assert [burst(NOW), burst(NOW + 2 * SECOND), burst(NOW + 60 * SECOND)] == [MESSAGES_BURST, 10, MESSAGES_BURST]


def test_whoever_floods_is_cut_off_even_by_frames_that_mean_nothing() -> None:
    session = session_of()
    actions = [session.receive("{", NOW)[0] for _ in range(FRAMES_BURST + 1)]
    assert all(isinstance(action, Send) for action in actions[:-1])
    assert actions[-1] == Close(1008, "too many frames")


def test_typing_is_told_once_in_three_seconds() -> None:
    session = welcomed()
    told = [session.receive(frame("typing"), NOW + at) for at in (0, 1, 2999, 3000, 5999, 6000)]
    assert told == [[TellTyping("c1")], [], [], [TellTyping("c1")], [], [TellTyping("c1")]]


def test_reading_is_told_when_it_goes_on() -> None:
    session = welcomed()
    told = [session.receive(frame("read", seq=seq), NOW) for seq in (4, 4, 3, 5, 6)]
    assert told == [[TellRead("c1", 4)], [], [], [TellRead("c1", 5)], []]


def test_a_person_is_called_and_the_customer_leaves() -> None:
    session = welcomed()
    assert session.receive(frame("person"), NOW) == [CallPerson("c1")]
    assert session.receive(frame("leave"), NOW) == [Depart("c1")]


@pytest.mark.parametrize("kind", ["typing", "person", "leave"])
def test_without_a_conversation_there_is_nobody_to_tell(kind: str) -> None:
    assert welcomed(None).receive(frame(kind), NOW) == []


def test_ping_is_answered_at_any_time() -> None:
    assert sent(session_of().receive(frame("ping"), 250)) == [
        {"type": "pong", "seq": 0, "at": "1970-01-01T00:00:00.250Z"}
    ]


# -- acks


def test_ack_follows_the_message_itself() -> None:
    session = welcomed()
    assert session.said("a", Said(TALK, 7)) == [Look()]
    assert [(each["type"], each["seq"]) for each in sent(look(session, TALK, 6, 7))] == [
        ("message", 6),
        ("message", 7),
        ("ack", 7),
    ]


def test_a_message_that_is_shown_already_is_acked_at_once() -> None:
    session = welcomed()
    assert sent(session.said("a", Said(TALK, 4))) == [{"type": "ack", "seq": 4, "client_id": "a"}]


def test_ack_waits_for_the_next_look_if_one_is_under_way() -> None:
    session = welcomed()
    glance = session.glance()
    session.said("a", Said(TALK, 6))
    assert sent(session.settled(glance)) == []
    assert [each["type"] for each in sent(look(session, TALK, 6))] == ["message", "ack"]


def test_what_could_not_be_saved_may_be_tried_again() -> None:
    (error,) = sent(welcomed().not_said("a", 2.0))
    assert (error["code"], error["client_id"], error["retry_after_s"]) == ("busy", "a", 2.0)


# -- news


def test_messages_that_follow_each_other_pass_and_none_passes_twice() -> None:
    session = welcomed()
    assert [seqs(session.updated(said(seq))) for seq in (6, 7)] == [[6], [7]]
    assert session.updated(said(7)) == session.updated(said(5)) == []


def test_behind_a_gap_everything_is_read_again() -> None:
    session = welcomed()
    assert session.updated(said(8)) == [Look()]
    assert seqs(look(session, TALK, 6, 8)) == [6, 8]
    assert seqs(session.updated(said(8)) + session.updated(said(9))) == [9]


def test_live_messages_may_overtake_a_look() -> None:
    session = welcomed()
    glance = session.glance()
    session.found(glance, TALK, is_open=True)
    assert seqs(session.updated(said(6))) == [6]
    assert seqs(session.caught_up("c1", message(6)) + session.caught_up("c1", message(7))) == [7]


def test_another_conversation_is_shown_from_its_beginning() -> None:
    session = welcomed()
    other = Conversation(id="c2", reference="R-2", state="waiting", seq=1)
    assert session.updated(said(1, "c2")) == [Look()]
    actions = look(session, other, 1)
    assert [(each["type"], each["seq"]) for each in sent(actions)] == [("welcome", 0), ("message", 1)]
    assert session.caught_up("c1", message(6)) == []


def test_the_place_is_told_when_it_changes() -> None:
    session, wait = welcomed(), ExpectedWait(60, 240)
    told = [sent(session.updated(Queued("c1", Place(position, wait)))) for position in (3, 3, 2)]
    assert told == [
        [{"type": "queue", "seq": 5, "position": 3, "expected_wait": {"low_s": 60, "high_s": 240}}],
        [],
        [{"type": "queue", "seq": 5, "position": 2, "expected_wait": {"low_s": 60, "high_s": 240}}],
    ]
    assert sent(session.updated(Queued("c1", Place(2, None))))[0]["expected_wait"] is None


@pytest.mark.parametrize(
    "update, expected",
    [
        (Joined("c1", "Ola"), {"type": "joined", "seq": 5, "name": "Ola"}),
        (Transferred("c1"), {"type": "transferred", "seq": 5}),
        (Ended("c1", "left"), {"type": "ended", "seq": 5, "reason": "left"}),
        (Typing("c1"), {"type": "typing", "seq": 5}),
    ],
)
def test_news_has_its_frame(update: Any, expected: dict[str, Any]) -> None:
    assert sent(welcomed().updated(update)) == [expected]


def test_a_page_that_comes_back_is_told_where_it_stands() -> None:
    waiting = Conversation(id="c1", reference="R-1", state="waiting", seq=5, place=Place(2, None))
    active = Conversation(id="c1", reference="R-1", state="active", seq=5, agent="Ola")
    for conversation, expected in ((waiting, "queue"), (active, "joined")):
        session = session_of()
        session.receive(frame("hello", after=5), NOW)
        assert [each["type"] for each in sent(look(session, conversation))] == ["welcome", expected]
        assert sent(look(session, conversation)) == []


def test_news_during_a_look_is_younger_than_what_the_look_saw() -> None:
    session = welcomed()
    glance = session.glance()
    stale = Conversation(id="c1", reference="R-1", state="waiting", seq=5, place=Place(1, None))
    session.updated(Joined("c1", "Ola"))
    assert session.found(glance, stale, is_open=True) == []


# -- other ways

OFFER = Ways(callback=True, text="We can ring you back", language="en", phone_example="+48 512 345 678")
GONE = Taken(way="callback", to="+48512345678", due_at=NOW, ends_at=NOW + SECOND)
SHOWN = {
    "way": "callback",
    "to": "+48512345678",
    "starts_at": "2023-11-14T22:13:20.000Z",
    "ends_at": "2023-11-14T22:13:21.000Z",
}


def test_what_is_offered_is_told_once_and_withdrawn() -> None:
    session = welcomed()
    told = {"callback": True, "text": OFFER.text, "language": "en", "phone_example": OFFER.phone_example}
    assert sent(session.updated(Offered("c1", OFFER))) == [{"type": "ways", "seq": 5, "ways": told}]
    assert session.updated(Offered("c1", OFFER)) == []
    assert sent(session.updated(Offered("c1", NO_WAYS))) == [{"type": "ways", "seq": 5, "ways": None}]


def test_where_it_goes_on_is_told_behind_the_end_and_changes_are_told_alone() -> None:
    session = welcomed()
    assert sent(session.updated(Gone("c1", GONE))) == [
        {"type": "ended", "seq": 5, "reason": "callback"},
        {"type": "taken", "seq": 5, "taken": SHOWN},
    ]
    assert look(session, replace(TALK, taken=GONE)) == []
    later = replace(GONE, due_at=None, ends_at=None)
    now = [{"type": "taken", "seq": 5, "taken": {"way": "callback", "to": "+48512345678"}}]
    assert sent(session.updated(Gone("c1", later))) == now


def test_the_welcome_of_who_comes_back_has_both() -> None:
    session = session_of()
    session.receive(frame("hello"), NOW)
    (welcome,) = sent(look(session, replace(TALK, ways=OFFER, taken=GONE)))
    assert (welcome["ways"]["callback"], welcome["taken"]) == (True, SHOWN)


def test_a_conversation_that_nobody_will_answer_says_so_behind_its_messages() -> None:
    session = session_of()
    session.receive(frame("hello"), NOW)
    refused = replace(TALK, state="closed", refused="blocked_sender")
    kinds = [each["type"] for each in sent(look(session, refused, 5))]
    assert kinds == ["welcome", "message", "ended"]


def test_a_wish_is_passed_on_and_answered() -> None:
    session = welcomed()
    wish = frame("callback", client_id="w1", phone="512", slot="2023-11-14T22:13:20Z", time_zone="Europe/Warsaw")
    assert session.receive(wish, NOW) == [
        TakeCallback("c1", CallWish(client_id="w1", phone="512", slot=NOW, time_zone="Europe/Warsaw"))
    ]
    left = frame("leave_message", client_id="w2", email=" ola@example.org ", text=" Hello\x00 ")
    assert session.receive(left, NOW) == [
        TakeMessage("c1", LeftMessage(client_id="w2", email="ola@example.org", text="Hello"))
    ]
    assert session.receive(frame("slots"), NOW) == [FindWindows("c1", NOW)]
    assert session.taken() == [Look()]
    assert sent(session.not_taken("w1", WayRefused("slot_full", "All places are taken."))) == [
        {"type": "error", "seq": 5, "code": "slot_full", "detail": "All places are taken.", "client_id": "w1"}
    ]
    assert sent(session.windows_found(Windows((NOW,), 1800 * SECOND, more=True))) == [
        {"type": "slots", "seq": 5, "items": ["2023-11-14T22:13:20.000Z"], "length_s": 1800, "more": True}
    ]


@pytest.mark.parametrize(("values", "code"), [({"text": "x" * 5000}, "too_long"), ({"email": "x" * 300}, "bad_frame")])
def test_a_message_that_is_too_long_is_refused(values: dict[str, str], code: str) -> None:
    left = frame("leave_message", **{"client_id": "w1", "email": "ola@example.org", **values})
    assert [each["code"] for each in sent(welcomed().receive(left, NOW))] == [code]
