"""The service's metrics page: what every node's Ray agent exports, merged into one.

Each process reports to its node's agent (with a delay of some 12 s); a page that showed one replica's own registry
would show a random one.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator

import httpx
import ray
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

PREFIXES = ("ray_text_removal_", "ray_serve_", "ray_component_")
TIMEOUT_S = 3.0


class _Merged(Collector):
    def __init__(self, pages: Iterable[str]) -> None:
        self._pages = pages

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for page in self._pages:
            for family in text_string_to_metric_families(page):
                if family.name.startswith(PREFIXES):
                    known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                    known.samples.extend(family.samples)
        yield from families.values()


def merge(pages: Iterable[str]) -> bytes:
    """One text exposition of the families of many, each family once; only ours, Serve's and Ray's per-process ones."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Merged(pages))
    return generate_latest(registry)


async def merged_metrics() -> bytes:
    """Ask every live node's metrics agent. A node that does not answer is left out and logged."""
    nodes = await asyncio.to_thread(ray.nodes)
    urls = [
        f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics" for node in nodes if node["Alive"]
    ]
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        answers = await asyncio.gather(*(client.get(url) for url in urls), return_exceptions=True)
    pages = []
    for url, answer in zip(urls, answers, strict=True):
        if isinstance(answer, BaseException) or answer.is_error:
            log.warning("no metrics from %s: %s", url, answer)
        else:
            pages.append(answer.text)
    return await asyncio.to_thread(merge, pages)
