"""``earmark config``."""

from __future__ import annotations

import typer
from rich.text import Text

from earmark.cli._commands import command, group
from earmark.cli._options import JsonOption
from earmark.cli._output import plain_table, print_json, printable, stdout
from earmark.settings import load_settings, settings_path

__all__ = ["app"]

app = group(
    "config",
    "Show your settings and where they come from.\n\n"
    "An option on the command line comes first, then an environment variable, then the "
    "configuration file earmark.toml, then the default. docs/reference/config.md describes the "
    "file.",
    "earmark config show",
    '$EDITOR "$(earmark config path)"',
)


@command(app, "earmark config show", "earmark config show --json")
def _show(as_json: JsonOption = False) -> None:
    """Show each setting, its value and where it comes from."""
    loaded = load_settings()
    if as_json:
        print_json(loaded)
        return
    table = plain_table()
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


@command(app, "earmark config path", '$EDITOR "$(earmark config path)"')
def _path() -> None:
    """Print the path of the configuration file, even if it does not exist yet."""
    typer.echo(settings_path())
