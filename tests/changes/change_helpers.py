"""A library of files about which a model is said to have spoken."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from earmark.analysis import MEASUREMENTS, Analysis, Answer
from earmark.audio import audio_digest
from earmark.errors import NoAudioError
from earmark.files import FileState
from earmark.library import Library
from earmark.tags import read_tags

CLASSES = ("blues", "hiphop", "jazz", "rock")


def probabilities(genre: str, confidence: float, second: str = "") -> dict[str, float]:
    """Return probabilities whose largest is that of a genre; `second` has nearly all the rest."""
    left = (1 - confidence) / (len(CLASSES) - 1)
    found = dict.fromkeys(CLASSES, left)
    found[genre] = confidence
    if second:
        found = dict.fromkeys(CLASSES, 0.01)
        found |= {genre: confidence, second: 1 - confidence - 0.02}
    return found


def add_track(
    library: Library,
    path: str | os.PathLike[str],
    *,
    genre: str = "jazz",
    confidence: float = 0.95,
    second: str = "",
    unsure: Any = None,
    corrected: str | None = None,
    digest: bytes | None = None,
) -> int:
    """Write down what a scan would have found."""
    name = os.fspath(path)
    status = os.stat(name)
    said: Mapping[str, float] = probabilities(genre, confidence, second)
    values = np.array([said[one] for one in CLASSES], dtype=np.float32)
    bounds = np.array([[0.0, 30.0]])
    track_id = library.scanned.add(
        name,
        state=FileState(status.st_size, status.st_mtime_ns),
        digest=digest or audio_digest(name),
        tags=read_tags(name),
        analysis=Analysis(30.0, bounds, bounds[:, 1], {}, dict.fromkeys(MEASUREMENTS, 1.0)),
        answer=Answer(
            "0" * 64, CLASSES, values, unsure, 1.0, bounds, values[np.newaxis], bounds[:, 1]
        ),
        vectors_id="0" * 64,
        vector=np.zeros(4, dtype=np.float32),
        now=1.0,
    )
    if corrected is not None:
        library.set_genre([track_id], corrected, now=1.0)
    return track_id


def add_failed(library: Library, path: Path) -> int:
    error = NoAudioError(path, "no decoder finds audio in it")
    return library.scanned.add_failed(str(path), state=None, error=error, now=1.0)


def tags_in(library: Library, path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the genres that the library believes a file has."""
    track = library.find(path)
    assert track is not None
    return track.tags.genres


def file_state(path: str | os.PathLike[str]) -> FileState:
    """Return size and time of a file."""
    status = os.stat(path)
    return FileState(status.st_size, status.st_mtime_ns)


def known_state(library: Library, path: str | os.PathLike[str]) -> FileState | None:
    """Return size and time that the library believes a file has."""
    return next(one.state for one in library.scanned.known() if one.path == os.fspath(path))


__all__ = ["CLASSES", "add_failed", "add_track", "file_state", "known_state", "tags_in"]
