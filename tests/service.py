"""The service as its users start it: `python -m deployments` in a process of its own, on a free loopback port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[1]
START_S = 240.0


@dataclass
class Service:
    """A running service; `log` is what it has printed."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, timeout_s: float = 60.0) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=timeout_s, trust_env=False)

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def processes(self, deployment: str) -> list[psutil.Process]:
        """The replicas' processes of one deployment; Ray writes its name into their titles."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if f":{deployment}" in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def raylets(self) -> list[psutil.Process]:
        """Ray's process that starts and watches all others; one on one machine."""
        return [child for child in psutil.Process(self.process.pid).children() if child.name() == "raylet"]

    def wait_until_ready(self, *models: str) -> None:
        """Until these models have loaded (or have said why not)."""
        deadline = time.monotonic() + START_S
        with self.client(timeout_s=5) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError, KeyError):
                    states = {model["name"]: model["status"] for model in _models(client)}
                    if all(states[name] in ("ready", "error") for name in models):
                        return
                time.sleep(0.3)
        raise AssertionError(f"{models} did not load within {START_S:.0f} s:\n{self.log.read_text()[-4000:]}")


def _models(client: httpx.Client) -> list[dict[str, object]]:
    body = client.get("/api/v1/models").json()
    models: list[dict[str, object]] = body["models"] if isinstance(body, dict) else body
    return models


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(folder: Path, *, config: Path = ROOT / "serve_config.yaml", **environment: str) -> Iterator[Service]:
    """Start the service with its data in `folder`, stop it in good order at the end. No process survives."""
    port = int(environment.get("IOPAINT_PORT") or free_port())
    log = folder / "service.log"
    env = os.environ | {
        "IOPAINT_HOST": "127.0.0.1",
        "IOPAINT_PORT": str(port),
        "IOPAINT_DATA_DIR": str(folder / "data"),
        "TORCH_HOME": str(folder / "torch"),
        "RAY_AUTH_MODE": "disabled",
        "RAY_RAYLET_START_WAIT_TIME_S": "120",
        "RAY_worker_niceness": "0",  # else all else that runs on the machine goes first
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments", "--config", str(config)],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    children: list[psutil.Process] = []
    try:
        _wait_until_healthy(process, port, log)
        yield Service(f"http://127.0.0.1:{port}", process, log)
    finally:
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.kill()
        process.wait(10)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the service ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health", timeout=5, trust_env=False).status_code == 200:
                return
        time.sleep(0.3)
    raise AssertionError(f"no healthy service within {START_S:.0f} s:\n{log.read_text()[-4000:]}")
