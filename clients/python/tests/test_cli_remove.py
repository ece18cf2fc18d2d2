"""`text-removal remove` and `mask`: files, folders, archives, TIFFs and PDFs, through the service's own HTTP layer."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clients.python.tests.commandline import OLD_NS, Command, kind_of, make, tree
from clients.python.tests.serving import PictureBackend, serving
from tests.pictures import decoded, encoded, photo
from text_removal import Patience


def test_a_folder_keeps_names_tree_formats_and_times(command: Command) -> None:
    # Given
    for name in ("a.png", "b.jpg", "deep/er/c.webp", "d.bmp", "e.tif", "f.gif"):
        make(f"in/{name}")
    Path("in/notes.txt").write_text("no picture")
    make("in/.hidden.png")
    # When
    result = command.done("remove", "in", "-o", "out", "--recursive")
    # Then
    assert tree("out") == ["a.png", "b.jpg", "d.bmp", "deep/er/c.webp", "e.tif", "f.gif"]
    kinds = [kind_of(f"out/{name}") for name in ("a.png", "b.jpg", "d.bmp", "deep/er/c.webp", "e.tif", "f.gif")]
    assert kinds == ["PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF"]
    assert {Path("out", name).stat().st_mtime_ns for name in tree("out")} == {OLD_NS}
    assert "6 done" in result.output


def test_without_recursive_only_the_folder_itself(command: Command) -> None:
    make("in/a.png")
    make("in/deep/b.png")

    command.done("remove", "in", "-o", "out")

    assert tree("out") == ["a.png"]


def test_one_picture_becomes_one_file(command: Command) -> None:
    make("a.png")

    command.done("remove", "a.png", "-o", "clean.jpg")

    assert kind_of("clean.jpg") == "JPEG"


def test_patterns_are_understood_where_no_shell_did(command: Command) -> None:
    make("in/a.png")
    make("in/b.png", seed=1)
    make("in/c.jpg")

    command.done("remove", "in/*.png", "-o", "out")

    assert tree("out") == ["a.png", "b.png"]


def test_several_folders_keep_apart(command: Command) -> None:
    make("one/a.png")
    make("two/a.png")

    command.done("remove", "one", "two", "-o", "out")

    assert tree("out") == ["one/a.png", "two/a.png"]


def test_another_format_changes_the_suffix(command: Command, backend: PictureBackend) -> None:
    make("in/a.png")
    make("in/b.JPG", "JPEG")

    command.done("remove", "in", "-o", "out", "--format", "webp", "--quality", "70")

    assert tree("out") == ["a.webp", "b.webp"]
    assert {(job.output_format, job.output_quality) for job in backend.jobs} == {("webp", 70)}


def test_options_reach_the_service(command: Command, backend: PictureBackend) -> None:
    make("a.png")
    Path("within.json").write_text('[{"x": 1, "y": 1, "width": 40, "height": 20}]')

    command.done(
        "remove", "a.png", "-o", "out", "--keep", "0,0,9,9", "--keep", "9,9,2,2", "--within", "within.json", "--model",
        "cv2", "--mask-mode", "box", "--dilation", "2", "--min-confidence", "0.3", "--set", "verify=true",
    )  # fmt: skip

    (job,) = backend.jobs
    assert (len(job.keep), len(job.within), job.model, job.mask_mode) == (2, 1, "cv2", "box")
    assert (job.dilation_px, job.min_confidence, job.verify) == (2, 0.3, True)


def test_regions_come_by_name(command: Command, backend: PictureBackend) -> None:
    make("in/a.png")
    make("in/b.png", seed=1)
    Path("regions.json").write_text(json.dumps({"a.png": [[1, 1, 9, 9], [20, 1, 30, 9]]}))

    command.done("remove", "in", "-o", "out", "--regions", "regions.json")

    (job,) = backend.jobs
    assert len(job.regions) == 2
    assert Path("out/b.png").read_bytes() == Path("in/b.png").read_bytes(), "there is nothing to erase in it"


def test_what_detect_prints_is_read_as_regions(command: Command, backend: PictureBackend) -> None:
    make("in/a.png")
    make("in/deep/b.png", seed=1)

    found = command.done("detect", "in", "-r", "-o", "found.jsonl")
    command.done("remove", "in", "-r", "-o", "out", "--regions", "found.jsonl")

    lines = [json.loads(line) for line in Path("found.jsonl").read_text().splitlines()]
    assert sorted((line["name"], line["page"], line["width"]) for line in lines) == [
        ("a.png", None, 48), ("deep/b.png", None, 48),
    ]  # fmt: skip
    assert found.exit_code == 0
    assert [job.regions[0].points for job in backend.jobs] == [backend.texts[0].points] * 2


def test_detect_prints_to_the_terminal_too(command: Command) -> None:
    make("a.png")

    result = command.done("detect", "a.png")

    assert json.loads(result.stdout)["regions"][0]["confidence"] == 0.9


def test_a_mask_for_all_or_one_for_each(command: Command, backend: PictureBackend) -> None:
    mask = np.zeros((32, 48), np.uint8)
    mask[4:9] = 255
    make("in/a.png")
    make("in/b.png", seed=1)
    Path("mask.png").write_bytes(encoded(mask))
    Path("masks").mkdir()
    Path("masks/a_mask.png").write_bytes(encoded(mask))

    command.done("remove", "in", "-o", "out", "--mask", "mask.png")
    result = command.done("remove", "in", "-o", "out2", "--mask", "masks", code=1)

    assert [job.mask for job in backend.jobs] == [encoded(mask)] * 3
    assert tree("out2") == ["a.png"]
    assert "no mask of it in masks" in result.output


def test_masks_are_written(command: Command, backend: PictureBackend) -> None:
    make("in/a.jpg")

    command.done("mask", "in", "-o", "masks")

    assert tree("masks") == ["a.png"]
    assert backend.jobs[0].result == "mask"


def test_an_archive_stays_one_and_keeps_what_is_no_picture(command: Command, backend: PictureBackend) -> None:
    # Given
    with zipfile.ZipFile("book.cbz", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("ComicInfo.xml", "<ComicInfo/>")
        for number in range(3):
            book.writestr(f"pages/{number}.jpg", encoded(photo(48, 32, number), "JPEG"))
        book.writestr("pages/3.jpg", b"broken")
    # When
    result = command.done("remove", "book.cbz", "-o", "out", "--report", "report.jsonl", code=1)
    # Then
    with zipfile.ZipFile("book.cbz") as before, zipfile.ZipFile("out/book.cbz") as after:
        assert after.namelist() == before.namelist()
        assert [info.date_time for info in after.infolist()] == [info.date_time for info in before.infolist()]
        assert after.read("ComicInfo.xml") == b"<ComicInfo/>"
        assert after.read("pages/3.jpg") == b"broken"
        assert after.read("pages/1.jpg") != before.read("pages/1.jpg")
    assert len(backend.jobs) == 3
    assert "book.cbz, page pages/3.jpg: " in result.output
    assert "3 done, 1 failed" in result.output
    assert tree("out") == ["book.cbz"], "nothing is left of the work"
    failed, done = (json.loads(line) for line in Path("report.jsonl").read_text().splitlines())
    assert (failed["status"], failed["page"], failed["error"]) == ("failed", "pages/3.jpg", "invalid_image")
    assert (done["status"], done["pages"], done["failed_pages"]) == ("done", 4, 1)


def test_a_tiff_of_several_pages_keeps_them_and_how_they_are_coded(command: Command) -> None:
    # Given
    pages = [Image.fromarray(photo(48, 32, seed)) for seed in range(3)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(300, 300))
    # When
    command.done("remove", "scan.tif", "-o", "out")
    # Then
    with Image.open("out/scan.tif") as scan:
        assert getattr(scan, "n_frames", 1) == 3
        for index, page in enumerate(pages):
            scan.seek(index)
            assert np.array_equal(np.asarray(scan), np.asarray(page))
            assert (scan.info["compression"], scan.info["dpi"]) == ("tiff_lzw", (300, 300))


def test_a_fax_stays_black_and_white(command: Command) -> None:
    page = Image.fromarray(photo(48, 32)[..., 0]).convert("1")
    page.save("fax.tif", save_all=True, append_images=[page], compression="group4")

    command.done("remove", "fax.tif", "-o", "out")

    with Image.open("out/fax.tif") as fax:
        assert (getattr(fax, "n_frames", 1), fax.mode, fax.info["compression"]) == (2, "1", "group4")
        assert np.array_equal(np.asarray(fax), np.asarray(page))


def test_pages_of_a_pdf_without_text_stay_as_they_are(command: Command, backend: PictureBackend) -> None:
    # Given
    pdfium = pytest.importorskip("pypdfium2", reason="the development environment has it; CI does not skip")
    pages = [Image.fromarray(photo(144, 72, seed)) for seed in range(2)]
    pages[0].save("book.pdf", save_all=True, append_images=pages[1:], resolution=72)
    # When
    command.done("remove", "book.pdf", "-o", "out", "--dpi", "144", "--jobs", "1")
    # Then
    assert [decoded(image).shape for image in backend.seen] == [(144, 288, 3)] * 2
    with pdfium.PdfDocument("out/book.pdf") as book:
        assert len(book) == 2
        assert book.get_page_size(0) == (144, 72)
        drawn = np.asarray(book[0].render().to_pil()).astype(int)
    assert np.abs(drawn - np.asarray(pages[0])).mean() < 6


def test_a_moving_picture_is_refused_and_not_made_a_still_one(command: Command, backend: PictureBackend) -> None:
    backend.info = replace(backend.info, pages=5)
    make("a.gif")

    result = command.done("remove", "a.gif", "-o", "out", code=1)

    assert "has 5 frames" in result.output
    assert not Path("out").exists() or tree("out") == []


def test_broken_pictures_fail_alone(command: Command) -> None:
    make("in/a.png")
    Path("in/b.png").write_bytes(b"no picture")
    Path("in/c.zip").write_bytes(b"no archive")

    result = command.done("remove", "in", "-o", "out", "--report", "report.jsonl", code=1)

    assert tree("out") == ["a.png"]
    assert "1 done, 2 failed" in result.output
    lines = {Path(line["input"]).name: line for line in map(json.loads, Path("report.jsonl").read_text().splitlines())}
    assert (lines["a.png"]["status"], lines["a.png"]["regions"], lines["a.png"]["model"]) == ("done", 1, "cv2")
    assert (lines["b.png"]["status"], lines["b.png"]["error"], lines["b.png"]["lasting"]) == (
        "failed", "invalid_image", True,
    )  # fmt: skip
    assert lines["b.png"]["request_id"]
    assert (lines["c.zip"]["error"], lines["c.zip"]["lasting"]) == ("unreadable", True)


def test_no_input_is_overwritten_unless_told(command: Command, backend: PictureBackend) -> None:
    path = make("in/a.jpg")
    before = path.read_bytes()

    for words in (("in/a.jpg", "-o", "in"), ("in/a.jpg", "-o", "in/a.jpg"), ("in",)):
        command.done("remove", *words, code=2)
    assert (path.read_bytes(), backend.jobs) == (before, [])

    command.done("remove", "in", "--in-place")
    assert path.read_bytes() != before
    assert (path.stat().st_mtime_ns, tree("in")) == (OLD_NS, ["a.jpg"])


def test_results_that_would_fall_on_each_other_are_refused(command: Command) -> None:
    make("in/a.png")
    make("in/a.jpg")

    result = command.done("remove", "in", "-o", "out", "--format", "webp", code=2)

    assert "would both become" in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.png", "-o", "out"], "no such file"),
        (["notes.txt", "-o", "out"], "not known to hold pictures"),
        (["empty", "-o", "out"], "no pictures there"),
        (["a.png"], "--output FOLDER, or --in-place"),
        (["a.png", "-o", "out", "--format", "doc"], "--format doc"),
        (["a.png", "-o", "out", "--regions", "r.json", "--mask", "a.png"], "either --regions or --mask"),
        (["a.png", "-o", "out", "--mask", "none.png"], "no such file"),
        (["a.png", "-o", "out", "--regions", "notes.txt"], "neither JSON"),
        (["a.png", "-o", "out", "--keep", "1,2"], "neither x,y,width,height"),
        (["a.png", "-o", "out", "--set", "verify"], "name=value"),
        (["a.png", "-o", "out", "--url", "nowhere"], "not the http"),
        (["a.png", "--in-place", "--resume"], "give --report"),
        (["a.png", "-o", "out", "--watch"], "--watch is of folders"),
    ],
)
def test_wrong_usage_is_told_in_a_line(command: Command, words: list[str], told: str) -> None:
    make("a.png")
    Path("notes.txt").write_text("no picture")
    Path("r.json").write_text("[]")
    Path("empty").mkdir()

    result = command.done("remove", *words, code=2)

    assert told in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_no_service_and_a_wrong_key_are_told_at_once(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setattr("text_removal.cli.service.FIRST", Patience(attempts=2, first_pause_s=0.01))
    make("a.png")
    # When
    nobody = command.done("remove", "a.png", "-o", "out", "--url", "http://127.0.0.1:9", code=3)
    with serving(api_keys=("secret",)) as guarded:
        wrong = command.done("remove", "a.png", "-o", "out", "--url", guarded.url, "--api-key", "wrong", code=3)
        command.done("remove", "a.png", "-o", "out", "--url", guarded.url, "--api-key", "secret")
    # Then
    assert "http://127.0.0.1:9" in nobody.output
    assert "TEXT_REMOVAL_URL" in nobody.output
    assert "API key" in wrong.output


def test_regions_come_from_files_of_labelme_and_coco(command: Command, backend: PictureBackend) -> None:
    # Given
    make("in/a.png")
    make("in/b.png", seed=1)
    box = [[1, 1], [9, 1], [9, 9], [1, 9]]
    Path("labelme.json").write_text(json.dumps({"shapes": [{"label": "t", "shape_type": "polygon", "points": box}]}))
    coco = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8]}],
    }
    Path("coco.json").write_text(json.dumps(coco))
    # When
    command.done("remove", "in", "-o", "out", "--regions", "labelme.json")
    command.done("remove", "in", "-o", "out2", "--regions", "coco.json")
    # Then
    points = [job.regions[0].points for job in backend.jobs]
    assert points == [tuple((float(x), float(y)) for x, y in box)] * 3, "of labelme for both, of COCO for its own"
    assert Path("out2/b.png").read_bytes() == Path("in/b.png").read_bytes()


def test_a_page_of_a_document_has_regions_of_its_own(command: Command, backend: PictureBackend) -> None:
    with zipfile.ZipFile("book.cbz", "w") as book:
        for number in range(2):
            book.writestr(f"{number}.jpg", encoded(photo(48, 32, number), "JPEG"))

    command.done("detect", "book.cbz", "-o", "found.jsonl")
    lines = [json.loads(line) for line in Path("found.jsonl").read_text().splitlines()]
    kept = [line for line in lines if line["page"] == "1.jpg"]
    Path("found.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
    command.done("remove", "book.cbz", "-o", "out", "--regions", "found.jsonl")

    assert {line["page"] for line in lines} == {"0.jpg", "1.jpg"}
    (job,) = backend.jobs
    assert np.array_equal(decoded(job.image), decoded(encoded(photo(48, 32, 1), "JPEG")))


@pytest.mark.parametrize("content", [b"no archive", b"PK\x05\x06" + b"\0" * 18])
def test_an_archive_without_pictures_is_copied_and_what_is_none_fails(command: Command, content: bytes) -> None:
    Path("a.zip").write_bytes(content)

    result = command("remove", "a.zip", "-o", "out")

    assert result.exit_code == (0 if content.startswith(b"PK") else 1)
    assert Path("out/a.zip").exists() is content.startswith(b"PK")
