"""Files that go out: what may, what they are, and how large."""

FILE_MAX = 10_000_000
FILES_MAX = 18_000_000
"""Bytes of one file, and of all of a message: as mail they grow by a third, and many servers take 25 MB."""

TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gif": "image/gif",
    ".ics": "text/calendar",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
_BEGINNINGS = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".webp": (b"RIFF",),
    **dict.fromkeys((".docx", ".odp", ".ods", ".odt", ".pptx", ".xlsx", ".zip"), (b"PK\x03\x04", b"PK\x05\x06")),
}


def ending(filename: str) -> str:
    """Return the ending of a file's name in small letters, with its dot; "" if it has none."""
    name, dot, last = filename.rpartition(".")
    return f".{last.lower()}" if name and dot else ""


def type_of(filename: str) -> str | None:
    """Return the content type of a file by its name; None if such files are not sent."""
    return TYPES.get(ending(filename))


def is_what_it_says(filename: str, beginning: bytes) -> bool:
    """Tell whether a file begins as its name says; of texts, no beginning tells."""
    known = _BEGINNINGS.get(ending(filename))
    return known is None or beginning.startswith(known)
