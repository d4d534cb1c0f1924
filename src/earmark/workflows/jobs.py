"""Jobs: the progress, warnings, failures and result of long-running work, and a way to cancel it.

Every workflow that takes more than a second has an argument ``progress``. It is a plain function
``(done, total, item)`` or a `Job`, which is called in the same way. A workflow turns either into a
job with `Job.of` and passes it on to the layers below, which only know the plain function. So there
is one way to report progress and one way to cancel: a cancelled job raises `JobCancelledError` from
the next call, when everything done so far has been saved.

::

    job = Job("scan")
    job.subscribe(lambda status: print(status.done, status.total, status.item))
    report = job.run(partial(scan, "~/Music", progress=job))

`earmark.workflows.session.Session.start` does the same in a thread, and returns the job at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from earmark.errors import EarmarkError, JobCancelledError, ParameterError

if TYPE_CHECKING:  # it needs NumPy, which the command line loads late
    from earmark.types import Progress, Seconds

__all__ = ["Job", "JobPhase", "JobState", "JobStatus"]

JobState: TypeAlias = Literal["waiting", "running", "done", "cancelled", "failed"]
"""Where a job is in its life; the last three are ends."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class JobPhase:
    """One part of a job, with its own count.

    Attributes
    ----------
    name : str
        Its name, such as ``"analyse"``; ``""`` if the job has no parts.
    done : int
        Items that are done.
    total : int
        Number of items; 0 while it is unknown.
    """

    name: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class JobStatus:
    """The state of a job at one moment.

    Attributes
    ----------
    name : str
        What is done.
    state : {"waiting", "running", "done", "cancelled", "failed"}
        The state of the job.
    phases : tuple of JobPhase
        The phases that have begun, the current one last.
    item : str
        The last item done, such as a path.
    seconds : float
        How long it has been running, or ran.
    seconds_left : float or None
        How much longer the current phase will probably take; None while this is unknown.
    warnings : tuple of str
        What the user should know although the work goes on.
    failures : tuple of EarmarkError
        Items that failed, and why.
    error : BaseException or None
        What ended the job, if it failed.
    """

    name: str
    state: JobState = "waiting"
    phases: tuple[JobPhase, ...] = ()
    item: str = ""
    seconds: Seconds = 0.0
    seconds_left: Seconds | None = None
    warnings: tuple[str, ...] = ()
    failures: tuple[EarmarkError, ...] = ()
    error: BaseException | None = None

    @property
    def phase(self) -> str:
        """Name of the current phase."""
        return self.phases[-1].name if self.phases else ""

    @property
    def done(self) -> int:
        """Number of items of the current phase that are done."""
        return self.phases[-1].done if self.phases else 0

    @property
    def total(self) -> int:
        """Number of items of the current phase; 0 while it is unknown."""
        return self.phases[-1].total if self.phases else 0

    @property
    def has_ended(self) -> bool:
        """Whether the job is done, was cancelled or failed."""
        return self.state in ("done", "cancelled", "failed")


class Job(Generic[Result]):
    """Work that reports its progress and can be cancelled; safe between threads.

    Calling it, ``job(done, total, item)``, is how the work reports: it can be passed wherever a
    ``progress`` is taken. As a context manager it begins and ends with the block.

    Parameters
    ----------
    name : str
        Its name, such as ``"scan"``.
    progress : callable or None
        Called with the same arguments as the job, after each report.

    Attributes
    ----------
    name : str
        What is done.

    Examples
    --------
    >>> job = Job("count")
    >>> def count():
    ...     for number in range(3):
    ...         job(number + 1, 3, str(number))
    ...     return "counted"
    >>> job.run(count), job.status.state, job.status.done
    ('counted', 'done', 3)
    """

    def __init__(self, name: str, *, progress: Progress | None = None) -> None:
        self.name = name
        self._progress = progress
        self._changed = threading.Condition()
        self._version = 0
        self._status = JobStatus(name)
        self._result: Result | None = None
        self._is_run = False
        self._cancel = threading.Event()
        self._subscribers: list[Callable[[JobStatus], None]] = []
        self._begun = self._phase_begun = self._ended = 0.0
        # When the present phase made its first report, and how far it was by then: what an earlier
        # run has done took no time in this one.
        self._first: tuple[float, int] | None = None

    @classmethod
    def of(cls, progress: Progress | None, name: str) -> Job[Result]:
        """Return a job that reports to the given function or job.

        Parameters
        ----------
        progress : callable, Job or None
            A job is returned unchanged.
        name : str
            Name of a new one.

        Returns
        -------
        Job
            To report to.

        Examples
        --------
        >>> job = Job("scan")
        >>> Job.of(job, "walk") is job, Job.of(print, "walk").name
        (True, 'walk')
        """
        return progress if isinstance(progress, Job) else cls(name, progress=progress)

    @property
    def status(self) -> JobStatus:
        """The current status."""
        with self._changed:
            return self._now()

    def _now(self) -> JobStatus:
        """Complete the status with the times; the lock must be held."""
        status = self._status
        if status.state == "waiting":
            return status
        now = self._ended if status.has_ended else time.monotonic()
        left = None
        if self._first is not None and status.state == "running":
            since, before = self._first
            if status.done > before and status.total:
                left = (now - since) * (status.total - status.done) / (status.done - before)
        return replace(status, seconds=now - self._begun, seconds_left=left)

    def _update(self, change: Callable[[JobStatus], JobStatus]) -> None:
        """Change the status, and tell who waits for that; a subscriber may ask for it again."""
        with self._changed:
            if self._status.state == "waiting":
                self._begun = self._phase_begun = time.monotonic()
                self._status = replace(self._status, state="running")
            self._status = change(self._status)
            self._version += 1
            self._changed.notify_all()
            status, subscribers = self._now(), tuple(self._subscribers)
        for subscriber in subscribers:
            subscriber(status)

    def __call__(self, done: int, total: int, item: str) -> None:
        """Report how far the present phase is.

        Parameters
        ----------
        done : int
            Items that are done.
        total : int
            Items there are.
        item : str
            What was done last.

        Raises
        ------
        JobCancelledError
            If the job was cancelled.
        """

        def change(status: JobStatus) -> JobStatus:
            *before, phase = status.phases or (JobPhase(""),)
            if self._first is None and done <= 1:
                self._first = (self._phase_begun, 0)
            elif self._first is None or done < phase.done:
                self._first = (time.monotonic(), done)
            return replace(status, phases=(*before, JobPhase(phase.name, done, total)), item=item)

        self.check()
        self._update(change)
        if self._progress is not None:
            self._progress(done, total, item)

    def phase(self, name: str, *, total: int = 0) -> None:
        """Begin a phase, which ends the one before.

        Parameters
        ----------
        name : str
            Its name. An earlier phase of the same name is counted again.
        total : int
            Number of items; 0 if it is not known yet.

        Raises
        ------
        JobCancelledError
            If the job was cancelled.
        """

        def change(status: JobStatus) -> JobStatus:
            self._first, self._phase_begun = None, time.monotonic()
            others = (phase for phase in status.phases if phase.name != name)
            return replace(status, phases=(*others, JobPhase(name, 0, total)), item="")

        self.check()
        self._update(change)

    def warn(self, message: str) -> None:
        """Report something that the user should know although the work goes on.

        Parameters
        ----------
        message : str
            A sentence.
        """
        self._update(lambda status: replace(status, warnings=(*status.warnings, message)))

    def fail(self, error: EarmarkError) -> None:
        """Report an item that failed.

        Parameters
        ----------
        error : EarmarkError
            Why.
        """
        self._update(lambda status: replace(status, failures=(*status.failures, error)))

    def cancel(self) -> None:
        """Ask the work to stop, which it does at its next report; what is done is kept.

        Work reports when a file, a fold or a step is done, so it may go on for as long as one of
        these takes. A job that has ended is not changed.
        """
        self._cancel.set()

    def check(self) -> None:
        """Raise an error if the job was cancelled.

        Raises
        ------
        JobCancelledError
            If it was.
        """
        if self._cancel.is_set():
            raise JobCancelledError(self.name)

    def subscribe(self, callback: Callable[[JobStatus], None]) -> Callable[[], None]:
        """Call a function with each new status, in the thread that reports it.

        Parameters
        ----------
        callback : callable
            Called with a `JobStatus`. What it raises ends the work.

        Returns
        -------
        callable
            Call it to end the subscription.
        """
        with self._changed:
            self._subscribers.append(callback)

        def unsubscribe() -> None:
            with self._changed:
                self._subscribers = [one for one in self._subscribers if one is not callback]

        return unsubscribe

    def follow(self) -> Iterator[JobStatus]:
        """Wait for each new status, until the job has ended.

        A slow consumer misses some of them, but never the last one.

        Yields
        ------
        JobStatus
            The current status at once, then each new one.
        """
        seen = -1
        while True:
            with self._changed:
                while self._version == seen:
                    self._changed.wait()
                seen, status = self._version, self._now()
            yield status
            if status.has_ended:
                return

    def wait(self, timeout: Seconds | None = None) -> bool:
        """Wait until the job has ended.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait; None: for as long as it takes.

        Returns
        -------
        bool
            Whether it has ended.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._status.has_ended, timeout)

    def result(self, timeout: Seconds | None = None) -> Result:
        """Wait for the result.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait; None: for as long as it takes.

        Returns
        -------
        object
            What the work returned.

        Raises
        ------
        TimeoutError
            If it has not ended by then.
        JobCancelledError
            If it was cancelled.
        Exception
            What the work raised, if it failed.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"{self.name} is still running")
        if self._status.error is not None:
            raise self._status.error
        return self._result  # type: ignore[return-value]

    def __enter__(self) -> Job[Result]:
        with self._changed:
            if self._is_run or self._status.state != "waiting":
                raise ParameterError(f"the job {self.name!r} has begun already")
            self._is_run = True
        self._update(lambda status: status)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state: JobState = "done" if error is None else "failed"
        if isinstance(error, JobCancelledError | KeyboardInterrupt | GeneratorExit):
            state = "cancelled"
        self._ended = time.monotonic()
        self._update(lambda status: replace(status, state=state, error=error))

    def run(self, work: Callable[[], Result]) -> Result:
        """Do the work in this thread.

        Parameters
        ----------
        work : callable
            The work, which reports to this job.

        Returns
        -------
        object
            What it returns.

        Raises
        ------
        JobCancelledError
            If it was cancelled, before or meanwhile.
        ParameterError
            If the job has begun already.
        """
        with self:
            self.check()
            self._result = work()
        return self._result
