"""The page for all people: what axe finds wrong with each state of it, and fingers instead of a mouse."""

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.editor import EditorPage, picture, wait_until

LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
DESK = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "locale": "en-GB"}


def violations(editor: EditorPage) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here: it is among the dev tools")
    found = axe.Axe().run(editor.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary']}" for one in found]


@pytest.mark.parametrize("device", [DESK | LIGHT, DESK | DARK, PHONE | LIGHT, PHONE | DARK])
def test_axe_finds_nothing_in_any_state(site: Site, editor: EditorPage, device: dict[str, Any]) -> None:
    # Given
    site.backend.tasks.pace_s = 0.6
    told: dict[str, list[str]] = {}
    editor.visit(site.url)
    editor.see("megapixels")
    # When
    told["start"] = violations(editor)
    editor.open(("letter.txt", b"Dear all"))
    editor.page.get_by_role("alert").wait_for()
    told["refused"] = violations(editor)
    editor.open(("a.png", picture("navy")), ("b.png", picture("maroon")))
    editor.wait_for_marks(2)
    for summary in ("Marks", "Advanced"):
        editor.page.locator("summary", has_text=summary).click()
    told["marks"] = violations(editor)
    editor.page.locator("summary", has_text="Marks").click()
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    told["run"] = violations(editor)
    editor.wait_for_result()
    told["result"] = violations(editor)
    editor.button("Keyboard shortcuts").click()
    told["keys"] = violations(editor)
    # Then
    assert {state: found for state, found in told.items() if found} == {}


@pytest.mark.parametrize("site", [{"api_keys": ("people:secret",)}], indirect=True)
@pytest.mark.parametrize("device", [DESK | LIGHT, DESK | DARK])
def test_axe_finds_nothing_where_a_key_is_asked_for_and_where_a_run_fails(
    site: Site, editor: EditorPage, device: dict[str, Any]
) -> None:
    editor.visit(site.url)
    key = editor.page.get_by_role("textbox", name="API key")
    key.wait_for()
    assert violations(editor) == []
    key.fill("secret")
    editor.button("Continue").click()
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    refusal = {"error": "inference_failed", "message": "no memory"}
    editor.page.route("**/inpaint-regions-async", lambda route: route.fulfill(status=500, json=refusal))
    editor.primary.click()
    editor.page.get_by_role("alert").get_by_text("no memory").wait_for()
    assert violations(editor) == []


class Fingers:
    """Touches as Chromium gets them from a screen."""

    def __init__(self, editor: EditorPage) -> None:
        self.devtools = editor.page.context.new_cdp_session(editor.page)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *path: tuple[float, float]) -> None:
        self.touch("touchStart", path[0])
        for place in path[1:]:
            self.touch("touchMove", place)
        self.touch("touchEnd")


def zoom(editor: EditorPage) -> int:
    return int((editor.page.locator(".zoom-level").text_content() or "").split()[0])


@pytest.mark.parametrize("device", [PHONE])
def test_fingers_find_mark_pinch_and_run(site: Site, editor: EditorPage, device: dict[str, Any]) -> None:
    # Given
    fingers = Fingers(editor)
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    # When: one found text is tapped
    editor.page.touchscreen.tap(*editor.at(0.5, 0.68))
    editor.see("1 marked to erase, 1 to keep")
    # And a box drawn
    editor.button("Box").tap()
    fingers.drag(editor.at(0.6, 0.1), editor.at(0.7, 0.2), editor.at(0.9, 0.4))
    editor.wait_for_marks(3)
    # And two fingers spread: the picture grows, and nothing is drawn
    before = zoom(editor)
    middle, left, right = editor.at(0.5, 0.5), editor.at(0.3, 0.5), editor.at(0.7, 0.5)
    fingers.touch("touchStart", left)
    fingers.touch("touchStart", left, right)
    for step in range(1, 6):
        fingers.touch("touchMove", (left[0] - 12 * step, middle[1]), (right[0] + 12 * step, middle[1]))
    fingers.touch("touchEnd")
    # Then
    wait_until(lambda: zoom(editor) > before)
    assert editor.marks() == 3
    editor.primary.tap()
    editor.wait_for_result()
    (job,) = site.backend.tasks.jobs.values()
    assert (len(job.regions), len(job.keep)) == (2, 1)


@pytest.mark.parametrize("device", [PHONE])
def test_on_a_phone_the_button_is_seen_and_the_panel_scrolls(
    site: Site, editor: EditorPage, device: dict[str, Any]
) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    box = editor.primary.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 740
    assert editor.page.evaluate("document.documentElement.scrollWidth") == 360
    panel = editor.page.locator(".panel")
    place = panel.bounding_box()
    assert place is not None
    bottom = place["y"] + place["height"] - 20
    Fingers(editor).drag(*((180, bottom - 15 * step) for step in range(12)))
    wait_until(lambda: panel.evaluate("panel => panel.scrollTop") > 50)


@pytest.mark.parametrize("device", [DESK | {"reduced_motion": "reduce"}])
def test_who_wants_less_motion_gets_none(site: Site, editor: EditorPage, device: dict[str, Any]) -> None:
    site.backend.tasks.pace_s = 0.5
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.page.locator(".stages .now", has_text="Filling").wait_for()
    assert editor.page.evaluate("document.getAnimations().length") == 0
