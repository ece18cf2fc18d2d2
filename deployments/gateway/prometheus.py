"""The service's metrics page: what every node's Ray agent exports, merged into one, and only what is of use.

Each process reports to its node's agent (with a delay of some 12 s); a page that showed one replica's own registry
would show a random one. Ray's own page has some 5,000 lines, nearly all about Ray's inner life.
"""

import asyncio
import logging
import re
from collections.abc import Iterable

import httpx
import ray

log = logging.getLogger(__name__)

OURS = "ray_text_removal_"
RAYS = frozenset(
    {
        "ray_component_cpu_percentage",
        "ray_component_gpu_memory_mb",
        "ray_component_rss_bytes",
        "ray_node_disk_free",
        "ray_serve_deployment_replica_healthy",
        "ray_serve_deployment_replica_starts_total",
        "ray_serve_replica_processing_queries",
    }
)
"""What the dashboard and the alerts ask of Ray, and no more: nobody else's tenth of a page is worth its price."""

NOISE = re.compile(r'(?:otel_scope_\w+|SessionName|Version|WorkerId)="(?:[^"\\]|\\.)*",?')
"""Labels that are the same on every series, or another after every start."""

TIMEOUT_S = 3.0


def merge(pages: Iterable[str]) -> bytes:
    """One text exposition (Prometheus' text format 0.0.4) of many, each family once."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for page in pages:
        family = ""
        for line in page.splitlines():
            if line.startswith("# "):
                kind, name = line.split(" ", 3)[1:3]
                family = name if _is_of_use(name) else ""
                if family and kind in ("HELP", "TYPE"):
                    known = heads.setdefault(family, [])
                    known += [line] if not any(head.startswith(f"# {kind} ") for head in known) else []
            elif family and line:
                samples.setdefault(family, []).append(NOISE.sub("", line).replace(",}", "}", 1))
    lines = [line for family, head in heads.items() if family in samples for line in (*head, *samples[family])]
    return "\n".join([*lines, ""]).encode()


def _is_of_use(name: str) -> bool:
    """Not when a series was made: Prometheus has no use for that in this format."""
    return name in RAYS or (name.startswith(OURS) and not name.endswith("_created"))


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
