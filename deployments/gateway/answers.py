"""Counts and logs what was answered."""

import logging

from deployments import metrics
from deployments.api.admission.desk import SUBMISSIONS, SYNCHRONOUS
from deployments.api.ports import Answered
from deployments.api.views import PREFIX
from deployments.config.logs import facts

log = logging.getLogger(__name__)

WORK = frozenset(f"{PREFIX}/{word}" for word in SYNCHRONOUS | SUBMISSIONS)
"""Routes that bring work: their seconds are filed, and each is worth a line of the log."""


class Answers:
    """One for each process that answers clients: the gateways, and the processes in front of them for what those refuse
    by themselves."""

    def __init__(self) -> None:
        self._count = metrics.counter(
            "requests_total", "Requests that have been answered", "route", "status", "model", "fallback"
        )
        self._time = metrics.histogram("request_seconds", "Requests that bring work", metrics.SECONDS, "route")

    def __call__(self, answer: Answered) -> None:
        fallback = "true" if answer.fallback_for else "false"
        tags = {"route": answer.route, "status": str(answer.status), "model": answer.model, "fallback": fallback}
        self._count(1, tags)
        if answer.route in WORK:
            self._time(answer.seconds, {"route": answer.route})
        level = logging.INFO if answer.route in WORK or answer.status >= 500 else logging.DEBUG
        if not log.isEnabledFor(level):
            return
        log.log(
            level,
            "request %s: %s %d, %.3f s",
            answer.request_id, answer.route, answer.status, answer.seconds,
            extra=facts(
                request_id=answer.request_id, task_id=answer.task_id, client=answer.client, model=answer.model,
                fallback_for=answer.fallback_for, route=answer.route, status=answer.status,
                seconds=round(answer.seconds, 4),
            ),
        )  # fmt: skip
