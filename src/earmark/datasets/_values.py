"""Values of rows: arrays of one shape and type, in memory or on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import platformdirs

from earmark.errors import DatasetError
from earmark.files import atomic_write
from earmark.types import IntArray, PathName

__all__ = ["ArrayValues", "MappedValues", "Values", "map_archive"]

_BLOCK = 1 << 22
"""Bytes read at a time where all values are gone through."""

_MOST_KEPT = 4
"""Unpacked arrays that stay in the cache folder."""


class Values(Protocol):
    """An array for each row, all of one shape and type. Only what is taken need be in memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, then the shape of the array of each."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of type, shape and all numbers."""
        ...

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def take(self, rows: IntArray) -> npt.NDArray[Any]:
        """Read the arrays of some rows into memory.

        Parameters
        ----------
        rows : np.ndarray of int [shape=(m,)]
            Numbers of the rows.

        Returns
        -------
        np.ndarray [shape=(m, ...)]
            A copy of their arrays.
        """
        ...

    def select(self, rows: IntArray) -> Values:
        """Return the values of some rows, without reading them.

        Parameters
        ----------
        rows : np.ndarray of int [shape=(m,)]
            Numbers of the rows.

        Returns
        -------
        Values
            Of those rows.
        """
        ...


class _Shaped:
    """What all kinds of values compute in the same way from their array."""

    array: npt.NDArray[Any]
    rows: IntArray | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, then the shape of the array of each."""
        return (len(self), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.array.dtype

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of type, shape and all numbers."""
        sha256 = hashlib.sha256(f"{self.dtype.str} {self.shape}".encode())
        for block in self._blocks():
            sha256.update(np.ascontiguousarray(block).data)
        return sha256.hexdigest()

    def __len__(self) -> int:
        return len(self.array) if self.rows is None else len(self.rows)

    def _blocks(self) -> Iterator[npt.NDArray[Any]]:
        size = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        step = max(1, _BLOCK // max(1, size))
        for start in range(0, len(self), step):
            yield self.take(np.arange(start, min(start + step, len(self))))

    def take(self, rows: IntArray) -> npt.NDArray[Any]:
        """Read the arrays of some rows into memory: a copy, of shape (m, ...)."""
        return np.array(self.array[self._numbers(rows)])

    def _numbers(self, rows: IntArray) -> IntArray:
        numbers: IntArray = np.asarray(rows) if self.rows is None else self.rows[rows]
        return numbers


@dataclass(frozen=True, eq=False)
class ArrayValues(_Shaped):
    """Values in memory.

    Attributes
    ----------
    array : np.ndarray [shape=(n, ...)]
        An array for each row.
    rows : np.ndarray of int or None
        Which of them, and in what order; None: all.

    Examples
    --------
    >>> values = ArrayValues(np.arange(12).reshape(4, 3))
    >>> values.select(np.array([2, 0])).take(np.array([0])).tolist()
    [[6, 7, 8]]
    """

    array: npt.NDArray[Any]
    rows: IntArray | None = None

    def select(self, rows: IntArray) -> ArrayValues:
        """Return the values of some rows, without a copy of them.

        Parameters
        ----------
        rows : np.ndarray of int [shape=(m,)]
            Numbers of the rows.

        Returns
        -------
        ArrayValues
            Of those rows.
        """
        return ArrayValues(self.array, self._numbers(rows))


@dataclass(frozen=True, eq=False)
class MappedValues(_Shaped):
    """Values in a ``.npy`` file, of which only what is taken is read.

    Other processes that this is sent to map the file themselves.

    Attributes
    ----------
    path : str
        The file.
    rows : np.ndarray of int or None
        Which rows of the file, and in what order; None: all.

    Raises
    ------
    DatasetError
        If the file is missing, cut short or not an array, when it is first needed.
    """

    path: str
    rows: IntArray | None = None

    @cached_property
    def array(self) -> npt.NDArray[Any]:  # type: ignore[override]
        """The array, mapped into memory."""
        try:
            mapped: npt.NDArray[Any] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise DatasetError(f"{self.path!r}: {error.strerror or error}") from error
        except (ValueError, EOFError) as error:
            raise DatasetError(f"{self.path!r} is not an array, or is cut short: {error}") from None
        return mapped

    def __reduce__(self) -> tuple[type[MappedValues], tuple[str, IntArray | None]]:
        return MappedValues, (self.path, self.rows)

    def select(self, rows: IntArray) -> MappedValues:
        """Return the values of some rows, without reading them.

        Parameters
        ----------
        rows : np.ndarray of int [shape=(m,)]
            Numbers of the rows.

        Returns
        -------
        MappedValues
            Of those rows.
        """
        return MappedValues(self.path, self._numbers(rows))


def map_archive(path: PathName, name: str) -> ArrayValues | MappedValues:
    """Return an array of an ``.npz`` file without holding it in memory.

    It is packed in there, so it is unpacked once, into the user's cache folder, or the one of
    ``EARMARK_FEATURE_CACHE``. Where nothing is to be kept, or can be, it is read into memory.
    Errors of reading the file are those of `zipfile` and NumPy.
    """
    source = os.path.abspath(path)
    target = _place(source, name)
    if target is None:
        return _in_memory(source, name)
    if not target.is_file():
        with zipfile.ZipFile(source) as archive, archive.open(f"{name}.npy") as packed:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(target) as file:
                    shutil.copyfileobj(packed, file)
                _remove_older(target.parent)
            except OSError:
                return _in_memory(source, name)
    return MappedValues(str(target))


def _place(source: str, name: str) -> Path | None:
    """Return where an unpacked array is kept, by the state of its archive; None: nowhere."""
    kept = os.environ.get("EARMARK_FEATURE_CACHE")
    if kept == "":
        return None
    folder = Path(kept).parent if kept else Path(platformdirs.user_cache_dir("earmark"))
    state = os.stat(source)
    key = f"{source}\0{name}\0{state.st_size}\0{state.st_mtime_ns}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    return folder / "arrays" / f"{digest[:32]}.npy"


def _remove_older(folder: Path) -> None:
    """Keep the arrays that were unpacked last. Whoever still has one mapped goes on reading it."""
    unpacked = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
    for path in unpacked[:-_MOST_KEPT]:
        with contextlib.suppress(OSError):
            path.unlink()


def _in_memory(path: str, name: str) -> ArrayValues:
    """Read an array of an archive whole."""
    with np.load(path, allow_pickle=False) as archive:
        return ArrayValues(archive[name])
