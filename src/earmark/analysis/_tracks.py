"""One file, track by track: its tags, and the features of its samples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.analysis._records import Analysis, Part
from earmark.audio import audio_digest
from earmark.errors import AudioError, AudioNotFoundError, TagError
from earmark.extraction import TrackFeatures, extract_parts, extract_track, failure_of
from earmark.features import FeatureSet, get_feature_set
from earmark.files import FileState, file_state
from earmark.tags import CueAlbum, CueTrack, Tags, cue_album, read_tags
from earmark.types import FloatArray

__all__ = ["AnalysedTrack", "SourceTrack", "analyse_file", "extract_file", "read_file"]


@dataclass(frozen=True)
class SourceTrack:
    """A file, or a track in it, that was read but not decoded.

    Attributes
    ----------
    state : FileState
        Size and time of the file before it was read.
    digest : bytes
        Of the encoded audio; of a track in a file, of that and of where the track lies.
    tags : Tags or TagError
        Its tags, or why they cannot be read.
    part : Part
        Which part of the file it is.
    """

    state: FileState
    digest: bytes
    tags: Tags | TagError
    part: Part = field(default_factory=Part, kw_only=True)


@dataclass(frozen=True)
class AnalysedTrack(SourceTrack):
    """A file, or a track in it, that was decoded.

    Attributes
    ----------
    state, digest, tags, part
        As in `SourceTrack`.
    analysis : Analysis
        What was computed from its samples.
    """

    analysis: Analysis


def read_file(path: str) -> tuple[SourceTrack, ...]:
    """Read the encoded audio, the tags and the cue sheet of a file, without decoding it.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    tuple of SourceTrack
        The tracks in it: one for most files, several where a cue sheet says so.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    return _album_and_tracks(path)[1]


def _read_whole(path: str) -> SourceTrack:
    state = file_state(path)
    if state is None:
        raise AudioNotFoundError(path, "no such file")
    digest = audio_digest(path)
    return SourceTrack(state, digest, _tags_of(path))


def _tags_of(path: str) -> Tags | TagError:
    """Read tags; a file whose tags are broken can be analysed all the same."""
    try:
        return read_tags(path)
    except TagError as error:
        return error
    except Exception as error:  # noqa: BLE001  (parsers meet bytes that nobody foresaw)
        return TagError(path, failure_of(path, error).reason)


def _album_and_tracks(path: str) -> tuple[CueAlbum, tuple[SourceTrack, ...]]:
    file = _read_whole(path)
    album = cue_album(path, tags=file.tags if isinstance(file.tags, Tags) else Tags())
    if not album.tracks:
        return album, (replace(file, part=Part(cue_sheet=album.fingerprint)),)
    if isinstance(file.tags, TagError):
        warnings = (*album.warnings, f"its tags cannot be read: {file.tags.reason}")
        album = replace(album, warnings=warnings)
    return album, tuple(
        SourceTrack(
            file.state,
            _digest_of_part(file.digest, track),
            track.tags,
            part=Part(track.number, track.start, track.end, album.fingerprint),
        )
        for track in album.tracks
    )


def _digest_of_part(file: bytes, track: CueTrack) -> bytes:
    """Hash a stretch of encoded audio; a sheet has times in 1/75 s."""
    end = None if track.end is None else round(track.end * 75)
    return hashlib.sha256(file + repr((round(track.start * 75), end)).encode()).digest()


def extract_file(
    path: str, sets: Sequence[FeatureSet], *, album: CueAlbum
) -> list[TrackFeatures | AudioError]:
    """Decode a file once, and compute features of each track in it.

    Parameters
    ----------
    path : str
        The file.
    sets : sequence of FeatureSet
        What to compute.
    album : CueAlbum
        What its cue sheet says. Without tracks in it, the file is one.

    Returns
    -------
    list of TrackFeatures or AudioError
        Of each track; or, for one of several, why it has none. What is wrong with the sheet is
        reported once, with the first track that has features.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    """
    if not album.tracks:
        tracks: list[TrackFeatures | AudioError] = [extract_track(path, sets)]
    else:
        tracks = extract_parts(path, sets, album.tracks)
    for at, track in enumerate(tracks):
        if isinstance(track, TrackFeatures):
            tracks[at] = replace(track, warnings=(*track.warnings, *album.warnings))
            break
    return tracks


def analyse_file(
    path: str, *, sets: Sequence[str], whole: bool = False
) -> tuple[tuple[Part, AnalysedTrack | AudioError], ...]:
    """Read and decode a file, and compute what a library keeps of each track in it.

    Parameters
    ----------
    path : str
        The file.
    sets : sequence of str
        Names of the feature sets to compute, `earmark.features.GTZAN943` or another with the
        features that `MEASUREMENTS` are made of among them.
    whole : bool
        Whether to take the file as one track, whatever its cue sheet says.

    Returns
    -------
    tuple of (Part, AnalysedTrack or AudioError)
        The tracks, and why one of several cannot be used.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    """
    album, tracks = (CueAlbum(), (_read_whole(path),)) if whole else _album_and_tracks(path)
    chosen = [get_feature_set(name) for name in sets]
    analysed: list[tuple[Part, AnalysedTrack | AudioError]] = []
    for track, features in zip(tracks, extract_file(path, chosen, album=album), strict=True):
        if isinstance(features, AudioError):
            analysed.append((track.part, features))
            continue
        analysis = _analysis_of(features, chosen)
        done = AnalysedTrack(track.state, track.digest, track.tags, analysis, part=track.part)
        analysed.append((track.part, done))
    return tuple(analysed)


def _analysis_of(track: TrackFeatures, sets: Sequence[FeatureSet]) -> Analysis:
    matrices: dict[str, npt.NDArray[Any]] = {}
    for kind in sets:
        values = track.values[kind.name]
        matrices[kind.fingerprint] = (
            np.concatenate(
                [
                    matrix.T[~silent]
                    for matrix, silent in zip(values, track.silent_segments, strict=True)
                ]
            )
            if kind.per_frame
            else np.stack(values).astype(np.float32)
        )
    sounding: FloatArray = np.array(track.sounding)
    whole = next(kind for kind in sets if "perceptr_var" in kind.names)
    return Analysis(
        duration=track.duration,
        bounds=np.array(track.bounds),
        sounding=sounding,
        matrices=matrices,
        measurements=_measurements(matrices[whole.fingerprint], whole.names, sounding),
        warnings=track.warnings,
        gaps=tuple((gap.start, gap.length) for gap in track.missing),
    )


def _measurements(
    X: npt.NDArray[Any], names: Sequence[str], lengths: FloatArray
) -> Mapping[str, float]:
    """Compute `MEASUREMENTS` from the features of clips and how much each counts."""
    if not lengths.any():
        return {}

    def mean(name: str) -> float:
        return float(np.average(X[:, names.index(name)], weights=lengths))

    tempo = X[:, names.index("tempo")]
    order = np.argsort(tempo)
    # Between two tempi there is none: the one that holds at half of the time.
    middle = np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)
    harmonic, percussive = mean("harmony_var"), mean("perceptr_var")
    return {
        "tempo": float(tempo[order[middle]]),
        "brightness": mean("spectral_centroid_mean"),
        "loudness": 20 * float(np.log10(max(mean("rms_mean"), 1e-5))),
        "percussiveness": percussive / max(harmonic + percussive, 1e-12),
    }
