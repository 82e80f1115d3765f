"""Keyword rules: what a message is about by the stems of its words, where no model is sure or none is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from classifiers.features import tokens
from classifiers.folding import folded

_SURE, _UNSURE = 0.6, 0.4
_WHOLE_WORD_CHARS_MAX = 3


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """A label and the beginnings of the words that speak for it, in any language; diacritics and case don't matter."""

    label: str
    stems: tuple[str, ...]


def labels_by_rules(text: str, rules: Sequence[KeywordRule]) -> tuple[tuple[str, float], ...]:
    """Return the labels whose stems stand in `text`, best first, with a confidence that is a rank, no probability.

    More different words are better; equal ones go by the order of `rules`. The best has 0.6 if it is alone in front,
    else 0.4.
    """
    words = set(tokens(text))
    hits = [(rule.label, _hits(words, rule)) for rule in rules]
    found = sorted(((label, count) for label, count in hits if count), key=lambda found: -found[1])
    if not found:
        return ()
    alone = len(found) == 1 or found[0][1] > found[1][1]
    return tuple((label, (_SURE if alone and at == 0 else _UNSURE) / (1 + at)) for at, (label, _) in enumerate(found))


def _hits(words: set[str], rule: KeywordRule) -> int:
    """Return how many of `words` begin with a stem of `rule`; stems of up to three letters are whole words."""
    long, short = _stems(rule)
    return sum(1 for word in words if word.startswith(long) or word in short)


@cache
def _stems(rule: KeywordRule) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the rule's stems as words are compared with them: beginnings, and whole words."""
    stems = [folded(stem) for stem in rule.stems]
    long = tuple(stem for stem in stems if len(stem) > _WHOLE_WORD_CHARS_MAX)
    return long, frozenset(stem for stem in stems if len(stem) <= _WHOLE_WORD_CHARS_MAX)


def _rule(label: str, stems: str) -> KeywordRule:
    return KeywordRule(label, tuple(stems.split()))


# From the particular to the general: "I want to return the parcel" is a return, a parcel alone is a delivery.
DEFAULT_RULES: tuple[KeywordRule, ...] = (
    _rule(
        "privacy",
        "gdpr privacy unsubscribe newsletter consent rodo prywatnoś newsletter wypisz ciasteczk bdar naujienlaišk "
        "slapuk rinkodar adatvéd leiratkoz hírlev hozzájárul рассылк отпиш персональн согласие",
    ),
    _rule(
        "meter",
        "meter meters reading readings licznik wodomierz gazomierz odczyt inkasent plomb skaitikl rodmen rodmuo "
        "mérőóra mérőáll villanyór gázóra vízóra óraállás leolvas показани счетчик счётчик поверк",
    ),
    _rule(
        "moving",
        "moving relocat tenant landlord przeprowadz przepisać cesj najemc najemca kraust persikraust perraš perleid "
        "nuomin költöz átköltöz beköltöz átír bérlő переезд переезж переоформ",
    ),
    _rule(
        "appointment",
        "appointment engineer technician fitter installer reschedul wizyt monter technik serwisant vizit meistr "
        "montuotoj időpont szerelő визит мастер монтажник",
    ),
    _rule(
        "cancellation",
        "cancel terminat wypowied wypowiad rezygn nutrauk atsisakyti "
        "felmond lemond megszünt szünte расторг растор расторж",
    ),
    _rule(
        "roaming",
        "roaming abroad overseas zagranic granic granica užsien tarptinklin külföld роуминг границ зарубеж",
    ),
    _rule("complaint", "complain skarg reklamacj zażalen skund pretenzij panasz reklamáció жалоб претенз"),
    _rule(
        "invoice",
        "invoice bill bills billing faktur rachun sąskait számla "
        "számlá счет счета счету счетом счетов счёт фактур квитанц",
    ),
    _rule("order_change", "order orders zamówi zamowi anuluj užsaky rendelés megrendel заказ"),
    _rule(
        "return",
        "return exchange warranty zwróci zwrot wymian gwarancj grąžin garantij visszaküld visszavisz cserél garanci "
        "вернут возврат обмен гаранти",
    ),
    _rule(
        "delivery",
        "parcel courier deliver shipment tracking package paczk przesyłk "
        "kurier dostaw siunt kurjer pristat csomag futár "
        "szállít kiszállít посылк курьер достав",
    ),
    _rule(
        "outage",
        "outage signal router modem wifi awari zasięg sygnał działa gedim neveik signal ryšio ryšys üzemzavar "
        "működik térerő hibás авари сигнал сети роутер интернет internet net",
    ),
    _rule(
        "account",
        "password login username account passcode hasł zalogow logowa konto konta koncie slaptažod prisijung paskyr "
        "jelszó jelszav bejelentkez belép fiók парол войти логин аккаунт кабинет",
    ),
    _rule(
        "payment",
        "payment pay paid paying refund transfer instalment debit płatno "
        "zapłac płac płat przelew raty opłac mokėj sumokė "
        "mokė apmokė pavedim fizet befizet kifizet utal részlet оплат плат платеж перевод рассрочк",
    ),
    _rule(
        "tariff",
        "tariff plan plans subscription taryf abonament pakiet tarif "
        "planą planas planu paketas csomagom előfizet тариф трафик "
        "гигабайт абонемент",
    ),
    _rule(
        "offer",
        "offer discount quote quotation promo promotion deals ofert zniżk rabat promocj cennik pasiūlym nuolaid akcij "
        "ajánlat kedvezmény akció предлож скидк акци прайс",
    ),
    _rule(
        "hours",
        "open opening opens hours closed otwar czynn godzin dirbat "
        "darbo atidar nyitva nyit nyitvatart zárva открыт работаете "
        "график часы",
    ),
)
