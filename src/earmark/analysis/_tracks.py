"""What a scan does with one file, in a process of its own; and what a model makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.audio import audio_digest
from earmark.errors import AudioError, AudioNotFoundError, TagError
from earmark.extraction import TrackFeatures, extract_parts, extract_track, failure_of
from earmark.features import FeatureSet, get_feature_set
from earmark.files import FileState, file_state
from earmark.library import Answer, Heard, Part
from earmark.models import Model, Space, load_model, load_space, predict_track
from earmark.tags import CueAlbum, CueTrack, Tags, cue_album, read_tags
from earmark.types import Float32Array, FloatArray, PathName

__all__ = [
    "Ears",
    "Examined",
    "Listened",
    "examine",
    "examine_whole",
    "listen",
    "listen_whole",
]


@dataclass(frozen=True)
class Examined:
    """A file, or a track in it, that was read but not decoded.

    Attributes
    ----------
    state : FileState
        Size and time of the file before it was read.
    digest : bytes
        Of the encoded audio; of a track in a file, of that and of where the track lies.
    tags : Tags or TagError
        What it says of itself, or why that cannot be read.
    part : Part
        Which part of the file it is.
    """

    state: FileState
    digest: bytes
    tags: Tags | TagError
    part: Part = field(default_factory=Part, kw_only=True)


@dataclass(frozen=True)
class Listened(Examined):
    """A file that was listened to.

    Attributes
    ----------
    heard : Heard
        What was heard.
    """

    heard: Heard


def examine_whole(path: str) -> Examined:
    """Read the encoded audio of a file, without decoding it, and its tags.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    Examined
        Size and time, digest and tags.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    state = file_state(path)
    if state is None:
        raise AudioNotFoundError(path, "no such file")
    digest = audio_digest(path)
    return Examined(state, digest, _tags_of(path))


def _tags_of(path: str) -> Tags | TagError:
    """Read tags; what is wrong with them is no reason not to listen to the file."""
    try:
        return read_tags(path)
    except TagError as error:
        return error
    except Exception as error:  # noqa: BLE001  (parsers meet bytes that nobody foresaw)
        return TagError(path, failure_of(path, error).reason)


def listen_whole(path: str, *, sets: Sequence[str]) -> Listened:
    """Decode a file and compute what a library keeps of it.

    Parameters
    ----------
    path : str
        The file.
    sets : sequence of str
        Names of the feature sets to compute.

    Returns
    -------
    Listened
        What `examine_whole` gives, and the features.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    """
    examined = examine_whole(path)
    chosen = [get_feature_set(name) for name in sets]
    heard = _heard(extract_track(path, chosen), chosen)
    return Listened(examined.state, examined.digest, examined.tags, heard)


def examine(path: str) -> tuple[Examined, ...]:
    """Read the encoded audio, the tags and the cue sheet of a file, without decoding it.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    tuple of Examined
        The tracks in it: one for most files, several where a cue sheet says so.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    return _tracks_of(path)[1]


def _tracks_of(path: str) -> tuple[CueAlbum, tuple[Examined, ...]]:
    file = examine_whole(path)
    album = cue_album(path, tags=file.tags if isinstance(file.tags, Tags) else Tags())
    if not album.tracks:
        return album, (replace(file, part=Part(cue_sheet=album.fingerprint)),)
    if isinstance(file.tags, TagError):
        warnings = (*album.warnings, f"its tags cannot be read: {file.tags.reason}")
        album = replace(album, warnings=warnings)
    return album, tuple(
        Examined(
            file.state,
            _digest_of_part(file.digest, one),
            one.tags,
            part=Part(one.number, one.start, one.end, album.fingerprint),
        )
        for one in album.tracks
    )


def _digest_of_part(file: bytes, track: CueTrack) -> bytes:
    """Tell a stretch of encoded audio from all others; a sheet has times in 1/75 s."""
    end = None if track.end is None else round(track.end * 75)
    return hashlib.sha256(file + repr((round(track.start * 75), end)).encode()).digest()


def listen(path: str, *, sets: Sequence[str]) -> tuple[tuple[Part, Listened | AudioError], ...]:
    """Decode a file once, and compute what a library keeps of each track in it.

    Parameters
    ----------
    path : str
        The file.
    sets : sequence of str
        Names of the feature sets to compute.

    Returns
    -------
    tuple of (Part, Listened or AudioError)
        The tracks, and why one of several cannot be used.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    """
    album, tracks = _tracks_of(path)
    chosen = [get_feature_set(name) for name in sets]
    features: Sequence[TrackFeatures | AudioError]
    if album.tracks:
        features = extract_parts(path, chosen, album.tracks)
    else:
        features = [extract_track(path, chosen)]
    warnings = album.warnings
    found: list[tuple[Part, Listened | AudioError]] = []
    for track, one in zip(tracks, features, strict=True):
        if isinstance(one, AudioError):
            found.append((track.part, one))
            continue
        heard = _heard(one, chosen)
        heard = replace(heard, warnings=(*heard.warnings, *warnings))
        warnings = ()  # what is wrong with the sheet is reported once, with the first track
        listened = Listened(track.state, track.digest, track.tags, heard, part=track.part)
        found.append((track.part, listened))
    return tuple(found)


def _heard(track: TrackFeatures, sets: Sequence[FeatureSet]) -> Heard:
    matrices: dict[str, npt.NDArray[Any]] = {}
    for one in sets:
        values = track.values[one.name]
        matrices[one.fingerprint] = (
            np.concatenate(
                [
                    matrix.T[~silent]
                    for matrix, silent in zip(values, track.silent_segments, strict=True)
                ]
            )
            if one.per_frame
            else np.stack(values).astype(np.float32)
        )
    sounding: FloatArray = np.array(track.sounding)
    whole = next(one for one in sets if "perceptr_var" in one.names)
    return Heard(
        duration=track.duration,
        bounds=np.array(track.bounds),
        sounding=sounding,
        matrices=matrices,
        traits=_traits(matrices[whole.fingerprint], whole.names, sounding),
        warnings=track.warnings,
        gaps=tuple((one.start, one.length) for one in track.missing),
    )


def _traits(X: npt.NDArray[Any], names: Sequence[str], lengths: FloatArray) -> Mapping[str, float]:
    """Say what a track is plainly like, see `earmark.library.TRAITS`; nothing of a silent one."""
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


class Ears:
    """A model, and the spaces that similar songs are found in: what a library is scanned with.

    Parameters
    ----------
    model : str or path-like
        Name of a shipped model or path of an ``.earmark`` file.
    """

    def __init__(self, model: PathName) -> None:
        self.model: Model = load_model(model)
        self.style: Space = load_space("style")
        self.timbre: Space = load_space("timbre")

    @cached_property
    def sets(self) -> tuple[str, ...]:
        """Names of the feature sets that are needed."""
        needed = (self.model, self.style, self.timbre)
        return tuple(dict.fromkeys(one.feature_set.name for one in needed))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """Their fingerprints."""
        return frozenset(get_feature_set(name).fingerprint for name in self.sets)

    def answer(self, X: FloatArray, bounds: FloatArray, sounding: FloatArray) -> Answer:
        """Ask the model.

        Parameters
        ----------
        X : np.ndarray [shape=(n_clips, d)]
            Features of the clips.
        bounds : np.ndarray [shape=(n_clips, 2)]
            Start and end of each in seconds.
        sounding : np.ndarray [shape=(n_clips,)]
            Seconds of each that count.

        Returns
        -------
        Answer
            What it says.
        """
        said = predict_track(
            self.model,
            X,
            lengths=sounding,
            fingerprint=self.model.feature_set.fingerprint,
        )
        return Answer(
            model_sha256=self.model.sha256,
            classes=self.model.classes,
            probabilities=said.probabilities.astype(np.float32),
            unsure=said.unsure,
            distance=said.distance,
            bounds=bounds,
            timeline=said.clip_probabilities.astype(np.float32),
            sounding=sounding,
        )

    def place(self, X: FloatArray, sounding: FloatArray) -> Float32Array | None:
        """Find the place of a track in the space of styles.

        Parameters
        ----------
        X : np.ndarray [shape=(n_clips, d)]
            Features of the clips.
        sounding : np.ndarray [shape=(n_clips,)]
            Seconds of each that count.

        Returns
        -------
        np.ndarray of float32 [shape=(d,)] or None
            Its place; None if the track is silent.
        """
        counts = sounding > 0
        if not counts.any():
            return None
        return self.style.embed_track(
            X[counts], lengths=sounding[counts], fingerprint=self.style.feature_set.fingerprint
        )
