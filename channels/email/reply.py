"""What the writer of a reply wrote himself: quotes, the line that introduces them and the signature go.

It is conservative: what isn't surely quoted stays, a forwarded mail stays whole, and text never becomes nothing.
Most signs need no language: a line with an address, a digit and a colon at its end; a block of header-like lines;
">" at the beginning. Words are asked only where writers leave the address out.
"""

import re
from collections.abc import Sequence

_INTRO_LINES = 6
_FOOTER_LINES = 6
_SIGNATURE_LINES = 20
_LINE_MAX = 1_000
_DIGIT = re.compile(r"\d")
_LINES_MAX = 2_000  # whoever writes more before the quote wrote no reply

_QUOTED = re.compile(r"\s{0,8}(?:>|\|\s|[A-Z]{1,4}>)")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_NAMED_ADDRESS = re.compile(r"[<(\[][^\s@]{1,80}@[^\s@]{1,200}[>)\]]")
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
# "-----Original Message-----" and the like say it all; other words between dashes need headers below them.
_ORIGINAL = re.compile(
    r"^[\s>]*[-_=*]{2,}\s?(?:(?:original|forwarded|reply|start of) (?:message|e-?mail|appointment)|original"
    r"|(?:oryginalna )?wiadomość(?: oryginalna| pierwotna)?|pierwotna wiadomość|(?:pradinis|originalus|pirminis)"
    r" (?:laiškas|pranešimas)|(?:laiškas|pranešimas) pradinis|originali žinutė|eredeti (?:üzenet|levél)"
    r"|(?:исходное|оригинальное|первоначальное) (?:сообщение|письмо)|(?:початкове|оригінальне) повідомлення"
    r"|urspr(?:ü|ue)ngliche (?:nachricht|mail)|original-nachricht|message (?:d.origine|original|initial|transféré)"
    r"|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig (?:meddelelse|besked)"
    r"|ursprungligt meddelande|opprinnelig melding|původní (?:zpráva|e-mail)|pôvodná správa|alkuperäinen viesti"
    r"|mes(?:aj|ajul) original|orijinal mesaj|origin[aá]lna poruka|元のメッセージ|原始邮件|원본 메시지)"
    r"(?: of .{1,60})?\s?[-_=*]{2,}\s*$",
    re.IGNORECASE,
)
# "---- Anna wrote ----", "------On 12/29/2025, Anna wrote-----"
_DASHED_INTRO = re.compile(
    r"^\s*-{2,}\s?\S.{1,150}?\s(?:wrote|said|pisze|napisał\w*(?:\(a\))?|rašė|írta|писал\w*|написал\w*|schrieb|écrit)"
    r"\s?:?\s?-{2,}\s*$",
    re.IGNORECASE,
)
# What help desks put above their mails.
_ABOVE = re.compile(
    r"^[\s#>*=_-]*(?:(?:please )?(?:type|write|enter|add|put)? ?(?:your )?(?:reply|response|answer|reply text)s?"
    r"(?: only)? above this line|reply above (?:this line|here)|(?:prosimy |proszę )?"
    r"(?:odpowiedz|odpowiadać|odpowiedź|pisz)"
    r"\w* (?:proszę )?(?:powyżej|nad) te[jąj]\w* lini\w*|rašykite (?:atsakymą )?virš šios eilutės"
    r"|(?:kérjük, )?(?:a )?válaszát? (?:e|ezen) (?:sor|vonal) fölé\b.{0,20}"
    r"|(?:пожалуйста, )?(?:пишите|введите|напишите)? ?(?:ваш )?ответ\w* выше этой (?:строки|линии))[\s#*=_.-]*$",
    re.IGNORECASE,
)
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
_BARE_INTRO = re.compile(
    r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b.{0,120}<[^<>\s]{3,100}>\s*$"
)
_LINK_ALONE = re.compile(r"^\s*[<(]?(?:https?://|mailto:)\S+[>)]?\s*>?\s*$", re.IGNORECASE)
_LIST_FOOTER = re.compile(r"^_{20,}\s*$")
_DASHES = re.compile(r"^\s*[-_=*]{4,}\s*$")
_DASHED_NAME = re.compile(r"^(?:[-~]|[–—] ?)[^\W\d_][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,3}$")
_CONTACT = re.compile(
    r"@[\w-]{1,63}\.|https?://|\bwww\.|^\W{0,3}(?:tel|phone|mobile|mob|cell|fax|faks|skype|kom|komórka|тел|моб|факс|web)\b"
    r"|^\W{0,2}[tmfpew][.:]\s|^[^\w+(]{0,3}[+(]?\d[\d\s()./-]{5,20}\d\W{0,3}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\s*(?:(?:best|kind|warm|many)? ?regards|sincerely|yours \w+|cheers|thanks|thank you|best|pozdrawiam|z poważaniem"
    r"|z wyrazami szacunku|dziękuję|pagarbiai|su pagarba|ačiū|üdvözlettel|tisztelettel|köszönettel|köszönöm"
    r"|с уважением|спасибо|всего доброго)\W{0,3}$",
    re.IGNORECASE,
)
_BLOCK_LINES = 8
_BLOCK_WIDTH = 70
_ANY_DEVICE = re.compile(r"^sent (?:from|via|with|using) [^.,;:!?]{2,50}$", re.IGNORECASE)
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
        kept = "\n".join(candidate).strip()
        if kept:
            return kept
    return whole


def forward_line(lines: Sequence[str]) -> int | None:
    """Return which of `lines` says that another mail is passed on below it."""
    return next((at for at, line in enumerate(lines) if _FORWARDED.match(line[:_LINE_MAX])), None)


def header_line(line: str) -> str | None:
    """Return the name, in lower case, if `line` is like a header in the body of a mail ("From: ...", "Od: ...")."""
    match = _HEADER_LIKE.match(line[:_LINE_MAX])
    return match[1].strip().lower() if match is not None else None


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
    return _without_last_quote(_without_signature(lines))


def _intro_height(lines: Sequence[str], at: int) -> int:
    """Return how many lines from `at` on introduce a quote ("On Monday, Anna wrote:"), 0 if they don't.

    Mail programs break that line, so some are read together; it ends with a colon. A break within an address may leave
    a blank line before it, and a ">" that is no quote behind it.
    """
    first = lines[at][:_LINE_MAX]
    if not _begins_intro(first):
        return 0
    if _DASHED_INTRO.match(first) or (_BARE_INTRO.match(first) and _is_followed(lines, at + 1)):
        return 1
    joined = ""
    for height, line in enumerate(lines[at : at + _INTRO_LINES], start=1):
        is_open = joined.count("<") > joined.count(">")
        if not line.strip():
            if not lines[at + height : at + height + 1] or lines[at + height].strip() != "<":
                return 0
        elif _QUOTED.match(line) and not is_open:
            return 0
        joined = f"{joined} {line.strip()[:_LINE_MAX]}"
        if joined.endswith((":", "：")):
            return height if _introduces(joined.strip(), lines, at + height) else 0
    return 0


def _begins_intro(line: str) -> bool:
    """Tell whether an introduction may begin with `line`: when or who, or a word that leads to it."""
    return bool(
        _DIGIT.search(line)
        or _LEADING.match(line)
        or _ADDRESS.search(line)
        or _WROTE.search(line)
        or _DASHED_INTRO.match(line)
    )


def _introduces(intro: str, lines: Sequence[str], after: int) -> bool:
    has_digit = _DIGIT.search(intro) is not None
    if has_digit and _ADDRESS.search(intro) and (_NAMED_ADDRESS.search(intro) or _is_followed(lines, after)):
        return len(intro) <= 400
    if len(intro) > 300:
        return False
    return bool(_WROTE.search(intro)) and (has_digit or _is_followed(lines, after))


def _is_followed(lines: Sequence[str], after: int) -> bool:
    return any(_QUOTED.match(line) for line in lines[after : after + 3])


def _is_hard_cut(lines: Sequence[str], at: int) -> bool:
    """Tell whether all from `at` on is an older mail: "---- Original Message ----" or a block of its headers."""
    line = lines[at][:_LINE_MAX]
    if _ORIGINAL.match(line) or _ABOVE.match(line):
        return True
    if _SEPARATOR.match(line):
        return _headers_from(lines, at + 1) >= 2
    if _RULE.match(line):
        return _headers_from(lines, at + 1) >= 3
    return bool(_HEADER_LIKE.match(line)) and (_headers_from(lines, at) >= 3 or _is_short_block(lines, at))


def _is_short_block(lines: Sequence[str], at: int) -> bool:
    """Tell whether two headers stand alone, one with an address and one with a day and an hour."""
    names = [header_line(line) for line in lines[at : at + 3]]
    two = lines[at : at + 2]
    stands_alone = (at == 0 or not lines[at - 1].strip()) and (len(lines) <= at + 2 or not lines[at + 2].strip())
    is_known = len(names) >= 2 and all(name in _HEADER_NAMES for name in names[:2])
    return (
        stands_alone
        and is_known
        and any(_ADDRESS.search(line[:_LINE_MAX]) for line in two)
        and any(re.search(r"\d{1,2}:\d{2}", line[:_LINE_MAX]) for line in two)
    )


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
        # What the quote quoted itself may stand without marks of its own.
        end += _intro_height(lines, end) if end < len(lines) else 0
    rest = lines[end:]
    if any(_QUOTED.match(line) for line in rest):
        own = [line for line in rest if line.strip() and not _QUOTED.match(line)]
        if not own or all(_LINK_ALONE.match(line) for line in own):
            return lines[:start]  # a program that marks quotes broke a link in them
        # Answers between the quotes: they make no sense without them.
        return _without_last_quote(_without_signature(lines))
    return _seamed(lines[:start], rest)


def _seamed(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return both with one blank line between them."""
    first, last = _next_text(after, 0), _end_of_text(before)
    rest = [] if first is None else list(after[first:])
    return [*before[:last], "", *rest] if last and rest else [*before[:last], *rest]


def _end_of_text(lines: Sequence[str]) -> int:
    return next((at + 1 for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), 0)


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
        if to_end > _SIGNATURE_LINES:
            break
        if (
            _DELIMITER.match(kept[at])
            or (_LIST_FOOTER.match(kept[at]) and to_end <= _FOOTER_LINES)
            or (_DASHES.match(kept[at]) and _contacts(kept[at + 1 :]) >= 2)
        ):
            kept = kept[:at]
            break
    kept = _without_device(kept)
    card = _card(kept)
    if card is None:
        return kept
    above = _end_of_text(kept[:card])
    return kept[: above - 1] if _CLOSING.match(kept[above - 1][:_BLOCK_WIDTH]) else kept[:card]


def _contacts(lines: Sequence[str]) -> int:
    return sum(_CONTACT.search(line[:_BLOCK_WIDTH]) is not None for line in lines)


def _card(lines: Sequence[str]) -> int | None:
    """Return where the last paragraph begins, if that is "-Anna", or a name above at least two ways to reach her.

    What is announced with a colon is what the writer wants to say.
    """
    end = _end_of_text(lines)
    at = next((index + 1 for index in range(end - 1, -1, -1) if not lines[index].strip()), 0)
    above = _end_of_text(lines[:at])
    block = [line.strip() for line in lines[at:end]]
    if not above or lines[above - 1].rstrip().endswith(":") or not block or len(block) > _BLOCK_LINES:
        return None
    if len(block) == 1:
        name = block[0]
        is_name = _DASHED_NAME.match(name) and all(word[0].isupper() for word in re.findall(r"[^\W\d_][\w'’-]*", name))
        return at if is_name else None
    is_named = block[0][0].isupper() and not re.search(r"[\d@:;!?]", block[0]) and len(block[0].split()) <= 6
    is_narrow = all(len(line) <= _BLOCK_WIDTH for line in block)
    return at if is_named and is_narrow and _contacts(block) >= 2 else None


def _without_device(lines: Sequence[str]) -> list[str]:
    """Return `lines` without "Sent from my phone" among the last of them."""
    filled = [at for at, line in enumerate(lines) if line.strip()][-_FOOTER_LINES:]
    for at in filled:
        line = lines[at].strip()
        is_sentence = "," in line and line.endswith(".")
        stands_alone = at > 0 and not lines[at - 1].strip() and at == filled[-1]
        names_device = len(line) <= 120 and _DEVICE.match(line) and _DEVICE_NAMES.search(line) and not is_sentence
        if names_device or (stands_alone and _ANY_DEVICE.match(line)):
            return [*lines[:at], *lines[at + 1 :]]
    return list(lines)
