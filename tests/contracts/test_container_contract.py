"""What holds for every kind of tags: one contract, on files as other programs write them.

A new kind needs a maker in `tool_files.KINDS`; all of this then holds for it, or fails.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tool_files import (
    ALBUM,
    ARTIST,
    GENRE,
    KINDS,
    TITLE,
    YEAR,
    make_file,
    seen_by_ffprobe,
    write_sound,
)

from earmark.audio import audio_digest, load
from earmark.errors import AudioError, TagError
from earmark.tags import (
    GenreState,
    can_write,
    other_tags,
    preview_genres,
    read_genre_state,
    read_tags,
    restore_genre_state,
    seen_by_mutagen,
    write_genres,
)
from earmark.tags._registry import CONTAINERS

LONG = "Néo-Ünïque ☃ " + "x" * 5000
"""Longer than any padding."""

WITHOUT_OWN_TAGS = ("mpc", "wv", "ape", "wma", "m4a")
"""Kinds whose tags have no padding, or share it with others."""

FOREIGN = "EARMARK_TEST_FIELD"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(params=KINDS)
def song(request: pytest.FixtureRequest, tmp_path: Path, sources: Path) -> Path:
    """Return a file of each kind."""
    return make_file(request.param, tmp_path, sources=sources)


def genres_to_write(song: Path) -> list[list[str]]:
    """Return what a file can hold: an ID3v1 tag alone has one genre of a list."""
    state = read_genre_state(song)
    only_v1 = state.extra.get("id3v1") is not None and not state.there
    return [["Jazz"]] if only_v1 else [["Jazz"], ["Rock", "Trip-Hop"], [LONG]]


def all_but_genre(path: Path) -> tuple[Any, ...]:
    """Return what must not change, as five witnesses see it."""
    y, _ = load(path, sr=None, mono=False)
    seen = seen_by_mutagen(path), seen_by_ffprobe(path)
    return audio_digest(path), other_tags(path), *seen, y.tobytes()


def test_every_container_is_tried(tmp_path: Path, sources: Path) -> None:
    kinds = [
        kind for kind, (_, program, _) in KINDS.items() if not program or shutil.which(program)
    ]
    if len(kinds) < len(KINDS):
        pytest.skip("some programs are not installed")
    songs = [make_file(kind, tmp_path, sources=sources) for kind in kinds]
    tried = {read_genre_state(song).container for song in songs}
    assert tried == {container.name for container in CONTAINERS}


def test_tags_are_read(song: Path) -> None:
    tags = read_tags(song)
    assert tags.title == TITLE
    assert can_write(song)
    if song.suffix != ".aiff" or tags.artist:  # what AIFF has of its own is little
        assert (tags.artist, tags.album, tags.year) == (ARTIST, ALBUM, YEAR)
        assert tags.genres == (GENRE,)


@pytest.mark.filterwarnings("ignore::earmark.audio.AudioWarning")
def test_genres_go_there_and_back_and_nothing_else_changes(song: Path) -> None:
    before, state, tags = all_but_genre(song), read_genre_state(song), read_tags(song)
    for genres in genres_to_write(song):
        content = song.read_bytes()
        assert preview_genres(song, genres) == tuple(genres)
        assert song.read_bytes() == content  # only tried
        assert write_genres(song, genres) == tuple(genres)
        assert read_tags(song).genres == tuple(genres)
        assert all_but_genre(song) == before
        size = song.stat().st_size
        # Where there is room now, the file does not grow again.
        write_genres(song, genres)
        assert song.stat().st_size == size
    restore_genre_state(song, GenreState.from_dict(json.loads(json.dumps(state.to_dict()))))
    assert read_genre_state(song) == state
    assert read_tags(song) == tags
    assert all_but_genre(song) == before


def test_padding_is_used_and_given_back(song: Path) -> None:
    state, content = read_genre_state(song), song.read_bytes()
    if not state.entries:
        pytest.skip("it had no genre")
    write_genres(song, ["Blue"])  # shorter by one letter than what was there
    if song.suffix[1:] not in WITHOUT_OWN_TAGS:
        assert song.stat().st_size == len(content)
    restore_genre_state(song, state)
    if song.suffix not in (".wma", ".m4a"):
        assert song.read_bytes() == content


def test_other_readers_see_the_genre(song: Path) -> None:
    import mutagen

    if seen_by_mutagen(song) is None:
        pytest.skip("mutagen cannot read it")
    write_genres(song, ["Jazz"])
    name = {".mp3": "TCON", ".aiff": "TCON", ".wav": "TCON", ".m4a": "\xa9gen", ".wma": "WM/Genre"}
    if read_genre_state(song).there:
        assert mutagen.File(song)[name.get(song.suffix, "Genre")][0] == "Jazz"


def test_entries_that_nobody_knows_are_kept(song: Path) -> None:
    import mutagen
    from mutagen.id3 import PRIV, TXXX
    from mutagen.mp4 import MP4FreeForm

    if seen_by_mutagen(song) is None or mutagen.File(song).tags is None:
        pytest.skip("mutagen cannot write it")
    file = mutagen.File(song)
    if hasattr(file.tags, "getall"):
        file.tags.add(TXXX(encoding=3, desc=FOREIGN, text=["kept"]))
        file.tags.add(PRIV(owner=FOREIGN, data=b"\xff\x00kept"))
    elif song.suffix == ".m4a":
        file[f"----:org.example:{FOREIGN}"] = [MP4FreeForm(b"kept")]
    else:
        file[FOREIGN] = ["kept"]
    file.save()
    others, content = other_tags(song), song.read_bytes()
    for genres in genres_to_write(song):
        write_genres(song, genres)
        assert other_tags(song) == others
        assert song.read_bytes().count(b"kept") == content.count(b"kept")
    assert any(FOREIGN in str(name) for name in mutagen.File(song).tags)


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


@pytest.mark.parametrize("genres", [[], [""], ["Jazz", " "], ["a\0b"]], ids=repr)
def test_no_genre_is_refused(song: Path, genres: list[str]) -> None:
    content = song.read_bytes()
    for function in (write_genres, preview_genres):
        with pytest.raises(TagError, match="give one or more, none empty"):
            function(song, genres)
    assert song.read_bytes() == content


def test_state_of_another_kind_of_file_is_refused(song: Path, tmp_path: Path) -> None:
    state = read_genre_state(song)
    other = write_sound(tmp_path / "other.flac", seconds=0.2)
    if state.container == "flac":
        other = make_file("ape", tmp_path, sources=tmp_path, stem="other")
    content = other.read_bytes()
    with pytest.raises(TagError, match=f"it was a {state.container} file, and is now"):
        restore_genre_state(other, state)
    assert other.read_bytes() == content


def preview(path: Path) -> None:
    preview_genres(path, ["Jazz"])


def damaged(content: bytes, moments: random.Random) -> bytes:
    """Change some bytes near the start or the end, where tags are; sometimes cut it short."""
    changed = bytearray(content)
    start = 0 if moments.random() < 0.6 else max(0, len(changed) - 3000)
    for _ in range(moments.choice([1, 2, 5, 20])):
        at = moments.randrange(start, min(len(changed), start + 3000))
        changed[at] = moments.choice([0, 255, changed[at] ^ 1, moments.randrange(256)])
    if moments.random() < 0.2:
        del changed[moments.randrange(len(changed)) :]
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_and_nothing_else_happens(
    kind: str, tmp_path: Path, sources: Path
) -> None:
    song = make_file(kind, tmp_path, sources=sources)
    whole, moments = song.read_bytes(), random.Random(kind)
    for _ in range(30):
        content = damaged(whole, moments)
        song.write_bytes(content)
        previewed = False
        for function in (read_tags, read_genre_state, other_tags, preview):
            with contextlib.suppress(TagError):
                function(song)
                previewed = function is preview
            assert song.read_bytes() == content
        with contextlib.suppress(AudioError):
            try:
                write_genres(song, ["Jazz"])
            except TagError:
                assert not previewed  # what cannot be written is known before
            audio_digest(song)
