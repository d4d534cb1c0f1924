"""Scan folders into a library: listen to what is new, and notice what moved, changed or is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from earmark.errors import AudioAccessError, AudioError, AudioNotFoundError, ParameterError
from earmark.extraction import find_inputs, map_files, usable_cores
from earmark.library import KnownFile, Library, open_library
from earmark.models import DEFAULT_MODEL, shipped_models
from earmark.types import PathName, Progress
from earmark.workflows._listening import Ears, Listened, examine, file_state, listen
from earmark.workflows._scan_plan import ScanPlan, find_moves, make_plan

__all__ = ["ScanPlan", "ScanReport", "scan", "watch"]

_SETTLED_MS = 2_000
"""How long nothing must have changed before what changed is listened to."""


@dataclass(frozen=True)
class ScanReport:
    """What a scan did.

    Attributes
    ----------
    library : str
        Its file.
    roots : tuple of str
        What was scanned.
    n_files : int
        Audio files that were found.
    n_unchanged : int
        Those of them that cost no more than a look at their time.
    n_analysed : int
        Those that were listened to.
    n_refreshed : int
        Those of which only tags or times had changed.
    n_moved : int
        Those that the library knew from another place.
    n_answered : int
        Those that were answered or placed anew from what is kept of them.
    n_missing : int
        Tracks whose files are gone since the last scan.
    failed : tuple of AudioError
        What could not be listened to, in this scan or before.
    seconds : float
        How long it took.
    audio_seconds : float
        How long the music is that was listened to.
    """

    library: str
    roots: tuple[str, ...]
    n_files: int = 0
    n_unchanged: int = 0
    n_analysed: int = 0
    n_refreshed: int = 0
    n_moved: int = 0
    n_answered: int = 0
    n_missing: int = 0
    failed: tuple[AudioError, ...] = field(default=())
    seconds: float = 0.0
    audio_seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.scan/1`` defines.
        """
        return {
            "schema": "earmark.scan/1",
            "library": self.library,
            "roots": list(self.roots),
            "files": self.n_files,
            "unchanged": self.n_unchanged,
            "analysed": self.n_analysed,
            "refreshed": self.n_refreshed,
            "moved": self.n_moved,
            "answered": self.n_answered,
            "missing": self.n_missing,
            "failed": [
                {"path": one.path, "code": one.code, "message": one.reason} for one in self.failed
            ],
            "seconds": round(self.seconds, 3),
            "audio_seconds": round(self.audio_seconds, 3),
        }


def scan(
    paths: Iterable[PathName] = (),
    *,
    library: PathName | None = None,
    model: PathName | None = None,
    jobs: int | None = None,
    retry_failed: bool = False,
    planned: Callable[[ScanPlan], None] | None = None,
    progress: Progress | None = None,
) -> ScanReport:
    """Bring a library up to date with folders of music.

    What is done is committed file by file: ended at any moment, the same call goes on where it was
    and repeats at most the files in hand. Files whose size and time are as they were cost no more
    than a look; moved, renamed and retagged ones are recognised by their audio.

    Parameters
    ----------
    paths : iterable of str or path-like
        Folders and files; none: all that were scanned before.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`. It is made if there is none.
    model : str, path-like or None
        What to ask for the genre: name of a shipped model or path of an ``.earmark`` file. The
        library remembers it. None: what it remembers, at first the default.
    jobs : int or None
        Processes that work at a time; with 1 it is done in this one. None takes as many as there
        are cores. A script that asks for more than 1 must guard its main part by
        ``if __name__ == "__main__":``.
    retry_failed : bool
        Whether to listen again to files that failed and have not changed since.
    planned : callable or None
        Called with a `ScanPlan` once it is known what there is to do.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Returns
    -------
    ScanReport
        What was done, and what failed.

    Raises
    ------
    LibraryError
        If the library cannot be opened or written; what was done before is kept.
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
    with open_library(library, create=True) as opened:
        roots = [os.path.abspath(os.path.expanduser(os.fspath(path))) for path in paths]
        roots = list(dict.fromkeys(roots)) or opened.scanned.roots()
        if not roots:
            raise ParameterError("paths: no folder is named, and none was scanned before")
        ears = _ears(opened, model)
        one = _Scan(opened, ears, roots, jobs=jobs, retry_failed=retry_failed)
        report = one.run(planned=planned, progress=progress)
    return replace(report, seconds=time.monotonic() - begun)


def _ears(library: Library, model: PathName | None) -> Ears:
    """Load what the library is scanned with, and remember what the caller chose."""
    if model is None:
        return Ears(library.setting("model") or DEFAULT_MODEL)
    name = os.fspath(model)
    if name not in shipped_models():
        name = os.path.abspath(name)
    ears = Ears(name)
    library.remember("model", name)
    return ears


class _Scan:
    """One scan: its steps, and what they have counted so far."""

    def __init__(
        self,
        library: Library,
        ears: Ears,
        roots: Sequence[str],
        *,
        jobs: int | None,
        retry_failed: bool,
    ) -> None:
        self.library = library
        self.ears = ears
        self.roots = roots
        self.jobs = jobs or usable_cores()
        # A file that brings a decoder down must not bring the scan down, time after time.
        self.isolated = jobs is None
        self.retry_failed = retry_failed
        self.report = ScanReport(library.path, tuple(roots))

    def _count(self, **more: Any) -> None:
        changes = {name: getattr(self.report, name) + value for name, value in more.items()}
        self.report = replace(self.report, **changes)

    def run(
        self, *, planned: Callable[[ScanPlan], None] | None, progress: Progress | None
    ) -> ScanReport:
        files = self._find()
        known = self.library.scanned.known()
        plan = make_plan(
            files,
            known,
            self.roots,
            needed=self.ears.fingerprints,
            model_sha256=self.ears.model.sha256,
            space_sha256=self.ears.style.sha256,
            retry_failed=self.retry_failed,
        )
        self._count(
            n_files=len(files),
            n_unchanged=len(plan.unchanged),
            failed=tuple(self._failed_before(plan.failed_before)),
        )
        waiting = [*plan.listen, *self._moved_or_changed(plan, known)]
        gone = [one.id for one in known if one.id in plan.gone]
        self.library.scanned.mark_missing(gone, now=time.time())
        self._count(n_missing=len(gone))
        if planned is not None:
            planned(replace(plan, listen=tuple(waiting), examine=()))
        self._answer_again(plan.answer)
        self._listen(waiting, progress)
        return self.report

    def _find(self) -> list[str]:
        """Find the files; what cannot be looked through is told with what failed."""
        there = [root for root in self.roots if os.path.lexists(root)]
        self.library.scanned.add_roots(there, now=time.time())
        absent = [
            AudioNotFoundError(root, "no such file or folder; what it held is kept as it was")
            for root in self.roots
            if root not in there
        ]
        found = find_inputs(there)
        closed = [one for one in found if isinstance(one, AudioAccessError)]
        empty = [one for one in found if isinstance(one, AudioError) and one not in closed]
        roots = self.library.scanned.known() if empty else []
        strange = [one for one in empty if not any(_inside(k.path, one.path) for k in roots)]
        self._count(failed=(*absent, *closed, *strange))
        return [one for one in found if isinstance(one, str)]

    def _failed_before(self, known: Sequence[KnownFile]) -> Iterator[AudioError]:
        for track in self.library.tracks_of(one.id for one in known):
            yield AudioError.of_code(
                track.error_code or "audio", track.path, track.error_reason or ""
            )

    def _moved_or_changed(self, plan: ScanPlan, known: Sequence[KnownFile]) -> list[str]:
        """Look at files that may be known by their audio; return those that are not."""
        if not plan.examine:
            return []
        looked = {}
        unknown = []
        for path, found in map_files(
            examine, plan.examine, jobs=self.jobs, ordered=False, isolated=self.isolated
        ):
            if isinstance(found, AudioError):
                unknown.append(path)  # listening will say the same, and write it down
            else:
                looked[path] = found
        moves = find_moves({path: one.digest for path, one in looked.items()}, known, plan)
        places = {one.id: one.path for one in known}
        refreshed = {path: at for path, at in moves.items() if places[at] == path}
        for path, track_id in refreshed.items():
            self.library.scanned.refresh(track_id, looked[path].state, looked[path].tags)
        moved = {path: at for path, at in moves.items() if path not in refreshed}
        self.library.scanned.move(
            ((at, path, looked[path].state, looked[path].tags) for path, at in moved.items()),
            now=time.time(),
        )
        for track_id in moves.values():
            plan.gone.discard(track_id)
        self._count(n_refreshed=len(refreshed), n_moved=len(moved))
        return [*unknown, *(path for path in looked if path not in moves)]

    def _answer_again(self, known: Sequence[KnownFile]) -> None:
        """Ask another model, or place in another space, from the features that are kept."""
        ears, store = self.ears, self.library.scanned
        for one in known:
            before = self.library.answer(one.id)
            if before is None:  # another scan has written it off meanwhile
                continue
            if one.answered_by != ears.model.sha256:
                X = self.library.matrix(one.id, ears.model.feature_set.fingerprint)
                if X is not None:
                    store.answer(one.id, ears.answer(X, before.bounds))
            if one.placed_by != ears.style.sha256:
                X = self.library.matrix(one.id, ears.style.feature_set.fingerprint)
                if X is not None:
                    store.place(one.id, ears.style.sha256, ears.place(X, before.bounds))
            self._count(n_answered=1)

    def _listen(self, paths: Sequence[str], progress: Progress | None) -> None:
        states = {path: file_state(path) for path in paths}
        work = partial(listen, sets=self.ears.sets)
        listened = map_files(work, paths, jobs=self.jobs, ordered=False, isolated=self.isolated)
        for done, (path, found) in enumerate(listened, start=1):
            if isinstance(found, AudioError):
                self.library.scanned.add_failed(
                    path, state=states[path], error=found, now=time.time()
                )
                self._count(failed=(found,))
            else:
                self._write(path, found)
            if progress is not None:
                progress(done, len(paths), path)

    def _write(self, path: str, found: Listened) -> None:
        ears, heard = self.ears, found.heard
        of_model = heard.matrices[ears.model.feature_set.fingerprint]
        of_style = heard.matrices[ears.style.feature_set.fingerprint]
        self.library.scanned.add(
            path,
            state=found.state,
            digest=found.digest,
            tags=found.tags,
            heard=heard,
            answer=ears.answer(of_model, heard.bounds),
            space_sha256=ears.style.sha256,
            vector=ears.place(of_style, heard.bounds),
            now=time.time(),
        )
        self._count(n_analysed=1, audio_seconds=heard.duration)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def watch(
    paths: Iterable[PathName] = (),
    *,
    library: PathName | None = None,
    model: PathName | None = None,
    jobs: int | None = None,
    stopped: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Iterator[ScanReport]:
    """Scan, and scan again whenever something changes in the folders.

    Parameters
    ----------
    paths : iterable of str or path-like
        Folders and files; none: all that were scanned before.
    library : str, path-like or None
        The library's file.
    model : str, path-like or None
        What to ask for the genre, as in `scan`.
    jobs : int or None
        Processes that work at a time, as in `scan`.
    stopped : callable or None
        Asked about once a second whether to end.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Yields
    ------
    ScanReport
        Of the first scan, and of each that found something to do.

    Raises
    ------
    LibraryError, ModelError, ParameterError
        As in `scan`.
    """
    from watchfiles import watch as changes

    named = [os.fspath(path) for path in paths]
    report = scan(named, library=library, model=model, jobs=jobs, progress=progress)
    yield report
    there = [root for root in report.roots if os.path.lexists(root)]
    for found in changes(*there, debounce=_SETTLED_MS, rust_timeout=1_000, yield_on_timeout=True):
        if stopped is not None and stopped():
            return
        if not found:
            continue
        report = scan(there, library=library, jobs=jobs, progress=progress)
        if report.n_files != report.n_unchanged or report.n_missing:
            yield report
