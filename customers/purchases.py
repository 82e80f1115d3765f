"""Purchases as other systems write them: dates, amounts with a currency, whom they are of."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation

import msgspec

from vocabulary.instants import DAY, Instant

COLUMNS = (
    "order_id", "at", "amount", "currency", "external_id", "email", "phone", "name", "language", "product",
    "contract_end",
)  # fmt: skip
"""What a row of purchases may say; the first four, and one of external_id, email and phone, it must."""
_NEEDED = ("order_id", "at", "amount", "currency")
_LONGEST = {"order_id": 200, "external_id": 200, "email": 320, "phone": 40, "name": 200, "product": 200}

_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?")
_PLAIN = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,4})?")
_NO_DATE = "is no date from 1970 on; write 2026-03-01 or 2026-03-01T09:30:00+01:00"
_NONE = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a row: at `field`, what was found there and what is expected."""

    field: str
    message: str


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is in order. `amount` is in minor units of `currency`; "" stands for what is not said."""

    order_id: str
    at: Instant
    amount: int
    currency: str
    external_id: str = ""
    email: str = ""
    phone: str = ""
    name: str = ""
    language: str = ""
    product: str = ""
    contract_end: Instant | None = None


def digits_of(currency: str) -> int:
    """Return how many decimals the minor unit of `currency` makes (ISO 4217): 2 of most."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def purchase_of(row: dict[str, str], now: Instant, zone: tzinfo = UTC) -> Purchase | Fault:
    """Return the purchase that `row` writes, or the first thing that is wrong with it.

    Args:
        row: texts by the names of `COLUMNS`; "" is the same as nothing.
        now: nothing is bought later, but for a day that clocks and zones of others may be ahead.
        zone: where days that are written without a time are.

    `at` and `contract_end` are dates (a contract runs until that day is over) or RFC 3339. The amount has a point or a
    comma before its decimals and no more of them than the currency; nothing groups its digits: "1.234" could be both.
    """
    told = {name: value.strip() for name, value in row.items()}
    missing = next((name for name in _NEEDED if not told.get(name)), None)
    if missing is not None:
        return Fault(missing, "is missing")
    long = next((name for name, most in _LONGEST.items() if len(told.get(name, "")) > most), None)
    if long is not None:
        return Fault(long, f"is longer than {_LONGEST[long]} characters")
    if not (told.get("external_id") or told.get("email") or told.get("phone")):
        return Fault("external_id", "is missing, and so are email and phone: nobody is named")
    if any("\0" in value for value in told.values()):
        return Fault("", "a text holds a NUL character")
    return _purchase(told, now, zone)


def _purchase(told: dict[str, str], now: Instant, zone: tzinfo) -> Purchase | Fault:
    currency = told["currency"].upper()
    if not _CURRENCY.fullmatch(currency):
        return Fault("currency", f"{told['currency']!r} is no currency code; write three letters such as EUR")
    times = _times(told, now, zone)
    if isinstance(times, Fault):
        return times
    since, until = times
    amount = minor(told["amount"], currency)
    if amount is None:
        decimals = f"at most {digits_of(currency)} decimals" if digits_of(currency) else "no decimals"
        return Fault("amount", f"{told['amount'][:40]!r} is no amount in {currency}; write digits, {decimals}")
    email = told.get("email", "")
    if email and "@" not in email:
        return Fault("email", f"{email[:80]!r} is no e-mail address")
    language = told.get("language", "")
    if language and not _LANGUAGE.fullmatch(language):
        return Fault("language", f"{language[:40]!r} is no language; write pl or pt-BR")
    texts = {name: told.get(name, "") for name in ("external_id", "phone", "name", "language", "product")}
    return Purchase(
        order_id=told["order_id"],
        at=since,
        amount=amount,
        currency=currency,
        email=email,
        contract_end=until,
        **texts,
    )


def _times(told: dict[str, str], now: Instant, zone: tzinfo) -> tuple[Instant, Instant | None] | Fault:
    at, end = told["at"], told.get("contract_end", "")
    since, until = instant_of(at, zone), instant_of(end, zone, over=True) if end else None
    if since is None:
        return Fault("at", f"{at[:40]!r} {_NO_DATE}")
    if since > now + DAY:
        return Fault("at", f"{at[:40]!r} is in the future; write when it was bought")
    if end and until is None:
        return Fault("contract_end", f"{end[:40]!r} {_NO_DATE}")
    # Money may go back long after the contract that it was paid for.
    if until is not None and until < since and not told["amount"].startswith("-"):
        return Fault(
            "contract_end", f"{end[:40]!r} is before it was bought, {at[:40]!r}; write the contract's last day"
        )
    return since, until


def minor(text: str, currency: str) -> int | None:
    """Return the amount that `text` writes in minor units, None if it is none."""
    if not _PLAIN.fullmatch(text):
        return None
    try:
        scaled = Decimal(text.replace(",", ".")).scaleb(digits_of(currency))
    except InvalidOperation:
        return None
    whole = int(scaled)
    return whole if scaled == whole and abs(whole) < 10**15 else None


def instant_of(text: str, zone: tzinfo, *, over: bool = False) -> Instant | None:
    """Return the instant that `text` writes, None if it is none; a day begins in `zone`, or with `over` ends there."""
    try:
        if _DATE.fullmatch(text):
            moment, more = datetime.combine(date.fromisoformat(text), time()), DAY if over else 0
        else:
            moment, more = datetime.fromisoformat(text), 0
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        at = int(moment.timestamp() * 1000) + more
    except (ValueError, OverflowError):
        return None
    return at if 0 <= at < 10**14 else None
