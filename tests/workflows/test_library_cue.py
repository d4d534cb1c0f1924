"""Tracks of one-file albums in what a library is asked."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from scan_helpers import sheet_of, write_album

from earmark.errors import ParameterError
from earmark.library import Filters, find_track, open_library
from earmark.workflows.library import export_tracks, list_tracks, set_genre, show_track
from earmark.workflows.playlist import make_playlist
from earmark.workflows.scan import scan


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_album(home / "album.flac")
    (home / "album.cue").write_text(sheet_of("album.flac"))
    scan([home], library=home / "library.db", jobs=1)
    return home


@pytest.mark.parametrize("named", ["3", "{album}#03", "{album}#3", "song of cid"])
def test_track_in_a_file_is_found_by_number_path_and_words(home: Path, named: str) -> None:
    with open_library(home / "library.db") as library:
        found = find_track(library, named.format(album=home / "album.flac"))
    assert (found.part, found.tags.artist) == (3, "Cid")


def test_file_alone_names_no_track_of_several(home: Path) -> None:
    expected = r"holds 4 tracks, .*Name one of them: album\.flac#01 \(Song of Ann\), "
    with (
        open_library(home / "library.db") as library,
        pytest.raises(ParameterError, match=expected),
    ):
        find_track(library, str(home / "album.flac"))


def test_filter_by_path_takes_a_file_or_a_track_in_it(home: Path) -> None:
    library = home / "library.db"
    album = str(home / "album.flac")
    assert list_tracks(Filters(path=album), library=library).total == 4
    (track,) = list_tracks(Filters(path=f"{album}#02"), library=library).tracks
    assert track.tags.artist == "Bob"


@pytest.mark.parametrize("name", ["library", "library-track"])
def test_documents_say_which_part_of_the_file_a_track_is(home: Path, name: str) -> None:
    library = home / "library.db"
    if name == "library":
        told = list_tracks(library=library).to_dict()
        tracks = told["tracks"]
    else:
        told = show_track("1", library=library).to_dict()
        tracks = [told["track"]]
    schema = resources.files("earmark") / "schemas" / f"{name}-2.json"
    jsonschema.validate(told, json.loads(schema.read_text("utf-8")))
    assert (tracks[0]["part"], tracks[0]["start"], tracks[0]["end"]) == (1, 0.0, 2.0)


def test_table_says_which_part_of_the_file_a_track_is(home: Path) -> None:
    text = io.StringIO()
    export_tracks(text, library=home / "library.db")
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert [row["part"] for row in rows] == ["1", "2", "3", "4"]
    assert (rows[3]["start"], rows[3]["end"]) == ("6.0", "")


def test_genre_is_corrected_track_by_track(home: Path) -> None:
    library = home / "library.db"
    (changed,) = set_genre(f"{home / 'album.flac'}#02", "zouk", new=True, library=library)
    assert (changed.part, changed.genre) == (2, "zouk")
    assert [one.corrected for one in list_tracks(library=library).tracks].count("zouk") == 1
    set_genre(changed.id, None, library=library)


def test_playlist_says_that_tracks_are_parts_of_a_file(home: Path) -> None:
    made = make_playlist(like="1", tracks=2, library=home / "library.db")
    assert any("one-file album" in note for note in made.notes)
    assert made.to_dict()["tracks"][0]["part"] == made.tracks[0].part
