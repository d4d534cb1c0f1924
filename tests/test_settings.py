"""Settings: a flag wins over the environment, that over the file, and the file over the default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from earmark.errors import SettingsError
from earmark.library import library_path
from earmark.settings import DEFAULTS, load_settings, settings_path

VARIABLES = [f"EARMARK_{name.upper()}" for name in DEFAULTS]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a configuration file that does not exist yet."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "settings" / "earmark.toml"
    path.parent.mkdir()
    monkeypatch.setenv("EARMARK_CONFIG", str(path))
    return path


def sources() -> dict[str, str]:
    return {setting.name: setting.source for setting in load_settings().settings}


def test_without_a_file_nothing_is_set(config: Path) -> None:
    settings = load_settings()
    assert not settings.exists
    assert settings.path == str(config)
    assert settings.set_values() == {}
    assert {one.name: one.value for one in settings.settings} == dict(DEFAULTS)


def test_file_wins_over_the_default(config: Path) -> None:
    config.write_text("jobs = 3\nprecision = 0.8\n")
    settings = load_settings()
    assert settings.exists
    assert settings.set_values() == {"jobs": 3, "precision": 0.8}
    assert sources()["jobs"] == "file"


def test_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('jobs = 3\ntreat_as_empty = ["Misc"]\n')
    monkeypatch.setenv("EARMARK_JOBS", "5")
    monkeypatch.setenv("EARMARK_TREAT_AS_EMPTY", "Podcast, Audiobook")
    settings = load_settings()
    assert settings["jobs"] == 5
    assert settings["treat_as_empty"] == ["Podcast", "Audiobook"]
    assert sources()["jobs"] == "environment"


def test_empty_variable_sets_nothing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("jobs = 3\n")
    monkeypatch.setenv("EARMARK_JOBS", "")
    assert load_settings()["jobs"] == 3


def test_paths_are_relative_to_the_file(config: Path) -> None:
    config.write_text('library = "music.db"\nnames = "~/names.toml"\n')
    settings = load_settings()
    assert settings["library"] == str(config.parent / "music.db")
    assert settings["names"] == os.path.expanduser("~/names.toml")


def test_library_of_the_file_is_that_of_python_too(config: Path) -> None:
    config.write_text('library = "music.db"\n')
    assert library_path() == str(config.parent / "music.db")
    assert library_path("other.db") == os.path.abspath("other.db")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("jobs = ", "not TOML"),
        ("jobz = 2", "'jobz' is not a setting. Settings: library, jobs"),
        ("jobs = 0", "jobs = 0 must be a whole number of 1 or more"),
        ("jobs = true", "jobs = True must be a whole number of 1 or more"),
        ("precision = 2", "precision = 2 must be a number from 0 to 1"),
        ('treat_as_empty = "Misc"', "treat_as_empty = 'Misc' must be a list of texts"),
        ('library = ""', "library = '' must be text"),
    ],
)
def test_wrong_file_is_refused(config: Path, content: str, reason: str) -> None:
    config.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.path == str(config)
    assert reason in caught.value.reason


def test_file_that_is_not_utf8_is_refused(config: Path) -> None:
    config.write_bytes(b'library = "\xff"')
    with pytest.raises(SettingsError, match="not TOML"):
        load_settings()


def test_folder_is_refused(config: Path) -> None:
    config.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()


@pytest.mark.parametrize("text", ["many", "0", "1.5"])
def test_wrong_variable_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("EARMARK_JOBS", text)
    with pytest.raises(SettingsError, match=f"EARMARK_JOBS.*'{text}' must be a whole number"):
        load_settings()


def test_path_is_in_the_folder_of_settings_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARMARK_CONFIG", raising=False)
    assert settings_path().endswith(os.path.join("earmark", "earmark.toml"))
