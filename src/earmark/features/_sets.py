"""Feature sets, and the list of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.features._compute import compute_sets
from earmark.types import AudioArray

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["FeatureSet", "feature_sets", "get_feature_set", "register"]


@dataclass(frozen=True)
class FeatureSet:
    """A named, versioned recipe from samples to numbers.

    Attributes
    ----------
    name : str
        Short name, e.g. ``"gtzan57"``.
    version : int
        Raised whenever the numbers change.
    sr : int
        Sampling rate in hertz that the features are defined at.
    names : tuple of str
        Name of each number, in order.
    parameters : mapping of str to int, float or str
        Everything the recipe depends on.
    from_spectra : callable or None
        Maps the spectra of a signal to an array [shape=(len(names),)], or [shape=(len(names), t)]
        for a set that is `per_frame`. None for published features that cannot be computed from
        audio; `extract` refuses such a set.
    from_archive : callable or None
        Maps the public 57 features of a GTZAN excerpt and its archived spectrogram, without its
        first column, to the same array. None for a set that cannot be computed from these.
    separates : bool
        Whether it needs the harmonic and the percussive part.
    per_frame : bool
        Whether it keeps the frames: a matrix with a row for each name.

    Examples
    --------
    >>> from earmark.features import GTZAN57
    >>> GTZAN57.names[:2], len(GTZAN57.fingerprint)
    (('chroma_stft_mean', 'chroma_stft_var'), 64)
    """

    name: str
    version: int
    sr: int
    names: tuple[str, ...]
    parameters: Mapping[str, int | float | str]
    from_spectra: Callable[[Spectra], Any] | None = field(repr=False, compare=False)
    from_archive: Callable[..., Any] | None = field(default=None, repr=False, compare=False)
    separates: bool = False
    per_frame: bool = False

    def __call__(self, y: AudioArray, *, sr: float) -> Any:
        """Compute this set alone, see `extract`."""
        return compute_sets(y, sr=sr, sets=[self])[self.name]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the name, the version and every parameter."""
        recipe = {
            "name": self.name,
            "version": self.version,
            "sr": self.sr,
            "names": self.names,
            "parameters": dict(self.parameters),
        }
        text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_REGISTRY: dict[str, FeatureSet] = {}


@checked
def register(feature_set: FeatureSet) -> FeatureSet:
    """Add a feature set to the list; its name must be new.

    Parameters
    ----------
    feature_set : FeatureSet
        What to add.

    Returns
    -------
    FeatureSet
        The same, so that a module can say ``X = register(FeatureSet(...))``.

    Raises
    ------
    ParameterError
        If there already is a feature set with that name.

    Examples
    --------
    >>> from earmark.features import GTZAN57
    >>> register(GTZAN57)
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: feature set 'gtzan57' already exists
    """
    if feature_set.name in _REGISTRY:
        raise ParameterError(f"feature set {feature_set.name!r} already exists")
    _REGISTRY[feature_set.name] = feature_set
    return feature_set


def feature_sets() -> tuple[FeatureSet, ...]:
    """List all feature sets.

    Returns
    -------
    tuple of FeatureSet
        By name.

    Examples
    --------
    >>> "gtzan57" in [feature_set.name for feature_set in feature_sets()]
    True
    """
    return tuple(_REGISTRY[name] for name in sorted(_REGISTRY))


@checked
def get_feature_set(name: str) -> FeatureSet:
    """Return the feature set with a name.

    Parameters
    ----------
    name : str
        E.g. ``"gtzan57"``.

    Returns
    -------
    FeatureSet
        The recipe.

    Raises
    ------
    ParameterError
        If there is none with that name.

    Examples
    --------
    >>> get_feature_set("gtzan57").version
    1
    """
    try:
        return _REGISTRY[name]
    except KeyError:
        known = ", ".join(sorted(_REGISTRY))
        raise ParameterError(f"name={name!r} is not a feature set. Available: {known}") from None
