"""``earmark features``."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

import typer

from earmark.cli._help import examples
from earmark.cli._options import AudioPathsArgument, JobsOption, OverwriteOption
from earmark.cli._output import compile_first, printable
from earmark.cli._progress import progress_bar
from earmark.wording import counted

__all__ = ["add_to"]

_HELP = (
    "Compute features of audio files and write them as a Parquet or CSV table.\n\n"
    "The table has one row for each 30 s clip, 3 s segment or track. Files that cannot be used are "
    "listed in a second table, with the reason. You can stop at any time: run the same command "
    "again and it continues.\n\n"
    "Exit code: 0 if all files were used, 1 if some failed, 2 if the command was wrong."
)
_EXAMPLES = examples(
    "earmark features ~/Music -o music.parquet",
    "earmark features a.mp3 -o a.parquet --set gtzan57 --set contrast --unit segment",
    "earmark features s3://bucket/music -o s3://bucket/music.parquet --engine ray",
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
    paths: AudioPathsArgument,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Table to write, ending in .parquet or .csv.",
            show_default=False,
        ),
    ],
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="NAME",
            help="Feature set. Can be repeated.",
            show_default="gtzan57",
        ),
    ] = None,
    unit: Annotated[
        str,
        typer.Option("--unit", "-u", metavar="UNIT", help="What a row is: clip, segment or track."),
    ] = "clip",
    jobs: JobsOption = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="ENGINE",
            help="Where to compute: local, or ray, which also reads remote paths such as s3://. "
            "Requires extra packages: pip install 'earmark\\[ray]'.",
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="Address of the Ray cluster.",
            show_default="this machine",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
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
        typer.echo(json.dumps(done.to_dict(), indent=1))
    else:
        for error in done.failed:
            typer.echo(f"failed  {printable(str(error.path))}: {printable(error.reason)}")
        n_done = done.n_files - len(done.failed)
        files = counted(n_done, "file")
        resumed = f" ({done.n_resumed} of them in an earlier run)" if done.n_resumed else ""
        typer.echo(
            f"{counted(done.n_rows, 'row')} from {files}{resumed} written to "
            f"{printable(done.output)}; {len(done.failed)} failed"
        )
    if done.failed:
        raise typer.Exit(1)
