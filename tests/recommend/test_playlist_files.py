"""Playlists as files: M3U8, PLS, XSPF, CSV and JSON, whatever the names are."""

from __future__ import annotations

import configparser
import csv
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.library import LibraryTrack
from earmark.recommend import Playlist, render
from earmark.tags import Tags

SPACE = "{http://xspf.org/ns/0/}"
NAMES = [
    *("plain.mp3", "a b.mp3", "100%.mp3", "#1.mp3", "what?.mp3", "a;b&c<d>.mp3", '"quoted".mp3'),
    *("it's.mp3", "\u00e9\u00df\u6771.mp3", "\U0001f3b5.mp3", "line\nbreak.mp3", "tab\there.mp3"),
    *(" blank first.mp3", "blank last.mp3 ", "caf\udce9.mp3", "http:x.mp3", "back\\slash.mp3"),
    *("\x85.mp3", "\u2028.mp3", "\x1b[31m.mp3", "\r.mp3", "+.mp3", "~.mp3"),
]


def playlist(
    *paths: str, duration: float | None = None, genre: str | None = None, **tags: Any
) -> Playlist:
    known: dict[str, Any] = {"duration": duration, "corrected": genre, "tags": Tags(**tags)}
    tracks = tuple(
        LibraryTrack(at, path, "analysed", False, **known) for at, path in enumerate(paths, 1)
    )
    return Playlist("A & B", tracks, (0.5,) * (len(paths) - 1))


def m3u8_paths(content: bytes, folder: str) -> list[bytes]:
    """Read the paths of a playlist as a player does."""
    found = []
    for line in content.decode("utf-8").split("\n"):
        if line and not line.startswith("#"):
            if line.startswith("file://"):
                found.append(unquote_to_bytes(line.removeprefix("file://")))
            else:
                found.append(os.fsencode(os.path.normpath(os.path.join(folder, line))))
    return found


def xspf_paths(content: bytes, folder: str) -> list[bytes]:
    base = f"file://{folder}/list.xspf"
    locations = ElementTree.fromstring(content).iter(f"{SPACE}location")
    uris = [urljoin(base, element.text or "") for element in locations]
    assert all(uri.isascii() for uri in uris)
    return [unquote_to_bytes(uri.removeprefix("file://")) for uri in uris]


def json_paths(content: bytes, folder: str) -> list[bytes]:
    tracks = json.loads(content)["tracks"]
    return [os.fsencode(os.path.normpath(os.path.join(folder, track["path"]))) for track in tracks]


READERS = {"m3u8": m3u8_paths, "xspf": xspf_paths, "json": json_paths}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("folder", ["/music/lists", "/music/rock", "/", None])
@pytest.mark.parametrize("name", NAMES)
def test_path_comes_back_whatever_its_name(kind: Any, folder: str | None, name: str) -> None:
    path = f"/music/rock/{name}"
    content = render(playlist(path), kind, folder=folder)
    assert READERS[kind](content, folder or "/nowhere") == [os.fsencode(path)]


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1))
def test_any_name_comes_back(name: str) -> None:
    if name in (".", ".."):
        return
    path = f"/music/{name}"
    for kind, read in READERS.items():
        for folder in ("/music", None):
            content = render(playlist(path, title=name), kind, folder=folder)  # type: ignore[arg-type]
            assert read(content, folder or "/nowhere") == [os.fsencode(path)]


def test_m3u8_is_as_players_read_it() -> None:
    made = playlist("/music/a.mp3", "/music/b/c.mp3", artist="A", title="one\ntwo", duration=61.6)
    assert render(made, "m3u8", folder="/music/lists").decode() == (
        "#EXTM3U\n#PLAYLIST:A & B\n"
        "#EXTINF:62,A - one two\n../a.mp3\n"
        "#EXTINF:62,A - one two\n../b/c.mp3\n"
    )


def test_length_that_is_not_known_is_minus_one() -> None:
    assert b"#EXTINF:-1,a\n" in render(playlist("/a.mp3"), "m3u8", folder=None)


def test_xspf_is_well_formed_and_complete() -> None:
    made = playlist(
        "/music/a.mp3", artist="A<B", title="&\x00\x0b\ufffe\udce9", album="]]>", duration=1.2345
    )
    root = ElementTree.fromstring(render(made, "xspf", folder="/music"))
    assert (root.tag, root.get("version")) == (f"{SPACE}playlist", "1")
    (track,) = root.iter(f"{SPACE}track")
    assert [child.tag.removeprefix(SPACE) for child in track] == [
        *("location", "title", "creator", "album", "duration")
    ]
    assert [child.text for child in track] == [*("a.mp3", "&" + "\ufffd" * 4, "A<B", "]]>", "1234")]


def test_xspf_says_nothing_of_what_is_not_known() -> None:
    root = ElementTree.fromstring(render(playlist("/a.mp3"), "xspf", folder=None))
    (track,) = root.iter(f"{SPACE}track")
    assert [child.text for child in track] == ["file:///a.mp3"]


def test_json_holds_the_playlist() -> None:
    made = playlist("/music/a.mp3", "/music/b.mp3", duration=60.0)
    content = json.loads(render(made, "json", folder="/music/x"))
    assert content["schema"] == "earmark.playlist/2"
    assert (content["title"], content["duration"], content["steps"]) == ("A & B", 120.0, [0.5])
    assert [track["path"] for track in content["tracks"]] == ["../a.mp3", "../b.mp3"]


@pytest.mark.parametrize("kind", READERS)
def test_empty_playlist_is_one(kind: Any) -> None:
    content = render(Playlist("x", (), ()), kind, folder=None)
    assert READERS[kind](content, "/") == []


def test_relative_paths_lead_to_files(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "lists").mkdir()
    song = tmp_path / "music" / "a b.mp3"
    song.write_bytes(b"sound")
    folder = str(tmp_path / "lists")
    for kind, read in READERS.items():
        (found,) = read(render(playlist(str(song)), kind, folder=folder), folder)  # type: ignore[arg-type]
        assert Path(os.fsdecode(found)).read_bytes() == b"sound"


@pytest.mark.parametrize("folder", ["/lists/mine", None])
def test_pls_leads_to_the_files(folder: str | None) -> None:
    paths = [f"/music/{name}" for name in NAMES]
    content = render(playlist(*paths, duration=61.5, title="A=B"), "pls", folder=folder)
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=(";",), strict=True)
    parser.read_string(content.decode("utf-8"))
    told = parser["playlist"]
    assert (told["NumberOfEntries"], told["Version"]) == (str(len(paths)), "2")
    for number, path in enumerate(paths, start=1):
        where = told[f"File{number}"]
        if where.startswith("file://"):
            found = unquote_to_bytes(where.removeprefix("file://"))
        else:
            found = os.fsencode(os.path.normpath(os.path.join(folder or "/", where)))
        assert found == os.fsencode(path)
        assert (told[f"Title{number}"], told[f"Length{number}"]) == ("A=B", "62")


def test_csv_has_a_row_a_song() -> None:
    songs = playlist("/music/a, b.mp3", "/music/line\nbreak.mp3", artist='Ann "X"', genre="jazz")
    rows = list(csv.DictReader(render(songs, "csv", folder="/music").decode().splitlines(True)))
    assert [row["path"] for row in rows] == ["a, b.mp3", "line\nbreak.mp3"]
    assert {(row["artist"], row["genre"]) for row in rows} == {('Ann "X"', "jazz")}
    assert [row["position"] for row in rows] == ["1", "2"]


def test_file_of_an_album_is_named_once() -> None:
    parts = [
        LibraryTrack(
            number,
            "/music/album.flac",
            "analysed",
            False,
            tags=Tags(artist="Ann", title=f"Song {number}", album="First"),
            duration=60.0,
            part=number,
            start=60.0 * (number - 1),
        )
        for number in (3, 1)
    ]
    song = LibraryTrack(9, "/music/song.mp3", "analysed", False, tags=Tags(title="Song"))
    songs = Playlist("Mine", (parts[0], song, parts[1]), ())
    assert m3u8_paths(render(songs, "m3u8", folder=None), "/") == [
        b"/music/album.flac",
        b"/music/song.mp3",
    ]
    assert "#EXTINF:-1,Ann - First\n" in render(songs, "m3u8", folder=None).decode()
    assert len(xspf_paths(render(songs, "xspf", folder=None), "/")) == 2
    assert "NumberOfEntries=2" in render(songs, "pls", folder=None).decode()
    told = json.loads(render(songs, "json", folder=None))["tracks"]
    assert [one.get("part") for one in told] == [3, None, 1]
    assert (told[0]["start"], told[0]["end"]) == (120.0, None)
    rows = list(csv.DictReader(render(songs, "csv", folder="/music").decode().splitlines(True)))
    assert [row["part"] for row in rows] == ["3", "", "1"]
