"""The library: a collector's tracks, what was heard in them, and what was decided, in one file.

All SQL of the package is in here. What a file holds is said in ``_schema.py``.
"""

from earmark.library._albums import album_note, by_file
from earmark.library._genres import (
    check_genre,
    count_genres,
    genre_key,
    is_genre_name,
    known_genres,
)
from earmark.library._journal import Batch, BatchKind, Change, Journal
from earmark.library._opening import library_path
from earmark.library._records import (
    Filters,
    KnownFile,
    LibraryTrack,
)
from earmark.library._scanned import Scanned
from earmark.library._stats import LibraryStats, library_stats
from earmark.library._store import Library, open_library

__all__ = [
    "Batch",
    "BatchKind",
    "Change",
    "Filters",
    "Journal",
    "KnownFile",
    "Library",
    "LibraryStats",
    "LibraryTrack",
    "Scanned",
    "album_note",
    "by_file",
    "check_genre",
    "count_genres",
    "genre_key",
    "is_genre_name",
    "known_genres",
    "library_path",
    "library_stats",
    "open_library",
]
