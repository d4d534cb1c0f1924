"""Features of many rows, with everything needed to split and to cite them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from earmark.errors import DatasetError
from earmark.features import feature_sets
from earmark.types import BoolArray, FloatArray, IntArray, PathName

__all__ = ["FeatureTable", "RowUnit", "segment_id"]

RowUnit = Literal["track", "segment"]
"""What one row of a table is about."""


def segment_id(track_id: str, number: int) -> str:
    """Return the id of a segment.

    Parameters
    ----------
    track_id : str
        Of the track it is cut from.
    number : int
        From 0.

    Returns
    -------
    str
        Both, with ``#`` between them.

    Examples
    --------
    >>> segment_id("blues.00000", 3)
    'blues.00000#3'
    """
    return f"{track_id}#{number}"


@dataclass(frozen=True)
class FeatureTable:
    """Tracks, or segments of tracks, by features.

    Attributes
    ----------
    ids : np.ndarray of str [shape=(n,)]
        One id a row, all different.
    X : np.ndarray [shape=(n, d)]
        The features, all finite.
    feature_set : str
        Name of the feature set of the columns.
    fingerprint : str
        Its fingerprint.
    labels : np.ndarray of str [shape=(n,)]
        Genre of each row.
    groups : mapping of str to np.ndarray of int [shape=(n,)]
        Rows that must not be torn apart hold the same number: ``"artist"``, ``"track"`` (the
        segments of one), ``"duplicate"`` (rows known to be the same music).
    partitions : mapping of str to np.ndarray of str [shape=(n,)]
        Published splits: the part each row is in, ``""`` for those in none. ``"official"`` has the
        parts ``train``, ``valid`` and ``test``.
    provenance : mapping of str to str
        Where the rows come from: corpus, citation, SHA-256 of the files read, rows left out.
    names : tuple of str
        Names of the columns, all different. Where none are given: those of the feature set if it is
        registered with that fingerprint and as many columns, else ``x0``, ``x1`` ...
    unit : {"track", "segment"}
        What a row is about. Segments carry ``groups["track"]``.

    Raises
    ------
    DatasetError
        If a length differs, an id or a name appears twice, a value is not finite, groups are not
        whole numbers, or segments do not say of which track they are.
    """

    ids: npt.NDArray[np.str_]
    X: FloatArray
    feature_set: str
    fingerprint: str
    labels: npt.NDArray[np.str_]
    groups: Mapping[str, IntArray] = field(default_factory=dict)
    partitions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    unit: RowUnit = "track"

    def __post_init__(self) -> None:
        columns = {"X": self.X, "labels": self.labels, **self.groups, **self.partitions}
        for name, column in columns.items():
            if len(column) != len(self.ids):
                raise DatasetError(f"{name} has {len(column)} rows, ids has {len(self.ids)}")
        if self.X.ndim != 2:
            raise DatasetError(f"X has shape {self.X.shape}: rows and columns are needed")
        self._check_names()
        ids, counts = np.unique(self.ids, return_counts=True)
        if (counts > 1).any():
            raise DatasetError(f"id {str(ids[counts > 1][0])!r} appears more than once")
        finite = np.isfinite(self.X)
        if not finite.all():
            row, at = np.argwhere(~finite)[0]
            raise DatasetError(
                f"column {self.names[at]!r} of {str(self.ids[row])!r} is {self.X[row, at]}"
            )
        for name, group in self.groups.items():
            if not np.issubdtype(group.dtype, np.integer):
                raise DatasetError(f"group {name!r} has dtype {group.dtype}, not whole numbers")
        if self.unit not in ("track", "segment"):
            raise DatasetError(f"unit={self.unit!r} is not one of track, segment")
        if self.unit == "segment" and "track" not in self.groups:
            raise DatasetError("unit='segment' needs the group 'track'")

    def _check_names(self) -> None:
        n_columns = self.X.shape[1]
        if not self.names:
            known = {one.fingerprint: one.names for one in feature_sets()}
            names = known.get(self.fingerprint, ())
            if len(names) != n_columns:
                names = tuple(f"x{number}" for number in range(n_columns))
            object.__setattr__(self, "names", names)
        if len(self.names) != n_columns:
            raise DatasetError(f"names has {len(self.names)} names, X has {n_columns} columns")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DatasetError(f"column {twice[0]!r} appears more than once")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def classes(self) -> tuple[str, ...]:
        """The genres there are, sorted."""
        return tuple(str(genre) for genre in np.unique(self.labels))

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of ids, values, names, labels, groups and partitions."""
        sha256 = hashlib.sha256()

        def add(*texts: str) -> None:
            for text in texts:
                encoded = text.encode("utf-8", "surrogatepass")
                sha256.update(len(encoded).to_bytes(8, "little") + encoded)

        add("names", str(len(self.names)), *self.names, "rows", str(len(self)))
        add("ids", *self.ids.tolist(), "labels", *self.labels.tolist(), "X")
        # Adding 0 makes -0.0 and 0.0, which are equal, the same bytes.
        sha256.update(np.ascontiguousarray(self.X + 0.0, dtype="<f8").tobytes())
        for name in sorted(self.groups):
            add("group", name)
            sha256.update(np.ascontiguousarray(self.groups[name], dtype="<i8").tobytes())
        for name in sorted(self.partitions):
            add("partition", name, *self.partitions[name].tolist())
        return sha256.hexdigest()

    def select(self, rows: BoolArray | IntArray) -> FeatureTable:
        """Return the table of some rows.

        Parameters
        ----------
        rows : np.ndarray of bool or int
            A mask, or the numbers of the rows.

        Returns
        -------
        FeatureTable
            Those rows, in that order.

        Examples
        --------
        >>> table = FeatureTable(
        ...     ids=np.array(["a", "b"]), X=np.zeros((2, 1)), feature_set="zero",
        ...     fingerprint="0", labels=np.array(["rock", "jazz"]),
        ... )
        >>> table.select(table.labels == "jazz").ids.tolist()
        ['b']
        """
        return replace(
            self,
            ids=self.ids[rows],
            X=self.X[rows],
            labels=self.labels[rows],
            groups={name: group[rows] for name, group in self.groups.items()},
            partitions={name: part[rows] for name, part in self.partitions.items()},
        )

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

        return read_parquet(path)
