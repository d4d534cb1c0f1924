"""What ``earmark scan`` prints: warnings, a line for each change, and progress in words."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from earmark.analysis import AnswerSummary
from earmark.cli import _output, _progress
from earmark.cli._main import app
from earmark.errors import NoAudioError
from earmark.library import LibraryTrack, TrackPage
from earmark.workflows import library as library_workflow
from earmark.workflows import scan as workflow
from earmark.workflows.scan import ScanEvent, ScanReport, WarnedFile

WARNED = (
    WarnedFile("/m/a.mp3", ("1.0 s from 0:10 on could not be decoded",), partial=True, new=True),
    WarnedFile("/m/b.mp3", ("cut short",), partial=True, new=False),
    WarnedFile("/m/c.wav", ("its tags cannot be read: why",), partial=False, new=True),
)
TRACK = LibraryTrack(
    *(1, "/m/in/b.flac", "analysed", False),
    answer=AnswerSummary("rock", 0.934),
    warnings=("half",),
)
UNSURE = LibraryTrack(
    *(2, "/m/c.flac", "analysed", False), answer=AnswerSummary("jazz", 0.4, unsure="unfamiliar")
)
EVENTS = (
    ScanEvent("new", "/m/in/b.flac", track=TRACK),
    ScanEvent("moved", "/m/c.flac", before="/m/old/c.flac", track=UNSURE),
    ScanEvent("gone", "/m/d.flac", track=TRACK),
    ScanEvent("failed", "/m/e.mp3", error=NoAudioError("/m/e.mp3", "no decoder finds audio")),
)


def _call(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "110"})


def test_scan_ends_with_a_count_of_what_was_heard_only_in_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = ScanReport("/l.db", ("/m",), n_files=9, n_analysed=9, warned=WARNED)
    monkeypatch.setattr(workflow, "scan", lambda *_, **__: report)
    done = _call("scan", "/m")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        "warning /m/a.mp3: 1.0 s from 0:10 on could not be decoded",
        "warning /m/c.wav: its tags cannot be read: why",
    ]
    assert "b.mp3" not in done.stdout  # said by an earlier scan
    assert (
        "2 heard only in part, 1 with other warnings: see earmark library list --warned"
        in done.stdout
    )
    told = json.loads(_call("scan", "/m", "--json").stdout)
    assert (told["schema"], told["partial"]) == ("earmark.scan/2", 2)
    assert [one["path"] for one in told["warned"]] == ["/m/a.mp3", "/m/b.mp3", "/m/c.wav"]
    assert told["warned"][2]["messages"] == ["its tags cannot be read: why"]


def test_failed_and_warned_files_are_listed_with_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = LibraryTrack(3, "/m/x.mp3", "failed", False, error_code="audio", error_reason="why")
    page = TrackPage((bad,), 1, warned=(TRACK,))
    monkeypatch.setattr(library_workflow, "failed_tracks", lambda *_, **__: page)
    assert _call("library", "failed").stdout.splitlines()[:4] == [
        "/m/x.mp3: why",
        "warning: /m/in/b.flac: half",
        "",
        "1 failed, 1 analysed with warnings",
    ]
    told = json.loads(_call("library", "failed", "--json").stdout)
    assert (told["total"], [one["id"] for one in told["warned"]]) == (1, [1])
    monkeypatch.setattr(library_workflow, "list_tracks", lambda *_, **__: TrackPage((TRACK,), 1))
    assert "half" in _call("library", "list", "--warned").stdout
    assert "half" not in _call("library", "list").stdout


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let watching find four changes."""

    def watch(*_: Any, changed: Callable[[ScanEvent], None], **__: Any) -> Iterator[ScanReport]:
        yield ScanReport("/l.db", ("/m",), n_files=1, failed=(NoAudioError("/m/old.mp3", "old"),))
        for event in EVENTS:
            changed(event)
        yield ScanReport("/l.db", ("/m",), failed=(NoAudioError("/m/old.mp3", "old"),))

    monkeypatch.setattr(workflow, "watch", watch)


@pytest.mark.usefixtures("watched")
def test_watching_prints_one_line_for_each_change() -> None:
    done = _call("scan", "/m", "--watch")
    assert done.stdout.count("old.mp3") == 1
    assert done.stdout.splitlines()[-4:] == [
        "new     in/b.flac: rock 93%; half",
        "moved   old/c.flac → c.flac: jazz 40% (not like any music I know)",
        "gone    d.flac",
        "failed  e.mp3: no decoder finds audio",
    ]


@pytest.mark.usefixtures("watched")
def test_watching_writes_json_lines() -> None:
    first, *events = map(json.loads, _call("scan", "/m", "--watch", "--json").stdout.splitlines())
    assert first["schema"] == "earmark.scan/2"
    assert [(one["event"], one["path"], one["genre"]) for one in events] == [
        ("new", "/m/in/b.flac", "rock"),
        ("moved", "/m/c.flac", "jazz"),
        ("gone", "/m/d.flac", "rock"),
        ("failed", "/m/e.mp3", None),
    ]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("options", [{}, {"show_item": True}], ids=["scan", "tune"])
def test_progress_says_which_time_is_elapsed_and_which_is_left(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]
) -> None:
    seen = _Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with _progress.progress_bar("Listening", **options) as progress:
        for done in range(1, 60):
            progress(done, 100, "a.mp3")
            time.sleep(0.005)  # there is no pace without time
    assert "elapsed" in seen.getvalue()
    assert "left" in seen.getvalue()


def test_what_is_printed_does_not_run_into_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Terminal()  # both streams go to it
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    with _progress.progress_bar("Listening", in_turns=True) as progress:
        for done in (1, 2):
            progress(done, 3, "a.mp3")
            with _progress.bar_aside():
                _output.stdout().print(f"line {done}")
        progress(3, 3, "a.mp3")
    for done in (1, 2):
        before, _ = screen.getvalue().split(f"line {done}")
        assert before.endswith("\x1b[2K")  # an empty line, the bar cleared from it


def test_progress_keeps_nothing_from_a_file_or_a_pipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    with _progress.progress_bar("Listening") as progress:
        progress(1, 2, "a.mp3")
        typer.echo("a line of the result")
    assert output.getvalue() == "a line of the result\n"
