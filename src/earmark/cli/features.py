"""``earmark features``."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from earmark.cli._commands import command
from earmark.cli._options import AudioPathsArgument, JobsOption, OverwriteOption, option
from earmark.cli._output import compile_first, print_json, printable
from earmark.cli._progress import progress_bar
from earmark.wording import counted

__all__ = ["app"]

app = typer.Typer()


@command(
    app,
    "earmark features ~/Music -o music.parquet",
    "earmark features a.mp3 -o a.parquet --set gtzan57 --set contrast --unit segment",
    "earmark features s3://bucket/music -o s3://bucket/music.parquet --engine ray",
    no_args_is_help=True,
)
def _features(
    paths: AudioPathsArgument,
    output: Annotated[
        str, option("--output -o FILE", "Table to write, ending in .parquet or .csv.")
    ],
    sets: Annotated[
        list[str] | None,
        option("--set -s NAME", "Feature set. Can be repeated.", show_default="gtzan57"),
    ] = None,
    unit: Annotated[
        str, option("--unit -u UNIT", "What a row is: clip, segment or track.")
    ] = "clip",
    jobs: JobsOption = None,
    engine: Annotated[
        str,
        option(
            "--engine ENGINE",
            "Where to compute: local, or ray, which also reads remote paths such as s3://. "
            "Requires extra packages: pip install 'earmark\\[ray]'.",
        ),
    ] = "local",
    address: Annotated[
        str | None,
        option("--address ADDRESS", "Address of the Ray cluster.", show_default="this machine"),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, option("--json", "Print a summary as JSON.")] = False,
) -> None:
    """Compute features of audio files and write them as a Parquet or CSV table.

    The table has one row for each 30 s clip, 3 s segment or track. Files that cannot be used
    are listed in a second table, with the reason. You can stop at any time: run the same
    command again and it continues.

    Exit code: 0 if all files were used, 1 if some failed, 2 if the command was wrong.
    """
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
        print_json(done)
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
