"""What every corpus tells of itself, and the list of those there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from earmark.datasets._table import FeatureTable
from earmark.datasets._track import Track
from earmark.errors import ParameterError

__all__ = ["Corpus", "corpora", "get_corpus"]

_MODULES = ("gtzan", "fma", "echonest", "segments57", "folder", "table")


@dataclass(frozen=True)
class Corpus:
    """A collection of labelled music: what it is, what is wrong with it, and how it is read.

    Attributes
    ----------
    name : str
        As in ``NAME:PATH``.
    title : str
        As people call it.
    size : str
        How much of it there is, in words.
    expects : str
        What ``PATH`` is, in words.
    citation, licence : str
        How it is cited, and what may be done with it.
    faults : tuple of str
        What is known to be wrong with it, and what the loader does about that.
    files : mapping of str to (str or None)
        Files that are read below the path, and the SHA-256 of each as known; None where every copy
        differs.
    feature_sets : tuple of str
        What tables can be loaded with, the first by default; empty where features come from audio.
    load_table : callable
        ``load_table(path, *, feature_set=None, faulty=False, unit=None)`` gives a `FeatureTable`;
        some take further settings.
    tracks : callable
        ``tracks(path)`` gives a list of `Track`, in the order of the files.
    """

    name: str
    title: str
    size: str
    expects: str
    citation: str
    licence: str
    faults: tuple[str, ...]
    files: Mapping[str, str | None]
    feature_sets: tuple[str, ...]
    load_table: Callable[..., FeatureTable] = field(repr=False)
    tracks: Callable[..., list[Track]] = field(repr=False)


@cache
def corpora() -> tuple[Corpus, ...]:
    """List every corpus there is a loader for.

    Returns
    -------
    tuple of Corpus
        The published ones first.

    Examples
    --------
    >>> [corpus.name for corpus in corpora()]
    ['gtzan', 'fma', 'echonest', 'segments57', 'folder', 'table']
    """
    return tuple(import_module(f"earmark.datasets.{name}").CORPUS for name in _MODULES)


def get_corpus(name: str) -> Corpus:
    """Return the corpus of a name.

    Parameters
    ----------
    name : str
        E.g. ``"gtzan"``.

    Returns
    -------
    Corpus
        Its description and its loader.

    Raises
    ------
    ParameterError
        If there is none of that name.

    Examples
    --------
    >>> get_corpus("gtzan").feature_sets[0]
    'gtzan57'
    """
    if name not in _MODULES:
        raise ParameterError(f"corpus={name!r} is not one of {', '.join(_MODULES)}")
    return {corpus.name: corpus for corpus in corpora()}[name]
