"""``earmark models``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from earmark.cli._help import examples
from earmark.cli._options import JsonOption
from earmark.cli._output import print_card, stdout
from earmark.records import document

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    models = typer.Typer(
        no_args_is_help=True,
        help="List the models that name genres, and show their model cards.",
        epilog=examples("earmark models list", "earmark models show gtzan57"),
    )
    models.command("list", epilog=examples("earmark models list"))(_list)
    models.command(
        "show",
        epilog=examples(
            "earmark models show",
            "earmark models show gtzan57 --json",
            "earmark models show mine.earmark",
        ),
    )(_show)
    app.add_typer(models, name="models")


def _list(
    as_json: JsonOption = False,
) -> None:
    """List the models that come with Earmark."""
    from earmark.models import list_models

    found = list_models()
    if as_json:
        typer.echo(json.dumps(document("earmark.models/1", models=found), indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Model", "Features", "Genres", "Accuracy on new artists", "Size"):
        table.add_column(column)
    for model in found:
        score = model["scores"]["artist"]["accuracy"]
        table.add_row(
            model["name"] + (" (default)" if model["default"] else ""),
            model["features"]["name"],
            ", ".join(model["classes"]),
            f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}]",
            f"{model['bytes'] / 1024:.0f} KiB",
        )
    stdout().print(table)


def _show(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Name of a model that comes with Earmark, or an .earmark file.",
            show_default="gtzan943",
        ),
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all metadata of the model file as JSON.")
    ] = False,
) -> None:
    """Show a model card: what the model is, how it was made and how accurate it is."""
    from earmark.models import DEFAULT_MODEL, describe_model, load_model

    asked = load_model(model or DEFAULT_MODEL)
    if as_json:
        content = document("earmark.model/1", **describe_model(asked))
        typer.echo(json.dumps(content, indent=1))
        return
    print_card(asked.card)
