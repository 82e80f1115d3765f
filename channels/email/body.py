"""What a mail says and brings along: its readable text, its safe HTML, its files, its invitations."""

import mimetypes
import re

import msgspec

from channels.email.charset import Guesses, decoded
from channels.email.display import TEXT_MAX, clean_line, clean_text, has_overrides
from channels.email.flowed import unflowed
from channels.email.invitations import SIZE_MAX as CALENDAR_MAX
from channels.email.invitations import read_invitations
from channels.email.markup import HTML_MAX, Markup, is_bomb, sanitised, text_of
from channels.email.mime import Part
from channels.email.parameters import Parameters, read_parameters
from channels.email.tnef import PackedFile, read_package
from channels.email.transfer import transferred, without_uuencoded
from channels.message import Attachment, Invitation

_READABLE = ("text/plain", "text/html")
_CALENDARS = ("text/calendar", "application/ics")
_PACKED = ("application/ms-tnef", "application/vnd.ms-tnef")
_GROWTH_MAX = 4  # what is read of a mail may be so many times as large as what was sent
_PACKAGES_MAX = 10
_FILENAME_MAX = 200
_ATTACHMENTS_MAX = 1_000
_PATH = re.compile(r"^.*[/\\]")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


class Content(msgspec.Struct, frozen=True):
    """The readable text, the sanitised HTML if there was any, the attachments in their order, and the defects.

    `remote_images`: whether the HTML wants pictures from elsewhere. `overrides`: whether a text or a file's name had
    characters that turn the reading direction around.
    """

    text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    remote_images: bool = False
    overrides: bool = False
    defects: tuple[str, ...] = ()


class _Gathering(msgspec.Struct):
    raw: bytes
    texts: list[str] = []
    markups: list[str] = []
    packed_texts: list[str] = []
    packed_markups: list[str] = []
    attachments: list[Attachment] = []
    invitations: list[Invitation] = []
    overrides: bool = False
    calendars_left: int = CALENDAR_MAX
    packages_left: int = _PACKAGES_MAX
    guesses: Guesses = msgspec.field(default_factory=Guesses)
    defects: list[str] = []


def read_content(raw: bytes, root: Part, *, remote_images: bool = False) -> Content:
    """Return the content of the mail `raw` with the parts `root`; its HTML with `remote_images` if asked. Never raises.

    What Outlook packed into winmail.dat is read only where the mail itself says nothing.
    """
    gathering = _Gathering(raw)
    _gather(gathering, root, is_root=True)
    markups = gathering.markups or gathering.packed_markups
    markup = _bounded(gathering, "\n".join(markups), HTML_MAX, "html-too-long")
    texts = gathering.texts if any(map(str.strip, gathering.texts)) or markup else gathering.packed_texts
    plain = "\n\n".join(text.strip("\r\n") for text in texts if text.strip())
    read = plain if plain.strip() else text_of(markup) if markup else ""
    text = clean_text(read)
    if not text.strip():
        text = "\n\n".join(f"{one.summary}\n{one.description}".strip() for one in gathering.invitations)
    shown = _shown(gathering, markup, remote_images=remote_images)
    return Content(
        text=_bounded(gathering, text, TEXT_MAX, "text-too-long"),
        html=None if shown is None else clean_text(shown.html),
        attachments=tuple(gathering.attachments),
        invitations=tuple(gathering.invitations),
        remote_images=shown is not None and shown.remote_images,
        overrides=gathering.overrides or has_overrides(read) or (shown is not None and has_overrides(shown.html)),
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
    stated = disposition.named.get("filename") or part.content_type.named.get("name") or ""
    gathering.overrides |= has_overrides(stated)
    named = _filename(stated)
    kind = part.content_type.value
    if kind in _CALENDARS:
        calendar, _ = decoded(content[: gathering.calendars_left], part.content_type.named.get("charset") or "utf-8")
        gathering.calendars_left = max(0, gathering.calendars_left - len(content))
        gathering.invitations += read_invitations(calendar)
    if _is_packed(kind, named) and _unpacked(gathering, content):
        return
    if _is_body(part, disposition, named, is_root=is_root) and defect != "transfer-encoding-unknown":
        _take_text(gathering, part, content)
    elif content or named:
        _attach(gathering, part, disposition, named, content)


def _is_packed(kind: str, named: str) -> bool:
    return kind in _PACKED or (kind == "application/octet-stream" and named.lower() == "winmail.dat")


def _unpacked(gathering: _Gathering, content: bytes) -> bool:
    """Take what Outlook packed into one file; False if it isn't that."""
    package = read_package(content) if gathering.packages_left > 0 else None
    if package is None:
        return False
    gathering.packages_left -= 1
    if package.broken:
        gathering.defects.append("winmail-broken")
    if package.text.strip():
        gathering.packed_texts.append(package.text[:TEXT_MAX])
    if package.html.strip():
        gathering.packed_markups.append(package.html[: HTML_MAX + 1])
    for file in package.files:
        _add(gathering, _packed_attachment(gathering, file))
    return True


def _packed_attachment(gathering: _Gathering, file: PackedFile) -> Attachment:
    gathering.overrides |= has_overrides(file.filename)
    named = _filename(file.filename)
    kind = file.content_type.strip().lower()
    if not _TYPE.fullmatch(kind):
        kind = mimetypes.guess_type(named)[0] or "application/octet-stream"
    return Attachment(
        filename=named or f"part-{len(gathering.attachments) + 1}{_extension(kind)}",
        content_type=kind,
        content=file.content,
        content_id=clean_line(file.content_id, limit=300).strip("<> ") or None,
        inline=bool(file.content_id),
    )


def _is_body(part: Part, disposition: Parameters, named: str, *, is_root: bool) -> bool:
    """Tell whether `part` is for reading: text that isn't sent as a file."""
    kind = part.content_type.value
    if disposition.value == "attachment":
        return False
    if kind in _READABLE:
        return not named or is_root
    return is_root and kind.startswith("text/") and kind not in _CALENDARS


def _take_text(gathering: _Gathering, part: Part, content: bytes) -> None:
    is_markup = part.content_type.value == "text/html"
    into, limit = (gathering.markups, HTML_MAX) if is_markup else (gathering.texts, TEXT_MAX)
    if not is_markup:
        content, files = without_uuencoded(content)
        for name, packed in files:
            named = decoded(name, None)[0]
            _add(gathering, _packed_attachment(gathering, PackedFile(filename=named, content=packed)))
    room = limit - sum(map(len, into))
    if room <= 0:
        gathering.defects.append("html-too-long" if is_markup else "text-too-long")
        return
    # A character takes up to four bytes; one more shows that something was left out.
    text, defect = decoded(content[: 4 * room + 4], part.content_type.named.get("charset"), gathering.guesses)
    if defect and text:
        gathering.defects.append(defect)
    if not is_markup and part.content_type.named.get("format", "").strip().lower() == "flowed":
        delete_space = part.content_type.named.get("delsp", "").strip().lower() == "yes"
        text = unflowed(text[: room + 1], delete_space=delete_space)
    into.append(text[: room + 1])


def _shown(gathering: _Gathering, markup: str, *, remote_images: bool) -> Markup | None:
    if not markup.strip():
        return None
    if is_bomb(markup):
        gathering.defects.append("html-hostile")
        return None
    shown = sanitised(markup, remote_images=remote_images)
    if len(shown.html) > _GROWTH_MAX * HTML_MAX:
        gathering.defects.append("html-hostile")
        return None
    return shown


def _bounded(gathering: _Gathering, text: str, limit: int, defect: str) -> str:
    if len(text) <= limit:
        return text
    gathering.defects.append(defect)
    return text[:limit]


def _attach(gathering: _Gathering, part: Part, disposition: Parameters, named: str, content: bytes) -> None:
    kind = part.content_type.value
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    content_id = clean_line(part.headers.get("content-id") or "", limit=300).strip("<> ") or None
    number = len(gathering.attachments) + 1
    attachment = Attachment(
        filename=named or f"part-{number}{_extension(kind)}",
        content_type=kind,
        content=content,
        content_id=content_id,
        inline=disposition.value == "inline" or (content_id is not None and disposition.value != "attachment"),
    )
    _add(gathering, attachment)


def _add(gathering: _Gathering, attachment: Attachment) -> None:
    if len(gathering.attachments) < _ATTACHMENTS_MAX:
        gathering.attachments.append(attachment)
    else:
        gathering.defects.append("too-many-files")


def _filename(stated: str) -> str:
    """Return the file name that the sender gave, for showing: without folders and tricks, or ""."""
    return _PATH.sub("", clean_line(stated, limit=2_000)).strip(" .")[-_FILENAME_MAX:]


def _extension(kind: str) -> str:
    if kind == "message/rfc822":
        return ".eml"
    return mimetypes.guess_extension(kind) or ".bin"
