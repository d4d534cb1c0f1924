"""``earmark scan``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._library_options import LibraryOption
from earmark.cli._output import compile_first, printable, progress_bar, stdout, time_text

if TYPE_CHECKING:
    from earmark.workflows.scan import ScanPlan, ScanReport

__all__ = ["add_to"]

_HELP = (
    "Listen to folders of music once, and keep what was heard in the library.\n\n"
    "Every file is decoded once: its tags, its genre clip by clip, and what similar songs are "
    "found by. What is done is kept file by file: ended at any moment, the same command goes on "
    "where it was. Scanned again, unchanged files cost no more than a look at their time; moved, "
    "renamed and retagged ones are recognised by their audio; those that are gone are marked, and "
    "kept until earmark library prune. Nothing is ever written to your files.\n\n"
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
        bool, typer.Option("--json", help="What was done, as JSON; a line a scan with --watch.")
    ] = False,
) -> None:
    compile_first()
    from earmark.workflows.scan import scan, watch

    try:
        with progress_bar("Listening") as progress:
            if keep_watching:
                reports = watch(
                    paths or (), library=library, model=model, jobs=jobs, progress=progress
                )
                for report in reports:
                    _tell(report, as_json=as_json, indent=None)
                return
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


def _tell_plan(plan: ScanPlan) -> None:
    """Say what there is to do, where that is not nothing."""
    if plan.answer:
        stdout().print(
            f"{len(plan.answer)} tracks are answered anew, from what is kept of them", style="dim"
        )
    if plan.listen and plan.unchanged:
        stdout().print(
            f"{len(plan.listen)} files to listen to, {len(plan.unchanged)} unchanged", style="dim"
        )


def _tell(report: ScanReport, *, as_json: bool, indent: int | None) -> None:
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=indent))
        return
    console = stdout()
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
    console.print(
        f"Library: {printable(report.library)}", style="dim", soft_wrap=True, markup=False
    )
