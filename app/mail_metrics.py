"""How mailboxes are doing, for Prometheus and `centrala status`."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from channels.email.imap import ImapMailbox
from channels.email.listener import MailListener
from vocabulary.instants import Instant


class MailboxCollector(Collector):
    """Reads the health of each mailbox, and the counts of each listener, at each scrape."""

    def __init__(
        self,
        mailboxes: Mapping[tuple[str, str], ImapMailbox],
        listeners: Mapping[str, MailListener],
        now: Callable[[], Instant],
    ) -> None:
        self._mailboxes = mailboxes
        self._listeners = listeners
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the figures of all mailboxes."""
        failing = _gauge("centrala_mailbox_failing", "Whether a mailbox can't be read")
        lag = _gauge("centrala_mailbox_lag", "Mails seen and not taken yet")
        age = _gauge("centrala_mailbox_contact_age_seconds", "Since its server last answered")
        server = _gauge("centrala_mailbox_server_mails", "Mails that the server has")
        stored = _gauge("centrala_mailbox_stored_mails", "Mails of these that are kept")
        for labels, mailbox in self._mailboxes.items():
            health = mailbox.health
            failing.add_metric(labels, health.error is not None)
            lag.add_metric(labels, health.lag)
            at = health.last_contact_at
            age.add_metric(labels, -1 if at is None else (self._now() - at) / 1000)
            server.add_metric(labels, health.server_count)
            stored.add_metric(labels, health.stored_count)
        yield from (failing, lag, age, server, stored, self._deliveries())

    def _deliveries(self) -> Metric:
        told = CounterMetricFamily(
            "centrala_mail_deliveries_total", "Mails that servers handed over", labels=("channel", "outcome")
        )
        for channel, listener in self._listeners.items():
            for outcome in ("taken", "refused", "put_off"):
                told.add_metric((channel, outcome), getattr(listener.counts, outcome))
        return told


def _gauge(name: str, meaning: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, labels=("channel", "folder"))
