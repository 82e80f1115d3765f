"""What a running site tells about itself without a log-in: whether it is alive, ready, and its metrics."""

from collections.abc import Iterable

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from config.schema import Web

TIMEOUT_S = 5
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # where to reach what listens on all addresses


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What it told. `ready` None: it is; else why not. `samples`: (name, labels, value) of every metric."""

    version: str
    not_ready: str | None
    samples: tuple[tuple[str, dict[str, str], float], ...]

    def of(self, name: str) -> Iterable[tuple[dict[str, str], float]]:
        """Yield the labels and the value of each sample of a metric."""
        return ((labels, value) for each, labels, value in self.samples if each == name)

    def value(self, name: str) -> float | None:
        """Return the value of a metric without labels."""
        return next((value for _, value in self.of(name)), None)


def local_url(web: Web) -> str:
    """Return where this machine reaches a site, whatever stands before it for browsers."""
    host = _EVERYWHERE.get(web.host, f"[{web.host}]" if ":" in web.host else web.host)
    return f"http://{host}:{web.port}"


async def figures(url: str) -> Figures | None:
    """Return what the Centrala at `url` tells, None if none answers there."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(f"{url}/readyz") as answer:
                ready = await answer.json(content_type=None)
            async with http.get(f"{url}/metrics") as answer:
                text = await answer.text()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    if not isinstance(ready, dict) or "centrala_build_info" not in text:
        return None
    samples = tuple(
        (sample.name, dict(sample.labels), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )
    version = next(labels["version"] for name, labels, _ in samples if name == "centrala_build_info")
    why = None if ready.get("status") == "ready" else str(ready.get("reason", "it does not say why"))
    return Figures(version=version, not_ready=why, samples=samples)
