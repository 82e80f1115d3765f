"""What a mail says and brings along: its readable text, its safe HTML, its files."""

import mimetypes
import re

import msgspec

from channels.email.charset import decoded
from channels.email.display import TEXT_MAX, clean_line, clean_text
from channels.email.markup import HTML_MAX, is_bomb, sanitised, text_of
from channels.email.mime import Part
from channels.email.parameters import Parameters, read_parameters
from channels.email.transfer import transferred
from channels.message import Attachment

_READABLE = ("text/plain", "text/html")
_FILENAME_MAX = 200
_PATH = re.compile(r"^.*[/\\]")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


class Content(msgspec.Struct, frozen=True):
    """The readable text, the sanitised HTML if there was any, the attachments in their order, and the defects."""

    text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()


class _Gathering(msgspec.Struct):
    raw: bytes
    texts: list[str] = []
    markups: list[str] = []
    attachments: list[Attachment] = []
    defects: list[str] = []


def read_content(raw: bytes, root: Part) -> Content:
    """Return the content of the mail `raw` with the parts `root`. Never raises."""
    gathering = _Gathering(raw, [], [], [], [])
    _gather(gathering, root, is_root=True)
    markup = _bounded(gathering, "\n".join(gathering.markups), HTML_MAX, "html-too-long")
    plain = clean_text("\n\n".join(text.strip("\r\n") for text in gathering.texts if text.strip()))
    text = plain if plain.strip() else text_of(markup) if markup else ""
    return Content(
        text=_bounded(gathering, text, TEXT_MAX, "text-too-long"),
        html=_shown(gathering, markup),
        attachments=tuple(gathering.attachments),
        defects=tuple(dict.fromkeys(gathering.defects)),
    )


def _gather(gathering: _Gathering, part: Part, *, is_root: bool = False) -> None:
    if part.parts:
        for child in part.parts:
            _gather(gathering, child)
        return
    content, defect = transferred(
        gathering.raw[part.body_at : part.body_end], part.headers.get("content-transfer-encoding") or ""
    )
    if defect:
        gathering.defects.append(defect)
    disposition = read_parameters(part.headers.get("content-disposition"))
    named = _filename(part, disposition)
    if _is_body(part, disposition, named, is_root=is_root) and defect != "transfer-encoding-unknown":
        _take_text(gathering, part, content)
    elif content or named:
        gathering.attachments.append(_attachment(gathering, part, disposition, named, content))


def _is_body(part: Part, disposition: Parameters, named: str, *, is_root: bool) -> bool:
    """Tell whether `part` is for reading: text that isn't sent as a file."""
    kind = part.content_type.value
    if disposition.value == "attachment":
        return False
    if kind in _READABLE:
        return not named or is_root
    return is_root and kind.startswith("text/")


def _take_text(gathering: _Gathering, part: Part, content: bytes) -> None:
    is_markup = part.content_type.value == "text/html"
    into, limit = (gathering.markups, HTML_MAX) if is_markup else (gathering.texts, TEXT_MAX)
    room = limit - sum(map(len, into))
    if room <= 0:
        gathering.defects.append("html-too-long" if is_markup else "text-too-long")
        return
    # A character takes up to four bytes; one more shows that something was left out.
    text, defect = decoded(content[: 4 * room + 4], part.content_type.named.get("charset"))
    if defect and text:
        gathering.defects.append(defect)
    into.append(text[: room + 1])


def _shown(gathering: _Gathering, markup: str) -> str | None:
    if not markup.strip():
        return None
    if is_bomb(markup):
        gathering.defects.append("html-hostile")
        return None
    return clean_text(sanitised(markup))


def _bounded(gathering: _Gathering, text: str, limit: int, defect: str) -> str:
    if len(text) <= limit:
        return text
    gathering.defects.append(defect)
    return text[:limit]


def _attachment(gathering: _Gathering, part: Part, disposition: Parameters, named: str, content: bytes) -> Attachment:
    kind = part.content_type.value
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    content_id = clean_line(part.headers.get("content-id") or "", limit=300).strip("<> ") or None
    number = len(gathering.attachments) + 1
    return Attachment(
        filename=named or f"part-{number}{_extension(kind)}",
        content_type=kind,
        content=content,
        content_id=content_id,
        inline=disposition.value == "inline" or (content_id is not None and disposition.value != "attachment"),
    )


def _filename(part: Part, disposition: Parameters) -> str:
    """Return the file name that the sender gave, for showing: without folders and tricks, or ""."""
    stated = disposition.named.get("filename") or part.content_type.named.get("name") or ""
    return _PATH.sub("", clean_line(stated, limit=2_000)).strip(" .")[-_FILENAME_MAX:]


def _extension(kind: str) -> str:
    if kind == "message/rfc822":
        return ".eml"
    return mimetypes.guess_extension(kind) or ".bin"
