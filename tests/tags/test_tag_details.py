"""What is special about each kind of tags, and files that are damaged."""

from __future__ import annotations

import os
import pickle
import shutil
import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.mp4 import MP4
from tool_files import make_file, png, run, silent_ape, write_sound

from earmark.audio import audio_digest, load
from earmark.errors import TagError
from earmark.tags import (
    GenreState,
    Tags,
    can_write,
    other_tags,
    read_genre_state,
    read_tags,
    restore_genre_state,
    seen_by_mutagen,
    write_genres,
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.mark.parametrize(
    "told",
    [{}, {"container": "mp3", "there": True, "entries": [[0]], "extra": {}}, {"entries": None}],
)
def test_what_is_no_state_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not the state of a file's genres"):
        GenreState.from_dict(told)


def test_kind_is_told_by_content(tmp_path: Path) -> None:
    song = write_sound(tmp_path / "a.flac", seconds=0.2)
    other = song.rename(tmp_path / "a.mp3")
    write_genres(other, ["Jazz"])
    assert read_tags(other).genres == ("Jazz",)
    assert other.read_bytes().startswith(b"fLaC")


def test_files_whose_tags_are_not_written(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    source = write_sound(tmp_path / "source.wav", seconds=0.2)
    for name in ("a.webm", "a.mka"):
        path = tmp_path / name
        run("ffmpeg", "-v", "error", "-i", source, "-c:a", "libopus", path)
        assert read_tags(path) == Tags()
        assert not can_write(path)
        for function in (read_genre_state, other_tags, lambda path: write_genres(path, ["Jazz"])):
            with pytest.raises(TagError, match="of this kind of file cannot be written"):
                function(path)


def test_ogg_flac_is_read(tmp_path: Path) -> None:
    if shutil.which("flac") is None:
        pytest.skip("flac is not installed")
    source = write_sound(tmp_path / "a.wav", seconds=0.2)
    target = tmp_path / "a.oga"
    tags = ("--tag=ARTIST=A", "--tag=GENRE=Jazz", "--tag=DATE=1997-03-02")
    run("flac", "-s", "--ogg", *tags, "-o", target, source)
    found = read_tags(target)
    assert (found.artist, found.genres, found.year) == ("A", ("Jazz",), 1997)
    assert not can_write(target)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.mp3", str(tmp_path / "a\0b")):
        for function in (read_tags, read_genre_state, can_write, other_tags):
            with pytest.raises(TagError):
                function(path)
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(TagError, match="it is not a file"):
        read_tags(tmp_path / "pipe.mp3")


def test_comments_that_are_not_utf8_stay(tmp_path: Path) -> None:
    song = write_sound(tmp_path / "a.flac", seconds=0.2)
    file = mutagen.File(song)
    file["title"] = "xxxx"
    file["Genre"] = ["One", "Two"]
    file.save()
    song.write_bytes(song.read_bytes().replace(b"title=xxxx", b"title=\xff\xfe\xfdx"))
    others, state = other_tags(song), read_genre_state(song)
    assert len(state.entries) == 2
    write_genres(song, ["Jazz"])
    assert other_tags(song) == others
    assert b"title=\xff\xfe\xfdx" in song.read_bytes()
    restore_genre_state(song, state)
    assert read_tags(song).genres == ("One", "Two")


def test_comments_over_many_pages(tmp_path: Path) -> None:
    song = tmp_path / "a.ogg"
    soundfile.write(song, np.random.default_rng(0).normal(0, 0.1, (90_000, 2)), 44_100)
    file = mutagen.File(song)
    file["metadata_block_picture"] = ["x" * 150_000]
    file["genre"] = "Blues"
    file.save(padding=lambda info: 0)
    digest, others, state = audio_digest(song), other_tags(song), read_genre_state(song)
    y, _ = load(song, sr=None)
    for genre in ("Jazz", "y" * 70_000):
        write_genres(song, [genre])
        assert (audio_digest(song), other_tags(song)) == (digest, others)
        np.testing.assert_array_equal(load(song, sr=None)[0], y)
        assert mutagen.File(song)["genre"] == [genre]
    restore_genre_state(song, state)
    assert (read_genre_state(song), other_tags(song)) == (state, others)


@pytest.mark.parametrize("kind", ["m4a of ffmpeg", "m4a of ffmpeg, tags first"])
def test_mp4_without_a_list_of_tags(kind: str, tmp_path: Path, sources: Path) -> None:
    song = make_file(kind, tmp_path, sources=sources)
    bare = tmp_path / "bare.m4a"
    more = ["-movflags", "+faststart"] if "first" in kind else []
    flags = ["-map", "0:a", "-map_metadata", "-1", "-fflags", "+bitexact", "-c", "copy"]
    run("ffmpeg", "-v", "error", "-y", "-i", song, *flags, *more, bare)
    content = bare.read_bytes()
    for name in (b"udta", b"ilst"):
        # Whatever the program wrote there, another name hides it.
        content = content.replace(name, b"free" if name == b"udta" else name)
    bare.write_bytes(content)
    state, y = read_genre_state(bare), load(bare, sr=None)[0]
    assert not state.there
    write_genres(bare, ["Jazz", "Blues"])
    assert MP4(bare)["\xa9gen"] == ["Jazz", "Blues"]
    np.testing.assert_array_equal(load(bare, sr=None)[0], y)
    restore_genre_state(bare, state)
    assert bare.read_bytes() == content


def test_genre_number_of_mp4_is_given_back(tmp_path: Path, sources: Path) -> None:
    song = make_file("m4a of ffmpeg", tmp_path, sources=sources)
    content = song.read_bytes()
    old = b"\xa9gen" + (21).to_bytes(4, "big") + b"data" + b"\0\0\0\1\0\0\0\0Swing"
    new = b"gnre" + (18).to_bytes(4, "big") + b"data" + bytes(8) + b"\0\x12" + bytes(3)
    assert old in content
    song.write_bytes(content.replace(old, new))
    state = read_genre_state(song)
    assert read_tags(song).genres == ("Rock",)
    write_genres(song, ["Jazz"])
    assert b"gnre" not in song.read_bytes()
    restore_genre_state(song, state)
    assert read_genre_state(song) == state
    assert read_tags(song).genres == ("Rock",)


def test_fragmented_mp4_without_room_is_refused(tmp_path: Path, sources: Path) -> None:
    song = make_file("m4a of ffmpeg", tmp_path, sources=sources)
    parts = tmp_path / "parts.m4a"
    flags = ["-movflags", "frag_keyframe+empty_moov", "-frag_duration", "200000", "-f", "mp4"]
    run("ffmpeg", "-v", "error", "-i", song, "-map", "0:a", "-c", "copy", *flags, parts)
    content = parts.read_bytes()
    with pytest.raises(TagError, match="it is fragmented, and has no room"):
        write_genres(parts, ["x" * 5000])
    assert parts.read_bytes() == content


def test_quicktime_ids_and_freeform_names(tmp_path: Path, sources: Path) -> None:
    song = make_file("m4a of ffmpeg", tmp_path, sources=sources)
    file = MP4(song)
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [b"abc"]
    file["----:com.apple.iTunes:ISRC"] = [b"USX"]
    file["aART"] = ["Everybody"]
    file.save()
    found = read_tags(song)
    assert dict(found.ids) == {"musicbrainz_trackid": "abc", "isrc": "USX"}
    assert found.albumartist == "Everybody"


def test_second_genre_of_asf_in_another_list(tmp_path: Path, sources: Path) -> None:
    from mutagen.asf import ASF

    song = make_file("wma of ffmpeg", tmp_path, sources=sources)
    file = ASF(song)
    file["WM/Genre"] = ["Rock", "Pop"]
    file["WM/Picture"] = [png() * 900]  # too long for the first list
    file["WM/Year"] = ["1997"]
    file.save()
    state, others = read_genre_state(song), other_tags(song)
    assert len(state.entries) == 2
    write_genres(song, ["Jazz", "Blues", "Disco"])
    assert [str(one) for one in ASF(song)["WM/Genre"]] == ["Jazz", "Blues", "Disco"]
    assert other_tags(song) == others
    restore_genre_state(song, state)
    assert [str(one) for one in ASF(song)["WM/Genre"]] == ["Rock", "Pop"]
    assert (read_genre_state(song), other_tags(song)) == (state, others)


def test_odd_chunks_of_wav(tmp_path: Path) -> None:
    song = write_sound(tmp_path / "a.wav", seconds=0.2)
    with open(song, "r+b") as file:
        content = file.read()
        extra = b"note" + (3).to_bytes(4, "little") + b"abc\0"
        size = int.from_bytes(content[4:8], "little") + len(extra)
        file.seek(0)
        file.write(content[:4] + size.to_bytes(4, "little") + content[8:] + extra + b"after")
    before, others = song.read_bytes(), other_tags(song)
    state = read_genre_state(song)
    write_genres(song, ["Jazz"])
    assert mutagen.File(song)["TCON"].genres == ["Jazz"]
    assert other_tags(song) == others
    restore_genre_state(song, state)
    assert song.read_bytes() == before


def test_program_that_was_not_asked_to_write_apev1(tmp_path: Path) -> None:
    song = silent_ape(tmp_path / "a.ape")
    content = song.read_bytes()
    old, version = (2000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    song.write_bytes(content.replace(b"APETAGEX" + old, b"APETAGEX" + version))
    with pytest.raises(TagError, match="cannot hold the genre's letters"):
        write_genres(song, ["日本"])
    state = read_genre_state(song)
    assert write_genres(song, ["Jazz"]) == ("Jazz",)
    restore_genre_state(song, state)
    assert read_genre_state(song) == state


def test_error_of_damaged_tags_survives_the_way_between_processes(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"ID3\3\0\0\0\0\x7f\x7f")
    with pytest.raises(TagError) as caught:
        read_genre_state(tmp_path / "a.mp3")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.path, error.reason) == (str(tmp_path / "a.mp3"), caught.value.reason)


def test_attribute_of_no_kind_that_is_known_stays(tmp_path: Path, sources: Path) -> None:
    song = make_file("wma of ffmpeg", tmp_path, sources=sources)
    content = song.read_bytes()
    name = "WM/AlbumTitle\0".encode("utf-16-le")
    at = content.index(name) + len(name)
    song.write_bytes(content[:at] + b"\0\1" + content[at + 2 :])
    with pytest.raises(KeyError):
        mutagen.File(song)
    assert seen_by_mutagen(song) is None
    others = other_tags(song)
    assert write_genres(song, ["Rock"]) == ("Rock",)
    assert other_tags(song) == others


@pytest.mark.parametrize(
    "error",
    [
        *(KeyError(256), IndexError("x"), struct.error("x"), TypeError("x"), RecursionError("x")),
        Exception("x"),
    ],
    ids=repr,
)
def test_whatever_mutagen_runs_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    import mutagen.id3
    import mutagen.ogg

    tone = np.zeros(4410)
    soundfile.write(tmp_path / "a.ogg", tone, 22_050)
    soundfile.write(tmp_path / "a.mp3", tone, 22_050)
    write_genres(tmp_path / "a.mp3", ["Rock"])
    (tmp_path / "a.mka").write_bytes(b"\x1aE\xdf\xa3" + bytes(500))

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(mutagen, "File", fail)
    monkeypatch.setattr(mutagen.id3, "ID3", fail)
    monkeypatch.setattr(mutagen.ogg, "OggPage", fail)
    for name in ("a.ogg", "a.mp3", "a.mka"):
        with pytest.raises(TagError, match=r"damaged|cannot be read"):
            read_tags(tmp_path / name)
        assert seen_by_mutagen(tmp_path / name) is None


def test_memory_does_not_grow_with_what_a_header_claims(tmp_path: Path) -> None:
    song = tmp_path / "a.wma"
    song.write_bytes(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\xff" * 100)
    with pytest.raises(TagError, match="longer than the file"):
        read_tags(song)
