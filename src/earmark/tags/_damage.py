"""Errors for damaged tags."""

from __future__ import annotations

import struct

__all__ = ["BadTagError", "parser_errors"]


class BadTagError(ValueError):
    """A tag is damaged; the message is the reason."""


def parser_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that mutagen raises on damaged files.

    In addition to its own, those are what its parsers run into: missing keys and indexes, truncated
    numbers, endlessly nested containers.
    """
    from mutagen import MutagenError

    return (
        *(MutagenError, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError),
        *(MemoryError, RuntimeError, TypeError, ValueError, struct.error),
    )
