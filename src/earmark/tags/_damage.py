"""Tags that are not as their kind is written."""

from __future__ import annotations

import struct

__all__ = ["BadTagError", "parser_errors"]


class BadTagError(ValueError):
    """A tag is not as its kind is written; the reason is the message."""


def parser_errors() -> tuple[type[Exception], ...]:
    """Return what mutagen raises on files that are not as their kind is written.

    Besides its own error those are whatever its parsers run into: a key or an index that is not
    there, a number that is too short, containers within containers without an end.
    """
    from mutagen import MutagenError

    return (
        *(MutagenError, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError),
        *(MemoryError, RuntimeError, TypeError, ValueError, struct.error),
    )
