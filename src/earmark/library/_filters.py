"""Between rows of tables and what Python holds; from filters to SQL."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, get_args

import numpy as np

from earmark.analysis import MEASUREMENTS, Answer, Gaps
from earmark.errors import ParameterError
from earmark.library._track import Filters, LibraryTrack, State
from earmark.tags import named_genres
from earmark.types import FloatArray, split_part_name

__all__ = [
    "TRACK_COLUMNS",
    "answer_of",
    "below",
    "holds",
    "no_genre",
    "stored",
    "tables",
    "track_of",
    "where",
]

_FROM_TAGS = (
    *("artist", "albumartist", "title", "album", "year"),
    *("track_number", "disc_number", "composer"),
)

TRACK_COLUMNS = ", ".join(
    [
        *("t.id", "t.path", "t.state", "t.missing_since", "t.digest", "t.genres", "t.ids"),
        *("t.duration", "t.error_code", "t.error_reason", "t.warnings", "t.gaps"),
        *(f"t.{name}" for name in (*_FROM_TAGS, *MEASUREMENTS)),
        *("a.genre AS predicted", "a.confidence", "a.runner_up", "a.margin", "a.unsure"),
        *("m.classes", "a.probabilities", "c.genre AS corrected"),
        *("t.part", "t.starts_at", "t.ends_at"),
    ]
)

_JOINS = {
    "a": "LEFT JOIN answer a ON a.track_id = t.id",
    "c": "LEFT JOIN correction c ON c.track_id = t.id",
    "m": "LEFT JOIN model m ON m.id = a.model_id",
}


_DOUBTFUL = (
    "a.genre IS NOT NULL AND c.genre IS NULL "
    "AND (a.unsure IS NOT NULL OR a.confidence < 0.5 OR a.margin < 0.2)"
)
"""Answers worth asking the user about; a silent track has no genre."""


def tables(*told: str) -> str:
    """Return the tables of which parts of a query speak: t, and of a, c and m those it needs.

    SQLite would look up the others as well, row by row.
    """
    named = {alias for part in told for alias in re.findall(r"\b([acm])\.", part)}
    needed = named | {"a"} if "m" in named else named
    return " ".join(["track t", *(join for alias, join in _JOINS.items() if alias in needed)])


def stored(path: str) -> bytes:
    """Return a path as the library holds it: the bytes the system knows it by."""
    return os.fsencode(path)


@lru_cache(maxsize=64)
def _texts(content: str) -> tuple[str, ...]:
    return tuple(json.loads(content)) if content != "[]" else ()


def _gaps(content: str) -> Gaps:
    return tuple((start, length) for start, length in json.loads(content))


def _probabilities(row: sqlite3.Row) -> Mapping[str, float]:
    if row["probabilities"] is None:
        return {}
    values = np.frombuffer(row["probabilities"], dtype="<f4").tolist()
    return dict(zip(_texts(row["classes"]), values, strict=True))


def track_of(row: sqlite3.Row) -> LibraryTrack:
    """Make a track of a row of `TRACK_COLUMNS`."""
    corrected = row["corrected"]
    return LibraryTrack(
        id=row["id"],
        path=os.fsdecode(row["path"]),
        state=row["state"],
        missing=row["missing_since"] is not None,
        digest=row["digest"],
        genres=_texts(row["genres"]),
        ids=json.loads(row["ids"]) if row["ids"] != "{}" else {},
        duration=row["duration"],
        predicted=row["predicted"],
        confidence=row["confidence"],
        runner_up=row["runner_up"],
        margin=row["margin"],
        unsure=row["unsure"] if corrected is None else None,
        probabilities=_probabilities(row),
        corrected=corrected,
        error_code=row["error_code"],
        error_reason=row["error_reason"],
        warnings=_texts(row["warnings"]),
        gaps=_gaps(row["gaps"]),
        part=row["part"],
        start=row["starts_at"],
        end=row["ends_at"],
        **{name: row[name] for name in (*_FROM_TAGS, *MEASUREMENTS)},
    )


def answer_of(row: sqlite3.Row) -> Answer:
    """Make an answer of a row of the tables of answers, models and timelines."""
    classes = _texts(row["classes"])
    bounds: FloatArray = np.frombuffer(row["bounds"], dtype="<f8").reshape(-1, 2)
    return Answer(
        model_sha256=row["sha256"],
        classes=classes,
        probabilities=np.frombuffer(row["probabilities"] or b"", dtype="<f4"),
        unsure=row["unsure"],
        distance=row["distance"],
        bounds=bounds,
        timeline=np.frombuffer(row["clips"], dtype="<f4").reshape(-1, len(classes)),
        sounding=np.frombuffer(row["sounding"], dtype="<f8"),
    )


def below(folder: str) -> tuple[bytes, bytes]:
    """Return the bounds between which the paths of all that is in a folder lie."""
    start = stored(os.path.join(folder, ""))
    return start, start[:-1] + bytes([start[-1] + 1])


def holds(text: str | bytes, part: str) -> bool:
    """Tell whether a text, or the name of a file without its folder, has a part, whatever the case.

    SQL's ``holds(text, part)``; paths are bytes.
    """
    if isinstance(text, bytes):
        text = os.path.basename(os.fsdecode(text))
    return part.casefold() in text.casefold()


@lru_cache(maxsize=4096)
def no_genre(genres: str, also: str) -> bool:
    """Tell whether genres of a file, a list in JSON, are none that say something.

    SQL's ``no_genre(genres, also)``; `also` is a list in JSON of more values that count as none.
    """
    return not named_genres(json.loads(genres), json.loads(also))


def _contains(column: str, text: str) -> tuple[str, str]:
    r"""Write that a column contains a text, whatever the case, and what stands for the text.

    LIKE, whose escape is ``\``, is ten times as fast, and knows the case of ASCII letters only.
    """
    if not text.isascii():
        return f"holds({column}, ?)", text
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return rf"{column} LIKE ? ESCAPE '\'", f"%{text}%"


def _check_bounds(name: str, bounds: tuple[float | None, float | None]) -> None:
    low, high = bounds
    if low is not None and high is not None and low > high:
        raise ParameterError(f"{name}={bounds!r}: the first is larger than the second")


def _between(name: str, column: str, bounds: Any) -> tuple[list[str], list[Any]]:
    """Write that a column lies between bounds, either of which may be None."""
    if bounds is None:
        return [], []
    _check_bounds(name, bounds)
    pairs = [(f"{column} {sign} ?", v) for sign, v in zip((">=", "<="), bounds, strict=True)]
    clauses = [clause for clause, value in pairs if value is not None]
    return clauses, [value for _, value in pairs if value is not None]


def _at(path: str) -> tuple[Any, ...]:
    """Write that a track is in this file or folder, or is this part of a file."""
    inside = "t.path = ? OR (t.path >= ? AND t.path < ?)"
    values = [stored(path), *below(path)]
    file, part = split_part_name(path)
    if not part:
        return f"({inside})", *values
    # A folder may be called like a part of a file.
    return f"({inside} OR (t.path = ? AND t.part = ?))", *values, stored(file), part


def where(filters: Filters, *, ordered: bool = False) -> tuple[str, list[Any]]:
    """Write filters as the condition of a query over `tables`.

    Parameters
    ----------
    filters : Filters
        Which tracks.
    ordered : bool
        Whether some are wanted by the order of their paths: their index is of use then, and a
        detour otherwise.

    Returns
    -------
    str
        The condition.
    list
        What stands for its question marks.

    Raises
    ------
    ParameterError
        If the first of two bounds is larger than the second.
    """
    clauses: list[str] = []
    values: list[Any] = []

    def add(clause: str, *given: Any) -> None:
        clauses.append(clause)
        values.extend(given)

    def add_any(columns: Sequence[str], text: str, *, unnamed: bool = False) -> None:
        parts = [_contains(f"t.{column}", text) for column in columns]
        if unnamed:
            parts.append(("(t.title = '' AND holds(t.path, ?))", text))
        add(f"({' OR '.join(clause for clause, _ in parts)})", *(given for _, given in parts))

    if filters.genre is not None:
        # Each part can use an index, which a condition on their COALESCE could not.
        add(
            "t.id IN (SELECT track_id FROM correction WHERE genre = ? COLLATE NOCASE UNION ALL "
            "SELECT track_id FROM answer WHERE genre = ? COLLATE NOCASE AND track_id NOT IN "
            "(SELECT track_id FROM correction))",
            filters.genre,
            filters.genre,
        )
    if filters.artist is not None:
        add_any(("artist", "albumartist"), filters.artist)
    for column in ("album", "title"):
        if (text := getattr(filters, column)) is not None:
            add_any((column,), text)
    for word in filters.words:
        add_any(("artist", "albumartist", "title"), word, unnamed=True)
    if filters.path is not None:
        add(*_at(os.path.abspath(os.path.expanduser(filters.path))))
    for name, column, bounds in (
        ("year", "t.year", filters.year),
        ("tempo", "t.tempo", filters.tempo),
        ("confidence", "a.confidence", (filters.min_confidence, filters.max_confidence)),
    ):
        found, given = _between(name, column, bounds)
        clauses += found
        values += given
    for wanted, yes, no in (
        (
            filters.unsure,
            "a.unsure IS NOT NULL AND c.genre IS NULL",
            "(a.unsure IS NULL OR c.genre IS NOT NULL)",
        ),
        (filters.doubtful, _DOUBTFUL, f"NOT ({_DOUBTFUL})"),
        (filters.corrected, "c.genre IS NOT NULL", "c.genre IS NULL"),
        (filters.warned, "t.warnings <> '[]'", "t.warnings = '[]'"),
        (
            filters.missing,
            "t.missing_since IS NOT NULL",
            "t.missing_since IS NULL" if ordered else "+t.missing_since IS NULL",
        ),
    ):
        if wanted is not None:
            clauses.append(yes if wanted else no)
    if filters.tag_genre is not None:
        # Most files of a library without tags say nothing at all: they need no function.
        empty = "(t.genres = '[]' OR no_genre(t.genres, ?))"
        add(f"NOT {empty}" if filters.tag_genre else empty, json.dumps(filters.treat_as_empty))
    if filters.state is not None:
        if filters.state not in get_args(State):
            raise ParameterError(f"state={filters.state!r} is not one of analysed, failed")
        add(f"t.state = '{filters.state}'")  # not bound: an index is of the failed ones alone
    return " AND ".join(clauses) or "TRUE", values
