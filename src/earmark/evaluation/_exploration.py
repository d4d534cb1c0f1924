"""What is in a dataset, before anything is fitted to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.datasets import ArrayTable, FeatureTable, Rows, Track, spectrogram_examples
from earmark.errors import DatasetError
from earmark.evaluation._table_statistics import (
    balance_of,
    columns_of,
    correlation_of,
    distributions_of,
    duplicates_of,
    map_of,
    missing_of,
)
from earmark.records import Record, package_version
from earmark.types import Progress

__all__ = ["EXPLORATION_SCHEMA", "Exploration", "ExploredDataset", "explore_dataset"]

EXPLORATION_SCHEMA = "earmark.exploration/2"
"""Schema of what `Exploration.to_dict` returns."""

_STEPS = ("counting", "duplicates", "columns", "map", "spectrograms")


@dataclass(frozen=True)
class Exploration(
    Record,
    schema=EXPLORATION_SCHEMA,
    keys=(
        ("earmark", package_version),
        *("seed", "dataset", "balance", "shared_artists", "missing", "duplicates", "columns"),
        *("distributions", "correlation", "map", "spectrograms"),
    ),
):
    """What is in a dataset.

    Attributes
    ----------
    seed : int
        Which rows are on the map, if not all, and which tracks are examples.
    dataset : dict
        ``name, n, unit, n_columns, feature_set, fingerprint, digest, classes, provenance`` and the
        known ``faults`` of the corpus, and how many rows are ``left_out`` for them.
    balance : list of dict
        For each genre its rows ``n``, its ``tracks`` and its ``artists``; None where not known.
    shared_artists : int or None
        Artists of more than one genre.
    missing : dict
        Rows without a label; tracks without artist or audio; constant columns.
    duplicates : dict
        ``exact`` and ``near``, each with its rule and what it finds.
    columns : list of dict
        For each column mean, deviation, minimum, quartiles, maximum, and the F by which it
        separates the genres.
    distributions : list of dict
        For the columns of the highest F a box for each genre.
    correlation : dict or None
        Of the columns, alike ones beside each other.
    map : dict or None
        The rows on a plane: ``pca``, and ``lda`` where there are three genres or more.
    spectrograms : list of dict
        A track of each genre: ``genre, id, seconds, max_hz, shape`` and ``levels``, base64 of 8-bit
        values row by row, low bands first.
    """

    seed: int
    dataset: Mapping[str, Any]
    balance: list[dict[str, Any]]
    shared_artists: int | None
    missing: Mapping[str, Any]
    duplicates: Mapping[str, Any]
    columns: list[dict[str, Any]]
    distributions: list[dict[str, Any]]
    correlation: Mapping[str, Any] | None
    map: Mapping[str, Any] | None
    spectrograms: list[dict[str, Any]]


@dataclass(frozen=True)
class ExploredDataset:
    """What is explored, and where it is from.

    Attributes
    ----------
    table : FeatureTable
        The rows.
    tracks : sequence of Track or None
        What is known of their tracks, and where their audio is.
    name : str
        Of the corpus.
    faults : tuple of str
        What is known to be wrong with it.
    arrays : ArrayTable or None
        Spectrograms of tracks without audio.
    left_out : int or None
        Rows that are left out because of known faults.
    """

    table: FeatureTable
    tracks: Sequence[Track] | None
    name: str = "table"
    faults: tuple[str, ...] = ()
    arrays: ArrayTable | None = None
    left_out: int | None = None

    def describe(self) -> dict[str, Any]:
        """Describe the dataset.

        Returns
        -------
        dict
            As `Exploration.dataset` says.
        """
        table = self.table
        return {
            "name": self.name,
            "n": len(table),
            "unit": table.unit,
            "n_columns": table.X.shape[1],
            "feature_set": table.feature_set,
            "fingerprint": table.fingerprint,
            "digest": table.digest,
            "classes": list(table.classes),
            "provenance": dict(table.provenance),
            "faults": list(self.faults),
            "left_out": self.left_out,
        }


def explore_dataset(
    source: ExploredDataset, *, seed: int = 0, progress: Progress | None = None
) -> Exploration:
    """Count, compare and summarise what is in a dataset.

    Parameters
    ----------
    source : ExploredDataset
        The rows and their tracks.
    seed : int
        The same seed shows the same examples.
    progress : callable or None
        Called with the steps done, their number, and the next one's name.

    Returns
    -------
    Exploration
        All that a page about the dataset shows.

    Raises
    ------
    DatasetError
        If it has no rows.
    """
    table = source.table
    if not len(table):
        raise DatasetError(f"{source.name}: it has no rows to explore")

    def step(at: int) -> None:
        if progress is not None:
            progress(at, len(_STEPS), _STEPS[min(at, len(_STEPS) - 1)])

    step(0)
    balance, missing = balance_of(table), missing_of(table, source.tracks)
    step(1)
    duplicates = duplicates_of(table)
    step(2)
    columns, distributions = columns_of(table), distributions_of(table)
    correlation = correlation_of(table)
    step(3)
    plane = map_of(table, seed=seed)
    step(4)
    tracks = source.tracks or ()
    examples = spectrogram_examples(table.classes, tracks, archive=source.arrays, seed=seed)
    step(5)
    return Exploration(
        seed=seed,
        dataset=source.describe(),
        balance=balance,
        shared_artists=_shared_artists(table),
        missing=missing,
        duplicates=duplicates,
        columns=columns,
        distributions=distributions,
        correlation=correlation,
        map=plane,
        spectrograms=examples,
    )


def _shared_artists(table: Rows) -> int | None:
    """Count the artists that have rows of more than one genre."""
    if "artist" not in table.groups:
        return None
    named = table.labels != ""
    pairs = set(zip(table.groups["artist"][named].tolist(), table.labels[named], strict=True))
    return sum(count > 1 for count in Counter(artist for artist, _ in pairs).values())
