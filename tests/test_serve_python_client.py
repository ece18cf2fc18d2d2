"""The Python client and its command line against the real service."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from text_removal import AsyncClient, Client, Event, InvalidImage, Patience, TaskCancelled

from tests.pictures import decoded, encoded, grid_of_regions, outside, photo
from tests.service import ROOT, Service

pytestmark = [pytest.mark.serve, pytest.mark.timeout(240)]

SOURCE = str(ROOT / "clients/python/src")
REGION = {"x": 100, "y": 80, "width": 60, "height": 30}
PATIENT = Patience(total_s=120, first_pause_s=0.1, longest_pause_s=1)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_three_lines_of_the_readme_remove_text(service: Service, tmp_path: Path) -> None:
    # Given
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert "remove_text" in code
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    # When
    subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:8081", service.url)],
        cwd=tmp_path, env={"PYTHONPATH": SOURCE}, check=True, timeout=120,
    )  # fmt: skip
    # Then
    before, after = (Image.open(io.BytesIO(path.read_bytes())).convert("RGB") for path in (
        ROOT / "docs/images/sample.jpg", tmp_path / "clean.png",
    ))  # fmt: skip
    changed = (np.asarray(before) != np.asarray(after)).any(axis=2)
    assert 0.005 < changed.mean() < 0.3


def test_regions_are_erased_and_nothing_else(service: Service) -> None:
    pixels = photo()
    with Client(service.url) as client:
        result = client.erase(pixels, regions=[REGION], model="cv2", fill="model")
        with pytest.raises(InvalidImage) as told:
            client.remove_text(b"no picture")

    kept = outside(pixels.shape, [REGION])
    assert np.array_equal(np.asarray(result.image)[kept], pixels[kept])
    assert (result.regions, result.area_px, result.model) == (1, 1800, "cv2")
    assert result.timing["inpaint"] > 0
    assert result.request_id
    assert told.value.request_id


def test_a_task_is_watched_to_its_result(service: Service) -> None:
    pixels, regions = photo(900, 900), grid_of_regions(4, 4)
    heard: list[Event] = []
    with Client(service.url, patience=PATIENT) as client:
        task = client.submit(pixels, regions=regions, fill="model", progress_interval=0)
        status = task.wait(heard.append)
        result = task.result()

    assert status.status == "completed"
    assert heard[-1].type == "task_completed"
    progress = [event.overall_progress for event in heard]
    assert progress == sorted(progress)
    kept = outside(pixels.shape, regions)
    assert np.array_equal(np.asarray(result.image)[kept], pixels[kept])
    assert result.regions == 16


async def test_a_task_is_cancelled_while_it_is_watched(service: Service) -> None:
    async with AsyncClient(service.url, patience=PATIENT) as client:
        task = await client.submit(photo(2500, 2500), regions=grid_of_regions(12, 12), fill="model")
        kinds = []
        async for event in task.events():
            kinds.append(event.type)
            if len(kinds) == 1:
                await task.cancel()
        with pytest.raises(TaskCancelled):
            await task.result()

    assert kinds[-1] == "task_cancelled"


def test_the_command_line_does_a_folder(service: Service, tmp_path: Path) -> None:
    # Given
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / f"in/{number}.png").write_bytes(encoded(photo(seed=number)))
    (tmp_path / "in/broken.png").write_bytes(encoded(photo())[:5000])
    (tmp_path / "regions.json").write_text(json.dumps([REGION]))
    command = [
        sys.executable, "-m", "text_removal", "remove", "in", "-o", "out", "--regions", "regions.json",
        "--model", "cv2", "--report", "report.jsonl",
    ]  # fmt: skip
    # When
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": SOURCE, "TEXT_REMOVAL_URL": service.url},
        capture_output=True,
        text=True,
    )
    # Then
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.png", "1.png", "2.png", "3.png"]
    kept = outside(photo().shape, [REGION])
    assert np.array_equal(decoded((tmp_path / "out/2.png").read_bytes())[kept], photo(seed=2)[kept])
    failed = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines() if "failed" in line]
    assert [(Path(line["input"]).name, line["error"]) for line in failed] == [("broken.png", "invalid_image")]
