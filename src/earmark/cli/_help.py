"""How help is printed: what stands for a value, and examples on lines of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from rich.markup import escape
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

__all__ = ["EarmarkCommand", "EarmarkGroup", "examples", "use_plain_help"]

_Parameters = TypeVar("_Parameters", bound=list[Any])


def examples(*commands: str) -> str:
    r"""Return the end of a help page: each example on a line of its own.

    Parameters
    ----------
    *commands : str
        What to type.

    Returns
    -------
    str
        Text for the ``epilog`` of a command.

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


class EarmarkCommand(TyperCommand):
    """A command whose help shows what stands for a value, not its Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, as the help is to show them."""
        return _plain(super().get_params(ctx))


class EarmarkGroup(TyperGroup):
    """A group of commands whose help shows what stands for a value, not its Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, as the help is to show them."""
        return _plain(super().get_params(ctx))


def use_plain_help(app: typer.Typer) -> None:
    """Make an application, and all its groups and commands, show plain help.

    Parameters
    ----------
    app : typer.Typer
        The application, once everything has been added to it.
    """
    app.info.cls = EarmarkGroup
    for command in app.registered_commands:
        command.cls = EarmarkCommand
    for group in app.registered_groups:
        group.cls = EarmarkGroup
        if group.typer_instance is not None:
            use_plain_help(group.typer_instance)
