"""What a scan reads and writes: files, their analyses, and what a model says."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from earmark.analysis import MEASUREMENTS, Analysis, Answer, Part
from earmark.files import FileState
from earmark.library._database import Database
from earmark.library._filters import below, stored
from earmark.library._statements import (
    add_track,
    leave_place,
    part_columns,
    replace_matrices,
    share_correction,
    tag_columns,
    update,
    utf8,
    warnings_column,
)
from earmark.library._track import KnownFile
from earmark.types import Float32Array

if TYPE_CHECKING:
    from earmark.errors import AudioError, TagError
    from earmark.tags import Tags

__all__ = ["ScanStore"]

WHOLE_FILE = Part()
"""What most tracks are."""


class ScanStore:
    """The part of a library that scans write; every method is one transaction."""

    def __init__(self, library: Database) -> None:
        self._library = library

    def known(self) -> list[KnownFile]:
        """List the file of every track by its number, those that are gone included."""
        kept: dict[int, set[str]] = {}
        for row in self._library.query("SELECT track_id, fingerprint FROM matrix"):
            kept.setdefault(row["track_id"], set()).add(row["fingerprint"])
        query = (
            "SELECT t.id, t.path, t.size, t.mtime_ns, t.digest, t.state, t.missing_since, "
            "t.part, t.cue_sheet, "
            "m.sha256 AS model_sha256, e.space_sha256 FROM track t "
            "LEFT JOIN answer a ON a.track_id = t.id LEFT JOIN model m ON m.id = a.model_id "
            "LEFT JOIN embedding e ON e.track_id = t.id ORDER BY t.id"
        )
        return [
            KnownFile(
                id=row["id"],
                path=os.fsdecode(row["path"]),
                state=(
                    None if row["mtime_ns"] is None else FileState(row["size"], row["mtime_ns"])
                ),
                digest=row["digest"],
                failed=row["state"] == "failed",
                missing=row["missing_since"] is not None,
                answered_by=row["model_sha256"],
                placed_by=row["space_sha256"],
                fingerprints=frozenset(kept.get(row["id"], ())),
                part=row["part"],
                cue_sheet=row["cue_sheet"],
            )
            for row in self._library.query(query)
        ]

    def state_of(self, track_id: int) -> FileState:
        """Return size and time of a track's file when it was read.

        Zeros where they are not known: no file is so, and a scan reads it again.
        """
        query = "SELECT size, mtime_ns FROM track WHERE id = ?"
        ((size, mtime_ns),) = self._library.query(query, [track_id])
        return FileState(size or 0, mtime_ns or 0)

    def roots(self) -> list[str]:
        """List the folders and files that were scanned: absolute paths, sorted."""
        rows = self._library.query("SELECT path FROM root ORDER BY path")
        return [os.fsdecode(row["path"]) for row in rows]

    def add_roots(self, roots: Iterable[str], *, now: float) -> None:
        """Write down which absolute paths are scanned; what lies in such a folder is not listed."""
        with self._library.transaction() as connection:
            for root in roots:
                connection.execute(
                    "DELETE FROM root WHERE path >= ? AND path < ?", list(below(root))
                )
                inside = any(
                    stored(root).startswith(below(os.fsdecode(row["path"]))[0])
                    for row in connection.execute("SELECT path FROM root")
                )
                if not inside:
                    connection.execute("REPLACE INTO root VALUES (?, ?)", [stored(root), now])

    def forget_roots(self, roots: Iterable[str]) -> None:
        """Forget that some paths were scanned; others than those of `roots` are passed over."""
        with self._library.transaction() as connection:
            for root in roots:
                connection.execute("DELETE FROM root WHERE path = ?", [stored(root)])

    def add(
        self,
        path: str,
        *,
        state: FileState,
        digest: bytes,
        tags: Tags | TagError,
        analysis: Analysis,
        answer: Answer,
        vectors_id: str,
        vector: Float32Array | None,
        now: float,
        track_id: int | None = None,
        part: Part = WHOLE_FILE,
    ) -> int:
        """Write down a file that was analysed, or a track in it, and return its number.

        `state` is that of the file before it was read. Tags that cannot be read become a warning.
        `vector` is the place of the track in the space; None if it is silent. `track_id` is a track
        known from before; None makes a new one, and a track of other music whose place this was is
        gone. `now` is in seconds since 1970, here and below.
        """
        columns = {
            **tag_columns(tags),
            **part_columns(part),
            "size": state.size,
            "mtime_ns": state.mtime_ns,
            "digest": digest,
            "state": "analysed",
            "error_code": None,
            "error_reason": None,
            "warnings": warnings_column(analysis.warnings, tags),
            "gaps": json.dumps(analysis.gaps),
            "duration": analysis.duration,
            **{name: analysis.measurements.get(name) for name in MEASUREMENTS},
            "scanned_at": now,
        }
        with self._library.transaction() as connection:
            if track_id is None:
                track_id = add_track(connection, path, columns, now=now)
            else:
                leave_place(connection, path, part.number, track_id, now=now)
                update(
                    connection, track_id, {**columns, "path": stored(path), "missing_since": None}
                )
            replace_matrices(connection, track_id, analysis.matrices)
            self.answer(track_id, answer)
            self.place(track_id, vectors_id, vector)
            share_correction(connection, digest)
        return track_id

    def answer(self, track_id: int, answer: Answer) -> None:
        """Store the answer of a model for a track."""
        answer = answer.rounded()
        model = [answer.model_sha256, json.dumps(answer.classes)]
        with self._library.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO model (sha256, classes) VALUES (?, ?)", model)
            ((model_id,),) = connection.execute(
                "SELECT id FROM model WHERE sha256 = ? AND classes = ?", model
            )
            summary = answer.summary
            row = [
                *(track_id, model_id, summary.genre, summary.confidence, summary.runner_up),
                *(summary.margin, answer.probabilities.astype("<f4").tobytes() or None),
                *(answer.unsure, answer.distance),
            ]
            connection.execute(
                "REPLACE INTO answer (track_id, model_id, genre, confidence, runner_up, margin, "
                "probabilities, unsure, distance) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            clips = [
                answer.bounds.astype("<f8").tobytes(),
                answer.sounding.astype("<f8").tobytes(),
                answer.timeline.astype("<f4").tobytes(),
            ]
            connection.execute(
                "REPLACE INTO timeline (track_id, bounds, sounding, probabilities) "
                "VALUES (?, ?, ?, ?)",
                [track_id, *clips],
            )

    def place(self, track_id: int, vectors_id: str, vector: Float32Array | None) -> None:
        """Write down where a track lies in a learnt space; nowhere if it is silent."""
        content = b"" if vector is None else vector.astype("<f4").tobytes()
        with self._library.transaction() as connection:
            connection.execute(
                "REPLACE INTO embedding VALUES (?, ?, ?)", [track_id, vectors_id, content]
            )

    def add_failed(
        self,
        path: str,
        *,
        state: FileState | None,
        error: AudioError,
        now: float,
        part: Part = WHOLE_FILE,
    ) -> int:
        """Write down a file, or a track in it, that cannot be analysed, and return its number.

        `state` is that of the file before it was read; None if it cannot be read, or if the next
        scan is to try again. What an earlier scan computed is kept, should the file recover.
        """
        columns = {
            **part_columns(part),
            "size": None if state is None else state.size,
            "mtime_ns": None if state is None else state.mtime_ns,
            "state": "failed",
            "error_code": error.code,
            "error_reason": utf8(error.reason),
            "scanned_at": now,
        }
        with self._library.transaction() as connection:
            row = connection.execute(
                "SELECT id FROM track WHERE path = ? AND part = ? AND missing_since IS NULL",
                [stored(path), part.number],
            ).fetchone()
            if row is None:
                return add_track(connection, path, columns, now=now)
            update(connection, row["id"], columns)
            return int(row["id"])

    def refresh(
        self, track_id: int, state: FileState, tags: Tags | TagError, *, now: float
    ) -> None:
        """Write down a file whose tags or time have changed, but not its audio."""
        ((path,),) = self._library.query("SELECT path FROM track WHERE id = ?", [track_id])
        self.move([(track_id, os.fsdecode(path), state, tags)], now=now)

    def move(
        self,
        moves: Iterable[tuple[int, str, FileState, Tags | TagError]],
        *,
        now: float,
        parts: Mapping[int, Part] = MappingProxyType({}),
    ) -> None:
        """Write down that files were moved; two may have changed places.

        Each of `moves` has the number of a track, and the path, state and tags that it has now. Of
        tags that cannot be read, what is known stays. Whatever else was at these places is gone.
        `parts` has, by number of the track, which part of its file it is now; others stay the same
        part.
        """
        with self._library.transaction() as connection:
            listed = list(moves)
            numbers = {track_id: part.number for track_id, part in parts.items()}
            for track_id, path, *_ in listed:  # gone, for now: no place is taken twice
                connection.execute(
                    "UPDATE track SET missing_since = ? "
                    "WHERE id = ? AND (path <> ? OR part <> coalesce(?, part))",
                    [now, track_id, stored(path), numbers.get(track_id)],
                )
            for track_id, path, state, tags in listed:
                if track_id not in numbers:
                    row = connection.execute("SELECT part FROM track WHERE id = ?", [track_id])
                    numbers[track_id] = row.fetchone()["part"]
                leave_place(connection, path, numbers[track_id], track_id, now=now)
                (before,) = connection.execute(
                    "SELECT warnings FROM track WHERE id = ?", [track_id]
                )
                columns = {
                    **tag_columns(tags),
                    **(part_columns(parts[track_id]) if track_id in parts else {}),
                    "warnings": warnings_column(json.loads(before["warnings"]), tags),
                    "path": stored(path),
                    "size": state.size,
                    "mtime_ns": state.mtime_ns,
                    "missing_since": None,
                    "state": "analysed",  # only what was heard can be known by its audio
                    "error_code": None,
                    "error_reason": None,
                }
                update(connection, track_id, columns)

    def keep_parts(self, path: str, numbers: Collection[int], *, now: float) -> list[int]:
        """Write down the numbers of the tracks that a file holds, 0 if it is one track.

        Its other tracks are gone; their numbers are returned.
        """
        query = "SELECT id, part FROM track WHERE path = ? AND missing_since IS NULL"
        rows = self._library.query(query, [stored(path)])
        gone = [row["id"] for row in rows if row["part"] not in numbers]
        if gone:
            self.mark_missing(gone, now=now)
        return gone

    def mark_missing(self, track_ids: Iterable[int], *, now: float) -> None:
        """Write down that the files of tracks are gone; the tracks are kept until `prune`."""
        with self._library.transaction() as connection:
            for track_id in track_ids:
                update(connection, track_id, {"missing_since": now})
                row = connection.execute("SELECT digest FROM track WHERE id = ?", [track_id])
                share_correction(connection, *row.fetchone())

    def prune(self, track_ids: Iterable[int]) -> int:
        """Forget tracks whose files are gone, with all that was decided about them.

        Tracks whose files exist are left alone. Returns how many were forgotten.
        """
        with self._library.transaction() as connection:
            return sum(
                connection.execute(
                    "DELETE FROM track WHERE id = ? AND missing_since IS NOT NULL", [track_id]
                ).rowcount
                for track_id in track_ids
            )
