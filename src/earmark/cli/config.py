"""``earmark config``."""

from __future__ import annotations

import json

import typer
from rich.table import Table
from rich.text import Text

from earmark.cli._help import examples
from earmark.cli._options import JsonOption
from earmark.cli._output import printable, stdout
from earmark.settings import load_settings, settings_path

__all__ = ["add_to"]

_HELP = (
    "Show your settings and where they come from.\n\n"
    "An option on the command line comes first, then an environment variable, then the "
    "configuration file earmark.toml, then the default. docs/reference/config.md describes the "
    "file."
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
        epilog=examples("earmark config show", '$EDITOR "$(earmark config path)"'),
    )
    config.command("show", epilog=examples("earmark config show", "earmark config show --json"))(
        _show
    )
    config.command(
        "path", epilog=examples("earmark config path", '$EDITOR "$(earmark config path)"')
    )(_path)
    app.add_typer(config, name="config")


def _show(
    as_json: JsonOption = False,
) -> None:
    """Show each setting, its value and where it comes from."""
    loaded = load_settings()
    if as_json:
        typer.echo(json.dumps(loaded.to_dict(), indent=1))
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
    """Print the path of the configuration file, even if it does not exist yet."""
    typer.echo(settings_path())
