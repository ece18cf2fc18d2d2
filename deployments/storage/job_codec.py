"""A whole job as one blob: what a task's input is stored as.

Layout: one line of JSON, then the bytes of the image, then those of the mask. The line gives both lengths.
"""

import json
from dataclasses import asdict, fields
from typing import Any

from deployments.messages.jobs import EraseJob, OutputFormat
from models.types import HDStrategy, InpaintParameters, MaskMode, Region

VERSION = 1


def dump_job(job: EraseJob) -> bytes:
    header = asdict(job) | {
        "version": VERSION,
        "image": len(job.image),
        "mask": None if job.mask is None else len(job.mask),
    }
    return b"".join((json.dumps(header).encode(), b"\n", job.image, job.mask or b""))


def load_job(blob: bytes) -> EraseJob:
    """Unknown fields are ignored. Raises: ValueError when the blob is cut short or of another version."""
    line, newline, rest = blob.partition(b"\n")
    data: dict[str, Any] = json.loads(line)
    if data["version"] != VERSION:
        raise ValueError(f"a job of version {data['version']}; this release reads version {VERSION}")
    image_bytes, mask_bytes = data["image"], data["mask"]
    if not newline or len(rest) != image_bytes + (mask_bytes or 0):
        raise ValueError("the job's blob is not complete")
    data["image"] = rest[:image_bytes]
    data["mask"] = None if mask_bytes is None else rest[image_bytes:]
    data["regions"] = tuple(_region(region) for region in data["regions"])
    data["parameters"] = _parameters(data["parameters"])
    data["mask_mode"] = MaskMode(data["mask_mode"])
    data["output_format"] = OutputFormat(data["output_format"])
    return EraseJob(**{field.name: data[field.name] for field in fields(EraseJob) if field.name in data})


def _region(data: dict[str, Any]) -> Region:
    return Region(points=tuple((x, y) for x, y in data["points"]), rectangle=data["rectangle"])


def _parameters(data: dict[str, Any]) -> InpaintParameters:
    known = {field.name: data[field.name] for field in fields(InpaintParameters) if field.name in data}
    return InpaintParameters(**known | {"hd_strategy": HDStrategy(data["hd_strategy"])})
