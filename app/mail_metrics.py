"""How mailboxes are doing, for Prometheus and `centrala status`."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from channels.email.imap import ImapMailbox
from vocabulary.instants import Instant


class MailboxCollector(Collector):
    """Reads the health of each mailbox at each scrape."""

    def __init__(self, mailboxes: Mapping[str, ImapMailbox], now: Callable[[], Instant]) -> None:
        self._mailboxes = mailboxes
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the figures of all mailboxes."""
        failing = GaugeMetricFamily("centrala_mailbox_failing", "Whether a mailbox can't be read", labels=("channel",))
        lag = GaugeMetricFamily("centrala_mailbox_lag", "Mails seen and not taken yet", labels=("channel",))
        age = GaugeMetricFamily(
            "centrala_mailbox_contact_age_seconds", "Since its server last answered", labels=("channel",)
        )
        for name, mailbox in self._mailboxes.items():
            health = mailbox.health
            failing.add_metric((name,), health.error is not None)
            lag.add_metric((name,), health.lag)
            at = health.last_contact_at
            age.add_metric((name,), -1 if at is None else (self._now() - at) / 1000)
        yield from (failing, lag, age)
