"""Which files a folder holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from earmark.audio import AUDIO_SUFFIXES, find_audio


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in find_audio(folder)]


def test_files_are_sorted_within_each_folder(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp3", "a.wav", "z/2.ogg", "z/1.ogg", "m/x.flac", "c.m4a")
    assert found(tmp_path) == ["a.wav", "b.mp3", "c.m4a", "m/x.flac", "z/1.ogg", "z/2.ogg"]


@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
def test_suffix_is_known_in_either_case(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"a{suffix}", f"b{suffix.upper()}", f"c{suffix.title()}")
    assert found(tmp_path) == [f"a{suffix}", f"b{suffix.upper()}", f"c{suffix.title()}"]


@pytest.mark.parametrize(
    "name",
    ["cover.jpg", "list.m3u8", "list.m3u", "mp3", "a.mp3.part", "notes.txt", "b.mp3~", "no_suffix"],
)
def test_other_names_are_left_out(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, "song.mp3")
    assert found(tmp_path) == ["song.mp3"]


def test_hidden_names_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "._a.mp3", ".b.mp3", ".mp3", ".trash/c.mp3", "d/._e.mp3", "d/e.mp3")
    assert found(tmp_path) == ["d/e.mp3"]


def test_hidden_folder_is_searched_when_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, ".music/a.mp3")
    assert found(tmp_path / ".music") == ["a.mp3"]


def test_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "live.mp3/a.mp3")
    assert found(tmp_path) == ["live.mp3/a.mp3"]


def test_links_between_folders_in_a_circle_are_visited_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp3", "b/2.mp3")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    assert found(tmp_path) == ["a/1.mp3", "a/to_b/2.mp3"]


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "disk/1.mp3", "music/2.mp3")
    (tmp_path / "music" / "more").symlink_to(tmp_path / "disk")
    (tmp_path / "music" / "3.mp3").symlink_to(tmp_path / "disk" / "1.mp3")
    assert found(tmp_path / "music") == ["2.mp3", "3.mp3", "more/1.mp3"]


def test_names_that_are_not_text_are_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp3")
    touch(tmp_path, name)
    assert found(tmp_path) == [name]


def test_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.mp3"
    if kind == "file":
        path.touch()
    with pytest.raises(OSError, match=r"a\.mp3"):
        list(find_audio(path))
