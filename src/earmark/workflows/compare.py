"""Set several results files side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.evaluation import Estimate, Results, Run, accuracy_difference, read_results
from earmark.types import PathName

__all__ = ["COMPARE_SCHEMA", "Comparison", "Difference", "Entry", "compare"]

COMPARE_SCHEMA = "earmark.compare/1"
"""Name and version of what `Comparison.to_dict` returns."""


@dataclass(frozen=True)
class Entry:
    """One model under one protocol, in one file.

    Attributes
    ----------
    model : str
        Its name, and the file's where the name stands in several.
    protocol : str
        Name of the protocol.
    path : str
        The file.
    dataset : str
        Name of the dataset.
    digest : str
        SHA-256 of the rows.
    run : Run
        Everything else.
    """

    model: str
    protocol: str
    path: str
    dataset: str
    digest: str
    run: Run


@dataclass(frozen=True)
class Difference:
    """How much more accurate a model is than the first, on the same rows.

    Attributes
    ----------
    protocol : str
        Name of the protocol.
    model, baseline : str
        Which is compared with which.
    n : int
        Rows that both were tested on.
    accuracy : Estimate
        Accuracy of the model less that of the baseline, with a paired interval over tracks.
    """

    protocol: str
    model: str
    baseline: str
    n: int
    accuracy: Estimate


@dataclass(frozen=True)
class Comparison:
    """Several results files side by side.

    Attributes
    ----------
    results : tuple of Results
        As they were read.
    entries : tuple of Entry
        Every run of every file.
    differences : tuple of Difference
        Under each protocol, of each model from the first that is of the same rows.
    warnings : tuple of str
        What must be known before numbers are compared.
    """

    results: tuple[Results, ...]
    entries: tuple[Entry, ...]
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Schema, entries with their main scores, differences, warnings.
        """
        return {
            "schema": COMPARE_SCHEMA,
            "entries": [
                {
                    "model": entry.model,
                    "protocol": entry.protocol,
                    "path": entry.path,
                    "dataset": entry.dataset,
                    "digest": entry.digest,
                    "n": entry.run.n,
                    "n_folds": entry.run.n_folds,
                    "seed": entry.run.seed,
                    "accuracy": vars(entry.run.metrics.accuracy),
                    "macro_f1": vars(entry.run.metrics.macro_f1),
                }
                for entry in self.entries
            ],
            "differences": [
                {**vars(one), "accuracy": vars(one.accuracy)} for one in self.differences
            ],
            "warnings": list(self.warnings),
        }


def _entries(paths: Sequence[str], results: Sequence[Results]) -> Iterator[Entry]:
    names = [model.name for one in results for model in one.models]
    for path, one in zip(paths, results, strict=True):
        for model in one.models:
            alone = names.count(model.name) == 1
            label = model.name if alone else f"{model.name} ({path})"
            for run in model.runs:
                dataset = one.dataset
                yield Entry(label, run.protocol, path, dataset.name, dataset.digest, run)


def _differences(entries: Sequence[Entry]) -> Iterator[Difference]:
    for protocol in dict.fromkeys(entry.protocol for entry in entries):
        first: dict[str, Entry] = {}
        for entry in entries:
            if entry.protocol != protocol:
                continue
            baseline = first.setdefault(entry.digest, entry)
            found = accuracy_difference(entry.run, baseline.run)
            if entry is not baseline and found is not None:
                common = {*entry.run.predictions.ids} & {*baseline.run.predictions.ids}
                yield Difference(protocol, entry.model, baseline.model, len(common), found)


def _warnings(paths: Sequence[str], results: Sequence[Results]) -> Iterator[str]:
    for path, one in zip(paths, results, strict=True):
        if one.dataset.digest != results[0].dataset.digest:
            yield (
                f"{path!r} is of other rows than {paths[0]!r} ({one.dataset.name}, "
                f"{one.dataset.feature_set}, n = {one.dataset.n}): its numbers stand beside the "
                "others, no difference can be taken"
            )
        elif one.seed != results[0].seed:
            yield f"{path!r} has other folds than {paths[0]!r}: seed {one.seed}"


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
        Every run, and the differences that can be taken: those between models that were scored on
        the same rows, with a paired bootstrap.

    Raises
    ------
    ParameterError
        If there is no path, or one stands twice.
    ResultsError
        If a file is no results file of this version.
    """
    named = [os.fspath(path) for path in paths]
    if not named or len(set(named)) != len(named):
        raise ParameterError(f"paths={named!r}: one or more, all different, are needed")
    results = tuple(read_results(path) for path in named)
    entries = tuple(_entries(named, results))
    return Comparison(
        results, entries, tuple(_differences(entries)), tuple(_warnings(named, results))
    )
