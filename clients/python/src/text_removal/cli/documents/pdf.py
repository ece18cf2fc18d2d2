"""PDF files: a page on which text was erased becomes a picture, every other stays as it is."""

import io
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import pypdfium2

from text_removal.cli.documents.document import Pages
from text_removal.cli.problems import Spoiled
from text_removal.files import converted
from text_removal.results import Result

PDFIUM = RLock()
"""PDFium is not to be called from two threads at once, in any of its documents."""

POINTS_PER_INCH = 72


class Pdf:
    """`dpi` is how finely pages are drawn to be sent. `keep_untouched`: those without text stay as they are."""

    format = "jpeg"

    def __init__(self, path: Path, dpi: int, *, keep_untouched: bool) -> None:
        self._keep_untouched = keep_untouched
        self._scale: Any = dpi / POINTS_PER_INCH  # a float will do, whatever its declaration says
        try:
            with PDFIUM:
                self._pdf = pypdfium2.PdfDocument(path)
                self._count = len(self._pdf)
        except (pypdfium2.PdfiumError, OSError) as error:
            raise Spoiled(f"is no readable PDF: {error}") from error

    @property
    def names(self) -> Sequence[str]:
        return [str(number) for number in range(1, self._count + 1)]

    def page(self, index: int) -> bytes:
        try:
            with PDFIUM:
                picture = self._pdf[index].render(scale=self._scale).to_pil()
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
            raise Spoiled(f"page {index + 1} cannot be drawn: {error}") from error
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def finished(self, index: int, result: Result) -> bytes | None:
        if self._keep_untouched and result.model == "none":
            return None
        return converted(result.content, result.media_type, ".jpg")

    def write(self, target: Path, pages: Pages) -> None:
        with PDFIUM:
            new = pypdfium2.PdfDocument.new()
            for index in range(self._count):
                content = pages(index)
                if content is None:
                    new.import_pages(self._pdf, [index])
                else:
                    self._add(new, index, content)
            new.save(target)
            new.close()

    def close(self) -> None:
        with PDFIUM:
            self._pdf.close()

    def _add(self, new: pypdfium2.PdfDocument, index: int, jpeg: bytes) -> None:
        width, height = self._pdf.get_page_size(index)
        page = new.new_page(width, height)
        image = pypdfium2.PdfImage.new(new)
        image.load_jpeg(io.BytesIO(jpeg), inline=True)
        image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        page.insert_obj(image)
        page.gen_content()
