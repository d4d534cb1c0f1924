"""What is tried next: a grid in a seeded order, or what Optuna draws.

Both depend on the seed and on the trials before, and on nothing else: not on how many processes
score them, nor on whether the search was ended and went on in between.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from earmark.errors import ParameterError
from earmark.tuning._spaces import SearchSpace, decoded, encoded
from earmark.tuning._study import Trial, frozen_trial, quiet

__all__ = ["Drawn", "Grid", "Proposal", "Proposals", "proposals"]

BATCH = 4
"""Points that Optuna draws before it learns their results. A number of its own, and not the number
of processes, so that the points are the same on any machine; with five folds each they keep up to
twenty processes busy."""


@dataclass(frozen=True)
class Proposal:
    """A point to try, and its place in the grid or in the order of the draws."""

    parameters: Mapping[str, Any]
    position: int


class Proposals(Protocol):
    """What proposes points."""

    @property
    def size(self) -> int | None:
        """How many there are in all; None without end."""
        ...

    def next(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Propose the trials that follow those there are; none when all are done."""
        ...


class Grid:
    """Every combination, in an order of the seed: a part of the grid is then a fair sample of it.

    `batch` points are proposed at a time; which ones they are does not depend on it.
    """

    def __init__(self, space: SearchSpace, *, seed: int, batch: int) -> None:
        self._points = space.points()
        self._order = np.random.default_rng(seed).permutation(len(self._points))
        self._batch = batch

    @property
    def size(self) -> int | None:
        """How many combinations there are."""
        return len(self._points)

    def next(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Propose the next combinations."""
        positions = self._order[len(trials) : len(trials) + self._batch].tolist()
        return [Proposal(self._points[position], position) for position in positions]


class Drawn:
    """Points Optuna draws: at random first, then where points were good (TPE, Bergstra 2011).

    Each point is drawn by a sampler with a seed of its own, made of the search's seed and the
    number of the trial, from the trials of the batches before. So a search that is continued draws
    what it would have drawn without the break.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        import optuna

        self._space = space
        self._seed = seed
        with quiet():
            self._study = optuna.create_study(direction="maximize")
        self._asked: list[optuna.trial.Trial] = []
        self._n_reported = 0

    @property
    def size(self) -> int | None:
        """There is no end of them."""
        return None

    def _sampler(self, number: int) -> Any:
        import optuna

        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                seed=seed, multivariate=True, group=True, constant_liar=True
            )

    def _tell(self, trial: Trial) -> None:
        import optuna

        state = optuna.trial.TrialState.FAIL if trial.score is None else None
        place = trial.number % BATCH
        if place < len(self._asked):
            asked = self._asked[place]
            told = {name: encoded(value) for name, value in trial.parameters.items()}
            if asked.params == told:
                self._study.tell(asked, trial.score, state=state)
                return
            # The file was begun with an Optuna that draws otherwise: what it holds stays.
            self._study.tell(asked, state=optuna.trial.TrialState.FAIL)
        self._study.add_trial(frozen_trial(trial, self._space))

    def next(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Propose what is left of the batch in which the next trial is."""
        begun = len(trials) - len(trials) % BATCH
        with quiet():
            while self._n_reported < begun:
                self._tell(trials[self._n_reported])
                self._n_reported += 1
                if self._n_reported % BATCH == 0:
                    self._asked = []
            if not self._asked:
                for number in range(begun, begun + BATCH):
                    self._study.sampler = self._sampler(number)
                    asked = self._study.ask()
                    self._space.draw(asked)
                    self._asked.append(asked)
        proposed = [
            {name: decoded(value) for name, value in asked.params.items()} for asked in self._asked
        ]
        return [
            Proposal(proposed[number - begun], number)
            for number in range(len(trials), begun + BATCH)
        ]


def proposals(search: str, space: SearchSpace, *, seed: int, jobs: int) -> Proposals:
    """Make what proposes the points of a search, enough at a time to keep `jobs` processes busy.

    ParameterError if there is no such search, or the space is no grid.
    """
    if search == "grid":
        return Grid(space, seed=seed, batch=max(BATCH, 2 * jobs))
    if search == "optuna":
        return Drawn(space, seed=seed)
    raise ParameterError(f"search={search!r} is not one of grid, optuna")
