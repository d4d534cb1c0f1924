"""Searching the parameters of a family, scored on rows held out from the ones that are given."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from earmark.arguments import check_fields
from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation import Refitted, Split
from earmark.models.families import checked_parameters
from earmark.models.recipe import Recipe, load_recipe
from earmark.tuning._presets import load_search_space
from earmark.tuning._proposals import Proposal, Proposals, proposals
from earmark.tuning._result import RULES, Tuning, best_of
from earmark.tuning._scoring import FoldScore, Scorer, score_of, scoring, with_parameters
from earmark.tuning._spaces import SearchSpace
from earmark.tuning._study import StudyFile, Trial
from earmark.types import PathName, Progress

__all__ = ["DEFAULT_TRIALS", "TUNING_PROTOCOLS", "SearchSettings", "search_parameters"]

TUNING_PROTOCOLS = ("random", "track", "artist")
"""Protocols that points can be scored under. A published split is not among them: its test rows
are to be scored once, after every choice."""

DEFAULT_TRIALS = 100
"""Trials of a search by Optuna that is given no budget."""


@dataclass(frozen=True)
class SearchSettings:
    """How parameters are searched.

    Attributes
    ----------
    search : {"grid", "optuna"}
        Try every combination, or have Optuna draw (TPE).
    space : str, path-like, SearchSpace or None
        What is searched: a preset, a TOML file like those, or a space; None for the preset that
        has the family's name.
    protocol : {"random", "track", "artist"}
        How the folds are made that points are scored in.
    trials : int or None
        Number of trials in all, with those in the study file.
    minutes : float or None
        How long the search may take in all, with the time it took before it was stopped. A trial
        that was begun is finished. Without either budget a grid is gone through, and Optuna draws
        `DEFAULT_TRIALS`.
    seed : int
        Of folds and points.
    rule : {"best", "one-se"}
        How the point is chosen: see `Tuning.chosen`.

    Raises
    ------
    ParameterError
        If a value is not accepted.
    """

    search: str = "grid"
    space: str | os.PathLike[str] | SearchSpace | None = None
    protocol: str = "artist"
    trials: int | None = None
    minutes: float | None = None
    seed: int = 0
    rule: str = "best"

    def __post_init__(self) -> None:
        check_fields(self)
        for name, allowed in (("protocol", TUNING_PROTOCOLS), ("rule", RULES)):
            value = getattr(self, name)
            if value not in allowed:
                why = ": its test rows are not for choosing" if value == "official" else ""
                raise ParameterError(f"{name}={value!r} is not one of {', '.join(allowed)}{why}")
        if self.trials is not None and self.trials < 1:
            raise ParameterError(f"trials={self.trials} must be 1 or more")
        if self.seed < 0:
            raise ParameterError(f"seed={self.seed} must be 0 or more")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise ParameterError(f"minutes={self.minutes} must be above 0")


class _Budget:
    """Trials and minutes there are; a search that goes on has used up some before."""

    def __init__(self, trials: int | None, minutes: float | None, *, used: float) -> None:
        self.trials = trials
        self._seconds = None if minutes is None else 60 * minutes
        self._begun = time.monotonic() - used

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._begun

    def late(self) -> bool:
        return self._seconds is not None and self.elapsed >= self._seconds

    def expected(self, done: int) -> int:
        """Estimate how many trials there will be."""
        bounds = [] if self.trials is None else [self.trials]
        if self._seconds is not None and done:
            bounds.append(int(done * max(1.0, self._seconds / max(self.elapsed, 1e-9))))
        return max(done, min(bounds, default=done))


def _base_and_space(
    family: str | Recipe, space: str | PathName | SearchSpace | None, search: str
) -> tuple[Recipe, SearchSpace]:
    base = load_recipe(family) if isinstance(family, str) else family
    with_parameters(base, {})  # refuses what cannot be tuned
    own = str(base.members[0]["family"])
    if not isinstance(space, SearchSpace):
        space = load_search_space(own if space is None else space, search=search)
    if space.family != own:
        raise ParameterError(
            f"space={space.name!r} is for family {space.family!r}, model {base.name!r} is {own!r}"
        )
    for parameter in space.parameters:
        for value in parameter.values or (parameter.low, parameter.high):
            try:
                checked_parameters(own, {parameter.name: value})
            except ParameterError as error:
                raise ParameterError(f"space={space.name!r}: {error}") from error
    return base, space


def _identity(
    table: FeatureTable, base: Recipe, space: SearchSpace, settings: SearchSettings
) -> dict[str, Any]:
    """Say what the trials depend on: it decides whether a study file is that of this search."""
    described = json.dumps(base.to_dict(), sort_keys=True, default=str)
    return {
        "model": base.name,
        "search": settings.search,
        "space": space.name,
        "protocol": settings.protocol,
        "seed": settings.seed,
        "table": table.digest,
        "recipe": hashlib.sha256(described.encode()).hexdigest(),
        "parameters": space.to_dict()["parameters"],
    }


def _trial(number: int, proposal: Proposal, parts: Sequence[FoldScore], elapsed: float) -> Trial:
    failure = next((part.failure for part in parts if part.failure is not None), None)
    score, standard_error = (None, None) if failure is not None else score_of(parts)
    return Trial(
        number=number,
        parameters=proposal.parameters,
        score=score,
        standard_error=standard_error,
        fold_scores=() if failure is not None else tuple(part.n_right / part.n for part in parts),
        seconds=sum(part.seconds for part in parts),
        elapsed=elapsed,
        position=proposal.position,
        failure=failure,
    )


def _described(trial: Trial) -> str:
    values = (
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in trial.parameters.items()
    )
    return f"{trial.score:.3f} with {', '.join(values)}"


def _search(
    scorer: Scorer,
    proposer: Proposals,
    done: list[Trial],
    *,
    space: SearchSpace,
    budget: _Budget,
    keep: Callable[[Trial], None],
    jobs: int,
    progress: Progress | None,
) -> None:
    """Score what is proposed, until nothing is or the budget is used up; add it to `done`."""

    def late() -> bool:
        return bool(done) and budget.late()

    with scoring(scorer, jobs=jobs, late=late) as scores:
        while not late():
            proposed = proposer.next(done)
            if budget.trials is not None:
                proposed = proposed[: max(0, budget.trials - len(done))]
            if not proposed:
                return
            points = [proposal.parameters for proposal in proposed]
            for proposal, parts in zip(proposed, scores(points), strict=False):
                done.append(_trial(len(done), proposal, parts, budget.elapsed))
                keep(done[-1])
                if progress is not None:
                    best = best_of(done, space)
                    name = "none could be fitted" if best is None else _described(best)
                    progress(len(done), budget.expected(len(done)), name)


def _budget(settings: SearchSettings, size: int | None, done: Sequence[Trial]) -> _Budget:
    """Return what may be used in all; a grid of some size ends by itself."""
    trials = settings.trials
    if size is not None:
        trials = min(size, trials or size)
    elif trials is None and settings.minutes is None:
        trials = DEFAULT_TRIALS
    return _Budget(trials, settings.minutes, used=done[-1].elapsed if done else 0.0)


def search_parameters(
    table: FeatureTable,
    *,
    family: str | Recipe,
    storage: PathName | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    **settings: Any,
) -> Tuning:
    """Search the parameters of a family.

    A point is worth the share of held-out rows that a model with these parameters names right: the
    rows are dealt into five folds, once, and the same folds score every point. The trials depend on
    the table, the seed and the versions of the libraries, not on `jobs` nor on where the search was
    stopped. A grid is tried in an order of the seed, so that a part of it is a fair sample.

    Parameters
    ----------
    table : FeatureTable
        The rows to choose by, and nothing else: training rows.
    family : str or Recipe
        What is tuned: a family, or a recipe of one classifier.
    storage : path-like or None
        The study file: trials are kept there, and a search that was stopped goes on.
    jobs : int
        Processes, on one thread each.
    progress : callable or None
        Called with the trials done, those expected, and the best so far.
    **settings
        As `SearchSettings` takes them.

    Returns
    -------
    Tuning
        Every trial, the best and the one chosen.

    Raises
    ------
    ParameterError, DatasetError, StudyError
        If an argument, the rows or the study file cannot be used, or no trial could be fitted.
    """
    how = SearchSettings(**settings)
    if jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    base, space = _base_and_space(family, how.space, how.search)
    proposer = proposals(how.search, space, seed=how.seed, jobs=jobs)
    split = Split.deal(how.protocol, table, seed=how.seed)
    Refitted(base.name, base, calibrate=False).check(split)
    with ExitStack() as stack:
        study = None
        if storage is not None:
            identity = _identity(table, base, space, how)
            study = stack.enter_context(StudyFile(storage, search=identity, space=space))
        done = list(study.trials) if study is not None else []
        n_resumed = len(done)
        _search(
            Scorer(table, split.folds, base, inner_groups=split.inner_groups),
            proposer,
            done,
            space=space,
            budget=_budget(how, proposer.size, done),
            keep=study.append if study is not None else (lambda trial: None),
            jobs=jobs,
            progress=progress,
        )
    return Tuning(
        base=base,
        search=how.search,
        space=space,
        protocol=how.protocol,
        seed=how.seed,
        rule=how.rule,
        inner_groups=split.inner_groups,
        n=len(table),
        n_folds=len(split.folds),
        digest=table.digest,
        trials=tuple(done),
        size=proposer.size,
        n_resumed=n_resumed,
    )
