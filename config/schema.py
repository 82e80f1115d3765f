"""All settings: what the file may say, with default, unit and meaning. The reference page is made of this."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.avalanche_schema import Avalanche
from config.channel_schema import Channel, Port
from config.hours_schema import OpeningHours
from config.identification_schema import Identification, Question
from config.kinds import (
    MEMBERSHIP,
    PLACE_MAX,
    PREFERENCE,
    REQUIREMENT,
    AtLeast,
    BusUrl,
    Domain,
    File,
    Host,
    Language,
    Level,
    Mailbox,
    Name,
    Network,
    Origin,
    PublicUrl,
    Skill,
    Span,
    StoreUrl,
    Text,
    Variable,
    Zone,
)
from config.letter_schema import LetterTable
from config.overflow_schema import OverflowTable
from config.segment_schema import Customers, Segment
from config.sending_schema import At, Escalate, Files, FollowUp, Subject
from config.sla_schema import Sla
from config.step_schema import StepTable
from config.understanding_schema import Understanding
from queues.hours import Status
from queues.policy import OnClose, OnDisconnect, Order, OutsideHours, Placement, Strategy, WrapUpMode
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND
from vocabulary.skills import LEVEL_MIN

PROVIDERS = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "aol.com",
    "gmx.com", "gmx.de", "gmx.net", "web.de", "proton.me", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "mail.ru",
    "yandex.ru", "inbox.lt", "freemail.hu",
)  # fmt: skip


class Site(msgspec.Struct, frozen=True):
    """Who you are."""

    name: Annotated[Text, Meta(description="Name that customers read.")] = "Centrala"
    domain: Annotated[Domain, Meta(description="Domain in the Message-IDs of your mail.")] = "localhost"
    languages: Annotated[
        tuple[Language, ...],
        Meta(
            description="Languages you answer in, the usual one first. A text is found to be in one of them, or in "
            "another; where you name one only, it may be English, Polish, Lithuanian, Hungarian or Russian, too.",
            min_length=1,
            max_length=50,
        ),
    ] = ("en",)
    time_zone: Annotated[Zone, Meta(description="Zone of reports and of times on pages.")] = "UTC"
    secret_file: Annotated[
        File,
        Meta(description="File of mode 0600 with the secret behind reply addresses and keyed hashes. Keep it."),
    ] = Path("centrala.secret")
    disconnect_grace: Annotated[
        Span, Meta(description="An agent who was cut off counts as coming back for so long.", le=DAY)
    ] = MINUTE
    same_mail: Annotated[
        Literal["once", "each"],
        Meta(
            description="One mail to several of your mailboxes: `once`, one interaction; `each`, one in each mailbox."
        ),
    ] = "once"
    auto_replies_max: Annotated[
        int, Meta(description="So many automatic replies to one address at most ...", ge=0, le=1000)
    ] = 3
    auto_replies_within: Annotated[Span, Meta(description="... within this time.", ge=MINUTE, le=30 * DAY)] = DAY
    auto_replies_domain_max: Annotated[
        int, Meta(description="So many automatic replies to all addresses of one domain at most ...", ge=0, le=1000)
    ] = 20
    auto_replies_domain_within: Annotated[Span, Meta(description="... within this time.", ge=MINUTE, le=30 * DAY)] = (
        HOUR
    )
    auto_replies_shared: Annotated[
        tuple[Domain, ...],
        Meta(description="Domains of providers, whose addresses belong to people who don't know each other: no limit."),
    ] = PROVIDERS
    auto_replies_surge: Annotated[
        int,
        Meta(
            description="Automatic replies stop, and supervisors are told, once so many times as many went out in an "
            "hour as in a usual one of the last 7 days; 0: never.",
            ge=0,
            le=1000,
        ),
    ] = 5
    auto_replies_surge_min: Annotated[
        int, Meta(description="Fewer than so many automatic replies in an hour never stop them.", ge=1, le=1_000_000)
    ] = 100
    auto_replies_surge_hours: Annotated[
        int,
        Meta(
            description="Nor does anything before so many hours with automatic replies tell what is usual.",
            ge=0,
            le=167,
        ),
    ] = 24


class Storage(msgspec.Struct, frozen=True):
    """Where everything is kept."""

    url: Annotated[
        StoreUrl,
        Meta(
            description="The store: a file of SQLite, or a PostgreSQL database, which several nodes may share.",
            examples=["postgresql://centrala@db.example.org/centrala?sslmode=verify-full"],
        ),
    ] = "sqlite:///centrala.db"
    password_env: Annotated[
        Variable | None,
        Meta(description="Environment variable with the password for PostgreSQL.", examples=["CENTRALA_DB_PASSWORD"]),
    ] = None
    password_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is that password.", examples=["database.password"]),
    ] = None


class Bus(msgspec.Struct, frozen=True):
    """How processes tell each other what happened."""

    url: Annotated[
        BusUrl,
        Meta(
            description="The bus: within one process, or a Redis server for several nodes on one PostgreSQL database.",
            examples=["redis://redis.example.org:6379/0"],
        ),
    ] = "memory:"
    password_env: Annotated[
        Variable | None,
        Meta(description="Environment variable with the password for Redis.", examples=["CENTRALA_REDIS_PASSWORD"]),
    ] = None
    password_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is that password.", examples=["redis.password"]),
    ] = None
    lease: Annotated[
        Span,
        Meta(
            description="How long the writing node may be silent before another takes over.",
            ge=SECOND // 2,
            le=MINUTE,
        ),
    ] = 6 * SECOND // 5


class Web(msgspec.Struct, frozen=True):
    """Pages and API."""

    host: Annotated[Host, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on.")] = 8080
    public_url: Annotated[PublicUrl, Meta(description="Where browsers reach it; links in mail begin so.")] = (
        "http://localhost:8080"
    )
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Meta(description="Proxies whose X-Forwarded headers count.", examples=[["10.0.0.0/8"]]),
    ] = ()
    allowed_origins: Annotated[
        tuple[Origin, ...],
        Meta(description="Sites that may embed the widget.", examples=[["https://www.example.org"]]),
    ] = ()
    chat_connects: Annotated[
        int, Meta(description="So many chat connections from one address a minute.", ge=1, le=1_000_000)
    ] = 10
    form_requests: Annotated[
        int, Meta(description="So many callback requests from one address a minute.", ge=1, le=1_000_000)
    ] = 5
    session_idle: Annotated[
        Span, Meta(description="A log-in ends after so long without use.", ge=MINUTE, le=30 * DAY)
    ] = 30 * MINUTE
    session_absolute: Annotated[
        Span, Meta(description="A log-in ends after so long at the latest.", ge=MINUTE, le=365 * DAY)
    ] = 12 * HOUR


class Queue(msgspec.Struct, frozen=True):
    """How one queue orders, offers and wraps up."""

    target: Annotated[
        Span, Meta(description="Service level: answered within this. Earliest due goes first.", ge=SECOND, le=90 * DAY)
    ] = 20 * SECOND
    segment_targets: Annotated[
        dict[Text, Annotated[Span, Meta(ge=SECOND, le=90 * DAY)]],
        Meta(description="The same for customers of a segment.", examples=[{"key_account": "10s"}]),
    ] = {}
    credit: Annotated[Span, Meta(description="The age that one point of priority is worth.", le=DAY)] = MINUTE
    short: Annotated[
        Span, Meta(description="Who leaves sooner counts neither as offered nor as abandoned.", le=HOUR)
    ] = 5 * SECOND
    strategy: Annotated[
        Strategy,
        Meta(
            description="Which free agent first: `least_loaded` (then least busy lately, then longest idle), "
            "`longest_idle`, `best_skill`, `fastest` (least handling time for the label), `round_robin`; or `optimal`: "
            "a freed agent takes what he handles best among the first 50."
        ),
    ] = "least_loaded"
    placement: Annotated[
        Placement | None,
        Meta(
            description="Chats to the fullest agent with room (`pack`: keeps whole agents free for calls) or to the "
            "emptiest (`spread`). Left out: `pack` where agents of the queue also take a channel's medium that needs "
            "them whole, else `spread`.",
            examples=["pack"],
        ),
    ] = None
    order: Annotated[
        Order,
        Meta(
            description="What goes first: earliest `due`, or the longest wait in proportion to the target "
            "(`wait_over_target`: better for the worst queue under overload). The same for queues that share an agent."
        ),
    ] = "due"
    parallel: Annotated[
        int, Meta(description="Rings at so many agents at once; who accepts first gets it.", ge=1, le=50)
    ] = 1
    steps: Annotated[
        tuple[StepTable, ...], Meta(description="What is asked less, or whom else it asks, of what waits long.")
    ] = ()
    hours: Annotated[Name | None, Meta(description="Its opening hours.", examples=["office"])] = None
    offer: Annotated[
        dict[Name, Annotated[Span, Meta(le=DAY)]],
        Meta(
            description='How long an offer rings, by medium ("0s": assigned unasked). Else chat 30s, email 5m, '
            "callback 1m, voice and video 20s.",
            examples=[{"chat": "30s", "email": "5m", "callback": "1m"}],
        ),
    ] = {}
    hold: Annotated[
        dict[Name, Annotated[Span, Meta(le=30 * DAY)]],
        Meta(
            description="How long the preferred agent has it to himself, by medium. Else email 8h, others 30s.",
            examples=[{"email": "8h"}],
        ),
    ] = {}
    misses_max: Annotated[
        int, Meta(description="So many missed offers in a row make an agent not responding.", ge=1, le=100)
    ] = 3
    wrap_up: Annotated[
        WrapUpMode,
        Meta(
            description="After-contact work: none, if he asks (optional), till a timer that he may end early (timed) "
            "or not (timed_forced), or till he ends it (open)."
        ),
    ] = "timed"
    wrap_up_after: Annotated[Span, Meta(description="That timer.", ge=SECOND, le=DAY)] = 30 * SECOND
    wrap_up_extension: Annotated[
        Span, Meta(description="What one press of the extension button adds.", ge=SECOND, le=HOUR)
    ] = 30 * SECOND
    wrap_up_extensions_max: Annotated[int, Meta(description="So many such presses at most.", ge=0, le=100)] = 3
    dispositions: Annotated[
        tuple[Text, ...],
        Meta(description="Outcome codes that agents choose from.", examples=[["solved", "refund", "no answer"]]),
    ] = ()
    disposition_required: Annotated[bool, Meta(description="Wrap-up needs such a code.")] = False
    on_disconnect: Annotated[
        dict[Name, OnDisconnect],
        Meta(
            description="What becomes of active work, by medium, when its agent is cut off. Else chat requeue, others "
            "keep.",
            examples=[{"chat": "requeue"}],
        ),
    ] = {}
    disconnect_grace: Annotated[Span, Meta(description="Work waits so long for him first ...", le=DAY)] = MINUTE
    owner_hold: Annotated[Span, Meta(description="... and e-mail so long.", le=90 * DAY)] = DAY
    warm_wait: Annotated[
        Span, Meta(description="How long a warm transfer to the queue looks for somebody.", gt=0, le=HOUR)
    ] = 2 * MINUTE
    monitoring: Annotated[bool, Meta(description="Whether supervisors may follow its work without being seen.")] = False
    callback_attempts: Annotated[int, Meta(description="Calls before a callback is given up.", ge=1, le=20)] = 3
    callback_retry: Annotated[Span, Meta(description="Time between two such calls.", ge=MINUTE, le=30 * DAY)] = (
        15 * MINUTE
    )
    callback_slot: Annotated[
        Span, Meta(description="Length of the windows that customers book to be called in.", ge=5 * MINUTE, le=DAY)
    ] = 30 * MINUTE
    callback_places: Annotated[int, Meta(description="Callbacks in one such window.", ge=0, le=10_000)] = 3
    callback_days_max: Annotated[int, Meta(description="So many days ahead they can be booked.", ge=1, le=90)] = 90
    outside_hours: Annotated[
        OutsideHours,
        Meta(
            description="E-mail that comes outside hours waits at once (`wait`), or is kept until the next opening "
            "(`schedule`), with the age that it has."
        ),
    ] = "wait"
    on_close: Annotated[
        OnClose,
        Meta(
            description="What still waits at closing: it is kept (`keep`), offered a callback (`callback`), becomes "
            "e-mail (`message`), or rules of `overflow` with `closed` apply to it too (`overflow`)."
        ),
    ] = "keep"
    message_channel: Annotated[
        Name | None,
        Meta(description="Mailbox by which messages are answered that were left elsewhere.", examples=["support-mail"]),
    ] = None
    overflow: Annotated[
        tuple[OverflowTable, ...], Meta(description="What is done with work that it can't serve as it should.")
    ] = ()
    sla: Annotated[
        Name | None, Meta(description="Service-level agreement of what comes in here.", examples=["standard"])
    ] = None
    silent_after: Annotated[
        dict[Name, Annotated[Span, Meta(ge=SECOND, le=30 * DAY)]],
        Meta(
            description="Active work is parked when the customer hasn't answered us so long, by medium. Else never.",
            examples=[{"chat": "10m"}],
        ),
    ] = {}
    parked_close_after: Annotated[
        dict[Name, Annotated[Span, Meta(ge=SECOND, le=366 * DAY)]],
        Meta(
            description="What is parked without an instant closes after so long, by medium. Else never.",
            examples=[{"chat": "1h", "email": "7d"}],
        ),
    ] = {}
    undo: Annotated[
        Span,
        Meta(
            description="An agent's reply by mail waits so long before it goes, and can be taken back.", le=10 * MINUTE
        ),
    ] = 5 * SECOND
    ask: Annotated[
        Question | None,
        Meta(
            description="What is asked of a customer who isn't known for sure; left out, as in `[identification]`.",
            examples=["customer_number"],
        ),
    ] = None
    letter: Annotated[
        Name | None,
        Meta(
            description="What stands around its mail: a table of `[letters]`; left out, `default`.", examples=["formal"]
        ),
    ] = None


class RequirementTable(msgspec.Struct, frozen=True):
    """A skill that an agent must hold. Written short: "billing>=3"."""

    skill: Annotated[Skill, Meta(description="Name of the skill.")]
    level: Annotated[Level, Meta(description="The least level.")] = LEVEL_MIN
    expires_after: Annotated[
        Annotated[Span, Meta(le=30 * DAY)] | None,
        Meta(description="No longer required after so long in the queue.", examples=["60s"]),
    ] = None
    weight: Annotated[
        int, Meta(description="How much its level counts where the strategy is `best_skill`.", ge=1, le=100)
    ] = 1


class PreferenceTable(msgspec.Struct, frozen=True):
    """Who is rather taken, never who may be. Written short: "group:general" or "billing>=3"."""

    group: Annotated[Name | None, Meta(description="Members of this group ...", examples=["general"])] = None
    skill: Annotated[Skill | None, Meta(description="... or holders of this skill.", examples=["billing"])] = None
    level: Annotated[Level, Meta(description="The least level of the skill.")] = LEVEL_MIN
    weight: Annotated[
        int, Meta(description="How much the skill's level counts where the strategy is `best_skill`.", ge=1, le=100)
    ] = 1


class When(msgspec.Struct, frozen=True):
    """When a rule applies: all that is set must hold. A list means: any of these."""

    channel: Annotated[
        tuple[Name, ...], Meta(description="Channels.", examples=["support-mail"], extra={"one": True})
    ] = ()
    medium: Annotated[tuple[Name, ...], Meta(description="Media.", examples=["chat"], extra={"one": True})] = ()
    label: Annotated[
        tuple[Text, ...], Meta(description="What the text is about.", examples=["invoice"], extra={"one": True})
    ] = ()
    confidence: Annotated[AtLeast, Meta(description="How sure the label must be.", ge=0, le=1, examples=[">=0.7"])] = (
        0.0
    )
    department: Annotated[
        tuple[Text, ...],
        Meta(description="The department that the text is for.", examples=["billing"], extra={"one": True}),
    ] = ()
    urgency: Annotated[
        tuple[Literal["low", "normal", "high"], ...],
        Meta(description="How urgent the text is.", examples=["high"], extra={"one": True}),
    ] = ()
    sentiment: Annotated[
        tuple[Literal["negative", "neutral", "positive"], ...],
        Meta(description="The mood of the text.", examples=["negative"], extra={"one": True}),
    ] = ()
    language: Annotated[
        tuple[Language, ...], Meta(description="Languages of the text.", examples=["pl"], extra={"one": True})
    ] = ()
    segment: Annotated[
        tuple[Text, ...],
        Meta(
            description="Segments of the customer, one of which he is of.",
            examples=[["key_account"]],
            extra={"one": True},
        ),
    ] = ()
    words: Annotated[
        tuple[Text, ...],
        Meta(
            description="One of them is in subject or text; `*` stands for any ending.",
            examples=[["refund*", "money back"]],
            extra={"one": True},
        ),
    ] = ()
    automatic: Annotated[
        bool | None, Meta(description="Written by a machine, or not; left out: either.", examples=[True])
    ] = None
    attributes: Annotated[
        dict[Text, Annotated[tuple[Text, ...], Meta(extra={"one": True})]],
        Meta(
            description="Attributes of the customer, or sent with the work, as text; a bound compares numbers. What is "
            "known of his purchases counts as attributes too: `churn`, `value`, `spent`, `orders`, `rfm`, "
            "`days_since_purchase` and their like (docs/how-to/key-customers-first.md).",
            examples=[{"plan": ["gold", "silver"], "trial": "true", "churn": ">=0.6"}],
        ),
    ] = {}
    hours: Annotated[
        tuple[Status, ...],
        Meta(
            description="It is so by `hours_of`, else by the hours of the queue; one without hours is always open.",
            examples=["closed"],
            extra={"one": True},
        ),
    ] = ()
    hours_of: Annotated[Name | None, Meta(description="A table of [hours].", examples=["office"])] = None
    queue: Annotated[
        Name | None,
        Meta(description="Whose hours and figures count; left out: the rule's queue.", examples=["billing"]),
    ] = None
    waiting_min: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None, Meta(description="At least so many wait.", examples=[20])
    ] = None
    waiting_max: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None, Meta(description="At most so many wait.", examples=[5])
    ] = None
    longest_wait_min: Annotated[
        Annotated[Span, Meta(ge=SECOND, le=90 * DAY)] | None,
        Meta(description="The one that waits longest has waited so long.", examples=["5m"]),
    ] = None
    expected_wait_min: Annotated[
        Annotated[Span, Meta(ge=SECOND, le=90 * DAY)] | None,
        Meta(description="The last recorded expected wait (its middle) is at least this.", examples=["10m"]),
    ] = None
    expected_wait_max: Annotated[
        Annotated[Span, Meta(ge=0, le=90 * DAY)] | None,
        Meta(description="It is at most this; neither holds while nobody knows.", examples=["1m"]),
    ] = None
    staffed_min: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)] | None,
        Meta(description="At least so many agents are connected and available or busy.", examples=[1]),
    ] = None
    staffed_max: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | None, Meta(description="At most so many are.", examples=[0])
    ] = None
    free_min: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)] | None,
        Meta(description="At least so many agents could take this medium now.", examples=[1]),
    ] = None
    free_max: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | None, Meta(description="At most so many could.", examples=[0])
    ] = None


class Then(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """What a rule decides."""

    queue: Annotated[Name, Meta(description="The queue.")]
    priority: Annotated[int, Meta(description="Each point makes it due one `credit` earlier.", ge=-100, le=100)] = 0
    class_: Annotated[int, Meta(description="Strict priority: -1 goes before all 0, 1 after all 0.", ge=-10, le=10)] = 0
    requirements: Annotated[
        tuple[Annotated[RequirementTable, Meta(extra={"shorthand": REQUIREMENT})], ...],
        Meta(description="Skills that the agent must hold.", examples=[["billing>=3", "lang:pl>=1"]]),
    ] = ()
    preferences: Annotated[
        tuple[Annotated[PreferenceTable, Meta(extra={"shorthand": PREFERENCE})], ...],
        Meta(description="Who is rather taken, the first wish first.", examples=[["group:general", "billing>=3"]]),
    ] = ()
    language_skill: Annotated[bool, Meta(description="Also require `lang:xx` of the text's language.")] = False
    tags: Annotated[tuple[Text, ...], Meta(description="Tags to set.", examples=[["urgent"]], extra={"one": True})] = ()
    autoresponse: Annotated[Name | None, Meta(description="Automatic answer to send.", examples=["received"])] = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A triage rule. The first that applies decides; the last must apply always."""

    name: Annotated[Text | None, Meta(description='Name in explanations; none: "rule 1" and so on.')] = None
    when: Annotated[When, Meta(description="Its conditions; none: it always applies.")] = When()
    then: Annotated[Then, Meta(description="What it decides.")]


class Autoresponse(msgspec.Struct, frozen=True):
    """An automatic answer. None is ever sent to automatic mail."""

    name: Annotated[Name, Meta(description="Name that rules use.")]
    kind: Annotated[
        Literal["acknowledge", "answer", "document"],
        Meta(
            description="A receipt with fixed words, an article of the knowledge base that fits, or a document: an "
            "offer or price list, sent by e-mail at once or later, by a rule or by an agent."
        ),
    ]
    precision: Annotated[
        Annotated[float, Meta(gt=0, lt=1)] | None,
        Meta(
            description="For `answer`: the share of right answers that is promised. An article answers only with a "
            "probability for which judged and kept-back questions prove it (one-sided 95 % bound); else it is only "
            "suggested to agents. None: 0.99, or none where `confidence` is set.",
            examples=[0.99],
        ),
    ] = None
    confidence: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(
            description="For `answer`, instead of `precision`: the probability from which on an article answers, "
            "proven or not.",
            examples=[0.6],
        ),
    ] = None
    holdout: Annotated[
        float,
        Meta(
            description="For `answer`: the share of what could be answered that agents get instead, by a draw from the "
            "interaction's id, so that the reports tell what automatic answers are worth.",
            ge=0,
            le=0.5,
        ),
    ] = 0.05
    clarify: Annotated[
        float,
        Meta(
            description="For `answer`: where answers are close and one of them is right with this probability, the "
            "customer is asked once which he means; 0: never.",
            ge=0,
            le=1,
        ),
    ] = 0.8
    clarify_wait: Annotated[
        Span,
        Meta(
            description="So long he may think about it; then a person has it, at the place that the customer had.",
            ge=MINUTE,
            le=7 * DAY,
        ),
    ] = 15 * MINUTE
    text: Annotated[
        dict[Language, Text],
        Meta(
            description="Words by language; none: those that come with Centrala, a `document` has none. A template: "
            "`{{ number }}` stands for the reference, `{{ site }}` for your name.",
            examples=[{"en": "We are closed until Monday. Your number is {{ number }}."}],
        ),
    ] = {}
    otherwise: Annotated[
        Name | None, Meta(description="For `answer`: sent instead when no article fits.", examples=["received"])
    ] = None
    subject: Subject = {}
    attachments: Files = ()
    after: Annotated[
        Span, Meta(description="For `document`: sent so long after it is asked for ...", le=366 * DAY, examples=["2h"])
    ] = 0
    at: At = None
    within: Annotated[
        Name | None,
        Meta(description="A table of [hours]: what would go outside them waits.", examples=["office"]),
    ] = None
    time_zone: Annotated[
        Zone | None, Meta(description="Zone of `at`; none: the site's.", examples=["Europe/Warsaw"])
    ] = None
    steps: Annotated[
        tuple[FollowUp, ...],
        Meta(description="What follows unless the customer answers, each once.", max_length=10),
    ] = ()
    escalate: Annotated[
        Escalate | None,
        Meta(
            description="The customer is called if he hasn't answered the last one.",
            examples=[{"after": "7d", "callback": "sales"}],
        ),
    ] = None
    unsubscribe: Annotated[
        bool, Meta(description="Customers may unsubscribe from it by a link, and who has, gets none.")
    ] = False


class Knowledge(msgspec.Struct, frozen=True):
    """Articles for automatic answers."""

    folder: Annotated[
        File | None,
        Meta(
            description="Folder with en.toml, pl.toml and so on, whose articles the knowledge base begins with.",
            examples=["knowledge"],
        ),
    ] = None


class MembershipTable(msgspec.Struct, frozen=True):
    """How an agent serves a queue. Written short: the priority alone."""

    priority: Annotated[int, Meta(description="1 is served first.", ge=1, le=PLACE_MAX)] = 1
    delay: Annotated[Span, Meta(description="He sees only what has waited so long.", le=DAY, examples=["30s"])] = 0


class MediumTable(msgspec.Struct, frozen=True):
    """What one interaction of a medium takes of an agent. Else chat 33 (max 3), email 20 (max 5), others 100."""

    cost: Annotated[int, Meta(description="Units of his capacity.", ge=0, le=10_000)]
    max: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None, Meta(description="At most so many at once.", examples=[3])
    ] = None
    wrap_up_cost: Annotated[
        Annotated[int, Meta(ge=0, le=10_000)] | None,
        Meta(description="Units during its wrap-up, if fewer.", examples=[10]),
    ] = None
    parked_cost: Annotated[int, Meta(description="Units while it is parked.", ge=0, le=10_000)] = 0
    interrupts: Annotated[
        tuple[Name, ...],
        Meta(
            description="Media whose work doesn't keep this one away: it is offered on top.",
            examples=[["email"]],
            extra={"one": True},
        ),
    ] = ()


class Agent(msgspec.Struct, frozen=True):
    """An agent to create at first start. Later changes belong on the pages, in the API or on the command line."""

    id: Annotated[Name, Meta(description="Log-in; never changes.")]
    name: Annotated[Text, Meta(description="Name that customers and colleagues read.")]
    email: Annotated[Mailbox | None, Meta(description="His address.", examples=["agent@example.org"])] = None
    role: Annotated[Literal["operator", "supervisor", "admin"], Meta(description="What he may do.")] = "operator"
    skills: Annotated[dict[Skill, Level], Meta(description="Skills with levels from 1 to 10.")] = {}
    queues: Annotated[
        dict[Name, Annotated[MembershipTable, Meta(extra={"shorthand": MEMBERSHIP})]],
        Meta(description='Queues he serves, with a priority (1 first) or { priority = 1, delay = "30s" }.'),
    ] = {}
    groups: Annotated[
        tuple[Name, ...],
        Meta(description="Groups that steps and preferences name.", examples=[["backup"]], extra={"one": True}),
    ] = ()
    capacity: Annotated[int, Meta(description="Units of work he can hold at once.", ge=1, le=10_000)] = 100
    media: Annotated[
        dict[Name, MediumTable],
        Meta(description="What a medium takes of him.", examples=[{"chat": {"cost": 25, "max": 4}}]),
    ] = {}
    password_env: Annotated[
        Variable | None,
        Meta(
            description="Environment variable with the first password; none: `centrala user reset` sets one.",
            examples=["OPERATOR_PASSWORD"],
        ),
    ] = None
    password_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is the first password.", examples=["operator.password"]),
    ] = None


class Logging(msgspec.Struct, frozen=True):
    """What the process writes to standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least weight of a line.")] = "info"
    format: Annotated[Literal["json", "text"], Meta(description="For machines, or for eyes.")] = "json"


class Settings(msgspec.Struct, frozen=True):
    """A whole, checked file. Spans are ms, sizes are bytes, relative paths are resolved (but in `storage.url`)."""

    site: Site = Site()
    storage: Storage = Storage()
    bus: Bus = Bus()
    web: Web = Web()
    channels: dict[Name, Channel] = {}
    queues: dict[Name, Queue] = {}
    hours: dict[Name, OpeningHours] = {}
    sla: dict[Name, Sla] = {}
    customers: Customers = Customers()
    segments: dict[Name, Segment] = {}
    letters: dict[Name, LetterTable] = {}
    skills: Annotated[
        dict[Skill, str],
        Meta(
            description="Skills and what they mean. With this table, names of skills that are not in it are refused; "
            "`lang:xx` of the site's languages needs no entry."
        ),
    ] = {}
    rules: tuple[Rule, ...] = ()
    autoresponses: tuple[Autoresponse, ...] = ()
    knowledge: Knowledge = Knowledge()
    identification: Identification = Identification()
    understanding: Understanding = Understanding()
    avalanche: Avalanche = Avalanche()
    agents: tuple[Agent, ...] = ()
    logging: Logging = Logging()
