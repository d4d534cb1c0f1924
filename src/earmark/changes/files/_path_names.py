"""Names of folders and files as a source for what the tags of a song leave blank.

Folders are read below the folder that was scanned only, and as artist and album only around a file
with a track number: a folder by itself may be anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from earmark.changes.files._template import UNKNOWN
from earmark.identity import VARIOUS_ARTISTS, is_various
from earmark.tags import listed_genre

__all__ = ["ART_FOLDERS", "PathNames", "album_folder", "album_of", "is_numbered", "path_names"]

_DISC_FOLDER = re.compile(r"(?:cd|disc|disk)[ _.-]*0*([1-9]\d?)(?:\b.*)?", re.IGNORECASE)
_DASH = re.compile(r"\s+[-\u2013\u2014]\s+")
_NUMBERED = re.compile(r"(?:([1-9])-)?(\d{1,3})(?:\s*[-.)\u2013]\s*|(?<=\d)_\s*)(?=\S)(?P<rest>.+)")
_ZERO_AND_BLANK = re.compile(r"(?:([1-9])-)?(0\d{1,2})\s+(?P<rest>[^\s\-.)\u2013].*)")
_NUMBER_AND_BLANK = re.compile(r"(?:([1-9])-)?(\d{2,3})\s+(?P<rest>\S.*)")
_YEAR_LAST = re.compile(r"(?P<rest>.*\S)\s*[(\[]([12]\d{3})[)\]]")
_YEAR_FIRST = re.compile(
    r"(?:[(\[]([12]\d{3})[)\]]\s*(?:[-\u2013]\s*)?|([12]\d{3})\s+[-\u2013]\s+)(?P<rest>\S.*)"
)
_OWN_NAMES = frozenset([*UNKNOWN.values(), "Unsure"])
"""Folders that Earmark named so because nothing was known; they say nothing of their songs."""

ART_FOLDERS = frozenset(["art", "artwork", "booklet", "cover", "covers", "images", "scan", "scans"])
"""Folders, whatever the case, whose files go with the album they are in."""


@dataclass(frozen=True)
class PathNames:
    """The tags that the names of a file and its folders stand for."""

    artist: str = ""
    albumartist: str = ""
    album: str = ""
    title: str = ""
    track: int | None = None
    disc: int | None = None
    year: int | None = None


def album_folder(path: str) -> tuple[str, int | None]:
    """Return the folder of a file's album, and the disc if discs have folders of their own."""
    folder = os.path.dirname(path)
    disc = _DISC_FOLDER.fullmatch(os.path.basename(folder))
    return (os.path.dirname(folder), int(disc[1])) if disc else (folder, None)


def album_of(path: str) -> str:
    """Return the folder of the album that a song or a sidecar belongs to."""
    folder = os.path.dirname(path)
    if os.path.basename(folder).lower() in ART_FOLDERS:
        path = folder
    return album_folder(path)[0]


def is_numbered(path: str) -> bool:
    """Tell whether the name of a file begins with a track number such as ``01``."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return _ZERO_AND_BLANK.fullmatch(stem.replace("_", " ")) is not None


def _without_year(name: str) -> tuple[str, int | None]:
    """Return the name of an album without its year, and the year."""
    last, first = _YEAR_LAST.fullmatch(name), _YEAR_FIRST.fullmatch(name)
    if last:
        return last["rest"], int(last[2])
    if first:
        return first["rest"], int(first[1] or first[2])
    return name, None


@lru_cache(maxsize=1024)
def _of_folders(folder: str, roots: tuple[str, ...]) -> PathNames:
    """Read the names of an album's folder and of its parent."""
    inside = [root for root in roots if folder.startswith(os.path.join(root, ""))]
    if not inside:
        return PathNames()
    parts = os.path.relpath(folder, max(inside, key=len)).split(os.sep)
    own, above = parts[-1], parts[-2] if len(parts) > 1 else ""
    if own in _OWN_NAMES or above in _OWN_NAMES or listed_genre(above) is not None:
        return PathNames()  # in Jazz/Ann, Ann need not be an album
    name, year = _without_year(own)
    artist, dash, album = _split(name)
    if dash:
        album, other = _without_year(album)  # Artist - 1999 - Album
        return PathNames(albumartist=artist, album=album, year=year or other)
    return PathNames(albumartist=above, album=name, year=year) if above else PathNames()


def _split(text: str) -> tuple[str, bool, str]:
    """Split a text at its first dash with blanks around it."""
    dash = _DASH.search(text)
    return (text[: dash.start()], True, text[dash.end() :]) if dash else (text, False, "")


def path_names(
    path: str, *, roots: Collection[str] = (), numbered: Collection[str] = ()
) -> PathNames:
    """Read what the names of a file and of the folders around it say.

    Folders are read below `roots` only. In the `numbered` ones, which hold a file whose name begins
    with ``01``, ``02`` and so on, any number at the start of a name is a track's.
    """
    stem = os.path.splitext(os.path.basename(path))[0].strip()
    if " " not in stem:
        stem = stem.replace("_", " ")
    album, disc = album_folder(path)
    whole = os.path.dirname(path) in numbered
    number = _ZERO_AND_BLANK.fullmatch(stem) or _NUMBERED.fullmatch(stem)
    number = number or (_NUMBER_AND_BLANK.fullmatch(stem) if whole else None)
    track = int(number[2]) or None if number else None
    disc = int(number[1]) if number and number[1] else disc
    title = number["rest"].strip() if number else stem
    folders = _of_folders(album, tuple(roots)) if number or disc else PathNames()
    artist, of_album = "", folders.album
    parts = _DASH.split(title)
    if not number and len(parts) in (3, 4) and parts[-2].isdigit() and len(parts[-2]) < 4:
        # Artist - 03 - Title, Artist - Album - 03 - Title
        artist, track, title = parts[0], int(parts[-2]) or None, parts[-1]
        of_album = parts[1] if len(parts) == 4 else of_album
    elif len(parts) == 2 and _may_name_artist(parts[0], folders.albumartist):
        artist, title = parts
    various = is_various(folders.albumartist)
    return PathNames(
        artist=artist or ("" if various else folders.albumartist),
        albumartist=VARIOUS_ARTISTS if various else folders.albumartist,
        album=of_album,
        title=title,
        track=track,
        disc=disc,
        year=folders.year,
    )


def _may_name_artist(text: str, of_folder: str) -> bool:
    """Tell whether the text before a dash is an artist; in an artist's folder, only that one is."""
    return not of_folder or is_various(of_folder) or of_folder.casefold() == text.casefold()
