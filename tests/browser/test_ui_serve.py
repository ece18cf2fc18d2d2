"""The page before the real service: its detector, its masks, its model, its tasks."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.editor import EditorPage, wait_until
from tests.service import ROOT, Service

SAMPLE = (ROOT / "docs/images/sample.jpg").read_bytes()
KEPT_ROWS, ERASED_ROWS = slice(556, 596), slice(50, 160)

pytestmark = [pytest.mark.serve, pytest.mark.timeout(300)]


def test_the_text_of_the_sample_is_found_and_goes_and_what_is_kept_stays(service: Service, editor: EditorPage) -> None:
    # Given
    editor.visit(service.url)
    editor.button("Try a sample picture").click()
    wait_until(lambda: editor.marks() >= 3, 90)
    count = editor.marks()
    # When: the line at the bottom is kept
    width, height = Image.open(io.BytesIO(SAMPLE)).size
    editor.page.mouse.click(*editor.at(700 / width, 576 / height, (width, height)))
    editor.see(f"{count - 1} marked to erase, 1 to keep")
    editor.primary.click()
    editor.page.locator(".chip[aria-pressed=true]", has_text="Step 1").wait_for(timeout=120_000)
    # Then
    editor.page.get_by_label("File format").select_option("png")
    name, pixels = editor.download()
    before = np.asarray(Image.open(io.BytesIO(SAMPLE)).convert("RGB"))
    assert name == "sample-clean.png"
    assert (pixels[ERASED_ROWS] != before[ERASED_ROWS]).any()
    assert np.abs(pixels[KEPT_ROWS].astype(int) - before[KEPT_ROWS]).max() <= 4  # two decoders of one JPEG
