"""Statements that write rows of tracks; each is part of a transaction of its caller."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from earmark.analysis import Part
from earmark.errors import TagError
from earmark.library._filters import stored
from earmark.library._track_rows import TAG_COLUMNS

if TYPE_CHECKING:
    from earmark.tags import Tags

__all__ = [
    "add_track",
    "leave_place",
    "part_columns",
    "replace_matrices",
    "share_correction",
    "tag_columns",
    "update",
    "utf8",
    "warnings_column",
]

_TAGS_UNREADABLE = "its tags cannot be read"


def utf8(text: str) -> str:
    """Return what SQLite can hold of a text."""
    return text.encode("utf-8", "replace").decode()


def tag_columns(tags: Tags | TagError) -> dict[str, Any]:
    """Return the columns that tags fill; none where they cannot be read: what is known stays."""
    if isinstance(tags, TagError):
        return {}
    columns = {name: getattr(tags, name) for name in TAG_COLUMNS}
    return {
        name: utf8(value) if isinstance(value, str) else value
        for name, value in {
            **columns,
            "genres": json.dumps(list(tags.chosen_genres)),
            "ids": json.dumps(dict(tags.ids), sort_keys=True),
        }.items()
    }


def part_columns(part: Part) -> dict[str, Any]:
    """Return the columns that say which part of its file a track is."""
    return {
        "part": part.number,
        "starts_at": part.start,
        "ends_at": part.end,
        "cue_sheet": part.cue_sheet,
    }


def warnings_column(warnings: Sequence[str], tags: Tags | TagError) -> str:
    """Return the warnings of a track as JSON: those of its audio, and what is wrong in its tags."""
    kept = [text for text in warnings if not text.startswith(_TAGS_UNREADABLE)]
    if isinstance(tags, TagError):
        reason = tags.reason.removeprefix(f"{_TAGS_UNREADABLE}: ")
        kept.append(f"{_TAGS_UNREADABLE}: {reason}")
    return json.dumps(kept)


def update(connection: sqlite3.Connection, track_id: int, columns: dict[str, Any]) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"UPDATE track SET {assignments} WHERE id = ?", [*columns.values(), track_id]
    )


def replace_matrices(
    connection: sqlite3.Connection, track_id: int, matrices: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write the features of a track, by fingerprint of the set; those of before are gone."""
    connection.execute("DELETE FROM matrix WHERE track_id = ?", [track_id])
    for fingerprint, matrix in matrices.items():
        dtype = "|u1" if matrix.dtype == np.uint8 else "<f4"
        content = np.ascontiguousarray(matrix, dtype=dtype).tobytes()
        connection.execute(
            "INSERT INTO matrix VALUES (?, ?, ?, ?, ?)",
            [track_id, fingerprint, len(matrix), dtype, content],
        )


def share_correction(connection: sqlite3.Connection, digest: bytes | None) -> None:
    """Apply the user's genre of a recording to its copies, since the original may be deleted."""
    connection.execute(
        "INSERT OR IGNORE INTO correction "
        "SELECT t.id, c.genre, c.corrected_at FROM correction c "
        "JOIN track o ON o.id = c.track_id JOIN track t ON t.digest = o.digest "
        "WHERE o.digest = ? ORDER BY c.corrected_at DESC",
        [digest],
    )


def leave_place(
    connection: sqlite3.Connection, path: str, part: int, track_id: int | None, *, now: float
) -> None:
    """Note that whatever else was at a place is gone."""
    connection.execute(
        "UPDATE track SET missing_since = ? "
        "WHERE path = ? AND part = ? AND missing_since IS NULL AND id IS NOT ?",
        [now, stored(path), part, track_id],
    )


def add_track(
    connection: sqlite3.Connection, path: str, columns: dict[str, Any], *, now: float
) -> int:
    """Make a track, the only one whose file is there."""
    leave_place(connection, path, int(columns.get("part", 0)), None, now=now)
    complete = {"path": stored(path), **columns, "added_at": now}
    names, marks = ", ".join(complete), ", ".join("?" * len(complete))
    added = connection.execute(
        f"INSERT INTO track ({names}) VALUES ({marks})", list(complete.values())
    )
    return int(added.lastrowid or 0)
