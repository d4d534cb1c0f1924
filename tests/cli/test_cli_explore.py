"""``earmark datasets explore``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from earmark.cli import explore
from earmark.cli._commands import include
from earmark.errors import ParameterError

sys.path.insert(0, str(Path(__file__).parent.parent / "datasets"))

from made_up_corpora import make_folder

APP = typer.Typer()
include(APP, explore.app)


@APP.callback()
def _whole() -> None:
    """Make an application of one command a group."""


@pytest.fixture
def music(tmp_path: Path) -> str:
    folder = tmp_path / "music"
    folder.mkdir()
    make_folder(folder)
    return f"folder:{folder}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, ["explore", *arguments], env={"COLUMNS": "100"})


def test_counts_are_printed(music: str) -> None:
    done = run(music)
    assert done.exit_code == 0
    assert "Near duplicates: 0 pairs" in done.stdout
    assert "Written" not in done.stdout


def test_json_is_all_that_is_printed(music: str) -> None:
    done = run(music, "--json")
    assert json.loads(done.stdout)["schema"] == "earmark.exploration/2"


def test_page_is_written(music: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run(music, "--output", str(page))
    assert done.exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert str(page) in done.stdout
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_page_that_is_there_is_kept_unless_told(music: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine", encoding="utf-8")
    done = run(music, "--output", str(page))
    assert isinstance(done.exception, ParameterError)
    assert page.read_text(encoding="utf-8") == "mine"
    assert run(music, "--output", str(page), "--overwrite").exit_code == 0
    assert page.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("dataset", ["music", "nothing:here"])
def test_unknown_dataset_is_refused(dataset: str) -> None:
    assert isinstance(run(dataset).exception, ParameterError)


def test_page_in_no_folder_is_refused(music: str, tmp_path: Path) -> None:
    done = run(music, "--output", str(tmp_path / "no" / "page.html"))
    assert isinstance(done.exception, ParameterError)
