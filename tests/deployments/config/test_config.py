from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from deployments.config.settings import (
    AppConfig,
    ConfigurationError,
    Environment,
    ModelConfig,
    OwnFacts,
    Resources,
    resolve,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults_are_those_of_the_contract() -> None:
    environment = Environment.read()

    assert (environment.iopaint_host, environment.iopaint_port) == ("0.0.0.0", 8081)
    assert (environment.max_image_size, environment.max_file_size) == (2048, 52_428_800)
    assert environment.request_timeout == 300
    assert environment.cors_origins == ("*",)
    assert environment.iopaint_low_mem
    assert environment.iopaint_cpu_offload
    assert resolve(AppConfig(), environment).default_model == "lama"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IOPAINT_PORT", "eighty"),
        ("IOPAINT_DEVICE", "tpu"),
        ("MAX_IMAGE_SIZE", "-1"),
        ("REQUEST_TIMEOUT", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("IOPAINT_LOW_MEM", "perhaps"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        Environment.read()

    assert str(caught.value).startswith(f"{name}='{value}': ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " , ", ",", "alice:", "alice:secret,bob:"])
def test_keys_that_are_set_but_empty_stop_the_start_instead_of_opening_the_service(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("IOPAINT_API_KEYS", value)

    with pytest.raises(ConfigurationError, match="IOPAINT_API_KEYS") as raised:
        Environment.read()

    assert "secret" not in str(raised.value)


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("IOPAINT_API_KEYS", "one,two,")

    assert Environment.read().cors_origins == ("https://a.example", "https://b.example")
    assert Environment.read().iopaint_api_keys == ("one", "two")


def test_the_environment_wins_over_the_file_and_a_model_asked_for_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOPAINT_MODEL", "mat")
    monkeypatch.setenv("IOPAINT_DEVICE", "cuda")

    settings = resolve(AppConfig(model="lama", fallback_model="cv2"), Environment.read())

    assert (settings.default_model, settings.fallback_model, settings.device) == ("mat", "cv2", "cuda")
    assert [model.name for model in settings.app.models] == ["lama", "mend", "cv2", "mat"]


def test_an_empty_fallback_in_the_environment_switches_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOPAINT_FALLBACK_MODEL", "")

    assert resolve(AppConfig(fallback_model="cv2"), Environment.read()).fallback_model == ""


def test_state_lives_in_the_data_folder_unless_urls_are_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BLOB_STORE_URL", "s3://bucket/blobs")

    settings = resolve(AppConfig(), Environment.read())

    assert settings.task_store_url == f"sqlite:///{tmp_path / 'tasks.sqlite3'}"
    assert settings.blob_store_url == "s3://bucket/blobs"


def test_a_model_listed_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="listed twice"):
        resolve(AppConfig(models=(ModelConfig(name="cv2"), ModelConfig(name="cv2"))), Environment.read())


def test_a_model_nobody_knows_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setenv("IOPAINT_MODEL", "lamma")
    # Then
    with pytest.raises(ConfigurationError, match=r"models: unknown model 'lamma'; known are lama, mend, cv2"):
        resolve(AppConfig(), Environment.read())


def test_a_precision_a_model_has_not_is_refused_before_anything_starts() -> None:
    for name in ("lama", "anime-lama"):
        bf16 = ModelConfig(name=name, precision="bf16")
        assert resolve(AppConfig(models=(bf16,), model=name), Environment.read()).app.models[0].precision == "bf16"

    with pytest.raises(ConfigurationError, match=r"models: precision bf16 of model mat: only lama, anime-lama can"):
        resolve(AppConfig(models=(ModelConfig(name="mat", precision="bf16"),)), Environment.read())
    with pytest.raises(ConfigurationError, match="detector: precision bf16"):
        resolve(AppConfig(detector=ModelConfig(name="detector", precision="bf16")), Environment.read())
    with pytest.raises(ValidationError, match="precision"):
        ModelConfig.model_validate({"name": "lama", "precision": "fp16"})


def test_a_model_of_ones_own_can_say_that_it_runs_in_bf16() -> None:
    own = ModelConfig(name="mine", loader="my_models.gan:load", facts=OwnFacts(bf16=True), precision="bf16")

    assert resolve(AppConfig(models=(own,), model="mine"), Environment.read()).app.models[0].model_facts.bf16


@pytest.mark.parametrize(("num_gpus", "fraction"), [(0, 1.0), (0.4, 0.4), (1, 1.0), (2, 1.0)])
def test_a_share_of_a_gpu_is_a_share_of_its_memory(num_gpus: float, fraction: float) -> None:
    assert Resources(num_gpus=num_gpus).gpu_memory_fraction == fraction


def test_a_model_of_ones_own_is_served_under_its_name() -> None:
    # Given
    own = ModelConfig(name="mine", loader="my_models.gan:load", facts=OwnFacts(pad_multiple=16, batchable=True))
    # When
    settings = resolve(AppConfig(models=(own,), model="mine"), Environment.read())
    # Then
    facts = settings.app.models[0].model_facts
    assert (facts.name, facts.loader, facts.pad_multiple, facts.batchable) == ("mine", "my_models.gan:load", 16, True)


def test_a_price_in_the_file_is_the_planners() -> None:
    # Given
    fast = ModelConfig.model_validate({"name": "lama", "cost": {"pixel_us": 0.01, "call_ms": 2}})
    # Then
    assert fast.model_facts.cost.call_px == 200_000
    assert fast.model_facts.batchable


def test_facts_without_a_loader_are_refused() -> None:
    with pytest.raises(ValidationError, match="facts are for a model with a loader of its own"):
        ModelConfig(name="lama", facts=OwnFacts())


def test_secrets_do_not_show_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", "hush")
    monkeypatch.setenv("IOPAINT_API_KEYS", "hush")

    assert "hush" not in repr(resolve(AppConfig(), Environment.read()))


SERVE_CONFIGS = [ROOT / "serve_config.yaml", *sorted((ROOT / "configs").glob("*.yaml"))]
SERVE_CONFIGS.remove(ROOT / "configs" / "kuberay.yaml")  # a Kubernetes manifest: tests/test_configs.py
SERVE_CONFIGS.remove(ROOT / "configs" / "batch-gpu.yaml")  # of no service: tests/deployments/batch/test_asking.py


@pytest.mark.parametrize("path", SERVE_CONFIGS, ids=lambda path: path.name)
def test_every_config_file_is_valid(path: Path) -> None:
    (application,) = yaml.safe_load(path.read_text())["applications"]
    assert application["import_path"] == "deployments.app:build"
    AppConfig.model_validate(application["args"])


def test_a_weights_file_can_be_pinned_by_its_name_only() -> None:
    digest = "0" * 64
    pinned = AppConfig.model_validate({"models": [{"name": "lama", "sha256": {"big-lama.pt": digest}}]})
    assert resolve(pinned, Environment.read()).app.models[0].sha256 == {"big-lama.pt": digest}

    other = AppConfig.model_validate({"models": [{"name": "lama", "sha256": {"lama.pt": digest}}]})
    with pytest.raises(ConfigurationError, match=r"sha256 of lama\.pt: the files of model lama are big-lama\.pt"):
        resolve(other, Environment.read())
    with pytest.raises(ValueError, match="sha256"):
        AppConfig.model_validate({"models": [{"name": "lama", "sha256": {"big-lama.pt": "short"}}]})
