"""What is wrong with documents that are sent: words that a language lacks, files that no mail takes, names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from config.crosschecks import Checks
from config.faults import KeyPath, choices, found_text
from config.hours import hours_of
from config.schema import Autoresponse, Rule
from config.sending_schema import LANGUAGE_IN_NAME
from vocabulary.errors import PermanentFailure
from vocabulary.files import FILE_MAX, TOGETHER_MAX, kind_of
from vocabulary.media import EMAIL

_OF_DOCUMENTS = ("subject", "attachments", "after", "at", "within", "time_zone", "steps", "escalate", "unsubscribe")


def check_documents(checks: Checks) -> None:
    """Look over [[autoresponses]] of kind `document`, and the rules that send them."""
    documents = set()
    for place, answer in enumerate(checks.settings.autoresponses):
        path = ("autoresponses", place)
        if answer.kind == "document":
            documents.add(answer.name)
            _check_document(checks, path, answer)
        elif checks.sound(path):
            blank = Autoresponse(name=answer.name, kind=answer.kind)
            for key in _OF_DOCUMENTS:
                if getattr(answer, key) != getattr(blank, key):
                    checks.note((*path, key), f'it beside kind "{answer.kind}"', 'it only with kind "document"')
    _check_rules(checks, documents)


def _check_document(checks: Checks, path: KeyPath, answer: Autoresponse) -> None:
    checks.refer((*path, "within"), answer.within, checks.settings.hours, "a table of [hours]")
    _check_words(checks, path, answer.text, answer.subject)
    _check_files(checks, path, answer.attachments)
    for number, step in enumerate(answer.steps):
        _check_words(checks, (*path, "steps", number), step.text, step.subject)
        _check_files(checks, (*path, "steps", number), step.attachments)
    call = answer.escalate
    if call is not None:
        checks.refer((*path, "escalate", "callback"), call.callback, checks.queues, "a queue")
    _check_times(checks, path, answer)


def _check_words(checks: Checks, path: KeyPath, texts: Mapping[str, str], subjects: Mapping[str, str]) -> None:
    """Note a language of the site without words: who writes in it would be sent something he can't read."""
    if not checks.sound(path) or not checks.sound((*path, "text")):
        return
    languages = checks.settings.site.languages
    missing = [language for language in languages if language not in texts]
    if missing:
        found = f"no words in {choices(missing, 'and')}" if texts else "no words"
        checks.note((*path, "text"), found, f"words in each of site.languages: {choices(languages, 'and')}")
    for language, subject in subjects.items():
        if "\n" in subject or "\r" in subject:
            checks.note((*path, "subject", language), "a subject of several lines", "one line")


def _check_files(checks: Checks, path: KeyPath, files: Sequence[Path]) -> None:
    total = 0
    for number, file in enumerate(files):
        largest = 0
        for each in _each(file, checks.settings.site.languages):
            size = _check_file(checks, (*path, "attachments", number), each)
            largest = max(largest, size)
        total += largest
    if total > TOGETHER_MAX:
        expected = f"{TOGETHER_MAX // 1_000_000}MB at most: many mail servers take no more"
        checks.note((*path, "attachments"), f"{total / 1e6:.1f}MB in all", expected)


def _each(file: Path, languages: Sequence[str]) -> Iterator[Path]:
    """Yield the files that a name with `{language}` stands for."""
    text = str(file)
    for language in languages if LANGUAGE_IN_NAME in text else ("",):
        yield Path(text.replace(LANGUAGE_IN_NAME, language))


def _check_file(checks: Checks, path: KeyPath, file: Path) -> int:
    """Note why a file can't be sent; return its size."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            content = opened.read(FILE_MAX + 1)
    except OSError as error:
        checks.note(path, f"{file}: {error.strerror or 'unreadable'}", "a file that can be read")
        return 0
    if size > FILE_MAX:
        checks.note(path, f"{file} of {size / 1e6:.1f}MB", f"a file of {FILE_MAX // 1_000_000}MB at most")
        return size
    try:
        kind_of(file.name, content)
    except PermanentFailure as refused:
        checks.note(path, f"{file}: {refused}", "a file that can be sent")
    return size


def _check_times(checks: Checks, path: KeyPath, answer: Autoresponse) -> None:
    """Warn where a time of day is never within the hours: what goes waits for the opening then."""
    table = checks.settings.hours.get(answer.within or "")
    if table is None or not checks.sound(("hours", answer.within or "")):
        return
    (hours,) = hours_of({"": table}, checks.settings.site.time_zone).values()
    week = [interval for day in hours.week for interval in day]
    times = [((*path, "at"), answer.at), *(((*path, "steps", n, "at"), it.at) for n, it in enumerate(answer.steps))]
    if answer.escalate is not None:
        times.append(((*path, "escalate", "at"), answer.escalate.at))
    for at_path, at in times:
        inside = at is None or any(each.start <= minute < each.end for each in week for minute in (at, at + 24 * 60))
        if not inside and answer.time_zone in (None, table.time_zone or checks.settings.site.time_zone):
            expected = f"a time within hours.{answer.within}: it would wait until they open"
            checks.note(at_path, f"{(at or 0) // 60:02}:{(at or 0) % 60:02}", expected, severity="warning")


def _check_rules(checks: Checks, documents: set[str]) -> None:
    otherwise = {answer.name: answer.otherwise for answer in checks.settings.autoresponses}
    for place, rule in enumerate(checks.settings.rules):
        at: str | None = rule.then.autoresponse
        seen = set()
        while at is not None and at not in documents and at not in seen:
            seen.add(at)
            at = otherwise.get(at)
        if at in documents and checks.sound(("rules", place)):
            _check_rule(checks, ("rules", place, "then", "autoresponse"), rule, str(at))


def _check_rule(checks: Checks, path: KeyPath, rule: Rule, document: str) -> None:
    """Note a rule whose customers can't be sent anything: no mail comes in by it, and its queue has no mailbox."""
    queue = checks.settings.queues.get(rule.then.queue)
    if queue is None or queue.message_channel is not None:
        return
    media = {name: str(channel.__struct_config__.tag) for name, channel in checks.settings.channels.items()}
    named = {name for name in rule.when.channel or media if not rule.when.medium or media.get(name) in rule.when.medium}
    mute = sorted(name for name in named if media.get(name, EMAIL) != EMAIL)
    only = bool(rule.when.medium) and EMAIL not in rule.when.medium
    if not mute and not only:
        return
    expected = f"a mailbox in queues.{rule.then.queue}.message_channel that sends it"
    found = f"{found_text(document)}, which nobody gets who comes by {choices(mute or rule.when.medium, 'and')}"
    named_so = bool(rule.when.channel or rule.when.medium)
    checks.note(path, found, expected, severity="fault" if named_so else "warning")
