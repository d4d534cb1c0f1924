"""Dataclasses to what JSON holds, and back with every type checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["from_record", "to_record"]


def to_record(value: Any) -> Any:
    """Convert dataclasses, mappings and tuples to dicts and lists, whatever they hold.

    Parameters
    ----------
    value : object
        What is built of dataclasses, mappings, tuples, strings, numbers and None.

    Returns
    -------
    object
        What ``json.dumps`` takes.
    """
    if is_dataclass(value):
        return {field.name: to_record(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_record(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        plain = value and isinstance(value[0], (str, int, float))
        return list(value) if plain else [to_record(one) for one in value]
    return value


def from_record(kind: Any, value: Any, where: str) -> Any:
    """Make what `to_record` took apart again.

    Parameters
    ----------
    kind : type
        A dataclass, ``tuple[X, ...]``, ``Mapping[str, X]``, ``X | None``, ``Literal``, ``str``,
        ``int``, ``float``, ``bool`` or ``Any``.
    value : object
        What ``json.loads`` gave.
    where : str
        How to call it in an error.

    Returns
    -------
    object
        Of that kind.

    Raises
    ------
    ValueError
        If it is not: a field is missing or unknown, a type is another, a number is not finite.
    """
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (inner,) = [one for one in arguments if one is not NoneType]
        return None if value is None else from_record(inner, value, where)
    if is_dataclass(kind):
        return _dataclass_from(kind, value, where)
    return _plain_from(kind, value, where) if origin is None else _built_from(kind, value, where)


def _built_from(kind: Any, value: Any, where: str) -> Any:
    """Make a literal, tuple or mapping."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{where} is {value!r}, not one of {', '.join(map(repr, arguments))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} is not a list")
        return tuple(from_record(arguments[0], one, f"{where}[{i}]") for i, one in enumerate(value))
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not an object")
    return {key: from_record(arguments[1], one, f"{where}.{key}") for key, one in value.items()}


def _plain_from(kind: Any, value: Any, where: str) -> Any:
    """Make a string, a number or a truth value."""
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ValueError(f"{where} is {type(value).__name__}, not {kind.__name__}")
    if kind is float and not math.isfinite(value):
        raise ValueError(f"{where} is {value}")
    return value


def _dataclass_from(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not an object")
    kinds = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in kinds]
    if missing or unknown:
        what = f"lacks {missing[0]!r}" if missing else f"has an unknown field {unknown[0]!r}"
        raise ValueError(f"{where} {what}")
    return kind(
        **{name: from_record(kinds[name], value[name], f"{where}.{name}") for name in names}
    )
