r"""Playlists as the text of files: M3U8, PLS, XSPF, CSV and JSON, all in UTF-8.

A path that no line of M3U8 or PLS can hold (bytes that are not UTF-8, a line break, a blank at an
end) is written there as a ``file:`` URI, in which any byte has an escape; in XSPF every path is a
URI. In JSON and CSV bytes that are not UTF-8 stand as ``\udc80`` to ``\udcff``, as in all JSON of
Earmark.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote
from xml.sax.saxutils import escape

from earmark.library import LibraryTrack, by_file
from earmark.recommend._playlist import Playlist

__all__ = ["FORMATS", "PlaylistFormat", "render"]

PlaylistFormat = Literal["m3u8", "pls", "xspf", "csv", "json"]

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _located(path: str, folder: str | None) -> str:
    """Return a path as seen from a folder; absolute where there is none, or on another drive."""
    if folder is None:
        return os.path.abspath(path)
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return os.path.abspath(path)


def _uri(path: str) -> str:
    """Return a path as a URI, relative if it is."""
    if not os.path.isabs(path):
        return quote(os.fsencode(path.replace(os.sep, "/")))
    drive, rest = os.path.splitdrive(path)
    start = f"/{drive.replace(os.sep, '/')}" if drive else ""
    return "file://" + start + quote(os.fsencode(rest.replace(os.sep, "/")))


def _line(text: str) -> str:
    """Return a text that is one line of UTF-8."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def _m3u8_path(path: str, folder: str | None) -> str:
    """Return a path as a line of M3U8 can hold it."""
    found = _located(path, folder)
    is_text = found.encode("utf-8", "replace").decode() == found
    if not is_text or len(found.splitlines()) != 1 or found != found.strip():
        return _uri(os.path.abspath(path))
    return os.path.join(".", found) if found.startswith("#") else found


def _m3u8(playlist: Playlist, folder: str | None) -> str:
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(playlist.title)}"]
    for track in playlist.tracks:
        seconds = -1 if track.duration is None else round(track.duration)
        lines.append(f"#EXTINF:{seconds},{_line(track.caption)}")
        lines.append(_m3u8_path(track.path, folder))
    return "\n".join(lines) + "\n"


def _pls(playlist: Playlist, folder: str | None) -> str:
    lines = ["[playlist]"]
    for number, track in enumerate(playlist.tracks, start=1):
        seconds = -1 if track.duration is None else round(track.duration)
        lines.append(f"File{number}={_m3u8_path(track.path, folder)}")
        lines.append(f"Title{number}={_line(track.caption)}")
        lines.append(f"Length{number}={seconds}")
    lines += [f"NumberOfEntries={len(playlist.tracks)}", "Version=2"]
    return "\n".join(lines) + "\n"


_CSV_COLUMNS = (
    *("position", "id", "path", "artist", "title", "album", "genre", "duration"),
    *("part", "start", "end"),
)


def _csv(playlist: Playlist, folder: str | None) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for position, track in enumerate(playlist.tracks, start=1):
        tags = track.tags
        said = (tags.artist or tags.albumartist, tags.title, tags.album, track.genre)
        where = _located(track.path, folder)
        place = [track.place.get(name) for name in ("part", "start", "end")]
        writer.writerow([position, track.id, where, *said, track.duration, *place])
    return text.getvalue().encode("utf-8", "backslashreplace").decode()


def _element(name: str, text: str) -> str:
    """Return an element; characters that XML cannot hold stand as the replacement character."""
    return f"<{name}>{escape(_NOT_XML.sub(chr(0xFFFD), text))}</{name}>"


def _xspf(playlist: Playlist, folder: str | None) -> str:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<playlist version="1" xmlns="http://xspf.org/ns/0/">',
        f" {_element('title', playlist.title)}",
        " <trackList>",
    ]
    for track in playlist.tracks:
        lines.append("  <track>")
        lines.append(f"   {_element('location', _uri(_located(track.path, folder)))}")
        lines += [f"   {_element(name, text)}" for name, text in _told(track)]
        lines.append("  </track>")
    return "\n".join([*lines, " </trackList>", "</playlist>"]) + "\n"


def _told(track: LibraryTrack) -> list[tuple[str, str]]:
    """Return the XSPF elements of a track, in the required order."""
    found = [("title", track.tags.title), ("creator", track.tags.artist or track.tags.albumartist)]
    found.append(("album", track.tags.album))
    if track.duration is not None:
        found.append(("duration", str(round(1000 * track.duration))))
    return [(name, text) for name, text in found if text]


def _json(playlist: Playlist, folder: str | None) -> str:
    content = playlist.to_dict()
    for track in content["tracks"]:
        track["path"] = _located(track["path"], folder)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


FORMATS: Mapping[PlaylistFormat, Callable[[Playlist, str | None], str]] = MappingProxyType(
    {"m3u8": _m3u8, "pls": _pls, "xspf": _xspf, "csv": _csv, "json": _json}
)
"""By name: from a playlist and the folder its paths are relative to, or None, to text."""


_OF_FILES = frozenset(["m3u8", "pls", "xspf"])
"""Formats for players, which play whole files: that of an album is named once."""


def render(playlist: Playlist, kind: PlaylistFormat, *, folder: str | None) -> bytes:
    """Write a playlist as a file holds it.

    Parameters
    ----------
    playlist : Playlist
        The songs.
    kind : {"m3u8", "pls", "xspf", "csv", "json"}
        The format.
    folder : str or None
        Where the file is going to be, for relative paths; None: absolute ones.

    Returns
    -------
    bytes
        UTF-8.

    Examples
    --------
    >>> from earmark.tags import Tags
    >>> tags = Tags(title="A")
    >>> song = LibraryTrack(1, "/music/a.mp3", "analysed", False, tags=tags, duration=61.2)
    >>> print(render(Playlist("Mine", (song,), ()), "m3u8", folder="/music/lists").decode(), end="")
    #EXTM3U
    #PLAYLIST:Mine
    #EXTINF:61,A
    ../a.mp3
    """
    if kind in _OF_FILES:
        playlist = replace(playlist, tracks=tuple(by_file(playlist.tracks)))
    return FORMATS[kind](playlist, folder).encode("utf-8")
