"""Reports, and what they leave to do."""

from pathlib import Path

from deployments.batch.report import Report, Row
from deployments.batch.resuming import sorted_out


def done(path: str, file: str | None = None) -> Row:
    return {"path": path, "status": "completed", "file": file or path}


def failed(path: str, *, again: bool) -> Row:
    return {"path": path, "status": "error", "error": "x", "message": "it broke", "field": "", "again": again}


def test_a_report_is_read_as_it_was_written_and_the_last_row_of_a_picture_counts(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.jsonl"
    assert Report(path).rows() == {}
    for row in (failed("a ☃.png", again=True), done("b.png"), done("a ☃.png")):
        with Report(path) as report:
            report.add(row)

    assert Report(path).rows() == {"a ☃.png": done("a ☃.png"), "b.png": done("b.png")}


def test_a_line_that_was_cut_short_harms_no_other(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "report.jsonl"
    with Report(path) as report:
        report.add(done("a.png"))
        report.add(done("b.png"))
    path.write_bytes(path.read_bytes()[:-9] + "☃".encode()[:1])
    # When
    with Report(path) as report:
        report.add(done("c.png"))
    path.write_text(path.read_text(errors="replace") + '[1]\n{"status": 1}\n')
    # Then
    assert Report(path).rows() == {"a.png": done("a.png"), "c.png": done("c.png")}


def test_only_what_is_missing_is_added(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    with Report(path) as report:
        report.add(done("a.png"))
        report.add_missing([done("a.png"), done("b.png")])
        report.add_missing([done("a.png"), done("b.png")])

    assert path.read_text().count('"path"') == 2


def test_what_has_a_result_or_cannot_have_one_is_settled() -> None:
    told = {
        row["path"]: row
        for row in (
            {**done("told.png"), "seconds": 1.0},
            done("lost.png"),
            failed("bad.png", again=False),
            failed("unlucky.png", again=True),
            failed("mended.png", again=False),
        )
    }
    pictures = ["bad.png", "killed.jpg", "lost.png", "mended.png", "new.png", "told.png", "unlucky.png"]

    settled, waiting = sorted_out(pictures, told, {"told.png", "killed.jpg.png", "mended.png", "report.jsonl"})

    assert settled == [
        told["bad.png"],
        done("killed.jpg", "killed.jpg.png"),
        done("mended.png"),
        told["told.png"],
    ]
    assert waiting == ["lost.png", "new.png", "unlucky.png"]
