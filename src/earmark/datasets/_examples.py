"""An example of how each genre looks: small log-mel spectrograms."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.datasets._table import ArrayTable
from earmark.datasets._track import Track
from earmark.errors import AudioError
from earmark.types import Float32Array

__all__ = ["spectrogram_examples"]

_SR = 22_050
_SECONDS = 30.0
_MOST_COLUMNS = 300
_MOST_TRIES = 3
_DEPTH = 80  # decibels that `logmel` reaches below its maximum


def shrink(spectrogram: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Average neighbouring columns until there are at most 300."""
    n_columns = min(_MOST_COLUMNS, spectrogram.shape[1])
    starts = np.arange(n_columns) * spectrogram.shape[1] // n_columns
    sums = np.add.reduceat(spectrogram, starts, axis=1, dtype=np.float64)
    shrunk: npt.NDArray[np.float64] = sums / np.diff([*starts, spectrogram.shape[1]])
    return shrunk


def _drawn(track_id: str, genre: str, seconds: float, levels: npt.NDArray[Any]) -> dict[str, Any]:
    small = shrink(levels).round().astype(np.uint8)
    return {
        "genre": genre,
        "id": track_id,
        "seconds": round(seconds, 2),
        "max_hz": _SR / 2,
        "shape": list(small.shape),
        "levels": base64.b64encode(small.tobytes()).decode(),
    }


def _computed(track: Track) -> dict[str, Any] | None:
    """Compute the spectrogram of the beginning of a file; None where it cannot be used."""
    if track.path is None:
        return None
    from earmark.audio import AudioWarning, load  # decoders are only loaded where they are used
    from earmark.features import extract

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AudioWarning)  # an example may be damaged
            start = track.start or 0.0
            length = _SECONDS if track.end is None else min(_SECONDS, track.end - start)
            signal, sr = load(track.path, sr=_SR, offset=start, duration=length)
    except AudioError:
        return None
    decibels: Float32Array = extract(signal, sr=sr, sets=("logmel",))["logmel"]
    levels = np.clip(decibels / _DEPTH + 1, 0, 1) * 255
    return _drawn(track.id, track.label, len(signal) / sr, levels)


def spectrogram_examples(
    genres: Sequence[str], tracks: Sequence[Track], *, archive: ArrayTable | None, seed: int
) -> list[dict[str, Any]]:
    """Draw one track of each genre.

    Parameters
    ----------
    genres : sequence of str
        Which.
    tracks : sequence of Track
        What there is to choose from.
    archive : ArrayTable or None
        Spectrograms, low bands first, for tracks without audio. Only those that are drawn are read.
    seed : int
        Which tracks are chosen.

    Returns
    -------
    list of dict
        ``genre, id, seconds, max_hz, shape`` and ``levels``: base64 of 8-bit values row by row, low
        bands first, 255 the loudest. Genres without usable audio or spectrogram are left out.
    """
    rng = np.random.default_rng(seed)
    found, silent = {}, []
    for genre in genres:
        candidates = [track for track in tracks if track.label == genre and track.path]
        order = rng.permutation(len(candidates))[:_MOST_TRIES]
        computed = (_computed(candidates[at]) for at in order)
        example = next((one for one in computed if one is not None), None)
        if example is None:
            silent.append(genre)
        else:
            found[genre] = example
    if silent and archive is not None:
        place = {name: at for at, name in enumerate(archive.ids.tolist())}
        for genre in silent:
            ids = sorted(track.id for track in tracks if track.label == genre and track.id in place)
            if ids:
                chosen = ids[int(rng.integers(len(ids)))]
                spectrogram = archive.values.take(np.array([place[chosen]]))[0]
                # The first column of the archive was made with silence before the clip.
                found[genre] = _drawn(chosen, genre, _SECONDS, spectrogram[:, 1:])
    return [found[genre] for genre in genres if genre in found]
