"""What is compared: a track of a library, or a file that is not in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.errors import LibraryError, ParameterError
from earmark.library import Library, LibraryTrack
from earmark.models import spaces
from earmark.recommend._indexes import ExactIndex, Index
from earmark.recommend._library_indexes import library_scale, style_index, timbre_index
from earmark.recommend._reasons import Scale
from earmark.types import Float32Array, Progress

__all__ = ["Catalogue", "Song"]


@dataclass(frozen=True, eq=False)
class Song:
    """What is known of a song that others are compared with.

    Attributes
    ----------
    track : LibraryTrack
        What the library knows of it; its number is 0 where the file is not in the library.
    vector : np.ndarray of float32 [shape=(d,)]
        Where it lies in the space of styles.
    segments : np.ndarray of uint8 [shape=(n_segments, 256)]
        Its segments.
    """

    track: LibraryTrack
    vector: Float32Array
    segments: npt.NDArray[np.uint8]


class Catalogue:
    """A library as it is searched: its indexes, and what of it was looked at already.

    Parameters
    ----------
    library : Library
        The library, open.
    progress : callable or None
        Called while an index is built.

    Attributes
    ----------
    library : Library
        The library.
    """

    def __init__(self, library: Library, progress: Progress | None = None) -> None:
        self.library = library
        self._progress = progress
        self._segments: dict[int, npt.NDArray[np.uint8] | None] = {}

    @property
    def style(self) -> ExactIndex:
        """Where tracks lie in the space of styles.

        Raises
        ------
        LibraryError
            If no track has a place in it.
        """
        index = style_index(self.library, spaces()["style"])
        if not index.n_vectors:
            raise LibraryError(
                self.library.path,
                "no track in it can be compared. Scan music with: earmark scan FOLDER",
            )
        return index

    @property
    def scale(self) -> Scale:
        """What is much and what is little in the library."""
        return library_scale(self.library, spaces()["style"])

    @property
    def timbre(self) -> Index:
        """The segments of all tracks."""
        return timbre_index(self.library, spaces()["timbre"], progress=self._progress)

    def vector(self, track_id: int) -> Float32Array | None:
        """Return where a track lies in the space of styles.

        Parameters
        ----------
        track_id : int
            Its number.

        Returns
        -------
        np.ndarray of float32 [shape=(d,)] or None
            None where it has no place.
        """
        index = self.style
        row = int(np.searchsorted(index.ids, track_id))
        if row == len(index.ids) or index.ids[row] != track_id:
            return None
        return np.array(index.vectors[row])

    def segments(self, track_id: int) -> npt.NDArray[np.uint8] | None:
        """Return the segments of a track.

        Parameters
        ----------
        track_id : int
            Its number.

        Returns
        -------
        np.ndarray of uint8 [shape=(n_segments, 256)] or None
            None where it was not listened to.
        """
        if track_id not in self._segments:
            fingerprint = spaces()["timbre"].feature_set.fingerprint
            self._segments[track_id] = self.library.matrix(track_id, fingerprint)
        return self._segments[track_id]

    def song(self, track_id: int) -> Song:
        """Return a track of the library to compare others with.

        Parameters
        ----------
        track_id : int
            Its number.

        Returns
        -------
        Song
            The song.

        Raises
        ------
        ParameterError
            If there is no such track, it was not analysed, or it is silent.
        """
        track = self.library.track(track_id)
        vector, segments = self.vector(track_id), self.segments(track_id)
        if segments is not None and not len(segments):  # also if the user gave it a genre
            raise ParameterError(
                f"track={track_id!r} ({track.path!r}) is silent: there is nothing to compare"
            )
        if vector is None and segments is not None:
            vector = self._placed_anew(track_id)  # its file is gone: it is in no index
        if vector is None or segments is None:
            raise ParameterError(
                f"track={track_id!r} ({track.path!r}) cannot be compared: "
                + (track.error_reason or "it was not listened to with what this release compares")
            )
        return Song(track, vector, segments)

    def _placed_anew(self, track_id: int) -> Float32Array | None:
        space = spaces()["style"]
        fingerprint = space.feature_set.fingerprint
        X, answer = self.library.matrix(track_id, fingerprint), self.library.answer(track_id)
        if X is None or answer is None:
            return None
        counts = answer.sounding > 0
        if not counts.any():
            return None
        lengths = answer.sounding[counts]
        return space.embed_track(X[counts], lengths=lengths, fingerprint=fingerprint)
