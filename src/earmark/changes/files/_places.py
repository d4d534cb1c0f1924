"""The names in a folder: which are taken, which will be, and whether by the same file."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Sequence

from earmark.changes.files._safe_names import alike
from earmark.changes.files._transfer import missing_folders, place_of
from earmark.errors import AudioError, ChangeError

__all__ = ["Places", "same_content"]


def same_content(path: str, other: str, *, audio: bool = True, digest: bytes | None = None) -> bool:
    """Tell whether two paths lead to one file, or hold the same audio (else: the same bytes).

    `digest` is that of the first one's audio, where it is known. False where either cannot be read.
    """
    from earmark.audio import audio_digest

    try:
        if os.path.samefile(path, other):
            return True
        if not audio:
            return filecmp.cmp(path, other, shallow=False)
        return audio_digest(other) == (digest or audio_digest(path))
    except (AudioError, OSError):
        return False


class Places:
    """The names in a folder that are or will be taken; names that some systems confuse are one."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names: dict[tuple[str, ...], dict[str, str]] = {}
        self._claimed: dict[tuple[str, ...], str] = {}

    def _names_in(self, folder: tuple[str, ...]) -> dict[str, str]:
        if folder not in self._names:
            path = os.path.join(self._root, *folder)
            try:
                there = sorted(os.listdir(path))
            except (FileNotFoundError, NotADirectoryError):
                there = []
            except OSError as error:
                raise ChangeError(path, f"{path!r}: {(error.strerror or '').lower()}") from error
            self._names[folder] = {alike(name): name for name in there}
        return self._names[folder]

    def claim(self, path: str, folders: Sequence[str], name: str) -> tuple[str, str, str]:
        """Return a place, the file there, and the file that gets it; ChangeError if none can."""
        spelt: tuple[str, ...] = ()
        for folder in folders:  # spelt as the first one is
            spelt = (*spelt, self._names_in(spelt).setdefault(alike(folder), folder))
        target = "/".join((*spelt, name))
        there = self._names_in(spelt).get(alike(name), "")
        folder = os.path.dirname(place_of(self._root, target))
        missing_folders(folder)
        if there:
            return target, os.path.join(folder, there), ""
        owner = self._claimed.setdefault((*spelt, alike(name)), path)
        return target, "", "" if owner == path else owner
