"""Pages: shells rendered here, filled by their scripts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from aiohttp import web

from web.access import Action, Principal, authorise
from web.assets import Assets
from web.auth import find_principal
from web.context import CONTEXT
from web.headers import NONCE
from web.i18n import Catalogues, Translate, own_name
from web.problems import Problem

HERE = Path(__file__).parent
_LANGUAGE_FOR_S = 365 * 24 * 3600

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """Renders pages. Forms and other pages that the shell mounts use `render` too."""

    def __init__(
        self, *, company: str, demo: bool, demo_logins: Sequence[Mapping[str, str]] = (), folder: Path = HERE
    ) -> None:
        self._demo_logins = demo_logins
        self.assets = Assets(folder / "static")
        self.catalogues = Catalogues(folder / "static" / "locales")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(asset=self.assets.address, own_name=own_name, company=company, demo=demo)

    def language_of(self, request: web.Request, principal: Principal | None = None) -> str:
        """Return the language in which `request` is answered."""
        return self.catalogues.negotiated(request, None if principal is None else principal.language)

    def translator(self, language: str) -> Translate:
        """Return what translates into `language`."""
        return self.catalogues.translator(language)

    def render(
        self,
        request: web.Request,
        template: str,
        *,
        status: int = 200,
        principal: Principal | None = None,
        secret: bool = False,
        **values: Any,
    ) -> web.Response:
        """Return the page that `template` makes of `values`. `secret`: its address is a key; it goes to nobody else.

        Every template also gets `language`, `languages`, `t`, `nonce`, `asset`, `own_name`, `company`,
        `demo` and `path`.
        """
        language = self.language_of(request, principal)
        known = {
            "language": language,
            "languages": self.catalogues.languages,
            "t": self.translator(language),
            "status": status,
            "nonce": request[NONCE],
            "path": request.path,
        }
        text = self._environment.get_template(template).render(**{**known, **values})
        response = web.Response(text=text, content_type="text/html", status=status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = language
        if secret:
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
        if request.query.get("lang") and request.cookies.get("lang") != language:
            response.set_cookie("lang", language, max_age=_LANGUAGE_FOR_S, samesite="Lax", path="/")
        return response

    def failure(self, request: web.Request, problem: Problem) -> web.Response:
        """Return the page that tells a visitor what went wrong."""
        return self.render(request, "error.html", status=problem.status)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes of the pages."""
        return [
            web.get("/", self._index),
            web.get("/login", self._login),
            web.get("/desk", self._for_staff("desk.html", "desk.open")),
            web.get("/supervisor", self._for_staff("supervisor.html", "wallboard.open")),
            web.get("/chat/{channel}", self._chat),
        ]

    async def _index(self, request: web.Request) -> web.StreamResponse:
        channels = request.app[CONTEXT].site.policy.channels.values()
        return self.render(request, "index.html", channels=channels, logins=self._demo_logins)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        return self.render(request, "login.html", next=local_path(request.query.get("next", "")))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["channel"]
        channel = request.app[CONTEXT].site.policy.channels.get(name)
        if channel is None or channel.medium != "chat":
            raise Problem("not_found", f"There is no chat {name!r}.", reason="unknown_channel")
        return self.render(request, "chat.html", channel=name)

    def _for_staff(self, template: str, action: Action) -> Handler:
        async def page(request: web.Request) -> web.StreamResponse:
            principal = await find_principal(request.app[CONTEXT], request)
            if principal is None:
                raise web.HTTPSeeOther(f"/login?next={quote(request.path_qs, safe='')}")
            authorise(principal, action)
            return self.render(request, template, principal=principal)

        return page


PAGES = web.AppKey("PAGES", Pages)


def local_path(target: str) -> str:
    """Return `target` if it is a path of ours, else the desk: nobody is sent to another site after the log-in."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe and "\\" not in target else "/desk"
