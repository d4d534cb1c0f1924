"""One-file albums as the files they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from earmark.analysis import AnswerSummary
from earmark.library import LibraryTrack, album_note, by_file
from earmark.tags import Tags

FIRST = LibraryTrack(
    1,
    "/music/album.flac",
    "analysed",
    False,
    tags=Tags(artist="Ann", albumartist="Ann", title="One", album="First", year=1999),
    duration=100.0,
    answer=AnswerSummary("rock", 0.8, probabilities={"rock": 0.8, "jazz": 0.2}),
    part=1,
    start=0.0,
    end=100.0,
)
SECOND = replace(
    FIRST,
    id=2,
    tags=replace(FIRST.tags, title="Two"),
    part=2,
    start=100.0,
    end=None,
    duration=300.0,
)
SONG = LibraryTrack(3, "/music/song.mp3", "analysed", False, tags=Tags(title="Song"))


def retagged(track: LibraryTrack, **tags: Any) -> LibraryTrack:
    return replace(track, tags=replace(track.tags, **tags))


def test_album_is_one_file_and_songs_stay_as_they_are() -> None:
    album, song = by_file([FIRST, SONG, SECOND])
    assert song is SONG
    assert (album.path, album.part, album.start, album.end) == ("/music/album.flac", 0, None, None)
    tags = album.tags
    assert (tags.artist, tags.title, tags.album, tags.year) == ("Ann", "First", "First", 1999)
    assert (album.genre, album.unsure) == ("rock", None)


def test_genre_of_an_album_is_that_of_most_of_its_music() -> None:
    jazz = AnswerSummary("jazz", 0.8, probabilities={"rock": 0.1, "jazz": 0.9})
    assert by_file([FIRST, replace(SECOND, answer=jazz)])[0].genre == "jazz"
    unsure = replace(SECOND, answer=replace(jazz, unsure="undecided"))
    (album,) = by_file([FIRST, unsure])
    assert (album.genre, album.unsure) == ("rock", None)
    (album,) = by_file([replace(FIRST, answer=replace(FIRST.answer, unsure="undecided")), unsure])
    assert (album.genre, album.unsure) == ("jazz", "undecided")


def test_word_of_the_user_counts_for_an_album_where_all_its_voters_have_it() -> None:
    corrected = [replace(one, corrected="zouk") for one in (FIRST, SECOND)]
    assert by_file(corrected)[0].corrected == "zouk"
    assert by_file([FIRST, corrected[1]])[0].corrected == "zouk"
    assert by_file([FIRST, replace(SECOND, corrected="rock")])[0].corrected is None


def test_album_by_several_artists_says_so() -> None:
    other = retagged(SECOND, artist="Bob", albumartist="")
    (album,) = by_file([retagged(FIRST, albumartist=""), other])
    assert album.tags.artist == "Various Artists"
    (album,) = by_file([retagged(SECOND, artist="Bob")])
    assert album.tags.artist == "Ann"  # whose album it is


def test_note_says_how_many_tracks_are_parts_of_files() -> None:
    assert album_note([SONG]) == ""
    assert album_note([FIRST, SONG, SECOND]).startswith("2 tracks are parts of one-file albums:")
