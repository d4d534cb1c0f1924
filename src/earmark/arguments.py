"""Check the types of arguments where a caller enters the package, once and for every function.

`checked` reads what a function takes from its annotations, so that a check cannot differ from the
signature that is documented.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import numbers
import os
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

from earmark.errors import ParameterError

__all__ = ["PAGE_ENDINGS", "check_ending", "check_fields", "check_type", "checked"]

PAGE_ENDINGS = (".html", ".htm")
"""Endings of the pages that commands write."""

_P = ParamSpec("_P")
_R = TypeVar("_R")

_NUMBERS: Mapping[type, tuple[type, ...]] = {
    int: (numbers.Integral,),
    float: (numbers.Real,),
}
"""What counts as a number of a kind: those of NumPy as well."""

_WORDS: Mapping[Any, str] = {type(None): "None", Any: "anything"}
_UNIONS = (typing.Union, types.UnionType)
_COLLECTIONS = (list, tuple, set, frozenset)
"""Those whose items are looked at. An iterator would be used up by looking."""


def _of_numpy(name: str) -> Any:
    """Return a type of NumPy, or None: where NumPy is not loaded, nothing is of its types."""
    return getattr(sys.modules.get("numpy"), name, None)


def _words(hint: Any) -> Iterator[str]:
    """Yield what a hint allows, in words."""
    hint = getattr(hint, "__bound__", None) or hint  # of a type variable
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNIONS:
        for one in inner:
            yield from _words(one)
    elif origin is Literal:
        yield from dict.fromkeys(type(value).__name__ for value in inner)
    elif origin is os.PathLike:
        yield "path-like"
    elif origin is collections.abc.Callable:
        yield "callable"
    elif origin is tuple:
        yield f"tuple of {len(inner)}" if Ellipsis not in inner else "tuple"
    elif origin in (_of_numpy("ndarray"), None):
        yield _WORDS.get(hint, getattr(hint, "__name__", str(hint)))
    elif issubclass(origin, Mapping):
        yield "mapping"
    else:
        name = "sequence" if issubclass(origin, Sequence) else "iterable"
        yield f"{name} of {_expected(inner[0])}"


def _expected(hint: Any) -> str:
    words = sorted(dict.fromkeys(_words(hint)), key=lambda word: word == "None")
    return " or ".join(words)


def _fits_tuple(value: Any, inner: tuple[Any, ...]) -> bool:
    if not isinstance(value, tuple | list):
        return False
    if Ellipsis in inner:
        return all(_fits(item, inner[0]) for item in value)
    return len(value) == len(inner) and all(map(_fits, value, inner))


def _fits_iterable(value: Any, origin: Any, inner: tuple[Any, ...]) -> bool:
    if not isinstance(value, origin) or isinstance(value, str | bytes | bytearray | memoryview):
        return False
    if isinstance(value, Mapping):
        return issubclass(origin, Mapping) and (
            all(_fits(key, inner[0]) and _fits(item, inner[1]) for key, item in value.items())
        )
    return not isinstance(value, _COLLECTIONS) or all(_fits(item, inner[0]) for item in value)


def _fits_plain(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type that holds no others."""
    if hint is Any or typing.get_origin(hint) is not None:
        return True  # arrays are left to the functions that compute with them
    if hint is typing.TextIO:
        return hasattr(value, "write")
    if hint is bool:
        return isinstance(value, (bool, _of_numpy("bool_") or bool))
    return isinstance(value, _NUMBERS.get(hint, hint))


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type."""
    hint = getattr(hint, "__bound__", None) or hint  # of a type variable
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNIONS:
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return isinstance(value, tuple({type(one) for one in inner}))
    if origin is tuple:
        return _fits_tuple(value, inner)
    if origin in (collections.abc.Callable, os.PathLike):
        return isinstance(value, origin)
    if origin in (None, _of_numpy("ndarray")):
        return _fits_plain(value, hint)
    return _fits_iterable(value, origin, inner)


def _misfit(value: Any, hint: Any) -> str:
    """Say what does not fit, without printing what may be a whole file."""
    inner = typing.get_args(hint)
    options = inner if typing.get_origin(hint) in _UNIONS else (hint,)
    for option in options if isinstance(value, _COLLECTIONS) else ():
        origin, of = typing.get_origin(option), typing.get_args(option)
        if not isinstance(origin, type) or origin is tuple or not issubclass(origin, Iterable):
            continue
        at, item = next((pair for pair in enumerate(value) if not _fits(pair[1], of[0])), (0, None))
        return f"item {at} is of type {type(item).__name__}"
    if isinstance(value, tuple | list):
        return f"got {type(value).__name__} of {len(value)}"
    return f"got {type(value).__name__}"


def check_type(name: str, value: Any, hint: Any) -> None:
    """Refuse an argument that is of another type than a function takes.

    Parameters
    ----------
    name : str
        Name of the argument.
    value : object
        What was given.
    hint : type
        What is taken, as an annotation says it. Numbers of NumPy count as numbers; the items of
        lists, tuples and sets are looked at; arrays are not.

    Raises
    ------
    ParameterError
        If it is of another type; the message names the argument and both types.

    Examples
    --------
    >>> check_type("jobs", 2, int | None)
    >>> check_type("path", b"RIFF", str | os.PathLike[str])
    Traceback (most recent call last):
    earmark.errors.ParameterError: path: expected str or path-like, got bytes
    """
    if not _fits(value, hint):
        raise ParameterError(f"{name}: expected {_expected(hint)}, {_misfit(value, hint)}")


@functools.cache
def _hints(of: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(of)


def check_fields(record: Any) -> None:
    """Refuse a dataclass with a field of another type than it declares.

    Parameters
    ----------
    record : object
        An instance of a dataclass; call this from its ``__post_init__``.

    Raises
    ------
    ParameterError
        If a field is of another type.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> Point.__annotations__["x"] = int
    >>> check_fields(Point("left"))
    Traceback (most recent call last):
    earmark.errors.ParameterError: x: expected int, got str
    """
    kind: Any = type(record)
    for name, hint in _hints(kind).items():
        check_type(name, getattr(record, name), hint)


def check_ending(name: str, path: str | os.PathLike[str], known: Sequence[str]) -> str:
    """Refuse an output file whose name does not say a form it can be written in.

    Parameters
    ----------
    name : str
        Name of the argument.
    path : str or path-like
        The file.
    known : sequence of str
        Endings that can be written, with their dots.

    Returns
    -------
    str
        The ending, in lower case.

    Raises
    ------
    ParameterError
        If the file's name ends in none of them; the message lists them.

    Examples
    --------
    >>> check_ending("output", "music.CSV", (".csv", ".parquet"))
    '.csv'
    >>> check_ending("output", "music.xlsx", (".csv", ".parquet"))
    Traceback (most recent call last):
    earmark.errors.ParameterError: output='music.xlsx': its name must end in .csv or .parquet
    """
    if os.path.isdir(path):
        raise ParameterError(f"{name}={os.fspath(path)!r} is a folder")
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in known:
        raise ParameterError(
            f"{name}={os.fspath(path)!r}: its name must end in {' or '.join(known)}"
        )
    return ending


def checked(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function refuse arguments of types that it does not take.

    Parameters
    ----------
    function : callable
        A function whose parameters are annotated.

    Returns
    -------
    callable
        The same function; it raises `ParameterError`, before anything is done, where an argument
        is of another type than its annotation. What is missing or has no parameter stays a
        `TypeError` of Python's own.

    Examples
    --------
    >>> @checked
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4)
    8
    >>> double("4")
    Traceback (most recent call last):
    earmark.errors.ParameterError: x: expected int, got str
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # Python says what is wrong with the call
        hints = _hints(function)
        for name, value in given.items():
            if name in hints:
                check_type(name, value, hints[name])
        return function(*args, **kwargs)

    return wrapper
