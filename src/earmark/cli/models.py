"""``earmark models``."""

from __future__ import annotations

from typing import Annotated

from earmark.cli._commands import command, group
from earmark.cli._options import JsonOption, argument, option
from earmark.cli._output import plain_table, print_card, print_json, stdout
from earmark.records import document

__all__ = ["app"]

app = group(
    "models",
    "List the models that name genres, and show their model cards.",
    "earmark models list",
    "earmark models show gtzan57",
)


@command(app, "earmark models list")
def _list(as_json: JsonOption = False) -> None:
    """List the models that come with Earmark."""
    from earmark.models import list_models

    models = list_models()
    if as_json:
        print_json(document("earmark.models/1", models=models))
        return
    table = plain_table()
    for column in ("Model", "Features", "Genres", "Accuracy on new artists", "Size"):
        table.add_column(column)
    for model in models:
        score = model["scores"]["artist"]["accuracy"]
        table.add_row(
            model["name"] + (" (default)" if model["default"] else ""),
            model["features"]["name"],
            ", ".join(model["classes"]),
            f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}]",
            f"{model['bytes'] / 1024:.0f} KiB",
        )
    stdout().print(table)


@command(
    app,
    "earmark models show",
    "earmark models show gtzan57 --json",
    "earmark models show mine.earmark",
)
def _show(
    model: Annotated[
        str,
        argument(
            "MODEL",
            "Name of a model that comes with Earmark, or an .earmark file.",
            show_default="gtzan943",
        ),
    ] = "",
    as_json: Annotated[
        bool, option("--json", "Print all metadata of the model file as JSON.")
    ] = False,
) -> None:
    """Show a model card: what the model is, how it was made and how accurate it is."""
    from earmark.models import DEFAULT_MODEL, describe_model, load_model

    loaded = load_model(model or DEFAULT_MODEL)
    if as_json:
        content = document("earmark.model/1", **describe_model(loaded))
        print_json(content)
        return
    print_card(loaded.card)
