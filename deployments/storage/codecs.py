"""Task records, batches and jobs as they are stored, and back.

Unknown fields are ignored and missing ones take their defaults, so a release reads what an older or a newer one wrote.
What it cannot read, it leaves alone (storage/unreadable.py).
"""

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from deployments.messages.batch import BatchRecord
from deployments.messages.jobs import EraseJob
from deployments.messages.task import TaskRecord

VERSION = 1
"""Raised when a field changes its meaning; a new field with a default needs no new version."""


class OtherVersion(ValueError):
    """Written by a release that gives a field another meaning."""


_RECORD = TypeAdapter(TaskRecord)
_BATCH = TypeAdapter(BatchRecord)
_JOB = TypeAdapter(EraseJob)


def dump_record(record: TaskRecord) -> str:
    """JSON. `queue_position` is left out: it holds only for the moment it was computed."""
    data = _RECORD.dump_python(replace(record, queue_position=None), mode="json")
    return json.dumps({"version": VERSION, **data}, separators=(",", ":"))


def load_record(text: str) -> TaskRecord:
    """Raises: ValueError when the text is of a version this release cannot read."""
    return _RECORD.validate_python(_read(text, "a task record"))


def dump_batch(batch: BatchRecord) -> str:
    return json.dumps({"version": VERSION, **_BATCH.dump_python(batch, mode="json")}, separators=(",", ":"))


def load_batch(text: str) -> BatchRecord:
    """Raises: ValueError when the text is of a version this release cannot read."""
    return _BATCH.validate_python(_read(text, "a batch"))


def dump_job(job: EraseJob) -> bytes:
    """One line of JSON, then the bytes of the image, then those of the mask. The line gives both lengths."""
    header = _JOB.dump_python(replace(job, image=b"", mask=None), mode="json") | {
        "version": VERSION,
        "image": len(job.image),
        "mask": None if job.mask is None else len(job.mask),
    }
    return b"".join((json.dumps(header).encode(), b"\n", job.image, job.mask or b""))


def load_job(blob: bytes) -> EraseJob:
    """Raises: ValueError when the blob is cut short; OtherVersion."""
    line, newline, rest = blob.partition(b"\n")
    data = _read(line, "a job")
    image_bytes, mask_bytes = data["image"], data["mask"]
    if not newline or len(rest) != image_bytes + (mask_bytes or 0):
        raise ValueError("the job's blob is not complete")
    files = {"image": rest[:image_bytes], "mask": None if mask_bytes is None else rest[image_bytes:]}
    return _JOB.validate_python(data | files)


def _read(text: str | bytes, what: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    if data["version"] != VERSION:
        raise OtherVersion(f"{what} of version {data['version']}; this release reads version {VERSION}")
    return data
