"""How commands are registered, and how their help is printed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from rich.markup import escape
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from earmark.errors import MissingExtraError

__all__ = ["EarmarkGroup", "command", "examples", "group", "include", "train_extra"]

_Function = TypeVar("_Function", bound=Callable[..., None])
_Parameters = TypeVar("_Parameters", bound=list[Any])


def examples(*commands: str) -> str:
    r"""Return the end of a help page: each example on a line of its own.

    Examples
    --------
    >>> examples("earmark scan ~/Music")
    'Example:\n$ earmark scan ~/Music'
    """
    title = "Example:" if len(commands) == 1 else "Examples:"
    return "\n".join([title, *(f"$ {escape(command)}" for command in commands)])


def _usage(argument: TyperArgument, context: object) -> list[str]:
    """Return an argument as the usage line names it."""
    several = "..." if argument.nargs != 1 and "..." not in argument.display_name_raw else ""
    name = argument.display_name_raw
    return [f"{name}{several}" if argument.required else f"[{name}]{several}"]


def _plain(parameters: _Parameters) -> _Parameters:
    """Show no Python type in the help: nothing for a flag, and only its name for an argument."""
    nothing: Callable[..., None] = lambda *_, **__: None  # noqa: E731
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag:
            parameter.metavar = ""
        if isinstance(parameter, TyperArgument):
            parameter.__dict__["display_type_rich"] = nothing
            parameter.__dict__["get_usage_pieces"] = functools.partial(_usage, parameter)
        # The help says which numbers are allowed, in words, where that is not plain.
        parameter.__dict__["_get_number_range_help_str"] = nothing
    return parameters


class _EarmarkCommand(TyperCommand):
    """A command whose help shows what stands for a value, not its Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, as the help is to show them."""
        return _plain(super().get_params(ctx))


class EarmarkGroup(TyperGroup):
    """A group of commands whose help shows what stands for a value, not its Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, as the help is to show them."""
        return _plain(super().get_params(ctx))


def command(
    app: typer.Typer, *uses: str, about: str = "", no_args_is_help: bool = False
) -> Callable[[_Function], _Function]:
    """Register a function as the command of its name, with examples of its use.

    The help of the command is `about`, or else the function's docstring, its paragraphs as lines.
    """

    def register(function: _Function) -> _Function:
        paragraphs = (about or inspect.getdoc(function) or "").split("\n\n")
        app.command(
            function.__name__.strip("_").replace("_", "-"),
            cls=_EarmarkCommand,
            help="\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs),
            epilog=examples(*uses),
            no_args_is_help=no_args_is_help,
        )(function)
        return function

    return register


def group(name: str, about: str, *uses: str) -> typer.Typer:
    """Return a group of commands with examples of their use."""
    return typer.Typer(
        name=name, cls=EarmarkGroup, no_args_is_help=True, help=about, epilog=examples(*uses)
    )


def include(app: typer.Typer, part: typer.Typer, *, panel: str | None = None) -> None:
    """Add a group to an application, or the commands of a module that are in no group."""
    if isinstance(part.info.name, str):
        app.add_typer(part, name=part.info.name, rich_help_panel=panel)
        return
    for info in part.registered_commands:
        info.rich_help_panel = panel
        app.registered_commands.append(info)


@contextmanager
def train_extra() -> Iterator[None]:
    """Say which extra to install where an import of training or evaluation fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error
