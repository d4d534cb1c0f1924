"""Look at a dataset before anything is fitted to it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.arguments import checked
from earmark.datasets import DatasetWarning, FeatureTable, Track, gtzan
from earmark.datasets._examples import Archive, examples_of
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation._exploration import (
    balance_of,
    columns_of,
    correlation_of,
    distributions_of,
    duplicates_of,
    map_of,
    missing_of,
)
from earmark.features import get_feature_set
from earmark.records import Record, package_version
from earmark.types import Progress
from earmark.wording import counted
from earmark.workflows._corpora import parse_dataset
from earmark.workflows._rows import audio_rows

__all__ = ["EXPLORATION_SCHEMA", "Exploration", "explore"]

EXPLORATION_SCHEMA = "earmark.exploration/2"
"""Schema of what `Exploration.to_dict` gives."""

_FEATURES = "gtzan57"
"""Features of audio: few enough to be looked at one by one."""

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
        A track of each genre, as `earmark.datasets._examples.examples_of` says.
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


@checked
def explore(
    dataset: str | FeatureTable,
    *,
    tracks: Sequence[Track] | None = None,
    feature_set: str | None = None,
    faulty: bool = False,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Count, compare and summarise what is in a dataset.

    Parameters
    ----------
    dataset : str or FeatureTable
        ``NAME:PATH``, or the table itself. Of a corpus that comes without features but with audio
        they are computed, a row for each clip, and kept in the user's cache folder, so that the
        next run, and one after a run that was ended, computes only what is new.
    tracks : sequence of Track or None
        What is known of the tracks, and where their audio is. Those of the corpus by default.
    feature_set : str or None
        Which features of the corpus; None takes its first, and of audio ``gtzan57``. Of a table
        it is its own.
    faulty : bool
        Whether to keep rows with known faults.
    seed : int
        The same seed shows the same examples.
    jobs : int or None
        Files at a time where features are computed; None: one for each core.
    progress : callable or None
        Called with the steps done, their number, and the next one's name; where features are
        computed from audio, first with the files.

    Returns
    -------
    Exploration
        All that the page of `earmark.figures.explore_page` shows.

    Raises
    ------
    ParameterError
        If the dataset is not of that form or has no such features.
    DatasetError
        If it cannot be used, or is empty.

    Examples
    --------
    >>> table = FeatureTable(
    ...     ids=np.array(["a", "b", "c", "d"]), X=np.array([[1.0], [1.0], [3.0], [9.0]]),
    ...     feature_set="one", fingerprint="0", labels=np.array(["rock", "jazz", "jazz", "rock"]),
    ... )
    >>> found = explore(table)
    >>> found.duplicates["exact"]["groups"]
    [{'ids': ['a', 'b'], 'genres': ['rock', 'jazz']}]
    """
    computing: dict[str, Any] = {"jobs": jobs, "progress": progress}
    source = _read(
        dataset, tracks=tracks, feature_set=feature_set, faulty=faulty, computing=computing
    )
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
    examples = examples_of(table.classes, source.tracks or (), archive=source.archive, seed=seed)
    step(5)
    return Exploration(
        seed=seed,
        dataset=_description(source),
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


@dataclass(frozen=True)
class _Source:
    """What is explored, and where it is from."""

    table: FeatureTable
    tracks: Sequence[Track] | None
    name: str = "table"
    faults: tuple[str, ...] = ()
    archive: Archive | None = None
    left_out: int | None = None


def _read(
    dataset: str | FeatureTable,
    *,
    tracks: Sequence[Track] | None,
    feature_set: str | None,
    faulty: bool,
    computing: Mapping[str, Any],
) -> _Source:
    if isinstance(dataset, FeatureTable):
        return _Source(dataset, _those_of(dataset, tracks))
    corpus, path = parse_dataset(dataset)
    left_out = None
    if corpus.feature_sets:
        table = corpus.load_table(path, feature_set=feature_set, faulty=faulty)
        if corpus.faults and not faulty:
            everything = corpus.load_table(path, feature_set=feature_set, faulty=True)
            left_out = len(everything) - len(table)
        if tracks is None:
            tracks = _tracks_of(corpus.tracks, path)
    else:
        tracks = corpus.tracks(path) if tracks is None else tracks
        table = _table_of_audio(dataset, tracks, feature_set, computing)
    archive = _gtzan_archive(path) if corpus.name == "gtzan" else None
    return _Source(table, _those_of(table, tracks), corpus.name, corpus.faults, archive, left_out)


def _table_of_audio(
    dataset: str, tracks: Sequence[Track], feature_set: str | None, computing: Mapping[str, Any]
) -> FeatureTable:
    """Compute the features of the tracks that have audio; without any, there is only to count."""
    with_audio = [track for track in tracks if track.path is not None]
    if not with_audio:
        if feature_set is not None:
            raise ParameterError(
                f"feature_set={feature_set!r}: {dataset!r} has no audio to compute features from"
            )
        return _table_without_features(tracks)
    if len(with_audio) < len(tracks):
        warnings.warn(
            f"{len(tracks) - len(with_audio)} of {counted(len(tracks), 'track')} without audio "
            "left out",
            DatasetWarning,
            stacklevel=4,
        )
    kind = get_feature_set(feature_set or _FEATURES)
    try:
        return audio_rows(dataset, with_audio, kind=kind, **computing)
    except DatasetError as error:  # what is known of the tracks can be counted all the same
        warnings.warn(str(error), DatasetWarning, stacklevel=4)
        return _table_without_features(tracks)


def _description(source: _Source) -> dict[str, Any]:
    table = source.table
    return {
        "name": source.name,
        "n": len(table),
        "unit": table.unit,
        "n_columns": table.X.shape[1],
        "feature_set": table.feature_set,
        "fingerprint": table.fingerprint,
        "digest": table.digest,
        "classes": list(table.classes),
        "provenance": dict(table.provenance),
        "faults": list(source.faults),
        "left_out": source.left_out,
    }


def _tracks_of(read: Callable[..., list[Track]], path: str) -> list[Track] | None:
    """Read the tracks of a corpus that has a table; what it has beside the table may be absent."""
    try:
        return read(path)
    except DatasetError:
        return None


def _those_of(table: FeatureTable, tracks: Sequence[Track] | None) -> list[Track] | None:
    """Keep the tracks that rows of the table are of."""
    if tracks is None:
        return None
    track_ids = table.ids.tolist()
    if table.unit == "segment":
        track_ids = [row_id.rpartition("#")[0] for row_id in track_ids]
    wanted = set(track_ids)
    return [track for track in tracks if track.id in wanted]


def _table_without_features(tracks: Sequence[Track]) -> FeatureTable:
    """Make a table of no column, to count by."""
    groups = {}
    if tracks and all("artist" in track.groups for track in tracks):
        groups["artist"] = np.array([track.groups["artist"] for track in tracks])
    return FeatureTable(
        ids=np.array([track.id for track in tracks], dtype=np.str_),
        X=np.zeros((len(tracks), 0)),
        feature_set="none",
        fingerprint="",
        labels=np.array([track.label for track in tracks], dtype=np.str_),
        groups=groups,
    )


def _shared_artists(table: FeatureTable) -> int | None:
    """Count the artists that have rows of more than one genre."""
    if "artist" not in table.groups:
        return None
    named = table.labels != ""
    pairs = set(zip(table.groups["artist"][named].tolist(), table.labels[named], strict=True))
    return sum(count > 1 for count in Counter(artist for artist, _ in pairs).values())


def _gtzan_archive(folder: str) -> Archive:
    def read() -> dict[str, npt.NDArray[np.uint8]]:
        try:
            names, X = gtzan.load_spectrograms(folder)
        except DatasetError:
            return {}
        # The first column was made with silence before the clip.
        return {str(name): one[:, 1:] for name, one in zip(names, X, strict=True)}

    return read
