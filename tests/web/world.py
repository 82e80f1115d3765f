"""A real site for the tests of pages, API and sockets: the writer over SQLite, with a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agents.agent import Membership, Profile
from app.answers import Answers
from app.bulk import BulkAnswers, BulkSettings
from app.crm_asking import Crm, CrmAsking
from app.engine import Engine
from app.erasure import Eraser
from app.intake import Intake
from app.knowledge import KnowledgeBase
from app.labelling import Classify
from app.leases import Leases
from app.mail_intake import MailIntake
from app.mailroom import Mailroom
from app.outgoing import MailChannel, Outgoing
from app.purchasing import Purchases
from app.queue_settings import QueueSettings
from app.recognising import Recognising, Rules
from app.replies import Replies
from app.retraining import Schedule
from app.rows import outbox_of, rows_of
from app.segmenting import Counting, Segmenting
from app.sender_checks import Checking, SenderChecks
from app.site import API_CHANNEL, RunningSite
from autoresponders.templates import shipped_wordings
from channels.callback.phones import PhoneRefused, e164
from channels.email.smtp import SmtpSender, Timeouts
from channels.message import Address, InboundMessage
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from customers.standing import Definition
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import AddMessage, DefineAgent
from router.policy import Action, Policy, Rule
from storage.bus import LocalBus
from storage.sqlite import SqliteStore
from tests.learning import Learning
from tests.servers.ports import free_port
from vocabulary.instants import Instant, Span
from vocabulary.records import AgentRow, InteractionRow, MessageRow, Put, TokenRow, UserRow
from vocabulary.stores import Store
from web.context import CONTEXT
from web.passwords import hash_password
from web.server import build
from web.sessions import hash_of

NO_RULES = Rules()
PASSWORD = "correct horse battery staple"
_HASH = hash_password(PASSWORD)
START = 1_772_000_000_000

POLICY = Policy(
    queues={
        "support": QueuePolicy(name="support", dispositions=("solved", "spam"), wrap_up="open"),
        "billing": QueuePolicy(name="billing", wrap_up="none"),
    },
    channels={
        API_CHANNEL: ChannelPolicy(name=API_CHANNEL, medium="chat"),
        "website": ChannelPolicy(name="website", medium="chat"),
        "callback": ChannelPolicy(name="callback", medium="callback"),
        "mail": ChannelPolicy(name="mail", medium="email"),
    },
    rules=(Rule(name="everything", then=Action(queue="support")),),
)


async def unknown(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    """Classify as a site without a model does."""
    return Classification((("unknown", 0.0),), None, "none", "no model in this test")


class MovableClock:
    """A clock that stands until the test moves it."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> Instant:
        return self._now

    def not_before(self, at: Instant) -> None:
        self._now = max(self._now, at)

    def move(self, span: Span) -> None:
        self._now += span

    async def sleep(self, span: Span) -> None:
        await asyncio.Event().wait()


class Counted:
    """A store that counts what is asked of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        self.reads += 1
        return getattr(self._store, name)


class World:
    """A site behind a real server, and clients that talk to it over sockets."""

    def __init__(self, site: RunningSite, clock: MovableClock, app: web.Application, server: TestServer) -> None:
        self.site = site
        self.clock = clock
        self.app = app
        self.server = server
        self.intake: Intake
        self.segmenting: Segmenting
        self.engine: Engine
        self.learning: Learning
        self.mail_intake: MailIntake
        self.knowledge: KnowledgeBase
        self.mailroom: Mailroom
        self.mailboxes: dict[str, MailChannel]
        self._clients: list[TestClient[Any, Any]] = []
        self._visitors: dict[str, str] = {}

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def app_metrics(self, name: str, **labels: str) -> float | None:
        """Return a figure as Prometheus would read it."""
        return self.app[CONTEXT].metrics.registry.get_sample_value(name, labels)

    def is_followed(self, key: str) -> bool:
        """Tell whether somebody waits for events with `key`."""
        return self.app[CONTEXT].feed.is_followed(key)

    def has_lease(self, agent: str) -> bool:
        """Tell whether the agent is kept connected by his calls."""
        return agent in self.app[CONTEXT].leases

    def client(self, **headers: str) -> "Client":
        """Return somebody new, with a cookie jar of his own."""
        jar = aiohttp.CookieJar(unsafe=True)
        client: TestClient[Any, Any] = TestClient(self.server, cookie_jar=jar, headers=headers)
        self._clients.append(client)
        return Client(client, self.origin)

    async def program(self, role: str, agent: str | None = None) -> "Client":
        """Return a client with a token."""
        token = f"token-of-{role}-{agent}"
        await self.site.write(Put(TokenRow(id=hash_of(token), role=role, created_at=START, agent=agent)))
        return self.client(Authorization=f"Bearer {token}")

    async def person(self, login: str, role: str = "operator", agent: str | None = None) -> "Client":
        """Return a client in which somebody has logged in."""
        await self.add_user(login, role, agent)
        client = self.client()
        await client.log_in(login)
        return client

    async def add_user(self, login: str, role: str = "operator", agent: str | None = None) -> None:
        row = UserRow(id=f"u-{login}", login=login, name=login.title(), role=role, password=_HASH, agent=agent)
        await self.site.write(Put(row))

    async def add_agent(self, id: str, *queues: str, capacity: int = 100) -> None:
        profile = Profile(queues={queue: Membership() for queue in queues}, capacity=capacity)
        await self.site.submit(DefineAgent(id, profile), [Put(AgentRow(id=id, name=id.title(), profile=b"{}"))])

    async def say(self, interaction: str, text: str, *, sender: str) -> None:
        """Let somebody's mail be added to an interaction."""
        row = MessageRow(
            id=self.site.new_id("m"),
            interaction=interaction,
            channel="mail",
            author="customer",
            at=START,
            text=text,
            sender_address=sender,
        )
        await self.site.submit(AddMessage(interaction=interaction, message=row.id, author="customer"), [Put(row)])

    def sends_through(self, port: int) -> None:
        """Let mail go out through the server at `port` of this machine."""
        timeouts = Timeouts(connect_s=1, command_s=1, data_s=1, final_dot_s=1)
        smtp = SmtpSender(host="127.0.0.1", port=port, tls="none", timeouts=timeouts)
        self.mailboxes["mail"] = MailChannel(Address("Test", "support@example.org"), smtp)

    async def asks(self, text: str, *, visitor: str = "v", number: int = 1, medium: str = "chat") -> str:
        """Let somebody write, by chat or mail; return the id of his interaction. What is to be answered is, at once."""
        known = await self.intake_of(text, visitor=visitor, number=number, medium=medium)
        await self.answer()
        return known

    async def intake_of(self, text: str, *, visitor: str, number: int, medium: str) -> str:
        mail = medium == "email"
        message = InboundMessage(
            channel="mail" if mail else "website",
            medium=medium,
            external_id=f"{visitor}:{number}",
            received_at=self.clock.now(),
            text=text,
            reply_text=text,
            sender=Address(visitor, f"{visitor}@customers.example") if mail else None,
            visitor=None if mail else visitor,
            message_id=f"<{visitor}-{number}@customers.example>" if mail else None,
        )
        held = [row for row in await self.site.store.interactions(limit=50) if self._is_of(row, visitor)]
        admission = await self.intake.receive(message, continues=held[0].id if held else None)
        self._visitors[admission.interaction] = visitor
        return admission.interaction

    def _is_of(self, row: InteractionRow, visitor: str) -> bool:
        return self._visitors.get(row.id) == visitor

    async def answer(self) -> None:
        """Write what is to be said automatically into the conversations."""
        for row in await self.site.store.outbox(states=("pending",), due_before=self.clock.now()):
            if row.kind == "auto_reply":
                await self.mailroom._perform(row)

    async def said_in(self, interaction: str) -> list[tuple[str, str]]:
        """Return who said what, in order."""
        return [(row.author, row.text) for row in await self.site.store.messages(interaction)]

    async def send_mail(self) -> None:
        """Do once what is due in the outbox."""
        due = await self.site.store.outbox(states=("pending", "deferred"), due_before=self.clock.now())
        for row in due:
            await self.mailroom._perform(row)

    async def close(self) -> None:
        await self.mailboxes["mail"].smtp.close()
        for client in self._clients:
            await client.close()


class Client:
    """Somebody who calls: adds the CSRF token and the Origin that a page of ours would."""

    def __init__(self, client: TestClient[Any, Any], origin: str) -> None:
        self.http = client
        self.origin = origin
        self.csrf: str | None = None

    async def log_in(self, login: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        answer = await self.http.post("/api/v1/login", json={"login": login, "password": password})
        if answer.status == 200:
            self.csrf = (await answer.json())["csrf"]
        return answer

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: Mapping[str, str] = {}
    ) -> aiohttp.ClientResponse:
        sent = dict(headers)
        if self.csrf is not None and method != "GET":
            sent = {"X-CSRF-Token": self.csrf, "Origin": self.origin, **sent}
        if key is not None:
            sent["Idempotency-Key"] = key
        return await self.http.request(method, f"/api/v1{path}", json=body, headers=sent)

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.call("GET", path)
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def post(self, path: str, body: Any = None, status: int = 200, key: str | None = None) -> Any:
        answer = await self.call("POST", path, {} if body is None else body, key=key)
        assert answer.status == status, await answer.text()
        return await answer.json() if answer.status != 204 else None

    def socket(self, path: str, origin: str | None = None) -> Any:
        """Return the context of a WebSocket, opened as a page of ours would."""
        return self.http.ws_connect(path, origin=self.origin if origin is None else origin)


@asynccontextmanager
async def world(
    folder: Path,
    *,
    classify: Classify | None = None,
    policy: Policy = POLICY,
    rules: Rules = NO_RULES,
    languages: Sequence[str] = ("en",),
    as_site_reads: Callable[[Store], Any] = lambda store: store,
    crm: Crm | None = None,
    lessons: Mapping[str, Any] = {},
    schedule: Schedule = Schedule(),  # noqa: B008  # a frozen value
    definitions: Sequence[Definition] = (),
    counting: Counting = Counting(),  # noqa: B008  # a frozen value
    **settings: Any,
) -> AsyncIterator[World]:
    """Yield a world that lives in `folder` under `policy`.

    What comes in is classified by `classify`, or by the model once a test has it made (`World.learning`); it learns as
    `lessons` and `schedule` say.
    """
    store = await SqliteStore.open(folder / "centrala.db")
    clock = MovableClock()
    engine = Engine(
        store=store, bus=LocalBus(_nothing), policy=policy, clock=clock, outbox_of=outbox_of, rows_of=rows_of
    )
    await engine.start()
    writer = asyncio.create_task(engine.run())
    learning = Learning(engine, store, folder / "learning", schedule, **lessons)

    async def by_model(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        made = learning.understanding.model is not None
        return await (learning.understanding.classify if made else unknown)(subject, text, usual, known)

    knowledge = KnowledgeBase(engine=engine, store=store, classify=classify or by_model)
    intake = Intake(
        engine=engine,
        store=store,
        classify=classify or by_model,
        knowledge=knowledge,
        keys=(b"k" * 32,),
        domain="example.org",
        own_addresses=frozenset({"support@example.org"}),
        seen=learning.shadows.see,
        recognising=Recognising(store=store, rules=rules, crm=CrmAsking(store, crm) if crm is not None else None),
        languages=languages,
    )
    mail_intake = MailIntake(
        engine=engine,
        store=store,
        intake=intake,
        own_addresses=frozenset({"support@example.org"}),
        channel_of=lambda _: "mail",
        senders=SenderChecks({"mail": Checking(answers_unchecked=False)}),
        keys=(b"k" * 32,),
        domain="example.org",
    )
    wordings = shipped_wordings(("en", "pl"))
    # Nobody listens there until a test says who does.
    mailbox = MailChannel(Address("Test", "support@example.org"), SmtpSender(host="127.0.0.1", port=1, tls="none"))
    channels = {"mail": mailbox}
    outgoing = Outgoing(store, channels=channels, wordings=wordings, engine=engine, site="Test")
    purchases = Purchases(engine=engine, store=store, phone_of=_called, key=b"k" * 32, zone=UTC)
    parts: dict[str, Any] = {"definitions": definitions, "counting": counting, "inline": True}
    segmenting = Segmenting(engine=engine, store=store, **parts)
    site = RunningSite(
        name="test",
        engine=engine,
        store=as_site_reads(store),
        intake=intake,
        leases=Leases(engine),
        queues=QueueSettings(engine, store),
        mail_intake=mail_intake,
        eraser=Eraser(engine=engine, store=store, standstill=intake.standing_still),
        replies=Replies(engine=engine, store=store, outgoing=outgoing, domain="example.org"),
        learning=learning.site,
        letters=outgoing.letters,
        number_kinds=[each.name for each in rules.numbers],
        bulk=BulkAnswers(
            engine=engine,
            store=store,
            wordings=wordings,
            articles=lambda: knowledge.articles,
            settings=BulkSettings(),
        ),
        knowledge=Answers(engine=engine, store=store, knowledge=knowledge, classify=classify or by_model),
        understanding=learning.understanding,
        purchases=purchases,
        segmenting=segmenting,
    )
    port = free_port()
    app = build(
        site, **{"live": site.live, "public_url": f"http://127.0.0.1:{port}", "cookie_secure": False, **settings}
    )
    server = TestServer(app, port=port)
    await server.start_server()
    made = World(site, clock, app, server)
    made.intake, made.mail_intake, made.knowledge = intake, mail_intake, knowledge
    made.segmenting, made.engine = segmenting, engine
    made.learning = learning
    made.mailboxes = channels
    made.mailroom = Mailroom(
        engine=engine,
        store=store,
        outgoing=outgoing,
        wordings=wordings,
        key=b"k" * 32,
        domain="example.org",
        knowledge=knowledge,
    )
    understanding = asyncio.create_task(mail_intake.run())
    try:
        yield made
    finally:
        understanding.cancel()
        await asyncio.gather(understanding, return_exceptions=True)
        await made.close()
        await server.close()
        await learning.close()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await store.close()


def _called(text: str) -> str | None:
    try:
        return e164(text, "PL")
    except PhoneRefused:
        return None


async def _nothing(order: Any) -> None:
    """Nobody forwards commands here."""
