"""The features of all tracks of a dataset of audio, kept between runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial

from earmark.datasets import Track
from earmark.errors import AudioError
from earmark.extraction._feature_cache import FeatureCache, open_feature_cache
from earmark.extraction._parallel import map_files
from earmark.extraction._tracks import TrackFeatures, extract_parts, extract_track
from earmark.features import FeatureSet, get_feature_set
from earmark.files import file_state
from earmark.processes import usable_cores
from earmark.tags import CueTrack, Tags
from earmark.types import Progress

__all__ = ["dataset_features"]

Extracted = dict[int, TrackFeatures | AudioError]


def dataset_features(
    tracks: Sequence[Track],
    kind: FeatureSet,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, TrackFeatures], dict[str, AudioError]]:
    """Compute the features of tracks, or take those that an earlier run has computed.

    Parameters
    ----------
    tracks : sequence of Track
        Tracks with audio.
    kind : FeatureSet
        Which features.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core.
    progress : callable or None
        Called with the files that are done, their number, and the last one's name.

    Returns
    -------
    features : dict of str to TrackFeatures
        By the id of the track.
    failed : dict of str to AudioError
        Why the others cannot be decoded.
    """
    ids = {(str(track.path), track.part): track.id for track in tracks}
    paths = list(dict.fromkeys(path for path, _ in ids))
    albums = _albums(tracks)
    failed: dict[str, AudioError] = {}
    with open_feature_cache() as cache:
        features = _kept(cache, tracks, kind)
        missing = list(dict.fromkeys(path for (path, _), id_ in ids.items() if id_ not in features))
        n_kept = len(paths) - len(missing)
        if progress is not None and n_kept:
            progress(n_kept, len(paths), "computed in an earlier run")
        states = {path: file_state(path) for path in missing}
        work = partial(_extract, name=kind.name, albums=albums)
        answers = map_files(work, missing, jobs=jobs or usable_cores())
        with closing(answers):  # type: ignore[type-var]  # a generator, said to be an iterator
            for done, (path, answer) in enumerate(answers, start=n_kept + 1):
                parts = {track.number: track for track in albums.get(path, ())}
                if isinstance(answer, AudioError):
                    answer = dict.fromkeys(parts or [0], answer)  # noqa: PLW2901
                for number, found in answer.items():
                    if isinstance(found, AudioError):
                        failed[ids[path, number]] = found
                        continue
                    features[ids[path, number]] = found
                    part = _part(parts[number].start, parts[number].end) if parts else ""
                    cache.put(path, kind, found, state=states[path], part=part)
                if progress is not None:
                    progress(done, len(paths), path)
    return features, failed


def _extract(path: str, name: str, albums: Mapping[str, Sequence[CueTrack]]) -> Extracted:
    """Compute the features of a file, or of the tracks in it, by their numbers."""
    sets = [get_feature_set(name)]
    if path not in albums:
        return {0: extract_track(path, sets)}
    features = extract_parts(path, sets, albums[path])
    return {track.number: found for track, found in zip(albums[path], features, strict=True)}


def _part(start: float | None, end: float | None) -> str:
    """Return what tells the stretch of a track in its file apart from others."""
    return f"{start or 0.0!r}-{end!r}"


def _kept(
    cache: FeatureCache, tracks: Sequence[Track], kind: FeatureSet
) -> dict[str, TrackFeatures]:
    """Return the features that the cache has, by the ids of the tracks."""
    features = {}
    for track in tracks:
        part = _part(track.start, track.end) if track.part else ""
        kept = cache.get(str(track.path), kind, part=part)
        if kept is not None:
            features[track.id] = kept
    return features


def _albums(tracks: Sequence[Track]) -> dict[str, list[CueTrack]]:
    """Return the files that several tracks are in, and where in them, in time."""
    albums: dict[str, list[CueTrack]] = {}
    for track in sorted(tracks, key=lambda track: track.start or 0.0):
        if track.part:
            stretch = CueTrack(track.part, track.start or 0.0, track.end, Tags())
            albums.setdefault(str(track.path), []).append(stretch)
    return albums
