"""From tracks and numbers to a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from earmark.datasets._table import FeatureTable, segment_id
from earmark.datasets._track import Track
from earmark.errors import DatasetError
from earmark.features import FeatureSet
from earmark.types import FloatArray

__all__ = ["assemble"]


def assemble(
    tracks: Sequence[Track],
    X: FloatArray,
    feature_set: FeatureSet,
    *,
    provenance: Mapping[str, str],
    n_segments: int | None = None,
) -> FeatureTable:
    """Make a table of tracks and the rows of each.

    Parameters
    ----------
    tracks : sequence of Track
        All with the same groups and partitions.
    X : np.ndarray
        A row for each track, or `n_segments` rows for each, one track after the other.
    feature_set : FeatureSet
        Of the columns.
    provenance : mapping of str to str
        Where the rows come from.
    n_segments : int or None
        Segments of each track; None where a row is a track.

    Returns
    -------
    FeatureTable
        Ids, labels, groups and partitions are those of the tracks. Segments also have the group
        ``"track"``, and share a number of ``"duplicate"`` with the segment of the same number of a
        copy of their track, not with their neighbours: that they are of one track is what the
        group ``"track"`` says.

    Raises
    ------
    DatasetError
        If there is no track.
    """
    if not tracks:
        raise DatasetError(f"no rows of {feature_set.name} are left")
    repeats = 1 if n_segments is None else n_segments
    groups = {
        name: np.repeat([track.groups[name] for track in tracks], repeats).astype(np.int64)
        for name in tracks[0].groups
    }
    ids = [track.id for track in tracks]
    if n_segments is not None:
        ids = [segment_id(name, number) for name in ids for number in range(n_segments)]
        groups["track"] = np.repeat(np.arange(len(tracks)), n_segments)
        if "duplicate" in groups:
            number = np.tile(np.arange(n_segments), len(tracks))
            groups["duplicate"] = groups["duplicate"] * n_segments + number
    return FeatureTable(
        ids=np.array(ids),
        X=X,
        feature_set=feature_set.name,
        fingerprint=feature_set.fingerprint,
        labels=np.repeat([track.label for track in tracks], repeats),
        groups=groups,
        partitions={
            name: np.repeat([track.partitions[name] for track in tracks], repeats)
            for name in tracks[0].partitions
        },
        provenance=provenance,
        names=feature_set.names,
        unit="track" if n_segments is None else "segment",
    )
