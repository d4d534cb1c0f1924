"""`folder:PATH`: a user's own music, genres from folders or tags, artists from tags."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path

import pytest
from made_up_corpora import make_folder
from made_up_corpora import silent_file as silent

from earmark.datasets import DatasetWarning, Track, folder, load_dataset
from earmark.errors import DatasetError, ParameterError


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "music")


def by_id(tracks: list[Track]) -> dict[str, Track]:
    return {track.id: track for track in tracks}


def test_genre_is_the_first_folder(music: Path) -> None:
    found = by_id(folder.CORPUS.tracks(music))
    assert len(found) == 12
    assert found["rock/00.flac"].label == "rock"
    assert found["jazz/artist0/01.flac"].label == "jazz"
    assert found["rock/00.flac"].path == str(music / "rock" / "00.flac")
    assert (found["rock/00.flac"].artist, found["rock/00.flac"].title) == ("Artist 0", "Song 0")


def test_artists_are_told_by_tags(music: Path) -> None:
    found = by_id(folder.CORPUS.tracks(music))
    # 00, 01 and 02 are by Artist 0, whatever the folders say.
    artist = {name.rpartition("/")[2][:2]: track.groups["artist"] for name, track in found.items()}
    assert artist["00"] == artist["01"] == artist["02"]
    assert len(set(artist.values())) == 4


def test_file_directly_in_the_folder_has_no_genre(music: Path) -> None:
    silent(music / "stray.flac", artist="Artist 9")
    assert by_id(folder.CORPUS.tracks(music))["stray.flac"].label == ""


def test_genre_may_come_from_tags(music: Path) -> None:
    silent(music / "rock" / "untold.flac", artist="Artist 9")
    found = by_id(folder.CORPUS.tracks(music, genre_from="tags"))
    # Rock, ROCK and rock stand in three files each: that of the first file counts.
    first = min(found)
    assert first == "jazz/artist0/01.flac"
    assert {track.label for track in found.values()} == {"ROCK", "Jazz", ""}
    assert found["rock/untold.flac"].label == ""
    assert found["jazz/artist0/03.flac"].label == "Jazz"


def test_files_without_artist_are_told_and_grouped_by_folder(tmp_path: Path) -> None:
    for name in ("rock/a.wav", "rock/b.wav", "rock/x/c.wav", "rock/x/disc/d.wav", "jazz/x/e.wav"):
        silent(tmp_path / name)
    with pytest.warns(DatasetWarning, match="5 of 5 files name no artist in their tags"):
        found = by_id(folder.CORPUS.tracks(tmp_path))
    number = {name: track.groups["artist"] for name, track in found.items()}
    assert number["rock/x/c.wav"] == number["rock/x/disc/d.wav"]
    assert len(set(number.values())) == 4


def test_genres_that_differ_only_in_case_are_refused(music: Path) -> None:
    silent(music / "Rock" / "a.flac", artist="A")
    with pytest.raises(DatasetError, match="genres 'Rock' and 'rock' differ only in case"):
        folder.CORPUS.tracks(music)


def test_folder_without_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").touch()
    with pytest.raises(DatasetError, match="holds no audio file"):
        folder.CORPUS.tracks(tmp_path)
    with pytest.raises(DatasetError, match=r"cover.jpg': Not a directory"):
        folder.CORPUS.tracks(tmp_path / "cover.jpg")


def test_other_settings_are_refused(music: Path) -> None:
    with pytest.raises(ParameterError, match="genre_from='mood' is not one of folder, tags"):
        folder.CORPUS.tracks(music, genre_from="mood")  # type: ignore[arg-type]
    with pytest.raises(
        ParameterError, match=r"has no table of features. They are computed from its audio"
    ):
        load_dataset(f"folder:{music}")


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 there")
def test_name_that_is_not_utf8_is_kept(tmp_path: Path) -> None:
    source = silent(tmp_path / "rock" / "a.flac", artist="A")
    odd = os.path.join(os.fsencode(tmp_path), b"rock", b"b\xff.flac")
    shutil.copy(os.fsencode(source), odd)
    found = by_id(folder.CORPUS.tracks(tmp_path))
    assert set(found) == {"rock/a.flac", "rock/b\\xff.flac"}
    assert os.fsencode(found["rock/b\\xff.flac"].path or "") == odd


def test_file_whose_tags_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    silent(tmp_path / "rock" / "a.flac", artist="A")
    torn = b"ID3\x03\x00\x00\x00\x00\x0f\x7fTPE1\x00\x00"
    for name, content in (("b", b""), ("c", b"not music"), ("d", torn)):
        (tmp_path / "rock" / f"{name}.mp3").write_bytes(content)
    with pytest.warns(DatasetWarning, match="3 of 4 files name no artist"):
        found = by_id(folder.CORPUS.tracks(tmp_path))
    assert [(track.artist, track.title) for track in found.values()][1:] == [("", "")] * 3


def test_album_artist_stands_for_a_missing_artist(tmp_path: Path) -> None:
    silent(tmp_path / "rock" / "a.flac", albumartist="The Band")
    (found,) = folder.CORPUS.tracks(tmp_path)
    assert found.artist == "The Band"


@pytest.mark.realdata
def test_real_pieces_name_their_artist(data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DatasetWarning)
        found = by_id(folder.CORPUS.tracks(data / "music"))
    assert (found["fma/000002.mp3"].artist, found["fma/000002.mp3"].label) == ("AWOL", "fma")
    vibe_ace = found["librosa_examples/Kevin_MacLeod_-_Vibe_Ace.ogg"]
    assert (vibe_ace.artist, vibe_ace.title) == ("Kevin MacLeod", "Vibe Ace")
    # The pieces in the folder kevin_macleod carry no tags, none of them being in a folder of its
    # own below that: each is by an artist of its own.
    theirs = [name for name in found if name.startswith("kevin_macleod/")]
    assert len({found[name].groups["artist"] for name in theirs}) == len(theirs) == 7
