"""The composition root: the only place that names concrete classes and reads settings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from app.answers import Answers
from app.avalanche_watch import AvalancheWatch
from app.bookings import Bookings, link_of
from app.bulk import BulkAnswers, BulkSettings
from app.chat_ways import ChatWays
from app.conversations import UPDATES_MAX, ChatConversations
from app.crm import HttpCrm
from app.crm_asking import CrmAsking
from app.crowd import Crowd
from app.days import days_in
from app.engine import Engine
from app.erasure import Eraser
from app.helped import Helped, helped_link
from app.intake import Intake
from app.knowledge import KnowledgeBase
from app.knowledge_seeds import seed_articles
from app.learning import SiteLearning
from app.leases import Leases
from app.lessons import Lessons
from app.machine import Machine
from app.mail_intake import MailIntake
from app.mail_logins import MailLogins
from app.mail_ways import MailWays
from app.mailroom import Mailroom
from app.model_versions import ModelVersions
from app.model_watch import ModelWatch
from app.notices import Notices
from app.outgoing import MailChannel, Outgoing, signer_of, trusted
from app.parsing import ParsingChildren, read_in_thread
from app.purchasing import Purchases
from app.queue_settings import QueueSettings
from app.recognising import Recognising, Rules
from app.replies import Replies
from app.reply_limits import ReplyLimits
from app.retention import Retention
from app.retraining import Retraining, Schedule
from app.rows import outbox_of, rows_of
from app.seeds import seed_people, tell_core
from app.segmenting import Counting, Segmenting
from app.sender_checks import Checking, SenderChecks, receipts
from app.sendings import Sendings, prepared_of
from app.shadow import ShadowRun
from app.site import API_CHANNEL, RunningSite
from app.store_watch import StoreWatch
from app.stores import IN_PROCESS, is_embedded, open_store, require_secret, store_path
from app.supervise import ended, supervised
from app.understanding import Understanding
from app.unsubscribing import Unsubscribing, unsubscribing_link
from autoresponders.templates import Wordings, shipped_wordings
from channels.callback.phones import PhoneRefused, e164
from channels.email.smtp import SmtpSender
from channels.message import Address
from classifiers.embedding import embedding_of
from classifiers.examples import LANGUAGES
from classifiers.model import UNKNOWN
from classifiers.workers import processors
from config.avalanche_schema import Avalanche
from config.channel_schema import CallbackChannel, EmailChannel
from config.letters import answers_of, letters_of
from config.policy import definitions_of, policy_of
from config.schema import Settings
from config.secrets import password_of, secret_of
from customers.churn import Labels
from customers.numbers import NumberKind
from queues.policy import ChannelPolicy, QueuePolicy
from reports.avalanche import Terms
from router.commands import Reconcile
from router.policy import Policy
from storage.bus import LocalBus
from storage.sqlite_file import require_sound
from vocabulary.ids import AgentId, CustomerId, InteractionId
from vocabulary.instants import HOUR, SECOND, Span
from web.limits import Window

if TYPE_CHECKING:
    from app.cluster import Cluster, Parts

log = structlog.get_logger()

SETTLE_S = 5.0
"""How long a node that starts waits for somebody to write."""
DELIVERIES_S, DRAIN_S = 2.0, 4.0
"""How long a stop waits for mails that are being handed over, and for what was taken in.

With the three seconds that pages and calls have (app/serve.py), a stop stays below ten.
"""

CALLS_PER_NUMBER = 3
"""Requests for one number within an hour: more would make somebody's phone ring who asked for nothing."""

Work = Callable[[], Awaitable[None]]


class Application:
    """One site in one process. `start` brings it up in the order in which parts need each other."""

    def __init__(
        self,
        settings: Settings,
        *,
        folder: Path,
        environment: Mapping[str, str],
        demo: bool = False,
        machine: Machine | None = None,
    ) -> None:
        self.settings = settings
        self.machine = machine or Machine()
        self.clock = self.machine.clock
        self.policy = _policy(settings)
        self._folder = folder
        self._environment = environment
        self.demo = demo
        self.key = secret_of(settings.site.secret_file)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self.engine: Engine
        self.cluster: Cluster | None = None
        """What this process has more if it is one of several."""
        self.typed_elsewhere: asyncio.Queue[InteractionId] = asyncio.Queue(UPDATES_MAX)
        self.logins = MailLogins(environment)
        self._mail_ways: MailWays | None = None
        self.calls_by_number = Window(CALLS_PER_NUMBER, HOUR)

    # -- start and stop

    async def start(self) -> None:
        """Open the store, rebuild the state, open the doors.

        Raises:
            PermanentFailure: the store can't be used; the message says what to do.
            OSError: an address is taken.
        """
        await self._start_core()
        self._build()
        await self.queues.load()
        await seed_people(self.settings.agents, self._environment, self.store)
        await self._seed_knowledge()
        if self.cluster is None:
            await tell_core(self.store, self.engine)
            await self.engine.resume()
            await self.mailroom.recover()
            await self.mail_intake.recover()
        if self.cluster is not None:
            # Another node serves meanwhile. Of one alone, the first texts wait a second instead of everybody.
            await self.understanding.opened()
        works = {**self._background(), **({} if self.cluster is not None else self._writing_works())}
        for name, work in works.items():
            self.watch(name, work)
        if _mailboxes(self.settings) and not self.machine.inline:
            self._tasks.append(asyncio.create_task(self.parsing.warm(), name="parsing"))
        await self.mail_ways.listen()
        if self.cluster is not None:
            await self._join(self.cluster)

    async def _seed_knowledge(self) -> None:
        folder = self.settings.knowledge.folder
        if folder is not None:
            await seed_articles(folder, self.settings.site.languages, self.store, self.clock.now())
        await self.knowledge.load()

    async def start_offline(self) -> None:
        """Open the store and the writer only, for a command that works while no site runs; `stop` as ever.

        With several nodes it works beside them: one that writes is asked to, or else this process does.

        Raises:
            PermanentFailure: the store can't be used, or a site has it; the message says what to do.
        """
        await self._start_core()
        if self.cluster is not None:
            from app.cluster import Parts

            await self._settle(self.cluster, Parts(load_settings=QueueSettings(self.engine, self.store).load))

    async def _start_core(self) -> None:
        """Open the store and rebuild the state from it, while a file is looked through; nothing is written before."""
        # Another thread would break the repeatability of a simulation.
        at_once = is_embedded(self.settings) and not self.machine.inline
        sound = asyncio.create_task(asyncio.to_thread(self._look_through)) if at_once else None
        try:
            await self._rebuild_core(check=sound is None)
        except Exception:
            # Damage makes anything fail in any way; then it is what people must be told.
            if sound is not None:
                await sound
            raise
        if sound is not None:
            await sound
        if self.cluster is None:
            self._writer = asyncio.create_task(self.engine.run(), name="writer")

    def _look_through(self) -> None:
        require_sound(store_path(self.settings, self._folder), self.machine.connect)

    async def _rebuild_core(self, *, check: bool) -> None:
        self.store = await open_store(self.settings, self._folder, self._environment, self.machine, check=check)
        self._stack.push_async_callback(self.store.close)
        for warning in self.store.warnings:
            log.warning("store_warning", store=self.store.name, warning=warning)
        await require_secret(self.store, self.key)
        self.bus: LocalBus[Any, Any] = LocalBus()
        parts: dict[str, Any] = {
            "store": self.store,
            "policy": self.policy,
            "clock": self.clock,
            "outbox_of": outbox_of,
            "rows_of": rows_of,
            "day": days_in(self.settings.site.time_zone),
        }
        if self.settings.bus.url == IN_PROCESS:
            self.engine = Engine(bus=self.bus, **parts)
        else:
            await self._make_node(parts)
        await self.engine.start()

    async def _make_node(self, parts: Mapping[str, Any]) -> None:
        """Be one of several."""
        # Only a site with several nodes pays for loading Redis's client.
        from app.cluster import Cluster, open_bus
        from app.node import Node

        bus = self.settings.bus
        name = f"{self.machine.host}:{self.settings.web.port}"
        process = f"{name}:{self.machine.token_bytes(8).hex()}"
        password = password_of(bus, self._environment)
        shared = await open_bus(bus.url, password, site=self.settings.site.domain, process=process, clock=self.clock)
        self._stack.push_async_callback(shared.close)
        self.engine = node = Node(shared=shared, local=self.bus, name=name, process=process, **parts)
        self.cluster = Cluster(node, shared, self.store, process=process, lease=bus.lease)

    async def _join(self, cluster: "Cluster") -> None:
        """Take part with all that a node does."""
        from app.cluster import Parts

        parts = Parts(
            begin=self._begin,
            works=self._writing_works,
            node_lost=self.mail_intake.recover,
            agents=lambda: self.leases.agents,
            customers=lambda: self.conversations.customers,
            load_settings=self.queues.load,
            agent_types=self.conversations.agent_types,
            customer_types=self.tell_desks,
        )
        await self._settle(cluster, parts)

    async def _settle(self, cluster: "Cluster", parts: "Parts") -> None:
        """Take part, and return once somebody writes, or after a while."""
        await cluster.start(parts)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await cluster.settled.wait()

    async def _begin(self) -> None:
        """Do what a take-over calls for. Who is connected where, the nodes tell each other."""
        await tell_core(self.store, self.engine)
        await self.engine.submit(Reconcile())
        await self.mailroom.recover()
        await self.mail_intake.recover()

    def tell_desks(self, interaction: InteractionId) -> None:
        """Tell desks that a customer types who is connected to another node."""
        if not self.typed_elsewhere.full():
            self.typed_elsewhere.put_nowait(interaction)

    def _build(self) -> None:
        """Put the parts together that need the writer."""
        site, engine, store = self.settings.site, self.engine, self.store
        recognised = _recognised(site.languages)
        crowd = Crowd(recognised) if processors() > 1 and not self.machine.inline else None
        self.understanding = Understanding(crowd, recognised)
        self._stack.push_async_callback(self.understanding.close)
        self.knowledge = KnowledgeBase(
            engine=engine,
            store=store,
            classify=self.understanding.classify,
            model=lambda: self.understanding.model,
        )
        classify = self.understanding.classify
        self.answers = Answers(engine=engine, store=store, knowledge=self.knowledge, classify=classify)
        self.models, learning = self._learning()
        if not self.machine.inline:
            # Another thread would break the repeatability of a simulation.
            self.understanding.opens_with(self.models.open)
        self.intake = Intake(
            engine=engine,
            store=store,
            classify=self.understanding.classify,
            knowledge=self.knowledge,
            keys=(self.key,),
            domain=site.domain,
            providers=site.auto_replies_shared,
            same_mail_once=site.same_mail == "once",
            own_addresses=frozenset(self._channel_of_address),
            recognising=self._recognising(),
            languages=site.languages,
            seen=self.shadows.see,
        )
        self.leases = Leases(engine, self._agent_elsewhere)
        file = store_path(self.settings, self._folder) if is_embedded(self.settings) else None
        self.watching = StoreWatch(file=file, engine=engine, clock=self.clock)
        self.queues = QueueSettings(engine, store)
        keys = {"1": self.key}
        link = partial(link_of, self.settings.web.public_url, keys)
        wordings, zone = shipped_wordings(site.languages), ZoneInfo(site.time_zone)
        notices = Notices(
            store,
            wordings,
            link_of=link,
            slot_of=self._slot_of,
            zone=zone,
            company=site.name,
            domain=site.domain,
        )
        self.sendings = Sendings(
            store,
            prepared_of(self.settings),
            wordings,
            policy=lambda: engine.policy,
            site=site.name,
        )
        self.helped = Helped(engine=engine, store=store, wordings=wordings, keys=keys)
        self.unsubscribing = Unsubscribing(engine=engine, store=store, wordings=wordings, keys=keys)
        outgoing = Outgoing(
            store,
            channels={name: self._mail_channel(channel) for name, channel in _mailboxes(self.settings).items()},
            wordings=wordings,
            engine=engine,
            letters=letters_of(self.settings),
            site=site.name,
            language=site.languages[0],
            zone=zone,
            link_of=partial(unsubscribing_link, self.settings.web.public_url, keys),
        )
        self.bookings = Bookings(engine=engine, store=store, notices=notices, keys=keys, zone=zone)
        self.parsing = ParsingChildren()
        self._stack.push_async_callback(self.parsing.close)
        self.mail_intake = MailIntake(
            engine=engine,
            store=store,
            intake=self.intake,
            own_addresses=frozenset(self._channel_of_address),
            channel_of=self._channel_for,
            senders=SenderChecks(
                {name: _checking(box) for name, box in _mailboxes(self.settings).items()},
                self.machine.resolver,
                receipts(wordings, site.languages),
            ),
            keys=(self.key,),
            domain=site.domain,
            # A simulation has no processes but its own.
            read=read_in_thread if self.machine.inline else self.parsing.read,
        )
        self._mail_ways = MailWays(
            _mailboxes(self.settings),
            store=store,
            intake=self.mail_intake,
            clock=self.clock,
            logins=self.logins,
            hostname=site.domain,
            accepts=lambda address: self._channel_for(address) is not None,
        )
        self.eraser = Eraser(
            engine=engine,
            store=store,
            standstill=self.intake.standing_still,
            forgotten=self._forgotten,
        )
        self.avalanches = AvalancheWatch(
            engine=engine, store=store, terms=_avalanche_terms(self.settings.avalanche), zone=zone
        )
        self.make_segmenting()
        self.retention = Retention(
            engine=engine,
            store=store,
            session_absolute_ms=self.settings.web.session_absolute,
            training_ms=self.settings.understanding.keep,
        )
        self.site = RunningSite(
            name=site.name,
            engine=engine,
            store=store,
            intake=self.intake,
            leases=self.leases,
            queues=self.queues,
            mail_intake=self.mail_intake,
            eraser=self.eraser,
            replies=Replies(engine=engine, store=store, outgoing=outgoing, domain=site.domain),
            learning=learning,
            letters=outgoing.letters,
            number_kinds=self.settings.identification.numbers,
            token_bytes=self.machine.token_bytes,
            link_of=link,
            sendings=self.sendings,
            time_zone=site.time_zone,
            trouble=lambda: self.watching.trouble,
            mailboxes=self._mail_ways.states,
            bulk=self._bulk_answers(wordings),
            knowledge=self.answers,
            understanding=self.understanding,
            purchases=self.purchases,
            segmenting=self.segmenting,
        )
        self.conversations = ChatConversations(
            engine=engine,
            store=store,
            intake=self.intake,
            ways=ChatWays(
                engine=engine,
                store=store,
                wordings=wordings,
                region=_region(self.settings),
                by_phone=self.calls_by_number,
                link_of=link,
                limits=ReplyLimits(self.key, site.auto_replies_shared),
            ),
            company=site.name,
            elsewhere=self._customer_elsewhere,
        )
        self.mailroom = Mailroom(
            engine=engine,
            store=store,
            outgoing=outgoing,
            wordings=wordings,
            knowledge=self.knowledge,
            key=self.key,
            domain=site.domain,
            texts=answers_of(self.settings),
            site=site.name,
            notices=notices,
            sendings=self.sendings,
            helped=partial(helped_link, self.settings.web.public_url, keys),
            process=self.cluster.process if self.cluster is not None else None,
        )

    def _forgotten(self, customer: CustomerId) -> None:
        """Have open chats of an erased customer begin anew, and nothing of him be remembered."""
        self.conversations.forgotten(customer)
        if self.crm is not None:
            self.crm.forget()

    def _recognising(self) -> Recognising:
        """Return who tells who writes."""
        table = self.settings.identification
        crm = None
        if table.crm is not None:
            crm = HttpCrm(
                url=table.crm.url,
                secret=password_of(table.crm, self._environment),
                timeout=table.crm.timeout,
                cache=table.crm.cache,
                failures_max=table.crm.failures_max,
                pause=table.crm.pause,
            )
            self._stack.push_async_callback(crm.close)
        self.crm = crm
        numbers = (NumberKind(name, each.pattern, each.check) for name, each in table.numbers.items())
        region = table.region or _region(self.settings)
        rules = Rules(numbers=tuple(numbers), region=region, merge=table.merge, merge_from=table.merge_from)
        return Recognising(store=self.store, rules=rules, crm=CrmAsking(self.store, crm) if crm is not None else None)

    def make_segmenting(self) -> None:
        """Make what takes purchases in and calculates segments; it needs the store and the writer only."""
        region = partial(_called, region=_region(self.settings))
        zone = ZoneInfo(self.settings.site.time_zone)
        parts: dict[str, Any] = {"engine": self.engine, "store": self.store}
        self.purchases = Purchases(**parts, phone_of=region, key=self.key, zone=zone)
        self.segmenting = Segmenting(
            **parts,
            definitions=definitions_of(self.settings),
            counting=_counting(self.settings),
            inline=self.machine.inline,
        )

    def _learning(self) -> tuple[ModelVersions, SiteLearning]:
        """Put together what learns from work, and what keeps the versions of the model."""
        given, engine, store = self.settings.understanding, self.engine, self.store
        node = f"{self.machine.host}:{self.settings.web.port}"
        lessons = Lessons(
            store, learn=given.learn, queues=given.queues, dispositions=given.dispositions, sources=given.sources
        )
        versions = ModelVersions(
            engine=engine,
            store=store,
            understanding=self.understanding,
            file=self._folder / "model.npz",
            node=node,
            starter=lambda out: self.retraining.first(out),  # noqa: PLW0108  # it is made below
            embedding=embedding_of(given.embedding),
        )
        schedule = Schedule(every=given.retrain, rows=given.retrain_rows, use=given.use)
        self.retraining = Retraining(
            engine=engine,
            store=store,
            lessons=lessons,
            versions=versions,
            node=node,
            starter=given.rows,
            schedule=schedule,
            embedding=given.embedding,
            languages=_recognised(self.settings.site.languages),
        )
        self._stack.push_async_callback(self.retraining.close)
        self.shadows = ShadowRun(engine=engine, store=store, versions=versions, node=node)
        self.model_watch = ModelWatch(engine=engine, store=store, versions=versions)
        return versions, SiteLearning(
            engine=engine,
            store=store,
            understanding=self.understanding,
            lessons=lessons,
            versions=versions,
            retraining=self.retraining,
            shadows=self.shadows,
            watch=self.model_watch,
            labels=given.labels,
        )

    def _bulk_answers(self, wordings: Wordings) -> BulkAnswers:
        settings = self.settings.avalanche
        sure = {name: label.confidence for name, label in settings.labels.items() if label.confidence is not None}
        return BulkAnswers(
            engine=self.engine,
            store=self.store,
            wordings=wordings,
            articles=lambda: self.knowledge.articles,
            settings=BulkSettings(
                confidence=settings.confidence,
                automate_for=settings.automate_for,
                automate_max=settings.automate_max,
                of_labels=sure,
            ),
            languages=self.settings.site.languages,
        )

    def _agent_elsewhere(self, agent: AgentId) -> bool:
        return self.cluster is not None and self.cluster.agent_elsewhere(agent)

    def _customer_elsewhere(self, customer: CustomerId) -> bool:
        return self.cluster is not None and self.cluster.customer_elsewhere(customer)

    def _slot_of(self, queue: str) -> Span:
        """Return the length of the queue's windows for callbacks."""
        return self.engine.policy.queues.get(queue, QueuePolicy(name=queue)).callback_slot

    def _background(self) -> dict[str, Work]:
        """Return what every node does."""
        # A simulation's disk is not the one that the watch looks at.
        watching: dict[str, Work] = {}
        if not self.machine.inline:
            watching = {"store": self.watching.run, "model": self.models.follow, "shadow": self.shadows.run}
            watching["model_watch"] = self.model_watch.run
        return {
            **watching,
            "leases": self.leases.run,
            "conversations": self.conversations.run,
            "knowledge": self.knowledge.run,
            "mail_intake": self.mail_intake.run,
        }

    def _writers(self) -> dict[str, Work]:
        """Return what only the writer does."""
        return {
            "alarm": self.engine.alarm,
            "mailroom": self.mailroom.run,
            "erasures": self.eraser.run,
            "retention": self.retention.run,
            "answers": self.answers.run,
            "retraining": self.retraining.run,
            **({"avalanches": self.avalanches.run} if self.settings.avalanche.watch else {}),
            "segments": self.segmenting.run,
        }

    def _writing_works(self) -> dict[str, Work]:
        """Return what only one process does: the writer's work, and reading the mailboxes."""
        return {**self._writers(), **self.mail_ways.readers()}

    def watch(self, name: str, work: Work) -> None:
        """Keep `work` running in the background until the application stops."""
        self._tasks.append(asyncio.create_task(supervised(name, work, self.clock), name=name))

    def prepare_understanding(self) -> None:
        """Train the first model in the background, or take over another; until then, what there is decides."""
        self._tasks.append(asyncio.create_task(self._prepare_understanding(), name="model"))

    async def _prepare_understanding(self) -> None:
        await self.understanding.opened()
        await self.models.prepare()
        # What is proven depends on the model.
        await self.knowledge.learn()

    async def stop(self) -> None:
        """Close the doors, finish what was taken in, let the store go."""
        if self._mail_ways is not None:
            await self._mail_ways.hang_up(DELIVERIES_S)
        await ended(*self._tasks)
        if self.cluster is not None:
            await self.cluster.stop()
        if self._writer is not None:
            await self.engine.drain(DRAIN_S)
            await ended(self._writer)
        await self._stack.aclose()

    # -- mail

    @property
    def mail_ways(self) -> MailWays:
        """How mail comes in, once the application has started."""
        assert self._mail_ways is not None, "start makes them"
        return self._mail_ways

    @cached_property
    def _channel_of_address(self) -> dict[str, str]:
        """Return our addresses, case folded, and the channel of each."""
        return {
            address.casefold(): name
            for name, box in _mailboxes(self.settings).items()
            for address in (box.address, *box.aliases)
        }

    def _channel_for(self, recipient: str) -> str | None:
        """Return the channel that takes mail to `recipient`; a reply token (`+detail`) is looked through."""
        local, _, domain = recipient.casefold().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return self._channel_of_address.get(f"{local}@{domain}") or self._channel_of_address.get(plain)

    def _mail_channel(self, box: EmailChannel) -> MailChannel:
        sender = Address(box.name or self.settings.site.name, box.address)
        smtp = SmtpSender(
            host=box.send.host,
            port=box.send.port,
            username=box.send.username,
            password=password_of(box.send, self._environment) if box.send.auth == "password" else None,
            tokens=self.logins.tokens(box, box.send),
            tls=box.send.tls,
            tls_context=trusted(box.send),
            local_hostname=self.settings.site.domain,
            connections=box.send.connections,
        )
        self._stack.push_async_callback(smtp.close)
        return MailChannel(sender, smtp, tuple(signer_of(box, dkim) for dkim in box.dkim))

    async def pause(self, seconds: float) -> None:
        """Let some seconds pass."""
        await self.clock.sleep(round(seconds * SECOND))


def _policy(settings: Settings) -> Policy:
    """Return the policy of the file, and the channel of what integrations send without naming one."""
    policy = policy_of(settings)
    channels = {API_CHANNEL: ChannelPolicy(name=API_CHANNEL, medium="api"), **policy.channels}
    return msgspec.structs.replace(policy, channels=channels)


def _avalanche_terms(settings: Avalanche) -> Terms:
    return Terms(
        false_alarms=settings.false_alarms,
        arrivals_min=settings.arrivals_min,
        ratio=settings.ratio,
        ends_after=settings.ends_after,
        usual_per_hour=settings.usual_per_hour,
        learns_first=settings.learns_first,
        # There is no one answer to what nobody understands.
        ignored=frozenset({UNKNOWN, *(name for name, label in settings.labels.items() if not label.watch)}),
        own={
            name: (label.arrivals_min or settings.arrivals_min, label.ratio or settings.ratio)
            for name, label in settings.labels.items()
        },
    )


def _checking(box: EmailChannel) -> Checking:
    return Checking(ids=box.authserv_id, verify=box.verify, answers_unchecked=box.acknowledge_unauthenticated)


def _recognised(languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that a text may be found to be in.

    A site of one language asks nobody for a skill by language; there it helps to be told which of the five it is.
    """
    return tuple(languages) if len(languages) > 1 else tuple(dict.fromkeys((*languages, *LANGUAGES)))


def _region(settings: Settings) -> str:
    """Return the country where numbers without a prefix are in chats: that of the first callback form."""
    forms = (channel for channel in settings.channels.values() if isinstance(channel, CallbackChannel))
    return next((form.country for form in forms if form.country), "")


def _called(text: str, *, region: str) -> str | None:
    """Return the number that `text` says, None if it is none; without a prefix it is one of `region`."""
    try:
        return e164(text, region)
    except PhoneRefused:
        return None


def _counting(settings: Settings) -> Counting:
    said = settings.customers
    same = {name: getattr(said, name) for name in ("currency", "rates", "within", "horizon", "discount", "every")}
    labels = Labels(complaints=frozenset(said.complaint_labels), outages=frozenset(said.outage_labels))
    return Counting(**same, labels=labels)


def _mailboxes(settings: Settings) -> dict[str, EmailChannel]:
    return {name: channel for name, channel in settings.channels.items() if isinstance(channel, EmailChannel)}
