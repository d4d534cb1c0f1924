"""Searching the parameters of a family, scored on rows held out from the ones that are given."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation import inner_groups, protocol_folds
from earmark.models.families import checked_parameters
from earmark.models.recipe import Recipe, check_groups, load_recipe
from earmark.tuning._presets import load_search_space
from earmark.tuning._proposals import Proposal, Proposals, proposals
from earmark.tuning._result import RULES, Tuning, best_of
from earmark.tuning._scoring import FoldScore, Scorer, score_of, scoring, with_parameters
from earmark.tuning._spaces import SearchSpace
from earmark.tuning._study import StudyFile, Trial
from earmark.types import PathName, Progress

__all__ = ["DEFAULT_TRIALS", "PROTOCOLS", "tune"]

PROTOCOLS = ("random", "track", "artist")
"""Protocols whose folds points are scored in. A published split is not among them: its test rows
are to be scored once, after every choice."""

DEFAULT_TRIALS = 100
"""Trials of a search by Optuna that is given no budget."""


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


def _checked(**settings: Any) -> None:
    for name, allowed in (("protocol", PROTOCOLS), ("rule", RULES)):
        if settings[name] not in allowed:
            why = ": its test rows are not for choosing" if settings[name] == "official" else ""
            raise ParameterError(
                f"{name}={settings[name]!r} is not one of {', '.join(allowed)}{why}"
            )
    for name in ("trials", "jobs"):
        if settings[name] is not None and settings[name] < 1:
            raise ParameterError(f"{name}={settings[name]} must be 1 or more")
    if settings["seed"] < 0:
        raise ParameterError(f"seed={settings['seed']} must be 0 or more")
    minutes = settings["minutes"]
    if minutes is not None and not 0 < minutes < float("inf"):
        raise ParameterError(f"minutes={minutes} must be above 0")


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
    table: FeatureTable, base: Recipe, space: SearchSpace, search: str, protocol: str, seed: int
) -> dict[str, Any]:
    """Say what the trials depend on: it decides whether a study file is that of this search."""
    described = json.dumps(base.to_dict(), sort_keys=True, default=str)
    return {
        "model": base.name,
        "search": search,
        "space": space.name,
        "protocol": protocol,
        "seed": seed,
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


def _told(trial: Trial) -> str:
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
                    name = "none could be fitted" if best is None else _told(best)
                    progress(len(done), budget.expected(len(done)), name)


def tune(
    table: FeatureTable,
    *,
    family: str | Recipe,
    search: str = "grid",
    space: str | PathName | SearchSpace | None = None,
    protocol: str = "artist",
    trials: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    rule: str = "best",
    storage: PathName | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Tuning:
    """Search the parameters of a family.

    A point is worth the share of held-out rows that a model with these parameters names right:
    the rows that are given are dealt into five folds, once, as the protocol says, and the same
    folds score every point. No other rows are seen.

    Parameters
    ----------
    table : FeatureTable
        The rows to choose by, and nothing else: training rows.
    family : str or Recipe
        What is tuned: a family, or a recipe of one classifier.
    search : {"grid", "optuna"}
        Try every combination, or have Optuna draw (TPE).
    space : str, path-like, SearchSpace or None
        What is searched: a preset, a TOML file like those, or a space; None for the preset that
        has the family's name.
    protocol : {"random", "track", "artist"}
        Whose folds score the points.
    trials : int or None
        How many trials there shall be in all, with those in the study file.
    minutes : float or None
        How long the search may take in all, with the time it took before it was ended. What is
        worked on then is finished. Without either budget a grid is gone through, and Optuna
        draws `DEFAULT_TRIALS`.
    seed : int
        Of folds and points.
    rule : {"best", "one-se"}
        How the point is chosen: see `Tuning.chosen`.
    storage : path-like or None
        The study file: what is tried is kept there, and a search that was ended goes on.
    jobs : int
        Processes, on one thread each.
    progress : callable or None
        Called with the trials done, those expected, and the best so far.

    Returns
    -------
    Tuning
        Every trial, the best and the one chosen.

    Raises
    ------
    ParameterError
        If an argument has a value that is not taken, the space is another family's, or no trial
        could be fitted.
    DatasetError
        If the folds cannot be made.
    StudyError
        If the study file is that of another search, in use, or none.

    Notes
    -----
    The trials depend on the table, the seed and the versions of the libraries, not on `jobs` nor
    on where the search was ended; `minutes` decides how many there are, and times are times. A
    grid is tried in an order of the seed, so that a part of it is a fair sample.

    Examples
    --------
    >>> from earmark.workflows.datasets import load_dataset  # doctest: +SKIP
    >>> table = load_dataset("gtzan:DATA/gtzan")  # doctest: +SKIP
    >>> tuning = tune(table, family="knn")  # doctest: +SKIP
    >>> tuning.chosen.parameters  # doctest: +SKIP
    {'n_neighbors': 6, 'weights': 'distance', 'p': 1}
    """
    _checked(protocol=protocol, rule=rule, trials=trials, jobs=jobs, minutes=minutes, seed=seed)
    base, wanted = _base_and_space(family, space, search)
    proposer = proposals(search, wanted, seed=seed, jobs=jobs)
    if proposer.size is not None:
        trials = min(proposer.size, trials or proposer.size)
    elif trials is None and minutes is None:
        trials = DEFAULT_TRIALS
    folds = protocol_folds(protocol, table, seed=seed)
    groups = inner_groups(protocol, table)
    check_groups(base, table, folds, calibrate=False, inner_groups=groups)
    identity = _identity(table, base, wanted, search, protocol, seed)
    with ExitStack() as stack:
        study = None
        if storage is not None:
            study = stack.enter_context(StudyFile(storage, search=identity, space=wanted))
        done = list(study.trials) if study is not None else []
        n_resumed = len(done)
        _search(
            Scorer(table, folds, base, inner_groups=groups),
            proposer,
            done,
            space=wanted,
            budget=_Budget(trials, minutes, used=done[-1].elapsed if done else 0.0),
            keep=study.append if study is not None else (lambda trial: None),
            jobs=jobs,
            progress=progress,
        )
    return Tuning(
        base=base,
        search=search,
        space=wanted,
        protocol=protocol,
        seed=seed,
        rule=rule,
        inner_groups=groups,
        n=len(table),
        n_folds=len(folds),
        digest=table.digest,
        trials=tuple(done),
        size=proposer.size,
        n_resumed=n_resumed,
    )
