"""IOPaint 1.6.0's own server against our service: same weights file, same images, same machine, taking turns.

IOPaint pins libraries this project cannot use, so it lives in an environment of its own:

    uv venv --python 3.11 peer
    uv pip install --python peer/bin/python iopaint==1.6.0 'numpy<2' 'transformers<4.46' 'torch==2.9.*' 'setuptools<80'
    python -m benchmarks peer --iopaint peer/bin/iopaint
"""

import base64
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.pictures import POSTER, THUMBNAIL, Workload, encoded, mask_of, photo_like, text_lines
from benchmarks.report import Report, median, seconds
from benchmarks.weights import StandIn
from tests.service import ROOT, free_port, running

START_S = 300.0
TIMEOUT_S = 1200.0
OURS = "ours, Auto"
ORIGINAL = "IOPaint, Original"
PEERS: Mapping[str, Mapping[str, Any]] = {
    ORIGINAL: {"hd_strategy": "Original"},
    "IOPaint, Crop 128": {"hd_strategy": "Crop", "hd_strategy_crop_margin": 128},
    "IOPaint, Crop 32": {"hd_strategy": "Crop", "hd_strategy_crop_margin": 32},
}


@dataclass(frozen=True, slots=True)
class Measured:
    workload: Workload
    server: str
    seconds: list[float] = field(default_factory=list)


@contextlib.contextmanager
def iopaint_server(command: Path, weights: StandIn, log: Path) -> Iterator[str]:
    """The address of IOPaint's server with lama on the CPU."""
    port = free_port()
    arguments = ["start", "--model", "lama", "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(command), *arguments], env=os.environ | weights.environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/api/v1/server-config", timeout=5, trust_env=False).status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError(f"IOPaint's server did not start:\n{log.read_text()[-2000:]}")


def measure(folder: Path, weights: StandIn, iopaint: Path, *, rounds: int, originals: bool) -> list[Measured]:
    """`originals` False leaves out Original on the poster. One round more, the first, is not counted."""
    results = []
    with (
        iopaint_server(iopaint, weights, folder / "iopaint.log") as theirs,
        running(folder, config=ROOT / "serve_config.yaml", **weights.environment) as service,
        httpx.Client(timeout=TIMEOUT_S, trust_env=False) as http,
    ):
        service.wait_until_ready("lama")
        for workload in (THUMBNAIL, POSTER):
            body = json_body(workload)
            servers = [OURS, *(name for name in PEERS if originals or name != ORIGINAL or workload is THUMBNAIL)]
            here = [Measured(workload, server) for server in servers]
            for number in range(rounds + 1):
                for result in here:
                    if number == 0 and workload is POSTER and result.server == ORIGINAL:
                        continue
                    url = service.url if result.server == OURS else theirs
                    started = time.perf_counter()
                    answer = http.post(f"{url}/api/v1/inpaint", json=body | dict(PEERS.get(result.server, {})))
                    answer.raise_for_status()
                    if number:
                        result.seconds.append(time.perf_counter() - started)
            results += here
    return results


def json_body(workload: Workload) -> dict[str, Any]:
    """The body both servers take."""
    size = workload.width, workload.height
    image = encoded(photo_like(*size), "JPEG")
    mask = encoded(mask_of(text_lines(*size, workload.lines), *size), "PNG")
    return {"image": base64.b64encode(image).decode(), "mask": base64.b64encode(mask).decode()}


def report(results: list[Measured]) -> Report:
    ours = {result.workload.name: median(result.seconds) for result in results if result.server == OURS}
    rows = [
        (r.workload.name, r.server, seconds(r.seconds), f"{median(r.seconds) / ours[r.workload.name]:.1f}×")
        for r in results
    ]
    ratios = [f"{name}: {server} takes {ratio} our time" for name, server, _, ratio in rows if server != OURS]
    return Report(
        "Peer: IOPaint 1.6.0's own server, one client, JSON in",
        ("workload", "server", "seconds", "of ours"),
        rows,
        ratios,
    )
