"""Features of many tracks, with everything needed to split and to cite them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from earmark.errors import DatasetError
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = ["FeatureTable"]


@dataclass(frozen=True)
class FeatureTable:
    """Tracks by features.

    Attributes
    ----------
    ids : np.ndarray of str [shape=(n,)]
        One id a track, all different.
    X : np.ndarray [shape=(n, d)]
        The features, all finite.
    feature_set : str
        Name of the feature set of the columns.
    fingerprint : str
        Its fingerprint.
    labels : np.ndarray of str [shape=(n,)]
        Genre of each track.
    groups : mapping of str to np.ndarray of int [shape=(n,)]
        Tracks that must not be torn apart hold the same number, e.g. under ``"artist"``.
    partitions : mapping of str to np.ndarray of str [shape=(n,)]
        Published splits: the part each track is in, ``""`` for those in none.
    provenance : mapping of str to str
        Where the rows come from: corpus, citation, SHA-256 of the files read.

    Raises
    ------
    DatasetError
        If a length differs, an id stands twice, or a value is not finite.
    """

    ids: npt.NDArray[np.str_]
    X: FloatArray
    feature_set: str
    fingerprint: str
    labels: npt.NDArray[np.str_]
    groups: Mapping[str, IntArray] = field(default_factory=dict)
    partitions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {"X": self.X, "labels": self.labels, **self.groups, **self.partitions}
        for name, column in columns.items():
            if len(column) != len(self.ids):
                raise DatasetError(f"{name} has {len(column)} rows, ids has {len(self.ids)}")
        ids, counts = np.unique(self.ids, return_counts=True)
        if (counts > 1).any():
            raise DatasetError(f"id {str(ids[counts > 1][0])!r} stands more than once")
        finite = np.isfinite(self.X)
        if not finite.all():
            row, column_number = np.argwhere(~finite)[0]
            raise DatasetError(
                f"column {column_number} of {str(self.ids[row])!r} is {self.X[row, column_number]}"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def classes(self) -> tuple[str, ...]:
        """The genres there are, sorted."""
        return tuple(str(genre) for genre in np.unique(self.labels))

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
