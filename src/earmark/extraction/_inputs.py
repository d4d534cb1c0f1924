"""Which files are meant."""

from __future__ import annotations

import os
from collections.abc import Iterable

from earmark.audio import find_audio
from earmark.errors import AudioAccessError, AudioError, CueSheetError, NoAudioError
from earmark.tags import files_of_cue
from earmark.types import PathName

__all__ = ["find_inputs"]


def find_inputs(paths: Iterable[PathName]) -> list[str | AudioError]:
    """Replace folders by the audio files in them, and cue sheets by the files they are about.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files, folders and cue sheets.

    Returns
    -------
    list of str or AudioError
        Files in the order given, those of a folder sorted; a file that is named twice, once. An
        error for a folder without audio, for each that cannot be read, and for a cue sheet that
        cannot be used. Any other file is taken as it is, whatever its name.

    Examples
    --------
    >>> find_inputs(["a.mp3", "b.txt", "a.mp3"])
    ['a.mp3', 'b.txt']
    """
    found: dict[str, str | AudioError] = {}
    for path in (os.fspath(given) for given in paths):
        if path.lower().endswith(".cue") and os.path.isfile(path):
            found.update(_files_of(path))
            continue
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


def _files_of(sheet: str) -> dict[str, str | AudioError]:
    try:
        return {path: path for path in files_of_cue(sheet)}
    except CueSheetError as error:
        return {sheet: NoAudioError(sheet, error.reason)}
