"""The description of a corpus, and the list of all corpora."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from earmark.datasets._table import ArrayTable, FeatureTable
from earmark.datasets._track import Track
from earmark.errors import ParameterError
from earmark.types import PathName

__all__ = ["Corpus", "corpora", "get_corpus"]

_FIRST = ("gtzan", "fma", "echonest", "segments57", "folder", "table")
"""Names in the order in which they are listed; others follow."""


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
    tracks : callable
        ``tracks(path)`` returns a list of `Track`, in the order of the files; some take further
        settings.
    feature_sets : tuple of str
        What tables can be loaded with, the first by default; empty where features come from audio.
    read_table : callable or None
        ``read_table(path, *, feature_set=None, faulty=False, unit=None)`` returns a `FeatureTable`;
        some take further settings. None where features come from audio.
    arrays : tuple of str
        Names of arrays, such as spectrograms, that the corpus has for its rows.
    read_arrays : callable or None
        ``read_arrays(path, *, faulty=False)`` returns an `ArrayTable` of them, which stay on disk.
    """

    name: str
    title: str
    size: str
    expects: str
    citation: str
    licence: str
    faults: tuple[str, ...]
    files: Mapping[str, str | None]
    tracks: Callable[..., list[Track]] = field(repr=False)
    feature_sets: tuple[str, ...] = ()
    read_table: Callable[..., FeatureTable] | None = field(repr=False, default=None)
    arrays: tuple[str, ...] = ()
    read_arrays: Callable[..., ArrayTable] | None = field(repr=False, default=None)

    def load_table(self, path: PathName, **settings: Any) -> FeatureTable:
        """Read a table of features.

        Parameters
        ----------
        path : str or path-like
            Where the corpus is.
        **settings
            As `read_table` takes them.

        Returns
        -------
        FeatureTable
            The rows, without those with known faults unless ``faulty=True``.

        Raises
        ------
        ParameterError
            If the corpus has no such features, or no table: then they are computed from its audio.
        DatasetError
            If the files cannot be used.
        """
        if self.read_table is None:
            raise ParameterError(
                f"dataset='{self.name}:{os.fspath(path)}' has no table of features. They are "
                "computed from its audio"
            )
        return self.read_table(path, **settings)

    def load_arrays(self, path: PathName, **settings: Any) -> ArrayTable:
        """Find the arrays of a corpus, which stay on disk.

        Parameters
        ----------
        path : str or path-like
            Where the corpus is.
        **settings
            As `read_arrays` takes them.

        Returns
        -------
        ArrayTable
            The rows that have arrays.

        Raises
        ------
        ParameterError
            If the corpus has no arrays.
        DatasetError
            If the files cannot be used.
        """
        if self.read_arrays is None:
            raise ParameterError(f"dataset='{self.name}:{os.fspath(path)}' has no arrays")
        return self.read_arrays(path, **settings)


@cache
def _names() -> tuple[str, ...]:
    """Return the names of the corpora: those of the public modules of this package."""
    found = {module.name for module in pkgutil.iter_modules([os.path.dirname(__file__)])}
    others = sorted(name for name in found.difference(_FIRST) if not name.startswith("_"))
    return (*_FIRST, *others)


@cache
def corpora() -> tuple[Corpus, ...]:
    """List every corpus that has a loader.

    Returns
    -------
    tuple of Corpus
        The published ones first.

    Examples
    --------
    >>> [corpus.name for corpus in corpora()][:4]
    ['gtzan', 'fma', 'echonest', 'segments57']
    """
    return tuple(import_module(f"earmark.datasets.{name}").CORPUS for name in _names())


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
        If no corpus has that name.

    Examples
    --------
    >>> get_corpus("gtzan").feature_sets[0]
    'gtzan57'
    """
    if name not in _names():
        raise ParameterError(f"corpus={name!r} is not one of {', '.join(_names())}")
    return {corpus.name: corpus for corpus in corpora()}[name]
