"""Run a space: features in, vectors out that are close to each other for similar music."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.models._artifact import PAYLOAD
from earmark.models._session import Served, find_file, shipped
from earmark.types import Float32Array, FloatArray, PathName

__all__ = ["DEFAULT_SPACE", "Space", "load_space", "shipped_spaces"]

DEFAULT_SPACE = "style"
"""Name of the default space."""


class Space(Served):
    """A map from features to vectors of length one, with cosines that measure similarity.

    Made by `load_space`.

    Attributes
    ----------
    name : str
        Short name.
    sha256 : str
        Hash of its file.
    vectors_id : str
        Identifies the vectors it makes; only vectors with the same id can be compared. A hash of
        the graph and the fingerprint of the features, so another card changes nothing; or
        ``vectors_id`` in the manifest, where earlier vectors of the same graph have another name.
    n_bytes : int
        Size of its file.
    n_dims : int
        Length of a vector.
    feature_set : FeatureSet
        Features that it takes.
    manifest : mapping
        The manifest in its file.
    card : str
        Its card, Markdown.
    """

    kind = "space"
    outputs = ("embedding",)
    needed = ("recipe", "training", "scores")
    n_rows = 4096

    def _read(self, manifest: Mapping[str, Any]) -> None:
        n_dims = manifest["n_dims"]
        if isinstance(n_dims, bool) or not isinstance(n_dims, int) or n_dims < 1:
            raise ValueError("n_dims is not a whole number from 1")
        self.n_dims = n_dims
        graph, features = manifest["hashes"][PAYLOAD], manifest["features"]["fingerprint"]
        computed = hashlib.sha256(f"{graph} {features}".encode()).hexdigest()
        self.vectors_id = str(manifest.get("vectors_id", computed))

    @property
    def _widths(self) -> tuple[int | None, ...]:
        return (self.n_dims,)

    def __repr__(self) -> str:
        return f"<Space {self.name!r}: {self.feature_set.name} -> {self.n_dims} dimensions>"

    def embed(self, X: npt.NDArray[Any], *, fingerprint: str) -> Float32Array:
        """Compute the vectors of rows of features.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features of clips, or of the segments of a set that keeps them.
        fingerprint : str
            Fingerprint of the feature set they were computed with.

        Returns
        -------
        np.ndarray of float32 [shape=(n, n_dims)]
            A vector of length one for each row; the scalar product of two is their cosine.

        Raises
        ------
        FingerprintError
            If the features are not the space's own.
        ParameterError
            If `X` has another shape or is not finite.

        Examples
        --------
        >>> from earmark.testing import music_like
        >>> space = load_space("timbre")
        >>> bands = space.feature_set(music_like(duration=6), sr=22_050)
        >>> vectors = space.embed(bands.T, fingerprint=space.feature_set.fingerprint)
        >>> vectors.shape == (2, space.n_dims)  # of two segments
        True
        >>> round(float(vectors[0] @ vectors[0]), 3)
        1.0
        """
        (vectors,) = self._answers(X, fingerprint=fingerprint)
        return vectors.astype(np.float32)

    def embed_track(
        self, X: npt.NDArray[Any], *, lengths: FloatArray, fingerprint: str
    ) -> Float32Array:
        """Compute the one vector of a track from its clips.

        Parameters
        ----------
        X : np.ndarray [shape=(n_clips, d)]
            Features of the clips, one clip or more.
        lengths : np.ndarray [shape=(n_clips,)]
            Their lengths, in any unit.
        fingerprint : str
            Fingerprint of the feature set they were computed with.

        Returns
        -------
        np.ndarray of float32 [shape=(n_dims,)]
            The mean of their vectors, weighted by length, scaled to length one.

        Raises
        ------
        FingerprintError
            If the features are not the space's own.
        ParameterError
            If `X` has another shape, no row, or is not finite; if there is not a length above 0 for
            each row.

        Examples
        --------
        >>> space = load_space("style")
        >>> features = space.feature_set(np.sin(np.arange(66_150) / 8), sr=22_050)
        >>> vector = space.embed_track(
        ...     np.stack([features, features]), lengths=np.array([30.0, 20.0]),
        ...     fingerprint=space.feature_set.fingerprint,
        ... )
        >>> vector.shape == (space.n_dims,), round(float(vector @ vector), 3)
        (True, 1.0)
        """
        vectors = self.embed(X, fingerprint=fingerprint).astype(np.float64)
        weights = np.asarray(lengths, dtype=np.float64)
        if weights.shape != (len(vectors),) or not len(weights) or not (weights > 0).all():
            raise ParameterError(f"lengths={lengths!r}: one above 0 for each of the rows of X")
        mean: FloatArray = weights / weights.sum() @ vectors
        size = float(np.linalg.norm(mean))
        # Clips in opposite directions cancel each other; the longest clip then stands for the
        # track.
        vector = mean / size if size > 1e-6 else vectors[int(weights.argmax())]
        return np.asarray(vector, dtype=np.float32)


def shipped_spaces() -> tuple[str, ...]:
    """List the spaces in the package.

    Returns
    -------
    tuple of str
        Their names, sorted.

    Examples
    --------
    >>> shipped_spaces()
    ('style', 'timbre')
    """
    return shipped("space")


@checked
def load_space(name_or_path: PathName = DEFAULT_SPACE) -> Space:
    """Load a space.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a space in the package, or path of an ``.earmark`` file.

    Returns
    -------
    Space
        Ready to embed.

    Raises
    ------
    ModelNotFoundError, ModelFormatError, ModelIntegrityError, ModelPayloadError
        If it does not exist, its file cannot be trusted, or the file holds a model instead of a
        space.
    FingerprintError
        If it needs features that this release does not compute.

    Examples
    --------
    >>> load_space("timbre").feature_set.name
    'segment_bands'
    """
    return Space(find_file(name_or_path, "space"))


@cache
def spaces() -> Mapping[str, Space]:
    """Return the spaces in which songs are compared, ``style`` and ``timbre``, loaded once.

    Examples
    --------
    >>> sorted(spaces())
    ['style', 'timbre']
    """
    return {name: load_space(name) for name in ("style", "timbre")}
