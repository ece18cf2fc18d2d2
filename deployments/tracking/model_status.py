"""The state of every model, put together from what its replicas report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deployments.messages.jobs import ModelState, ModelStatus

EXPIRY_S = 10.0
"""A replica not heard of for this long is gone; it reports every 2 s."""

PRECEDENCE = (ModelState.READY, ModelState.LOADING, ModelState.ERROR)
"""A model is as good as its best replica."""


@dataclass
class ModelStatuses:
    """`devices` has the device of every served model. Times are seconds of the caller's clock."""

    devices: Mapping[str, str]
    _reports: dict[tuple[str, str], tuple[float, ModelStatus]] = field(default_factory=dict)

    def report(self, replica_id: str, status: ModelStatus, now: float) -> None:
        self._reports[status.name, replica_id] = (now, status)

    def snapshot(self, now: float) -> tuple[ModelStatus, ...]:
        """One status per served model, in the order they are configured; without a live replica it is not loaded."""
        self._reports = {key: (at, status) for key, (at, status) in self._reports.items() if now - at < EXPIRY_S}
        return tuple(self._merged(name) for name in self.devices)

    def _merged(self, name: str) -> ModelStatus:
        live = [status for (model, _), (_, status) in self._reports.items() if model == name]
        for state in PRECEDENCE:
            best = [status for status in live if status.state is state]
            if best:
                return replace(
                    best[0],
                    replicas=len(live),
                    forwards=sum(status.forwards for status in live),
                    windows=sum(status.windows for status in live),
                )
        return ModelStatus(name, ModelState.NOT_LOADED, self.devices[name])
