"""``earmark scan``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from earmark.cli._library_options import LibraryOption
from earmark.cli._library_tables import genre_text, words_of
from earmark.cli._output import bar_aside, compile_first, printable, progress_bar, stdout, time_text

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.workflows.scan import ScanEvent, ScanPlan, ScanReport

__all__ = ["add_to"]

_HELP = (
    "Listen to folders of music once, and keep what was heard in the library.\n\n"
    "Every file is decoded once: its tags, its genre clip by clip, and what similar songs are "
    "found by. What is done is kept file by file: ended at any moment, the same command goes on "
    "where it was. Scanned again, unchanged files cost no more than a look at their time; moved, "
    "renamed and retagged ones are recognised by their audio; those that are gone are marked, and "
    "kept until earmark library prune. An album in one file with a cue sheet is as many tracks as "
    "the sheet names. Nothing is ever written to your files.\n\n"
    "Exit code 0: all analysed; 1: some failed; 2: usage."
)
_EXAMPLES = (
    "Examples:  earmark scan ~/Music  ·  earmark scan  (all that were scanned before)  ·  "
    "earmark scan ~/Music --watch"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("scan", help=_HELP, epilog=_EXAMPLES)(_scan)


def _scan(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Folders and files.", show_default="what was scanned before"),
    ] = None,
    library: LibraryOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Name of a shipped model, or an .earmark file; remembered.",
            show_default="what the library remembers, at first gtzan943",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Files worked on at a time.", show_default="cores"
        ),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Listen again to unchanged files that failed."),
    ] = False,
    keep_watching: Annotated[
        bool, typer.Option("--watch", help="Go on, and scan whenever something changes.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; with --watch, a line for each change.")
    ] = False,
) -> None:
    compile_first()
    from earmark.workflows.scan import scan

    try:
        if keep_watching:
            _watch(paths, library=library, model=model, jobs=jobs, as_json=as_json)
            return
        with progress_bar("Listening") as progress:
            report = scan(
                paths or (),
                library=library,
                model=model,
                jobs=jobs,
                retry_failed=retry_failed,
                planned=None if as_json else _tell_plan,
                progress=progress,
            )
    except KeyboardInterrupt:
        typer.echo("Ended. What was done is kept: the same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    _tell(report, as_json=as_json, indent=1)
    if report.failed:
        raise typer.Exit(1)


def _watch(
    paths: list[str] | None,
    *,
    library: str | None,
    model: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Print the report of the first scan, then a line for each change, until Ctrl-C."""
    from earmark.workflows.scan import watch

    roots: list[str] = []

    def tell(event: ScanEvent) -> None:
        with bar_aside():
            if as_json:
                typer.echo(json.dumps(event.to_dict()))
            else:
                stdout().print(_event_line(event, roots), soft_wrap=True)

    with progress_bar("Listening", in_turns=True) as progress:
        reports = watch(
            paths or (), library=library, model=model, jobs=jobs, changed=tell, progress=progress
        )
        first = next(reports)
        roots += first.roots
        _tell(first, as_json=as_json, indent=None)
        if not as_json:
            stdout().print("Watching for changes. Ctrl-C ends.", style="dim")
        for _ in reports:  # each change was printed when it happened
            continue


def _event_line(event: ScanEvent, roots: Sequence[str]) -> Text:
    """Write a change in one line: what happened, the file, and its genre or what is wrong."""
    line = Text()
    line.append(f"{event.kind:<8}", style="red" if event.kind == "failed" else "dim")
    if event.before is not None:
        line.append(f"{printable(_short(event.before, roots))} \N{RIGHTWARDS ARROW} ", style="dim")
    line.append(printable(_short(event.path, roots)))
    if event.error is not None:
        line.append(f": {printable(event.error.reason)}", style="red")
    elif event.track is not None and event.kind != "gone":
        line.append(": ")
        line.append_text(_genre(event.track))
        for warning in event.track.warnings:
            line.append(f"; {printable(warning)}", style="yellow")
    return line


def _genre(track: LibraryTrack) -> Text:
    """Write the genre that was set, or else the model's, how sure that is, and why it is not."""
    if track.corrected is not None or track.predicted is None:
        return genre_text(track)
    text = Text(f"{printable(track.predicted)} {track.confidence or 0:.0%}", style="bold")
    if track.unsure is not None:
        text.append(f" ({printable(words_of(track))})", style="not bold yellow")
    return text


def _short(path: str, roots: Sequence[str]) -> str:
    """Write a path as it lies in what is scanned."""
    inside = [os.path.relpath(path, root) for root in roots if path.startswith(f"{root}{os.sep}")]
    return min(inside, key=len, default=path)


def _tell_plan(plan: ScanPlan) -> None:
    """Say what there is to do, where that is not nothing."""
    lines = []
    if plan.answer:
        lines.append(f"{len(plan.answer):,} tracks are answered again, from the features kept")
    if plan.listen and plan.unchanged:
        n_unchanged = len({one.path for one in plan.unchanged})
        lines.append(f"{len(plan.listen):,} files to analyse, {n_unchanged:,} unchanged")
    if lines:
        with bar_aside():
            stdout().print("\n".join(lines), style="dim")


def _tell(report: ScanReport, *, as_json: bool, indent: int | None) -> None:
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=indent))
        return
    console = stdout()
    for warned in report.warned:
        if warned.new:
            name, reason = printable(warned.path), printable("; ".join(warned.warnings))
            console.print("warning ", name, ": ", reason, sep="", soft_wrap=True, markup=False)
    for error in report.failed:
        name, reason = printable(error.path), printable(error.reason)
        console.print("failed  ", name, ": ", reason, sep="", soft_wrap=True, markup=False)
    music = f"{time_text(report.audio_seconds)} of music"
    if report.n_tracks != report.n_analysed:
        music += f", {report.n_tracks:,} tracks by cue sheets"
    did = [
        (report.n_analysed, f"analysed ({music})"),
        (report.n_unchanged, "unchanged"),
        (report.n_refreshed, "with other tags"),
        (report.n_moved, "moved"),
        (report.n_answered, "answered anew"),
        (report.n_missing, "gone"),
        (len(report.failed), "failed"),
    ]
    parts = [f"{count:,} {what}" for count, what in did if count] or ["nothing to do"]
    took = time_text(report.seconds) if report.seconds >= 60 else f"{report.seconds:.1f} s"
    console.print(f"{report.n_files:,} files: {', '.join(parts)}. Took {took}", highlight=False)
    if report.warned:
        console.print(_warned_line(report), style="yellow")
    console.print(
        f"Library: {printable(report.library)}", style="dim", soft_wrap=True, markup=False
    )


def _warned_line(report: ScanReport) -> str:
    """Count what was heard in part, and what else has warnings."""
    others = len(report.warned) - report.n_partial
    parts = []
    if report.n_partial:
        parts.append(f"{report.n_partial:,} heard only in part")
    if others:
        parts.append(f"{others:,} with other warnings" if parts else f"{others:,} with warnings")
    return f"{', '.join(parts)}: see earmark library list --warned"
