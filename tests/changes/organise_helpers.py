"""Songs whose tags a library is told, whatever the files say."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from change_helpers import CLASSES, file_state, probabilities

from earmark.analysis import MEASUREMENTS, Analysis, Answer
from earmark.audio import audio_digest
from earmark.changes.files import OrganisePlan, OrganisePolicy, make_organise_plan, moved_from
from earmark.library import Filters, Library
from earmark.tags import Tags


def write_song(path: Path, content: bytes = b"music") -> Path:
    """Write what stands for a song: to organise files is not to listen to them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def know(
    library: Library,
    path: str | os.PathLike[str],
    *,
    genre: str = "jazz",
    unsure: Any = None,
    corrected: str | None = None,
    **tags: Any,
) -> int:
    """Write down what a scan would have found, with these tags."""
    name = os.fspath(path)
    values = np.array([probabilities(genre, 0.9)[one] for one in CLASSES], dtype=np.float32)
    bounds = np.array([[0.0, 30.0]])
    track_id = library.scanned.add(
        name,
        state=file_state(name),
        digest=audio_digest(name),
        tags=Tags(**tags),
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


def planned(library: Library, into: Path, **policy: Any) -> OrganisePlan:
    """Plan for all that a library knows."""
    tracks = library.tracks(Filters(missing=None, state=None))
    origins = moved_from(library)
    return make_organise_plan(tracks, policy=OrganisePolicy(str(into), **policy), origins=origins)


def tree(folder: Path) -> dict[str, bytes | str | None]:
    """Return what is in a folder: contents of files, what links say, None for folders."""
    found: dict[str, bytes | str | None] = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            key = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[key] = os.readlink(path)
            elif os.path.isdir(path):
                found[key] = None
            else:
                found[key] = Path(path).read_bytes()
    return found


def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file have a name in another folder."""
    real = os.link

    def link(source: str, target: str) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), target)
        real(source, target)

    monkeypatch.setattr(os, "link", link)


__all__ = ["know", "planned", "tree", "two_disks", "write_song"]
