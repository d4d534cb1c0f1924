"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AudioPathsArgument",
    "DatasetOption",
    "JobsOption",
    "JsonOption",
    "ModelOption",
    "OverwriteOption",
    "PlanOutputOption",
    "ReportOption",
    "SeedOption",
    "YesOption",
]

AudioPathsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help="Audio files, and folders to search for them.",
        show_default=False,
    ),
]
DatasetOption = Annotated[
    str,
    typer.Option(
        "--dataset",
        "-d",
        metavar="DATASET",
        help="Dataset as NAME:PATH, such as gtzan:FOLDER, fma:FOLDER, or folder:MUSIC for your own "
        "music with one folder per genre. See earmark datasets list.",
        show_default=False,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=1,
        help="Number of parallel processes.",
        show_default="one per core",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="Model to use: a name from earmark models list, or an .earmark file.",
        show_default="gtzan943",
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the output file if it already exists.")
]
PlanOutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="CSV file to write the plan to.", show_default=False
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="HTML file to write a report with tables and figures to.",
        show_default=False,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        help="Random seed. The same seed gives the same result.",
    ),
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Do it. Without this, only show what would happen.")
]
