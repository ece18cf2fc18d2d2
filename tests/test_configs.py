"""What stands beside the code agrees with it: image, compose file, manifests, dashboards."""

import ast
import json
import re
import shutil
import subprocess
import warnings
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

from deployments.config.settings import VERSION, AppConfig, Environment, resolve
from deployments.gateway.prometheus import RAYS
from models import registry

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
VARIABLES = {name.upper(): field for name, field in Environment.model_fields.items()}


def document(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def serve_config(config: Any) -> Any:
    """`config` as Serve itself reads it. Raises if Serve would refuse it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Ray's own, while it is imported
        from ray.serve.schema import ServeDeploySchema
    return ServeDeploySchema.model_validate(config)


def ray_service() -> Any:
    return next(item for item in document("configs/kuberay.yaml")["items"] if item["kind"] == "RayService")


def copied() -> list[str]:
    """What the Dockerfile takes from the build's context."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("name", ["all-models.yaml", "gpu.yaml"])
def test_a_config_file_is_one_that_serve_and_the_service_take(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    # When
    config = serve_config(document(f"configs/{name}"))
    settings = resolve(AppConfig.model_validate(config.applications[0].args), Environment.read())
    # Then
    assert settings.fallback_model == ""
    assert {model.name for model in settings.app.models} == {model.name for model in registry.MODELS}


def test_the_cluster_runs_the_image_of_this_version() -> None:
    tags = re.findall(r"image: (?:&image )?text-removal:(\S+)", (ROOT / "configs/kuberay.yaml").read_text())
    assert tags == [VERSION]


def test_every_model_but_the_common_ones_may_leave_the_machine() -> None:
    config = AppConfig.model_validate(document("configs/all-models.yaml")["applications"][0]["args"])
    assert {model.name for model in config.models if model.scaling.min_replicas > 0} == {"lama", "mend", "cv2"}


def test_the_models_that_are_always_there_fit_on_one_gpu() -> None:
    config = AppConfig.model_validate(document("configs/gpu.yaml")["applications"][0]["args"])
    always = sum(model.scaling.min_replicas * model.resources.num_gpus for model in config.models)
    rare = [model.resources.num_gpus for model in config.models if model.scaling.min_replicas == 0]
    assert always + max(rare) <= 1.0
    assert config.detector is not None
    on_cpu = [model for model in (*config.models, config.detector) if model.resources.num_gpus == 0]
    assert {model.device for model in on_cpu} == {"cpu"}


def test_in_kubernetes_what_stands_in_front_of_the_gateways_admits_as_many_as_they_do() -> None:
    embedded = yaml.safe_load(ray_service()["spec"]["serveConfigV2"])
    config = AppConfig.model_validate(embedded["applications"][0]["args"])
    groups = [ray_service()["spec"]["rayClusterConfig"]["headGroupSpec"]]
    groups += ray_service()["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    for group in groups:
        container = group["template"]["spec"]["containers"][0]
        assert {"name": "MAX_WAITING", "value": str(config.gateway.max_waiting)} in container["env"]


def test_kubernetes_gets_the_same_application_as_the_gpu_config() -> None:
    embedded = yaml.safe_load(ray_service()["spec"]["serveConfigV2"])
    AppConfig.model_validate(serve_config(embedded).applications[0].args)
    assert embedded == document("configs/gpu.yaml")


def test_the_pods_of_kubernetes_know_the_port_the_variables_and_ray_s_version() -> None:
    # Given
    service = ray_service()
    cluster = service["spec"]["rayClusterConfig"]
    port = yaml.safe_load(service["spec"]["serveConfigV2"])["http_options"]["port"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    containers = [container for group in groups for container in group["template"]["spec"]["containers"]]
    # Then
    assert service["apiVersion"] == "ray.io/v1"
    assert cluster["rayVersion"] == ray.__version__ == version("ray")
    for container in containers:
        assert {"name": "serve", "containerPort": port} in container["ports"]
        assert container["env"]
        # REDIS_PASSWORD is for the address of Redis, in the same list.
        assert {variable["name"] for variable in container["env"]} <= {*VARIABLES, "REDIS_PASSWORD"}
    probes = [container.get("readinessProbe", {}).get("httpGet") for container in containers]
    # A head that waits for Serve would never be given the application.
    assert probes == [None] + [{"path": "/-/healthz", "port": "serve"}] * len(cluster["workerGroupSpecs"])


def test_the_cluster_is_closed_to_those_it_is_not_meant_for() -> None:
    # Given
    items = document("configs/kuberay.yaml")["items"]
    kinds = {(item["kind"], item["metadata"]["name"]): item for item in items}
    cluster = ray_service()["spec"]["rayClusterConfig"]
    pods = [group["template"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    redis = kinds["StatefulSet", "redis"]["spec"]["template"]
    # Then: Ray and Redis ask for a secret, and clients reach one port
    assert cluster["authOptions"] == {"mode": "token"}
    password = {"secretKeyRef": {"name": "text-removal", "key": "redis-password"}}
    assert cluster["gcsFaultToleranceOptions"]["redisPassword"] == {"valueFrom": password}
    assert redis["spec"]["containers"][0]["env"] == [{"name": "REDISCLI_AUTH", "valueFrom": password}]
    policy = kinds["NetworkPolicy", "text-removal"]["spec"]
    assert [rule["ports"] for rule in policy["ingress"] if "from" not in rule] == [[{"port": 8081}]]
    for selected in (policy["podSelector"], kinds["PodDisruptionBudget", "text-removal"]["spec"]["selector"]):
        assert all(selected["matchLabels"].items() <= pod["metadata"]["labels"].items() for pod in pods)
    assert kinds["NetworkPolicy", "redis"]["spec"]["podSelector"]["matchLabels"] == redis["metadata"]["labels"]
    # And: nobody is root, and everybody has a bound
    for pod in (*pods, redis):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert "memory" in container["resources"]["limits"]


def test_the_compose_file_shows_every_variable_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    environment = document("compose.yaml")["services"]["service"]["environment"]
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    # When: nothing is set in the shell; a variable without a value stays unset
    for variable, value in environment.items():
        default = re.fullmatch(rf"\$\{{{variable}:-(.*)}}", value or "")
        assert default or value is None, variable
        if default:
            monkeypatch.setenv(variable, default[1])
    # Then
    assert set(environment) == set(VARIABLES)
    told, plain = Environment.read(), Environment.model_construct()
    of_the_container = {"iopaint_data_dir": Path("/data"), "iopaint_model": AppConfig().model} | {
        "task_store_url": "redis://redis:6379/0",
        "blob_store_url": "file:///data/blobs",
    }
    for name in Environment.model_fields:
        assert getattr(told, name) == of_the_container.get(name, getattr(plain, name)), name


def test_the_compose_file_names_files_and_profiles_that_exist() -> None:
    compose = document("compose.yaml")
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in compose["volumes"]
    monitoring = {name for name, service in compose["services"].items() if "monitoring" in service.get("profiles", [])}
    assert monitoring == {"prometheus", "grafana"}


def test_what_the_image_copies_exists_and_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = {line[1:] for line in ignored if line.startswith("!")}
    refused = [line for line in ignored if line and line[0] not in "!#" and line != "*"]
    sources = copied()

    assert "*" in ignored
    assert {source.rstrip("/") for source in sources} == admitted
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not any(fnmatch(source, pattern) for pattern in refused), source


def test_the_image_holds_every_package_and_file_the_service_imports_or_reads() -> None:
    packages = {path.parent.relative_to(ROOT).parts[0] for path in ROOT.glob("*/__init__.py")}
    assert {"models/", "deployments/", "configs/", "serve_config.yaml", "requirements.lock"} <= set(copied())
    assert {"models", "deployments"} <= packages


def test_prometheus_scrapes_the_page_of_the_compose_service() -> None:
    job = document("configs/prometheus.yml")["scrape_configs"][0]
    assert job["metrics_path"] == "/metrics"
    assert job["static_configs"] == [{"targets": [f"service:{Environment.model_fields['iopaint_port'].default}"]}]


def test_the_dashboard_asks_only_for_metrics_that_exist() -> None:
    # Given
    dashboard = json.loads((CONFIGS / "grafana.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    known = {f"ray_text_removal_{name}" for name in our_metrics()} | {f"ray_{name}" for name in rays_metrics()}
    # When
    asked = {name for expression in expressions for name in re.findall(r"\bray_[a-z0-9_]+", expression)}
    # Then
    assert len(asked) >= 10
    assert {name for name in asked if name not in known} == set()


def test_the_dashboard_s_panels_do_not_overlap_and_follow_the_chosen_data_source() -> None:
    dashboard = json.loads((CONFIGS / "grafana.json").read_text())
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        own = {(place["x"] + column, place["y"] + row) for column in range(place["w"]) for row in range(place["h"])}
        assert not own & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        cells |= own


def our_metrics() -> set[str]:
    """Names as exported, from the calls of deployments/metrics.py's three functions."""
    names: set[str] = set()
    for path in (ROOT / "deployments").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
                kind = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    names |= exported(kind, name.value)
    return names


def rays_metrics() -> set[str]:
    """Names as exported, from the sources of the installed Ray: Serve's and those of processes and nodes."""
    folder = Path(ray.__file__).parent
    names: set[str] = set()
    for path in (folder / "serve" / "_private").glob("*.py"):
        for kind, name in re.findall(r'(Counter|Gauge|Histogram)\(\s*f?"(serve_[a-z_{}]+)"', path.read_text()):
            names |= exported(kind.lower(), name.replace("{protocol_name}", "http"))
    agent = folder / "dashboard" / "modules" / "reporter" / "reporter_agent.py"
    return names | set(re.findall(r'Gauge\(\s*"((?:component|node)_[a-z_]+)"', agent.read_text()))


def exported(kind: str, name: str) -> set[str]:
    """Series of one metric in a Prometheus page."""
    match kind:
        case "counter":
            return {name if name.endswith("_total") else f"{name}_total"}
        case "gauge":
            return {name}
        case "histogram":
            return {f"{name}_{part}" for part in ("bucket", "sum", "count")}
        case _:
            return set()


def alerts() -> list[dict[str, Any]]:
    return [rule for group in document("configs/alerts.yml")["groups"] for rule in group["rules"]]


def test_the_alerts_ask_only_for_metrics_that_exist() -> None:
    known = {f"ray_text_removal_{name}" for name in our_metrics()} | {f"ray_{name}" for name in rays_metrics()}

    asked = {name for rule in alerts() for name in re.findall(r"\bray_[a-z0-9_]+", rule["expr"])}

    assert len(asked) >= 8
    assert {name for name in asked if name not in known} == set()


def test_what_is_asked_of_ray_is_on_the_page() -> None:
    text = (CONFIGS / "grafana.json").read_text() + (CONFIGS / "alerts.yml").read_text()
    asked = set(re.findall(r"\bray_(?!text_removal)[a-z0-9_]+", text))
    assert asked == RAYS


def test_every_alert_says_what_to_do() -> None:
    operations = (ROOT / "docs/operations.md").read_text()
    for rule in alerts():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert anchor == rule["alert"].lower()
        assert f"### {rule['alert']}\n" in operations
        assert rule["labels"]["severity"] in ("page", "warn")


def test_every_metric_of_ours_is_in_the_guide() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    parts = ("_bucket", "_sum", "_count")
    names = {next((name.removesuffix(part) for part in parts if name.endswith(part)), name) for name in our_metrics()}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    for arguments in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=CONFIGS, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_gauge_has_the_name_of_a_counter() -> None:
    """For Ray's exporter a counter's name ends before `_total`; of two metrics of one name it shows one."""
    names = [name.removesuffix("_total") for name in our_metrics()]
    assert len(set(names)) == len(names)
