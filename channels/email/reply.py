"""What the writer of a reply wrote himself: quotes, the line that introduces them and the signature go.

It is conservative: what isn't surely quoted stays, a forwarded mail stays whole, and text never becomes nothing.
Most signs need no language: a line with an address, a digit and a colon at its end; a block of header-like lines;
">" at the beginning. Words are asked only where writers leave the address out.
"""

import re
from collections.abc import Sequence

_INTRO_LINES = 4
_FOOTER_LINES = 6
_SIGNATURE_LINES = 20
_LINE_MAX = 1_000
_LINES_MAX = 2_000  # whoever writes more before the quote wrote no reply

_QUOTED = re.compile(r"\s{0,8}(?:>|\|\s|[A-Z]{1,4}>)")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_WROTE = re.compile(
    r"\b(?:wrote|writes|said|napisał(?:\(a\)|a|/a)?|pisze|pisał[a]?|rašė|parašė|rašo|írta|írja|пишет|писал(?:\(а\)|а)?"
    r"|написал(?:\(а\)|а)?|пише|schrieb|écrit|escribió|ha scritto|schreef|skrev|escreveu)\b[^\n]{0,80}:\s*$",
    re.IGNORECASE,
)
_LEADING = re.compile(r"\s*(?:on|am|le|el|il|op|w dniu|dnia|em|den)\s", re.IGNORECASE)
_FORWARDED = re.compile(
    r"^[\s>*_-]{0,20}(?:begin )?(?:forwarded (?:message|by)|original message forwarded"
    r"|(?:początek |treść )?(?:wiadomoś(?:ć|ci) przekaz(?:ana|anej|ywanej)|przekaz(?:ana|anej|ywanej) wiadomoś(?:ć|ci))"
    r"|persi(?:ųst(?:as|a|o|os)|unčiam(?:as|a|o|os)) (?:laišk(?:as|o)|žinut(?:ė|ės)|pranešim(?:as|o))(?: pradžia)?"
    r"|továbbított (?:üzenet|levél)(?: kezdete| eleje)?"
    r"|(?:начало )?(?:пересыла|пересла|перенаправл|переадресов|перенаправля)(?:емо|нно|енно|анно|ем)(?:е|го) "
    r"(?:сообщени[ея]|письм[оа])"
    r"|weitergeleitete nachricht)"
    r"[\s:*_-]{0,40}$",
    re.IGNORECASE,
)
# "-----Original Message-----", whatever its language: a few words between dashes.
_SEPARATOR = re.compile(r"^\s*[-_=]{3,}\s?[^\W\d_][\w .'’]{3,60}?\s?[-_=]{3,}\s*$")
_RULE = re.compile(r"^\s*[_\u2500\u2014-]{10,}\s*$")
_HEADER_LIKE = re.compile(r"^\s*[*_]{0,2}([^\W\d_][\w .’'-]{0,24}?)\s?:[*_]{0,2}(?:\s|$)")
_HEADER_NAMES = frozenset(
    "from sent date to cc subject reply-to received"
    " od wysłano data do dw temat wysłane"
    " nuo išsiųsta kam kopija tema siuntėjas gavėjas"
    " feladó küldve dátum elküldve címzett tárgy másolat küldte"
    " от отправлено дата кому копия тема від надіслано"
    " von gesendet an betreff de envoyé à objet enviado para asunto da inviato a oggetto"
    .split()
)  # fmt: skip
_LIST_FOOTER = re.compile(r"^_{20,}\s*$")
_DELIMITER = re.compile(r"^(?:--|—|––) ?$")
_DEVICE = re.compile(
    r"^\W{0,3}(?:sent (?:from|via|with|using) (?:my |the |a )?\S.{0,60}|get outlook for .{2,30}"
    r"|wysłan[eoya] (?:z|ze|przez) .{2,60}|pobierz aplikację outlook .{0,30}"
    r"|išsiųsta iš .{2,60}|siųsta iš .{2,60}"
    r"|(?:elküldve|küldve) (?:az?|innen|egy) .{2,60}|.{2,40}(?:omról|emről|ömről|amról) küldve"
    r"|отправлено (?:с|со|из|через) .{2,60}|надіслано (?:з|із|через) .{2,60}"
    r"|von meinem .{2,40} gesendet|gesendet (?:von|mit) .{2,60}|envoyé (?:de|depuis) .{2,60}|enviado desde .{2,60})"
    r"\W{0,3}$",
    re.IGNORECASE,
)
_DEVICE_NAMES = re.compile(
    r"iphone|ipad|android|samsung|galaxy|huawei|xiaomi|nokia|blackberry|outlook|yahoo|gmail|mail\b|mobile|phone"
    r"|handheld|smartphone|smartfon|telefon|device|urządzeni|įrengin|készülék|телефон|смартфон|устройств|почт|tablet"
    r"|thunderbird|proton|windows|handy|wireless",
    re.IGNORECASE,
)


def reply_text(text: str) -> str:
    """Return what the sender of `text` wrote himself, or all of `text` if nothing else would be left."""
    whole = text.strip()
    lines = whole.split("\n")
    own = _without_quotes(lines)
    unsigned = _without_signature(own)
    for candidate in (unsigned, own):
        kept = _joined(candidate)
        if re.search(r"\w", kept):
            return kept
    return whole


def forward_line(lines: Sequence[str]) -> int | None:
    """Return which of `lines` says that another mail is passed on below it."""
    return next((at for at, line in enumerate(lines) if _FORWARDED.match(line[:_LINE_MAX])), None)


def header_line(line: str) -> str | None:
    """Return the name, in lower case, if `line` is like a header in the body of a mail ("From: ...", "Od: ...")."""
    match = _HEADER_LIKE.match(line[:_LINE_MAX])
    return match[1].strip().lower() if match is not None else None


def _joined(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _without_quotes(lines: list[str]) -> list[str]:
    forward = forward_line(lines)
    for at in range(min(len(lines), _LINES_MAX)):
        if forward is not None and at >= forward:
            return lines
        height = _intro_height(lines, at)
        if height:
            return _around_quote(lines, at, at + height)
        if _is_hard_cut(lines, at):
            return lines[:at]
    return _without_last_quote(lines)


def _intro_height(lines: Sequence[str], at: int) -> int:
    """Return how many lines from `at` on introduce a quote ("On Monday, Anna wrote:"), 0 if they don't.

    Mail programs break that line, so up to four are read together; it ends with a colon.
    """
    if not _begins_intro(lines[at][:_LINE_MAX]):
        return 0
    joined = ""
    for height, line in enumerate(lines[at : at + _INTRO_LINES], start=1):
        if not line.strip() or _QUOTED.match(line):
            return 0
        joined = f"{joined} {line.strip()[:_LINE_MAX]}"
        if joined.endswith((":", "：")):
            return height if _introduces(joined.strip(), lines, at + height) else 0
    return 0


def _begins_intro(line: str) -> bool:
    """Tell whether an introduction may begin with `line`: when or who, or a word that leads to it."""
    return any(character.isdigit() for character in line) or bool(_LEADING.match(line) or _ADDRESS.search(line))


def _introduces(intro: str, lines: Sequence[str], after: int) -> bool:
    has_digit = any(character.isdigit() for character in intro)
    if has_digit and _ADDRESS.search(intro):
        return len(intro) <= 400
    if len(intro) > 300:
        return False
    followed = after < len(lines) and any(_QUOTED.match(line) for line in lines[after : after + 3])
    return bool(_WROTE.search(intro)) and (has_digit or followed)


def _is_hard_cut(lines: Sequence[str], at: int) -> bool:
    """Tell whether all from `at` on is an older mail: "---- Original Message ----" or a block of its headers."""
    line = lines[at][:_LINE_MAX]
    if _SEPARATOR.match(line):
        return _headers_from(lines, at + 1) >= 2
    if _RULE.match(line):
        return _headers_from(lines, at + 1) >= 3
    return bool(_HEADER_LIKE.match(line)) and _headers_from(lines, at) >= 3


def _headers_from(lines: Sequence[str], at: int) -> int:
    """Return how many lines of a header block begin at `at` (blank ones skipped), 0 if they could be the writer's own.

    Names we know count at once; four unknown ones count if an address is among them.
    """
    count = known = 0
    window = [line[:_LINE_MAX] for line in lines[at : at + 16]]
    block: list[str] = []
    for line in window:
        match = _HEADER_LIKE.match(line)
        if match:
            count += 1
            known += match[1].strip().lower() in _HEADER_NAMES
            block.append(line)
        elif line.strip() and not block:
            return 0
        elif line.strip() and len(line) > 200:
            break
        elif not line.strip() and count >= 2:
            break
    tells_who_or_when = any("@" in line or re.search(r"\d{1,2}[.:/]\d{2}|\d{4}", line) for line in block)
    if known >= 2 and tells_who_or_when:
        return known
    return count if count >= 4 and any("@" in line for line in block) else 0


def _around_quote(lines: list[str], start: int, body: int) -> list[str]:
    """Return `lines` without the quote that `start` introduces; without ">" it goes on to the end."""
    first = _next_text(lines, body)
    if first is None or not _QUOTED.match(lines[first]):
        return lines[:start]
    end = first
    while end < len(lines) and (not lines[end].strip() or _QUOTED.match(lines[end])):
        end += 1
    rest = lines[end:]
    if any(_QUOTED.match(line) for line in rest):
        # Answers between the quotes: they make no sense without them.
        return _without_last_quote(lines)
    return [*lines[:start], *rest]


def _next_text(lines: Sequence[str], at: int) -> int | None:
    return next((index for index in range(at, len(lines)) if lines[index].strip()), None)


def _without_last_quote(lines: Sequence[str]) -> list[str]:
    """Return `lines` without the ">" block that ends them."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    return list(lines[:end])


def _without_signature(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    for at in range(len(kept) - 1, 0, -1):
        to_end = len(kept) - at
        if (_DELIMITER.match(kept[at]) and to_end <= _SIGNATURE_LINES) or (
            _LIST_FOOTER.match(kept[at]) and to_end <= _FOOTER_LINES
        ):
            kept = kept[:at]
            break
    return _without_device(kept)


def _without_device(lines: Sequence[str]) -> list[str]:
    """Return `lines` without "Sent from my phone" among the last of them."""
    filled = [at for at, line in enumerate(lines) if line.strip()][-_FOOTER_LINES:]
    for at in filled:
        line = lines[at].strip()
        if len(line) <= 120 and _DEVICE.match(line) and _DEVICE_NAMES.search(line):
            return [*lines[:at], *lines[at + 1 :]]
    return list(lines)
