"""Results as they grow, written down at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from earmark.datasets import Examples
from earmark.errors import ParameterError
from earmark.evaluation._comparison import model_result
from earmark.evaluation._contenders import Contender
from earmark.evaluation._results import ModelResult, Results, Run, read_results
from earmark.types import PathName

__all__ = ["ResultsFile"]


class ResultsFile:
    """Results so far, those that an earlier run of the same command left behind among them.

    Parameters
    ----------
    empty : Results
        Everything but the models.
    output : path-like or None
        File to write to after each step.
    order : sequence of str
        Of the protocols.
    fresh : bool
        Whether to forget what `output` holds.

    Raises
    ------
    ParameterError
        If `output` holds results of something else.
    ResultsError
        If `output` is no results file.
    """

    def __init__(
        self, empty: Results, output: PathName | None, *, order: Sequence[str], fresh: bool
    ) -> None:
        self.results = empty
        self._output = None if output is None else Path(output)
        self._order = order
        if self._output is None:
            return
        if not self._output.parent.is_dir():
            raise ParameterError(f"output={str(output)!r}: its folder does not exist")
        if not self._output.exists():
            return
        before = read_results(self._output)
        if fresh:
            return
        for what in ("dataset", "seed", "earmark"):
            if getattr(before, what) != getattr(empty, what):
                raise ParameterError(
                    f"output={str(output)!r} holds results of another {what}. Choose another file, "
                    "or pass fresh=True to replace them"
                )
        self.results = replace(empty, models=before.models)

    def expect(
        self, contender: Contender, table: Examples, *, rows: Mapping[str, Any] | None = None
    ) -> None:
        """Make room for a model, at the end; results of another model of its name are dropped.

        Parameters
        ----------
        contender : Refitted or Packaged
            The model.
        table : FeatureTable or ArrayTable
            The rows with the features that it takes.
        rows : mapping or None
            How many rows of each kind a finished model is tested on, for the record.
        """
        features = {"name": table.feature_set, "digest": table.digest}
        recipe = {**contender.describe(), "features": features}
        if rows is not None:
            recipe["rows"] = rows
        found = self.results.model(contender.name)
        if found is None or found.recipe != recipe:
            found = ModelResult(contender.name, contender.family, recipe, (), None)
        others = (model for model in self.results.models if model.name != contender.name)
        self.results = replace(self.results, models=(*others, found))

    def run(self, name: str, protocol: str) -> Run | None:
        """Find a run that is done.

        Parameters
        ----------
        name : str
            Of the model.
        protocol : str
            Name of the protocol.

        Returns
        -------
        Run or None
            None where it is still to do.
        """
        model = self.results.model(name)
        return None if model is None else model.run(protocol)

    def protocols(self, name: str) -> set[str]:
        """Return the protocols of the runs that are done.

        Parameters
        ----------
        name : str
            Name of the model.

        Returns
        -------
        set of str
            Empty where nothing is known of the model.
        """
        model = self.results.model(name)
        return set() if model is None else {run.protocol for run in model.runs}

    def add(self, name: str, runs: Sequence[Run]) -> None:
        """Add runs of a model, and write everything down.

        Parameters
        ----------
        name : str
            Of the model.
        runs : sequence of Run
            They take the place of those under the same protocols.
        """
        new = {run.protocol for run in runs}

        def grown(model: ModelResult) -> ModelResult:
            if model.name != name:
                return model
            kept = [run for run in model.runs if run.protocol not in new]
            every = sorted([*kept, *runs], key=lambda run: self._order.index(run.protocol))
            return model_result(model.name, model.family, model.recipe, every)

        self.results = replace(self.results, models=tuple(map(grown, self.results.models)))
        self.write()

    def write(self) -> None:
        """Write everything down, where there is a file to write to."""
        if self._output is not None:
            self.results.write(self._output)
