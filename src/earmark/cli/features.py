"""``earmark features``."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

import typer

from earmark.cli._output import compile_first, printable, progress_bar

__all__ = ["add_to"]

_HELP = (
    "Write the features of audio files as a table: Parquet or CSV, by the output's ending.\n\n"
    "One row for each clip of 30 s, segment of 3 s or track. Files that cannot be used become rows "
    "of a second table, with the reason. A run that was ended goes on where it was when the same "
    "command is given again.\n\n"
    "Exit code 0: all done; 1: some failed; 2: usage."
)
_EXAMPLES = (
    "Examples:  earmark features ~/Music -o music.parquet  ·  "
    "earmark features a.mp3 -o a.parquet --set gtzan57 --set contrast --unit segment  ·  "
    "earmark features s3://bucket/music -o s3://bucket/music.parquet --engine ray"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("features", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_features)


def _features(
    paths: Annotated[
        list[str], typer.Argument(help="Audio files, and folders to search.", show_default=False)
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="The file to write: .parquet or .csv.", show_default=False
        ),
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A feature set; may be repeated.", show_default="gtzan57"),
    ] = None,
    unit: Annotated[
        str, typer.Option("--unit", "-u", help="What a row is about: clip, segment or track.")
    ] = "clip",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Files worked on at a time.", show_default="cores"
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or ray for any fsspec path (extra: ray).")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option("--address", help="Of a Ray cluster.", show_default="this machine"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a table that is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was done, as JSON.")] = False,
) -> None:
    compile_first()
    from earmark.workflows.features import extract_features

    with progress_bar("Extracting") as progress:
        done = extract_features(
            paths,
            output=output,
            sets=tuple(sets or ("gtzan57",)),
            unit=cast(Any, unit),  # checked there
            jobs=jobs,
            engine=cast(Any, engine),
            address=address,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        content = {
            "schema": "earmark.extraction/1",
            "output": done.output,
            "failures": done.failures,
            "files": done.n_files,
            "resumed": done.n_resumed,
            "rows": done.n_rows,
            "failed": [
                {"path": str(error.path), "code": error.code, "message": error.reason}
                for error in done.failed
            ],
        }
        typer.echo(json.dumps(content, indent=1))
    else:
        for error in done.failed:
            typer.echo(f"failed  {printable(str(error.path))}: {printable(error.reason)}")
        resumed = f" ({done.n_resumed} of them before)" if done.n_resumed else ""
        typer.echo(
            f"{done.n_files - len(done.failed)} files{resumed} gave {done.n_rows} rows of "
            f"{printable(done.output)}; {len(done.failed)} failed"
        )
    if done.failed:
        raise typer.Exit(1)
