"""Errors in the words of the command line: ``--sr 0`` where Python says ``sr=0``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["in_flags"]

_ARGUMENT = re.compile(r"\b([a-z][a-z_]*)=('[^']*'|\"[^\"]*\"|[^\s,;:)]+)")


def _flags(command: Any, words: Sequence[str]) -> dict[str, str]:
    """Return the options of the command that was typed, by the name of the argument."""
    for word in words:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
    flags = {}
    for parameter in getattr(command, "params", ()):
        long = [option for option in parameter.opts if option.startswith("--")]
        if long:
            flags[parameter.name] = long[0]
            flags[long[0].removeprefix("--").replace("-", "_")] = long[0]
    return flags


def in_flags(message: str, *, command: Any, words: Sequence[str]) -> str:
    """Write an error with the options of a command instead of the arguments of a function.

    `command` is the whole command line, as Click holds it, and `words` what was typed. Arguments
    that are no options of the command are left as they are.
    """
    flags = _flags(command, words)

    def flag_of(match: re.Match[str]) -> str:
        flag, value = flags.get(match[1]), match[2]
        if flag is None:
            return match[0]
        return flag if value == "True" else f"{flag} {value}"

    return _ARGUMENT.sub(flag_of, message)
