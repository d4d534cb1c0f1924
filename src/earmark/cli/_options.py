"""Options that several commands share, and the way all are declared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    "argument",
    "option",
]


def option(usage: str, about: str, **settings: Any) -> Any:
    """Declare an option by its flags and what stands for its value, such as ``--output -o FILE``.

    `settings` are those of `typer.Option`.
    """
    flags = [word for word in usage.split() if word.startswith("-")]
    metavar = " ".join(word for word in usage.split() if not word.startswith("-"))
    return typer.Option(*flags, metavar=metavar or None, help=about, **settings)


def argument(usage: str, about: str, *, show_default: bool | str = False) -> Any:
    """Declare an argument by what stands for it."""
    return typer.Argument(metavar=usage, help=about, show_default=show_default)


AudioPathsArgument = Annotated[
    list[str], argument("PATH", "Audio files, and folders to search for them.")
]
DatasetOption = Annotated[
    str,
    option(
        "--dataset -d DATASET",
        "Dataset as NAME:PATH, such as gtzan:FOLDER, fma:FOLDER, or folder:MUSIC for your own "
        "music with one folder per genre. See earmark datasets list.",
    ),
]
JobsOption = Annotated[
    int | None,
    option("--jobs -j N", "Number of parallel processes.", min=1, show_default="one per core"),
]
JsonOption = Annotated[bool, option("--json", "Print JSON.")]
ModelOption = Annotated[
    str,
    option(
        "--model -m MODEL",
        "Model to use: a name from earmark models list, or an .earmark file.",
        show_default="gtzan943",
    ),
]
OverwriteOption = Annotated[
    bool, option("--overwrite", "Replace the output file if it already exists.")
]
PlanOutputOption = Annotated[
    Path | None, option("--output -o FILE", "CSV file to write the plan to.")
]
ReportOption = Annotated[
    Path | None, option("--report FILE", "HTML file to write a report with tables and figures to.")
]
SeedOption = Annotated[
    int, option("--seed N", "Random seed. The same seed gives the same result.", min=0)
]
YesOption = Annotated[bool, option("--yes", "Do it. Without this, only show what would happen.")]
