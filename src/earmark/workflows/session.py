"""Keep a library open and models loaded, shared by the threads of a process.

Workflows take ``library`` as a path or as an open `Library`, and ``model`` as a name, a path or a
loaded `Model`. A library that is named by its path is opened and closed by each call. Models are
loaded once by each session: the default one, or that of a server. Spaces and indexes are kept by
the process, whatever its sessions::

    with Session("music.db") as session:
        job = session.start(scan, "~/Music")
        for status in job.follow():
            print(status.done, status.total, status.item)
        session.run(similar, "blue train")
"""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import TracebackType
from typing import Any, TypeVar

from earmark.arguments import checked
from earmark.errors import LibraryError, ParameterError
from earmark.files import FileState, file_state
from earmark.library import Library, library_path, open_library
from earmark.models import DEFAULT_MODEL, Model, load_model, shipped_models
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job

__all__ = ["Session", "default_session", "opened_library"]

Result = TypeVar("Result")


@checked
@contextmanager
def opened_library(
    library: Library | PathName | None, *, create: bool = False, progress: Progress | None = None
) -> Iterator[Library]:
    """Open a library for the length of a block, unless it is already open.

    Parameters
    ----------
    library : Library, str, path-like or None
        An open one, which stays open, or its file; None: see `earmark.library.library_path`.
    create : bool
        Whether to make the file if there is none.
    progress : callable or None
        A `Job` gets the warnings of the library.

    Yields
    ------
    Library
        The library.

    Raises
    ------
    LibraryError
        If it cannot be opened.
    """
    warn = progress.warn if isinstance(progress, Job) else None
    if isinstance(library, Library):
        with library.warnings_to(warn):
            yield library
        return
    with open_library(library, create=create) as opened, opened.warnings_to(warn):
        yield opened


class Session:
    """An open library, loaded models, and the jobs that work with them; safe between threads.

    Parameters
    ----------
    library : str, path-like or None
        File of the library, opened when it is first needed. None: see
        `earmark.library.library_path`.
    create : bool
        Whether to make the file if there is none.

    Examples
    --------
    >>> session = Session()
    >>> session.model("gtzan57") is session.model("gtzan57")
    True
    """

    def __init__(self, library: PathName | None = None, *, create: bool = False) -> None:
        self._path = library
        self._create = create
        self._lock = threading.RLock()
        self._library: Library | None = None
        self._is_closed = False
        self._models: dict[str, tuple[FileState | None, Model]] = {}
        self._jobs: dict[Job[Any], threading.Thread] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def model(self, name_or_path: PathName = DEFAULT_MODEL) -> Model:
        """Load a model, or return it if it is already loaded.

        Parameters
        ----------
        name_or_path : str or path-like
            Name of a model that comes with the package, or path of an ``.earmark`` file. A file
            that has changed since is loaded again.

        Returns
        -------
        Model
            The model.

        Raises
        ------
        ModelError
            If there is none, or its file cannot be trusted.
        """
        key, state = os.fspath(name_or_path), None
        if name_or_path not in shipped_models():
            key, state = os.path.abspath(key), file_state(key)
        with self._lock:
            held = self._models.get(key)
            if held is None or held[0] != state:
                held = self._models[key] = (state, load_model(name_or_path))
            return held[1]

    @property
    def library(self) -> Library:
        """The library, open until the session is closed.

        Raises
        ------
        LibraryError
            If it cannot be opened, or the session is closed.
        """
        with self._lock:
            if self._is_closed:
                raise LibraryError(library_path(self._path), "its session is closed")
            if self._library is None:
                self._library = open_library(library_path(self._path), create=self._create)
            return self._library

    def run(self, workflow: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Call a workflow with the library of this session.

        Parameters
        ----------
        workflow : callable
            The function, such as `earmark.workflows.similar.similar`.
        *args, **kwargs : object
            Its arguments. ``library`` is added if it takes one and none is given.

        Returns
        -------
        object
            What it returns.
        """
        return self._bound(workflow, args, kwargs)()

    def start(self, workflow: Callable[..., Result], *args: Any, **kwargs: Any) -> Job[Result]:
        """Call a workflow in a thread of its own.

        Parameters
        ----------
        workflow : callable
            The function, such as `earmark.workflows.scan.scan`. It must take ``progress``, and
            return its result; those that yield, such as `earmark.workflows.classify.classify_many`,
            are for `run`.
        *args, **kwargs : object
            Its arguments, as in `run`. ``progress`` is the job.

        Returns
        -------
        Job
            Follow it, cancel it, or get its result.

        Raises
        ------
        ParameterError
            If the workflow yields its results.
        """
        if inspect.isgeneratorfunction(inspect.unwrap(workflow)):
            raise ParameterError(
                f"workflow={workflow.__name__} yields its results one by one, and a job has one "
                "result: call it with run and iterate over what it returns"
            )
        job: Job[Result] = Job(workflow.__name__)
        work = self._bound(workflow, args, {**kwargs, "progress": job})

        def run() -> None:
            with contextlib.suppress(BaseException):  # the job keeps it for who asks for the result
                job.run(work)
            with self._lock:
                del self._jobs[job]

        with self._lock:
            self._jobs[job] = threading.Thread(target=run, name=f"earmark {job.name}")
            try:
                self._jobs[job].start()
            except BaseException:
                del self._jobs[job]
                raise
        return job

    def _bound(
        self, workflow: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Callable[[], Result]:
        takes = inspect.signature(workflow).parameters
        if "library" in takes and "library" not in kwargs:
            kwargs = {**kwargs, "library": self.library}
        return partial(workflow, *args, **kwargs)

    @property
    def jobs(self) -> tuple[Job[Any], ...]:
        """The jobs that were started here and have not ended."""
        with self._lock:
            return tuple(self._jobs)

    def close(self) -> None:
        """Cancel the jobs, wait until they have ended, and close the library.

        A job that closes its own session is not waited for.
        """
        with self._lock:
            running = dict(self._jobs)
        for job in running:
            job.cancel()
        for thread in running.values():
            if thread is not threading.current_thread():
                thread.join()
        with self._lock:
            self._is_closed = True
            if self._library is not None:
                self._library.close()
            self._library = None


@cache
def default_session() -> Session:
    """Return the session whose models this process shares.

    Returns
    -------
    Session
        Always the same.

    Examples
    --------
    >>> default_session() is default_session()
    True
    """
    return Session()
