"""IOPaint 1.6.0's own server, as its users start it.

IOPaint pins libraries this project cannot use, so it lives in an environment of its own:

    uv venv --python 3.11 peer
    uv pip install --python peer/bin/python iopaint==1.6.0 'numpy<2' 'transformers<4.46' 'torch==2.9.*' \\
        'torchvision==0.24.*' 'setuptools<80'
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import httpx

from benchmarks.weights import StandIn
from tests.service import free_port

START_S = 300.0
QUALITY = 95
"""Of JPEG answers: our default; IOPaint's would be 100, which is more work."""


class IOPaintServer:
    """Serves lama. Started by the first `url()`, and again if it has died. `command` is its environment's `iopaint`."""

    def __init__(self, command: Path, weights: StandIn, log: Path, device: str = "cpu") -> None:
        self._command = command
        self._environment = os.environ | weights.environment
        self._models = log.parent / "iopaint"
        self._log = log
        self._device = device
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def url(self) -> str:
        """Raises: RuntimeError with the end of its log if it does not start."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def versions(self) -> str:
        code = (
            "from importlib.metadata import version;"
            "print(*(f'{p} {version(p)}' for p in ('iopaint', 'torch', 'fastapi', 'pillow', 'numpy')), sep=', ')"
        )
        done = subprocess.run(
            [str(self._command.parent / "python"), "-c", code], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._port = free_port()
        arguments = {
            "--model": "lama", "--device": self._device, "--host": "127.0.0.1", "--port": str(self._port),
            "--quality": str(QUALITY), "--model-dir": str(self._models),
        }  # fmt: skip
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(self._command), "start", *(word for pair in arguments.items() for word in pair)],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                config = f"http://127.0.0.1:{self._port}/api/v1/server-config"
                if httpx.get(config, timeout=5, trust_env=False).status_code == 200:
                    return
            time.sleep(0.5)
        raise RuntimeError(f"IOPaint's server did not start:\n{self._log.read_text(errors='replace')[-2000:]}")
