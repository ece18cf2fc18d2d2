"""From a picture to its file, by mouse, by keyboard and by touch."""

import numpy as np
import pytest

from tests.browser.conftest import Site
from tests.browser.editor import EditorPage, picture, wait_until
from tests.browser.studio import TEXTS


def test_a_wrong_find_is_corrected_with_one_click_and_the_rest_is_erased(site: Site, editor: EditorPage) -> None:
    # Given
    editor.visit(site.url)
    editor.open(("holiday.png", picture("navy")))
    editor.wait_for_marks(2)
    # When
    editor.click(0.5, 0.68)
    editor.see("1 marked to erase, 1 to keep")
    editor.primary.click()
    editor.wait_for_result()
    # Then
    (job,) = site.backend.tasks.jobs.values()
    assert (len(job.regions), len(job.keep), job.detect) == (1, 1, False)
    name, pixels = editor.download()
    assert name == "holiday-clean.png"
    assert pixels[60, 180].tolist() == [255, 255, 127]
    assert pixels[270, 300].tolist() == [0, 0, 128]


def test_a_run_before_the_text_is_found_lets_the_service_find_it_and_can_be_undone(
    site: Site, editor: EditorPage
) -> None:
    editor.visit(site.url)
    editor.page.get_by_text("Try a sample").wait_for()
    editor.page.evaluate("localStorage.setItem('text-removal.settings', '{\"findAtOnce\": false}')")
    editor.page.reload()
    editor.open(("a.png", picture("navy")))
    editor.button("Remove text", exact=True).click()
    editor.wait_for_result()
    (job,) = site.backend.tasks.jobs.values()
    assert job.detect
    editor.button("Undo").click()
    editor.see("Nothing is marked")
    editor.button("Find text").click()
    editor.wait_for_marks(2)


def test_boxes_lasso_brush_and_eraser_mark_what_they_pass(site: Site, editor: EditorPage) -> None:
    # Given
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.button("Clear all marks").click()
    # When
    editor.page.keyboard.press("b")
    editor.drag((0.1, 0.1), (0.3, 0.3))
    editor.wait_for_marks(1)
    editor.page.keyboard.press("l")
    editor.drag((0.5, 0.1), (0.7, 0.1), (0.7, 0.3), (0.5, 0.3))
    editor.wait_for_marks(2)
    editor.page.keyboard.press("p")
    editor.drag((0.1, 0.6), (0.5, 0.6))
    editor.wait_for_marks(3)
    editor.page.keyboard.press("e")
    editor.drag((0.3, 0.5), (0.3, 0.7))
    editor.wait_for_marks(4)
    editor.page.get_by_text("The whole outlines").click()
    editor.primary.click()
    editor.wait_for_result()
    # Then
    _, pixels = editor.download()
    filled = (pixels != np.array([0, 0, 128])).any(axis=2)
    assert filled[80, 120]  # in the box
    assert filled[80, 360]  # in the lasso
    assert filled[240, 80]  # painted
    assert not filled[240, 180]  # rubbed out again
    assert not filled[350, 500]


def test_letters_and_paint_are_two_tasks_on_one_picture(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.page.keyboard.press("p")
    editor.drag((0.1, 0.9), (0.5, 0.9))
    editor.wait_for_marks(3)
    editor.primary.click()
    editor.wait_for_result()
    first, second = site.backend.tasks.jobs.values()
    assert (len(first.regions), first.mask) == (2, None)
    assert second.mask is not None
    _, pixels = editor.download()
    assert pixels[60, 180].tolist() == pixels[360, 150].tolist() == [255, 255, 127]


def test_outlines_are_dragged_and_undone(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.drag((0.3, 0.15), (0.3, 0.45))
    editor.primary.click()
    editor.wait_for_result()
    (job,) = site.backend.tasks.jobs.values()
    moved = min(y for region in job.regions for _, y in region.points)
    assert moved > 0.3 * 400
    for _ in range(2):
        editor.button("Undo").click()
    editor.primary.click()
    editor.wait_for_result()
    again = list(site.backend.tasks.jobs.values())[-1]
    assert min(y for region in again.regions for _, y in region.points) == pytest.approx(TEXTS[0][1] * 400)


def test_the_whole_path_is_walked_by_keyboard(site: Site, editor: EditorPage) -> None:
    # Given
    editor.visit(site.url)
    editor.button("Try a sample picture").focus()
    editor.page.keyboard.press("Enter")
    editor.wait_for_marks(2)
    # When: the second found text is kept, a box added and moved
    editor.page.locator(".board-host").focus()
    for key in (".", ".", "Enter", "a", "Shift+ArrowRight", "Alt+ArrowDown"):
        editor.page.keyboard.press(key)
    editor.wait_for_marks(3)
    editor.page.keyboard.press("Control+Enter")
    editor.wait_for_result()
    # Then
    (job,) = site.backend.tasks.jobs.values()
    assert (len(job.regions), len(job.keep)) == (2, 1)
    with editor.page.expect_download() as got:
        editor.page.keyboard.press("Control+s")
    assert got.value.suggested_filename == "sample-clean.jpg"


def test_the_keys_are_shown_by_a_key(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.page.keyboard.press("?")
    editor.page.get_by_role("dialog").wait_for()
    editor.page.keyboard.press("Escape")
    editor.page.get_by_role("dialog").wait_for(state="hidden")


def test_before_and_after_are_compared_by_divider_and_beside(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    divider = editor.page.get_by_role("slider", name="Divider")
    divider.focus()
    editor.page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "48"
    editor.button("Side by side").click()
    divider.wait_for(state="hidden")
    editor.page.get_by_text("Show what changed").click()
    wait_until(lambda: editor.page.get_by_label("Show what changed").is_checked())


def test_a_result_is_gone_on_with(site: Site, editor: EditorPage) -> None:
    # Given
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.primary.click()
    editor.wait_for_result()
    # When
    editor.page.keyboard.press("b")
    editor.drag((0.8, 0.8), (0.9, 0.95))
    editor.button("Remove what is marked now").click()
    # Then
    editor.wait_for_result(2)
    _, pixels = editor.download()
    assert pixels[60, 180].tolist() == pixels[350, 510].tolist() == [255, 255, 127]


def test_a_mask_goes_out_and_comes_in_again(site: Site, editor: EditorPage) -> None:
    editor.visit(site.url)
    editor.open(("a.png", picture("navy")))
    editor.wait_for_marks(2)
    editor.page.locator("summary", has_text="Marks").click()
    with editor.page.expect_download() as got:
        editor.button("Save the mask").click()
    editor.button("Clear all marks").click()
    editor.wait_for_marks(0)
    editor.page.locator("input[data-mask]").set_input_files(got.value.path())
    editor.wait_for_marks(1)
    editor.primary.click()
    editor.wait_for_result()
    _, pixels = editor.download()
    assert pixels[60, 180].tolist() == [255, 255, 127]
    assert pixels[5, 5].tolist() == [0, 0, 128]
