"""Figures for Prometheus."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from queues.lifecycle import InteractionState
from web.site import Site

RECEIVED_STATES = ("received", "admitted", "quarantined", "discarded")
"""What may have become of raw bytes: received = admitted + quarantined + pending + discarded."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One application's figures, in a registry of their own."""

    def __init__(self, site: Site) -> None:
        self.registry = CollectorRegistry()
        self._site = site
        self.requests = Counter(
            "centrala_http_requests", "HTTP requests", ("method", "route", "status"), registry=self.registry
        )
        self.request_seconds = Histogram(
            "centrala_http_request_seconds",
            "Time to answer",
            ("method", "route"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.submit_seconds = Histogram(
            "centrala_submit_seconds",
            "Time until a command of the API is durable",
            ("command",),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.sockets = Gauge("centrala_sockets", "Open WebSockets", ("kind",), registry=self.registry)
        build = Gauge("centrala_build_info", "The version that runs", ("version",), registry=self.registry)
        build.labels(version=_version()).set(1)
        self._mismatch = Gauge(
            "centrala_conservation_mismatch",
            "Admitted interactions that are in no state, or in two: anything but 0 needs a person",
            registry=self.registry,
        )
        self._quarantined = Gauge(
            "centrala_quarantined",
            "Inputs that could not be processed and wait for a supervisor",
            registry=self.registry,
        )
        self.registry.register(_StateCollector(site))
        self.registry.register(_ModelCollector(site))

    async def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        counts = await self._site.store.counts()
        self._mismatch.set(mismatch(counts, self._site.state.admitted))
        self._quarantined.set(counts.get("received", {}).get("quarantined", 0))
        return generate_latest(self.registry)


def _version() -> str:
    try:
        return version("centrala")
    except PackageNotFoundError:
        return "unknown"


def mismatch(counts: Mapping[str, Any], admitted: int) -> int:
    """Return by how many the interactions in the records differ from those that were ever admitted.

    What came in is either admitted, waits to be, or is in quarantine or discarded; anything else is one too many.

    Args:
        counts: of the store; `interactions` and `received` map states to rows.
        admitted: by the event log.
    """
    nowhere: int = sum(rows for state, rows in counts.get("received", {}).items() if state not in RECEIVED_STATES)
    difference = admitted - int(sum(counts.get("interactions", {}).values()))
    return difference + nowhere if difference >= 0 else difference - nowhere


class _StateCollector(Collector):
    """Reads the state at each scrape, so that nothing has to be counted along."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterable[Metric]:
        state = self._site.state
        interactions = GaugeMetricFamily(
            "centrala_interactions", "Interactions that the router knows", labels=("queue", "state")
        )
        known = Tally((one.queue, str(one.state)) for one in state.interactions.values())
        for queue in self._site.policy.queues:
            for status in InteractionState:
                interactions.add_metric((queue, status), known[queue, str(status)])
        yield interactions
        agents = GaugeMetricFamily("centrala_agents", "Agents", labels=("presence",))
        for presence, count in Tally(agent.presence for agent in state.agents.values()).items():
            agents.add_metric((presence,), count)
        yield agents
        avalanches = GaugeMetricFamily(
            "centrala_avalanche", "1 while far more comes about a label than usual", labels=("label", "queue")
        )
        for avalanche in state.avalanches.values():
            avalanches.add_metric((avalanche.label, avalanche.queue or ""), 1)
        yield avalanches
        automatic = GaugeMetricFamily(
            "centrala_answered_by_itself", "Answers that were given by themselves, while they are", labels=("label",)
        )
        for label, automation in state.automations.items():
            automatic.add_metric((label,), automation.answered)
        yield automatic
        last = GaugeMetricFamily("centrala_last_seq", "Number of the last durable event")
        last.add_metric((), self._site.seq)
        yield last


class _ModelCollector(Collector):
    """Which version of the model classifies here, and how it did when it was last looked at."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterable[Metric]:
        learning = self._site.learning
        live = GaugeMetricFamily("centrala_model_info", "1, with the version that classifies here", labels=("version",))
        if learning.live is not None:
            live.add_metric((learning.live,), 1)
        yield live
        seen = learning.watched
        if seen is None:
            return
        yield _one(
            "centrala_model_messages", "Messages of the last 7 days that were looked at, 2,000 at most", seen.messages
        )
        yield _one("centrala_model_unknown_share", "Share of them without a label", seen.unknown)
        yield _one("centrala_model_confidence_mean", "Mean confidence of the others", seen.confidence)
        yield _one("centrala_model_corrected_share", "Share of them that people corrected", seen.corrected)
        yield _one(
            "centrala_model_mix_shift", "Population stability index of their labels against those of before", seen.shift
        )
        problems = GaugeMetricFamily(
            "centrala_model_problem", "1 for each thing that is wrong with it", labels=("problem",)
        )
        for code in seen.problems:
            problems.add_metric((code,), 1)
        yield problems


def _one(name: str, meaning: str, value: float | None) -> Metric:
    """Return a figure, without a sample where too little is known."""
    family = GaugeMetricFamily(name, meaning)
    if value is not None:
        family.add_metric((), value)
    return family
