"""A job that is cancelled while its work goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from earmark.errors import JobCancelledError
from earmark.workflows.jobs import Job


def cancelled_in(
    phase: str, workflow: Callable[..., Any], *args: Any, at: int = 2, **kwargs: Any
) -> Job[Any]:
    """Run a workflow, and cancel it at a report of a phase; it notices at the next."""
    reports = []

    def cancel(done: int, total: int, item: str) -> None:
        if job.status.phase == phase:
            reports.append(done)
            if len(reports) == at:
                job.cancel()

    job: Job[Any] = Job(workflow.__name__, progress=cancel)
    with pytest.raises(JobCancelledError):
        job.run(partial(workflow, *args, progress=job, **kwargs))
    assert job.status.state == "cancelled"
    assert job.status.phase == phase
    return job
