"""What came of a search: its trials, the best of them, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from earmark.errors import ParameterError
from earmark.evaluation import InnerGroups
from earmark.models.recipe import Recipe
from earmark.records import Record
from earmark.tuning._scoring import with_parameters
from earmark.tuning._spaces import SearchSpace
from earmark.tuning._study import Trial
from earmark.wording import counted

__all__ = ["RULES", "Tuning", "best_of", "simplest_of"]

RULES = ("best", "one-se")
"""How a point is chosen: `Tuning.chosen` says what they mean."""


def best_of(trials: Sequence[Trial], space: SearchSpace) -> Trial | None:
    """Find the trial with the highest score; of equal ones that of the simplest model."""
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    if not scored:
        return None
    return min(
        scored,
        key=lambda pair: (-pair[0], space.complexity(pair[1].parameters), pair[1].position),
    )[1]


def simplest_of(trials: Sequence[Trial], space: SearchSpace) -> Trial | None:
    """Find the simplest model within one standard error of the best; the better of equal ones."""
    best = best_of(trials, space)
    if best is None or best.score is None or best.standard_error is None:
        return None
    least = best.score - best.standard_error
    near = [(t.score, t) for t in trials if t.score is not None and t.score >= least]
    return min(
        near,
        key=lambda pair: (space.complexity(pair[1].parameters), -pair[0], pair[1].position),
    )[1]


@dataclass(frozen=True)
class Tuning(
    Record,
    keys=(
        "model=base.name",
        *("search", "space", "size", "complete", "protocol", "seed", "rule", "inner_groups"),
        *("n", "n_folds", "digest", "best=best.number", "chosen=chosen.number", "trials"),
    ),
):
    """A search and what came of it.

    Attributes
    ----------
    base : Recipe
        What was tuned.
    search : str
        ``grid`` or ``optuna``.
    space : SearchSpace
        What was searched.
    protocol : str
        Protocol of the folds that scored the points.
    seed : int
        Of folds and points.
    rule : str
        How the point was chosen.
    inner_groups : str
        What a model that holds rows out itself kept whole: what the protocol does.
    n, n_folds : int
        Rows and folds.
    digest : str
        Of the table.
    trials : tuple of Trial
        In the order in which they were proposed.
    size : int or None
        Points of the grid; None where there is no end of them.
    n_resumed : int
        Trials that were in the study file before.
    """

    base: Recipe
    search: str
    space: SearchSpace
    protocol: str
    seed: int
    rule: str
    inner_groups: InnerGroups
    n: int
    n_folds: int
    digest: str
    trials: tuple[Trial, ...]
    size: int | None
    n_resumed: int

    def __post_init__(self) -> None:
        if all(trial.score is None for trial in self.trials):
            why = f"; the first: {self.trials[0].failure}" if self.trials else ""
            raise ParameterError(
                f"space={self.space.name!r}: none of {counted(len(self.trials), 'trial')} could be "
                f"fitted{why}"
            )

    @property
    def best(self) -> Trial:
        """The trial with the highest score.

        Of equal scores that of the simplest model (`SearchSpace.complexity`), then the first in the
        grid. Its score is too high: it is the highest of many. `nested_tune` gives an honest one.
        """
        return best_of(self.trials, self.space) or self.trials[0]

    @property
    def chosen(self) -> Trial:
        """The trial that the rule chooses.

        ``best``: the best one. ``one-se``: the simplest model of those whose score is at most one
        standard error of the best one below it (Breiman and others 1984); of equally simple ones
        that of the higher score.
        """
        simplest = simplest_of(self.trials, self.space) if self.rule == "one-se" else None
        return simplest or self.best

    @property
    def recipe(self) -> Recipe:
        """The recipe with the parameters that were chosen."""
        return with_parameters(self.base, self.chosen.parameters)

    @property
    def complete(self) -> bool:
        """Whether every point of a grid was tried."""
        return self.size is not None and len(self.trials) >= self.size
