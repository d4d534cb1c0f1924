"""The filters that the commands of a library share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.cli import _main
from earmark.library import open_library

sys.path.insert(0, str(Path(__file__).parent.parent / "recommend"))
from made_up_songs import add_song

Ask = Callable[..., tuple[int, str, str]]

FILTERS = (
    *("--genre", "--artist", "--album", "--title", "--year", "--tempo", "--in"),
    *("--min-confidence", "--max-confidence", "--unsure", "--corrected", "--no-genre-tag"),
)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("music") / "library.db"
    with open_library(path, create=True) as library:
        add_song(library, 1, genre="jazz", artist="John Coltrane", title="Blue Train", tempo=90.0)
        add_song(library, 2, genre="jazz", artist="Horace", title="Blue Silver", genres=["Jazz"])
        add_song(library, 3, genre="rock", artist="Train", title="Drops", genres=["Other"])
        add_song(library, 4, genre="rock", artist="", title="", path="/music/train set.mp3")
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a library of few songs, a jingle and a bird."""
    path = tmp_path_factory.mktemp("small") / "library.db"
    nameless: dict[str, str] = {"artist": "", "title": ""}
    with open_library(path, create=True) as library:
        add_song(library, 1, genre="jazz", artist="John Coltrane", title="Blue Train", tempo=90.0)
        add_song(library, 2, genre="jazz", artist="Horace", title="Blue Silver")
        add_song(library, 3, genre="rock", path="/music/rock/001.mp3", **nameless)
        add_song(library, 4, genre="rock", path="/music/more/001.mp3", **nameless)
        add_song(library, 5, genre="rock", title="Drops")
        add_song(library, 6, genre="jazz", title="jingle", duration=1.0, tempo=90.0)
        add_song(library, 7, genre="jazz", title="bird", unsure="unfamiliar")
    return str(path)


@pytest.fixture
def ask(music: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs the command in this process."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("EARMARK_LIBRARY", str(music))
        monkeypatch.setenv("COLUMNS", "110")
        monkeypatch.setattr(sys, "argv", ["earmark", *arguments])
        with pytest.raises(SystemExit) as ended:
            _main.run()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def listed(ask: Ask, *arguments: str) -> list[int]:
    code, out, err = ask("library", "list", "--json", *arguments)
    assert (code, err) == (0, "")
    return [track["id"] for track in json.loads(out)["tracks"]]


@pytest.mark.parametrize(
    "command",
    [["library", "list"], ["library", "export"], ["library", "stats"], ["similar"], ["playlist"]],
    ids=" ".join,
)
def test_every_filter_is_an_option_of(ask: Ask, command: list[str]) -> None:
    code, out, _ = ask(*command, "--help")
    assert code == 0
    assert [option for option in FILTERS if option not in out] == []


def test_library_list_takes_words_of_artist_and_title(ask: Ask) -> None:
    assert listed(ask, "blue", "TRAIN") == [1]
    assert listed(ask, "blue train") == [1]
    assert sorted(listed(ask, "train")) == [1, 3, 4]
    assert listed(ask, "train", "--genre", "jazz") == [1]
    assert listed(ask, "nothing like it") == []


def test_library_list_shows_tracks_without_a_genre_in_their_tags(ask: Ask) -> None:
    assert sorted(listed(ask, "--no-genre-tag")) == [1, 3, 4]
    assert listed(ask, "--genre-tag") == [2]
    assert sorted(listed(ask, "--no-genre-tag", "--treat-as-empty", "jazz")) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "command",
    [
        ["library", "list"],
        ["library", "stats"],
        ["library", "export"],
        ["library", "review"],
        ["tag", "plan"],
        ["organise", "plan", "--into", "/tmp/nowhere"],
        ["similar", "1"],
        ["playlist"],
        ["playlist", "--like", "1"],
    ],
    ids=" ".join,
)
def test_genre_that_no_track_has_lists_those_there_are(ask: Ask, command: list[str]) -> None:
    code, out, err = ask(*command, "--genre", "opera")
    assert (code, out) == (2, "")
    assert "opera" in err
    assert "The library has: jazz (2), rock (2)" in err


def test_one_track_is_counted_as_one(ask: Ask) -> None:
    assert ask("library", "list", "coltrane")[1].endswith("\n1 track\n")
    assert ask("library", "list", "-n", "1")[1].endswith(
        "\n4 tracks, 3 of them not shown. Show all with --limit 0\n"
    )


def test_similar_says_what_it_left_out_and_how_to_include_it(ask: Ask, small: str) -> None:
    question = ("similar", "coltrane", "--library", small)
    code, out, _ = ask(*question)
    assert code == 0
    assert "Horace - Blue Silver" in out
    assert "jingle" not in out
    assert "\n1 song of 10\n" in out
    left_out = " ".join(out.partition("Left out:")[2].split())
    assert left_out == (
        "1 shorter than 20 s (--min-length 0), 1 unfamiliar (--include-unfamiliar), "
        "3 too unlike the query (--min-likeness 0)"
    )
    everything = ("--min-length", "0", "--include-unfamiliar", "--min-likeness", "0")
    _, out, _ = ask(*question, *everything)
    assert "\n6 songs of 10\n" in out
    assert "jingle" in out
    assert "Left out" not in out
    content = json.loads(ask(*question, "--json")[1])
    assert content["left_out"] == {"silent": 0, "short": 1, "unfamiliar": 1, "unlike": 3}


def test_playlist_says_what_it_left_out(ask: Ask, small: str) -> None:
    question = ("playlist", "--tempo", "80-100", "--library", small)
    code, out, _ = ask(*question)
    assert code == 0
    assert out.startswith("80-100 bpm\n")
    assert "jingle" not in out
    assert "Left out: 1 shorter than 20 s (--min-length 0)\n" in out
    assert "jingle" in ask(*question, "--min-length", "0.5")[1]


def test_files_of_one_name_are_shown_with_their_folders(ask: Ask, small: str) -> None:
    _, out, _ = ask("similar", "5", "--library", small)
    assert "001 (rock)" in out
    assert "001 (more)" in out
