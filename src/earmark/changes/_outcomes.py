"""Outcomes of changes: of each file, and of a whole run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from earmark.records import Record

__all__ = ["ChangeRun", "Outcome", "OutcomeState", "reason_of"]

OutcomeState = Literal["written", "placed", "already", "undone", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome(
    Record,
    keys=(
        *("path", "target?", "state", "genres?=_genres"),
        ("reason", lambda outcome: outcome.reason or None),
    ),
):
    """The outcome of one file.

    Attributes
    ----------
    path : str
        The file; where it was when the plan was made, if it is one that was to be placed.
    state : {"written", "placed", "already", "undone", "skipped", "failed"}
        "already": it was as planned before, and was left alone.
    genres : tuple of str
        The genres it has now; empty where it was left alone, or was to be placed.
    target : str or None
        The place planned for it; None where its genre was to be written.
    reason : str
        Why it was not changed; ``""`` if it was.
    """

    path: str
    state: OutcomeState
    genres: tuple[str, ...] = ()
    target: str | None = None
    reason: str = ""

    @property
    def _genres(self) -> tuple[str, ...] | None:
        return self.genres if self.target is None else None


@dataclass(frozen=True)
class ChangeRun(Record):
    """The outcome of an apply or an undo.

    Attributes
    ----------
    batch : int or None
        The number that undoes it; None if nothing was begun.
    outcomes : tuple of Outcome
        One for each file that was to be changed or undone.
    cut_short : tuple of Outcome
        Files at which an earlier run was stopped. One that is skipped could not be read now; the
        next run looks again.
    """

    batch: int | None
    outcomes: tuple[Outcome, ...]
    cut_short: tuple[Outcome, ...] = ()

    def count(self, state: OutcomeState) -> int:
        """Count the files with an outcome.

        Parameters
        ----------
        state : {"written", "placed", "already", "undone", "skipped", "failed"}
            The outcome.

        Returns
        -------
        int
            How many files have it.
        """
        return sum(outcome.state == state for outcome in self.outcomes)


def reason_of(error: BaseException) -> str:
    """Return what an error says is wrong with a file."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(getattr(error, "reason", error))
