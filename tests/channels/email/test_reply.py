"""Quotes and signatures go, what people wrote stays; in five languages and in none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.reply import reply_text

OWN = "Thank you.\nIt still does not work."
INTROS = [
    "On Mon, 2 Mar 2026 at 10:00, Support <support@desk.example.org> wrote:",
    "On Mon, 2 Mar 2026 at 10:00, Support\n<support@desk.example.org> wrote:",
    "On 2 Mar 2026, at 10:00, Support wrote:",
    "W dniu 2.03.2026 o 10:00, Support pisze:",
    "pon., 2 mar 2026 o 10:00 Support <support@desk.example.org> napisał(a):",
    "Dnia 2 marca 2026 10:00 Support <support@desk.example.org> napisał(a):",
    "2026-03-02, pr, 10:00 Support <support@desk.example.org> rašė:",
    "2026 m. kovo 2 d., pirmadienis 10:00:12, Support rašė:",
    "Support <support@desk.example.org> ezt írta (időpont: 2026. márc. 2., H, 10:00):",
    "2026.03.02. 10:00 keltezéssel, Support írta:",
    "пн, 2 мар. 2026 г. в 10:00, Support <support@desk.example.org>:",
    "2 марта 2026 г. 10:00 пользователь Support <support@desk.example.org> написал:",
    "Понедельник, 2 марта 2026, 10:00 +03:00 от Support <support@desk.example.org>:",
    "Am 02.03.2026 um 10:00 schrieb Support:",
    "Le lun. 2 mars 2026 à 10:00, Support <support@desk.example.org> a écrit :",
]
INTROS += [
    "On Mon, Mar 2, 2026 at 10:00 AM Support\n\n<\nmailto:support@desk.example.org\n> wrote:",
    "On Mon, Mar 2, 2026 at 10:00 AM, Support <\nsupport@desk.example.org>\nwrote:",
    "Op 2 mrt. 2026 om 10:00 heeft Support <support@desk.example.org> het volgende geschreven:",
    "El lun, 2 mar 2026 a las 10:00, Support (<support@desk.example.org>) escribió:",
    "Dne 2. března 2026 10:00 Support <support@desk.example.org> napsal(a):",
    "------On 2 March 2026 10:00, Support wrote-----",
    "---- Support wrote ----",
]
QUOTE = "> Dear customer,\n>\n> please try again.\n"
BARE = "Dear customer,\n\nplease try again.\n"
BLOCKS = [
    "-----Original Message-----\nFrom: Support\nSent: Monday, March 2, 2026 10:00\nTo: Anna\nSubject: Re: x\n\n",
    "________________________________\nFrom: Support <s@x.example>\nSent: 2 March 2026 10:00\nTo: Anna\nSubject: x\n\n",
    "From: Support <s@x.example>\nSent: 2 March 2026 10:00\nTo: Anna\nSubject: x\n\n",
    "*From:* Support <s@x.example>\n*Sent:* 2 March 2026 10:00\n*To:* Anna\n*Subject:* x\n\n",
    "-----Wiadomość oryginalna-----\nOd: Support\nWysłano: 2 marca 2026 10:00\nDo: Anna\nTemat: x\n\n",
    "Od: Support <s@x.example>\nData: 2 marca 2026 10:00\nDo: Anna\nTemat: x\n\n",
    "Nuo: Support <s@x.example>\nIšsiųsta: 2026 m. kovo 2 d. 10:00\nKam: Anna\nTema: x\n\n",
    "Feladó: Support <s@x.example>\nElküldve: 2026. március 2. 10:00\nCímzett: Anna\nTárgy: x\n\n",
    "От: Support <s@x.example>\nОтправлено: 2 марта 2026 г. 10:00\nКому: Anna\nТема: x\n\n",
    *(
        f"-----{words}-----\n\n"
        for words in (
            "Original Message",
            "Wiadomość oryginalna",
            "Oryginalna wiadomość",
            "Pradinis laiškas",
            "Eredeti üzenet",
            "Исходное сообщение",
            "Ursprüngliche Nachricht",
        )
    ),
    "## Please type your reply above this line ##\n\n",
    "Prosimy odpowiadać powyżej tej linii\n\n",
    "Date: Mon, 2 Mar 2026 10:00:00 +0100\nTo: support@desk.example.org\n\n",
    "*From:* Support [mailto:\nsupport@desk.example.org]\n*Sent:* 2 March 2026 10:00\n*To:* Anna\n*Subject:* x\n\n",
    "Avsändare: s@x.example\nSkickat: 2 mars 2026 10:00\nTill: Anna\nÄmne: x\n\n",
]
SIGNATURES = [
    "-- \nAnna Example\nCustomer Ltd",
    "--\nAnna",
    "Sent from my iPhone",
    "Get Outlook for Android",
    "Wysłano z iPhone'a",
    "Wysłane z telefonu Samsung Galaxy",
    "Išsiųsta iš mano iPhone",
    "iPhone-omról küldve",
    "Elküldve az Outlook mobilalkalmazásból",
    "Отправлено с iPhone",
    "Von meinem iPhone gesendet",
    "Sent from the train",
    "-Anna Example",
    "– Anna",
    "Anna Example\nCustomer Ltd\nanna@customer.example\n+48 601 234 567",
    "Pozdrawiam\n\nAnna Żółć\nfirma.example\ntel. 601 234 567\nwww.firma.example",
    "----------------\n\nAnna\n\nt. 601 234 567\n\nwww.firma.example",
]


@pytest.mark.parametrize("intro", INTROS)
def test_introduced_quote_goes(intro: str) -> None:
    assert reply_text(f"{OWN}\n\n{intro}\n\n{QUOTE}") == OWN
    assert reply_text(f"{OWN}\n{intro}\n{QUOTE}") == OWN


@pytest.mark.parametrize("intro", [intro for intro in INTROS if "@" in intro])
def test_quote_without_marks_goes_with_its_introduction(intro: str) -> None:
    assert reply_text(f"{OWN}\n\n{intro}\n\n{BARE}") == OWN


@pytest.mark.parametrize("block", BLOCKS)
def test_older_mail_behind_its_headers_goes(block: str) -> None:
    assert reply_text(f"{OWN}\n\n{block}{BARE}") == OWN


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signature_goes_with_and_without_a_quote(signature: str) -> None:
    assert reply_text(f"{OWN}\n\n{signature}\n") == OWN
    assert reply_text(f"{OWN}\n\n{signature}\n\n{INTROS[0]}\n{QUOTE}") == OWN


def test_quote_at_the_end_needs_no_introduction() -> None:
    assert reply_text(f"{OWN}\n\n{QUOTE}") == OWN


def test_answer_below_the_quote_is_found() -> None:
    assert reply_text(f"{INTROS[0]}\n{QUOTE}\n{OWN}") == OWN


def test_answers_between_quotes_keep_what_they_answer() -> None:
    text = f"{INTROS[0]}\n> one?\n\nyes\n\n> two?\n\nno\n"
    assert "> one?" in reply_text(text)
    assert "no" in reply_text(text)


def test_what_stands_before_and_behind_a_quote_is_joined_by_one_blank_line() -> None:
    assert reply_text(f"Hello,\n\n\n{INTROS[0]}\n\n{QUOTE}\n\n\nRegards, Anna") == "Hello,\n\nRegards, Anna"


def test_quotes_of_quotes_and_broken_links_in_them_are_no_answers() -> None:
    assert reply_text(f"{OWN}\n\n{INTROS[0]}\n{QUOTE}{INTROS[1]}\n>> older\n") == OWN
    assert reply_text(f"{OWN}\n\n{INTROS[0]}\n{QUOTE} (https://shop.example/x) >\n> end\n") == OWN


def test_an_introduction_without_date_goes_with_the_quote_that_ends_the_mail() -> None:
    assert reply_text(f"{OWN}\n\nAnna napisała:\n{QUOTE}") == OWN


def test_the_writers_own_layout_stays() -> None:
    text = "One:\n\n\n   - a\n   - b  \n\n\n\nTwo"
    assert reply_text(text) == text


def test_forwarded_mail_stays_whole() -> None:
    text = f"Please see below.\n\n---------- Forwarded message ---------\n{BLOCKS[2]}{BARE}"
    assert reply_text(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        QUOTE,
        f"{INTROS[0]}\n{QUOTE}",
        BLOCKS[0] + BARE,
        "Sent from my iPhone",
        "--\nAnna",
        "My details:\nname: Anna\nphone: 123",
        "Total: 5\nI wrote: nothing",
        "At 10:00 I called and they said:\nplease write to support@desk.example.org instead",
        "It fails with\nerror: timeout\nhost: mail\nport: 25\nuser: anna",
        "Deliver it to this address:\n\nAnna Example\nMain Street 5\nanna@customer.example\nwww.customer.example",
        "I need:\n\n-Screws",
        "It came on 2.03.2026 at 10:00 and not for anna@customer.example:\nthat one is wrong.",
        "Visit us\n>>> >>>  http://www.domain.example <<<\nand click",
        "Sent from my desk, which is much easier than my phone.",
        "From: Vilnius\nTo: Warsaw\nplease",
        "Two things -- both broken -- please help",
        "Sent from the shop in Vilnius was the wrong parcel, and I want my money back, because it was broken.",
    ],
)
def test_what_is_not_surely_quoted_stays(text: str) -> None:
    assert reply_text(text) == text.strip()


def test_nothing_stays_nothing() -> None:
    assert reply_text("") == ""
    assert reply_text(" \n\n") == ""


@given(st.text(alphabet="ab1@.>:-\n *_", max_size=300))
def test_text_never_becomes_nothing(text: str) -> None:
    assert bool(reply_text(text)) == bool(text.strip())
