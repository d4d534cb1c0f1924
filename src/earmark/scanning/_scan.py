"""The steps of a scan, and what they come to."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from earmark.extraction import failure_of, find_inputs, map_files, usable_cores
from earmark.files import FileState, file_state
from earmark.identity import same_sound
from earmark.library import Filters, KnownFile, Library, LibraryTrack
from earmark.tags import sheet_fingerprints
from earmark.types import Progress, part_name
from earmark.wording import counted
from earmark.workflows._scan_plan import Place, ScanPlan, find_moves, make_plan
from earmark.workflows._scan_report import ScanEvent, ScanEventKind, ScanReport, WarnedFile

__all__ = ["Scan"]


class Scan:
    """One scan: its steps, and what they have counted so far."""

    def __init__(
        self,
        library: Library,
        analyser: Analyser,
        roots: Sequence[str],
        *,
        jobs: int | None,
        retry_failed: bool,
        changed: Callable[[ScanEvent], None] | None = None,
    ) -> None:
        self.library = library
        self.analyser = analyser
        self.roots = roots
        self.jobs = jobs or usable_cores()
        # A file that brings a decoder down must not bring the scan down, time after time.
        self.isolated = jobs is None
        self.retry_failed = retry_failed
        self.changed = changed
        self.report = ScanReport(library.path, tuple(roots))
        self._analysed: set[str] = set()
        self._sheets: dict[str, str] = {}
        # Tracks that were recognised in a file that must be decoded because of others in it.
        self._recognised: dict[Place, int] = {}

    def _count(self, **more: Any) -> None:
        changes = {name: getattr(self.report, name) + value for name, value in more.items()}
        self.report = replace(self.report, **changes)

    def _tell(self, kind: ScanEventKind, path: str, **more: Any) -> None:
        if self.changed is not None:
            self.changed(ScanEvent(kind, path, **more))

    def _tell_failed(self, errors: Iterable[AudioError]) -> None:
        for error in errors:
            self._tell("failed", error.path, error=error)

    def run(
        self, *, planned: Callable[[ScanPlan], None] | None, progress: Progress | None
    ) -> ScanReport:
        files = self._find()
        self._sheets = sheet_fingerprints(files)
        known = self.library.scanned.known()
        plan = self._plan(files, known, retry_failed=self.retry_failed)
        self._count(
            n_files=len(files),
            n_unchanged=len({one.path for one in plan.unchanged}),
            failed=tuple(self._failed_before(plan.failed_before)),
        )
        waiting, found = self._moved_or_changed(plan, known)
        gone = [one.id for one in known if one.id in plan.gone]
        self.library.scanned.mark_missing(gone, now=time.time())
        self._tell_gone(gone)
        more = self._still_to_do(found)
        plan = replace(
            plan,
            listen=(*plan.listen, *waiting, *more.listen),
            examine=(),
            answer=(*plan.answer, *more.answer),
        )
        if planned is not None:
            planned(plan)
        unusable = self._answer_again(plan.answer)
        self._listen([*plan.listen, *unusable], progress)
        return replace(self.report, warned=tuple(self._warned(files)))

    def _tell_gone(self, track_ids: Sequence[int]) -> None:
        self._count(n_missing=len(track_ids))
        if self.changed is not None and track_ids:
            for track in self.library.tracks_of(track_ids):
                self._tell("gone", track.name, track=track)

    def _warned(self, files: Sequence[str]) -> Iterator[WarnedFile]:
        """List the files of this scan that have warnings, by this scan or one before."""
        scanned = set(files)
        for track in self.library.tracks(Filters(warned=True)):
            if track.path in scanned:
                yield WarnedFile(
                    track.name, track.warnings, bool(track.gaps), new=track.path in self._analysed
                )

    def _still_to_do(self, track_ids: Collection[int]) -> ScanPlan:
        """Find what tracks that were just recognised need as well: another model's answer, say."""
        known = [one for one in self.library.scanned.known() if one.id in track_ids]
        paths = list(dict.fromkeys(one.path for one in known))
        return self._plan(paths, known, retry_failed=False)

    def _plan(
        self, files: Sequence[str], known: Sequence[KnownFile], *, retry_failed: bool
    ) -> ScanPlan:
        return make_plan(
            files,
            known,
            self.roots,
            needed=self.analyser.fingerprints,
            model_sha256=self.analyser.model.sha256,
            space_sha256=self.analyser.style.sha256,
            retry_failed=retry_failed,
            sheets=self._sheets,
        )

    def _find(self) -> list[str]:
        """Find the files; what cannot be looked through is told with what failed."""
        there = [root for root in self.roots if os.path.lexists(root)]
        scanned_before = self.library.scanned.roots()
        self.library.scanned.add_roots(there, now=time.time())
        held = {root: self.library.count(_all_in(root)) for root in self.roots if root not in there}
        scanned = self.library.scanned.roots()
        # What is not there and holds no music any more, since it was renamed, say, is no loss.
        left = [
            root
            for root in held
            if root in scanned and not self.library.count(Filters(path=root, state="analysed"))
        ]
        useless = [track.id for root in left for track in self.library.tracks(_all_in(root))]
        self.library.scanned.mark_missing(useless, now=time.time())
        self.library.scanned.forget_roots(left)
        absent = [
            AudioNotFoundError(root, _what_was_held(count))
            for root, count in held.items()
            if root not in left
        ]
        found = find_inputs(there)
        closed = [one for one in found if isinstance(one, AudioAccessError)]
        empty = [one for one in found if isinstance(one, AudioError) and one not in closed]
        # Of a folder that was scanned before, all may have been moved or deleted since.
        unknown = [one for one in empty if one.path not in scanned_before]
        known = self.library.scanned.known() if unknown else []
        strange = [one for one in unknown if not any(_inside(k.path, one.path) for k in known)]
        unusable = (*absent, *closed, *strange)
        self._count(failed=unusable)
        self._tell_failed(unusable)
        return [one for one in found if isinstance(one, str)]

    def _failed_before(self, known: Sequence[KnownFile]) -> Iterator[AudioError]:
        names: dict[tuple[str, str, str], list[str]] = {}
        for track in self.library.tracks_of(one.id for one in known):
            fault = (track.path, track.error_code or "audio", track.error_reason or "")
            names.setdefault(fault, []).append(track.name)
        for (path, code, reason), failed in names.items():
            # What fails all tracks in a file is a fault of the file, and is reported once.
            yield AudioError.of_code(code, path if len(failed) > 1 else failed[0], reason)

    def _moved_or_changed(
        self, plan: ScanPlan, known: Sequence[KnownFile]
    ) -> tuple[list[str], set[int]]:
        """Look at files that may be known by their audio.

        Returns
        -------
        unknown : list of str
            Those that are not.
        found : set of int
            Numbers of the tracks that the others are.
        """
        looked: dict[str, tuple[SourceTrack, ...]] = {}
        unknown = []
        if plan.examine:
            for path, found in map_files(
                read_file, plan.examine, jobs=self.jobs, ordered=False, isolated=self.isolated
            ):
                if isinstance(found, AudioError):
                    unknown.append(path)  # listening will say the same, and write it down
                else:
                    looked[path] = found
        digests = {
            (path, one.part.number): one.digest for path, tracks in looked.items() for one in tracks
        }
        moves = find_moves(digests, known, plan)
        plan.gone.difference_update(moves.values())
        places = {one.id: one.path for one in known}
        recognised: dict[str, dict[int, SourceTrack]] = {}
        for path, tracks in looked.items():
            found_here = {moves.get((path, one.part.number)): one for one in tracks}
            if None in found_here:
                unknown.append(path)
                self._recognised |= {
                    (path, one.part.number): at for at, one in found_here.items() if at is not None
                }
            else:
                recognised[path] = {at: one for at, one in found_here.items() if at is not None}
        found_ids = [at for tracks in recognised.values() for at in tracks]
        before = self.library.tracks_of(found_ids) if self.changed is not None else []
        self._write_moves(recognised)
        self._tell_moved(before)
        n_refreshed = sum(
            all(places[at] == path for at in tracks) for path, tracks in recognised.items()
        )
        self._count(n_refreshed=n_refreshed, n_moved=len(recognised) - n_refreshed)
        return unknown, set(found_ids)

    def _write_moves(self, recognised: Mapping[str, Mapping[int, SourceTrack]]) -> None:
        """Write down the places of tracks, by path and by number; others in a file are gone."""
        store, now = self.library.scanned, time.time()
        gone: list[int] = []
        with self.library.transaction():
            store.move(
                (
                    (at, path, one.state, one.tags)
                    for path, tracks in recognised.items()
                    for at, one in tracks.items()
                ),
                now=now,
                parts={
                    at: one.part for tracks in recognised.values() for at, one in tracks.items()
                },
            )
            for path, tracks in recognised.items():
                numbers = {one.part.number for one in tracks.values()}
                gone += store.keep_parts(path, numbers, now=now)
        self._tell_gone(gone)

    def _tell_moved(self, before: Sequence[LibraryTrack]) -> None:
        """Tell what became of tracks that were recognised by their audio."""
        for old, new in zip(before, self.library.tracks_of(one.id for one in before), strict=True):
            if old.path != new.path:
                self._tell("moved", new.name, before=old.name, track=new)
            elif old.missing:
                self._tell("back", new.name, track=new)
            elif old != new:  # a file that was merely touched is as it was
                self._tell("changed", new.name, track=new)

    def _answer_again(self, known: Sequence[KnownFile]) -> list[str]:
        """Ask another model, or place in another space, from the features that are kept.

        Returns
        -------
        list of str
            Files whose features are kept and of no use: they must be listened to again.
        """
        unusable = []
        for one in known:
            try:
                self._answer_from_kept(one)
            except LibraryError:
                raise
            except Exception:  # noqa: BLE001  (what one track has kept may be damaged in any way)
                unusable.append(one.path)
        return unusable

    def _answer_from_kept(self, one: KnownFile) -> None:
        analyser, store = self.analyser, self.library.scanned
        before = self.library.answer(one.id)
        if before is None:  # another scan has written it off meanwhile
            return
        if one.answered_by != analyser.model.sha256:
            X = self.library.matrix(one.id, analyser.model.feature_set.fingerprint)
            if X is not None:
                store.answer(
                    one.id, analyser.answer(X, bounds=before.bounds, sounding=before.sounding)
                )
        if one.placed_by != analyser.style.sha256:
            X = self.library.matrix(one.id, analyser.style.feature_set.fingerprint)
            if X is not None:
                store.place(
                    one.id, analyser.style.sha256, analyser.place(X, sounding=before.sounding)
                )
        self._count(n_answered=1)

    def _listen(self, paths: Sequence[str], progress: Progress | None) -> None:
        # As they are before: a file that changes meanwhile is another one to the next scan.
        states = {path: file_state(path) for path in paths}
        work = partial(analyse_file, sets=self.analyser.sets)
        listened = map_files(work, paths, jobs=self.jobs, ordered=False, isolated=self.isolated)
        for done, (path, found) in enumerate(listened, start=1):
            if isinstance(found, AudioError):
                self._write_failed(path, states[path], found)
            else:
                self._write_file(path, states[path], found)
            if progress is not None:
                progress(done, len(paths), path)

    def _write_failed(self, path: str, state: FileState | None, error: AudioError) -> None:
        """Write down that a file, with whatever tracks are known to be in it, has failed."""
        self._count(failed=(error,))
        self._tell_failed([error])
        sheet = self._sheets.get(path, "")
        tracks = self.library.tracks_in(path)
        parts = [Part(one.part, one.start, one.end, sheet) for one in tracks]
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
        found: Sequence[tuple[Part, AnalysedTrack | AudioError]],
    ) -> None:
        """Write down what was heard in a file, all of it at once: part of it would look done."""
        heard: list[float] = []
        written: list[tuple[ScanEventKind, int]] = []
        failures: list[tuple[Part, AudioError]] = []
        with self.library.transaction():
            for part, one in found:
                done = one if isinstance(one, AudioError) else self._write_or_fail(path, one)
                if isinstance(done, AudioError):
                    failures.append((part, done))
                elif isinstance(one, AnalysedTrack):
                    written.append(done)
                    heard.append(one.analysis.duration)
            for part, error in failures:  # last: tracks known by other numbers have left by now
                self._write_failed_part(path, state, error, part)
            numbers = {part.number for part, _ in found}
            gone = self.library.scanned.keep_parts(path, numbers, now=time.time())
        failed = [error for _, error in failures]
        self._count(failed=tuple(failed))
        if heard:
            self._count(n_analysed=1, n_tracks=len(heard), audio_seconds=sum(heard))
            self._analysed.add(path)
        self._tell_failed(failed)
        self._tell_gone(gone)
        if self.changed is not None:
            for kind, track_id in written:
                track = self.library.track(track_id)
                self._tell(kind, track.name, track=track)

    def _write_or_fail(
        self, path: str, found: AnalysedTrack
    ) -> tuple[ScanEventKind, int] | AudioError:
        """Write down what was heard, or return why this track cannot be answered for."""
        try:
            with self.library.part_of_transaction():
                return self._write(path, found)
        except LibraryError:  # nothing more can be written, of any file
            raise
        except Exception as error:  # noqa: BLE001  (one bad file never stops the others)
            return failure_of(part_name(path, found.part.number), error)

    def _write(self, path: str, found: AnalysedTrack) -> tuple[ScanEventKind, int]:
        analyser, analysis = self.analyser, found.analysis
        bounds, sounding = analysis.bounds, analysis.sounding
        of_model = analysis.matrices[analyser.model.feature_set.fingerprint]
        of_style = analysis.matrices[analyser.style.feature_set.fingerprint]
        at_its_place = self.library.find(path, part=found.part.number)
        track_id = self.library.scanned.add(
            path,
            state=found.state,
            digest=found.digest,
            tags=found.tags,
            analysis=analysis,
            answer=analyser.answer(of_model, bounds=bounds, sounding=sounding),
            space_sha256=analyser.style.sha256,
            vector=analyser.place(of_style, sounding=sounding),
            now=time.time(),
            track_id=self._same_as(at_its_place, path, found),
            part=found.part,
        )
        known = at_its_place is not None and not at_its_place.missing
        return "changed" if known else "new", track_id

    def _same_as(self, track: LibraryTrack | None, path: str, found: AnalysedTrack) -> int | None:
        """Return the track that this is: that of its place, unless it sounds different.

        A song that was encoded again keeps its number and what the user said of it; another song
        of the same name does not get them.
        """
        place = (path, found.part.number)
        if place in self._recognised:
            return self._recognised[place]
        if track is None or track.id in self._recognised.values():
            return None
        if track.digest is None or track.digest == found.digest:
            return track.id
        fingerprint = self.analyser.timbre.feature_set.fingerprint
        before = self.library.matrix(track.id, fingerprint)
        if before is not None and same_sound(before, found.analysis.matrices[fingerprint]):
            return track.id
        return None


def _all_in(folder: str) -> Filters:
    return Filters(path=folder, state=None)


def _what_was_held(count: int) -> str:
    if not count:
        return "no such file or folder"
    tracks = counted(
        count, "track it held is kept as it was", "tracks it held are kept as they were"
    )
    return f"no such file or folder; the {tracks}"


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))
