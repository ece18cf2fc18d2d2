"""Start the service in the foreground: `python -m deployments`. Host and port come from the environment."""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import yaml
from pydantic import ValidationError

from deployments.config.logs import JsonLines, as_json
from deployments.config.settings import (
    AppConfig,
    ConfigurationError,
    Environment,
    Settings,
    exposure,
    hand_down,
    resolve,
)
from deployments.errors import StoreUnavailable
from deployments.remote.supervisor import BROKEN_EXIT, STOP_S, Supervisor, end_within
from deployments.storage.holding import ALIVE_S, refuse_if_held
from deployments.storage.opening import open_store

APP_NAME = "text-removal"
FIND_GATEWAYS_S = 3.0
"""A handle that has not been used yet is told of its replicas a moment later."""

ANSWER_S = 3.0
STOP_TRACKER_S = 10.0
CLOSE_SOCKETS_S = 3.0
"""Ray kills the HTTP proxy at once, so the gateways get this long to close their sockets with a reason: they look for
another tracker for 1.5 s first."""


def read_config(path: Path) -> AppConfig:
    """The `args` of the application in a Serve config file.

    Raises: ConfigurationError with one line that names what is wrong.
    """
    try:
        document: dict[str, Any] = yaml.safe_load(path.read_text())
        return AppConfig.model_validate(document["applications"][0].get("args", {}))
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


async def check_store(settings: Settings) -> None:
    """Two services on one data folder would take each other's tasks away. A service that died is waited for.

    Raises: ConfigurationError.
    """
    try:
        store = await open_store(settings.task_store_url)
    except (StoreUnavailable, ValueError):
        return None  # the tracker will say so, and tries again
    try:
        dies_at = time.monotonic() + ALIVE_S
        while True:
            try:
                return await refuse_if_held(store, settings.service_id)
            except StoreUnavailable as error:
                if time.monotonic() > dies_at:
                    raise ConfigurationError(error.message) from None
            await asyncio.sleep(0.2)
    finally:
        await store.close()


def main(
    config: Annotated[Path, typer.Option(help="A Serve config file; its application's args are used.")] = Path(
        "serve_config.yaml"
    ),
) -> None:
    """Serve until SIGINT or SIGTERM, then stop in good order: requests first, for DRAIN_S, then tasks."""
    try:
        environment = Environment.read()
        app_config = read_config(config)
        settings = resolve(app_config, environment)
        asyncio.run(check_store(settings))
    except ConfigurationError as error:
        print(f"configuration error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None

    hand_down(settings)
    for line in exposure(environment):
        print(f"warning: {line}", file=sys.stderr, flush=True)

    import ray
    from ray import serve

    from deployments.app import build

    logging.getLogger("ray.serve").setLevel(environment.log_level)
    if not ray.is_initialized():
        ray.init(include_dashboard=False)
    if settings.log_format == "json":
        _print_json()
    serve.start(http_options={"host": environment.iopaint_host, "port": environment.iopaint_port})
    try:
        gateways = serve.run(build(app_config), name=APP_NAME, route_prefix="/")
        print(f"ready: http://{_reachable(environment.iopaint_host)}:{environment.iopaint_port}/docs", flush=True)
        fault = _supervise()
        if fault is not None:
            _give_up(fault)
        end_within(settings.drain_s + STOP_S, 1, _kill_ray)
        _drain(gateways, settings.drain_s)
        _stop_tracker()
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def _print_json() -> None:
    """What this process logs, and what others of Ray's have printed, as lines of JSON: Ray would put the name of the
    process in front of each line, and leave out those that are alike."""
    from ray._private.ray_logging import global_worker_stdstream_dispatcher as printed

    for name in ("ray", "ray.serve"):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonLines())
    printed.remove_handler("ray_print_logs")
    printed.add_handler("json_lines", lambda batch: print(*map(as_json, batch["lines"]), sep="\n", flush=True))


def _supervise() -> str | None:
    """Wait for a signal (None) or a fault. The handlers are set only now, because `ray.init` sets its own, which end
    the process at once."""
    supervisor = Supervisor(_dead_processes, _application_fault, _kill_ray)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, supervisor.on_signal)
    return supervisor.wait()


def _give_up(fault: str) -> NoReturn:
    """Nothing can be stopped in good order any more: what Ray left running is killed, and whoever started this process
    sees a status that is not 0. Tasks lose nothing: they stand in the store."""
    print(f"the service cannot go on: {fault}", file=sys.stderr, flush=True)
    _kill_ray()
    os._exit(BROKEN_EXIT)


def _dead_processes() -> tuple[str, ...]:
    """Of the processes this one started for Ray, those without which nothing works. None if it has joined a cluster
    that others started."""
    from ray._private.worker import _global_node

    dead: set[str] = {kind for kind, _ in _global_node.dead_processes()} if _global_node is not None else set()
    return tuple(sorted(dead & {"raylet", "gcs_server"}))


def _kill_ray() -> None:
    from ray._private.worker import _global_node

    if _global_node is not None:
        _global_node.kill_all_processes(check_alive=False, allow_graceful=False)


def _application_fault() -> str | None:
    from ray import serve

    application = serve.status().applications.get(APP_NAME)
    if application is None:
        return "the application is gone"
    if application.status == "DEPLOY_FAILED":
        return f"the application failed: {application.message}"
    return None


def _drain(gateways: Any, patience_s: float) -> None:
    """The gateways refuse new work from now on, and what they are at may end within that time."""
    from ray.serve.exceptions import DeploymentUnavailableError

    found_by = time.monotonic() + FIND_GATEWAYS_S
    while True:
        try:
            gateways.broadcast("drain", patience_s).results(timeout_s=patience_s + ANSWER_S, return_exceptions=True)
            return
        except Exception as error:  # what cannot be drained is cut
            if not isinstance(error, DeploymentUnavailableError) or time.monotonic() > found_by:
                print(f"requests did not end in good order: {error}", file=sys.stderr)
                return
        time.sleep(0.1)


def _stop_tracker() -> None:
    """Tell the tracker first: it gives running tasks back to the store and ends the watches of open sockets."""
    from ray import serve

    from deployments.app import TASK_TRACKER

    try:
        stopped: Any = serve.get_deployment_handle(TASK_TRACKER, APP_NAME).stop.remote()
        stopped.result(timeout_s=STOP_TRACKER_S)
        time.sleep(CLOSE_SOCKETS_S)
    except Exception as error:  # it may be dead already; its store has all it needs
        print(f"the task tracker did not stop in good order: {error}", file=sys.stderr)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host


if __name__ == "__main__":
    typer.run(main)
