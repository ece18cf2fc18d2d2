"""Whatever is clicked when: no picture is ever shown, or saved, as another one."""

import random

import numpy as np
import pytest

from tests.browser.conftest import Site
from tests.browser.editor import EditorPage, picture, wait_until

COLOURS = {"navy": (0, 0, 128), "maroon": (128, 0, 0), "olive": (128, 128, 0)}


def deeds(chance: random.Random, editor: EditorPage) -> None:
    """One thing a person may do; what is not there just now is not done."""
    page = editor.page
    place = editor.at(chance.uniform(0.05, 0.95), chance.uniform(0.05, 0.95))
    deed = chance.choice(
        ("choose", "choose", "run", "run", "cancel", "find", "undo", "redo", "click", "box", "key", "step")
    )
    match deed:
        case "choose":
            page.locator(".thumb").nth(chance.randrange(3)).click()
        case "click":
            page.mouse.click(*place)
        case "box":
            page.keyboard.press("b")
            page.mouse.move(*place)
            page.mouse.down()
            page.mouse.move(place[0] + 40, place[1] + 30, steps=2)
            page.mouse.up()
            page.keyboard.press("v")
        case "key":
            page.keyboard.press(
                chance.choice((".", "Enter", "Delete", "c", "0", "1", "PageDown", "Control+z", "k", "["))
            )
        case "step" if (chips := page.locator(".chip:enabled")).count():
            chips.nth(chance.randrange(chips.count())).click()
        case "run" | "cancel" | "find" | "undo" | "redo":
            name = {"run": "Remove", "cancel": "Cancel", "find": "Find text", "undo": "Undo", "redo": "Redo"}[deed]
            button = page.get_by_role("button", name=name).and_(page.locator(":enabled")).first
            if button.count():
                button.click(timeout=2000, no_wait_after=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_picture_is_ever_taken_for_another(site: Site, editor: EditorPage, seed: int) -> None:
    # Given
    from playwright.sync_api import TimeoutError as Gone

    chance = random.Random(seed)
    site.backend.tasks.pace_s = 0.08
    editor.visit(site.url)
    editor.open(*((f"{name}.png", picture(name)) for name in COLOURS))
    editor.wait_for_marks(2)
    # When
    for _ in range(60):
        try:
            deeds(chance, editor)
        except Gone:
            continue  # it went away while it was being clicked
        editor.page.wait_for_timeout(chance.choice((0, 0, 20, 120)))
    wait_until(lambda: editor.page.locator(".badge.run").count() == 0, 30)
    # Then
    for index, (name, colour) in enumerate(COLOURS.items()):
        editor.page.locator(".thumb").nth(index).click()
        assert editor.page.locator(".file-name").text_content() == f"{name}.png"
        if not editor.button("Download", exact=True).count():
            editor.page.keyboard.press("Control+Enter")
        editor.button("Download", exact=True).wait_for()
        saved, pixels = editor.download()
        assert saved == f"{name}-clean.png"
        own = (pixels == colour).all(axis=2) | (pixels == 255 - np.array(colour)).all(axis=2)
        assert own.all()
        assert tuple(pixels[-1, -1]) in (colour, tuple(255 - channel for channel in colour))
