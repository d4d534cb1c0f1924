"""Search the parameters of a model on rows that are for choosing, and write them as a recipe."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from earmark.arguments import PAGE_ENDINGS, checked
from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation import N_FOLDS, inner_groups, protocol_folds
from earmark.files import atomic_write, check_target
from earmark.models.recipe import Recipe, check_groups, load_recipe, render_recipe
from earmark.records import Record, package_version
from earmark.tuning import NestedTuning, Tuning, nested_tune
from earmark.tuning import tune as search_space
from earmark.types import PathName, Progress
from earmark.workflows._corpora import parse_dataset
from earmark.workflows._rows import load_rows

__all__ = ["ROWS", "TUNING_SCHEMA", "TunedModel", "rows_to_choose_by", "tune"]

TUNING_SCHEMA = "earmark.tuning/1"
"""Schema of what `TunedModel.to_dict` gives."""

ROWS = ("train", "all")
"""What to choose by: the training part of a published split, or every row."""


def _dataset(tuned: TunedModel) -> dict[str, Any]:
    names = ("rows", "n", "n_left_out", "note", "feature_set", "provenance")
    values = {**vars(tuned), "n": tuned.tuning.n}
    return {"name": tuned.dataset, **{name: values[name] for name in names}}


@dataclass(frozen=True)
class TunedModel(
    Record,
    schema=TUNING_SCHEMA,
    keys=(
        ("earmark", package_version),
        ("dataset", _dataset),
        *("*tuning", "nested"),
        ("recipe", lambda tuned: {"name": tuned.recipe.name, **tuned.recipe.to_dict()}),
        *("output", "report"),
    ),
):
    """A search on a dataset, and what was written.

    Attributes
    ----------
    dataset : str
        Name of the corpus.
    rows : str
        ``train`` or ``all``.
    n_left_out : int
        Rows of the dataset that took no part.
    note : str
        Which rows those are, in words.
    feature_set : str
        Of the table.
    provenance : dict of str to str
        Of the table.
    tuning : Tuning
        The search.
    nested : NestedTuning or None
        The honest score, where asked for.
    recipe : Recipe
        What was chosen.
    output, report : str or None
        Where the recipe and the page were written.
    """

    dataset: str
    rows: str
    n_left_out: int
    note: str
    feature_set: str
    provenance: dict[str, str]
    tuning: Tuning
    nested: NestedTuning | None
    recipe: Recipe
    output: str | None
    report: str | None


@checked
def rows_to_choose_by(table: FeatureTable, *, rows: str = "train") -> tuple[FeatureTable, str]:
    """Select the rows that parameters may be chosen by.

    Parameters
    ----------
    table : FeatureTable
        All rows.
    rows : {"train", "all"}
        ``train``: the parts train and valid of the published split ``"official"``, or all rows
        where there is none. ``all``: every row.

    Returns
    -------
    table : FeatureTable
        Those rows.
    note : str
        Which they are, in words.

    Raises
    ------
    ParameterError
        If `rows` is something else.

    Examples
    --------
    >>> table = FeatureTable(
    ...     ids=np.array(["a", "b"]), X=np.zeros((2, 1)), feature_set="zero", fingerprint="0",
    ...     labels=np.array(["x", "y"]), partitions={"official": np.array(["train", "test"])},
    ... )
    >>> rows_to_choose_by(table)[1]
    'chosen by the 1 rows of the official split that are for training and validation; the 1 test \
rows were not seen'
    """
    if rows not in ROWS:
        raise ParameterError(f"rows={rows!r} is not one of {', '.join(ROWS)}")
    part = table.partitions.get("official")
    if part is None or not np.isin(part, ["train", "valid"]).any():
        return table, f"chosen by all {len(table)} rows: the dataset has no official split"
    n_test = int((part == "test").sum())
    if rows == "all":
        return table, (
            f"chosen by all {len(table)} rows, the {n_test} test rows of the official split among "
            "them: what is scored on those is not honest any more"
        )
    chosen = table.select(np.isin(part, ["train", "valid"]))
    return chosen, (
        f"chosen by the {len(chosen)} rows of the official split that are for training and "
        f"validation; the {n_test} test rows were not seen"
    )


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


def _comment(model: TunedModel) -> str:
    """Say in the recipe how its parameters were chosen."""
    tuning = model.tuning
    chosen = tuning.chosen
    of = f"of {tuning.size} " if tuning.size is not None else ""
    lines = [
        f"Chosen by earmark tune: {tuning.search} search of {tuning.space.name!r}, "
        f"{len(tuning.trials)} {of}trials, rule {tuning.rule},",
        f"{tuning.n_folds} folds of protocol {tuning.protocol}, seed {tuning.seed};",
        f"{model.note}.",
        f"Score there {chosen.score:.4f} (standard error {chosen.standard_error:.4f}): too high, "
        "because it was chosen for being high.",
    ]
    if model.nested is not None:
        found = model.nested.accuracy
        lines.append(
            f"Tuned again inside every training fold ({model.nested.protocol}): "
            f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})."
        )
    return "\n".join(lines)


def _check_before_listening(
    model: str, protocol: str, rows: str, seed: int, tracks: FeatureTable
) -> None:
    """Refuse tracks that the model cannot be fitted to, before the first of them is decoded."""
    table, _ = rows_to_choose_by(tracks, rows=rows)
    folds = protocol_folds(protocol, table, seed=seed)
    known = inner_groups(protocol, table)
    check_groups(load_recipe(model), table, folds, calibrate=False, inner_groups=known)


@checked
def tune(
    dataset: str,
    *,
    model: str = "svm",
    search: str = "grid",
    space: str | PathName | None = None,
    protocol: str = "artist",
    trials: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    rule: str = "best",
    rows: str = "train",
    feature_set: str | None = None,
    study: PathName | None = None,
    nested: bool = False,
    output: PathName | None = None,
    report: PathName | None = None,
    overwrite: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> TunedModel:
    """Search the parameters of a model, and write what was chosen as a recipe.

    Parameters
    ----------
    dataset : str
        ``CORPUS:PATH``, as `earmark.datasets.load_dataset` takes it.
    model : str
        What is tuned: a family or preset, or a recipe of one classifier.
    search : {"grid", "optuna"}
        Try every combination, or have Optuna draw.
    space : str, path-like or None
        What is searched: a preset, or a TOML file like those; None for the family's own.
    protocol : {"random", "track", "artist"}
        Whose folds, of the rows to choose by, score the points.
    trials, minutes : int or float or None
        Budget, as for `earmark.tuning.tune`.
    seed : int
        The same seed gives the same trials.
    rule : {"best", "one-se"}
        How the point is chosen.
    rows : {"train", "all"}
        What to choose by: see `rows_to_choose_by`.
    feature_set : str or None
        Which table of the dataset; None for its first.
    study : path-like or None
        The study file: a search that was ended goes on. The searches of `nested` have files beside
        it, with ``.0``, ``.1`` ... added.
    nested : bool
        Whether to tune inside every fold, too, for an honest score; it takes as long for each of
        five folds as the search.
    output : path-like or None
        Where to write the recipe, a TOML file.
    report : path-like or None
        Where to write the page that shows the search.
    overwrite : bool
        Whether to replace files that are there, once all is done.
    jobs : int
        Processes.
    progress : callable or None
        Called with the trials done, those expected, and the best so far.

    Returns
    -------
    TunedModel
        The search, the honest score and what was written.

    Raises
    ------
    ParameterError, DatasetError
        If the dataset cannot be used, an argument has a value that is not taken, or a file to write
        exists.
    StudyError
        If the study file is that of another search, in use, or none.
    OSError
        If a file cannot be written.
    """
    _check_targets(overwrite, study=study, output=output, report=report)
    everything = load_rows(
        dataset,
        feature_set=feature_set,
        fewest=N_FOLDS,
        check=partial(_check_before_listening, model, protocol, rows, seed),
    )
    table, note = rows_to_choose_by(everything, rows=rows)
    settings: dict[str, Any] = {
        "family": model,
        "search": search,
        "space": space,
        "protocol": protocol,
        "trials": trials,
        "minutes": minutes,
        "seed": seed,
        "rule": rule,
        "storage": study,
        "jobs": jobs,
        "progress": progress,
    }
    tuning = search_space(table, **settings)
    tuned = TunedModel(
        dataset=parse_dataset(dataset)[0].name,
        rows=rows,
        n_left_out=len(everything) - len(table),
        note=note,
        feature_set=table.feature_set,
        provenance=dict(table.provenance),
        tuning=tuning,
        nested=nested_tune(table, **settings) if nested else None,
        recipe=replace(
            tuning.recipe,
            name=f"{tuning.base.name}-tuned",
            description=f"{tuning.base.name}, tuned by earmark tune; {note}",
            corpus="",
        ),
        output=None if output is None else os.fspath(output),
        report=None if report is None else os.fspath(report),
    )
    if output is not None:
        with atomic_write(output, "w") as file:
            file.write(render_recipe(tuned.recipe, comment=_comment(tuned)))
    if report is not None:
        from earmark.figures import tuning_page

        with atomic_write(report, "w", errors="backslashreplace") as file:
            file.write(tuning_page(json.loads(json.dumps(tuned.to_dict()))))
    return tuned
