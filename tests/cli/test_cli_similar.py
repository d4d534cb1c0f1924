"""``earmark similar`` and ``earmark playlist`` as people run them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

from earmark.testing import music_like
from earmark.workflows.scan import scan

Run = Callable[..., subprocess.CompletedProcess[bytes]]
TITLES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")


def schema(name: str) -> object:
    return json.loads(
        (resources.files("earmark") / "schemas" / f"{name}-2.json").read_text("utf-8")
    )


def write_song(path: Path, *, seed: int, **tags: str) -> None:
    y = music_like(duration=2, seed=seed)
    with soundfile.SoundFile(path, "w", 22_050, 1, format="FLAC") as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(y * np.linspace(0.5, 1, len(y)))


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of six songs by three artists, scanned into the library beside it."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "songs").mkdir()
    for number, title in enumerate(TITLES):
        path = folder / "songs" / f"{number} {title}.flac"
        write_song(path, seed=number, title=title, artist=f"artist {number // 2}")
    scan([folder / "songs"], library=folder / "library.db", jobs=1)
    return folder


@pytest.fixture
def ask(earmark: Run, music: Path) -> Run:
    def run(*arguments: str, **options: str) -> subprocess.CompletedProcess[bytes]:
        everything = ("--min-length", "0", "--min-likeness", "0")  # songs of 2 s, made up
        return earmark(
            *arguments, *everything, EARMARK_LIBRARY=str(music / "library.db"), **options
        )

    return run


# --- similar -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["style", "timbre"])
def test_near_songs_are_shown_with_reasons(ask: Run, by: str) -> None:
    done = ask("similar", "charlie", "--by", by, COLUMNS="140")
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert said.startswith(f"Similar to artist 1 - charlie, by {by}\n")
    assert "Why" in said
    for title in TITLES:
        assert (f" - {title} " in said.partition("\n")[2]) == (title != "charlie")
    assert "5 songs of 10" in said


def test_narrow_table_leaves_genres_out(ask: Run) -> None:
    said = ask("similar", "charlie", COLUMNS="60").stdout.decode()
    assert "Genre" not in said
    assert max(map(len, said.splitlines())) <= 60


def test_similar_as_json_is_of_its_schema(ask: Run) -> None:
    done = ask("similar", "charlie", "-n", "3", "--per-artist", "1", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    content = json.loads(done.stdout)
    jsonschema.validate(content, schema("similar"))
    assert content["beyond_per_artist"] == 0
    assert len({one["track"]["artist"] for one in content["neighbours"]}) == 3


def test_file_from_outside_is_asked_about(ask: Run, tmp_path: Path) -> None:
    path = tmp_path / "new\x1b[31m.flac"
    write_song(path, seed=9)
    done = ask("similar", str(path), "-n", "2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    assert b"2 songs" in done.stdout


def test_limits_are_those_given(ask: Run) -> None:
    assert b"0 songs of 10" in ask("similar", "charlie", "--tempo", "1-2").stdout
    assert b"0 songs of 10" in ask("similar", "charlie", "--year", "1990-1999").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["artist 0"], "matches 2 tracks: 1: artist 0 - alpha; 2: artist 0 - bravo"),
        (["no such"], "track='no such'"),
        (["99"], "track='99' matches no track of"),
        (["alpha", "--by", "colour"], "--by 'colour' is not one of style, timbre"),
        (["alpha", "--tempo", "fast"], "--tempo 'fast'"),
        (["alpha", "--library", "none.db"], "no library exists yet"),
    ],
)
def test_bad_question_is_usage(ask: Run, arguments: list[str], message: str) -> None:
    done = ask("similar", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"earmark: ")
    assert message in done.stderr.decode()


def test_file_that_is_no_music_is_told(ask: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("no music\n" * 99)
    done = ask("similar", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith(b"earmark: ")


# --- playlist ------------------------------------------------------------------------------------


def test_playlist_is_shown(ask: Run) -> None:
    done = ask("playlist", "--from", "alpha", "--to", "foxtrot", "--tracks", "4", COLUMNS="120")
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert said.startswith("From artist 0 - alpha to artist 2 - foxtrot\n")
    assert "4 songs, 0:08" in said


def test_playlist_is_written_and_not_written_over(ask: Run, music: Path) -> None:
    target = music / "list.m3u8"
    arguments = ("playlist", "--like", "alpha", "--like", "echo", "-n", "5", "-o", str(target))
    done = ask(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"Written to {target}" in done.stdout.decode().replace("\n", "")
    lines = target.read_text().splitlines()
    assert lines[:4] == [
        "#EXTM3U",
        "#PLAYLIST:Like artist 0 - alpha, artist 2 - echo",
        "#EXTINF:2,artist 0 - alpha",
        "songs/0 alpha.flac",
    ]
    assert len(lines) == 2 + 2 * 5
    again = ask(*arguments)
    assert again.returncode == 2
    assert b"exists" in again.stderr
    assert ask(*arguments, "--overwrite", "--absolute").returncode == 0
    assert str(music / "songs" / "0 alpha.flac") in target.read_text().splitlines()


def test_playlist_in_other_formats(ask: Run, tmp_path: Path) -> None:
    target = tmp_path / "list.xspf"
    assert ask("playlist", "--like", "alpha", "-o", str(target)).returncode == 0
    assert target.read_text().startswith("<?xml")
    done = ask("playlist", "--like", "alpha", "--json")
    jsonschema.validate(json.loads(done.stdout), schema("playlist"))
    shown = ask("playlist", "--like", "alpha", "--format", "m3u8")
    assert shown.stdout.startswith(b"#EXTM3U\n")
    assert all(os.path.isabs(line) for line in shown.stdout.decode().splitlines() if line[0] != "#")


def test_same_seed_is_the_same_playlist(ask: Run) -> None:
    first, again = (ask("playlist", "--like", "alpha", "-n", "4", "--json") for _ in range(2))
    assert first.stdout == again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "1"], "Give like, from and to, or a filter"),
        (["--from", "alpha"], "from and to must be given together"),
        (["--like", "alpha", "--tracks", "3", "--minutes", "5"], "give either tracks or minutes"),
        (["--genre", "polka"], "--genre 'polka'"),
        (["--like", "alpha", "--format", "wpl"], "'wpl'"),
        (["--like", "alpha", "-o", "no/such/a.m3u8"], "its folder does not exist"),
    ],
)
def test_bad_playlist_is_usage(ask: Run, arguments: list[str], message: str) -> None:
    done = ask("playlist", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()


@pytest.mark.parametrize("command", ["similar", "playlist"])
def test_help_names_examples(earmark: Run, command: str) -> None:
    said = earmark(command, "--help", COLUMNS="120").stdout.decode()
    assert f"earmark {command}" in said
