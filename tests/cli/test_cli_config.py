"""The command ``config``, what settings do to other commands, and completion in the shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Earmark = Callable[..., "CompletedProcess[bytes]"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration file that sets the library and more."""
    path = tmp_path / "earmark.toml"
    path.write_text('library = "mine.db"\njobs = 2\ntreat_as_empty = ["Podcast"]\n')
    return path


def test_show_names_each_value_and_its_source(earmark: Earmark, config: Path) -> None:
    done = earmark("config", "show", "--json", EARMARK_CONFIG=str(config), EARMARK_JOBS="7")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["schema"] == "earmark.config/1"
    assert document["path"] == str(config)
    settings = document["settings"]
    assert settings["jobs"] == {"value": 7, "source": "environment", "variable": "EARMARK_JOBS"}
    assert settings["library"]["value"] == str(config.parent / "mine.db")
    assert settings["library"]["source"] == "file"
    assert settings["precision"]["source"] == "default"


def test_show_prints_a_table(earmark: Earmark, config: Path) -> None:
    done = earmark("config", "show", EARMARK_CONFIG=str(config), COLUMNS="100")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "treat_as_empty" in text
    assert "Podcast" in text
    assert f"File: {config}" in text


def test_path_is_printed_also_where_there_is_no_file(earmark: Earmark, tmp_path: Path) -> None:
    done = earmark("config", "path", EARMARK_CONFIG=str(tmp_path / "none.toml"))
    assert done.returncode == 0
    assert done.stdout.decode().strip() == str(tmp_path / "none.toml")


def test_commands_use_the_library_of_the_file(earmark: Earmark, config: Path) -> None:
    done = earmark("library", "stats", EARMARK_CONFIG=str(config))
    assert done.returncode == 2
    assert "mine.db" in done.stderr.decode()


def test_flag_wins_over_the_file(earmark: Earmark, config: Path) -> None:
    done = earmark(
        *("library", "stats", "--library", str(config.parent / "other.db")),
        EARMARK_CONFIG=str(config),
    )
    assert done.returncode == 2
    assert "other.db" in done.stderr.decode()
    assert "mine.db" not in done.stderr.decode()


def test_wrong_file_ends_a_command_with_usage(earmark: Earmark, config: Path) -> None:
    config.write_text("jobs = 'many'\n")
    done = earmark("models", "list", EARMARK_CONFIG=str(config))
    assert done.returncode == 2
    assert "jobs = 'many' must be a whole number of 1 or more" in done.stderr.decode()


def test_shell_completes_commands(earmark: Earmark) -> None:
    done = earmark(
        _EARMARK_COMPLETE="complete_bash",
        COMP_WORDS="earmark li",
        COMP_CWORD="1",
        _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
    )
    assert "library" in done.stdout.decode().split()
