"""Covers, lyrics, cue sheets, logs and booklets that go with songs, and their places."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from earmark.audio import AUDIO_SUFFIXES
from earmark.changes.files._path_names import ART_FOLDERS, album_folder
from earmark.changes.files._plan import OrganiseRow
from earmark.changes.files._safe_names import alike

__all__ = ["ALBUM_SUFFIXES", "SONG_SUFFIXES", "THERE", "Sidecar", "find_sidecars"]

_IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff")
ALBUM_SUFFIXES = frozenset(
    [*_IMAGES, ".cue", ".log", ".pdf", ".nfo", ".lrc", ".accurip", ".md5", ".sfv", ".ffp"]
)
"""Endings of files that go with an album, whatever their names."""

SONG_SUFFIXES = frozenset([*ALBUM_SUFFIXES, ".txt"])
"""Endings of files that go with the song of the same name."""

THERE = "it is already there"
"""Why a song is kept that is where it would go."""

_SEVERAL_PLACES = "its songs go to several places"
_SEVERAL_ALBUMS = "songs of several albums go to its place"


@dataclass(frozen=True)
class Sidecar:
    """A file that belongs to songs, the folders and the name it gets, or why it is kept."""

    path: str
    folders: tuple[str, ...] = ()
    name: str = ""
    why: str = ""


class _Songs:
    """The places of the songs of a plan, by the folder they are in."""

    def __init__(self, rows: Iterable[OrganiseRow], origins: Mapping[str, str]) -> None:
        self.targets: dict[str, str] = {}
        self.albums_of: dict[str, set[str]] = {}
        self.gone: dict[str, list[str]] = {}
        for row in rows:
            if row.target and (row.action != "keep" or row.why == THERE):
                path = row.path
                if row.why == THERE and path in origins:
                    path = origins[path]  # an earlier apply may have left its cover behind
                    self.gone.setdefault(os.path.dirname(path), []).append(path)
                self.targets[path] = row.target
                albums = self.albums_of.setdefault(os.path.dirname(row.target), set())
                albums.add(album_folder(path)[0])
        own = {os.path.dirname(path) for path in self.targets}
        around = {album_folder(path)[0] for path in self.targets}
        self.folders = sorted(own | around)

    def in_folder(self, folder: str, names: Iterable[str]) -> list[str]:
        """List the songs in a folder, and those that were there before they were moved."""
        there = _with_suffix(folder, names, AUDIO_SUFFIXES)
        return sorted({*there, *self.gone.get(folder, ())})

    def home_of(self, songs: Iterable[str], *, discs: bool) -> tuple[str, str]:
        """Return the folder most songs go into, or why their sidecars are kept."""
        places = [
            os.path.dirname(self.targets[path]) if path in self.targets else None for path in songs
        ]
        counted = Counter(place for place in places if place is not None)
        if not counted:
            return "", _SEVERAL_PLACES
        home, number = min(counted.items(), key=lambda item: (-item[1], item[0]))
        if 2 * number <= len(places):
            above = {os.path.dirname(place) for place in counted}
            if not discs or len(above) > 1 or counted.total() < len(places):
                return "", _SEVERAL_PLACES
            (home,) = above  # each disc has a folder there as well
        albums = set().union(
            *(
                albums
                for place, albums in self.albums_of.items()
                if place == home or place.startswith(f"{home}/")
            )
        )
        return (home, "") if len(albums) == 1 else ("", _SEVERAL_ALBUMS)


def _listed(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _with_suffix(folder: str, names: Iterable[str], suffixes: Iterable[str]) -> list[str]:
    wanted = frozenset(suffixes)
    return [
        path
        for name in names
        if _suffix(name) in wanted and os.path.isfile(path := os.path.join(folder, name))
    ]


def _folders_of(target: str) -> tuple[str, ...]:
    return tuple(target.split("/")) if target else ()


def _of_folder(folder: str, songs: _Songs) -> Iterator[Sidecar]:
    """Yield the sidecars of the songs in a folder and in the folders of its discs."""
    names = _listed(folder)
    audio = songs.in_folder(folder, names)
    stems: dict[str, str] = {}
    for path in audio:
        stems.setdefault(alike(os.path.splitext(path)[0]), path)
    shared = []
    for path in _with_suffix(folder, names, SONG_SUFFIXES):
        song = stems.get(alike(os.path.splitext(path)[0]))
        if song is None:
            if _suffix(path) in ALBUM_SUFFIXES:
                shared.append(("", path))
        elif song in songs.targets:
            *folders, name = _folders_of(songs.targets[song])
            yield Sidecar(path, tuple(folders), os.path.splitext(name)[0] + _ending(path))
    discs = [
        os.path.join(folder, name)
        for name in names
        if album_folder(os.path.join(folder, name, "x"))[1] is not None
    ]
    for name in names:
        inner = os.path.join(folder, name)
        if name.lower() in ART_FOLDERS and os.path.isdir(inner):
            art = _with_suffix(inner, _listed(inner), ALBUM_SUFFIXES)
            shared.extend((name, path) for path in art)
    if not shared:
        return
    below = audio + [path for disc in discs for path in songs.in_folder(disc, _listed(disc))]
    home, why = songs.home_of(below, discs=not audio)
    for inner, path in shared:
        if why:
            yield Sidecar(path, why=why)
        else:
            into = (*_folders_of(home), *([inner] if inner else []))
            yield Sidecar(path, into, os.path.basename(path))


def _ending(path: str) -> str:
    return os.path.splitext(path)[1]


def find_sidecars(
    rows: Iterable[OrganiseRow], *, origins: Mapping[str, str] = MappingProxyType({})
) -> list[Sidecar]:
    """Find the files that go with the songs of a plan; songs that are kept count as staying.

    A file with the name of a song, apart from its ending, goes where the song does, and is named as
    it is. What belongs to a folder goes where more than half of its songs do, unless songs of other
    folders go there, too. The folders of the discs of an album are one. `origins` has, by the place
    of a song that was moved before, where it was.
    """
    songs = _Songs(rows, origins)
    sidecars: Mapping[str, Sidecar] = {
        sidecar.path: sidecar for folder in songs.folders for sidecar in _of_folder(folder, songs)
    }
    return list(sidecars.values())
