"""Finding audio files in folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from earmark.arguments import checked
from earmark.types import PathName

__all__ = ["AUDIO_SUFFIXES", "find_audio"]

AUDIO_SUFFIXES = frozenset(
    [
        ".3g2",
        ".3gp",
        ".8svx",
        ".aac",
        ".ac3",
        ".adts",
        ".aif",
        ".aifc",
        ".aiff",
        ".alac",
        ".amr",
        ".ape",
        ".asf",
        ".au",
        ".avi",
        ".avr",
        ".bwf",
        ".caf",
        ".dff",
        ".dsf",
        ".dts",
        ".eac3",
        ".f4a",
        ".flac",
        ".flv",
        ".ircam",
        ".m2a",
        ".m2ts",
        ".m4a",
        ".m4b",
        ".m4r",
        ".m4v",
        ".mka",
        ".mkv",
        ".mlp",
        ".mov",
        ".mp2",
        ".mp3",
        ".mp4",
        ".mpa",
        ".mpc",
        ".mpeg",
        ".mpg",
        ".mts",
        ".nist",
        ".oga",
        ".ogg",
        ".ogv",
        ".ogx",
        ".opus",
        ".paf",
        ".pvf",
        ".qt",
        ".ra",
        ".rf64",
        ".rm",
        ".snd",
        ".sph",
        ".spx",
        ".svx",
        ".tak",
        ".thd",
        ".tta",
        ".vob",
        ".voc",
        ".w64",
        ".wav",
        ".weba",
        ".webm",
        ".wma",
        ".wmv",
        ".wv",
    ]
)
"""Endings of the names of audio files, in lower case: all that can be decoded.

Endings that usually mean something else are left out (``.ts``, ``.mat``, ``.iff``, ``.xi``). """


@checked
def find_audio(
    folder: PathName, *, on_error: Callable[[OSError], None] | None = None
) -> Iterator[str]:
    """Find the audio files in a folder and all folders in it.

    Parameters
    ----------
    folder : str or path-like
        Where to look.
    on_error : callable or None
        Called with the error of each subfolder that cannot be read; its ``filename`` says which.
        None ignores them.

    Yields
    ------
    str
        Paths of files whose names have an ending in `AUDIO_SUFFIXES`, sorted within each folder.
        Names that begin with a dot are left out: they are hidden, or metadata that macOS puts
        beside files on other disks. Links to folders are followed, and each folder is visited once.

    Raises
    ------
    OSError
        If the folder itself cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.mp3", "a.FLAC", "cover.jpg", "._b.mp3"):
    ...         pathlib.Path(folder, name).touch()
    ...     [os.path.basename(path) for path in find_audio(folder)]
    ['a.FLAC', 'b.mp3']
    """
    os.scandir(folder).close()
    visited: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True, onerror=on_error):
        try:
            status = os.stat(parent)
        except OSError as error:  # it was deleted meanwhile
            if on_error is not None:
                on_error(error)
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in visited:
            folders.clear()
            continue
        visited.add(identity)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = os.path.splitext(name)[1].lower()
            if suffix in AUDIO_SUFFIXES and not name.startswith("."):
                yield os.path.join(parent, name)
