"""What loaders share in reading files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from earmark.errors import DatasetError
from earmark.files import content_hash
from earmark.types import FloatArray, IntArray, PathName
from earmark.wording import counted

__all__ = ["floats", "numbered", "provenance_of", "read_csv", "unique_ids", "whole"]

Row = dict[str, str]


def read_csv(
    path: PathName,
    columns: Sequence[str],
    *,
    n_rows: int | None = None,
    n_headers: int = 1,
    delimiter: str = ",",
) -> list[Row]:
    """Read a UTF-8 CSV file as a dict for each row, and check that it holds what is needed.

    It must have `columns` and, if given, `n_rows` rows. Names of columns may be spread over
    `n_headers` lines; their parts are joined by ``_``. Whatever is wrong is a `DatasetError` that
    names the file.
    """
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            heads = [next(reader, []) for _ in range(n_headers)]
            header = ["_".join(filter(None, parts)) for parts in zip(*heads, strict=False)]
            _check_header(name, header, columns)
            lines = [line for line in reader if line]
    except OSError as error:
        raise DatasetError(f"{name!r}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{name!r} is not CSV: {error}") from error
    for number, line in enumerate(lines, start=1):
        if len(line) != len(header):
            raise DatasetError(
                f"{name!r}: row {number} ({line[0]!r}) has {len(line)} fields, not {len(header)}"
            )
    if n_rows is not None and len(lines) != n_rows:
        raise DatasetError(f"{name!r}: has {counted(len(lines), 'row')}, not {n_rows:,}")
    return [dict(zip(header, line, strict=True)) for line in lines]


def _check_header(name: str, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise DatasetError(f"{name!r}: column {missing[0]!r} is missing")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise DatasetError(f"{name!r}: column {twice[0]!r} appears more than once")


def floats(path: PathName, rows: Sequence[Row], names: Sequence[str], *, key: str) -> FloatArray:
    """Read columns of finite numbers, an array of shape (n, len(names)).

    A `DatasetError` names the file at `path`, the column, the row (by its column `key`) and the
    value.
    """
    X = np.empty((len(rows), len(names)))
    for number, row in enumerate(rows):
        try:
            X[number] = [float(row[name]) for name in names]
        except ValueError:
            X[number] = np.nan  # which of them it is, is looked for below
    bad = ~np.isfinite(X)
    if bad.any():
        row = rows[int(np.flatnonzero(bad.any(axis=1))[0])]
        column = next(name for name in names if not _is_finite(row[name]))
        raise DatasetError(
            f"{os.fspath(path)!r}: column {column!r} of row {row[key]!r} is {row[column]!r}, "
            "not a finite number"
        )
    return X


def _is_finite(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def whole(path: PathName, rows: Sequence[Row], name: str, *, key: str) -> IntArray:
    """Read a column of whole numbers, as many files write them: ``3`` or ``3.0``.

    A `DatasetError` names the file at `path`, the column, the row (by its column `key`) and the
    value.
    """
    numbers = np.empty(len(rows), dtype=np.int64)
    for at, row in enumerate(rows):
        text = row[name]
        value = float(text) if _is_finite(text) else np.nan
        if value != np.floor(value):  # true of NaN
            raise DatasetError(
                f"{os.fspath(path)!r}: column {name!r} of row {row[key]!r} is {text!r}, "
                "not a whole number"
            )
        numbers[at] = int(value)
    return numbers


def numbered(keys: Iterable[object]) -> IntArray:
    """Give equal keys one number; an empty key, or None, gets a number of its own.

    Parameters
    ----------
    keys : iterable
        What is numbered.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        In the order of their first appearance.

    Examples
    --------
    >>> numbered(["a", "", "b", "a", ""]).tolist()
    [0, 1, 2, 0, 3]
    """
    known: dict[object, int] = {}
    return np.array(
        [
            known.setdefault(key if key not in ("", None) else (at,), len(known))
            for at, key in enumerate(keys)
        ],
        dtype=np.int64,
    )


def unique_ids(path: PathName, ids: Sequence[str]) -> npt.NDArray[np.str_]:
    """Return ids as an array; a `DatasetError` says which of them is blank or appears twice."""
    first: dict[str, int] = {}
    for number, name in enumerate(ids, start=1):
        if not name.strip():
            raise DatasetError(f"{os.fspath(path)!r}: row {number} has no id")
        if name in first:
            raise DatasetError(
                f"{os.fspath(path)!r}: id {name!r} appears more than once: "
                f"in rows {first[name]} and {number}"
            )
        first[name] = number
    return np.array(ids, dtype=np.str_)


def provenance_of(
    corpus: str, citation: str, folder: PathName, names: Iterable[str], **more: str
) -> Mapping[str, str]:
    """Say where rows come from: corpus, citation, a SHA-256 per file read, and further facts."""
    try:
        hashes = {name: content_hash(os.path.join(folder, name)) for name in names}
    except OSError as error:
        raise DatasetError(f"{error.filename!r}: {error.strerror}") from error
    return {"corpus": corpus, "citation": citation, **hashes, **more}
