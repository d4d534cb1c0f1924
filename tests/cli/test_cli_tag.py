"""``earmark tag`` as people run it: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile

from earmark.library import open_library
from earmark.tags import read_tags, write_genres

Run = Callable[..., subprocess.CompletedProcess[bytes]]
_HELPERS = runpy.run_path(str(Path(__file__).parents[1] / "changes" / "change_helpers.py"))
add_track: Any = _HELPERS["add_track"]
SCHEMA = json.loads((resources.files("earmark") / "schemas" / "tag-2.json").read_text("utf-8"))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("sure", "has", "doubtful", "new\nline"):
        soundfile.write(folder / f"{name}.flac", rng.normal(0, 0.1, 4410), 22_050)
    write_genres(folder / "has.flac", ["Bebop"])
    return folder


@pytest.fixture
def library(tmp_path: Path, music: Path) -> Path:
    path = tmp_path / "library.db"
    with open_library(path, create=True) as opened:
        for name, confidence in (
            ("sure", 0.9),
            ("doubtful", 0.4),
            ("has", 0.9),
            ("new\nline", 0.8),
        ):
            add_track(opened, music / f"{name}.flac", genre="hiphop", confidence=confidence)
    return path


def test_there_and_back(earmark: Run, library: Path, music: Path, tmp_path: Path) -> None:
    where, plan = ("--library", str(library)), str(tmp_path / "plan.csv")
    done = earmark("tag", "plan", *where, "--threshold", "0.7", "-o", plan, COLUMNS="300")
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "2 files to write, 2 to leave as they are" in said
    assert "1  has a genre" in said
    assert "1  below the threshold" in said
    assert "Answers with a confidence of 70% or more are written. In this library, 75% of" in said
    assert "new\\nline.flac" in said
    assert "Hip-Hop" in said
    assert f"Plan written to {plan}" in said
    assert read_tags(music / "sure.flac").genres == ()

    done = earmark("tag", "apply", plan, *where)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "2 written, 0 skipped, 0 failed",
        "Undo this with: earmark tag undo 1",
    ]
    assert read_tags(music / "sure.flac").genres == ("Hip-Hop",)

    again = earmark("tag", "apply", plan, *where, COLUMNS="300")
    assert again.returncode == 0
    lines = again.stdout.decode().splitlines()
    assert lines[-1] == "0 written, 2 unchanged, 0 skipped, 0 failed"
    assert f"unchanged {music}/sure.flac: already as planned" in lines

    told = earmark("tag", "history", *where).stdout.decode().splitlines()
    assert [line.split()[:4] for line in told[1:]] == [["1", "2", "0", "0"]]

    done = earmark("tag", "undo", *where)
    assert done.returncode == 0
    assert done.stdout == b"2 undone, 0 skipped, 0 failed\n"
    assert read_tags(music / "sure.flac").genres == ()
    done = earmark("tag", "undo", *where)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"there is nothing to undo" in done.stderr


def test_json_is_alone_on_standard_output(earmark: Run, library: Path, tmp_path: Path) -> None:
    where, plan = ("--library", str(library), "--json"), str(tmp_path / "plan.csv")
    for command in (
        ("plan", "--threshold", "0.7", "-o", plan),
        ("apply", plan),
        ("history",),
        ("undo",),
    ):
        done = earmark("tag", *command, *where)
        assert (done.returncode, done.stderr) == (0, b"")
        jsonschema.validate(json.loads(done.stdout), SCHEMA)


def test_what_failed_is_told(earmark: Run, library: Path, music: Path, tmp_path: Path) -> None:
    where, plan = ("--library", str(library)), str(tmp_path / "plan.csv")
    earmark("tag", "plan", *where, "--threshold", "0.7", "-o", plan)
    os.link(music / "sure.flac", tmp_path / "other.flac")
    done = earmark("tag", "apply", plan, *where, COLUMNS="300")
    said = done.stdout.decode()
    assert done.returncode == 1
    assert f"failed  {music}/sure.flac: it has 2 names (hard links)" in said
    assert "1 written, 0 skipped, 1 failed" in said
    told = earmark("tag", "history", *where).stdout.decode().splitlines()
    assert told[1].split()[:4] == ["1", "1", "0", "1"]
    write_genres(music / "new\nline.flac", ["Other"])
    done = earmark("tag", "undo", *where, COLUMNS="300")
    assert done.returncode == 1
    assert "its genres are no longer what was written" in done.stdout.decode()
    assert "0 undone, 1 skipped, 0 failed" in done.stdout.decode()


def test_options_of_a_plan(earmark: Run, library: Path, music: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("hiphop,Rap\n")
    done = earmark(
        *("tag", "plan", "--library", str(library), "--threshold", "0.3", "--replace", "--json"),
        *("--names", str(names), "--in", str(music / "has.flac"), "--genres", "2", "--also", "0"),
    )
    (row,) = json.loads(done.stdout)["plan"]["rows"]
    assert (row["genres"][0], len(row["genres"]), row["now"]) == ("Rap", 2, ["Bebop"])


def test_genres_that_say_nothing_are_replaced(earmark: Run, library: Path, music: Path) -> None:
    write_genres(music / "sure.flac", ["Other"])
    write_genres(music / "new\nline.flac", ["To sort"])
    with open_library(library) as opened:
        for name in ("sure", "new\nline"):
            opened.file_changed(music / f"{name}.flac")
    plan = ("tag", "plan", "--library", str(library), "--threshold", "0.7", "--json")

    def written(*more: str) -> list[str]:
        rows = json.loads(earmark(*plan, *more).stdout)["plan"]["rows"]
        return [os.path.basename(row["path"]) for row in rows if row["action"] == "write"]

    assert written() == ["sure.flac"]
    assert written("--treat-as-empty", "to-sort") == ["new\nline.flac", "sure.flac"]
    both = ("--treat-as-empty", "to-sort", "--treat-as-empty", "bebop")
    assert sorted(written(*both)) == ["has.flac", "new\nline.flac", "sure.flac"]


def test_names_that_are_not_text(earmark: Run, library: Path, music: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(os.path.join(os.fsencode(music), b"b\xff.flac"))
    os.rename(music / "doubtful.flac", odd)
    with open_library(library) as opened:
        add_track(opened, odd)
    where, plan = ("--library", str(library)), str(tmp_path / "plan.csv")
    done = earmark("tag", "plan", *where, "--threshold", "0.7", "-o", plan, COLUMNS="300")
    assert done.returncode == 0
    assert b"b\\udcff.flac" in done.stdout
    assert earmark("tag", "apply", plan, *where).returncode == 0
    assert read_tags(odd).genres == ("Jazz",)


def test_help_shows_examples(earmark: Run) -> None:
    said = earmark("tag", "--help", COLUMNS="200").stdout.decode()
    assert "earmark tag plan -o plan.csv" in said
    said = earmark("tag", "plan", "--help", COLUMNS="200").stdout.decode()
    for option in ("--threshold", "--precision", "--replace", "--genres", "--names", "--output"):
        assert option in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("plan", "--library", "{}/no.db"), 2, "no.db"),
        (("plan", "--threshold", "2"), 2, "Invalid value for '--threshold'"),
        (("plan", "--genres", "0"), 2, "Invalid value for '--genres'"),
        (("plan", "--names", "{}/no.toml", "--threshold", "0.5"), 2, "No such file"),
        (("plan", "--threshold", "0.5", "-o", "{}/library.db"), 2, "already exists"),
        (("plan", "--threshold", "0.5", "-o", "{}/no/plan.csv"), 2, "its folder does not exist"),
        (("apply", "{}/no.csv"), 2, "no such file"),
        (("apply", "{}/music/sure.flac"), 2, "it is not UTF-8"),
        (("undo", "7"), 2, "batch=7 is not in the journal"),
    ],
)
def test_bad_argument_is_refused(
    earmark: Run,
    library: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    given = [one.format(tmp_path) for one in arguments]
    where = [] if "--library" in given else ["--library", str(library)]
    done = earmark("tag", *given, *where, COLUMNS="300")
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
