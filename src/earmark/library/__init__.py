"""The library: a collector's tracks, their analyses, and the user's decisions, in one file.

All SQL about it is in this package; ``_schema.py`` describes the tables.
"""

from earmark.library._albums import album_note, by_file
from earmark.library._connections import library_path
from earmark.library._filters import Filters
from earmark.library._genres import (
    check_genre,
    count_genres,
    genre_key,
    is_genre_name,
    known_genres,
)
from earmark.library._journal import Batch, BatchKind, Change
from earmark.library._library import Library, open_library
from earmark.library._named import find_track
from earmark.library._pages import TrackPage, csv_rows
from earmark.library._review import Review, match_genre
from earmark.library._stats import LibraryStats, library_stats
from earmark.library._track import KnownFile, LibraryTrack

__all__ = [
    "Batch",
    "BatchKind",
    "Change",
    "Filters",
    "KnownFile",
    "Library",
    "LibraryStats",
    "LibraryTrack",
    "Review",
    "TrackPage",
    "album_note",
    "by_file",
    "check_genre",
    "count_genres",
    "csv_rows",
    "find_track",
    "genre_key",
    "is_genre_name",
    "known_genres",
    "library_path",
    "library_stats",
    "match_genre",
    "open_library",
]
