"""``earmark datasets``."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from earmark.cli import explore
from earmark.cli._commands import command, group, include
from earmark.cli._options import JsonOption, argument
from earmark.cli._output import plain_table, print_json, printable, stdout
from earmark.records import document
from earmark.wording import counted

__all__ = ["app"]

app = group(
    "datasets",
    "List and inspect the datasets that models are trained and tested on.",
    "earmark datasets list",
    "earmark datasets show gtzan:data/gtzan",
)

_SCHEMA = "earmark.datasets/1"


@command(app, "earmark datasets list")
def _list(as_json: JsonOption = False) -> None:
    """List the datasets Earmark can load, and what each expects at PATH."""
    from earmark.workflows.datasets import list_datasets

    datasets = list_datasets()
    if as_json:
        print_json(document(_SCHEMA, datasets=datasets))
        return
    table = plain_table(padding=(0, 2, 1, 0))
    table.add_column("Name", no_wrap=True)
    for column in ("Content", "Expected at PATH", "Licence"):
        table.add_column(column, overflow="fold")
    for entry in datasets:
        about = f"{entry['title']}: {entry['size']}"
        table.add_row(entry["name"], about, entry["expects"], entry["licence"])
    stdout().print(table)


@command(
    app,
    "earmark datasets show gtzan",
    "earmark datasets show folder:Music",
    "earmark datasets show table:mine.csv --json",
    no_args_is_help=True,
)
def _show(
    dataset: Annotated[str, argument("DATASET", "NAME, or NAME:PATH to see what is at the path.")],
    as_json: JsonOption = False,
) -> None:
    """Show what a dataset holds, its known faults, and what was found at PATH."""
    from earmark.workflows.datasets import describe_dataset

    described = describe_dataset(dataset)
    if as_json:
        print_json(document(_SCHEMA, datasets=[described]))
    else:
        _print(described)
    for warning in described["warnings"]:
        print(f"earmark: {printable(warning)}", file=sys.stderr)
    if described["error"] is not None:
        print(f"earmark: {printable(described['error'])}", file=sys.stderr)
        raise typer.Exit(1)


def _print(dataset: dict[str, Any]) -> None:
    """Print a description for people to read."""
    console = stdout()
    table = _facts()
    table.add_row("Dataset", f"{dataset['name']}: {dataset['title']}")
    table.add_row("Size", dataset["size"])
    table.add_row("Expected at PATH", dataset["expects"])
    table.add_row("Features", ", ".join(dataset["feature_sets"]) or "computed from the audio")
    table.add_row("Cite", dataset["citation"])
    table.add_row("Licence", dataset["licence"])
    for number, fault in enumerate(dataset["faults"]):
        table.add_row("" if number else "Known faults", f"- {fault}")
    for number, file in enumerate(dataset["files"]):
        state = file.get("state") or f"SHA-256 {file['sha256'] or 'differs between copies'}"
        table.add_row("" if number else "Files", f"{file['name']}: {state}")
    console.print(table)
    if dataset["content"] is not None:
        console.print()
        console.print(_content(dataset["path"], dataset["content"]))


def _facts() -> Table:
    table = plain_table(show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    return table


def _content(path: str, content: dict[str, Any]) -> Table:
    """Return what was found at a path as a table."""
    table = _facts()
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


include(app, explore.app)
