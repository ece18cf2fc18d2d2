"""Weights: found, verified, fetched once, resumed, set aside; and the command line over it."""

import hashlib
import http.server
import os
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.errors import WeightsUnavailable
from models.weights import WeightsFile, download, ensure, ensure_all, file
from models.weights.__main__ import app
from models.weights.files import FILES

CONTENT = bytes(range(256)) * 20_000
NAME = "big-lama.pt"


@dataclass
class Mirror:
    """A web server that offers CONTENT as any path; `cut_after` ends its first answer early, `status` refuses."""

    url: str
    ranges: list[str | None] = field(default_factory=list)
    cut_after: int | None = None
    status: int | None = None
    honours_range: bool = True
    content: bytes = CONTENT


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range") if offer.honours_range else None
            offer.ranges.append(self.headers.get("Range"))
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            if offer.status or start >= len(offer.content):
                self.send_error(offer.status or 416)
                return
            body = offer.content[start:]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut, offer.cut_after = offer.cut_after, None
            self.wfile.write(body[:cut])

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    offer = Mirror(f"http://127.0.0.1:{server.server_port}/{NAME}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield offer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror) -> WeightsFile:
    """LaMa's file, offered by the mirror, wanted in an empty folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("LAMA_MODEL_URL", mirror.url)
    monkeypatch.setenv("LAMA_MODEL_MD5", hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())
    monkeypatch.setattr(download, "FIRST_WAIT_S", 0.001)
    return file(NAME)


def write_old(path: Path, content: bytes) -> None:
    """A file that has long been there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))


def test_a_missing_file_is_fetched_to_where_torch_hub_looks(wanted: WeightsFile, tmp_path: Path) -> None:
    # Given
    shares: list[float] = []
    # When
    path = ensure(wanted, shares.append)
    # Then
    assert path == tmp_path / "hub" / "checkpoints" / NAME
    assert path.read_bytes() == CONTENT
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert not download.part_path(path).exists()


def test_a_right_file_is_taken_as_it_is(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    write_old(wanted.path, CONTENT)
    # When
    ensure(wanted)
    # Then
    assert mirror.ranges == []


def test_a_broken_connection_is_resumed_where_it_ended(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.cut_after = 3_000_000
    # When
    path = ensure(wanted)
    # Then
    assert path.read_bytes() == CONTENT
    assert mirror.ranges[0] is None
    assert mirror.ranges[1] is not None


def test_a_part_left_by_a_killed_process_is_continued(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    write_old(download.part_path(wanted.path), CONTENT[:1_000_000])
    # When
    path = ensure(wanted)
    # Then
    assert path.read_bytes() == CONTENT
    assert mirror.ranges == ["bytes=1000000-"]


def test_a_server_without_ranges_sends_everything_again(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.honours_range = False
    write_old(download.part_path(wanted.path), b"x" * 1000)
    # When / Then
    assert ensure(wanted).read_bytes() == CONTENT


def test_a_complete_part_needs_no_more_bytes(wanted: WeightsFile) -> None:
    # Given
    write_old(download.part_path(wanted.path), CONTENT)
    # When / Then
    assert ensure(wanted).read_bytes() == CONTENT


def test_a_corrupt_file_is_set_aside_under_a_new_name_and_fetched_again(wanted: WeightsFile) -> None:
    # Given
    write_old(wanted.path.with_name(f"{NAME}.corrupt-1"), b"an older one")
    write_old(wanted.path, b"corrupt")
    # When
    path = ensure(wanted)
    # Then
    assert path.read_bytes() == CONTENT
    assert path.with_name(f"{NAME}.corrupt-1").read_bytes() == b"an older one"
    assert path.with_name(f"{NAME}.corrupt-2").read_bytes() == b"corrupt"


def test_a_corrupt_file_that_cannot_be_replaced_is_named(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.status = 404
    write_old(wanted.path, b"corrupt")
    # When / Then
    with pytest.raises(WeightsUnavailable, match=r"corrupt and is now big-lama\.pt\.corrupt-1.*answered 404"):
        ensure(wanted)


def test_a_wrong_file_that_is_still_being_written_is_left_alone(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given: someone has just begun to copy the file here
    wanted.path.parent.mkdir(parents=True)
    wanted.path.write_bytes(CONTENT[:100])
    # When
    with pytest.raises(WeightsUnavailable, match="still being written"):
        ensure(wanted)
    # Then
    assert wanted.path.read_bytes() == CONTENT[:100]
    assert mirror.ranges == []


def test_a_download_with_a_wrong_checksum_never_becomes_the_file(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.content = b"another file"
    # When
    with pytest.raises(WeightsUnavailable, match="the download has checksum"):
        ensure(wanted)
    # Then
    assert not wanted.path.exists()
    assert not download.part_path(wanted.path).exists()


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (503, download.ATTEMPTS)])
def test_only_passing_errors_are_tried_again(status: int, attempts: int, wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.status = status
    # When
    with pytest.raises(WeightsUnavailable, match=f"answered {status}"):
        ensure(wanted)
    # Then
    assert len(mirror.ranges) == attempts


def test_without_a_network_the_error_names_file_and_url_and_only_the_log_the_folder(
    wanted: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Given: nobody listens there, and the mirror's address holds a password
    monkeypatch.setenv("LAMA_MODEL_URL", f"http://user:secret@127.0.0.1:1/{NAME}?token=secret")
    # When
    with pytest.raises(WeightsUnavailable) as caught:
        ensure(wanted)
    # Then
    said = caught.value.message + str(caught.value.details)
    assert f"big-lama.pt (http://127.0.0.1:1/{NAME}): it is missing, and it cannot be downloaded" in said
    assert str(tmp_path) not in said
    assert str(tmp_path) in caplog.text
    assert "secret" not in said + caplog.text


def test_processes_that_want_the_same_file_make_one_download(wanted: WeightsFile, mirror: Mirror) -> None:
    # When: the lock holds between threads as between processes, for each opens it anew
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: ensure(wanted), range(4)))
    # Then
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert len(mirror.ranges) == 1


def test_a_folder_that_cannot_be_made_is_a_clear_error(
    wanted: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    # When / Then
    with pytest.raises(WeightsUnavailable, match="the folder for it cannot be used"):
        ensure(wanted)


def test_a_url_that_is_a_path_is_used_in_place(
    wanted: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    elsewhere = tmp_path / "elsewhere" / "my-lama.pt"
    write_old(elsewhere, CONTENT)
    monkeypatch.setenv("LAMA_MODEL_URL", str(elsewhere))
    # When / Then
    assert ensure(wanted) == elsewhere


def test_progress_over_several_files_grows_to_one(
    wanted: WeightsFile, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("MIGAN_MODEL_URL", mirror.url.replace(NAME, "migan_traced.pt"))
    monkeypatch.setenv("MIGAN_MODEL_MD5", wanted.md5)
    shares: list[float] = []
    # When
    ensure_all((NAME, "migan_traced.pt"), shares.append)
    # Then
    assert shares == sorted(shares)
    assert 0.5 in shares
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TORCH_HOME": "/a"}, "/a/hub/checkpoints"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/torch/hub/checkpoints"),
        ({"HOME": "/c"}, "/c/.cache/torch/hub/checkpoints"),
        ({"TORCH_HOME": "~/d", "HOME": "/e"}, "/e/d/hub/checkpoints"),
    ],
)
def test_the_folder_follows_torch_hubs_rules(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    import torch.hub

    # Then
    assert str(file(NAME).path.parent) == expected == f"{torch.hub.get_dir()}/checkpoints"


def test_list_shows_every_file_and_its_state(wanted: WeightsFile) -> None:
    # Given
    write_old(wanted.path, CONTENT)
    # When
    shown = CliRunner().invoke(app, ["list"])
    # Then
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert any(line.split()[:2] == ["lama", NAME] and "present" in line for line in lines)
    assert any("Places_512_FullData_G.pth" in line and "missing" in line and "research only" in line for line in lines)
    assert any("cv2" in line and "needs none" in line for line in lines)


def test_fetch_and_verify_end_with_status_0_when_all_is_well(wanted: WeightsFile) -> None:
    # When
    results = [CliRunner().invoke(app, [command, "lama", "cv2"]) for command in ("fetch", "verify")]
    # Then
    assert [result.exit_code for result in results] == [0, 0]
    assert wanted.path.read_bytes() == CONTENT


def test_fetch_fails_with_one_line(wanted: WeightsFile, mirror: Mirror) -> None:
    # Given
    mirror.status = 404
    # When
    result = CliRunner().invoke(app, ["fetch", "lama"])
    # Then
    assert result.exit_code == 1
    assert len([line for line in result.output.splitlines() if "weights file" in line]) == 1


def test_verify_fails_on_a_corrupt_file_and_leaves_it_in_place(wanted: WeightsFile) -> None:
    # Given
    write_old(wanted.path, b"corrupt")
    # When
    result = CliRunner().invoke(app, ["verify", "lama"])
    # Then
    assert result.exit_code == 1
    assert result.output.startswith("corrupt")
    assert wanted.path.read_bytes() == b"corrupt"


@pytest.mark.parametrize("name", ["nonsense", "owner/diffusion"])
def test_names_without_weights_files_are_explained(name: str) -> None:
    # When
    result = CliRunner().invoke(app, ["fetch", name])
    # Then
    assert result.exit_code == 2
    assert name in result.output


SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


def test_a_file_of_the_right_md5_and_another_sha256_is_not_taken(
    wanted: WeightsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_old(wanted.path, CONTENT)
    monkeypatch.setenv("LAMA_MODEL_SHA256", OTHER)

    with pytest.raises(WeightsUnavailable, match=rf"has checksum {SHA256} instead of {OTHER} \(sha256\)"):
        ensure(wanted)


@pytest.mark.parametrize("written", [SHA256, SHA256.upper()])
def test_a_file_of_the_sha256_that_is_asked_for_is_taken(
    wanted: WeightsFile, mirror: Mirror, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    write_old(wanted.path, CONTENT)
    monkeypatch.setenv("LAMA_MODEL_SHA256", written)

    assert ensure(wanted) == wanted.path
    assert mirror.ranges == []


def test_a_configuration_pins_a_file_above_the_environment(
    wanted: WeightsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_old(wanted.path, CONTENT)
    monkeypatch.setenv("LAMA_MODEL_SHA256", SHA256)

    assert ensure_all((NAME,), sha256={NAME: SHA256}) == (wanted.path,)
    with pytest.raises(WeightsUnavailable, match=OTHER):
        ensure_all((NAME,), sha256={NAME: OTHER})


def test_what_is_known_of_a_file_counts_for_that_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMA_MODEL_MD5", raising=False)
    known = file(NAME).known_sha256
    assert known is not None
    assert file(NAME).sha256 == known

    monkeypatch.setenv("LAMA_MODEL_MD5", "f" * 32)  # somebody's own network

    assert file(NAME).sha256 is None


def test_every_digest_of_the_table_is_one() -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", entry.default_md5) for entry in FILES)
    assert all(re.fullmatch("[0-9a-f]{64}", entry.known_sha256 or OTHER) for entry in FILES)


def test_verify_prints_the_digest_to_pin(wanted: WeightsFile) -> None:
    write_old(wanted.path, CONTENT)

    result = CliRunner().invoke(app, ["verify", "lama"])

    assert f"sha256 {SHA256}" in result.output
