"""The rows and values of any dataset: read from its files, or computed from its audio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from earmark.datasets import (
    Corpus,
    FeatureTable,
    Rows,
    Track,
    corpora,
    dataset_warnings_to,
    identical_rows,
    parse_dataset,
    warn_about_dataset,
)
from earmark.datasets.folder import check_layout
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import Contender
from earmark.extraction import TrackFeatures, dataset_features
from earmark.features import FeatureSet, get_feature_set
from earmark.library import library_path
from earmark.library.corpus import LIBRARY, kept_features
from earmark.models import DEFAULT_MODEL, load_model
from earmark.types import Progress
from earmark.wording import counted
from earmark.workflows.jobs import Job

__all__ = ["DatasetLoader", "all_corpora", "audio_rows", "find_dataset", "warnings_to"]


def all_corpora() -> tuple[Corpus, ...]:
    """List every corpus, the user's library last."""
    return (*corpora(), LIBRARY)


def find_dataset(dataset: str) -> tuple[Corpus, str]:
    """Take a dataset argument apart: ``NAME:PATH``, or ``library`` for the user's own."""
    if dataset.rstrip(":") == LIBRARY.name:
        return LIBRARY, library_path()
    return parse_dataset(dataset, also=(LIBRARY,))


def warnings_to(progress: Progress | None) -> AbstractContextManager[None]:
    """Send what datasets warn of to a job, if one was passed; else it stays a Python warning."""
    return dataset_warnings_to(progress.warn if isinstance(progress, Job) else None)


@dataclass
class DatasetLoader:
    """Turns ``NAME:PATH``, ``library`` or a table into rows; each table is loaded once.

    Features of audio are computed clip by clip and kept in the user's cache folder; those in a
    library are taken from there. A table of clips has the unit ``segment`` and the group
    ``"track"``; if every file is one clip, a row is a track. A `unit` of None is the first that the
    dataset has.

    `treat_as_empty` are more genres in the tags of a library that count as none. Each genre of a
    folder must have at least `fewest` files, so that it can be split into folds. `check` is called
    with the rows of a corpus of audio before any file is decoded; what it raises ends the loading.
    """

    dataset: str | FeatureTable
    unit: str | None = None
    treat_as_empty: Sequence[str] = ()
    jobs: int | None = None
    progress: Progress | None = None
    fewest: int = 1
    check: Callable[[Rows], None] | None = None
    _loaded: dict[tuple[str | None, bool], FeatureTable] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise ParameterError(f"jobs={self.jobs} must be 1 or more")

    @property
    def name(self) -> str:
        """Name of the corpus."""
        if isinstance(self.dataset, FeatureTable):
            return self.dataset.provenance.get("corpus", "table")
        return find_dataset(self.dataset)[0].name

    def load(self, feature_set: str | None = None, *, faulty: bool = False) -> FeatureTable:
        """Load the rows with some features, without those with known faults unless `faulty`.

        None takes the first features of the corpus, or of audio those of the default model.
        """
        if isinstance(self.dataset, FeatureTable):
            return self.dataset
        key = (feature_set, faulty)
        if key not in self._loaded:
            self._loaded[key] = self._load(self.dataset, feature_set, faulty=faulty)
        return self._loaded[key]

    def for_model(
        self, model: Contender, base: FeatureTable, *, protocol: str | None = None
    ) -> FeatureTable:
        """Load the rows with the features that a model takes: those of `base` if it takes any.

        Under ``published3`` rows with known faults are kept: the published folds are of rows chosen
        by others.
        """
        published = protocol == "published3"
        wanted = model.feature_set or base.feature_set
        if wanted == base.feature_set and not published:
            return base
        table = self.load(wanted, faulty=published)
        if table.feature_set != wanted:
            raise ParameterError(
                f"model={model.name!r} takes {wanted}, the table holds {table.feature_set}"
            )
        return table

    def _load(self, dataset: str, feature_set: str | None, *, faulty: bool) -> FeatureTable:
        corpus, path = find_dataset(dataset)
        if self.treat_as_empty and corpus is not LIBRARY:
            raise ParameterError(
                f"treat_as_empty={list(self.treat_as_empty)!r}: only a library has genres from "
                f"tags, {corpus.name} has its own"
            )
        settings = {} if self.unit is None else {"unit": self.unit}
        if corpus.read_table is not None:
            return corpus.load_table(path, feature_set=feature_set, faulty=faulty, **settings)
        if settings:
            raise ParameterError(f"unit={self.unit!r}: rows of {corpus.name} are clips")
        kind = get_feature_set(feature_set or load_model(DEFAULT_MODEL).feature_set.name)
        given = {"treat_as_empty": self.treat_as_empty} if self.treat_as_empty else {}
        listed = _tracks(corpus, path, self.fewest, given)
        tracks = [track for track in listed if track.label and track.path is not None]
        if not tracks:
            raise DatasetError(f"{dataset!r}: no file has a genre")
        if len(tracks) < len(listed):
            n_left_out = len(listed) - len(tracks)
            reasons = (
                "track has no genre or no audio and is",
                "tracks have no genre or no audio and are",
            )
            warn_about_dataset(f"{counted(n_left_out, *reasons)} left out")
        if self.check is not None:
            rows = Rows.of_tracks(tracks, provenance=_provenance(corpus))
            self.check(rows.without_lone_artists())
        return audio_rows(dataset, tracks, kind=kind, jobs=self.jobs, progress=self.progress)


def audio_rows(
    dataset: str,
    tracks: Sequence[Track],
    *,
    kind: FeatureSet,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Compute the features of tracks of a dataset that have audio, or take those that are kept.

    Files that cannot be decoded, and silent ones, are left out with a warning; where nothing is
    left, a `DatasetError` is raised.
    """
    corpus, path = find_dataset(dataset)
    features = kept_features(path, kind) if corpus is LIBRARY else {}
    missing = [track for track in tracks if track.id not in features]
    if missing:
        features |= _compute(dataset, missing, kind, jobs, progress)
    return _table(corpus, _without_silence(dataset, list(tracks), features), features, kind)


def _provenance(corpus: Corpus) -> Mapping[str, str]:
    return {"corpus": corpus.name, "citation": corpus.citation}


def _tracks(corpus: Corpus, path: str, fewest: int, settings: Mapping[str, Any]) -> list[Track]:
    """List the tracks of a corpus; a folder that cannot be used is refused before any warning."""
    messages: list[str] = []
    with dataset_warnings_to(messages.append):
        listed = corpus.tracks(path, **settings)
        if corpus.name == "folder" and fewest > 1:
            check_layout(path, listed, fewest=fewest)
    for message in messages:
        warn_about_dataset(message)
    return listed


def _compute(
    dataset: str,
    tracks: Sequence[Track],
    kind: FeatureSet,
    jobs: int | None,
    progress: Progress | None,
) -> dict[str, TrackFeatures]:
    """Compute the features of every track that can be decoded; warn of the others."""
    features, failed = dataset_features(tracks, kind, jobs=jobs, progress=progress)
    for track_id, error in failed.items():
        if not features:
            raise DatasetError(f"{dataset!r}: no file can be used. The first error: {error}")
        of_all = f"of {len(tracks)} files"
        count = counted(len(failed), f"{of_all} is left out", f"{of_all} are left out")
        warn_about_dataset(f"{count}. The first: {track_id!r}: {error.reason}")
        break
    return features


def _without_silence(
    dataset: str, tracks: list[Track], features: dict[str, TrackFeatures]
) -> list[Track]:
    """Return the tracks that were analysed and hold a sound; warn of silent ones."""
    analysed = [track for track in tracks if track.id in features]
    sounding = [track for track in analysed if any(features[track.id].sounding)]
    if not sounding:
        raise DatasetError(f"{dataset!r}: every file is silent")
    if n_silent := len(analysed) - len(sounding):
        of_all = f"of {len(analysed)} files"
        reasons = ("is left out because it is silent", "are left out because they are silent")
        warn_about_dataset(counted(n_silent, *(f"{of_all} {reason}" for reason in reasons)))
    return sounding


def _table(
    corpus: Corpus, tracks: list[Track], features: dict[str, TrackFeatures], kind: FeatureSet
) -> FeatureTable:
    """Make a row of each clip that is not silent."""
    clips = [np.flatnonzero(np.array(features[track.id].sounding) > 0) for track in tracks]
    pairs = zip(tracks, clips, strict=True)
    X = np.concatenate([features[track.id].matrix(kind)[numbers] for track, numbers in pairs])
    segments: list[list[int]] | None = [numbers.tolist() for numbers in clips]
    if all(len(numbers) == 1 for numbers in clips):
        segments = None
    rows = Rows.of_tracks(tracks, provenance=_provenance(corpus), segments=segments)
    rows = rows.without_lone_artists().with_duplicates(identical_rows(X))
    return FeatureTable.of_rows(rows, X, kind)
