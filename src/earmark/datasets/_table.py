"""Rows with their values: a matrix of features, or arrays of any shape."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from earmark.datasets._rows import Rows, row_digest
from earmark.datasets._values import Values
from earmark.errors import DatasetError
from earmark.features import FeatureSet, feature_sets
from earmark.types import BoolArray, FloatArray, IntArray, PathName

__all__ = ["ArrayTable", "Examples", "FeatureTable"]


@dataclass(frozen=True, kw_only=True)
class FeatureTable(Rows):
    """Tracks, or segments of tracks, with a number for each of some features.

    Attributes
    ----------
    X : np.ndarray [shape=(n, d)]
        The features, all finite.
    feature_set : str
        Name of the feature set of the columns.
    fingerprint : str
        Its fingerprint.
    names : tuple of str
        Names of the columns, all different. Where none are given: those of the feature set if it is
        registered with that fingerprint and as many columns, else ``x0``, ``x1`` ...

    Raises
    ------
    DatasetError
        As for `Rows`, and if a name appears twice or a value is not finite.
    """

    X: FloatArray
    feature_set: str
    fingerprint: str
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_length("X", len(self.X))
        if self.X.ndim != 2:
            raise DatasetError(f"X has shape {self.X.shape}: rows and columns are needed")
        super().__post_init__()
        self._check_names()
        finite = np.isfinite(self.X)
        if not finite.all():
            row, at = np.argwhere(~finite)[0]
            raise DatasetError(
                f"column {self.names[at]!r} of {str(self.ids[row])!r} is {self.X[row, at]}"
            )

    def _check_names(self) -> None:
        n_columns = self.X.shape[1]
        if not self.names:
            known = {registered.fingerprint: registered.names for registered in feature_sets()}
            names = known.get(self.fingerprint, ())
            if len(names) != n_columns:
                names = tuple(f"x{number}" for number in range(n_columns))
            object.__setattr__(self, "names", names)
        if len(self.names) != n_columns:
            raise DatasetError(f"names has {len(self.names)} names, X has {n_columns} columns")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DatasetError(f"column {twice[0]!r} appears more than once")

    @classmethod
    def of_rows(cls, rows: Rows, X: FloatArray, feature_set: FeatureSet) -> FeatureTable:
        """Make a table of rows and the matrix of their features.

        Parameters
        ----------
        rows : Rows
            What is known of the rows.
        X : np.ndarray [shape=(n, d)]
            Their features.
        feature_set : FeatureSet
            Of the columns.

        Returns
        -------
        FeatureTable
            Both.
        """
        return cls(
            **{field.name: getattr(rows, field.name) for field in fields(Rows)},
            X=X,
            feature_set=feature_set.name,
            fingerprint=feature_set.fingerprint,
            names=feature_set.names,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of ids, values, names, labels, groups and partitions."""
        # Adding 0 makes -0.0 and 0.0, which are equal, the same bytes.
        matrix = np.ascontiguousarray(self.X + 0.0, dtype="<f8").tobytes()
        return row_digest(self, self.names, [matrix])

    def inputs(self, rows: IntArray) -> FloatArray:
        """Return what a model predicts from.

        Parameters
        ----------
        rows : np.ndarray of int
            Numbers of the rows.

        Returns
        -------
        np.ndarray [shape=(len(rows), d)]
            Their features.
        """
        return self.X[rows]

    def _selected(self, rows: BoolArray | IntArray) -> dict[str, Any]:
        return {**super()._selected(rows), "X": self.X[rows]}

    def to_parquet(self, path: PathName) -> None:
        """Write the table, losing nothing.

        Parameters
        ----------
        path : str or path-like
            The file to write, in one step: it is whole or not there.

        Raises
        ------
        DatasetError
            If a feature has the name of another column of the file (``id``, ``label``).
        OSError
            If the file cannot be written.

        See Also
        --------
        FeatureTable.from_parquet : Read it again.
        """
        from earmark.datasets._parquet import write_parquet

        write_parquet(self, path)

    @classmethod
    def from_parquet(cls, path: PathName) -> FeatureTable:
        """Read a table that `to_parquet` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        FeatureTable
            Equal to the one written, provenance included.

        Raises
        ------
        DatasetError
            If there is no such file, or it is not a table of features, lacks a column, or holds
            values other than those written.

        Examples
        --------
        >>> import tempfile
        >>> table = FeatureTable(
        ...     ids=np.array(["a", "b"]), X=np.array([[0.5], [1 / 3]]), feature_set="one",
        ...     fingerprint="1", labels=np.array(["rock", "jazz"]), provenance={"corpus": "mine"},
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     table.to_parquet(f"{folder}/mine.parquet")
        ...     again = FeatureTable.from_parquet(f"{folder}/mine.parquet")
        >>> again.digest == table.digest, again.provenance
        (True, {'corpus': 'mine'})
        """
        from earmark.datasets._parquet import read_parquet

        return read_parquet(path, kind=cls)


@dataclass(frozen=True, kw_only=True)
class ArrayTable(Rows):
    """Tracks, or segments of tracks, with an array of any shape for each, such as a spectrogram.

    Attributes
    ----------
    values : Values
        The arrays, in memory or on disk; all of one shape.
    feature_set : str
        Name of what they hold, e.g. ``logmel_u8``.
    fingerprint : str
        Of how they were made.

    Raises
    ------
    DatasetError
        As for `Rows`.
    """

    values: Values
    feature_set: str
    fingerprint: str

    def __post_init__(self) -> None:
        self._check_length("values", len(self.values))
        super().__post_init__()

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of ids, values, labels, groups and partitions."""
        return row_digest(self, (), [self.values.fingerprint.encode()])

    def inputs(self, rows: IntArray) -> Values:
        """Return what a model predicts from.

        Parameters
        ----------
        rows : np.ndarray of int
            Numbers of the rows.

        Returns
        -------
        Values
            Their arrays, which stay where they are until they are taken.
        """
        return self.values.select(rows)

    def _selected(self, rows: BoolArray | IntArray) -> dict[str, Any]:
        numbers = np.arange(len(self))[rows]
        return {**super()._selected(rows), "values": self.values.select(numbers)}


Examples: TypeAlias = FeatureTable | ArrayTable
"""Rows with values that models can be fitted to."""
