"""Look at a dataset before anything is fitted to it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np

from earmark.arguments import checked
from earmark.datasets import ArrayTable, Corpus, FeatureTable, Rows, Track, warn_about_dataset
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import Exploration, ExploredDataset, explore_dataset
from earmark.features import get_feature_set
from earmark.types import Progress
from earmark.wording import counted
from earmark.workflows._datasets import DatasetLoader, audio_rows, find_dataset, warnings_to
from earmark.workflows.jobs import Job

__all__ = ["explore"]

_FEATURES = "gtzan57"
"""Features of audio: few enough to be looked at one by one."""


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
        ``NAME:PATH``, or the table itself. Features of a corpus of audio are computed, a row for
        each clip, and kept in the user's cache folder, so that the next run computes only new ones.
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
        Number of parallel processes; 1 works in this process. None: one per core.
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
    job: Job[Exploration] = Job.of(progress, "explore")
    if isinstance(dataset, FeatureTable):
        source = ExploredDataset(dataset, _tracks_of_rows(dataset, tracks))
    else:
        job.phase("read")
        loader = DatasetLoader(dataset, jobs=jobs, progress=job)
        with warnings_to(progress):
            source = _read(loader, dataset, tracks, feature_set, faulty=faulty)
    job.phase("explore")
    return explore_dataset(source, seed=seed, progress=job)


def _read(
    loader: DatasetLoader,
    dataset: str,
    tracks: Sequence[Track] | None,
    feature_set: str | None,
    *,
    faulty: bool,
) -> ExploredDataset:
    """Read a dataset, or compute its features."""
    corpus, path = find_dataset(dataset)
    left_out = None
    if corpus.read_table is not None:
        table = loader.load(feature_set, faulty=faulty)
        if corpus.faults and not faulty:
            left_out = len(loader.load(feature_set, faulty=True)) - len(table)
        if tracks is None:
            with contextlib.suppress(DatasetError):  # files beside the table may be missing
                tracks = corpus.tracks(path)
    else:
        tracks = corpus.tracks(path) if tracks is None else tracks
        table = _table_of_audio(loader, tracks, feature_set)
    return ExploredDataset(
        table,
        _tracks_of_rows(table, tracks),
        name=corpus.name,
        faults=corpus.faults,
        arrays=_arrays(corpus, path),
        left_out=left_out,
    )


def _arrays(corpus: Corpus, path: str) -> ArrayTable | None:
    """Return the spectrograms of the corpus, or None."""
    if corpus.read_arrays is not None:
        with contextlib.suppress(DatasetError):
            return corpus.load_arrays(path, faulty=True)
    return None


def _table_of_audio(
    loader: DatasetLoader, tracks: Sequence[Track], feature_set: str | None
) -> FeatureTable:
    """Compute the features of the tracks that have audio; without any, there is only to count."""
    dataset = str(loader.dataset)
    with_audio = [track for track in tracks if track.path is not None]
    if not with_audio:
        if feature_set is not None:
            raise ParameterError(
                f"feature_set={feature_set!r}: {dataset!r} has no audio to compute features from"
            )
        return _table_without_features(tracks)
    if len(with_audio) < len(tracks):
        warn_about_dataset(
            f"{len(tracks) - len(with_audio)} of {counted(len(tracks), 'track')} without audio "
            "left out"
        )
    kind = get_feature_set(feature_set or _FEATURES)
    try:
        jobs, progress = loader.jobs, loader.progress
        return audio_rows(dataset, with_audio, kind=kind, jobs=jobs, progress=progress)
    except DatasetError as error:  # what is known of the tracks can be counted all the same
        warn_about_dataset(str(error))
        return _table_without_features(tracks)


def _tracks_of_rows(rows: Rows, tracks: Sequence[Track] | None) -> list[Track] | None:
    """Keep the tracks that rows are of."""
    if tracks is None:
        return None
    track_ids = rows.ids.tolist()
    if rows.unit == "segment":
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
