"""The pictures through a pool of workers, by Ray Data."""

import json
import logging
import math
import warnings
from collections.abc import Iterator

from deployments.batch.config import BatchConfig, Plan
from deployments.batch.report import Row

MAX_BLOCKS = 10_000
"""Paths travel in blocks, each a task of Ray Data: a million pictures are a hundred a block."""

RETRIES = 3
"""How often a worker that died is started again, and its batch with it. A picture that kills every process that opens
it must not keep the others from their results."""


class NoWorkers(Exception):
    """The pool has broken down; the message is one line of why."""


def through_pool(paths: list[str], plan: Plan, config: BatchConfig, address: str | None) -> Iterator[Row]:
    """A row for each picture, in the order they finish. Pictures whose workers died too often have none.

    Raises: NoWorkers, as when no model can be loaded.
    """
    if not paths:
        return
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.exceptions import RayError

    logging.getLogger("ray").setLevel(logging.WARNING)
    ray.init(address=address or "local", include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1
        a_block = max(config.pictures, math.ceil(len(paths) / MAX_BLOCKS))
        blocks = math.ceil(len(paths) / a_block)
        pool = ActorPoolStrategy(
            size=_workers(config, blocks),
            max_tasks_in_flight_per_actor=4,
            max_concurrent_calls_per_actor=2,
            enable_true_multi_threading=True,
        )
        dataset = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=blocks)
        with warnings.catch_warnings():
            # Ray 2.64 will take these two elsewhere, and says so now; Ray 2.60 has no other place for them.
            warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
            rows = dataset.map_batches(
                _worker(),
                fn_constructor_args=(plan,),
                batch_size=config.pictures,
                compute=pool,
                num_cpus=config.resources.num_cpus,
                num_gpus=config.resources.num_gpus,
                memory=config.resources.memory_bytes,
                max_restarts=RETRIES,
                max_task_retries=RETRIES,
            )
        for row in rows.iter_rows():
            yield json.loads(row["row"])
    except RayError as error:
        raise NoWorkers(str(error).strip().rpartition("\n")[2]) from error
    finally:
        ray.shutdown()


def _worker() -> type:
    from deployments.batch.worker import Worker

    return Worker


def _workers(config: BatchConfig, blocks: int) -> int:
    """As many as were asked for, or as fit; no more than there is work for."""
    import ray

    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    needs = {"CPU": config.resources.num_cpus, "GPU": config.resources.num_gpus}
    room = min(int(there.get(kind, 0) // need) for kind, need in needs.items() if need) if any(needs.values()) else 1
    return max(1, min(config.workers or room, blocks))
