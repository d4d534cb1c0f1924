"""Set several results files side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.evaluation import COMPARE_SCHEMA, Comparison, compare_results, read_results
from earmark.types import PathName

__all__ = ["COMPARE_SCHEMA", "compare"]


@checked
def compare(paths: Sequence[PathName]) -> Comparison:
    """Set several results files side by side.

    Parameters
    ----------
    paths : sequence of path-like
        Results files, of which the first gives the baseline.

    Returns
    -------
    Comparison
        Every run, and the differences that can be taken: between models that were scored on the
        same dataset, on the rows both were tested on, with a paired bootstrap. Rows are the same
        where their ids and genres are. Under protocols that keep artists apart, artists are
        resampled.

    Raises
    ------
    ParameterError
        If there is no path, or one appears twice.
    ResultsError
        If a file is no results file of this version.
    """
    named = [os.fspath(path) for path in paths]
    if not named or len(set(named)) != len(named):
        raise ParameterError(f"paths={named!r}: give one or more, all different")
    return compare_results([read_results(path) for path in named], named)
