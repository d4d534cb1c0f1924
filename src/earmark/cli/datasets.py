"""``earmark datasets``."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark.cli._help import examples
from earmark.cli._options import JsonOption
from earmark.cli._output import printable, stdout
from earmark.cli.explore import add_explore
from earmark.records import document
from earmark.wording import counted

__all__ = ["add_to"]

_SCHEMA = "earmark.datasets/1"


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    datasets = typer.Typer(
        no_args_is_help=True,
        help="List and inspect the datasets that models are trained and tested on.",
        epilog=examples("earmark datasets list", "earmark datasets show gtzan:data/gtzan"),
    )
    datasets.command("list", epilog=examples("earmark datasets list"))(_list)
    datasets.command(
        "show",
        epilog=examples(
            "earmark datasets show gtzan",
            "earmark datasets show folder:Music",
            "earmark datasets show table:mine.csv --json",
        ),
        no_args_is_help=True,
    )(_show)
    add_explore(datasets)
    app.add_typer(datasets, name="datasets")


def _list(
    as_json: JsonOption = False,
) -> None:
    """List the datasets Earmark can load, and what each expects at PATH."""
    from earmark.workflows.datasets import list_datasets

    found = list_datasets()
    if as_json:
        typer.echo(json.dumps(document(_SCHEMA, datasets=found), indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    table.add_column("Name", no_wrap=True)
    for column in ("Content", "Expected at PATH", "Licence"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(one["name"], f"{one['title']}: {one['size']}", one["expects"], one["licence"])
    stdout().print(table)


def _show(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="NAME, or NAME:PATH to see what is at the path.",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show what a dataset holds, its known faults, and what was found at PATH."""
    from earmark.workflows.datasets import describe_dataset

    told = describe_dataset(dataset)
    if as_json:
        typer.echo(json.dumps(document(_SCHEMA, datasets=[told]), indent=1))
    else:
        _print(told)
    for warning in told["warnings"]:
        print(f"earmark: {printable(warning)}", file=sys.stderr)
    if told["error"] is not None:
        print(f"earmark: {printable(told['error'])}", file=sys.stderr)
        raise typer.Exit(1)


def _print(told: dict[str, Any]) -> None:
    """Print a description for people to read."""
    console = stdout()
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("Dataset", f"{told['name']}: {told['title']}")
    table.add_row("Size", told["size"])
    table.add_row("Expected at PATH", told["expects"])
    table.add_row("Features", ", ".join(told["feature_sets"]) or "computed from the audio")
    table.add_row("Cite", told["citation"])
    table.add_row("Licence", told["licence"])
    for number, fault in enumerate(told["faults"]):
        table.add_row("" if number else "Known faults", f"- {fault}")
    for number, file in enumerate(told["files"]):
        told_of = file.get("state") or f"SHA-256 {file['sha256'] or 'differs between copies'}"
        table.add_row("" if number else "Files", f"{file['name']}: {told_of}")
    console.print(table)
    if told["content"] is not None:
        console.print()
        console.print(_content(told["path"], told["content"]))


def _content(path: str, content: dict[str, Any]) -> Table:
    """Return what was found at a path as a table."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("Found in", printable(path))
    table.add_row(
        "Tracks",
        f"{content['tracks']:,}, {content['labelled']:,} with a genre, "
        f"{content['audio']:,} with audio",
    )
    if content["table"] is not None:
        rows = content["table"]
        table.add_row(
            "Table",
            f"{counted(rows['rows'], rows['unit'])} by {counted(rows['features'], 'feature')} "
            f"({rows['feature_set']}), digest {rows['digest'][:12]}",
        )
    table.add_row("Genres", _counts(content["genres"]))
    if content["artists"] is not None:
        table.add_row("Artists", f"{content['artists']:,}")
    if content["duplicates"] is not None:
        table.add_row("Duplicates", f"{content['duplicates']:,} copies of another track")
    for name, parts in content["partitions"].items():
        table.add_row(f"Split {name}", _counts({part or "none": n for part, n in parts.items()}))
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{printable(name)} {n:,}" for name, n in counts.items())
