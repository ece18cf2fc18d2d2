"""One worker in this process, without Ray."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.batch.asking import asked_of_all
from deployments.batch.config import Plan
from deployments.batch.worker import Worker
from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from models.errors import ModelUnavailable
from tests.pictures import decoded, encoded, outside, photo

PIXELS = photo(120, 90)
REGIONS = [{"x": 10, "y": 10, "width": 30, "height": 20}]


def plan(folder: Path, app: AppConfig, *values: str) -> Plan:
    regions = folder / "regions.json"
    regions.write_text(json.dumps(REGIONS))
    settings = resolve(app, Environment())
    asked, of_each = asked_of_all(values, None, regions, settings)
    return Plan(str(folder / "in"), str(folder / "out"), settings, asked, of_each)


def erase(worker: Worker, *paths: str) -> dict[str, dict[str, Any]]:
    rows = [json.loads(row) for row in worker({"path": np.array(paths)})["row"]]
    return {row["path"]: row for row in rows}


def test_a_batch_is_erased_and_what_is_bad_in_it_harms_nothing_else(tmp_path: Path) -> None:
    # Given
    (tmp_path / "in/sub").mkdir(parents=True)
    for name in ("a.png", "sub/b.png", "done.png"):
        (tmp_path / "in" / name).write_bytes(encoded(PIXELS))
    (tmp_path / "in/broken.png").write_bytes(b"broken")
    (tmp_path / "in/small.png").write_bytes(encoded(photo(8, 8)))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/done.png").write_bytes(b"done before")
    worker = Worker(plan(tmp_path, AppConfig(model="cv2", models=(ModelConfig(name="cv2"),))))
    # When
    rows = erase(worker, "a.png", "sub/b.png", "broken.png", "small.png", "gone.png", "done.png")
    # Then
    keep = outside(PIXELS.shape, REGIONS)
    for name in ("a.png", "sub/b.png"):
        assert (rows[name]["status"], rows[name]["file"]) == ("completed", name)
        assert rows[name]["headers"]["X-Regions-Count"] == "1"
        assert np.array_equal(decoded((tmp_path / "out" / name).read_bytes())[keep], PIXELS[keep])
    assert rows["done.png"] == {"path": "done.png", "status": "completed", "file": "done.png"}
    assert (tmp_path / "out/done.png").read_bytes() == b"done before"
    assert [(rows[name]["error"], rows[name]["again"]) for name in ("broken.png", "small.png", "gone.png")] == [
        ("invalid_image", False),
        ("invalid_region", False),
        ("io", True),
    ]
    quarantined = [path.name for path in (tmp_path / "out/quarantine").iterdir()]
    assert quarantined == ["broken.png"]


def test_a_worker_whose_model_cannot_be_loaded_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("LAMA_MODEL_URL", (tmp_path / "nothing.pt").as_uri())

    with pytest.raises(ModelUnavailable):
        Worker(plan(tmp_path, AppConfig(model="lama", models=(ModelConfig(name="lama"),))))
