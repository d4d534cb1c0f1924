"""The steps of a scan, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from earmark.analysis import AnalysedTrack, Analyser, Part, SourceTrack, analyse_file, read_file
from earmark.errors import (
    AudioAccessError,
    AudioError,
    AudioNotFoundError,
    LibraryError,
    WorkerDiedError,
)
from earmark.extraction import failure_of, map_files
from earmark.files import FileState, file_state
from earmark.identity import same_sound
from earmark.library import Filters, KnownFile, Library, LibraryTrack
from earmark.processes import usable_cores
from earmark.scanning._plan import Place, ScanPlan, find_moves, make_plan
from earmark.scanning._report import ScanEvent, ScanEventKind, ScanReport, WarnedFile
from earmark.scanning._roots import find_files
from earmark.tags import sheet_fingerprints
from earmark.types import Progress, part_name

__all__ = ["Scan"]


class Scan:
    """One scan: its steps, and what they have counted so far.

    Each file is committed as soon as it is analysed: a scan that is ended in any way, also by an
    error that `progress` raises, keeps what is done.

    Parameters
    ----------
    library : Library
        The library, open.
    analyser : Analyser
        What tracks are answered and placed with.
    roots : sequence of str
        Absolute paths of folders and files.
    jobs : int or None
        Processes that work at a time; with 1 it is done in this one. None: as many as there are
        cores, and files are decoded in processes of their own even with one core.
    retry_failed : bool
        Whether to decode again what failed and has not changed since.
    changed : callable or None
        Called with a `ScanEvent` for each file that is not as the library had it.
    failed : callable or None
        Called with an `AudioError` for each file or folder that cannot be used.
    """

    def __init__(
        self,
        library: Library,
        analyser: Analyser,
        roots: Sequence[str],
        *,
        jobs: int | None = None,
        retry_failed: bool = False,
        changed: Callable[[ScanEvent], None] | None = None,
        failed: Callable[[AudioError], None] | None = None,
    ) -> None:
        self.library = library
        self.analyser = analyser
        self.roots = roots
        self.jobs = jobs or usable_cores()
        # A file that brings a decoder down must not bring the scan down, time after time.
        self.isolated = jobs is None
        self.retry_failed = retry_failed
        self.changed = changed
        self.failed = failed
        self.report = ScanReport(library.path, tuple(roots))
        self._analysed: set[str] = set()
        self._sheets: dict[str, str] = {}
        # Tracks that were recognised in a file that must be decoded because of others in it.
        self._recognised: dict[Place, int] = {}

    def run(
        self, *, planned: Callable[[ScanPlan], None] | None, progress: Progress | None
    ) -> ScanReport:
        """Do all steps.

        Parameters
        ----------
        planned : callable or None
            Called with what there is to do, once it is known.
        progress : callable or None
            Called with the files that were analysed, all that must be, and the last one's path.

        Returns
        -------
        ScanReport
            What was done.

        Raises
        ------
        LibraryError
            If the library cannot be written.
        """
        files, unusable = find_files(self.library, self.roots)
        self._count(failed=unusable)
        self._report_failures(unusable)
        self._sheets = sheet_fingerprints(files)
        known = self.library.scanned.known()
        plan = self._plan(files, known, retry_failed=self.retry_failed)
        self._count(
            n_files=len(files),
            n_unchanged=len({track.path for track in plan.unchanged}),
            failed=tuple(self._failed_before(plan.failed_before)),
        )
        unknown, recognised = self._recognise(plan, known)
        gone = [track.id for track in known if track.id in plan.gone]
        self.library.scanned.mark_missing(gone, now=time.time())
        self._report_gone(gone)
        more = self._plan_of_recognised(recognised)
        plan = replace(
            plan,
            listen=(*plan.listen, *unknown, *more.listen),
            examine=(),
            answer=(*plan.answer, *more.answer),
        )
        if planned is not None:
            planned(plan)
        useless = self._answer_again(plan.answer)
        self._analyse([*plan.listen, *useless], progress)
        return replace(self.report, warned=tuple(self._warned(files)))

    def _count(self, **more: Any) -> None:
        changes = {name: getattr(self.report, name) + value for name, value in more.items()}
        self.report = replace(self.report, **changes)

    def _report_event(self, kind: ScanEventKind, path: str, **more: Any) -> None:
        if self.changed is not None:
            self.changed(ScanEvent(kind, path, **more))

    def _report_failures(self, errors: Iterable[AudioError]) -> None:
        for error in errors:
            if self.failed is not None:
                self.failed(error)
            self._report_event("failed", error.path, error=error)

    def _report_gone(self, track_ids: Sequence[int]) -> None:
        self._count(n_missing=len(track_ids))
        if self.changed is not None and track_ids:
            for track in self.library.tracks_of(track_ids):
                self._report_event("gone", track.name, track=track)

    def _report_moves(self, before: Sequence[LibraryTrack]) -> None:
        """Report what became of tracks that were recognised by their audio."""
        after = self.library.tracks_of(track.id for track in before)
        for old, new in zip(before, after, strict=True):
            if old.path != new.path:
                self._report_event("moved", new.name, before=old.name, track=new)
            elif old.missing:
                self._report_event("back", new.name, track=new)
            elif old != new:  # a file that was merely touched is as it was
                self._report_event("changed", new.name, track=new)

    def _warned(self, files: Sequence[str]) -> Iterator[WarnedFile]:
        """List the files of this scan that have warnings, by this scan or one before."""
        scanned = set(files)
        for track in self.library.tracks(Filters(warned=True)):
            if track.path in scanned:
                yield WarnedFile(
                    track.name, track.warnings, bool(track.gaps), new=track.path in self._analysed
                )

    def _plan(
        self, files: Sequence[str], known: Sequence[KnownFile], *, retry_failed: bool
    ) -> ScanPlan:
        return make_plan(
            files,
            known,
            self.roots,
            needed=self.analyser.fingerprints,
            model_sha256=self.analyser.model.sha256,
            vectors_id=self.analyser.style.vectors_id,
            retry_failed=retry_failed,
            sheets=self._sheets,
        )

    def _plan_of_recognised(self, track_ids: Collection[int]) -> ScanPlan:
        """Find what tracks that were just recognised need as well: another model's answer, say."""
        known = [track for track in self.library.scanned.known() if track.id in track_ids]
        paths = list(dict.fromkeys(track.path for track in known))
        return self._plan(paths, known, retry_failed=False)

    def _failed_before(self, known: Sequence[KnownFile]) -> Iterator[AudioError]:
        names: dict[tuple[str, str, str], list[str]] = {}
        for track in self.library.tracks_of(track.id for track in known):
            fault = (track.path, track.error_code or "audio", track.error_reason or "")
            names.setdefault(fault, []).append(track.name)
        for (path, code, reason), failed in names.items():
            # What fails all tracks in a file is a fault of the file, and is reported once.
            yield AudioError.of_code(code, path if len(failed) > 1 else failed[0], reason)

    def _recognise(
        self, plan: ScanPlan, known: Sequence[KnownFile]
    ) -> tuple[list[str], Collection[int]]:
        """Look for known audio in new and changed files.

        Returns the files that must be decoded, and the numbers of the tracks in the others.
        """
        unknown: list[str] = []
        sources = self._read(plan.examine, unknown)
        digests = {
            (path, track.part.number): track.digest
            for path, tracks in sources.items()
            for track in tracks
        }
        moves = find_moves(digests, known, plan)
        plan.gone.difference_update(moves.values())
        recognised: dict[str, dict[int, SourceTrack]] = {}
        for path, tracks in sources.items():
            by_id = {moves.get((path, track.part.number)): track for track in tracks}
            if None in by_id:
                unknown.append(path)
                self._recognised |= {
                    (path, track.part.number): track_id
                    for track_id, track in by_id.items()
                    if track_id is not None
                }
            else:
                recognised[path] = {at: track for at, track in by_id.items() if at is not None}
        track_ids = [track_id for tracks in recognised.values() for track_id in tracks]
        before = self.library.tracks_of(track_ids) if self.changed is not None else []
        self._write_moves(recognised)
        self._report_moves(before)
        places = {track.id: track.path for track in known}
        n_refreshed = sum(
            all(places[track_id] == path for track_id in tracks)
            for path, tracks in recognised.items()
        )
        self._count(n_refreshed=n_refreshed, n_moved=len(recognised) - n_refreshed)
        return unknown, set(track_ids)

    def _read(
        self, paths: Sequence[str], unreadable: list[str]
    ) -> Mapping[str, tuple[SourceTrack, ...]]:
        """Read files without decoding them; analysis will say what is wrong with the unreadable."""
        sources: dict[str, tuple[SourceTrack, ...]] = {}
        if paths:
            settings: dict[str, Any] = {"jobs": self.jobs, "isolated": self.isolated}
            for path, tracks in map_files(read_file, paths, ordered=False, **settings):
                if isinstance(tracks, AudioError):
                    unreadable.append(path)
                else:
                    sources[path] = tracks
        return sources

    def _write_moves(self, recognised: Mapping[str, Mapping[int, SourceTrack]]) -> None:
        """Write down the places of tracks, by path and by number; others in a file are gone."""
        store, now = self.library.scanned, time.time()
        tracks = [
            (track_id, path, track)
            for path, tracks in recognised.items()
            for track_id, track in tracks.items()
        ]
        gone: list[int] = []
        with self.library.transaction():
            store.move(
                ((track_id, path, track.state, track.tags) for track_id, path, track in tracks),
                now=now,
                parts={track_id: track.part for track_id, _, track in tracks},
            )
            for path, in_file in recognised.items():
                numbers = {track.part.number for track in in_file.values()}
                gone += store.keep_parts(path, numbers, now=now)
        self._report_gone(gone)

    def _answer_again(self, known: Sequence[KnownFile]) -> list[str]:
        """Answer and place tracks anew, from the features that are kept.

        Returns the files whose features are kept and of no use: they must be decoded again.
        """
        useless = []
        for track in known:
            try:
                self._answer_from_kept(track)
            except LibraryError:
                raise
            except Exception:  # noqa: BLE001  (what is kept of a track may be damaged in any way)
                useless.append(track.path)
        return useless

    def _answer_from_kept(self, known: KnownFile) -> None:
        analyser, store = self.analyser, self.library.scanned
        before = self.library.answer(known.id)
        if before is None:  # another scan has written it off meanwhile
            return
        bounds, sounding = before.bounds, before.sounding
        if known.answered_by != analyser.model.sha256:
            X = self.library.matrix(known.id, analyser.model.feature_set.fingerprint)
            if X is not None:
                store.answer(known.id, analyser.answer(X, bounds=bounds, sounding=sounding))
        if known.placed_by != analyser.style.vectors_id:
            X = self.library.matrix(known.id, analyser.style.feature_set.fingerprint)
            if X is not None:
                vector = analyser.place(X, sounding=sounding)
                store.place(known.id, analyser.style.vectors_id, vector)
        self._count(n_answered=1)

    def _analyse(self, paths: Sequence[str], progress: Progress | None) -> None:
        # As they are before: a file that changes meanwhile is another one to the next scan.
        states = {path: file_state(path) for path in paths}
        work = partial(analyse_file, sets=self.analyser.sets)
        analysed = map_files(work, paths, jobs=self.jobs, ordered=False, isolated=self.isolated)
        # Workers end at once if `progress` raises.
        with closing(analysed):  # type: ignore[type-var]  # a generator, said to be an iterator
            for done, (path, tracks) in enumerate(analysed, start=1):
                if isinstance(tracks, AudioError):
                    self._write_failed(path, states[path], tracks)
                else:
                    self._write_file(path, states[path], tracks)
                if progress is not None:
                    progress(done, len(paths), path)

    def _write_failed(self, path: str, state: FileState | None, error: AudioError) -> None:
        """Write down that a file, with whatever tracks are known to be in it, has failed."""
        self._count(failed=(error,))
        self._report_failures([error])
        sheet = self._sheets.get(path, "")
        tracks = self.library.tracks_in(path)
        parts = [Part(track.part, track.start, track.end, sheet) for track in tracks]
        with self.library.transaction():
            for part in parts or [Part(cue_sheet=sheet)]:
                self._write_failed_part(path, state, error, part)

    def _write_failed_part(
        self, path: str, state: FileState | None, error: AudioError, part: Part
    ) -> None:
        if isinstance(error, AudioNotFoundError):
            return  # it went away meanwhile: the next scan finds it gone, or elsewhere
        # What may only be so for now is tried again by the next scan.
        passing = isinstance(error, AudioAccessError | WorkerDiedError) or error.code == "audio"
        self.library.scanned.add_failed(
            path, state=None if passing else state, error=error, now=time.time(), part=part
        )

    def _write_file(
        self,
        path: str,
        state: FileState | None,
        tracks: Sequence[tuple[Part, AnalysedTrack | AudioError]],
    ) -> None:
        """Write down the tracks in a file at once: some of them alone would look like all."""
        durations: list[float] = []
        written: list[tuple[ScanEventKind, int]] = []
        failures: list[tuple[Part, AudioError]] = []
        with self.library.transaction():
            for part, track in tracks:
                done = track if isinstance(track, AudioError) else self._write_or_fail(path, track)
                if isinstance(done, AudioError):
                    failures.append((part, done))
                elif isinstance(track, AnalysedTrack):
                    written.append(done)
                    durations.append(track.analysis.duration)
            for part, error in failures:  # last: tracks known by other numbers have left by now
                self._write_failed_part(path, state, error, part)
            numbers = {part.number for part, _ in tracks}
            gone = self.library.scanned.keep_parts(path, numbers, now=time.time())
        failed = [error for _, error in failures]
        self._count(failed=tuple(failed))
        if durations:
            self._count(n_analysed=1, n_tracks=len(durations), audio_seconds=sum(durations))
            self._analysed.add(path)
        self._report_failures(failed)
        self._report_gone(gone)
        if self.changed is not None:
            for kind, track_id in written:
                now = self.library.track(track_id)
                self._report_event(kind, now.name, track=now)

    def _write_or_fail(
        self, path: str, track: AnalysedTrack
    ) -> tuple[ScanEventKind, int] | AudioError:
        """Write down a track, or return why it cannot be answered for."""
        try:
            with self.library.part_of_transaction():
                return self._write(path, track)
        except LibraryError:  # nothing more can be written, of any file
            raise
        except Exception as error:  # noqa: BLE001  (one bad file never stops the others)
            return failure_of(part_name(path, track.part.number), error)

    def _write(self, path: str, track: AnalysedTrack) -> tuple[ScanEventKind, int]:
        analyser, analysis = self.analyser, track.analysis
        bounds, sounding = analysis.bounds, analysis.sounding
        of_model = analysis.matrices[analyser.model.feature_set.fingerprint]
        of_style = analysis.matrices[analyser.style.feature_set.fingerprint]
        at_its_place = self.library.find(path, part=track.part.number)
        track_id = self.library.scanned.add(
            path,
            state=track.state,
            digest=track.digest,
            tags=track.tags,
            analysis=analysis,
            answer=analyser.answer(of_model, bounds=bounds, sounding=sounding),
            vectors_id=analyser.style.vectors_id,
            vector=analyser.place(of_style, sounding=sounding),
            now=time.time(),
            track_id=self._same_as(at_its_place, path, track),
            part=track.part,
        )
        known = at_its_place is not None and not at_its_place.missing
        return "changed" if known else "new", track_id

    def _same_as(
        self, at_its_place: LibraryTrack | None, path: str, track: AnalysedTrack
    ) -> int | None:
        """Return the known track that this is: that of its place, unless it sounds different.

        A song that was encoded again keeps its number and its corrections; another song of the
        same file name does not get them.
        """
        place = (path, track.part.number)
        if place in self._recognised:
            return self._recognised[place]
        known = at_its_place
        if known is None or known.id in self._recognised.values():
            return None
        if known.digest is None or known.digest == track.digest:
            return known.id
        fingerprint = self.analyser.timbre.feature_set.fingerprint
        before = self.library.matrix(known.id, fingerprint)
        if before is not None and same_sound(before, track.analysis.matrices[fingerprint]):
            return known.id
        return None
