"""Log-in, log-out, tickets for sockets."""

from vocabulary.instants import rfc3339
from web.access import Principal
from web.answers import SessionView, TicketView, UserView
from web.auth import check_origin
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import Login
from web.problems import Problem

endpoints = Endpoints("account")


@endpoints.post("/login", None, "Log in with login and password; sets the session cookie")
async def login(call: Call, body: Login) -> SessionView:
    """Answer who it is, under a new session. Unknown login and wrong password look and take the same."""
    context = call.context
    check_origin(context, call.request)
    key = f"{body.login.casefold()}\n{context.proxies.client_of(call.request)}"
    wait = context.logins.take(key, call.site.now())
    if wait:
        seconds = -(-wait // 1000)
        raise Problem(
            "rate_limited",
            f"Too many log-ins for this account from your address; try again in {-(-seconds // 60)} minutes.",
            headers={"Retry-After": str(seconds)},
        )
    user = await call.site.store.user_by_login(body.login)
    right = await context.passwords.matches(None if user is None else user.password, body.password)
    if user is None or user.disabled or not right:
        raise Problem("wrong_login", "Login or password is wrong.")
    context.logins.forget(key)
    old = call.request.cookies.get(context.cookie)
    before = await context.sessions.find(old) if old else None
    if before is not None and before.session is not None:
        await context.sessions.end(before.session)
    cookie, principal = await context.sessions.open(user)
    call.finish = lambda response: response.set_cookie(
        context.cookie, cookie, httponly=True, secure=context.cookie_secure, samesite="Lax", path="/"
    )
    return session_view(principal)


@endpoints.post("/logout", "self", "End the session", repeats=False)
async def logout(call: Call) -> None:
    """End the session; its sockets close."""
    context = call.context
    if call.principal.session is not None:
        await context.sessions.end(call.principal.session)
        context.sockets.hurry()
    call.finish = lambda response: response.del_cookie(
        context.cookie, path="/", secure=context.cookie_secure, httponly=True, samesite="Lax"
    )


@endpoints.get("/me", "self", "Who you are")
async def me(call: Call) -> SessionView:
    """Answer the same as the log-in did."""
    return session_view(call.principal)


@endpoints.post(
    "/ws-tickets", "self", "Get a ticket that opens one WebSocket within a minute", status=201, repeats=False
)
async def ws_ticket(call: Call) -> TicketView:
    """Answer a ticket for `?ticket=`."""
    ticket, until = await call.context.tickets.give(call.principal, call.site.now())
    return TicketView(ticket=ticket, expires_at=rfc3339(until))


def session_view(principal: Principal) -> SessionView:
    """Return the view of a log-in."""
    user = UserView(
        id=principal.id,
        name=principal.name,
        role=principal.role,
        agent=principal.agent,
        language=principal.language,
    )
    return SessionView(user=user, csrf=principal.csrf)
