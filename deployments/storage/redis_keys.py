"""Where the redis store keeps what, and the scripts that write it."""

from typing import TypeAlias

from deployments.messages.batch import BatchRecord
from deployments.messages.task import CallbackState, TaskRecord, TaskStatus
from deployments.storage.codecs import dump_batch, dump_record

Call: TypeAlias = tuple[list[str], list[str | int]]
"""Of a script: its keys and its arguments."""

PREFIX = "{text-removal}:"
EPOCH = f"{PREFIX}epoch"
OWNER = f"{PREFIX}owner"
HOLDER = f"{PREFIX}holder"
BATCHES = f"{PREFIX}batches"

# The indexes are sorted sets of task ids: by creation for each status, the others by the end of the task.
STATUS = {status: f"{PREFIX}status:{status.value}" for status in TaskStatus}
ACTIVE = [key for status, key in STATUS.items() if not status.final]
ENDED = {False: f"{PREFIX}ended:kept", True: f"{PREFIX}ended:expired"}
CALLING = f"{PREFIX}calling"
INDEXES = (*STATUS.values(), *ENDED.values(), CALLING)

# KEYS: epoch, record, every index. ARGV: epoch, task id, record ("" deletes it), then pairs: an index to be in, score.
WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
if ARGV[3] == '' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[3]) end
for i = 4, #ARGV, 2 do redis.call('ZADD', ARGV[i], ARGV[i + 1], ARGV[2]) end
return 1
"""

# KEYS: epoch, batch, index of batches. ARGV: epoch, batch id, batch ("" deletes it), its score in the index.
WRITE_BATCH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('DEL', KEYS[2]); redis.call('ZREM', KEYS[3], ARGV[2]) return 1 end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
return 1
"""


def status_of(client: str) -> dict[TaskStatus, str]:
    """As `STATUS`, for one client's tasks."""
    return {status: f"{PREFIX}client:{client}:{status.value}" for status in TaskStatus}


def saving(record: TaskRecord, epoch: int) -> Call:
    """A call of WRITE."""
    scores = {STATUS[record.status]: record.created_at}
    if record.completed_at is not None:
        scores[ENDED[record.result_expired]] = record.completed_at
        if record.callback is not None and record.callback.state is CallbackState.PENDING:
            scores[CALLING] = record.completed_at
    if record.client:
        scores[status_of(record.client)[record.status]] = record.created_at
    return _writing(record.task_id, epoch, dump_record(record), scores, record.client)


def deleting(task_id: str, client: str, epoch: int) -> Call:
    """A call of WRITE."""
    return _writing(task_id, epoch, "", {}, client)


def saving_batch(batch: BatchRecord, epoch: int) -> Call:
    """A call of WRITE_BATCH."""
    keys = [EPOCH, batch_key(batch.batch_id), BATCHES]
    return keys, [epoch, batch.batch_id, dump_batch(batch), repr(batch.created_at)]


def deleting_batch(batch_id: str, epoch: int) -> Call:
    """A call of WRITE_BATCH."""
    return [EPOCH, batch_key(batch_id), BATCHES], [epoch, batch_id, "", "0"]


def _writing(task_id: str, epoch: int, text: str, scores: dict[str, float], client: str) -> Call:
    of_client = status_of(client).values() if client else ()
    joined = [part for key, score in scores.items() for part in (key, repr(score))]
    return [EPOCH, record_key(task_id), *INDEXES, *of_client], [epoch, task_id, text, *joined]


def batch_key(batch_id: str) -> str:
    return f"{PREFIX}batch:{batch_id}"


def record_key(task_id: str) -> str:
    return f"{PREFIX}task:{task_id}"
