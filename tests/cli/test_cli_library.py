"""``earmark scan`` and ``earmark library``: what they print, their exit codes, what they refuse."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import mutagen
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.library import open_library
from earmark.testing import music_like

Run = Callable[..., subprocess.CompletedProcess[bytes]]

SONGS = {
    "one.flac": {"artist": "Ann", "title": "First", "date": "1994", "genre": "fado"},
    "two.flac": {"artist": "Bob", "title": "Second Song", "album": "Songs", "date": "2001"},
    "three [b]x.flac": {},
}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three songs and a text, with a library that knows them."""
    folder = tmp_path_factory.mktemp("scanned")
    (folder / "music").mkdir()
    for seed, (name, tags) in enumerate(SONGS.items()):
        soundfile.write(folder / "music" / name, music_like(duration=2, seed=seed), 22_050)
        if tags:
            file = mutagen.File(folder / "music" / name)
            file.update(tags)
            file.save()
    (folder / "music" / "text.mp3").write_text("no music\n" * 99)
    done = CliRunner().invoke(
        app, ["scan", str(folder / "music"), "--library", str(folder / "library.db"), "-j1"]
    )
    assert done.exit_code == 1
    first, *_, last = done.stdout.splitlines()
    assert first.startswith(f"failed  {folder}/music/text.mp3: no decoder finds audio")
    assert last == f"Library: {folder}/library.db"
    assert "4 files: 3 analysed (0:06 of music), 1 failed. Took " in done.stdout
    return folder


@pytest.fixture
def call(scanned: Path, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs the command on a copy of the library."""
    path = tmp_path / "library.db"
    shutil.copy(scanned / "library.db", path)
    return lambda *arguments: CliRunner().invoke(
        app,
        [str(argument) for argument in arguments],
        env={"EARMARK_LIBRARY": str(path), "COLUMNS": None},
    )


def number_of(call: Callable[..., Any], title: str) -> str:
    found = json.loads(call("library", "list", "--json").stdout)["tracks"]
    (number,) = [one["id"] for one in found if one["title"] == title]
    return str(number)


def test_scan_again_says_what_is_unchanged(call: Callable[..., Any]) -> None:
    done = call("scan", "-j1")
    assert done.exit_code == 1
    assert "4 files: 3 unchanged, 1 failed. Took " in done.stdout


def test_scan_as_json(call: Callable[..., Any], scanned: Path) -> None:
    told = json.loads(call("scan", "-j1", "--json").stdout)
    assert told["schema"] == "earmark.scan/2"
    assert told["roots"] == [str(scanned / "music")]
    assert (told["files"], told["unchanged"], told["analysed"]) == (4, 3, 0)
    assert [one["code"] for one in told["failed"]] == ["no-audio"]


def test_scan_of_nothing_is_usage(tmp_path: Path, earmark: Run) -> None:
    done = earmark("scan", EARMARK_LIBRARY=str(tmp_path / "library.db"))
    assert done.returncode == 2
    assert b"no library exists yet. Create one with: earmark scan FOLDER" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_scan_of_a_folder_that_is_not_there(tmp_path: Path, earmark: Run) -> None:
    nowhere = str(tmp_path / "nowhere")
    done = earmark("scan", nowhere, "--library", str(tmp_path / "library.db"))
    assert done.returncode == 2
    assert b"nowhere']: no such file or folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_tags_that_look_like_markup_are_shown_as_they_are(earmark: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", music_like(duration=1.5), 22_050)
    file = mutagen.File(tmp_path / "a.flac")
    file.update({"genre": "[/red] x", "album": "[b]", "title": "t" * 400})
    file.save()
    library = str(tmp_path / "library.db")
    assert earmark("scan", str(tmp_path), "--library", library, "-j1").returncode == 0
    assert (
        earmark("library", "set-genre", "1", "[/odd]", "--new", "--library", library).returncode
        == 0
    )
    for words in (["list"], ["show", "1"], ["stats"], ["review"]):
        done = earmark("library", *words, "--library", library)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len(done.stdout.splitlines()) < 25
    done = earmark("library", "show", "1", "--library", library)
    assert b"[/red] x" in done.stdout
    assert b"[b]" in done.stdout
    assert b"[/odd]" in earmark("library", "stats", "--library", library).stdout


def test_library_that_is_none_is_usage(tmp_path: Path, earmark: Run) -> None:
    done = earmark("library", "list", EARMARK_LIBRARY=str(tmp_path / "none.db"))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no library exists yet. Create one with: earmark scan FOLDER" in done.stderr
    (tmp_path / "text.db").write_text("text")
    done = earmark("library", "stats", "--library", str(tmp_path / "text.db"))
    assert done.returncode == 2
    assert b"it is not a library" in done.stderr


def test_newer_library_is_usage_and_untouched(tmp_path: Path, scanned: Path, earmark: Run) -> None:
    path = tmp_path / "library.db"
    shutil.copy(scanned / "library.db", path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for command in (["scan", str(tmp_path)], ["library", "list"]):
        done = earmark(*command, EARMARK_LIBRARY=str(path))
        assert done.returncode == 2
        assert b"newer release" in done.stderr
    assert path.read_bytes() == before


def test_list_is_a_table(call: Callable[..., Any]) -> None:
    done = call("library", "list")
    assert done.exit_code == 0
    head, *rows = done.stdout.splitlines()
    assert head.split() == [
        "No.",
        "Track",
        "Year",
        "Length",
        "Genre",
        "Confidence",
        "In",
        "tags",
    ]
    assert [row.split()[1:4] for row in rows[:2]] == [
        ["Ann", "-", "First"],
        ["three", "[b]x", "0:02"],
    ]
    assert rows[-1] == "3 tracks"
    assert "fado" in rows[0]


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["--artist", "bob"], ["Second Song"]),
        (["--year", "1990-1999"], ["First"]),
        (["--year", "2000-"], ["Second Song"]),
        (["--year", "1994"], ["First"]),
        (["--title", "SONG"], ["Second Song"]),
        (["--album", "Songs"], ["Second Song"]),
        (["--sort", "year", "-n", "2"], ["", "First"]),
        (["--corrected"], []),
        (["--missing"], []),
        (["--min-confidence", "0", "--max-confidence", "1"], ["First", "", "Second Song"]),
    ],
)
def test_list_as_json(call: Callable[..., Any], options: list[str], titles: list[str]) -> None:
    done = call("library", "list", *options, "--json")
    told = json.loads(done.stdout)
    assert told["schema"] == "earmark.library/2"
    assert [one["title"] for one in told["tracks"]] == titles


def test_list_says_how_many_more_there_are(call: Callable[..., Any]) -> None:
    assert call("library", "list", "-n", "1").stdout.endswith(
        "\n3 tracks, 2 of them not shown. Show all with --limit 0\n"
    )


@pytest.mark.parametrize("year", ["199x", "-", "1999-1990", "1990 1999"])
def test_wrong_years_are_usage(earmark: Run, scanned: Path, year: str) -> None:
    library = str(scanned / "library.db")
    done = earmark("library", "list", f"--year={year}", "--library", library)
    assert done.returncode == 2
    assert b"year" in done.stderr


def test_show_has_genre_tags_and_timeline(call: Callable[..., Any]) -> None:
    done = call("library", "show", "first")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Ann - First no. ")
    assert any(line.split()[:3] == ["In", "tags", "fado"] for line in lines)
    assert any(line.startswith("Sounds like") for line in lines)
    assert any(line.startswith("0:00 ") for line in lines)


def test_show_as_json(call: Callable[..., Any]) -> None:
    told = json.loads(call("library", "show", number_of(call, "First"), "--json").stdout)
    assert told["schema"] == "earmark.library-track/2"
    assert told["track"]["tag_genres"] == ["fado"]
    (clip,) = told["clips"]
    assert (clip["start"], clip["end"]) == (0.0, 2.0)
    assert sum(clip["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_track_there_is_not_or_several(scanned: Path, earmark: Run) -> None:
    library = str(scanned / "library.db")
    done = earmark("library", "show", "nobody", "--library", library)
    assert done.returncode == 2
    assert b"track='nobody' matches no track of" in done.stderr
    done = earmark("library", "show", "s", "--library", library)
    assert done.returncode == 2
    assert b"matches 2 tracks: " in done.stderr
    assert b"Ann - First; " in done.stderr
    # A file without a title is told by its name.
    assert earmark("library", "show", "three", "--library", library).returncode == 0


def test_genre_is_set_shown_and_taken_back(call: Callable[..., Any]) -> None:
    number = number_of(call, "First")
    done = call("library", "set-genre", "--new", number, "second", "morna")
    assert done.exit_code == 0
    assert done.stdout == "Ann - First: morna\nBob - Second Song: morna\n"
    told = json.loads(call("library", "list", "--genre", "Morna", "--json").stdout)
    assert [one["corrected"] for one in told["tracks"]] == ["morna", "morna"]
    assert "2  corrected by you" in call("library", "stats").stdout
    assert call("library", "set-genre", "--clear", number).exit_code == 0
    told = json.loads(call("library", "list", "--corrected", "--json").stdout)
    assert [one["title"] for one in told["tracks"]] == ["Second Song"]


def test_genre_without_a_track_is_usage(earmark: Run, scanned: Path) -> None:
    library = str(scanned / "library.db")
    done = earmark("library", "set-genre", "jazz", "--library", library)
    assert done.returncode == 2
    assert b"Give one or more tracks and then the genre" in done.stderr
    done = earmark("library", "set-genre", "1", "2", "--library", library)
    assert done.returncode == 2
    assert b"the genre comes after the tracks" in done.stderr


def test_failed_are_listed_with_reasons(call: Callable[..., Any]) -> None:
    done = call("library", "failed")
    assert "text.mp3: no decoder finds audio in it" in done.stdout
    assert "1 failed" in done.stdout
    told = json.loads(call("library", "failed", "--json").stdout)
    assert told["tracks"][0]["error"]["code"] == "no-audio"


def test_stats(call: Callable[..., Any]) -> None:
    done = call("library", "stats")
    assert "3  tracks, 0.0 hours" in done.stdout
    told = json.loads(call("library", "stats", "--json").stdout)
    assert (told["schema"], told["tracks"]) == ("earmark.library-stats/2", 3)
    assert (told["failed"], told["artists"]) == (1, 2)
    assert sum(told["genres"].values()) == 3
    told = json.loads(call("library", "stats", "--artist", "ann", "--json").stdout)
    assert (told["tracks"], told["artists"], told["failed"]) == (1, 1, 0)


@pytest.mark.parametrize("kind", ["--csv", "--json", "--jsonl"])
def test_export(earmark_process: Run, scanned: Path, kind: str) -> None:
    done = earmark_process("library", "export", kind, "--library", str(scanned / "library.db"))
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    if kind == "--csv":
        titles = [row["title"] for row in csv.DictReader(io.StringIO(text))]
    elif kind == "--json":
        titles = [one["title"] for one in json.loads(text)["tracks"]]
    else:
        titles = [json.loads(line)["title"] for line in text.splitlines()]
    assert titles == ["First", "", "Second Song"]


def test_export_in_two_kinds_is_usage(earmark: Run, scanned: Path) -> None:
    library = str(scanned / "library.db")
    done = earmark("library", "export", "--csv", "--json", "--library", library)
    assert done.returncode == 2


def test_export_keeps_the_bytes_of_names(
    earmark: Run, earmark_process: Run, tmp_path: Path
) -> None:
    name = b"not \xff.flac"
    path = os.path.join(os.fsencode(tmp_path), name)
    soundfile.write(tmp_path / "a.flac", music_like(duration=1.5), 22_050)
    os.rename(tmp_path / "a.flac", path)
    library = str(tmp_path / "library.db")
    assert earmark("scan", str(tmp_path), "--library", library, "-j1").returncode == 0
    done = earmark_process("library", "export", "--library", library)
    assert name in done.stdout
    done = earmark("library", "list", "--library", library)
    assert done.returncode == 0
    assert b"not \\udcff" in done.stdout


def test_review_lists_what_is_in_doubt(call: Callable[..., Any]) -> None:
    told = json.loads(call("library", "review", "--json").stdout)
    doubtful = {
        one["id"]
        for one in json.loads(call("library", "list", "--json").stdout)["tracks"]
        if one["unsure"] or one["confidence"] < 0.5 or _margin(one) < 0.2
    }
    assert {one["id"] for one in told["tracks"]} == doubtful
    done = call("library", "review", "--all")
    assert "3 to review. Run this command in a terminal to set their genres" in done.stdout


def _margin(track: dict[str, Any]) -> float:
    first, second = sorted(track["probabilities"].values(), reverse=True)[:2]
    return float(first - second)


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a function that says what will be typed; its list holds what was not."""
    from earmark.cli import _review
    from earmark.cli import library as commands

    def typing(*lines: str) -> list[str]:
        rest = list(lines)

        def read_line() -> str:
            return f"{rest.pop(0)}\n" if rest else ""

        monkeypatch.setattr(commands, "is_terminal", lambda: True)
        monkeypatch.setattr(_review, "_read_line", read_line)
        return rest

    return typing


def _corrected(call: Callable[..., Any]) -> list[str]:
    told = json.loads(call("library", "list", "--corrected", "--json").stdout)
    return sorted(one["corrected"] for one in told["tracks"])


def test_review_takes_no_keystroke_for_a_genre(
    call: Callable[..., Any], at_a_terminal: Callable[..., list[str]]
) -> None:
    at_a_terminal("?", "99", "x", "!", "-q", "my own", "n", "N", "n", "b", "q")
    done = call("library", "review", "--all")
    assert done.exit_code == 0
    assert "1 of 3" in done.stdout
    assert "No genre has the number 99" in done.stdout
    assert "a new one must be confirmed" in done.stdout  # the help
    assert "'!' is not a genre" in done.stdout
    assert "0 genres set" in done.stdout
    assert _corrected(call) == []


def test_review_sets_goes_back_and_undoes(
    call: Callable[..., Any], at_a_terminal: Callable[..., list[str]]
) -> None:
    rest = at_a_terminal("JAZZ", "bossa nova", "y", "u", "b", "2", "", "my own", "y", "q")
    done = call("library", "review", "--all")
    assert done.exit_code == 0
    assert "Set to jazz" in done.stdout
    assert "bossa nova is a new genre. Add it? y/N: " in done.stdout
    assert "Undone: " in done.stdout
    assert "That was the last track" in done.stdout
    assert rest == ["q"]
    assert len(_corrected(call)) == 2
    assert "my own" in _corrected(call)
    assert "bossa nova" not in _corrected(call)


def test_review_shows_model_runner_up_and_tags(
    call: Callable[..., Any], at_a_terminal: Callable[..., list[str]]
) -> None:
    at_a_terminal()
    done = call("library", "review", "--all", "--artist", "ann")
    assert "1 of 1  Ann - First" in done.stdout
    assert "Tags:  fado" in done.stdout
    (line,) = (one for one in done.stdout.splitlines() if one.startswith("Model: "))
    assert line.count("%") == 2
    assert any(one.startswith("1 ") and "4 fado" in one for one in done.stdout.splitlines())


def test_genre_that_is_new_is_asked_about_or_needs_new(
    call: Callable[..., Any], at_a_terminal: Callable[..., list[str]], scanned: Path, earmark: Run
) -> None:
    library = str(scanned / "library.db")
    done = earmark("library", "set-genre", "1", "jaz", "--library", library)
    assert done.returncode == 2
    assert b"jaz is new to this library. Did you mean jazz? Pass --new to add it" in done.stderr
    done = earmark("library", "set-genre", "1", "--library", library, "--", "--clear")
    assert (done.returncode, done.stdout) == (2, b"")
    done = earmark("library", "set-genre", "--library", library, "1", "--", "--clear")
    assert done.returncode == 2
    assert b"is an option. Put options before --" in done.stderr

    number = number_of(call, "First")
    at_a_terminal("n")
    assert call("library", "set-genre", number, "jaz").exit_code == 1
    assert _corrected(call) == []
    at_a_terminal("y")
    assert call("library", "set-genre", number, "jaz").exit_code == 0
    assert _corrected(call) == ["jaz"]
    assert call("library", "set-genre", number, "Classical").stdout == "Ann - First: classical\n"
    assert call("library", "set-genre", number, "FADO").stdout == "Ann - First: fado\n"


def test_prune_shows_before_it_does(
    call: Callable[..., Any], tmp_path: Path, scanned: Path
) -> None:
    assert call("library", "prune").stdout == "No files are missing\n"
    number = number_of(call, "First")
    call("library", "set-genre", number, "morna", "--new")
    with open_library(tmp_path / "library.db") as library:
        library.scanned.mark_missing([int(number)], now=1.0)
    done = call("library", "prune")
    assert f"{scanned}/music/one.flac (your genre: morna)" in done.stdout
    assert "1 would be removed. Confirm with --yes" in done.stdout
    assert "1 removed" in call("library", "prune", "--yes").stdout
    assert call("library", "prune").stdout == "No files are missing\n"
    assert json.loads(call("library", "list", "--json").stdout)["total"] == 2


@pytest.mark.parametrize(
    "command",
    [["scan"], *(["library", one] for one in ("list", "show", "export", "review", "set-genre"))],
)
def test_help_has_an_example(call: Callable[..., Any], command: list[str]) -> None:
    done = call(*command, "--help")
    assert done.exit_code == 0
    assert "Example" in done.stdout
    assert f"earmark {' '.join(command)}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["scan", "-j1"], "scan-2"),
        (["library", "list"], "library-2"),
        (["library", "list", "--missing"], "library-2"),
        (["library", "failed"], "library-2"),
        (["library", "review"], "library-2"),
        (["library", "set-genre", "first", "fado"], "library-2"),
        (["library", "prune"], "library-2"),
        (["library", "export"], "library-2"),
        (["library", "show", "first"], "library-track-2"),
        (["library", "stats"], "library-stats-2"),
    ],
)
def test_json_is_of_its_schema(
    earmark: Run,
    earmark_process: Run,
    scanned: Path,
    tmp_path: Path,
    arguments: list[str],
    name: str,
) -> None:
    path = tmp_path / "library.db"
    shutil.copy(scanned / "library.db", path)
    run = earmark_process if arguments[1] == "export" else earmark
    done = run(*arguments, "--json", "--library", str(path))
    assert done.stderr == b""
    folder = resources.files("earmark") / "schemas"
    schema = json.loads((folder / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(done.stdout), schema)
