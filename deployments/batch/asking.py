"""What is asked of a picture, in the words of the wire: the fields of a task."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deployments.api.body.multipart import Part
from deployments.api.job_builder import check_model, erase_job, validated
from deployments.api.schema.batch_bodies import ItemBody
from deployments.api.schema.fields import parse_fields
from deployments.api.schema.requests import Origin
from deployments.batch.config import Plan
from deployments.config.settings import ConfigurationError, Settings
from deployments.messages.jobs import EraseJob, OutputFormat
from models.errors import InvalidRequest, TextRemovalError

DEFAULTS: dict[str, Any] = {"output_format": "same"}
FOUND: dict[str, Any] = {"detect": True, "mask_mode": "strokes"}
"""Where nobody says where to erase."""

ORIGIN = Origin("batch", OutputFormat.PNG, deadline=None)
SOME_FILE = b"-"


def asked_of_all(
    values: Sequence[str], mask: Path | None, regions: Path | None, settings: Settings
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Fields for every picture, of `NAME=VALUE`s and files, and regions of single pictures by their path if the file of
    regions is an object.

    Raises: ConfigurationError.
    """
    try:
        given = [value.partition("=") for value in values]
        asked = parse_fields([Part(name.strip(), value.encode(), is_file=False) for name, _, value in given])
        if mask is not None:
            asked["mask"] = mask.read_bytes()
        of_each = None
        if regions is not None:
            read = json.loads(regions.read_text())
            of_each = read if isinstance(read, dict) else None
            asked |= {} if of_each is not None else {"regions": read}
        if of_each is None and not {"regions", "mask", "detect"} & asked.keys():
            asked = FOUND | asked
        common = validated(DEFAULTS | asked | {"image": SOME_FILE}, ItemBody)
        if of_each is None:
            common.where()
        check_model(common.model, settings.api)
    except TextRemovalError as error:
        raise ConfigurationError(error.message) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(str(error)) from None
    return DEFAULTS | asked, of_each


def job_of(plan: Plan, path: str, image: bytes) -> EraseJob:
    """Raises: what is wrong with the picture, or with what is asked of it."""
    asked = plan.asked | {"image": image}
    if plan.regions_of is not None:
        if path not in plan.regions_of:
            raise InvalidRequest(f"the file of regions has none for {path}", field="regions")
        asked["regions"] = plan.regions_of[path]
    return erase_job(validated(asked, ItemBody), ORIGIN, plan.settings.api)
