"""A library in numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from earmark.library._filters import Filters, tables_of, where
from earmark.records import Record
from earmark.types import Seconds, Unsure

if TYPE_CHECKING:
    from earmark.library._library import Library

__all__ = ["LibraryStats", "library_stats"]


@dataclass(frozen=True)
class LibraryStats(
    Record,
    schema="earmark.library-stats/2",
    keys=(
        *("library=path", "bytes=n_bytes", "tracks=n_tracks", "failed=n_failed"),
        *("missing=n_missing", "duration", "artists=n_artists", "albums=n_albums"),
        *("corrected=n_corrected", "unsure=n_unsure", "without_genre=n_without_genre"),
        *("genres", "decades"),
    ),
):
    """A library in numbers; but for `n_missing`, of tracks whose files are there.

    Attributes
    ----------
    path : str
        Its file.
    n_bytes : int
        Size of the file, and of what SQLite has beside it.
    n_tracks, n_failed, n_missing : int
        Tracks that were analysed, that could not be, and whose files are gone.
    duration : float
        Of all that was analysed, in seconds.
    n_artists, n_albums : int
        Different ones, as the tags write them.
    n_corrected : int
        Tracks of which the user has spoken.
    n_unsure : mapping of str to int
        Answers that are unsure, by the reason; corrected ones are not among them.
    n_without_genre : int
        Tracks whose tags name no genre.
    genres : mapping of str to int
        Tracks of each genre, the user's word or else the model's; the most frequent first.
    decades : mapping of int to int
        Tracks of each decade, by its first year.
    """

    path: str
    n_bytes: int
    n_tracks: int
    n_failed: int
    n_missing: int
    duration: Seconds
    n_artists: int
    n_albums: int
    n_corrected: int
    n_unsure: Mapping[Unsure, int]
    n_without_genre: int
    genres: Mapping[str, int]
    decades: Mapping[int, int]


def library_stats(library: Library, filters: Filters | None = None) -> LibraryStats:
    """Count what is in a library.

    Parameters
    ----------
    library : Library
        The library.
    filters : Filters or None
        Which tracks are counted; whether they failed or are gone is not asked.

    Returns
    -------
    LibraryStats
        Its numbers.
    """
    wanted = filters or Filters()
    here, values = where(replace(wanted, state="analysed", missing=False))
    (totals,) = library.query(
        "SELECT count(*) AS n, total(t.duration) AS duration, "
        "count(DISTINCT NULLIF(t.artist, '')) AS n_artists, "
        "count(DISTINCT NULLIF(t.album, '')) AS n_albums, "
        "total(t.genres = '[]' OR no_genre(t.genres, ?)) AS n_without "
        f"FROM {tables_of(here)} WHERE {here}",
        [json.dumps(wanted.treat_as_empty), *values],
    )
    genres = library.query(
        "SELECT COALESCE(c.genre, a.genre) AS genre, a.unsure AS unsure, "
        "c.genre IS NOT NULL AS corrected, count(*) AS n "
        f"FROM {tables_of('a. c.')} WHERE {here} GROUP BY 1, 2, 3",
        values,
    )
    by_genre: dict[str, int] = {}
    unsure: dict[Unsure, int] = {}
    for row in genres:
        if row["genre"] is not None:
            by_genre[row["genre"]] = by_genre.get(row["genre"], 0) + row["n"]
        if row["unsure"] is not None and not row["corrected"]:
            unsure[row["unsure"]] = unsure.get(row["unsure"], 0) + row["n"]
    decades = library.query(
        f"SELECT t.year / 10 * 10 AS decade, count(*) AS n FROM {tables_of(here)} WHERE {here} "
        "AND t.year IS NOT NULL GROUP BY 1 ORDER BY 1",
        values,
    )
    files = [library.path, f"{library.path}-wal"]
    return LibraryStats(
        path=library.path,
        n_bytes=sum(os.path.getsize(path) for path in files if os.path.exists(path)),
        n_tracks=totals["n"],
        n_failed=library.count(replace(wanted, state="failed", missing=False)),
        n_missing=library.count(replace(wanted, state=None, missing=True)),
        duration=totals["duration"],
        n_artists=totals["n_artists"],
        n_albums=totals["n_albums"],
        n_corrected=sum(row["n"] for row in genres if row["corrected"]),
        n_unsure=unsure,
        n_without_genre=int(totals["n_without"]),
        genres=dict(sorted(by_genre.items(), key=lambda item: (-item[1], item[0]))),
        decades={row["decade"]: row["n"] for row in decades},
    )
