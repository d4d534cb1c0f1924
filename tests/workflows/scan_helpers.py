"""What tests of scanning share; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import soundfile

from earmark.library import Library, open_library
from earmark.testing import music_like

SR = 22_050
ARTISTS = ("Ann", "Bob", "Cid", "Dot")
SECONDS = 2
_OF_THE_RUN = ("id", "track_id", "added_at", "scanned_at", "mtime_ns", "corrected_at", "space")


def write_song(path: Path, *, seed: int, seconds: float = 2.0, **tags: str) -> Path:
    """Write a short FLAC file unlike those of other seeds, with tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y = music_like(duration=seconds, seed=seed)
    soundfile.write(path, y * np.linspace(0.5, 1, len(y)), SR)
    tag(path, **tags)
    return path


def tag(path: Path, **tags: str) -> None:
    """Write tags as other programs do."""
    if tags:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file.update(tags)
        file.save()


def paths_of(library: Library) -> dict[int, str]:
    """Return the path of each track that is there."""
    return {one.id: one.path for one in library.tracks()}


def contents(path: Path, *, without: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Return all that a library holds but for times and the numbers that are given out."""
    tables = {}
    unwanted = {*_OF_THE_RUN, *without}
    with open_library(path) as library:
        ((check,),) = library.query("PRAGMA integrity_check")
        assert check == "ok"
        for table in ("track", "matrix", "answer", "embedding", "correction"):
            key = "id" if table == "track" else "track_id"
            rows = library.query(
                f"SELECT x.*, hex(t.path) AS of_path FROM {table} x JOIN track t ON t.id = x.{key}"
            )
            tables[table] = sorted(
                (tuple((k, row[k]) for k in row.keys() if k not in unwanted) for row in rows),  # noqa: SIM118
                key=repr,
            )
    return tables


def refuse_to_decode(path: str, **settings: Any) -> Any:
    """Stand for what must not be called: nothing has to be decoded."""
    raise AssertionError(f"{os.path.basename(path)} was listened to")


def sheet_of(name: str, *, artists: tuple[str, ...] = ARTISTS, starts: Any = None) -> str:
    """Return the sheet of an album by several artists."""
    lines = ['PERFORMER "Various"', 'TITLE "One File"', "REM DATE 1999", f'FILE "{name}" WAVE']
    for number, artist in enumerate(artists, start=1):
        start = (number - 1) * SECONDS if starts is None else starts[number - 1]
        lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "Song of {artist}"']
        lines += [f'    PERFORMER "{artist}"', f"    INDEX 01 00:{start:02}:00"]
    return "\n".join(lines) + "\n"


def write_album(path: Path, *, seed: int = 0) -> Path:
    """Write four songs as one file."""
    songs = [music_like(duration=SECONDS, sr=44_100, seed=seed + at) for at in range(4)]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.concatenate(songs), 44_100)
    return path
