"""From dataclasses to JSON and back, and the JSON Schemas of all documents.

A dataclass whose instances are printed or saved inherits from `Record` and declares what its JSON
holds; ``to_dict`` follows from that. Every document has a name and a version, such as
``earmark.scan/2``, and a JSON Schema in ``schemas/scan-2.json``.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import resources
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from earmark.errors import AudioError, ParameterError

__all__ = [
    "Record",
    "RecordKey",
    "document",
    "documents",
    "error_record",
    "failure_record",
    "from_record",
    "package_version",
    "schema_of",
    "to_record",
]

RecordKey: TypeAlias = str | tuple[str, Callable[[Any], Any]]
"""An entry of an object in JSON, see `Record`."""

_NAME = re.compile(r"earmark\.([a-z-]+)/(\d+)")
_ENTRY = re.compile(r"(?P<spread>\*?)(?P<key>\w+)(?P<optional>\??)(?:=(?P<path>\w+(?:\.\w+)*))?")
_PLAIN = frozenset({str, int, float, bool, NoneType})


class _Getter(NamedTuple):
    """How one entry of a record is made."""

    key: str
    get: Callable[[Any], Any]
    spread: bool = False
    optional: bool = False


class Record:
    """Base of a dataclass that JSON can hold; its declaration says how.

    ``class Scan(Record, schema="earmark.scan/2", keys=("library", "files=n_files"))`` makes
    documents of this schema, with ``schema`` first. Each of `keys` is one of

    - ``"library"``: the field or property of this name;
    - ``"files=n_files"``: a field or property under another name, or ``"artist=tags.artist"``;
    - ``"warned?"``: left out where it is None;
    - ``"*place"``: the entries of a mapping, not the mapping;
    - ``("seconds", function)``: what a function of the object returns, or
      ``("*", function)``: the entries of the mapping that it returns.

    Without `keys`, all fields are written under their own names.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Size(Record, keys=("width", "h=height", ("area", lambda it: it.width * it.height))):
    ...     width: int
    ...     height: int
    >>> Size(2, 3).to_dict()
    {'width': 2, 'h': 3, 'area': 6}
    """

    _schema: ClassVar[str] = ""
    _keys: ClassVar[tuple[RecordKey, ...]] = ()

    def __init_subclass__(
        cls, *, schema: str = "", keys: Iterable[RecordKey] = (), **more: Any
    ) -> None:
        super().__init_subclass__(**more)
        cls._schema = schema or cls._schema
        cls._keys = tuple(keys) or cls._keys
        known = {name for base in cls.__mro__ for name in (*vars(base), *_annotations(base))}
        for entry in cls._keys:
            if isinstance(entry, str) and _source(entry)[0] not in known:
                raise TypeError(f"{cls.__name__} has neither field nor property for {entry!r}")

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema of the document, or of the one this is part of, describes.
        """
        content = _content(self)
        return {"schema": self._schema, **content} if self._schema else content


def _annotations(kind: type) -> Iterable[str]:
    return dict(vars(kind).get("__annotations__", {}))


def _source(entry: str) -> list[str]:
    """Return the attributes that lead to the value of an entry."""
    parts = _ENTRY.fullmatch(entry)
    if parts is None:
        raise TypeError(f"{entry!r} is not an entry of a record")
    return (parts["path"] or parts["key"]).split(".")


@cache
def _getters(kind: Any) -> tuple[_Getter, ...]:
    """Compile the declaration of a class of records, or the fields of any other dataclass."""
    entries = getattr(kind, "_keys", ()) or tuple(field.name for field in fields(kind))
    getters = []
    for entry in entries:
        if isinstance(entry, tuple):
            key, get = entry
            getters.append(_Getter(key, get, spread=key == "*"))
            continue
        parts = _ENTRY.fullmatch(entry)
        assert parts is not None  # noqa: S101  (checked when the class was made)
        get = attrgetter(".".join(_source(entry)))
        getters.append(_Getter(parts["key"], get, bool(parts["spread"]), bool(parts["optional"])))
    return tuple(getters)


def _content(record: Any) -> dict[str, Any]:
    """Convert a dataclass to a dict, without the name of its schema."""
    content: dict[str, Any] = {}
    for key, get, spread, optional in _getters(record.__class__):
        value = get(record)
        if spread:
            content.update(to_record(value))
        elif not (optional and value is None):
            content[key] = value if type(value) in _PLAIN else to_record(value)
    return content


def to_record(value: Any) -> Any:
    """Convert dataclasses, mappings, tuples and arrays to dicts and lists, with all they hold.

    Parameters
    ----------
    value : object
        What is built of dataclasses, mappings, sequences, NumPy arrays, strings, numbers and None.

    Returns
    -------
    object
        What ``json.dumps`` takes.

    Examples
    --------
    >>> to_record({1990: (1, 2), "none": None})
    {'1990': [1, 2], 'none': None}
    """
    if isinstance(value, (tuple, list)):
        return [entry if type(entry) in _PLAIN else to_record(entry) for entry in value]
    if isinstance(value, (dict, Mapping)):
        return {
            str(key): entry if type(entry) in _PLAIN else to_record(entry)
            for key, entry in value.items()
        }
    if is_dataclass(value):
        return _content(value)
    return value.tolist() if hasattr(value, "tolist") else value


def from_record(kind: Any, value: Any, where: str) -> Any:
    """Make what `to_record` took apart again, where every field has its own name.

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
        If a field is missing or unknown, a value has another type, or a number is not finite.
    """
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (inner,) = [argument for argument in arguments if argument is not NoneType]
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
        return tuple(
            from_record(arguments[0], entry, f"{where}[{at}]") for at, entry in enumerate(value)
        )
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not an object")
    return {key: from_record(arguments[1], entry, f"{where}.{key}") for key, entry in value.items()}


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
    """Make a dataclass; every field must be there, and nothing else."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not an object")
    kinds = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in names]
    if missing or unknown:
        what = f"lacks {missing[0]!r}" if missing else f"has an unknown field {unknown[0]!r}"
        raise ValueError(f"{where} {what}")
    return kind(
        **{name: from_record(kinds[name], value[name], f"{where}.{name}") for name in names}
    )


def document(schema: str, /, **content: Any) -> dict[str, Any]:
    """Return a document that no dataclass stands for.

    Parameters
    ----------
    schema : str
        Name and version, such as ``"earmark.models/1"``.
    **content : object
        Its entries; dataclasses and tuples are converted.

    Returns
    -------
    dict
        What JSON can hold.

    Examples
    --------
    >>> document("earmark.models/1", models=())
    {'schema': 'earmark.models/1', 'models': []}
    """
    return {"schema": schema, **to_record(content)}


def error_record(error: AudioError | None) -> dict[str, str] | None:
    """Return the fields of an error in a document, in addition to the path of the file.

    Parameters
    ----------
    error : AudioError or None
        Why a file cannot be used.

    Returns
    -------
    dict of str to str or None
        ``code`` and ``message``.

    Examples
    --------
    >>> from earmark.errors import AudioNotFoundError
    >>> error_record(AudioNotFoundError("a.mp3", "no such file"))
    {'code': 'not-found', 'message': 'no such file'}
    """
    return None if error is None else {"code": error.code, "message": error.reason}


def failure_record(error: AudioError) -> dict[str, str]:
    """Return the entry of an error in a list of failed files.

    Parameters
    ----------
    error : AudioError
        Why it cannot be used.

    Returns
    -------
    dict of str to str
        ``path``, ``code`` and ``message``.

    Examples
    --------
    >>> from earmark.errors import AudioNotFoundError
    >>> failure_record(AudioNotFoundError("a.mp3", "no such file"))["path"]
    'a.mp3'
    """
    return {"path": os.fspath(error.path), "code": error.code, "message": error.reason}


def package_version(record: object = None) -> str:
    """Return the version of Earmark: as an entry of a record, the version that wrote it.

    Parameters
    ----------
    record : object
        Not used: the version is the same for every record.

    Returns
    -------
    str
        The version.

    Examples
    --------
    >>> package_version().count(".")
    2
    """
    return str(sys.modules["earmark"].__version__)


def _folder() -> Any:
    return resources.files("earmark") / "schemas"


def documents() -> tuple[str, ...]:
    """List the documents that Earmark prints or saves as JSON.

    Returns
    -------
    tuple of str
        Name and version of each, sorted.

    Examples
    --------
    >>> "earmark.scan/2" in documents()
    True
    """
    stems = (file.name.removesuffix(".json") for file in _folder().iterdir())
    return tuple(sorted("earmark.{0}/{2}".format(*stem.rpartition("-")) for stem in stems))


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a document.

    Parameters
    ----------
    name : str
        Name and version of the document, as its ``schema`` says.

    Returns
    -------
    dict
        Of the draft 2020-12.

    Raises
    ------
    ParameterError
        If there is no such document.

    Examples
    --------
    >>> schema_of("earmark.scan/2")["title"]
    'earmark.scan/2'
    """
    parts = _NAME.fullmatch(name)
    file = _folder() / "{}-{}.json".format(*parts.groups()) if parts else None
    if file is None or not file.is_file():
        raise ParameterError(f"name={name!r} is not one of {', '.join(documents())}")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
