"""The tables of the sqlite store, and the statements that write them."""

from deployments.messages.task import CallbackState, TaskRecord, TaskStatus
from deployments.storage.codecs import dump_record

FINAL = tuple(status.value for status in TaskStatus if status.final)
MARKS = ", ".join("?" for _ in FINAL)

SYNCHRONOUS = "PRAGMA synchronous = FULL"
"""Of each connection; all else of the schema is the file's."""

SCHEMA = f"""
PRAGMA journal_mode = WAL;
{SYNCHRONOUS};
CREATE TABLE IF NOT EXISTS lease (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, owner TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS holder (
    id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, alive_until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    completed_at REAL,
    calling INTEGER NOT NULL,
    result_expired INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS batches (batch_id TEXT PRIMARY KEY, created_at REAL NOT NULL, batch TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status, created_at, task_id);
CREATE INDEX IF NOT EXISTS tasks_by_end ON tasks (result_expired, completed_at);
CREATE INDEX IF NOT EXISTS tasks_calling ON tasks (completed_at) WHERE calling;
"""

# One statement checks the lease and writes, so that nothing can come between the two.
SAVE = """
INSERT INTO tasks (task_id, status, created_at, completed_at, calling, result_expired, record)
SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM lease WHERE epoch = ?)
ON CONFLICT (task_id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at,
    completed_at = excluded.completed_at, calling = excluded.calling, result_expired = excluded.result_expired,
    record = excluded.record
"""

SAVE_BATCH = """
REPLACE INTO batches (batch_id, created_at, batch)
SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM lease WHERE epoch = ?)
"""

ACQUIRE = """
INSERT INTO lease (id, epoch, owner) VALUES (1, 1, ?)
ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, owner = excluded.owner RETURNING epoch
"""

SUMMARY = """
SELECT status, COUNT(*),
    CASE WHEN status IN (?2, ?3, ?4) THEN NULL ELSE json_group_array(json_array(created_at, task_id)) END
FROM tasks WHERE ?1 IS NULL OR CASE WHEN json_valid(record) THEN json_extract(record, '$.client') END = ?1
GROUP BY status
"""


def row(record: TaskRecord) -> tuple[object, ...]:
    calling = record.callback is not None and record.callback.state is CallbackState.PENDING
    moment = (record.task_id, record.status.value, record.created_at, record.completed_at)
    return (*moment, calling, record.result_expired, dump_record(record))
