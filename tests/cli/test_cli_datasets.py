"""``earmark datasets list`` and ``show``: what they print, and their exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from earmark.cli import datasets
from earmark.cli._commands import include
from earmark.errors import ParameterError
from earmark.workflows._datasets import all_corpora

sys.path.insert(0, str(Path(__file__).parent.parent / "datasets"))

from made_up_corpora import make_folder, make_gtzan, make_table, silent_file

APP = typer.Typer()
include(APP, datasets.app)


@APP.callback()
def _whole() -> None:
    """Make an application of one group a group."""


def run(*arguments: str, columns: int = 100) -> Result:
    return CliRunner().invoke(APP, ["datasets", *arguments], env={"COLUMNS": str(columns)})


def test_list_names_every_dataset() -> None:
    done = run("list")
    assert done.exit_code == 0
    names = [line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()]
    assert names == ["Name", *(corpus.name for corpus in all_corpora())]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_nothing_is_cut_off(columns: int) -> None:
    done = run("list", columns=columns)
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= columns


def test_list_as_json() -> None:
    told = json.loads(run("list", "--json").stdout)
    assert told["schema"] == "earmark.datasets/1"
    assert [one["name"] for one in told["datasets"]] == [corpus.name for corpus in all_corpora()]


@pytest.mark.parametrize("corpus", all_corpora(), ids=lambda corpus: corpus.name)
def test_show_tells_citation_licence_and_faults(corpus: object) -> None:
    done = run("show", corpus.name, columns=400)  # type: ignore[attr-defined]
    assert done.exit_code == 0
    for text in (corpus.citation, corpus.licence, *corpus.faults):  # type: ignore[attr-defined]
        assert text in done.stdout


def test_show_tells_what_is_there(tmp_path: Path) -> None:
    done = run("show", f"gtzan:{make_gtzan(tmp_path)}", columns=200)
    assert done.exit_code == 0
    for text in (
        "features_30_sec.csv: differs",
        "logmel_u8.npz: missing",
        "1,000, 1,000 with a genre, 0 with audio",
        "750 tracks by 57 features (gtzan57), digest ",
        "blues 100, classical 100",
        "1 copies of another track",
        "train 250, valid 250, test 250, none 250",
    ):
        assert text in done.stdout
    assert done.stderr == ""


def test_show_as_json_is_one_document(tmp_path: Path) -> None:
    done = run("show", f"table:{make_table(tmp_path)}", "--json")
    told = json.loads(done.stdout)
    assert told["schema"] == "earmark.datasets/1"
    (one,) = told["datasets"]
    assert one["content"]["genres"] == {"jazz": 10, "rock": 10}


def test_show_of_what_cannot_be_read_fails(tmp_path: Path) -> None:
    done = run("show", f"gtzan:{tmp_path}")
    assert done.exit_code == 1
    assert "index.csv: missing" in done.stdout
    assert done.stderr.startswith("earmark: ")
    assert "index.csv': No such file or directory" in done.stderr
    failed = run("show", f"gtzan:{tmp_path}", "--json")
    assert failed.exit_code == 1
    assert "No such file" in json.loads(failed.stdout)["datasets"][0]["error"]


def test_show_warns_on_standard_error(tmp_path: Path) -> None:
    silent_file(make_folder(tmp_path) / "rock" / "untold.flac")
    done = run("show", f"folder:{tmp_path}")
    assert done.exit_code == 0
    assert "1 of 13 files names no artist in its tags" in done.stderr
    assert "rock 7" in done.stdout


def test_names_cannot_command_the_terminal(tmp_path: Path) -> None:
    silent_file(tmp_path / "ro\x1b[31mck" / "a.wav")
    done = run("show", f"folder:{tmp_path}")
    assert "\x1b[31m" not in done.stdout + done.stderr
    assert "ro\\x1b[31mck 1" in done.stdout


def test_unknown_dataset_is_refused() -> None:
    done = run("show", "polka")
    assert isinstance(done.exception, ParameterError)


def test_help_shows_what_to_type() -> None:
    done = run("--help")
    assert "earmark datasets show gtzan:" in done.stdout
