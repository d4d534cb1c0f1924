"""``earmark organise``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from earmark.cli import organise
from earmark.errors import ParameterError
from earmark.library import open_library
from earmark.library._journal import ChangeJournal
from earmark.testing import music_like

_HELPERS = runpy.run_path(str(Path(__file__).parents[1] / "changes" / "change_helpers.py"))
SCHEMA = json.loads((resources.files("earmark") / "schemas" / "organise-2.json").read_text("utf-8"))
Call = Callable[..., Any]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Return a function that runs the command with a library of three songs."""
    app = typer.Typer()
    app.add_typer(organise.app)
    library = tmp_path / "library.db"
    with open_library(library, create=True) as opened:
        for folder, name in (("1", "a.flac"), ("2", "A.flac"), ("2", "[b]x.flac")):
            song = tmp_path / "music" / folder / name
            song.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(song, music_like(duration=0.3, seed=len(name + folder)), 22_050)
            _HELPERS["add_track"](opened, song)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["organise", *arguments, "--library", str(library)])

    return run


def test_organise_plan_apply_history_undo(call: Call, tmp_path: Path) -> None:
    into, plan = str(tmp_path / "into"), str(tmp_path / "plan.csv")
    done = call("plan", "--into", into, "--mode", "copy", "-o", plan)
    assert done.exit_code == 0, done.output
    assert f"2 files to copy into {into}, 1 to leave as they are" in done.stdout
    assert "1  another file will be placed there" in done.stdout
    words = " ".join(done.stdout.split())
    assert f"collision {tmp_path}/music/2/A.flac: Jazz/Unknown artist/A.flac: another file" in words
    assert " needed, " in done.stdout
    assert f"Plan written to {plan}. Check it and edit it" in done.stdout
    assert not Path(into).exists()
    done = call("apply", plan)
    assert done.exit_code == 0, done.output
    assert done.stdout == "2 placed, 0 skipped, 0 failed\nUndo this with: earmark organise undo 1\n"
    done = call("history")
    assert "copy" in done.stdout
    assert into in "".join(done.stdout.split())
    again = call("apply", plan)
    assert (again.exit_code, "0 placed, 2 unchanged, 0 skipped" in again.stdout) == (0, True)
    assert "it is already there" in again.stdout
    (Path(into) / "Jazz" / "Unknown artist" / "a.flac").write_bytes(b"other")
    failed = call("apply", plan)
    assert failed.exit_code == 1
    assert "failed  " in failed.stdout
    assert "another file is already there" in failed.stdout
    undone = call("undo", "1")
    assert undone.exit_code == 1
    assert "it is not the file that was placed there" in undone.stdout
    assert undone.stdout.endswith("1 undone, 1 skipped, 0 failed\n")


def test_apply_without_a_plan_shows_one_first(call: Call, tmp_path: Path) -> None:
    into = str(tmp_path / "into")
    done = call("apply", "--into", into, "--by", "genre", "--mode", "move")
    assert isinstance(done.exception, ParameterError)
    assert "Check the plan, then pass --yes" in str(done.exception)
    assert "2 files to move" in done.stdout
    assert not Path(into).exists()
    done = call("apply", "--into", into, "--by", "genre", "--mode", "move", "--yes")
    assert done.exit_code == 0
    assert "2 placed" in done.stdout
    assert sorted(path.name for path in Path(into, "Jazz").iterdir()) == ["[b]x.flac", "a.flac"]
    assert "2 undone" in call("undo").stdout
    assert not Path(into).exists()


def test_organise_json_follows_its_schema(call: Call, tmp_path: Path) -> None:
    into = str(tmp_path / "into")
    for arguments in (
        ("plan", "--into", into),
        ("apply", "--into", into, "--yes"),
        ("history",),
        ("undo",),
    ):
        done = call(*arguments, "--json")
        assert done.exit_code == 0, done.output
        jsonschema.validate(json.loads(done.stdout), SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan",), "Pass --into FOLDER"),
        (("apply", "--mode", "copy"), "Pass --into FOLDER"),
        (("apply", "plan.csv", "--into", "x"), "PLAN and --into cannot be combined"),
        (("plan", "--into", "x", "--by", "mood"), "by='mood'"),
        (("plan", "--into", "x", "--mode", "burn"), "mode='burn'"),
        (("undo", "7"), "batch=7 is not in the journal"),
    ],
)
def test_organise_refuses(call: Call, arguments: tuple[str, ...], message: str) -> None:
    done = call(*arguments)
    assert isinstance(done.exception, ParameterError)
    assert message in str(done.exception)


def test_nothing_organised_yet(call: Call) -> None:
    done = call("history")
    assert (done.exit_code, done.stdout) == (0, "No plan has been applied yet\n")


def test_what_was_cut_short_is_told(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    into = tmp_path / "usb" / "into"
    into.parent.mkdir()
    arguments = ("apply", "--into", str(into), "--by", "genre", "--mode", "copy", "--yes")
    with monkeypatch.context() as patched:
        patched.setattr(ChangeJournal, "finish", end)
        assert call(*arguments).exit_code
    into.parent.rename(tmp_path / "away")
    done = call("undo")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    assert f"left over from a run that was cut short: {tmp_path}/music/1/a.flac: folder" in words
    assert "does not exist: it will be checked again later" in words
    (tmp_path / "away").rename(into.parent)
    done = call("undo")
    assert (
        f"left over from a run that was cut short: {tmp_path}/music/1/a.flac: was placed"
        in done.stdout
    )
    assert done.stdout.endswith("1 undone, 0 skipped, 0 failed\n")
    assert not into.exists()


def test_template_names_files_and_covers_go_along(call: Call, tmp_path: Path) -> None:
    into = str(tmp_path / "into")
    (tmp_path / "music" / "1" / "a.lrc").write_text("words")
    template = "{extension}/{artist}/{track:02} {title}"
    done = call("plan", "--into", into, "--template", template, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    plan = document["plan"]
    assert (plan["by"], plan["template"]) == ("", template)
    (lyrics,) = [row for row in plan["rows"] if row["kind"] == "sidecar"]
    assert lyrics["target"] == "flac/Unknown artist/a.lrc"
    done = call("plan", "--into", into, "--template", template)
    words = " ".join(done.stdout.split())
    assert f"3 files to link into {into} (1 of them covers, lyrics and similar files)" in words
    done = call("plan", "--into", into, "--template", "{mood}/{title}")
    assert isinstance(done.exception, ParameterError)
    assert "'mood' is not a field; the fields are genre, artist," in str(done.exception)
    done = call("plan", "--into", into, "--genre-source", "tag", "--keep-unsure", "--no-sidecars")
    assert "3 no genre in its tags" in " ".join(done.stdout.split())
