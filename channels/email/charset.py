"""Bytes to text by the charset that a mail claims, if that is one of those people write in."""

import re

LATIN_1 = "latin-1"
GUESSES_MAX = 10
_FALLBACK = "cp1252"
_SAMPLE = 65_536

# Names to Python codecs. Not on the list and so never used: utf-7 (it smuggles markup), and Python's own hex, rot13,
# idna, punycode and the like, which are no charsets. ISO 8859-1 is read as its superset cp1252, as browsers do.
_CODECS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8", "unicode-1-1-utf-8": "utf-8",
    "us-ascii": "ascii", "ascii": "ascii", "ansi-x3.4-1968": "ascii", "646": "ascii",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "gb-2312": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs",
    "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_2", "euc-jp": "euc_jp", "euc-kr": "cp949", "ks-c-5601-1987": "cp949",
    "koi8-r": "koi8_r", "koi8-u": "koi8_u", "latin2": "iso8859_2", "latin-2": "iso8859_2",
}  # fmt: skip
_CODECS |= {f"windows-{page}": f"cp{page}" for page in range(1250, 1259)}
_CODECS |= {f"cp{page}": f"cp{page}" for page in range(1250, 1259)}
_CODECS |= {f"iso-8859-{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16)}
_CODECS |= {f"iso-8859-{part}-{way}": f"iso8859_{part}" for part in (6, 8) for way in ("i", "e")}
_NAME = re.compile(r"[\w.+-]{1,40}", re.ASCII)


def codec_of(charset: str) -> str | None:
    """Return the Python codec for a charset's name in a mail, or None if it isn't on our list."""
    name = charset.strip(" \t\"'").lower().replace("_", "-")
    return _CODECS.get(name) if _NAME.fullmatch(name) else None


class Guesses:
    """Guesses of the charsets that a mail doesn't name. Each costs much, so there are few for one mail."""

    def __init__(self, left: int = GUESSES_MAX) -> None:
        self._left = left
        self._last = _FALLBACK

    def codec(self, content: bytes) -> str:
        """Return what the letters of `content` look like; once there were many guesses, what the last one was."""
        if self._left > 0:
            import chardet  # takes 70 ms to load and few mails need it

            self._left -= 1
            found = chardet.detect(content[:_SAMPLE])["encoding"]
            self._last = (codec_of(found) if found else None) or _FALLBACK
        return self._last


def decoded(content: bytes, charset: str | None, guesses: Guesses | None = None) -> tuple[str, str | None]:
    """Return the text of `content`, and the defect found on the way or None. Never raises.

    Without a charset (or with ASCII that isn't) it is UTF-8 if it can be, else what `guesses` says, else cp1252.
    """
    codec = codec_of(charset) if charset else "ascii"
    if codec is None:
        return content.decode(LATIN_1), "charset-unknown"
    try:
        return content.decode(codec), None
    except UnicodeDecodeError:
        return _undeclared(content, guesses) if codec == "ascii" else (_nearly(content, codec), "charset-wrong")


def _undeclared(content: bytes, guesses: Guesses | None) -> tuple[str, str | None]:
    try:
        return content.decode("utf-8"), "charset-missing"
    except UnicodeDecodeError:
        codec = _FALLBACK if guesses is None else guesses.codec(content)
        return content.decode(codec, "replace"), "charset-guessed"


def _nearly(content: bytes, codec: str) -> str:
    """Return what `codec` makes of most of `content`; but UTF-8 under another name is UTF-8."""
    if codec == "utf-8":
        return content.decode(codec, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(codec, "replace")
