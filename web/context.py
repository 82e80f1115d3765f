"""What every endpoint, page and socket of one application works with."""

import msgspec
from aiohttp import web

from web.feed import Feed
from web.idempotency import Idempotency
from web.limits import Window
from web.metrics import Metrics
from web.origins import Origins, Proxies
from web.passwords import Passwords
from web.presence import Leases, OpenSockets
from web.sessions import Sessions
from web.site import Site
from web.staff_views import StaffViews
from web.tickets import Tickets
from web.views import Views


class Context(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The parts of one application, put together by `web.server.build`."""

    site: Site
    views: Views
    staff: StaffViews
    sessions: Sessions
    passwords: Passwords
    tickets: Tickets
    origins: Origins
    proxies: Proxies
    feed: Feed
    idempotency: Idempotency
    leases: Leases
    sockets: OpenSockets
    metrics: Metrics
    logins: Window
    cookie_secure: bool

    @property
    def cookie(self) -> str:
        """The name of the session cookie; `__Host-` binds it to this host, and needs HTTPS."""
        return "__Host-centrala" if self.cookie_secure else "centrala"


CONTEXT = web.AppKey("CONTEXT", Context)
