"""A browser, Debian's chromium, before the real HTTP layer on a real port."""

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
import uvicorn

from deployments.api.app import create_api
from deployments.config.api_settings import AdmissionSettings, ApiSettings
from models import registry
from tests.browser.editor import EditorPage
from tests.browser.studio import Studio
from tests.deployments.api.conftest import SETTINGS as API_SETTINGS
from tests.service import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SETTINGS = replace(
    API_SETTINGS,
    fallback_model="mend",
    models=(registry.facts("lama"), registry.facts("mend")),
    max_file_size_bytes=20 * 2**20,
    max_image_pixels=30_000_000,
    admission=AdmissionSettings(max_waiting=64, max_held_bytes=2**28, client_share=1.0),
)


class Server(uvicorn.Server):
    """In a thread: signals are pytest's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Site:
    """The service at `url`. `stop` and `start` take it away and bring it back on the same port; the backend stays."""

    backend: Studio
    settings: ApiSettings
    port: int
    server: Server | None = None
    thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        app = create_api(self.backend, self.settings)
        config = uvicorn.Config(
            app, port=self.port, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        server = Server(config)
        self.server, self.thread = server, threading.Thread(target=server.run, daemon=True)
        self.thread.start()
        while not server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        assert self.server is not None
        assert self.thread is not None
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Parametrise indirectly with fields of the settings."""
    site = Site(Studio(), replace(SETTINGS, **getattr(request, "param", {})), free_port())
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """No longer than its module: as long as Playwright is there this thread has a running loop, which no asynchronous
    test of another module could do with."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="no playwright here: it is among the dev tools")
    if CHROMIUM is None:
        pytest.skip("no chromium here; CI has one")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def device() -> dict[str, object]:
    """Of the browser's window; tests that want another one override it."""
    return {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}


@pytest.fixture
def editor(browser: "Browser", device: dict[str, object]) -> Iterator[EditorPage]:
    """Fails the test if the page throws, breaks its own security policy, or asks another host for anything."""
    context = browser.new_context(**device)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []

    def requested(request: "Request") -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")):
            faults.append(request.url)

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", requested)
    page.on("console", lambda told: faults.append(told.text) if "Content Security Policy" in told.text else None)
    yield EditorPage(page)
    context.close()
    assert faults == []
