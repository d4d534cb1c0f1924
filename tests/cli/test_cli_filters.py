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
    "command", [["library", "list"], ["library", "export"], ["library", "stats"]]
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
        "\n4 tracks; the other 3 are shown by --limit 0\n"
    )
