"""The commands of ``earmark``, and how a process that runs one ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

import earmark
from earmark.cli import (
    classify,
    compare,
    config,
    datasets,
    evaluate,
    features,
    library,
    models,
    organise,
    playlist,
    scan,
    similar,
    tag,
    train,
    tune,
    warmup,
)
from earmark.cli._commands import EarmarkGroup, examples, include
from earmark.cli._output import printable
from earmark.cli._words import in_flags
from earmark.errors import EarmarkError
from earmark.settings import load_settings

__all__ = ["app", "run"]

app = typer.Typer(
    name="earmark",
    cls=EarmarkGroup,
    help="Find out the genre of your music, find similar songs, and keep your library in order.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _panel, _modules in {
    "Your music": (classify, scan, library, similar, playlist, tag, organise),
    "Models and evaluation": (models, train, evaluate, compare, tune, datasets, features),
    "Setup": (config, warmup),
}.items():
    for _module in _modules:
        include(app, _module.app, panel=_panel)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"earmark {earmark.__version__}")
        raise typer.Exit


@app.callback(
    help="Find out the genre of your music, find similar songs, and keep your library in order.",
    epilog=examples(
        "earmark classify ~/Music",
        "earmark scan ~/Music",
        "earmark similar song.mp3",
        "earmark models show",
    ),
)
def _earmark(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take what the user has set as the defaults of the options of that name."""
    if context.invoked_subcommand != "config":
        context.default_map = _defaults(context.command, load_settings().set_values())


def _defaults(command: object, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as Click takes defaults: by command, then by option."""
    subcommands: Mapping[str, object] = getattr(command, "commands", {})
    defaults = {name: _defaults(subcommand, values) for name, subcommand in subcommands.items()}
    options = {option.name for option in getattr(command, "params", ())}
    return {**defaults, **{name: value for name, value in values.items() if name in options}}


def run() -> None:
    """Run the command line and end the process: 0 done, 1 some inputs failed, 2 usage."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except EarmarkError as error:
        message = in_flags(str(error), command=typer.main.get_command(app), words=sys.argv[1:])
        print(f"earmark: {printable(message)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"earmark: {printable(str(error))}", file=sys.stderr)
        sys.exit(1)
