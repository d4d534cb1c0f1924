"""Which files are meant."""

from __future__ import annotations

import os
from collections.abc import Iterable

from earmark.audio import find_audio
from earmark.errors import AudioAccessError, AudioError, NoAudioError
from earmark.types import PathName

__all__ = ["find_inputs"]


def find_inputs(paths: Iterable[PathName]) -> list[str | AudioError]:
    """Replace folders by the audio files in them.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files and folders.

    Returns
    -------
    list of str or AudioError
        Files in the order given, those of a folder sorted; a file that is named twice, once. An
        error for a folder without audio, and for each that cannot be read. A file is taken as it
        is, whatever its name.

    Examples
    --------
    >>> find_inputs(["a.mp3", "b.txt", "a.mp3"])
    ['a.mp3', 'b.txt']
    """
    found: dict[str, str | AudioError] = {}
    for path in (os.fspath(given) for given in paths):
        if not os.path.isdir(path):
            found.setdefault(path, path)
            continue
        unread: list[OSError] = []
        inside: list[str] = []
        try:
            inside.extend(find_audio(path, on_error=unread.append))
        except OSError as error:
            unread.append(error)
        found.update({file: file for file in inside})
        for problem in unread:
            place = problem.filename if isinstance(problem.filename, str) else path
            reason = (problem.strerror or str(problem)).lower()
            found[place] = AudioAccessError(place, f"the folder cannot be read: {reason}")
        if not inside and not unread:
            found[path] = NoAudioError(path, "the folder holds no audio file")
    return list(found.values())
