"""`make_playlist` and `write_playlist`."""

from __future__ import annotations

import functools
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from scan_helpers import write_song

from earmark.errors import ParameterError
from earmark.library import Filters, LibraryTrack
from earmark.workflows import playlist as workflow
from earmark.workflows.library import list_tracks
from earmark.workflows.playlist import Playlist, write_playlist
from earmark.workflows.scan import scan

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "playlist-2.json").read_text("utf-8"))

make_playlist = functools.partial(workflow.make_playlist, min_length=0, min_likeness=0)  # of 2 s


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library of six songs by six artists."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(6):
        write_song(
            folder / "songs" / f"{number}.flac",
            seed=number,
            artist=f"artist {number}",
            title=f"song {number}",
        )
    scan([folder / "songs"], library=folder / "library.db", jobs=1)
    return folder / "library.db"


def captions(made: Playlist) -> list[str]:
    return [track.tags.title for track in made.tracks]


def test_songs_like_one_or_several(library: Path) -> None:
    for like in ("song 2", ["song 2"], ("artist 2", "song 4")):
        made = make_playlist(like=like, tracks=5, library=library)
        assert captions(made)[0] == "song 2"
        assert len(made.tracks) == 5
    assert {"song 2", "song 4"} <= set(captions(made))


def test_way_from_one_to_another(library: Path) -> None:
    made = make_playlist(from_="song 1", to="song 3", tracks=4, library=library)
    assert (captions(made)[0], captions(made)[-1]) == ("song 1", "song 3")
    assert len(made.tracks) == 4


def test_songs_of_a_genre(library: Path) -> None:
    genre = list_tracks(library=library).tracks[0].genre
    assert genre is not None
    made = make_playlist(filters=Filters(genre=genre), library=library)
    assert {track.genre for track in made.tracks} == {genre}
    assert "of 25 songs" in made.notes[0]


def test_playlist_is_of_its_schema(library: Path) -> None:
    made = make_playlist(like="song 2", minutes=0.1, library=library)
    content = json.loads(json.dumps(made.to_dict()))
    jsonschema.validate(content, SCHEMA)
    assert content["duration"] == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "Give like, from and to, or a filter such as genre"),
        ({"from_": "song 1", "like": "song 2"}, "cannot be combined"),
        ({"from_": "song 1"}, "from and to must be given together"),
        ({"to": "song 1"}, "from and to must be given together"),
        ({"like": "song 1", "tracks": 3, "minutes": 5}, "give either"),
        ({"like": "song 1", "tracks": -1}, "tracks=-1"),
        ({"like": "artist"}, "matches 6 tracks"),
        ({"filters": Filters(genre="polka")}, "genre='polka'"),
    ],
)
def test_bad_question_is_refused(library: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make_playlist(library=library, **settings)


# --- files ---------------------------------------------------------------------------------------


def playlist(*paths: str) -> Playlist:
    tracks = tuple(LibraryTrack(at, path, "analysed", False) for at, path in enumerate(paths, 1))
    return Playlist("Mine", tracks, (0.5,) * max(0, len(paths) - 1))


@pytest.mark.parametrize(
    ("name", "kind", "start"),
    [
        ("a.m3u8", None, b"#EXTM3U"),
        ("a.m3u", None, b"#EXTM3U"),
        ("a.pls", None, b"[playlist]"),
        ("a.CSV", None, b"position,"),
        ("a", "m3u8", b"#EXTM3U"),
        ("a.XSPF", None, b"<?xml"),
        ("a.json", None, b"{"),
        ("a.txt", "xspf", b"<?xml"),
        ("a.m3u8", "json", b"{"),
    ],
)
def test_format_is_that_asked_for_or_of_the_name(
    tmp_path: Path, name: str, kind: Any, start: bytes
) -> None:
    written = write_playlist(playlist("/music/a.mp3"), tmp_path / name, kind=kind)
    assert written == str(tmp_path / name)
    assert Path(written).read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [name]


def test_paths_are_relative_unless_asked_otherwise(tmp_path: Path) -> None:
    song = str(tmp_path / "music" / "a.mp3")
    (tmp_path / "lists").mkdir()
    for relative, path in ((True, "../music/a.mp3"), (False, song)):
        written = write_playlist(
            playlist(song), tmp_path / "lists" / f"{relative}.m3u8", relative=relative
        )
        assert Path(written).read_text().splitlines()[-1] == path


def test_file_that_is_there_is_kept_unless_asked_otherwise(tmp_path: Path) -> None:
    target = tmp_path / "a.m3u8"
    target.write_text("mine")
    with pytest.raises(ParameterError, match=r"a\.m3u8' already exists"):
        write_playlist(playlist(), target)
    assert target.read_text() == "mine"
    write_playlist(playlist(), target, overwrite=True)
    assert target.read_text().startswith("#EXTM3U")
    (tmp_path / "b.m3u8").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ParameterError, match="exists"):
        write_playlist(playlist(), tmp_path / "b.m3u8")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("no/a.m3u8", None, "its folder does not exist"),
        ("", None, "is a folder"),
        ("a", None, "its name must end in .m3u8 or .pls or .xspf or .csv or .json or .m3u"),
        ("a.m3u8", "wpl", "kind='wpl' is not one of m3u8, pls, xspf, csv, json"),
    ],
)
def test_bad_target_is_refused(tmp_path: Path, name: str, kind: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        write_playlist(playlist(), tmp_path / name, kind=kind, overwrite=True)
    assert os.listdir(tmp_path) == []


def test_writing_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.m3u8"
    target.write_text("mine")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workflow.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_playlist(playlist(), target, overwrite=True)
    assert os.listdir(tmp_path) == ["a.m3u8"]
    assert target.read_text() == "mine"
