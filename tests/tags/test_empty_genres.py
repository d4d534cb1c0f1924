"""Genres that say nothing count as none."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from mutagen import id3
from tool_files import make_file

from earmark.tags import (
    GenreState,
    Tags,
    is_empty_genre,
    named_genres,
    read_tags,
    write_genres,
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.mark.parametrize(
    "text",
    [
        *("Other", "other", "OTHER ", "Genre 12", "genre12", "(12)", "255", "Unknown", "<Unknown>"),
        *("Unknown genre", "misc", "Misc.", "Miscellaneous", "n/a", "None", "[none]", "", " ", "-"),
        *("???", "Undefined", "not set", "Unbekannt", "Inconnu", "Неизвестно"),
    ],
)
def test_genre_that_says_nothing_counts_as_none(text: str) -> None:
    assert is_empty_genre(text)


@pytest.mark.parametrize(
    "text",
    ["Rock", "Blues", "Other Music", "R&B", "80s", "2-Step", "J-Pop", "Джаз", "民謡", "\U0001f3b8"],
)
def test_genre_that_says_something_counts(text: str) -> None:
    assert not is_empty_genre(text)


def test_user_extends_the_list_of_empty_genres() -> None:
    assert not is_empty_genre("To Sort")
    assert is_empty_genre("To Sort", ["to-sort"])
    assert named_genres(["Rock", "misc", "To Sort"], ["to sort"]) == ("Rock",)


def _with_number(path: Path, number: int) -> Path:
    content = path.read_bytes()
    assert content[-128:-125] == b"TAG"
    path.write_bytes(content[:-1] + bytes([number]))
    return path


def test_number_0_of_id3v1_alone_is_a_default(tmp_path: Path, sources: Path) -> None:
    song = _with_number(make_file("mp3 of lame, ID3v1 only", tmp_path, sources=sources), 0)
    tags = read_tags(song)
    assert (tags.genres, tags.default_genre, tags.chosen_genres) == (("Blues",), True, ())
    song = _with_number(song, 1)
    tags = read_tags(song)
    assert (tags.genres, tags.default_genre) == (("Classic Rock",), False)
    assert tags.chosen_genres == tags.genres


def test_blues_of_an_id3v2_tag_is_no_default(tmp_path: Path, sources: Path) -> None:
    song = make_file("mp3 of lame", tmp_path, sources=sources)
    write_genres(song, ["Blues"])
    tags = read_tags(_with_number(song, 0))
    assert (tags.chosen_genres, tags.default_genre) == (("Blues",), False)
    frames: Any = id3
    written = frames.ID3(song)
    written.delall("TCON")
    written.save(song, v1=1)  # leaves the number as it is
    assert read_tags(_with_number(song, 0)).chosen_genres == ()
    written.add(frames.TCON(encoding=3, text=["Delta"]))
    written.add(frames.TIT2(encoding=3, text=["A"]))
    written.save(song)
    assert read_tags(_with_number(song, 0)).chosen_genres == ("Delta",)


@pytest.mark.parametrize("value", [Tags(), Tags(artist="A"), GenreState("mp3", True)])
def test_tags_survive_the_way_between_processes(value: Tags | GenreState) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
