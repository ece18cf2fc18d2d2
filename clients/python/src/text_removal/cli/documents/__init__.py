"""Files that hold pictures: a picture, an archive, a TIFF of several pages, a PDF."""

from pathlib import Path

from text_removal.cli.documents.archive import Archive
from text_removal.cli.documents.document import Document as Document
from text_removal.cli.documents.picture import PICTURES as PICTURES
from text_removal.cli.documents.picture import Picture
from text_removal.cli.documents.tiff import Tiff, has_pages
from text_removal.cli.problems import Spoiled

ARCHIVES = (".zip", ".cbz")
SUFFIXES = frozenset((*PICTURES, *ARCHIVES, ".pdf"))
"""Of files that are looked at; in lower case."""


def open_document(path: Path, target: Path, format: str, dpi: int, *, keep_untouched: bool = True) -> Document:
    """To become `target`. `format` is what its pictures are to be: "same", or one of the service's. `dpi` is of PDF
    pages, which stay as they are where there is nothing to erase if `keep_untouched`.

    Raises: Spoiled for a file that cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return Archive(path, format)
    if suffix == ".pdf":
        try:
            from text_removal.cli.documents.pdf import Pdf
        except ImportError as error:
            raise Spoiled("PDFs need pypdfium2: pip install 'text-removal-client[cli]'", "no_pypdfium2") from error
        return Pdf(path, dpi, keep_untouched=keep_untouched)
    if suffix in (".tif", ".tiff") and has_pages(path):
        return Tiff(path)
    return Picture(path, target, format)


def target_name(name: str, format: str) -> str:
    """What the result of a file of this name is called: archives, TIFFs and PDFs stay what they are."""
    suffix = Path(name).suffix.lower()
    if suffix in (*ARCHIVES, ".pdf"):
        return name
    return Picture.target_name(name, format)
