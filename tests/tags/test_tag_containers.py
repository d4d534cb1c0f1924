"""Each kind of file, as other programs write it: the genre changes, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tool_files import ALBUM, ARTIST, GENRE, KINDS, TITLE, YEAR, make_file, seen_by_ffprobe

from earmark.audio import audio_digest, load
from earmark.tags import (
    can_write,
    other_tags,
    read_genre_state,
    read_tags,
    restore_genre_state,
    seen_by_mutagen,
    write_genres,
)

_LONG = "Néo-Ünïque ☃ " + "x" * 5000
"""Longer than any padding."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(params=KINDS)
def song(request: pytest.FixtureRequest, tmp_path: Path, sources: Path) -> Path:
    return make_file(request.param, tmp_path, sources=sources)


def all_but_genre(path: Path) -> tuple[Any, ...]:
    """Return what must not change, as four witnesses see it."""
    y, _ = load(path, sr=None, mono=False)
    return audio_digest(path), other_tags(path), seen_by_ffprobe(path), y.tobytes()


def test_tags_are_read(song: Path) -> None:
    tags = read_tags(song)
    assert tags.title == TITLE
    assert can_write(song)
    if song.suffix != ".aiff" or tags.artist:  # what AIFF has of its own is little
        assert (tags.artist, tags.album, tags.year) == (ARTIST, ALBUM, YEAR)
        assert tags.genres == (GENRE,)


@pytest.mark.filterwarnings("ignore::earmark.audio.AudioWarning")
def test_nothing_but_the_genre_changes(song: Path) -> None:
    before, state, tags = all_but_genre(song), read_genre_state(song), read_tags(song)
    only_v1 = state.extra.get("id3v1") is not None and not state.there
    for genres in (["Jazz"],) if only_v1 else (["Jazz"], ["Rock", "Trip-Hop"], [_LONG]):
        assert write_genres(song, genres) == tuple(genres)
        assert read_tags(song).genres == tuple(genres)
        assert all_but_genre(song) == before
        size = song.stat().st_size
        # Where there is room now, the file does not grow again.
        write_genres(song, genres)
        assert song.stat().st_size == size
    restore_genre_state(song, state)
    assert read_genre_state(song) == state
    assert read_tags(song) == tags
    assert all_but_genre(song) == before


def test_other_readers_see_the_genre(song: Path) -> None:
    import mutagen

    if seen_by_mutagen(song) is None:
        pytest.skip("mutagen cannot read it")
    write_genres(song, ["Jazz"])
    name = {".mp3": "TCON", ".aiff": "TCON", ".wav": "TCON", ".m4a": "\xa9gen", ".wma": "WM/Genre"}
    if read_genre_state(song).there:
        assert mutagen.File(song)[name.get(song.suffix, "Genre")][0] == "Jazz"


@pytest.mark.parametrize("kind", [kind for kind, (_, program, _) in KINDS.items() if program])
def test_file_without_tags_is_one_again_after(kind: str, tmp_path: Path, sources: Path) -> None:
    import mutagen

    song = make_file(kind, tmp_path, sources=sources)
    if seen_by_mutagen(song) is None:
        pytest.skip("mutagen cannot read it")
    mutagen.File(song).delete()
    content, state = song.read_bytes(), read_genre_state(song)
    if read_tags(song).genres:
        pytest.skip("its program wrote text chunks as well, which are left alone")
    y, _ = load(song, sr=None, mono=False)
    write_genres(song, ["Jazz"])
    assert read_tags(song).genres == ("Jazz",)
    restore_genre_state(song, state)
    assert read_genre_state(song) == state
    np.testing.assert_array_equal(load(song, sr=None, mono=False)[0], y)
    if song.suffix in (".mp3", ".aiff", ".wav", ".mpc", ".wv"):
        assert song.read_bytes() == content


def test_padding_is_used_and_given_back(song: Path) -> None:
    state, content = read_genre_state(song), song.read_bytes()
    if not state.entries:
        pytest.skip("it had no genre")
    write_genres(song, ["Blue"])  # shorter by one letter than what was there
    if song.suffix not in (".mpc", ".wv", ".ape", ".wma", ".m4a"):
        assert song.stat().st_size == len(content)
    restore_genre_state(song, state)
    if song.suffix not in (".wma", ".m4a"):
        assert song.read_bytes() == content
