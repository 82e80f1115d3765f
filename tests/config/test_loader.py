from pathlib import Path

import pytest

from config.faults import ConfigurationError
from config.loader import check, load, read
from tests.config.files import SMALL, faults, lines, reading


def test_a_small_file_is_enough() -> None:
    settings = reading(SMALL).settings
    assert settings is not None
    assert settings.queues["support"].target == 20_000
    assert settings.web.port == 8080


def test_every_fault_is_one_line_with_file_line_key_and_expectation() -> None:
    assert lines(
        """\
[queues.support]
target = "20 sec"
offer = { chta = "30s" }
wrap_up = "timd"
misses_max = 0

[web]
prot = 1

[[rules]]
when = { channel = "mail" }
then = { queue = "suport", requirements = ["billing>=11"] }
"""
    ) == [
        (
            'centrala.toml:2: queues.support.target: found "20 sec", expected a time span such as "20s", "5m", "2h" or '
            '"7d", from 1s to 90d; did you mean "20s"?'
        ),
        (
            'centrala.toml:3: queues.support.offer.chta: found "chta", expected a medium: "chat", "email", "callback", '
            '"voice" or "video", or a name unlike these; did you mean "chat"?'
        ),
        (
            'centrala.toml:4: queues.support.wrap_up: found "timd", expected "none", "open", "optional", "timed" or '
            '"timed_forced"; did you mean "timed"?'
        ),
        "centrala.toml:5: queues.support.misses_max: found 0, expected a whole number from 1 to 100",
        (
            'centrala.toml:8: web.prot: found an unknown key, expected "host", "port", "public_url", '
            '"trusted_proxies", "allowed_origins", "chat_connects", "form_requests", "session_idle" or '
            '"session_absolute"; did you mean "port"?'
        ),
        'centrala.toml:11: rules[0].when.channel: found "mail", expected a channel; the file has none',
        (
            "centrala.toml:11: rules[0].when: found conditions in the last rule, expected a last rule without "
            'conditions: [[rules]] with then = { queue = "..." } alone'
        ),
        (
            'centrala.toml:12: rules[0].then.requirements[0]: found "billing>=11", expected a skill and a least level '
            'from 1 to 10, such as "billing>=3"'
        ),
        'centrala.toml:12: rules[0].then.queue: found "suport", expected a queue: "support"; did you mean "support"?',
    ]


POSTGRESQL = "[storage]\nurl = 'postgresql://localhost/site'\n"


# What is added to a valid file, and what is wrong then: key, did-you-mean.
@pytest.mark.parametrize(
    ("added", "path", "guess"),
    [
        ("[sla.gold]\n", "sla.gold", None),
        ("[hours.office]\n", "hours.office.week", None),
        ("[qeues.x]\n", "qeues", "queues"),
        ("[site]\ntime_zone = 'Europe/Warsow'\n", "site.time_zone", "Europe/Warsaw"),
        ("[site]\nlanguages = ['PL']\n", "site.languages[0]", "pl"),
        ("[site]\nlanguages = []\n", "site.languages", None),
        ("[site]\nname = ' '\n", "site.name", None),
        ("[storage]\nurl = 'mysql://db'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://localhost'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://ada:secret@localhost/site'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://localhost/site?password=secret'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://localhost/site?sslmod=require'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://localhost:port/site'\n", "storage.url", None),
        ("[storage]\nurl = 'postgresql://localhost/site'\npassword_env = 'NOT_SET'\n", "storage.password_env", None),
        ("[bus]\nurl = 'redis//x'\n", "bus.url", None),
        ("[bus]\nurl = 'redis://'\n", "bus.url", None),
        ("[bus]\nurl = 'redis://localhost:port'\n", "bus.url", None),
        ("[bus]\nurl = 'redis://localhost'\n", "bus.url", None),  # beside a store for one process
        (POSTGRESQL + "[bus]\nurl = 'redis://:secret@localhost'\n", "bus.url", None),
        (POSTGRESQL + "[bus]\nurl = 'redis://localhost'\npassword_env = 'NOT_SET'\n", "bus.password_env", None),
        (POSTGRESQL + "[bus]\nurl = 'redis://localhost'\nlease = '100ms'\n", "bus.lease", None),
        ("[web]\nport = true\n", "web.port", None),
        ("[web]\nport = 8080.0\n", "web.port", None),
        ("[web]\npublic_url = 'https://example.org/desk'\n", "web.public_url", None),
        ("[web]\nallowed_origins = ['*']\n", "web.allowed_origins[0]", None),
        ("[web]\ntrusted_proxies = ['proxy']\n", "web.trusted_proxies[0]", None),
        ("[web]\nsession_idle = '2d'\n", "web.session_idle", None),
        ("[channels.x]\n", "channels.x.medium", None),
        ("[channels.x]\nmedum = 'chat'\n", "channels.x.medum", "medium"),
        ("[channels.x]\nmedium = 'caht'\n", "channels.x.medium", "chat"),
        ("[channels.x]\nmedium = 'email'\n", "channels.x.address", None),
        ("[channels.x]\nmedium = 'email'\naddress = 'x@@y'\n", "channels.x.address", None),
        ("[channels.x]\nmedium = 'callback'\nqueue = 'suport'\n", "channels.x.queue", "support"),
        ("[channels.x]\nmedium = 'callback'\ncountry = 'pl'\n", "channels.x.country", "PL"),
        ("[channels.x]\nmedium = 'chat'\nlanguages = ['de']\n", "channels.x.languages[0]", None),
        ("[channels.'a b']\nmedium = 'chat'\n", 'channels."a b"', None),
        ("[queues.x]\ntarget = 20\n", "queues.x.target", "20s"),
        ("[queues.x]\nwrap_up_after = '2 Minutes'\n", "queues.x.wrap_up_after", "2m"),
        ("[queues.x]\ndisposition_required = true\n", "queues.x.disposition_required", None),
        ("[queues.x]\ndispositions = ['a', 'a']\n", "queues.x.dispositions[1]", None),
        ("[[agents]]\nid = 'a'\n", "agents[0].name", None),
        ("[[agents]]\nid = 'a'\nname = 'A'\nqueues = { suport = 1 }\n", "agents[0].queues.suport", "support"),
        ("[[agents]]\nid = 'a'\nname = 'A'\nqueues = { support = 0 }\n", "agents[0].queues.support", None),
        ("[[agents]]\nid = 'a'\nname = 'A'\nskills = { x = 11 }\n", "agents[0].skills.x", None),
        ("[skills]\nbilling = ''\n[[agents]]\nid = 'a'\nname = 'A'\nskills = { biling = 1 }\n",
         "agents[0].skills.biling", "billing"),
        ("[[agents]]\nid = 'a'\nname = 'A'\npassword_env = 'NOT_SET'\n", "agents[0].password_env", None),
        ("[[agents]]\nid = 'a'\nname = 'A'\nemali = 'a@x.org'\n", "agents[0].emali", "email"),
        ("[[autoresponses]]\nname = 'a'\nkind = 'anser'\n", "autoresponses[0].kind", "answer"),
        ("[[autoresponses]]\nname = 'a'\nkind = 'answer'\nconfidence = 1.5\n", "autoresponses[0].confidence", None),
        ("[[autoresponses]]\nname = 'a'\nkind = 'answer'\nconfidence = nan\n", "autoresponses[0].confidence", None),
        ("[[autoresponses]]\nname = 'a'\nkind = 'answer'\notherwise = 'a'\n", "autoresponses[0].otherwise", None),
        ("[[autoresponses]]\nname = 'a'\nkind = 'acknowledge'\notherwise = 'a'\n", "autoresponses[0].otherwise", None),
        ("[knowledge]\nfolder = 'nowhere'\n", "knowledge.folder", None),
        (f"[knowledge]\nfolder = '{'n' * 5000}'\n", "knowledge.folder", None),
        (f"[site]\nsecret_file = '{'n' * 5000}'\n", "site.secret_file", None),
        ("[site]\nsecret_file = '.'\n", "site.secret_file", None),
        ("[[rules]]\nthen = { queue = 'support' }\n", "rules[1]", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_key(added: str, path: str, guess: str | None) -> None:
    found = [(fault.path, fault.did_you_mean) for fault in faults(SMALL + added) if fault.severity == "fault"]
    assert (path, guess) in found


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("", "rules"),
        ("[[rules]]\nwhen = { label = 'a' }\nthen = { queue = 'q' }\n", "rules[0].when"),
        ("[[rules]]\nthen = {}\n", "rules[0].then.queue"),
        ("[[rules]]\nwhen = { confidence = '>=0.5' }\nthen = { queue = 'q' }\n", "rules[0].when.confidence"),
        ("[[rules]]\nwhen = { label = 'a', confidence = '>1' }\nthen = { queue = 'q' }\n", "rules[0].when.confidence"),
        ("[[rules]]\nwhen = { language = 'de' }\nthen = { queue = 'q' }\n", "rules[0].when.language"),
        (("[[rules]]\nname = 'a'\nwhen = { label = 'a' }\nthen = { queue = 'q' }\n"
         "[[rules]]\nname = 'a'\nthen = { queue = 'q' }\n"), "rules[1].name"),
        (("[[rules]]\nwhen = { label = 'a' }\nthen = { queue = 'q' }\n[[rules]]\nwhen = { label = 'a' }\n"
         "then = { queue = 'q' }\n[[rules]]\nthen = { queue = 'q' }\n"), "rules[1]"),
        ("[[rules]]\nthen = { queue = 'q', autoresponse = 'a' }\n", "rules[0].then.autoresponse"),
        ("[[rules]]\nthen = { queue = 'q', priority = 101 }\n", "rules[0].then.priority"),
        ("rules = 3\n", "rules"),
    ],
)  # fmt: skip
def test_rules_must_decide_every_case(rules: str, path: str) -> None:
    text = f"{rules}[queues.q]\n" if rules.startswith("rules =") else f"[queues.q]\n{rules}"
    assert path in {fault.path for fault in faults(text)}


MAILBOX = SMALL + "[channels.a]\nmedium = 'email'\naddress = 'a@x.org'\n"
IMAP = "protocol = 'imap', host = 'mail.x.org', username = 'u'"
TOKENS = "[channels.a.oauth]\ntoken_url = 'https://login.x.org/token'\nclient_id = 'c'\n"


@pytest.mark.parametrize(
    "lines, told",
    [
        (f"receive = {{ {IMAP}, auth = 'xoauth2' }}\n", ["channels.a.receive.auth"]),
        (f"receive = {{ {IMAP}, auth = 'xoauth2' }}\n{TOKENS}client_secret_env = 'P'\n", []),
        (f"receive = {{ {IMAP}, auth = 'xoauth2', password_env = 'P' }}\n", []),
        (f"{TOKENS}", ["channels.a.oauth.client_secret_file"]),
        (f"{TOKENS}refresh_token_env = 'P'\nrefresh_token_file = 'f'\n", ["channels.a.oauth.refresh_token_file"]),
        (f"{TOKENS}refresh_token_file = 'absent'\n", ["channels.a.oauth.refresh_token_file"]),
        (f"{TOKENS.replace('https', 'http')}client_secret_env = 'P'\n", ["channels.a.oauth.token_url"]),
        ("send = { host = 'smtp.x.org', tls = 'starttls', auth = 'xoauth2', password_env = 'P' }\n",
         ["channels.a.send.username"]),
        (f"receive = {{ {IMAP}, password_env = 'P', folders = ['Spam', 'INBOX', 'Spam'] }}\n",
         ["channels.a.receive.folders[1]", "channels.a.receive.folders[2]"]),
        ("receive = { protocol = 'lmtp', tls_cert = 'absent.pem' }\n", ["channels.a.receive.tls_key"]),
        ("receive = { protocol = 'lmtp', tls_cert = 'no.pem', tls_key = 'no' }\n", ["channels.a.receive.tls_key"]),
    ],
)  # fmt: skip
def test_log_ins_folders_and_certificates_are_complete(lines: str, told: list[str]) -> None:
    assert [fault.path for fault in faults(MAILBOX + lines, {"P": "x"})] == told


def test_mail_servers_get_no_password_in_the_clear_and_share_no_port() -> None:
    mail = SMALL + (
        "[channels.a]\nmedium = 'email'\naddress = 'a@x.org'\n"
        "send = { host = 'mail.x.org', username = 'u', password_env = 'P' }\n"
        "[channels.b]\nmedium = 'email'\naddress = 'A@x.org'\nsend = { username = 'u' }\n"
    )
    assert [(fault.line, fault.path) for fault in faults(mail, {"P": "x"})] == [
        (9, "channels.a.send.tls"),
        (10, "channels.b.receive.port"),
        (12, "channels.b.address"),
        (13, "channels.b.send.username"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        ("[site]\nname = \"Demo\n", 2, "site.name"),
        ("[site]\nlanguages = ['en', 'pl'\ntime_zone = 'UTC'\n", 2, "site.languages"),
        ("[site]\nlanguages = ['en', \n'pl' 'lt']\n", 3, "site.languages"),
        ("[site]\nname = 'a'\nname = 'b'\n", 3, "site.name"),
        ("[site]\n[web]\n[site]\n", 3, "site"),
        ("[queues.x]\noffer = { chat = '1s', chat = '2s' }\n", 2, "queues.x.offer.chat"),
        ("[queues.x]\ntarget = 20s\n", 2, "queues.x.target"),
        ("[queues.x]\ntarget =\n[web]\n", 2, "queues.x.target"),
        ("[queues.x]\ntarget\n", 2, "queues.x.target"),
        ("[queues.x\ntarget = '1s'\n", 1, "queues.x"),
        ("[site]\nname = '''a\n\n", 2, "site.name"),
        ("[web]\nport = " + "9" * 5000, 2, "web.port"),
        ("a = " + "[" * 5000, 1, "(file)"),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_named_by_line_and_key(text: str, line: int, path: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.path) == (line, path)
    assert fault.expected


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"[site]\nname = 'Z\xfcrich'\n")
    (tmp_path / "large.toml").write_bytes(b"#" * 4_000_001)
    found = [str(check(tmp_path / name)[0]) for name in ("absent.toml", ".", "latin.toml", "large.toml")]
    assert "No such file or directory" in found[0]
    assert "Is a directory" in found[1]
    assert "bytes on line 2 that are no UTF-8" in found[2]
    assert "more than 4000000 bytes" in found[3]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert check(file) == ()


def test_load_refuses_what_check_finds_and_tells_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(SMALL + "[web]\nport = 0\nhost = ''\n")
    with pytest.raises(ConfigurationError) as refused:
        load(file)
    assert refused.value.faults == check(file)
    assert len(refused.value.faults) == 2


def test_warnings_keep_nothing_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(SMALL + "[queues.lonely]\n[web]\npublic_url = 'http://desk.example.org'\n")
    assert [fault.path for fault in read(file).warnings] == ["queues.lonely", "web.public_url"]
    assert load(file).web.public_url == "http://desk.example.org"


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    file = tmp_path / "c.toml"
    file.write_text(SMALL + "[knowledge]\nfolder = 'articles'\n")
    settings = load(file)
    assert settings.knowledge.folder == tmp_path / "articles"
    assert settings.site.secret_file == tmp_path / "centrala.secret"


def test_the_address_of_the_store_stays_as_it_is_written() -> None:
    for url in ("sqlite:///centrala.db", "sqlite:////var/lib/centrala/c.db", "postgresql://ada@localhost/site"):
        settings = reading(SMALL + f"[storage]\nurl = '{url}'\n").settings
        assert settings is not None
        assert settings.storage.url == url


@pytest.mark.parametrize(
    "url", ["mysql://ada:secret@db/site", "postgresql://ada:secret@db/site", "postgresql://ada:secret%zz@db/site"]
)
def test_the_password_of_a_store_is_in_no_fault(url: str) -> None:
    reported = "\n".join(map(str, reading(SMALL + f"[storage]\nurl = '{url}'\n").faults))
    assert "storage.url" in reported
    assert "secret" not in reported


def test_a_bus_for_several_nodes_beside_a_store_for_one_is_refused_in_words() -> None:
    (fault,) = reading(SMALL + "[bus]\nurl = 'redis://localhost'\n").faults
    assert "Redis beside a store of SQLite" in str(fault)
    assert 'several nodes need storage.url = "postgresql://..."' in str(fault)
    for url in ("redis://localhost:6380/1", "rediss://redis.example.org", "unix:///run/redis.sock"):
        found = reading(SMALL + POSTGRESQL + f"[bus]\nurl = '{url}'\n")
        assert found.settings is not None, found.faults
        assert found.settings.bus.url == url
        assert not found.warnings


def test_the_password_of_a_bus_is_in_no_fault() -> None:
    for url in ("redis://ada:secret@localhost", "reds://ada:secret@localhost"):
        reported = "\n".join(map(str, reading(SMALL + POSTGRESQL + f"[bus]\nurl = '{url}'\n").faults))
        assert "bus.url" in reported
        assert "secret" not in reported


def test_a_redis_elsewhere_without_protection_is_a_warning() -> None:
    found = reading(SMALL + POSTGRESQL + "[bus]\nurl = 'redis://redis.example.org'\n")
    assert [fault.path for fault in found.warnings] == ["bus.url"]
    assert found.settings is not None


def test_a_database_elsewhere_without_protection_is_a_warning() -> None:
    for query, warnings in (("", ["storage.url"]), ("?sslmode=prefer", ["storage.url"]), ("?sslmode=verify-full", [])):
        found = reading(SMALL + f"[storage]\nurl = 'postgresql://ada@db.example.org/site{query}'\n")
        assert [fault.path for fault in found.warnings] == warnings
        assert found.settings is not None
