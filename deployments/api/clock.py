"""Times on the wire."""

import time
from datetime import UTC, datetime


def iso(epoch_s: float | None = None) -> str:
    """ISO 8601 in UTC with milliseconds; None means now."""
    return datetime.fromtimestamp(time.time() if epoch_s is None else epoch_s, UTC).isoformat(timespec="milliseconds")
