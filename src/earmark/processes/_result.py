"""What came of a task: unpacked from what its worker answered."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, TypeAlias, TypeVar, cast

from earmark.errors import EarmarkError
from earmark.processes._worker import INTERRUPTED

__all__ = ["Answer", "Task", "TaskResult", "Value", "result_of"]

Task = TypeVar("Task")
Value = TypeVar("Value")

Answer: TypeAlias = bytes | int | BaseException
"""Bytes of a worker, its exit code if it died, or the error of a task that cannot be sent."""


@dataclass(frozen=True)
class TaskResult(Generic[Task, Value]):
    """What came of a task.

    Attributes
    ----------
    number : int
        Of the task, from 0.
    task : object
        The task.
    value : object or None
        What the function returned.
    error : BaseException or None
        What it raised, or why its result cannot be sent between processes.
    exit_code : int or None
        Where its worker ended before it answered: the exit code, or less the number of the signal.
    """

    number: int
    task: Task
    value: Value | None = None
    error: BaseException | None = None
    exit_code: int | None = None

    def unwrap(self) -> Value:
        """Return the value.

        Returns
        -------
        object
            What the function returned.

        Raises
        ------
        EarmarkError
            If the worker ended before it answered; ``str(task)`` names the task.

        Notes
        -----
        What the function raised is raised again.
        """
        if self.error is not None:
            raise self.error
        if self.exit_code is not None:
            raise EarmarkError(
                f"{self.task}: the process that worked on it ended with code {self.exit_code}"
            )
        return cast(Value, self.value)


def result_of(number: int, task: Task, answer: Answer) -> TaskResult[Task, Any]:
    """Unpack the answer for a task."""
    if isinstance(answer, int):
        return TaskResult(number, task, exit_code=answer)
    if isinstance(answer, BaseException):
        return TaskResult(number, task, error=answer)
    try:
        kind, value = ForkingPickler.loads(answer)
    except Exception as error:  # noqa: BLE001  (a class may be packed, and refuse to be made again)
        return TaskResult(number, task, error=error)
    if kind == INTERRUPTED:
        raise KeyboardInterrupt
    if kind == "error":
        return TaskResult(number, task, error=value)
    return TaskResult(number, task, value)
