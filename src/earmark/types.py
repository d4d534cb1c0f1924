"""Names for the units and arrays that signatures speak of, and for the tracks in a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "AudioArray",
    "BoolArray",
    "Complex64Array",
    "Float32Array",
    "FloatArray",
    "Hertz",
    "Int32Array",
    "IntArray",
    "PathName",
    "Progress",
    "Seconds",
    "Unsure",
    "part_name",
    "split_part_name",
]

Seconds: TypeAlias = float
"""A duration or a position in time, in seconds."""

Hertz: TypeAlias = float
"""A frequency or a sampling rate, in hertz."""

PathName: TypeAlias = str | PathLike[str]
"""What the caller may give as a path."""

Float32Array: TypeAlias = npt.NDArray[np.float32]
FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Int32Array: TypeAlias = npt.NDArray[np.int32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Complex64Array: TypeAlias = npt.NDArray[np.complex64]

AudioArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""Samples, full scale at 1.0: [shape=(n,)] mono or [shape=(channels, n)]."""

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with what is done, what there is in all, and the name of what was done last."""

Unsure: TypeAlias = Literal["unfamiliar", "undecided", "silent"]
"""Why an answer should not be relied on: the music is unlike all that the model was trained on; the
top genre is too weak or too close to the next; there is nothing but silence, and so no genre."""
_PART = re.compile(r"(.+)#(\d{1,3})", re.DOTALL)


def part_name(path: str, part: int) -> str:
    """Return what a track in a file is called: the path, and its number in the sheet.

    Parameters
    ----------
    path : str
        The file.
    part : int
        Number of the track; 0 where the file is one track.

    Returns
    -------
    str
        What `split_part_name` takes apart.

    Examples
    --------
    >>> part_name("album.flac", 3), part_name("song.mp3", 0)
    ('album.flac#03', 'song.mp3')
    """
    return f"{path}#{part:02d}" if part else path


def split_part_name(name: str) -> tuple[str, int]:
    """Take the name of a track apart. A file may be called like one: look for it first.

    Parameters
    ----------
    name : str
        As `part_name` writes it.

    Returns
    -------
    path : str
        The file.
    part : int
        Number of the track; 0 where the name has none.

    Examples
    --------
    >>> split_part_name("album.flac#03"), split_part_name("song.mp3")
    (('album.flac', 3), ('song.mp3', 0))
    """
    found = _PART.fullmatch(name)
    return (found[1], int(found[2])) if found and int(found[2]) else (name, 0)
