"""The one way to score: rows are dealt into folds, models fitted and asked in each, answers joined.

`evaluate`, `train`, tuning and spaces deal their rows with `Split`; what is scored there becomes a
`Run`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from earmark.datasets import Fold, Rows
from earmark.evaluation._answers import Fitted, spread
from earmark.evaluation._protocols import InnerGroups, clean_rows, inner_groups, protocol_folds
from earmark.evaluation._results import Run
from earmark.evaluation._runs import (
    FoldAnswer,
    FoldTask,
    answer_task,
    evaluate_folds,
    make_run,
)
from earmark.types import Progress

__all__ = ["CLEAN", "Candidate", "Split", "score_split", "score_splits"]

CLEAN = "official_artist_clean"
"""The part of the official test rows none of whose artists is in the training rows."""


class Candidate(Protocol):
    """A model to be scored: it can be fitted to the training rows of any fold."""

    @property
    def name(self) -> str:
        """How it is called in results."""
        ...

    @property
    def calibrate(self) -> bool:
        """Whether it has thresholds of its own, so that it can be unsure."""
        ...

    def fit(self, table: Any, *, classes: Sequence[str], inner_groups: InnerGroups) -> Fitted:
        """Fit it to training rows, and to nothing else.

        Parameters
        ----------
        table : FeatureTable or ArrayTable
            Training rows.
        classes : sequence of str
            Genres, in the order that the probabilities have.
        inner_groups : {"artist", "track", "row"}
            What stays together where it holds rows out itself.

        Returns
        -------
        Fitted
            The model.
        """
        ...


@dataclass(frozen=True)
class Split:
    """Rows dealt into the folds of a protocol.

    Attributes
    ----------
    protocol : str
        How they are dealt.
    table : Rows
        All rows.
    folds : sequence of Fold
        Which are trained on and tested in each fold.
    seed : int
        Of the folds.
    name : str
        Under which name the scores are reported.
    """

    protocol: str
    table: Any
    folds: Sequence[Fold]
    seed: int
    name: str

    @classmethod
    def deal(cls, protocol: str, table: Rows, *, seed: int, name: str | None = None) -> Split:
        """Deal rows into folds.

        Parameters
        ----------
        protocol : str
            One of `PROTOCOLS`.
        table : Rows
            All rows.
        seed : int
            The same seed gives the same folds.
        name : str or None
            Under which name the scores are reported; None: that of the protocol.

        Returns
        -------
        Split
            Rows and folds.

        Raises
        ------
        ParameterError, DatasetError
            As `protocol_folds` does.
        """
        folds = protocol_folds(protocol, table, seed=seed)
        return cls(protocol, table, folds, seed, name or protocol)

    @property
    def inner_groups(self) -> InnerGroups:
        """What a model's own folds keep whole."""
        return inner_groups(self.protocol, self.table)

    def tasks(
        self, candidate: Candidate, *, importances: bool = False, size: bool = False
    ) -> list[FoldTask]:
        """List what is to be done to score a model.

        Parameters
        ----------
        candidate : Candidate
            The model.
        importances : bool
            Whether to measure how much each column matters.
        size : bool
            Whether to measure the size of the model of the first fold as a file.

        Returns
        -------
        list of FoldTask
            One for each fold.
        """
        classes = self.table.classes
        fit_rows = partial(candidate.fit, classes=classes, inner_groups=self.inner_groups)
        return [
            FoldTask(
                model=candidate.name,
                protocol=self.name,
                number=number,
                fit=fit_rows,
                table=self.table,
                fold=fold,
                classes=classes,
                seed=self.seed,
                shuffle=importances,
                size=_file_bytes if size and number == 0 else None,
            )
            for number, fold in enumerate(self.folds)
        ]

    def runs(
        self,
        candidate: Candidate,
        answers: Sequence[FoldAnswer],
        *,
        classes: Sequence[str] | None = None,
    ) -> list[Run]:
        """Score the answers of all folds.

        Parameters
        ----------
        candidate : Candidate
            The model.
        answers : sequence of FoldAnswer
            One for each fold, in order.
        classes : sequence of str or None
            Genres in the order of the probabilities of the results; None: those of the rows.

        Returns
        -------
        list of Run
            That of the protocol and, for a published test list, that of the part of it none of
            whose artists is trained on.
        """
        named = self.table.classes if classes is None else classes
        answers = [
            replace(answer, held_out=spread(answer.held_out, self.table.classes, named))
            for answer in answers
        ]
        score = partial(
            make_run,
            table=self.table,
            classes=named,
            seed=self.seed,
            inner_groups=self.inner_groups,
            calibrated=candidate.calibrate,
        )
        runs = [score(self.name, answers=answers)]
        if self.protocol == "official" and "artist" in self.table.groups:
            held_out = answers[0].held_out
            clean = np.isin(held_out.rows, clean_rows(self.table, self.folds[0]))
            if clean.any():
                part = FoldAnswer(held_out.only(clean), model_bytes=answers[0].model_bytes)
                runs.append(score(CLEAN, answers=[part]))
        return runs


def _file_bytes(model: Any) -> int:
    """Return the size of a model's graph, which is nearly all of its file."""
    from earmark.models.export import export_onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the size is in the results, and exporters warn of theirs
        return len(export_onnx(model))


def score_split(candidate: Candidate, split: Split) -> list[Run]:
    """Score a model in this process.

    Parameters
    ----------
    candidate : Candidate
        The model; it is fitted anew in each fold.
    split : Split
        Rows and folds.

    Returns
    -------
    list of Run
        As `Split.runs` returns them.

    Raises
    ------
    ParameterError, DatasetError
        If the model cannot be fitted to the rows of a fold.
    """
    return split.runs(candidate, [answer_task(task) for task in split.tasks(candidate)])


def score_splits(
    pairs: Sequence[tuple[Candidate, Split]],
    *,
    classes: Sequence[str],
    jobs: int,
    importances: bool = False,
    progress: Progress | None = None,
) -> Iterator[tuple[Candidate, list[Run]]]:
    """Score models on splits, all folds of all of them in processes of their own.

    Parameters
    ----------
    pairs : sequence of (Candidate, Split)
        Which model on which rows.
    classes : sequence of str
        Genres in the order of the probabilities of the results.
    jobs : int
        Folds at a time. Scores do not depend on it.
    importances : bool
        Whether to measure how much each column matters.
    progress : callable or None
        Called with the folds done, their number, and what was done last.

    Yields
    ------
    candidate : Candidate
        The model.
    runs : list of Run
        Its scores on a split, as soon as all folds of that are done.

    Raises
    ------
    ParameterError, DatasetError
        If a model cannot be fitted to the rows of a fold.
    EarmarkError
        If a process is ended from outside.
    """
    tasks = [
        (number, task)
        for number, (candidate, split) in enumerate(pairs)
        for task in split.tasks(candidate, importances=importances, size=True)
    ]
    answers: dict[int, dict[int, FoldAnswer]] = {number: {} for number in range(len(pairs))}
    found = evaluate_folds([task for _, task in tasks], jobs=jobs)
    with closing(found):  # type: ignore[type-var]  # a generator, said to be an iterator
        for done, (at, answer) in enumerate(found, start=1):
            number, task = tasks[at]
            candidate, split = pairs[number]
            answers[number][task.number] = answer
            if len(answers[number]) == len(split.folds):
                ordered = [answer for _, answer in sorted(answers.pop(number).items())]
                yield candidate, split.runs(candidate, ordered, classes=classes)
            if progress is not None:
                progress(done, len(tasks), f"{task.model}, {task.protocol}")
