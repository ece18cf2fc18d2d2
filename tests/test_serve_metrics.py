"""What a running service tells of itself: a scrape adds up with what clients did, is small, and feeds Prometheus."""

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.pictures import base64_of, encoded, photo
from tests.service import Service, free_port

pytestmark = [pytest.mark.serve, pytest.mark.timeout(400)]

CONFIGS = Path(__file__).parents[1] / "configs"
REPORTED_WITHIN_S = 45.0
"""Each process reports every 10 s, and the page is asked for in between."""

ONLY_AFTER_A_FAILURE = {"storage_failures_total", "callbacks_total", "out_of_memory_total"}
"""Ray exports no counter that has never counted."""

JOB = {
    "image": base64_of(encoded(photo(64, 48))),
    "regions": [{"x": 8, "y": 8, "width": 20, "height": 12}],
    "model": "cv2",
}


def scrape(client: httpx.Client) -> dict[str, Metric]:
    answer = client.get("/metrics")
    answer.raise_for_status()
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def told(client: httpx.Client) -> Counter[tuple[str, str]]:
    """Answers by route and status."""
    counts: Counter[tuple[str, str]] = Counter()
    family = scrape(client).get("ray_text_removal_requests")
    for sample in family.samples if family else ():
        if sample.name.endswith("_total"):
            counts[sample.labels["route"], sample.labels["status"]] += int(sample.value)
    return counts


def settled(client: httpx.Client) -> Counter[tuple[str, str]]:
    """What is told when nothing new comes any more but scrapes."""
    before: Counter[tuple[str, str]] = Counter()
    for _ in range(6):
        time.sleep(12)
        now = without_scrapes(told(client))
        if now == before:
            return now
        before = now
    return before


def without_scrapes(counts: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter({key: count for key, count in counts.items() if key[0] in WATCHED})


WATCHED = ("/api/v1/inpaint-regions", "/api/v1/inpaint-regions-async", "/api/v1/task-status/{task_id}", "other")


def test_a_scrape_adds_up_with_what_clients_got_and_is_small(service: Service) -> None:
    with service.client() as client:
        # Given
        before = settled(client)
        got: Counter[tuple[str, str]] = Counter()

        def ask(route: str, method: str, path: str, **content: Any) -> httpx.Response:
            answer = client.request(method, path, **content)
            got[route, str(answer.status_code)] += 1
            return answer

        # When
        for _ in range(7):
            ask("/api/v1/inpaint-regions", "POST", "/api/v1/inpaint-regions", json=JOB)
        for _ in range(3):
            ask("/api/v1/inpaint-regions", "POST", "/api/v1/inpaint-regions", json=JOB | {"regions": []})
        ask("/api/v1/inpaint-regions-async", "POST", "/api/v1/inpaint-regions-async", json=JOB | {"task_id": "counted"})
        ask("/api/v1/task-status/{task_id}", "GET", "/api/v1/task-status/counted")
        ask("/api/v1/task-status/{task_id}", "GET", "/api/v1/task-status/nobody")
        ask("other", "GET", "/favicon.png")
        # Then
        deadline = time.monotonic() + REPORTED_WITHIN_S
        while (now := without_scrapes(told(client)) - before) != got and time.monotonic() < deadline:
            time.sleep(3)
        assert now == got
        page = client.get("/metrics", headers={"Accept-Encoding": "identity"})
        compressed = client.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert len(page.content) < 300_000
    assert compressed.headers["content-encoding"] == "gzip"
    assert int(compressed.headers.get("content-length", 0)) < len(page.content) / 4


def test_every_metric_that_alerts_and_dashboard_name_is_on_the_page(service: Service) -> None:
    text = (CONFIGS / "alerts.yml").read_text() + (CONFIGS / "grafana.json").read_text()
    asked = set(re.findall(r"\bray_[a-z0-9_]+", text))
    asked -= {f"ray_text_removal_{name}" for name in ONLY_AFTER_A_FAILURE}
    asked -= {"ray_component_gpu_memory_mb"}  # of machines that have one

    with service.client() as client:
        client.post("/api/v1/inpaint-regions", json=JOB | {"model": "lama"}).raise_for_status()
        client.post("/api/v1/inpaint-regions-async", json=JOB | {"task_id": "named"}).raise_for_status()
        deadline = time.monotonic() + REPORTED_WITHIN_S
        missing = asked
        while missing and time.monotonic() < deadline:
            time.sleep(3)
            missing = asked - {sample.name for family in scrape(client).values() for sample in family.samples}

    assert missing == set()


def test_a_prometheus_scrapes_the_page_and_evaluates_the_alerts(service: Service, tmp_path: Path) -> None:
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        pytest.skip("prometheus is not installed (Debian package prometheus)")
    # Given
    config = yaml.safe_load((CONFIGS / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [service.url.removeprefix("http://")]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(CONFIGS / "alerts.yml", tmp_path)
    port = free_port()
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    # When
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [prometheus, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}/api/v1"
        up = until(url, "query", lambda data: [series["value"][1] for series in data["result"]], query="up")
        states = until(url, "rules", lambda data: evaluated(data), type="alert")
    finally:
        process.terminate()
        process.wait(30)
    # Then
    assert up == ["1"]
    assert states["ServiceDown"] == "inactive"
    assert len(states) >= 10


def evaluated(data: Any) -> dict[str, str] | None:
    rules = [rule for group in data["groups"] for rule in group["rules"]]
    assert {rule["lastError"] for rule in rules if rule.get("lastError")} == set()
    if not rules or any(rule["health"] != "ok" for rule in rules):
        return None
    return {rule["name"]: rule["state"] for rule in rules}


def until(url: str, path: str, found: Any, **parameters: str) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{url}/{path}", params=parameters, trust_env=False)
            if found_now := found(json.loads(answer.text)["data"]):
                return found_now
        except (httpx.HTTPError, KeyError):
            pass
        time.sleep(0.5)
    raise AssertionError(f"{path} never answered as it should")
