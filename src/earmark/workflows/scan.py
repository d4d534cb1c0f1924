"""Scan folders into a library: analyse new files, and notice what moved, changed or was deleted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from earmark.analysis import Analyser
from earmark.arguments import checked
from earmark.errors import AudioError, ModelNotFoundError, ParameterError
from earmark.files import file_state
from earmark.library import (
    Library,
    library_path,
)
from earmark.models import DEFAULT_MODEL, shipped_models
from earmark.scanning import Scan, ScanEvent, ScanPlan, ScanReport, WarnedFile
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job
from earmark.workflows.session import default_session, opened_library

__all__ = ["ScanEvent", "ScanPlan", "ScanReport", "WarnedFile", "scan", "watch"]

_SETTLED_MS = 1_000
"""How long nothing must have changed before a scan: a file may still be on its way."""

_LONGEST_MS = 30_000
"""How long a scan waits for that: what is copied for hours is scanned meanwhile."""


@checked
def scan(
    paths: PathName | Iterable[PathName] = (),
    *,
    library: Library | PathName | None = None,
    model: PathName | None = None,
    jobs: int | None = None,
    retry_failed: bool = False,
    planned: Callable[[ScanPlan], None] | None = None,
    changed: Callable[[ScanEvent], None] | None = None,
    progress: Progress | None = None,
) -> ScanReport:
    """Bring a library up to date with folders of music.

    Every file is committed on its own: if a scan is stopped, the same call continues it and repeats
    at most the files that were in progress. Files whose size and modification time have not changed
    are not read; moved, renamed and retagged files are recognised by their audio.

    Parameters
    ----------
    paths : str, path-like, or iterable of them
        Folders and files; none: all that were scanned before.
    library : Library, str, path-like or None
        An open library, or its file (see `earmark.library.library_path`), which is created if it
        does not exist.
    model : str, path-like or None
        The model that names genres: the name of an included one or the path of an ``.earmark``
        file. The library remembers it. None: the model of the last scan, at first the default
        model.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core. On Windows
        and macOS, a script that uses several must guard its main part by
        ``if __name__ == "__main__":``.
    retry_failed : bool
        Whether to analyse files again that failed before and have not changed since.
    planned : callable or None
        Called with a `ScanPlan` once it is known which files to analyse.
    changed : callable or None
        Called with a `ScanEvent` for each file that is new or has changed, as soon as the change is
        saved in the library.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Returns
    -------
    ScanReport
        What was done, and what failed.

    Raises
    ------
    LibraryError
        If the library cannot be opened or written; files analysed before are kept.
    ModelError
        If the model cannot be used.
    ParameterError
        If `jobs` is less than 1, or there is nothing to scan.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> from earmark.testing import music_like
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/a.wav", music_like(duration=4), 22_050)
    ...     first = scan([folder], library=f"{folder}/library.db", jobs=1)
    ...     second = scan(library=f"{folder}/library.db", jobs=1)
    >>> (first.n_analysed, second.n_analysed, second.n_unchanged)
    (1, 0, 1)
    """
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    begun = time.monotonic()
    named = _absolute(paths)
    existing = any(map(os.path.lexists, named))
    if named and not existing and not os.path.exists(_path_of(library)):
        raise ParameterError(f"paths={named!r}: no such file or folder")  # makes no library
    job: Job[ScanReport] = Job.of(progress, "scan")
    settings = {"jobs": jobs, "retry_failed": retry_failed, "changed": changed}
    with opened_library(library, create=existing, progress=progress) as opened:
        report = _scan(opened, named, model, job, planned, settings)
    return replace(report, seconds=time.monotonic() - begun)


def _scan(
    library: Library,
    named: Sequence[str],
    model: PathName | None,
    job: Job[ScanReport],
    planned: Callable[[ScanPlan], None] | None,
    settings: dict[str, Any],
) -> ScanReport:
    """Scan into a library that is open, in two phases of a job."""
    roots = named or library.scanned.roots()
    if not roots:
        raise ParameterError("Name a folder to scan. None has been scanned before")

    def begin(plan: ScanPlan) -> None:
        job.phase("analyse", total=len(plan.listen))
        if planned is not None:
            planned(plan)

    work = Scan(library, _analyser(library, model), roots, failed=job.fail, **settings)
    job.phase("look for changes")
    return work.run(planned=begin, progress=job)


def _path_of(library: Library | PathName | None) -> str:
    return library.path if isinstance(library, Library) else library_path(library)


def _absolute(paths: PathName | Iterable[PathName]) -> list[str]:
    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    named = (os.path.abspath(os.path.expanduser(os.fspath(path))) for path in several)
    return list(dict.fromkeys(named))


def _analyser(library: Library, model: PathName | None) -> Analyser:
    """Load what the library is scanned with, and remember what the caller chose."""
    if model is None:
        remembered = library.setting("model") or DEFAULT_MODEL
        try:
            return Analyser(default_session().model(remembered))
        except ModelNotFoundError as error:
            reason = f"{error.reason}. The library remembers it; choose another: --model NAME"
            raise ModelNotFoundError(remembered, reason) from error
    name = os.fspath(model)
    if name not in shipped_models():
        name = os.path.abspath(name)
    analyser = Analyser(default_session().model(name))
    library.remember("model", name)
    return analyser


@checked
def watch(
    paths: PathName | Iterable[PathName] = (),
    *,
    library: Library | PathName | None = None,
    model: PathName | None = None,
    jobs: int | None = None,
    stopped: Callable[[], bool] | None = None,
    changed: Callable[[ScanEvent], None] | None = None,
    progress: Progress | None = None,
) -> Iterator[ScanReport]:
    """Scan, and scan again whenever something changes in the folders.

    Parameters
    ----------
    paths : str, path-like, or iterable of them
        Folders and files; none: all that were scanned before.
    library : Library, str, path-like or None
        An open library, or its file.
    model : str, path-like or None
        The model that names genres, as in `scan`.
    jobs : int or None
        Number of parallel processes, as in `scan`.
    stopped : callable or None
        Called about once a second; returns whether to stop.
    changed : callable or None
        Called with a `ScanEvent` for each change after the first scan, as in `scan`. A file that
        failed before is reported again only if it has changed or fails for another reason.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Yields
    ------
    ScanReport
        The report of the first scan, and of each later one that found changes.

    Raises
    ------
    LibraryError, ModelError, ParameterError
        As in `scan`.
    """
    from watchfiles import watch as changes

    own = _path_of(library)
    report = scan(paths, library=library, model=model, jobs=jobs, progress=progress)
    yield report
    there = [root for root in report.roots if os.path.lexists(root)]
    if not there:
        raise ParameterError(
            f"paths={list(report.roots)!r}: none of them exists, so there is nothing to watch"
        )
    news = None if changed is None else _without_known_failures(changed, report)
    looked_again = False  # at what came while the first scan went on
    for found in changes(
        *there,
        watch_filter=lambda _, path: not path.startswith(own),  # what a scan itself writes
        debounce=_LONGEST_MS,
        step=_SETTLED_MS,
        rust_timeout=1_000,
        yield_on_timeout=True,
    ):
        if stopped is not None and stopped():
            return
        if looked_again and not found:
            continue
        looked_again = True
        before = report
        report = scan(there, library=library, jobs=jobs, changed=news, progress=progress)
        if report.found_something or set(map(str, report.failed)) != set(map(str, before.failed)):
            yield report


def _without_known_failures(
    changed: Callable[[ScanEvent], None], first: ScanReport
) -> Callable[[ScanEvent], None]:
    """Pass on all events but those of files that have failed before, and are as they were."""

    def failure(error: AudioError) -> tuple[object, ...]:
        # A folder changes with each file in it: what is wrong with it stays the same.
        state = None if os.path.isdir(error.path) else file_state(error.path)
        return (error.path, error.reason, state)

    known = set(map(failure, first.failed))

    def pass_on(event: ScanEvent) -> None:
        if event.error is not None:
            this = failure(event.error)
            if this in known:
                return
            known.add(this)
        changed(event)

    return pass_on
