"""What is known of the rows of a dataset, whatever values go with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from earmark.datasets._splits import joined_groups
from earmark.datasets._track import Track
from earmark.errors import DatasetError
from earmark.types import BoolArray, IntArray

__all__ = ["RowUnit", "Rows", "segment_id"]

RowUnit = Literal["track", "segment"]
"""What one row of a dataset is about."""


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


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What is known of tracks, or of segments of tracks: all but their values.

    Attributes
    ----------
    ids : np.ndarray of str [shape=(n,)]
        One id per row, all different.
    labels : np.ndarray of str [shape=(n,)]
        Genre of each row.
    groups : mapping of str to np.ndarray of int [shape=(n,)]
        Rows that must stay on one side of a split have the same number: ``"artist"``, ``"track"``
        (the segments of one track), ``"duplicate"`` (rows known to be the same music).
    partitions : mapping of str to np.ndarray of str [shape=(n,)]
        Published splits: the part each row is in, ``""`` for those in none. ``"official"`` has the
        parts ``train``, ``valid`` and ``test``.
    provenance : mapping of str to str
        Where the rows come from: corpus, citation, SHA-256 of the files read, rows left out.
    unit : {"track", "segment"}
        What a row is about. Segments have ``groups["track"]``.

    Raises
    ------
    DatasetError
        If lengths differ, an id appears twice, groups are not whole numbers, or segments do not
        say which track they belong to.

    Examples
    --------
    >>> rows = Rows(ids=np.array(["a", "b"]), labels=np.array(["rock", "jazz"]))
    >>> rows.select(rows.labels == "jazz").ids.tolist()
    ['b']
    """

    ids: npt.NDArray[np.str_]
    labels: npt.NDArray[np.str_]
    groups: Mapping[str, IntArray] = field(default_factory=dict)
    partitions: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    unit: RowUnit = "track"

    def __post_init__(self) -> None:
        columns = {"labels": self.labels, **self.groups, **self.partitions}
        for name, column in columns.items():
            self._check_length(name, len(column))
        ids, counts = np.unique(self.ids, return_counts=True)
        if (counts > 1).any():
            raise DatasetError(f"id {str(ids[counts > 1][0])!r} appears more than once")
        for name, group in self.groups.items():
            if not np.issubdtype(group.dtype, np.integer):
                raise DatasetError(f"group {name!r} has dtype {group.dtype}, not whole numbers")
        if self.unit not in ("track", "segment"):
            raise DatasetError(f"unit={self.unit!r} is not one of track, segment")
        if self.unit == "segment" and "track" not in self.groups:
            raise DatasetError("unit='segment' needs the group 'track'")

    def _check_length(self, name: str, length: int) -> None:
        if length != len(self.ids):
            raise DatasetError(f"{name} has {length} rows, ids has {len(self.ids)}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def classes(self) -> tuple[str, ...]:
        """The genres, sorted."""
        return tuple(str(genre) for genre in np.unique(self.labels))

    @classmethod
    def of_tracks(
        cls,
        tracks: Sequence[Track],
        *,
        provenance: Mapping[str, str],
        segments: Sequence[Sequence[int]] | None = None,
        segments_of_copies_match: bool = False,
    ) -> Rows:
        """Make rows of tracks, or of segments of tracks.

        Parameters
        ----------
        tracks : sequence of Track
            All with the same groups and partitions.
        provenance : mapping of str to str
            Where the rows come from.
        segments : sequence of sequence of int or None
            Numbers of the segments of each track; None where a row is a track.
        segments_of_copies_match : bool
            Whether segment 3 of a track is the same music as segment 3 of its copy: then these two
            share a number of the group ``"duplicate"``, and not all segments of both tracks.

        Returns
        -------
        Rows
            With the ids, labels, groups and partitions of the tracks; segments also have the group
            ``"track"``.

        Raises
        ------
        DatasetError
            If there are no tracks.
        """
        if not tracks:
            raise DatasetError("no rows are left")
        ids, of = [track.id for track in tracks], np.arange(len(tracks))
        if segments is not None:
            of = np.repeat(of, [len(numbers) for numbers in segments])
            pairs = zip(ids, segments, strict=True)
            ids = [segment_id(name, number) for name, numbers in pairs for number in numbers]
        groups: dict[str, IntArray] = {
            name: np.array([track.groups[name] for track in tracks], dtype=np.int64)[of]
            for name in tracks[0].groups
        }
        if segments is not None:
            groups["track"] = of
            if segments_of_copies_match and "duplicate" in groups:
                number = np.concatenate([np.asarray(numbers) for numbers in segments])
                groups["duplicate"] = groups["duplicate"] * (int(number.max()) + 1) + number
        return Rows(
            ids=np.array(ids),
            labels=np.array([track.label for track in tracks])[of],
            groups=groups,
            partitions={
                name: np.array([track.partitions[name] for track in tracks])[of]
                for name in tracks[0].partitions
            },
            provenance=provenance,
            unit="track" if segments is None else "segment",
        )

    def select(self, rows: BoolArray | IntArray) -> Self:
        """Return some of the rows, with their values where there are any.

        Parameters
        ----------
        rows : np.ndarray of bool or int
            A mask, or the numbers of the rows.

        Returns
        -------
        Rows
            Those rows, in that order.
        """
        return replace(self, **self._selected(rows))

    def _selected(self, rows: BoolArray | IntArray) -> dict[str, Any]:
        """Return the fields that selecting rows changes; subclasses add those of their own."""
        return {
            "ids": self.ids[rows],
            "labels": self.labels[rows],
            "groups": {name: group[rows] for name, group in self.groups.items()},
            "partitions": {name: part[rows] for name, part in self.partitions.items()},
        }

    def with_duplicates(self, copies: IntArray) -> Self:
        """Put rows that are copies of each other into one group ``"duplicate"``.

        Parameters
        ----------
        copies : np.ndarray of int [shape=(n,)]
            Rows with the same number are copies.

        Returns
        -------
        Rows
            Copies that were known before stay together.
        """
        if "duplicate" in self.groups:
            copies = joined_groups(self.groups["duplicate"], copies)
        return replace(self, groups={**self.groups, "duplicate": copies})

    def without_lone_artists(self) -> Self:
        """Drop the group ``"artist"`` where every track is by an artist of its own.

        Returns
        -------
        Rows
            Such artists tell nothing that tracks do not, as where none is known: a score "with
            artists apart" would promise too much.
        """
        if "artist" not in self.groups:
            return self
        tracks = self.groups.get("track", np.arange(len(self)))
        if len(np.unique(self.groups["artist"])) < len(np.unique(tracks)):
            return self
        others = {name: group for name, group in self.groups.items() if name != "artist"}
        return replace(self, groups=others)


def row_digest(rows: Rows, names: Sequence[str], values: Sequence[bytes]) -> str:
    """Return the SHA-256, in hexadecimal, of everything about rows and their values."""
    sha256 = hashlib.sha256()

    def add(*texts: str) -> None:
        for text in texts:
            encoded = text.encode("utf-8", "surrogatepass")
            sha256.update(len(encoded).to_bytes(8, "little") + encoded)

    add("names", str(len(names)), *names, "rows", str(len(rows)))
    add("ids", *rows.ids.tolist(), "labels", *rows.labels.tolist(), "X")
    for part in values:
        sha256.update(part)
    for name in sorted(rows.groups):
        add("group", name)
        sha256.update(np.ascontiguousarray(rows.groups[name], dtype="<i8").tobytes())
    for name in sorted(rows.partitions):
        add("partition", name, *rows.partitions[name].tolist())
    return sha256.hexdigest()
