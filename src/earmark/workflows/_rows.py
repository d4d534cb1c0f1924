"""The rows of any dataset: read from its table, or computed from its audio."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from earmark.datasets import (
    Corpus,
    DatasetWarning,
    FeatureTable,
    Track,
    identical_rows,
    joined_groups,
    segment_id,
)
from earmark.datasets.folder import check_layout
from earmark.errors import AudioError, DatasetError, ParameterError
from earmark.evaluation import Contender
from earmark.extraction import (
    FeatureCache,
    TrackFeatures,
    extract_parts,
    extract_track,
    map_files,
    open_feature_cache,
)
from earmark.features import FeatureSet, get_feature_set
from earmark.files import file_state
from earmark.models import DEFAULT_MODEL, load_model
from earmark.processes import usable_cores
from earmark.tags import CueTrack, Tags
from earmark.types import IntArray, Progress
from earmark.wording import counted
from earmark.workflows._corpora import LIBRARY, kept_features, parse_dataset

__all__ = ["Tables", "audio_rows", "load_rows"]


def load_rows(
    dataset: str,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    treat_as_empty: Sequence[str] = (),
    jobs: int | None = None,
    progress: Progress | None = None,
    fewest: int = 1,
    check: Callable[[FeatureTable], None] | None = None,
    **settings: Any,
) -> FeatureTable:
    """Read or compute the rows that a dataset argument names.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``. Of a corpus without a table of features (``folder``, ``fma``) they are
        computed from the audio, clip by clip, and kept in the user's cache folder; of a
        ``library`` what it keeps is taken.
    feature_set : str or None
        Which features; None takes the corpus' first, and of audio those of the default model.
    faulty : bool
        Whether to keep rows with known faults.
    treat_as_empty : sequence of str
        More genres in the tags of a ``library`` that count as none.
    jobs : int or None
        Files at a time; None: one for each core.
    progress : callable or None
        Called with the files that are done, their number, and the last one's name.
    fewest : int
        Files that each genre of a ``folder`` must have, so that it can be split into folds.
    check : callable or None
        Called with the tracks of a corpus of audio, a row each without features, before any file is
        decoded: what it raises ends this.
    **settings
        What the loader of that corpus takes besides.

    Returns
    -------
    FeatureTable
        Of audio: a row for each clip, ``unit="segment"``, with groups ``"track"``; where every file
        is one clip, a row for each track. Group ``"duplicate"`` holds identical rows together;
        ``"artist"`` is there where any artist has two files.

    Raises
    ------
    ParameterError
        If it names no corpus, or the corpus has no such features.
    DatasetError
        If what is there cannot be used, a folder is not laid out by genre, or no file with a genre
        can be decoded.

    Warns
    -----
    DatasetWarning
        If files without a genre, or that cannot be used, are left out.
    """
    corpus, path = parse_dataset(dataset)
    if treat_as_empty and corpus is not LIBRARY:
        raise ParameterError(
            f"treat_as_empty={list(treat_as_empty)!r}: only a library has genres from tags, "
            f"{corpus.name} has its own"
        )
    if corpus.feature_sets:
        return corpus.load_table(path, feature_set=feature_set, faulty=faulty, **settings)
    if unknown := sorted(settings):
        name = unknown[0]
        raise ParameterError(f"{name}={settings[name]!r}: rows of {corpus.name} are clips")
    kind = get_feature_set(feature_set or load_model(DEFAULT_MODEL).feature_set.name)
    given = {"treat_as_empty": treat_as_empty} if treat_as_empty else {}
    listed = _tracks(corpus, path, fewest, given)
    tracks = [track for track in listed if track.label and track.path is not None]
    if not tracks:
        raise DatasetError(f"{dataset!r}: no file has a genre")
    if len(tracks) < len(listed):
        n_left_out = len(listed) - len(tracks)
        without = (
            "track has no genre or no audio and is",
            "tracks have no genre or no audio and are",
        )
        _warn(f"{counted(n_left_out, *without)} left out")
    if check is not None:
        check(_without_features(corpus, tracks, kind))
    return audio_rows(dataset, tracks, kind=kind, jobs=jobs, progress=progress)


def audio_rows(
    dataset: str,
    tracks: Sequence[Track],
    *,
    kind: FeatureSet,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Compute the rows of tracks that have audio, or take those that are kept.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``.
    tracks : sequence of Track
        Tracks of it, each with a path.
    kind : FeatureSet
        Which features.
    jobs : int or None
        Files at a time; None: one for each core.
    progress : callable or None
        Called with the files that are done, their number, and the last one's name.

    Returns
    -------
    FeatureTable
        As `load_rows` describes it.

    Raises
    ------
    DatasetError
        If no file can be decoded.
    """
    corpus, path = parse_dataset(dataset)
    features = kept_features(path, kind) if corpus is LIBRARY else {}
    missing = [track for track in tracks if track.id not in features]
    if missing:
        features |= _compute(dataset, missing, kind, jobs, progress)
    return _table(corpus, _without_silence(dataset, list(tracks), features), features, kind)


def _tracks(corpus: Corpus, path: str, fewest: int, settings: Mapping[str, Any]) -> list[Track]:
    """List the tracks of a corpus; a folder that cannot be used is refused before any warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        listed = corpus.tracks(path, **settings)
        if corpus.name == "folder" and fewest > 1:
            check_layout(path, listed, fewest=fewest)
    for one in caught:
        warnings.warn(one.message, one.category, stacklevel=3)
    return listed


def _without_features(corpus: Corpus, tracks: list[Track], kind: FeatureSet) -> FeatureTable:
    """Return a row for each track, with its genre and groups."""
    groups = {name: np.array([track.groups[name] for track in tracks]) for name in tracks[0].groups}
    if "artist" in groups and len(np.unique(groups["artist"])) == len(tracks):
        del groups["artist"]  # as in the table
    return FeatureTable(
        ids=np.array([track.id for track in tracks]),
        X=np.zeros((len(tracks), 0)),
        feature_set=kind.name,
        fingerprint="",
        labels=np.array([track.label for track in tracks]),
        groups=groups,
        partitions={
            name: np.array([track.partitions[name] for track in tracks])
            for name in tracks[0].partitions
        },
        provenance={"corpus": corpus.name, "citation": corpus.citation},
    )


def _warn(message: str) -> None:
    warnings.warn(message, DatasetWarning, stacklevel=3)


def _extract(
    path: str, name: str, albums: Mapping[str, Sequence[CueTrack]]
) -> dict[int, TrackFeatures | AudioError]:
    """Compute the features of a file, or of the tracks in it, by their numbers."""
    sets = [get_feature_set(name)]
    if path not in albums:
        return {0: extract_track(path, sets)}
    features = extract_parts(path, sets, albums[path])
    return {one.number: found for one, found in zip(albums[path], features, strict=True)}


def _compute(
    dataset: str,
    tracks: list[Track],
    kind: FeatureSet,
    jobs: int | None,
    progress: Progress | None,
) -> dict[str, TrackFeatures]:
    """Compute the features of every file that can be decoded, by the ids of the tracks.

    Those that the cache has are not computed again.
    """
    ids = {(str(track.path), track.part): track.id for track in tracks}
    albums = _albums(tracks)
    failed: dict[str, AudioError] = {}
    with open_feature_cache() as cache:
        found = _kept(cache, tracks, kind)
        paths = list(dict.fromkeys(path for path, _ in ids))
        missing = list(dict.fromkeys(path for (path, _), one in ids.items() if one not in found))
        n_kept = len(paths) - len(missing)
        if progress is not None and n_kept:
            progress(n_kept, len(paths), "computed in an earlier run")
        states = {path: file_state(path) for path in missing}
        work = partial(_extract, name=kind.name, albums=albums)
        answers = map_files(work, missing, jobs=jobs or usable_cores())
        for done, (path, answer) in enumerate(answers, start=n_kept + 1):
            if isinstance(answer, AudioError):
                numbers = [one.number for one in albums.get(path, ())] or [0]
                failed |= {ids[path, number]: answer for number in numbers}
            else:
                parts = {one.number: _part(one.start, one.end) for one in albums.get(path, ())}
                for number, features in answer.items():
                    if isinstance(features, AudioError):
                        failed[ids[path, number]] = features
                    else:
                        found[ids[path, number]] = features
                        part = parts.get(number, "")
                        cache.put(path, kind, features, state=states[path], part=part)
            if progress is not None:
                progress(done, len(paths), path)
    if not found:
        error = next(iter(failed.values()))
        raise DatasetError(f"{dataset!r}: no file can be used. The first error: {error}")
    if failed:
        track_id, error = next(iter(failed.items()))
        of_all = f"of {len(tracks)} files"
        count = counted(len(failed), f"{of_all} is left out", f"{of_all} are left out")
        _warn(f"{count}. The first: {track_id!r}: {error.reason}")
    return found


def _part(start: float | None, end: float | None) -> str:
    """Return what tells the stretch of a track in its file apart from others."""
    return f"{start or 0.0!r}-{end!r}"


def _kept(
    cache: FeatureCache, tracks: Sequence[Track], kind: FeatureSet
) -> dict[str, TrackFeatures]:
    """Return the features that the cache has, by the ids of the tracks."""
    found = {}
    for track in tracks:
        part = _part(track.start, track.end) if track.part else ""
        kept = cache.get(str(track.path), kind, part=part)
        if kept is not None:
            found[track.id] = kept
    return found


def _albums(tracks: Sequence[Track]) -> dict[str, list[CueTrack]]:
    """Return the files that several tracks are in, and where in them, in time."""
    albums: dict[str, list[CueTrack]] = {}
    for track in sorted(tracks, key=lambda one: one.start or 0.0):
        if track.part:
            one = CueTrack(track.part, track.start or 0.0, track.end, Tags())
            albums.setdefault(str(track.path), []).append(one)
    return albums


def _sounding_clips(features: TrackFeatures) -> IntArray:
    """Return the numbers of the clips that are not silent."""
    return np.flatnonzero(np.array(features.sounding) > 0)


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
        _warn(counted(n_silent, *(f"{of_all} {reason}" for reason in reasons)))
    return sounding


def _table(
    corpus: Corpus,
    tracks: list[Track],
    features: dict[str, TrackFeatures],
    kind: FeatureSet,
) -> FeatureTable:
    clips = [_sounding_clips(features[track.id]) for track in tracks]
    counts = np.array([len(numbers) for numbers in clips])
    whole = bool((counts == 1).all())
    of = np.repeat(np.arange(len(tracks)), counts)  # number of the track of each row
    ids = [
        track.id if whole else segment_id(track.id, number)
        for track, numbers in zip(tracks, clips, strict=True)
        for number in numbers.tolist()
    ]
    X = np.concatenate(
        [
            features[track.id].matrix(kind)[numbers]
            for track, numbers in zip(tracks, clips, strict=True)
        ]
    )
    groups = {
        name: np.array([track.groups[name] for track in tracks])[of] for name in tracks[0].groups
    }
    if not whole:
        groups["track"] = of
    if "artist" in groups and len(np.unique(groups["artist"])) == len(tracks):
        # Artists that tell nothing tracks do not, as where none is known: a score "with artists
        # apart" would promise too much.
        del groups["artist"]
    duplicates = identical_rows(X)
    if "duplicate" in groups:
        duplicates = joined_groups(groups["duplicate"], duplicates)
    return FeatureTable(
        ids=np.array(ids),
        X=X,
        feature_set=kind.name,
        fingerprint=kind.fingerprint,
        labels=np.array([track.label for track in tracks])[of],
        groups={**groups, "duplicate": duplicates},
        partitions={
            name: np.array([track.partitions[name] for track in tracks])[of]
            for name in tracks[0].partitions
        },
        provenance={"corpus": corpus.name, "citation": corpus.citation},
        unit="track" if whole else "segment",
    )


class Tables:
    """The tables of a dataset, each read, or computed from audio, when it is first needed.

    Parameters
    ----------
    dataset : str or FeatureTable
        ``NAME:PATH``, or the rows themselves.
    feature_set : str or None
        Features for models that take any; None takes the dataset's first.
    unit : str or None
        What a row shall be; None leaves it to the dataset.
    jobs : int
        Audio files at a time.
    progress : callable or None
        Called with the files that are done, their number, and the last one's name.
    fewest : int
        Files that each genre of a folder must have.
    check : callable or None
        Called with the tracks of a corpus of audio before any is decoded, see `load_rows`.
    """

    def __init__(
        self,
        dataset: str | FeatureTable,
        *,
        feature_set: str | None,
        unit: str | None,
        jobs: int,
        progress: Progress | None,
        fewest: int = 1,
        check: Callable[[FeatureTable], None] | None = None,
    ) -> None:
        self.dataset = dataset
        self._compute: dict[str, Any] = {
            "jobs": jobs,
            "progress": progress,
            "fewest": fewest,
            "check": check,
        }
        self._unit = unit
        self._read: dict[tuple[str | None, bool], FeatureTable] = {}
        if isinstance(dataset, FeatureTable):
            self.name = dataset.provenance.get("corpus", "table")
        else:
            self.name = parse_dataset(dataset)[0].name
        self.base = self._of(feature_set, published=False)

    def _of(self, feature_set: str | None, *, published: bool) -> FeatureTable:
        if isinstance(self.dataset, FeatureTable):
            return self.dataset
        key = (feature_set, published)
        if key not in self._read:
            settings: dict[str, Any] = {} if self._unit is None else {"unit": self._unit}
            settings |= self._compute
            self._read[key] = load_rows(
                self.dataset, feature_set=feature_set, faulty=published, **settings
            )
        return self._read[key]

    def table(self, contender: Contender, *, protocol: str | None = None) -> FeatureTable:
        """Return the rows for a model.

        Parameters
        ----------
        contender : Refitted or Packaged
            The model.
        protocol : str or None
            Under ``published3`` the rows that the corpus' own lists leave out belong to it: the
            published folds are of rows chosen by others.

        Returns
        -------
        FeatureTable
            Of the features it takes.

        Raises
        ------
        ParameterError
            If the dataset does not have them.
        """
        published = protocol == "published3"
        wanted = contender.feature_set or self.base.feature_set
        if wanted == self.base.feature_set and not published:
            return self.base
        table = self._of(wanted, published=published)
        if table.feature_set != wanted:
            raise ParameterError(
                f"model={contender.name!r} takes {wanted}, the table holds {table.feature_set}"
            )
        return table
