"""What is asked of the pictures, and with which configuration."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.batch.asking import asked_of_all, job_of
from deployments.batch.config import BatchConfig, Plan, read_config
from deployments.config.settings import AppConfig, ConfigurationError, Environment, Settings, resolve
from models import registry
from models.errors import InvalidRegion, InvalidRequest
from models.types import MaskMode
from tests.pictures import encoded, photo

PICTURE = encoded(photo(48, 32))
REGION = {"x": 1, "y": 2, "width": 9, "height": 9}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings() -> Settings:
    return resolve(AppConfig(), Environment())


def plan(settings: Settings, *values: str, **files: Path) -> Plan:
    asked, of_each = asked_of_all(values, files.get("mask"), files.get("regions"), settings)
    return Plan("in", "out", settings, asked, of_each)


def written(folder: Path, content: Any) -> Path:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_by_default_text_is_found_and_its_letters_are_filled(settings: Settings) -> None:
    job = job_of(plan(settings), "a.png", PICTURE)
    assert (job.detect, job.mask_mode, job.like_input) == (True, MaskMode.STROKES, True)


def test_fields_are_those_of_a_task(settings: Settings) -> None:
    job = job_of(plan(settings, "detect=true", "dilation=3", f"within={json.dumps([REGION])}"), "a.png", PICTURE)
    assert (job.detect, job.dilation_px, len(job.within), job.mask_mode) == (True, 3, 1, MaskMode.BOX)


def test_one_mask_or_regions_hold_for_all(settings: Settings, tmp_path: Path) -> None:
    mask = job_of(plan(settings, mask=written(tmp_path, encoded(photo(48, 32)))), "a.png", PICTURE)
    regions = job_of(plan(settings, regions=written(tmp_path, [REGION])), "a.png", PICTURE)

    assert (mask.mask is not None, mask.detect) == (True, False)
    assert (len(regions.regions), regions.detect) == (1, False)


def test_regions_by_path_hold_for_one_picture_each(settings: Settings, tmp_path: Path) -> None:
    far = {"x": 900, "y": 900, "width": 9, "height": 9}
    made = plan(settings, regions=written(tmp_path, {"a.png": [REGION], "b.png": [REGION, REGION], "far.png": [far]}))

    assert len(job_of(made, "b.png", PICTURE).regions) == 2
    with pytest.raises(InvalidRequest, match=r"none for c\.png"):
        job_of(made, "c.png", PICTURE)
    with pytest.raises(InvalidRegion):
        job_of(made, "far.png", PICTURE)


@pytest.mark.parametrize(
    ("values", "regions", "word"),
    [
        (["model=nobody's"], None, "not served"),
        (["dilation=-1"], None, "dilation"),
        (["detect=true"], [REGION], "exactly one"),
        ([], [], "at least one region"),
        ([], b"{", "Expecting"),
        (["regions={"], None, "JSON"),
    ],
)
def test_what_is_wrong_for_all_is_said_before_anything_starts(
    settings: Settings, tmp_path: Path, values: list[str], regions: Any, word: str
) -> None:
    files = {} if regions is None else {"regions": written(tmp_path, regions)}
    with pytest.raises(ConfigurationError, match=word):
        plan(settings, *values, **files)


def test_the_config_for_gpus_is_one_that_is_taken() -> None:
    config = read_config(ROOT / "configs/batch-gpu.yaml")
    settings = resolve(config.app, Environment())
    assert config.resources.num_gpus == 1
    assert settings.device == "cuda"
    assert registry.facts(settings.default_model).batchable


def test_a_config_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for content, word in (({"wrokers": 1}, "wrokers"), ({"pictures": 0}, "pictures"), (b"a: [", "config.yaml")):
        path.write_bytes(content if isinstance(content, bytes) else yaml.safe_dump(content).encode())
        with pytest.raises(ConfigurationError, match=word):
            read_config(path)
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        read_config(tmp_path / "none.yaml")
    assert read_config(None) == BatchConfig()
