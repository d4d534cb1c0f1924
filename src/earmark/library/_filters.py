"""Which tracks are asked for, and the condition of a query that says so."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, get_args

from earmark.arguments import check_fields
from earmark.errors import ParameterError
from earmark.library._track import State
from earmark.tags import named_genres
from earmark.types import split_part_name

__all__ = ["Filters", "below", "holds", "no_genre", "stored", "tables_of", "where"]

_Clauses: TypeAlias = Iterator[tuple[str, list[Any]]]
"""Conditions, each with what stands for its question marks."""


@dataclass(frozen=True)
class Filters:
    """Which tracks: those for which everything that is set holds.

    Wherever filters are an argument, None means ``Filters()``: all tracks that were analysed and
    whose files exist. Plans also list the others, and say why they are left alone, unless `missing`
    or `state` says otherwise.

    Attributes
    ----------
    genre : str or None
        Exactly this genre, whatever the case: the user's word or else the model's.
    artist, album, title : str or None
        Part of what the tags say, whatever the case; the artist may be the album's.
    words : tuple of str
        Each is part of the artist or of the title; where there is no title, of the file's name.
    year : tuple of (int or None, int or None) or None
        First and last year.
    path : str or None
        This file, or what is in this folder; ``album.flac#03`` is one track of a file.
    min_confidence, max_confidence : float or None
        Bounds of the model's confidence.
    tempo : tuple of (float or None, float or None) or None
        Slowest and fastest, in beats a minute.
    unsure : bool or None
        Only answers that are unsure, or only those that are not; corrected ones are not.
    doubtful : bool or None
        Only answers worth asking the user about, or only the others. Doubtful are unsure answers,
        those of less than 0.5 confidence (which are wrong more often than right), and those whose
        top two genres are less than 0.2 apart; not silent tracks, and not corrected ones.
    corrected : bool or None
        Only tracks of which the user has spoken, or only those of which not.
    tag_genre : bool or None
        Only tracks whose tags name a genre, or only those whose tags do not. Values such as "Other"
        name none, see `earmark.tags.is_empty_genre`.
    treat_as_empty : tuple of str
        More genres in tags that count as none.
    warned : bool or None
        Only tracks with warnings, or only those without.
    missing : bool or None
        Only tracks whose file no longer exists, or only those whose file exists; None for both.
    state : {"analysed", "failed"} or None
        Only tracks of this state.
    """

    genre: str | None = None
    artist: str | None = None
    album: str | None = None
    title: str | None = None
    words: tuple[str, ...] = ()
    year: tuple[int | None, int | None] | None = None
    path: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    tempo: tuple[float | None, float | None] | None = None
    unsure: bool | None = None
    doubtful: bool | None = None
    corrected: bool | None = None
    tag_genre: bool | None = None
    treat_as_empty: tuple[str, ...] = ()
    warned: bool | None = None
    missing: bool | None = False
    state: State | None = "analysed"

    def __post_init__(self) -> None:
        check_fields(self)


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


def tables_of(*parts: str) -> str:
    """Return the tables that parts of a query name: t, and those of a, c and m it needs.

    SQLite would look up the others as well, row by row.
    """
    named = {alias for part in parts for alias in re.findall(r"\b([acm])\.", part)}
    needed = named | {"a"} if "m" in named else named
    return " ".join(["track t", *(join for alias, join in _JOINS.items() if alias in needed)])


def stored(path: str) -> bytes:
    """Return a path as the library holds it: the bytes the system knows it by."""
    return os.fsencode(path)


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


def _at(path: str) -> tuple[Any, ...]:
    """Write that a track is in this file or folder, or is this part of a file."""
    inside = "t.path = ? OR (t.path >= ? AND t.path < ?)"
    values = [stored(path), *below(path)]
    file, part = split_part_name(path)
    if not part:
        return f"({inside})", *values
    # A folder may be called like a part of a file.
    return f"({inside} OR (t.path = ? AND t.part = ?))", *values, stored(file), part


def _of_genre(filters: Filters) -> _Clauses:
    """Write the genre as two conditions, each of which can use an index."""
    if filters.genre is not None:
        yield (
            "t.id IN (SELECT track_id FROM correction WHERE genre = ? COLLATE NOCASE UNION ALL "
            "SELECT track_id FROM answer WHERE genre = ? COLLATE NOCASE AND track_id NOT IN "
            "(SELECT track_id FROM correction))",
            [filters.genre, filters.genre],
        )


def _of_texts(filters: Filters) -> _Clauses:
    """Write what texts hold; a word may also be in the name of a file without a title."""
    unnamed = "(t.title = '' AND holds(t.path, ?))"
    artists = ("t.artist", "t.albumartist")
    for columns, text in (
        (artists, filters.artist),
        (("t.album",), filters.album),
        (("t.title",), filters.title),
        *(((*artists, "t.title"), word) for word in filters.words),
    ):
        if text is not None:
            parts = [_contains(column, text) for column in columns]
            if len(columns) > len(artists):
                parts.append((unnamed, text))
            yield f"({' OR '.join(part for part, _ in parts)})", [value for _, value in parts]
    if filters.path is not None:
        clause, *values = _at(os.path.abspath(os.path.expanduser(filters.path)))
        yield clause, values


def _of_numbers(filters: Filters) -> _Clauses:
    """Write bounds, either of which may be None."""
    for name, column, bounds in (
        ("year", "t.year", filters.year),
        ("tempo", "t.tempo", filters.tempo),
        ("confidence", "a.confidence", (filters.min_confidence, filters.max_confidence)),
    ):
        low, high = bounds or (None, None)
        if low is not None and high is not None and low > high:
            raise ParameterError(f"{name}={bounds!r}: the first is larger than the second")
        for value, sign in ((low, ">="), (high, "<=")):
            if value is not None:
                yield f"{column} {sign} ?", [value]


def _of_states(filters: Filters, *, ordered: bool) -> _Clauses:
    """Write what a track is or is not."""
    present = "t.missing_since IS NULL" if ordered else "+t.missing_since IS NULL"
    for wanted, yes, no in (
        (
            filters.unsure,
            "a.unsure IS NOT NULL AND c.genre IS NULL",
            "(a.unsure IS NULL OR c.genre IS NOT NULL)",
        ),
        (filters.doubtful, _DOUBTFUL, f"NOT ({_DOUBTFUL})"),
        (filters.corrected, "c.genre IS NOT NULL", "c.genre IS NULL"),
        (filters.warned, "t.warnings <> '[]'", "t.warnings = '[]'"),
        (filters.missing, "t.missing_since IS NOT NULL", present),
    ):
        if wanted is not None:
            yield yes if wanted else no, []
    if filters.tag_genre is not None:
        # Most files of a library without tags say nothing at all: they need no function.
        empty = "(t.genres = '[]' OR no_genre(t.genres, ?))"
        yield f"NOT {empty}" if filters.tag_genre else empty, [json.dumps(filters.treat_as_empty)]
    if filters.state is not None:
        if filters.state not in get_args(State):
            raise ParameterError(f"state={filters.state!r} is not one of analysed, failed")
        yield f"t.state = '{filters.state}'", []  # not bound: an index is of the failed ones alone


def where(filters: Filters, *, ordered: bool = False) -> tuple[str, list[Any]]:
    """Write filters as the condition of a query over `tables_of`, and the values it needs.

    `ordered` says whether some are wanted by the order of their paths: their index is of use then,
    and a detour otherwise.
    """
    clauses: list[tuple[str, list[Any]]] = [
        *_of_genre(filters),
        *_of_texts(filters),
        *_of_numbers(filters),
        *_of_states(filters, ordered=ordered),
    ]
    condition = " AND ".join(clause for clause, _ in clauses) or "TRUE"
    return condition, [value for _, values in clauses for value in values]
