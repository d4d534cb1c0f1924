"""Search the parameters of a model on rows that are for choosing, and write them as a recipe."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from earmark.arguments import PAGE_ENDINGS, checked
from earmark.datasets import FeatureTable, Rows
from earmark.errors import ParameterError
from earmark.evaluation import N_FOLDS, Refitted, Split
from earmark.files import atomic_write, check_target
from earmark.models.recipe import load_recipe
from earmark.processes import usable_cores
from earmark.tuning import (
    ROWS,
    SearchSettings,
    TunedModel,
    nested_tune,
    recipe_file,
    rows_to_choose_by,
    search_parameters,
    tuned_recipe,
)
from earmark.types import PathName, Progress
from earmark.workflows._datasets import DatasetLoader, warnings_to
from earmark.workflows.jobs import Job

__all__ = ["ROWS", "tune"]

_ENDINGS: dict[str, tuple[str, ...]] = {"output": (".toml",), "report": PAGE_ENDINGS}


def _check_targets(overwrite: bool, **targets: PathName | None) -> None:
    """Refuse before the search what could not be written after it."""
    seen: dict[str, str] = {}
    for name, path in targets.items():
        if path is not None:
            other = seen.setdefault(os.path.realpath(path), name)
            if other != name:
                raise ParameterError(f"{name}={str(path)!r} is also {other}")
    for name, endings in _ENDINGS.items():
        check_target(targets[name], overwrite=overwrite, name=name, endings=endings)


def _check_tracks(model: str, settings: SearchSettings, rows: str, tracks: Rows) -> None:
    """Refuse tracks that the model cannot be fitted to, before the first of them is decoded."""
    chosen, _ = rows_to_choose_by(tracks, rows=rows)
    split = Split.deal(settings.protocol, chosen, seed=settings.seed)
    Refitted(model, load_recipe(model), calibrate=False).check(split)


@checked
def tune(
    dataset: str,
    *,
    model: str = "svm",
    rows: str = "train",
    feature_set: str | None = None,
    study: PathName | None = None,
    nested: bool = False,
    output: PathName | None = None,
    report: PathName | None = None,
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> TunedModel:
    """Search the parameters of a model, and write what was chosen as a recipe.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``, or ``library``.
    model : str
        What is tuned: a family or preset, or a recipe of one classifier.
    rows : {"train", "all"}
        Which rows to choose by: see `earmark.tuning.rows_to_choose_by`.
    feature_set : str or None
        Which features of the dataset; None for its first.
    study : path-like or None
        The study file: a search that was stopped goes on. The searches of `nested` have files
        beside it, with ``.0``, ``.1`` ... added.
    nested : bool
        Whether to tune inside every fold, too, for an unbiased score; for each of five folds it
        takes as long as the search.
    output, report : path-like or None
        Where to write the recipe, a TOML file, and the page that shows the search.
    overwrite : bool
        Whether to replace existing files, once all is done.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core.
    progress : callable or None
        Called with the trials done, those expected, and the best so far; first with audio files.
    **settings
        Of the search: see `earmark.tuning.SearchSettings`.

    Returns
    -------
    TunedModel
        The search, the unbiased score and what was written.

    Raises
    ------
    ParameterError, DatasetError, StudyError
        If an argument, the dataset or the study file cannot be used, or a file to write exists.
    OSError
        If a file cannot be written.
    """
    _check_targets(overwrite, study=study, output=output, report=report)
    check = partial(_check_tracks, model, SearchSettings(**settings), rows)
    job: Job[TunedModel] = Job.of(progress, "tune")
    job.phase("read")
    loader = DatasetLoader(dataset, jobs=jobs, progress=job, fewest=N_FOLDS, check=check)
    with warnings_to(progress):
        everything = loader.load(feature_set)
    table, note = rows_to_choose_by(everything, rows=rows)
    settings |= {"family": model, "storage": study, "jobs": jobs or usable_cores(), "progress": job}
    tuned = _tune(
        table,
        settings,
        nested=nested,
        job=job,
        dataset=loader.name,
        rows=rows,
        n_left_out=len(everything) - len(table),
        note=note,
        output=None if output is None else os.fspath(output),
        report=None if report is None else os.fspath(report),
    )
    _write(tuned, output, report)
    return tuned


def _tune(
    table: FeatureTable,
    settings: Mapping[str, Any],
    *,
    nested: bool,
    job: Job[TunedModel],
    note: str,
    **known: Any,
) -> TunedModel:
    """Search, and score the search itself if that is wanted, as two phases of a job."""
    job.phase("search")
    tuning = search_parameters(table, **settings)
    scored = None
    if nested:
        job.phase("score")
        scored = nested_tune(table, **settings)
    return TunedModel(
        **known,
        note=note,
        feature_set=table.feature_set,
        provenance=dict(table.provenance),
        tuning=tuning,
        nested=scored,
        recipe=tuned_recipe(tuning, note),
    )


def _write(tuned: TunedModel, output: PathName | None, report: PathName | None) -> None:
    """Write the recipe and the page."""
    if output is not None:
        with atomic_write(output, "w") as file:
            file.write(recipe_file(tuned))
    if report is not None:
        from earmark.figures import tuning_page

        with atomic_write(report, "w", errors="backslashreplace") as file:
            file.write(tuning_page(json.loads(json.dumps(tuned.to_dict()))))
