"""From ``NAME:PATH``, as people type it, to rows with their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earmark.datasets._corpus import Corpus, corpora
from earmark.datasets._table import FeatureTable
from earmark.errors import ParameterError

__all__ = ["load_dataset", "parse_dataset"]


def parse_dataset(dataset: str, *, also: Sequence[Corpus] = ()) -> tuple[Corpus, str]:
    """Take a dataset argument apart.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``: name of a corpus and where it is.
    also : sequence of Corpus
        Corpora besides those of `corpora`.

    Returns
    -------
    corpus : Corpus
        The corpus of that name.
    path : str
        Where it is.

    Raises
    ------
    ParameterError
        If it is not of that form or names no corpus.

    Examples
    --------
    >>> corpus, path = parse_dataset("gtzan:data/gtzan")
    >>> corpus.name, path
    ('gtzan', 'data/gtzan')
    >>> parse_dataset("music")
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: dataset='music' is not of the form NAME:PATH with one of \
gtzan, fma, ...
    """
    name, _, path = dataset.partition(":")
    known = {corpus.name: corpus for corpus in (*corpora(), *also)}
    if name not in known or not path:
        raise ParameterError(
            f"dataset={dataset!r} is not of the form NAME:PATH with one of {', '.join(known)}"
        )
    return known[name], path


def load_dataset(
    dataset: str, *, feature_set: str | None = None, faulty: bool = False, **settings: Any
) -> FeatureTable:
    """Read the table of features a dataset argument names.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``, e.g. ``gtzan:data/gtzan``.
    feature_set : str or None
        Which features; None takes the first of the corpus.
    faulty : bool
        Whether to keep rows with known faults.
    **settings
        Further settings of the loader of that corpus, e.g. ``unit="track"``.

    Returns
    -------
    FeatureTable
        Its rows.

    Raises
    ------
    ParameterError
        If it names no corpus, or the corpus has no such features.
    DatasetError
        If the files cannot be used.
    """
    corpus, path = parse_dataset(dataset)
    return corpus.load_table(path, feature_set=feature_set, faulty=faulty, **settings)
