"""Whatever workers return survives the trip between processes.

What they return is not listed but found: every function that is given to a pool of processes, the
records its return type names, and every error. One that is added later is tested as well.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import earmark
from earmark.errors import EarmarkError

_POOLS = ("map_files", "map_tasks", "Pool")
_THE_POOLS_THEMSELVES = ("earmark.extraction._parallel", "earmark.processes._pool")


@functools.cache
def _modules() -> list[types.ModuleType]:
    names = [found.name for found in pkgutil.walk_packages(earmark.__path__, "earmark.")]
    return [importlib.import_module(name) for name in names if not name.endswith("__main__")]


@functools.cache
def _classes() -> Mapping[str, type]:
    return {
        value.__name__: value
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    }


def _partials(tree: ast.AST) -> Mapping[str, ast.expr]:
    """Return what is assigned to each name."""
    return {
        ast.unparse(target): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
    }


def _given_to(call: ast.Call, assigned: Mapping[str, ast.expr]) -> list[str]:
    """Return the names of the functions in the first argument of a call."""
    given = call.args[0]
    given = assigned.get(ast.unparse(given), given)
    if isinstance(given, ast.Call) and ast.unparse(given.func) == "partial":
        inner = [one for one in given.args if isinstance(one, ast.Call)]
        return [ast.unparse(given.args[0]), *(name for one in inner for name in _given_to(one, {}))]
    if isinstance(given, ast.Call):
        return []
    return [ast.unparse(given)]


def _workers() -> Iterator[Callable[..., Any]]:
    """Find every function that is given to a pool of processes."""
    for module in _modules():
        if module.__name__ in _THE_POOLS_THEMSELVES or module.__file__ is None:
            continue
        tree = ast.parse(inspect.getsource(module))
        assigned = _partials(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _POOLS:
                for name in _given_to(node, assigned):
                    yield vars(module)[name]


WORKERS = list(dict.fromkeys(_workers()))


def _hints(kind: type) -> Mapping[str, Any]:
    """Return the types of the fields of a record; names mean what they mean in its own module."""
    own = vars(importlib.import_module(kind.__module__))
    return typing.get_type_hints(kind, localns={**_classes(), **own})


def _records_in(hint: Any, found: dict[type, None]) -> None:
    """Collect the records that a type names, and those that these hold."""
    for inner in typing.get_args(hint):
        _records_in(inner, found)
    if dataclasses.is_dataclass(hint) and hint not in found:
        found[typing.cast(type, hint)] = None
        for one in _hints(typing.cast(type, hint)).values():
            _records_in(one, found)


def _records() -> list[type]:
    found: dict[type, None] = {}
    for worker in WORKERS:
        _records_in(typing.get_type_hints(worker)["return"], found)
    return list(found)


RECORDS = _records()
ERRORS = [one for one in _classes().values() if issubclass(one, EarmarkError)]


def _sample(hint: Any) -> Any:  # noqa: PLR0911
    """Make a value of a type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    plain = {
        str: "söng\udcff",
        int: 3,
        float: 0.5,
        bool: True,
        bytes: b"\0\xff",
        Any: ("any", None),
    }
    if hint in plain:
        return plain[hint]
    if origin is typing.Literal:
        return arguments[-1]
    if origin in (types.UnionType, typing.Union):
        return _sample(arguments[0])
    if np.ndarray in (origin, hint):
        kind = typing.get_args(arguments[1])[0] if arguments[1:] and arguments[1] is not Any else 0
        return np.arange(6).reshape(2, 3).astype(kind if isinstance(kind, type) else np.float32)
    if origin is tuple:
        return tuple(_sample(one) for one in arguments if one is not Ellipsis)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_sample(arguments[0]): _sample(arguments[1])}
    if isinstance(origin, type) and issubclass(origin, Collection):
        kind = origin if origin in (list, set, frozenset) else tuple
        return kind([_sample(arguments[0])])
    if isinstance(hint, type) and issubclass(hint, EarmarkError):
        return _error(hint)
    assert dataclasses.is_dataclass(hint), f"{hint}: how is a sample of it made?"
    return _record(typing.cast(type, hint), whole=True)


def _record(kind: type, *, whole: bool) -> Any:
    """Make a record: with everything it can hold, or with nothing but what it must."""
    hints = _hints(kind)
    missing = dataclasses.MISSING
    return kind(
        **{
            one.name: _sample(hints[one.name])
            for one in dataclasses.fields(kind)
            if whole or (one.default is missing and one.default_factory is missing)
        }
    )


def _error(kind: type) -> Any:
    """Make an error: a text for each argument that its class names."""
    if kind.__init__ is Exception.__init__:  # type: ignore[misc]
        return kind("what is wrong \udcff")
    names = list(inspect.signature(kind.__init__).parameters)[1:]  # type: ignore[misc]
    return kind(*(f"{name} \udcff" for name in names))


def _round_trip(value: Any) -> Any:
    return ForkingPickler.loads(bytes(ForkingPickler.dumps(value)))


def _assert_same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            _assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, Mapping):
        assert list(one) == list(other)
        for key, value in one.items():
            _assert_same(value, other[key])
    elif isinstance(one, list | tuple):
        for mine, its in zip(one, other, strict=True):
            _assert_same(mine, its)
    elif isinstance(one, EarmarkError):
        assert (one.args, vars(one), str(one)) == (other.args, vars(other), str(other))
    else:
        assert one == other


def test_workers_and_what_they_return_are_found() -> None:
    names = {one.__name__ for one in WORKERS}
    assert names >= {"analyse_file", "read_file", "file_to_rows", "remote_to_rows"}
    assert len(names) >= 8  # of scan, classify, features, train, evaluate and tune
    assert {"AnalysedTrack", "Tags", "Classification", "FoldScore", "FoldAnswer"} <= {
        one.__name__ for one in RECORDS
    }
    assert len(ERRORS) >= 25


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "defaults"])
@pytest.mark.parametrize("kind", RECORDS, ids=lambda one: one.__name__)
def test_what_workers_return_survives_the_trip(kind: type, whole: bool) -> None:
    record = _record(kind, whole=whole)
    _assert_same(record, _round_trip(record))


@pytest.mark.parametrize("kind", ERRORS, ids=lambda one: one.__name__)
def test_every_error_survives_the_trip(kind: type) -> None:
    error = _error(kind)
    error.add_note("a note")
    _assert_same(error, _round_trip(error))


def test_rows_survive_the_trip() -> None:
    rows = pa.RecordBatch.from_pylist([{"path": "a.mp3", "x": 0.5}])
    assert _round_trip(rows).equals(rows)
