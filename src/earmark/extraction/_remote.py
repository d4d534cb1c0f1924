"""Files behind any fsspec path: find them, fetch one, and say its name in what came of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from earmark.audio import AUDIO_SUFFIXES
from earmark.errors import AudioAccessError, AudioError, AudioNotFoundError, NoAudioError
from earmark.extraction._inputs import find_inputs
from earmark.extraction._rows import failure_row, file_to_rows, stored_path
from earmark.extraction._tracks import Unit
from earmark.features import FeatureSet

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["file_system", "find_remote_inputs", "is_remote", "remote_to_rows"]


def is_remote(path: str) -> bool:
    """Tell whether a path names a file system, as ``s3://bucket/song.mp3`` does.

    Parameters
    ----------
    path : str
        Any path.

    Returns
    -------
    bool
        False for local paths, ``file://`` ones included.
    """
    scheme, separator, _ = path.partition("://")
    return bool(separator) and scheme.isidentifier() and scheme != "file"


def file_system(path: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system of a path, and what the path is called in it."""
    import fsspec

    system, inner = fsspec.core.url_to_fs(path)
    return system, inner


def find_remote_inputs(paths: Iterable[str]) -> list[str | AudioError]:
    """Replace folders by the audio files in them, wherever they are.

    Parameters
    ----------
    paths : iterable of str
        Local paths and fsspec paths of files and folders.

    Returns
    -------
    list of str or AudioError
        As `find_inputs` gives them.
    """
    found: list[str | AudioError] = []
    for path in paths:
        if not is_remote(path):
            found += find_inputs([path.removeprefix("file://")])
            continue
        system, inner = file_system(path)
        if system.isfile(inner):
            found.append(path)
            continue
        try:
            listed = system.find(inner)
        except FileNotFoundError:  # not even its bucket is there
            listed = []
        except OSError as error:
            found.append(AudioAccessError(path, f"the folder cannot be read: {error}"))
            continue
        inside = sorted(
            name
            for name in listed
            if os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES
            and not os.path.basename(name).startswith(".")
        )
        found += [system.unstrip_protocol(name) for name in inside]
        if not inside:
            there = system.exists(inner)
            kind, reason = (
                (NoAudioError, "the folder holds no audio file")
                if there
                else (AudioNotFoundError, "no such file")
            )
            found.append(kind(path, reason))
    return list(dict.fromkeys(found))


def remote_to_rows(path: str, *, sets: Sequence[FeatureSet], unit: Unit) -> pa.RecordBatch:
    """Compute the rows of one file as `file_to_rows` does, fetching it first where it is not here.

    `path` is a local or an fsspec path, and stands in the rows as it was given.
    """
    if not is_remote(path):
        return file_to_rows(path, sets=sets, unit=unit)
    with tempfile.TemporaryDirectory() as folder:
        # The decoders look at the ending of a name.
        here = os.path.join(folder, "file" + os.path.splitext(path)[1])
        try:
            system, inner = file_system(path)
            system.get_file(inner, here)
        except FileNotFoundError:
            return failure_row(AudioNotFoundError(path, "no such file"))
        except OSError as error:
            return failure_row(AudioError(path, f"it cannot be fetched: {error}"))
        rows = file_to_rows(here, sets=sets, unit=unit)
    name = pa.array([stored_path(path)] * len(rows), type=pa.string())
    return rows.set_column(rows.schema.get_field_index("path"), rows.schema.field("path"), name)
