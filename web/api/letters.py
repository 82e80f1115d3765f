"""A customer's formatted mail as a page for a frame: with its own pictures, and nothing that runs or escapes."""

import re
from base64 import b64encode
from collections.abc import Sequence
from html import unescape
from urllib.parse import unquote

from aiohttp import web

from vocabulary.records import AttachmentRow
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import LetterQuery
from web.problems import Problem

endpoints = Endpoints("records")

_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HEAD = (
    '<!doctype html><meta charset="utf-8"><base target="_blank"><link rel="stylesheet" href="/static/css/letter.css">'
)
_PICTURE = re.compile(r'(<img\b[^<>]*?) src="cid:([^"]*)"', re.IGNORECASE)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PICTURES_MAX = 20 * 1024 * 1024
"""Bytes of all pictures in one letter."""


@endpoints.get("/messages/{id}/letter", "interaction.read", "A formatted mail as a page", content="text/html")
async def get_letter(call: Call, id: str, query: LetterQuery) -> web.Response:
    """Answer a page for a frame without rights; it loads nothing from elsewhere unless `remote_images` says so."""
    message = await call.site.store.message(id)
    if message is None or message.html is None:
        raise Problem("not_found", f"There is no formatted message {id!r}.", reason="unknown_message")
    await call.interaction(message.interaction, "interaction.read")
    markup = await call.site.html_of(message, remote_images=query.remote_images)
    files = await call.site.store.attachments(id)
    images = "data: https: http:" if query.remote_images else "data:"
    return web.Response(
        text=_HEAD + _with_pictures(markup or "", files),
        content_type="text/html",
        charset="utf-8",
        headers={
            "Content-Security-Policy": f"{_SANDBOX}; {_POLICY}; img-src {images}",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


def _with_pictures(markup: str, files: Sequence[AttachmentRow]) -> str:
    """Return `markup` with the pictures that came with the mail: a frame without rights can't ask us for them."""
    pictures = {file.content_id: file for file in reversed(files) if file.content_type.lower() in _PICTURES}
    room = _PICTURES_MAX

    def filled(match: re.Match[str]) -> str:
        nonlocal room
        picture = pictures.get(unquote(unescape(match[2])))
        if picture is None or len(picture.content) > room:
            return match[1]
        room -= len(picture.content)  # a letter may name one picture ten thousand times
        content = b64encode(picture.content).decode("ascii")
        return f'{match[1]} src="data:{picture.content_type.lower()};base64,{content}"'

    return _PICTURE.sub(filled, markup)
