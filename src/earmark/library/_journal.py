"""The journal of changes to files: written before a file is touched, read to take changes back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.errors import ParameterError
from earmark.library._database import Database
from earmark.records import Record
from earmark.types import PathName

__all__ = ["Batch", "BatchKind", "Change", "ChangeJournal", "ChangeState"]

BatchKind = Literal["tag", "organise"]
ChangeState = Literal["begun", "done", "failed", "undone"]

_STATES: tuple[ChangeState, ...] = ("begun", "done", "failed", "undone")
_COLUMNS = "id, batch_id, position, path, target, before, after, state, reason"


@dataclass(frozen=True)
class Batch(Record):
    """What was done by one apply of one plan.

    Attributes
    ----------
    id : int
        Its number, never given twice.
    kind : {"tag", "organise"}
        What kind of changes.
    created_at : float
        When it began, in seconds since 1970.
    settings : mapping
        What was asked for.
    counts : mapping of str to int
        How many of its changes are in each state.
    """

    id: int
    kind: BatchKind
    created_at: float
    settings: Mapping[str, Any]
    counts: Mapping[ChangeState, int]

    @property
    def n_to_undo(self) -> int:
        """How many of its changes stand, and can be taken back."""
        return self.counts["done"] + self.counts["begun"]


@dataclass(frozen=True)
class Change:
    """What was done to one file.

    Attributes
    ----------
    id, batch_id, position : int
        Its number, that of its batch, and its place in it.
    path : str
        The file.
    target : str or None
        Where it was linked, copied or moved to; None for tags.
    before, after : mapping
        What it was, as far as undoing needs it, and what was asked for.
    state : {"begun", "done", "failed", "undone"}
        How far it came. What is begun was cut short: only the file tells whether it was done.
    reason : str or None
        Why it failed.
    """

    id: int
    batch_id: int
    position: int
    path: str
    target: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    state: ChangeState
    reason: str | None


def _change_of(row: Sequence[Any]) -> Change:
    number, batch_id, position, path, target, before, after, state, reason = row
    return Change(
        id=number,
        batch_id=batch_id,
        position=position,
        path=os.fsdecode(path),
        target=None if target is None else os.fsdecode(target),
        before=json.loads(before),
        after=json.loads(after),
        state=state,
        reason=reason,
    )


class ChangeJournal:
    """What was changed in files, by batches; every entry is on the disk when a call returns.

    A library that cannot be read or written is a `LibraryError`; times are in seconds since 1970.
    """

    def __init__(self, library: Database) -> None:
        self._library = library

    def begin_batch(self, kind: BatchKind, *, settings: Mapping[str, Any], now: float) -> int:
        """Begin a batch of changes; `settings` are what JSON can hold. Return its number."""
        with self._library.transaction(durable=True) as connection:
            done = connection.execute(
                "INSERT INTO batch (kind, created_at, settings) VALUES (?, ?, ?)",
                [kind, now, json.dumps(dict(settings))],
            )
            return int(done.lastrowid or 0)

    def begin(
        self,
        batch_id: int,
        *,
        path: PathName,
        target: PathName | None = None,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> int:
        """Write down that a file is about to be changed, and return the number of the change.

        `target` is where it is linked, copied or moved to; `before` and `after` are what undoing
        needs and what is asked for, as JSON can hold it.
        """
        names = [os.fsencode(path), None if target is None else os.fsencode(target)]
        texts = [json.dumps(dict(before)), json.dumps(dict(after))]
        with self._library.transaction(durable=True) as connection:
            done = connection.execute(
                "INSERT INTO change (batch_id, position, path, target, before, after, state) "
                "SELECT ?, count(*), ?, ?, ?, ?, 'begun' FROM change WHERE batch_id = ?",
                [batch_id, *names, *texts, batch_id],
            )
            return int(done.lastrowid or 0)

    def finish(self, change_id: int, state: ChangeState, *, reason: str | None = None) -> None:
        """Write down what became of a change, and why if it failed."""
        with self._library.transaction(durable=True) as connection:
            connection.execute(
                "UPDATE change SET state = ?, reason = ? WHERE id = ?", [state, reason, change_id]
            )

    def note_failed(
        self, batch_id: int, *, path: PathName, target: PathName | None = None, reason: str
    ) -> None:
        """Write down that a file failed before its change was begun, unless it is written down."""
        names = [os.fsencode(path), None if target is None else os.fsencode(target)]
        with self._library.transaction(durable=True) as connection:
            connection.execute(
                "INSERT INTO change (batch_id, position, path, target, before, after, state, "
                "reason) SELECT ?, count(*), ?, ?, '{}', '{}', 'failed', ? FROM change "
                "WHERE batch_id = ? HAVING coalesce(sum(path = ?), 0) = 0",
                [batch_id, *names, reason, batch_id, names[0]],
            )

    def drop_empty(self, batch_id: int) -> bool:
        """Forget a batch in which nothing was changed and nothing failed; tell whether it was."""
        with self._library.transaction(durable=True) as connection:
            done = connection.execute(
                "DELETE FROM batch WHERE id = ? "
                "AND NOT EXISTS (SELECT 1 FROM change WHERE batch_id = batch.id)",
                [batch_id],
            )
            return bool(done.rowcount)

    def change(self, change_id: int) -> Change:
        """Return a change as it is now, by the number that `begin` gave it."""
        query = f"SELECT {_COLUMNS} FROM change WHERE id = ?"
        (row,) = self._library.query(query, [change_id])
        return _change_of(tuple(row))

    def changes(
        self,
        batch_id: int | None = None,
        *,
        states: Sequence[ChangeState] = _STATES,
        kind: BatchKind | None = None,
        path: PathName | None = None,
    ) -> list[Change]:
        """List changes in the order in which they were begun.

        Those of a batch, of a kind, of a file where it was then, in some states; None stands for
        all.
        """
        query = (
            f"SELECT {_COLUMNS} FROM change WHERE (:batch IS NULL OR batch_id = :batch) "
            "AND state IN (SELECT value FROM json_each(:states)) AND (:kind IS NULL OR batch_id "
            "IN (SELECT id FROM batch WHERE kind = :kind)) "
            "AND (:path IS NULL OR path = :path) ORDER BY id"
        )
        name = None if path is None else os.fsencode(path)
        values = {"batch": batch_id, "states": json.dumps(list(states)), "kind": kind, "path": name}
        return [_change_of(tuple(row)) for row in self._library.query(query, values)]

    def batches(self, kind: BatchKind | None = None) -> list[Batch]:
        """List the batches, of one kind or of both, the newest first."""
        rows = self._library.query(
            "SELECT id, kind, created_at, settings FROM batch "
            "WHERE :kind IS NULL OR kind = :kind ORDER BY id DESC",
            {"kind": kind},
        )
        counted = self._library.query(
            "SELECT batch_id, state, count(*) FROM change GROUP BY batch_id, state"
        )
        counts = {(batch, state): number for batch, state, number in map(tuple, counted)}
        return [
            Batch(
                id=number,
                kind=of_kind,
                created_at=created_at,
                settings=json.loads(settings),
                counts={state: counts.get((number, state), 0) for state in _STATES},
            )
            for number, of_kind, created_at, settings in map(tuple, rows)
        ]

    def batch(self, batch_id: int | None = None, *, kind: BatchKind | None = None) -> Batch:
        """Return a batch by its number; a `ParameterError` if there is none.

        None: the last one of which something can be undone, or that was cut short if there is no
        other.
        """
        known = self.batches(kind)
        if batch_id is None:
            undoable = [batch for batch in known if batch.n_to_undo]
            if not undoable:
                raise ParameterError("there is nothing to undo")
            return next((batch for batch in undoable if batch.counts["done"]), undoable[0])
        for batch in known:
            if batch.id == batch_id:
                return batch
        there = ", ".join(str(batch.id) for batch in known) or "none"
        raise ParameterError(f"batch={batch_id!r} is not in the journal. Available: {there}")
