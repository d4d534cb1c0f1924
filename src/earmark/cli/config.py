"""``earmark config``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from earmark.cli._output import printable, stdout
from earmark.settings import load_settings, settings_path

__all__ = ["add_to"]

_HELP = (
    "Show the settings and where they come from.\n\n"
    "A flag wins over an environment variable, that over the configuration file, and the file over "
    "the default. The file is earmark.toml; docs/reference/config.md describes it."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    config = typer.Typer(
        no_args_is_help=True,
        help=_HELP,
        epilog='Examples:  earmark config show  ·  $EDITOR "$(earmark config path)"',
    )
    config.command("show", epilog="Example:  earmark config show --json")(_show)
    config.command("path", epilog='Example:  $EDITOR "$(earmark config path)"')(_path)
    app.add_typer(config, name="config")


def _show(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show each setting, its value, and where that comes from."""
    loaded = load_settings()
    if as_json:
        document = {
            "schema": "earmark.config/1",
            "path": loaded.path,
            "exists": loaded.exists,
            "settings": {
                setting.name: {
                    "value": setting.value,
                    "source": setting.source,
                    "variable": setting.variable,
                }
                for setting in loaded.settings
            },
        }
        typer.echo(json.dumps(document, indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Setting", no_wrap=True)
    table.add_column("Value", overflow="fold")
    table.add_column("From", no_wrap=True)
    table.add_column("What it does")
    for setting in loaded.settings:
        style = "dim" if setting.source == "default" else ""
        source = setting.variable if setting.source == "environment" else setting.source
        table.add_row(setting.name, Text(_text(setting.value)), source, setting.about, style=style)
    console = stdout()
    console.print(table)
    there = "" if loaded.exists else " (does not exist)"
    console.print(f"\nFile: {printable(loaded.path)}{there}", soft_wrap=True, markup=False)


def _text(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _path() -> None:
    """Print the path of the configuration file, whether it exists or not."""
    typer.echo(settings_path())
