"""What the page makes of a service that is slow, goes away, refuses, or asks for a key."""

import asyncio
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from deployments.messages.jobs import ModelState, ModelStatus
from deployments.messages.task import TaskStatus
from tests.browser.conftest import Site
from tests.browser.editor import EditorPage, picture, wait_until


def noise(size: tuple[int, int] = (900, 700)) -> bytes:
    """A picture that is large as a file, too."""
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


def slow_down(editor: EditorPage, bytes_per_s: int) -> None:
    devtools = editor.page.context.new_cdp_session(editor.page)
    devtools.send("Network.enable")
    devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def test_an_upload_is_cancelled_and_nothing_else_is(site: Site, editor: EditorPage) -> None:
    # Given: a finished run, and another one whose upload takes long
    editor.visit(site.url)
    editor.open(("a.png", noise()))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    editor.page.keyboard.press("b")
    editor.page.mouse.move(400, 300)
    editor.page.mouse.down()
    editor.page.mouse.move(500, 400, steps=3)
    editor.page.mouse.up()
    slow_down(editor, 300_000)
    editor.button("Remove what is marked now").click()
    editor.page.locator(".stages .now", has_text="Sending").wait_for()
    # When
    editor.button("Cancel").click()
    # Then
    editor.button("Remove what is marked now").wait_for()
    assert [record.status for record in site.backend.tasks.records.values()] == [TaskStatus.COMPLETED]


def test_a_run_is_cancelled_at_the_service(site: Site, editor: EditorPage) -> None:
    site.backend.tasks.hold = asyncio.Event()
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    editor.page.keyboard.press("Escape")
    editor.primary.wait_for()
    (record,) = site.backend.tasks.records.values()
    assert record.status is TaskStatus.CANCELLED
    assert editor.marks() == 2


def test_a_run_survives_a_restart_of_the_service(site: Site, editor: EditorPage) -> None:
    # Given
    site.backend.tasks.pace_s = 0.2
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    # When: the service goes away in the middle, and comes back with the task finished
    (task,) = site.backend.tasks.records
    job = site.backend.tasks.jobs[task]
    site.stop()
    site.backend.tasks.finish(task, job)
    site.start()
    # Then
    editor.wait_for_result()
    _, pixels = editor.download()
    assert pixels[60, 180].tolist() == [255, 255, 127]


def test_pictures_marks_and_runs_survive_a_reload(site: Site, editor: EditorPage) -> None:
    # Given
    site.backend.tasks.pace_s = 0.4
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")), ("b.png", picture("maroon")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    editor.page.wait_for_timeout(400)  # what is remembered is written a moment later
    # When
    editor.page.reload()
    # Then
    editor.wait_for_result()
    assert len(site.backend.tasks.records) == 1
    name, pixels = editor.download()
    assert name == "a-clean.png"
    assert pixels[0, 0].tolist() == [0, 0, 128]
    editor.button("b.png, not run yet").click()
    editor.wait_for_marks(2)


def test_where_sockets_do_not_pass_progress_comes_as_events(site: Site, editor: EditorPage) -> None:
    editor.page.add_init_script("window.WebSocket = class { constructor() { throw new Error('no sockets here'); } }")
    site.backend.tasks.pace_s = 0.5
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    asked: list[str] = []
    editor.page.on("request", lambda request: asked.append(request.url))
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    editor.wait_for_result()
    assert any(url.endswith("/events") for url in asked)


@pytest.mark.parametrize("site", [{"max_file_size_bytes": 2**20, "max_image_pixels": 2_000_000}], indirect=True)
def test_what_is_too_large_or_no_picture_is_said_before_it_is_sent(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.see("Up to 1 MB and 2 megapixels")
    editor.open(("big.png", noise()), ("wide.png", picture("navy", (2000, 1500))), ("letter.txt", b"Dear all"))
    editor.see("“big.png” was not opened")
    editor.see("larger than the 1 MB")
    editor.see("more than the 2 megapixels")
    editor.see("no picture in a format")
    assert site.backend.detect_jobs == []


def test_a_refusal_is_said_in_words_and_the_marks_stay(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    refusal = {"error": "queue_full", "message": "full"}
    editor.page.route("**/inpaint-regions-async", lambda route: route.fulfill(status=409, json=refusal))
    editor.primary.click()
    editor.page.get_by_role("alert").get_by_text("too much to do").wait_for()
    assert editor.marks() == 2


@pytest.mark.parametrize("site", [{"api_keys": ("people:secret",)}], indirect=True)
def test_a_key_is_asked_for_once_and_stays_out_of_addresses(site: Site, editor: EditorPage) -> None:
    # Given
    seen: list[str] = []
    editor.page.on("request", lambda request: seen.append(request.url))
    editor.page.on("websocket", lambda socket: seen.append(socket.url))
    editor.visit(site.url)
    # When
    editor.page.get_by_role("textbox", name="API key").fill("secret")
    editor.button("Continue").click()
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    # Then
    assert editor.page.get_by_role("dialog").count() == 0
    assert any("/ws/progress/" in url for url in seen)
    assert not any("secret" in url for url in seen)


def test_what_the_browser_cannot_show_is_shown_all_the_same(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("scan.tiff", picture("navy", format="TIFF")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    assert editor.download()[0] == "scan-clean.png"
    assert next(iter(site.backend.tasks.jobs.values())).image.startswith(b"II*")


def test_each_page_of_a_scan_is_a_picture(site: Site, editor: EditorPage) -> None:
    # Given
    pages = [Image.new("RGB", (600, 400), colour) for colour in ("navy", "maroon")]
    scan = io.BytesIO()
    pages[0].save(scan, "TIFF", save_all=True, append_images=pages[1:])
    editor.visit(site.url)
    # When
    editor.open(("scan.tiff", scan.getvalue()))
    editor.button("scan-2.tiff, not run yet").click()
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    # Then
    name, pixels = editor.download()
    assert name == "scan-2-clean.png"
    assert pixels[0, 0].tolist() == [128, 0, 0]


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("zh-CN", "把图片拖到这里"), ("ja-JP", "ここに画像をドロップ"), ("de-DE", "Drop pictures here")],
)
def test_the_page_speaks_the_browser_s_language(site: Site, browser: object, locale: str, sentence: str) -> None:
    context = browser.new_context(locale=locale)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{site.url}/ui")
    page.get_by_text(sentence).wait_for()
    context.close()


def test_the_fallback_is_said_before_the_run(site: Site, editor: EditorPage) -> None:
    site.backend.statuses = (
        ModelStatus("lama", ModelState.ERROR, "cpu", reason="no weights: no network"),
        ModelStatus("mend", ModelState.READY, "cpu", replicas=1),
    )
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.see("lama is not available: mend answers in its place")
    editor.see("no weights: no network")


def test_several_pictures_run_in_a_queue_and_come_as_one_file(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(*((f"{colour}.png", picture(colour)) for colour in ("navy", "maroon", "olive")))
    editor.wait_for_marks(2)
    editor.button("Remove text from all 3 pictures").click()
    wait_until(lambda: editor.page.locator(".badge.done").count() == 3)
    with editor.page.expect_download() as got:
        editor.button("Download all 3").click()
    with zipfile.ZipFile(got.value.path()) as archive:
        assert sorted(archive.namelist()) == ["maroon-clean.png", "navy-clean.png", "olive-clean.png"]
        for name, first in (("navy", (0, 0, 128)), ("maroon", (128, 0, 0)), ("olive", (128, 128, 0))):
            assert Image.open(archive.open(f"{name}-clean.png")).getpixel((0, 0)) == first
