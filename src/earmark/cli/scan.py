"""``earmark scan``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from earmark.cli._commands import command
from earmark.cli._library_options import LibraryOption
from earmark.cli._library_tables import genre_text, words_of
from earmark.cli._options import JobsOption, argument, option
from earmark.cli._output import compile_first, print_json, printable, stdout, time_text
from earmark.cli._progress import bar_aside, progress_bar
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.workflows.scan import ScanEvent, ScanPlan, ScanReport

__all__ = ["app"]

app = typer.Typer()


@command(app, "earmark scan ~/Music", "earmark scan", "earmark scan ~/Music --watch")
def _scan(
    paths: Annotated[
        list[str] | None,
        argument(
            "PATH", "Folders and audio files to scan.", show_default="all folders scanned before"
        ),
    ] = None,
    library: LibraryOption = None,
    model: Annotated[
        str | None,
        option(
            "--model -m MODEL",
            "Model to use: a name from earmark models list, or an .earmark file. The library "
            "remembers it for the next scan.",
            show_default="the model of the last scan, at first gtzan943",
        ),
    ] = None,
    jobs: JobsOption = None,
    retry_failed: Annotated[
        bool, option("--retry-failed", "Analyse files again that failed before.")
    ] = False,
    keep_watching: Annotated[
        bool, option("--watch", "Keep running, and scan whenever files change.")
    ] = False,
    as_json: Annotated[
        bool, option("--json", "Print JSON (with --watch, one line per change).")
    ] = False,
) -> None:
    """Analyse folders of music and add them to the library.

    Each file is read once, for its tags, its genre and what makes it sound like other songs.
    You can stop a scan at any time: run the same command again and it continues. The next scan
    of a folder analyses only new and changed files. Files that were moved, renamed or retagged
    are recognised by their audio. Files that no longer exist are marked as missing and stay in
    the library until you run earmark library prune. If a cue sheet divides a file into tracks,
    each becomes a track of its own. Your files are never changed.

    Exit code: 0 if all files were analysed, 1 if some failed, 2 if the command was wrong.
    """
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
                planned=None if as_json else _print_plan,
                progress=progress,
            )
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. Files analysed so far are kept: run the same command again to continue.",
            err=True,
        )
        raise typer.Exit(130) from None
    _print_report(report, as_json=as_json, indent=1)
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

    def show(event: ScanEvent) -> None:
        with bar_aside():
            if as_json:
                print_json(event, indent=None)
            else:
                stdout().print(_event_line(event, roots), soft_wrap=True)

    with progress_bar("Listening", in_turns=True) as progress:
        reports = watch(
            paths or (), library=library, model=model, jobs=jobs, changed=show, progress=progress
        )
        first = next(reports)
        roots += first.roots
        _print_report(first, as_json=as_json, indent=None)
        if not as_json:
            stdout().print("Watching for changes. Press Ctrl-C to stop.", style="dim")
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
    if track.corrected is not None or track.answer.genre is None:
        return genre_text(track)
    text = Text(f"{printable(track.answer.genre)} {track.answer.confidence or 0:.0%}", style="bold")
    if track.unsure is not None:
        text.append(f" ({printable(words_of(track))})", style="not bold yellow")
    return text


def _short(path: str, roots: Sequence[str]) -> str:
    """Write a path as it lies in what is scanned."""
    inside = [os.path.relpath(path, root) for root in roots if path.startswith(f"{root}{os.sep}")]
    return min(inside, key=len, default=path)


def _print_plan(plan: ScanPlan) -> None:
    """Print what there is to do, if anything."""
    lines = []
    if plan.answer:
        lines.append(f"{counted(len(plan.answer), 'track')} to answer again from stored features")
    if plan.listen and plan.unchanged:
        n_unchanged = len({track.path for track in plan.unchanged})
        lines.append(f"{counted(len(plan.listen), 'file')} to analyse, {n_unchanged:,} unchanged")
    if lines:
        with bar_aside():
            stdout().print("\n".join(lines), style="dim")


def _print_report(report: ScanReport, *, as_json: bool, indent: int | None) -> None:
    if as_json:
        print_json(report, indent=indent)
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
        music += f", {counted(report.n_tracks, 'track')} according to cue sheets"
    did = [
        (report.n_analysed, f"analysed ({music})"),
        (report.n_unchanged, "unchanged"),
        (report.n_refreshed, "with new tags or times"),
        (report.n_moved, "moved"),
        (report.n_answered, "with new answers"),
        (report.n_missing, "missing"),
        (len(report.failed), "failed"),
    ]
    parts = [f"{count:,} {what}" for count, what in did if count] or ["nothing to do"]
    took = time_text(report.seconds) if report.seconds >= 60 else f"{report.seconds:.1f} s"
    files = counted(report.n_files, "file")
    console.print(f"{files}: {', '.join(parts)}. Took {took}", highlight=False)
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
