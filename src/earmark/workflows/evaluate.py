"""Score models on a dataset under several protocols (extra ``train``)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

import earmark
from earmark.arguments import check_ending, checked
from earmark.datasets import FeatureTable, Fold
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    KNOWN_ARTISTS,
    N_FOLDS,
    PROTOCOLS,
    UNSEEN,
    Contender,
    DatasetInfo,
    FoldAnswer,
    FoldTask,
    Packaged,
    Refitted,
    Results,
    ResultsFile,
    Run,
    clean_rows,
    evaluate_folds,
    find_contender,
    inner_groups,
    make_run,
    packaged_rows,
    packaged_runs,
    protocol_folds,
    refusals,
    resampling_units,
    spread,
)
from earmark.models.export import export_onnx
from earmark.models.recipe import FittedModel, check_groups, fit
from earmark.types import PathName, Progress
from earmark.workflows._rows import Tables

__all__ = ["CLEAN", "KNOWN_ARTISTS", "UNSEEN", "evaluate"]

CLEAN = "official_artist_clean"
"""The part of the official test rows none of whose artists is in the training rows."""

_ORDER = ("random", "track", "artist", "official", CLEAN, "published3", UNSEEN, KNOWN_ARTISTS)


def _planned(
    protocols: Sequence[str] | Literal["all"], table: FeatureTable
) -> tuple[list[str], dict[str, str]]:
    """Return the protocols to do and those left out, with the reason."""
    lacking = refusals(table)
    if protocols == "all":
        if table.unit == "track":
            lacking["track"] = "rows are tracks: its folds are those of random"
        return [name for name in PROTOCOLS if name not in lacking], lacking
    if not protocols:
        raise ParameterError("protocols=[]: give one or more")
    for name in protocols:
        if name not in PROTOCOLS:
            raise ParameterError(f"protocol={name!r} is not one of {', '.join(PROTOCOLS)}")
        if name in lacking:
            raise ParameterError(f"protocol={name!r}: {lacking[name]}")
    return [name for name in PROTOCOLS if name in protocols], {}


def _info(tables: Tables, classes: tuple[str, ...]) -> DatasetInfo:
    table = tables.base
    return DatasetInfo(
        name=tables.name,
        n=len(table),
        unit=table.unit,
        feature_set=table.feature_set,
        fingerprint=table.fingerprint,
        digest=table.digest,
        classes=classes,
        counts={genre: int((table.labels == genre).sum()) for genre in classes},
        provenance=dict(table.provenance),
    )


def _file_bytes(model: FittedModel) -> int:
    """Return the size of a model's graph, which is nearly all of its file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a size that is told anyway, and of exporters
        return len(export_onnx(model))


@dataclass
class _Plan:
    """Folds of one model under one protocol, and their answers as they arrive."""

    contender: Refitted
    protocol: str
    table: FeatureTable
    folds: list[Fold]
    answers: dict[int, FoldAnswer] = field(default_factory=dict)

    def tasks(self, *, seed: int, importances: bool) -> list[FoldTask]:
        """List what is to be done."""
        contender, classes = self.contender, self.table.classes
        fit_rows = partial(
            fit,
            contender.recipe,
            classes=classes,
            calibrate=contender.calibrate,
            inner_groups=inner_groups(self.protocol, self.table),
        )
        return [
            FoldTask(
                model=contender.name,
                protocol=self.protocol,
                number=number,
                fit=fit_rows,
                table=self.table,
                fold=fold,
                classes=classes,
                seed=seed,
                shuffle=importances,
                size=_file_bytes if number == 0 else None,
            )
            for number, fold in enumerate(self.folds)
        ]

    def runs(self, classes: tuple[str, ...], seed: int) -> list[Run]:
        """Score the answers, once all are there."""
        found = [
            replace(answer, held_out=spread(answer.held_out, self.table.classes, classes))
            for _, answer in sorted(self.answers.items())
        ]
        scored = partial(
            make_run,
            table=self.table,
            classes=classes,
            seed=seed,
            inner_groups=inner_groups(self.protocol, self.table),
            calibrated=self.contender.calibrate,
        )
        runs = [scored(self.protocol, answers=found)]
        if self.protocol == "official" and "artist" in self.table.groups:
            held_out = found[0].held_out
            clean = np.isin(held_out.rows, clean_rows(self.table, self.folds[0]))
            if 0 < clean.sum() < len(clean):
                part = FoldAnswer(held_out.only(clean), model_bytes=found[0].model_bytes)
                runs.append(scored(CLEAN, answers=[part]))
        return runs


def _fewest(contenders: Sequence[Contender]) -> int:
    """Return how many tracks of a genre are needed: a finished model needs no folds."""
    return N_FOLDS if any(isinstance(one, Refitted) for one in contenders) else 1


def _is_done(run: Run | None, table: FeatureTable, *, importances: bool) -> bool:
    """Say whether a run has all that is asked for; intervals of older files are over tracks."""
    if run is None or (importances and run.importances is None):
        return False
    return run.intervals.over == resampling_units(run.protocol, table)[0]


def _contenders(models: Sequence[str], *, jobs: int) -> list[Contender]:
    """Find the models, before anything is read."""
    if not models or len(set(models)) != len(models):
        raise ParameterError(f"models={list(models)!r}: give one or more, all different")
    if jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    return [find_contender(name) for name in models]


def _dealt(
    contender: Refitted, protocol: str, rows: FeatureTable, *, seed: int
) -> list[Fold] | DatasetError:
    """Return the folds of a protocol, or why a model cannot be fitted to them."""
    try:
        folds = protocol_folds(protocol, rows, seed=seed)
        check_groups(
            contender.recipe,
            rows,
            folds,
            calibrate=contender.calibrate,
            inner_groups=inner_groups(protocol, rows),
        )
    except DatasetError as error:
        return error
    return folds


def _check_before_listening(
    contenders: Sequence[Contender], protocols: Sequence[str] | str, seed: int, tracks: FeatureTable
) -> None:
    """Refuse tracks that models cannot be fitted to, before the first of them is decoded."""
    named = () if isinstance(protocols, str) else protocols  # of all, some may be left out
    for contender in contenders:
        if isinstance(contender, Packaged):
            continue
        for protocol in named:
            folds = _dealt(contender, protocol, tracks, seed=seed)
            if isinstance(folds, DatasetError):
                raise folds


@checked
def evaluate(
    dataset: str | FeatureTable,
    *,
    models: Sequence[str],
    protocols: Sequence[str] | Literal["all"] = "all",
    new_rows: bool = False,
    seed: int = 0,
    importances: bool = False,
    jobs: int = 2,
    feature_set: str | None = None,
    unit: str | None = None,
    output: PathName | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Score models on a dataset under several protocols.

    Everything that learns is fitted inside the training rows of each fold. Classifiers of a family
    (``knn``, ``svm`` ...) are fitted without calibration, as the course projects did; recipes are
    calibrated as they say, nested.

    Parameters
    ----------
    dataset : str or FeatureTable
        ``NAME:PATH``, or the rows themselves. Where it names a folder of audio, each clip is a row
        and the clips of a track vote.
    models : sequence of str
        Each ``default``, which is the recipe of the model that ships; a family or preset; the name
        or path of a recipe; or the path of an ``.earmark`` file, which is asked as it is, under
        the protocol ``unseen``, and refused where it was trained on any of the rows.
    protocols : sequence of str or "all"
        Names of `earmark.evaluation.PROTOCOLS`. ``"all"`` leaves out what the dataset does not
        support, and ``track`` where rows are tracks, and says why in ``Results.skipped``. Where the
        official split shares artists, the test rows that share none are scored once more as
        ``official_artist_clean``.
    new_rows : bool
        Whether an ``.earmark`` file is asked about the rows it was not trained on, where it was
        trained on some: under ``unseen`` those by artists it was not trained on, under
        ``unseen_known_artists`` those by artists of rows it was trained on. How many there are of
        each stands in the ``recipe`` of its results.
    seed : int
        Seed of the folds. The same seed gives the same results, times and memory apart.
    importances : bool
        Whether to measure what each column is worth to each model, by permutation.
    jobs : int
        Folds at a time, each in a process of its own; where features are computed from audio,
        files too.
    feature_set : str or None
        Features for models that take any; None takes the dataset's first.
    unit : {"track", "segment"} or None
        What a row shall be, where the dataset has both; None leaves it to the dataset.
    output : path-like or None
        Results file to write after every model and protocol. Where it holds finished runs of the
        same dataset, seed, release and recipes, they are kept and not done again.
    fresh : bool
        Whether to start anew where `output` is a results file already.
    progress : callable or None
        Called with the folds done, their number, and what was done last; where features are
        computed from audio, first with the files.

    Returns
    -------
    Results
        Of the models asked for, and of those that `output` held before.

    Raises
    ------
    ParameterError
        If a model, protocol or dataset is not known, the dataset does not support a protocol, the
        model was trained on its rows, or `output` holds results of something else.
    DatasetError
        If folds cannot be made, or a model cannot be fitted to a fold.
    ResultsError
        If `output` is there and no results file.

    Notes
    -----
    Processes import the script that started them: in a script, call this below
    ``if __name__ == "__main__":``.
    """
    if output is not None:
        check_ending("output", output, (".json",))
    contenders = _contenders(models, jobs=jobs)
    wanted = {contender.feature_set for contender in contenders}
    if feature_set is None and len(wanted) == 1:
        (feature_set,) = wanted
    tables = Tables(
        dataset,
        feature_set=feature_set,
        unit=unit,
        jobs=jobs,
        progress=progress,
        fewest=_fewest(contenders),
        check=partial(_check_before_listening, contenders, protocols, seed),
    )
    known = {name for one in contenders if isinstance(one, Packaged) for name in one.model.classes}
    classes = tuple(sorted({*tables.base.classes, *known}))
    named, skipped = _planned(protocols, tables.base)
    empty = Results(earmark.__version__, seed, _info(tables, classes), (), skipped)
    book = ResultsFile(empty, None if output is None else Path(output), order=_ORDER, fresh=fresh)
    plans = []
    for contender in contenders:
        table = tables.table(contender)
        features = {"name": table.feature_set, "digest": table.digest}
        described = {**contender.describe(), "features": features}
        if isinstance(contender, Packaged):
            parts = packaged_rows(contender, table, new_rows=new_rows)
            described |= {"rows": parts.counts} if new_rows else {}
            book.expect(contender.name, None, described)
            if not {UNSEEN, KNOWN_ARTISTS} & book.protocols(contender.name):
                book.add(contender.name, packaged_runs(contender, table, parts, classes, seed))
            continue
        book.expect(contender.name, contender.family, described)
        for protocol in named:
            rows = tables.table(contender, protocol=protocol)
            if _is_done(book.run(contender.name, protocol), rows, importances=importances):
                continue
            folds = _dealt(contender, protocol, rows, seed=seed)
            if isinstance(folds, DatasetError):
                if protocols != "all":
                    raise folds
                skipped[protocol] = str(folds)
                continue
            plans.append(_Plan(contender, protocol, rows, folds))
    places = [
        (plan, task) for plan in plans for task in plan.tasks(seed=seed, importances=importances)
    ]
    tasks = [task for _, task in places]
    for count, (at, answer) in enumerate(evaluate_folds(tasks, jobs=jobs), start=1):
        plan, task = places[at]
        plan.answers[task.number] = answer
        if len(plan.answers) == len(plan.folds):
            book.add(task.model, plan.runs(classes, seed))
            plan.answers.clear()
        if progress is not None:
            progress(count, len(tasks), f"{task.model}, {task.protocol}")
    book.write()
    return book.results
