"""What came of files that were to be changed: of each, and of a whole run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Outcome", "OutcomeState", "Run", "is_out_of_sight", "left_begun", "reason_of"]

OutcomeState = Literal["written", "placed", "already", "undone", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes
    ----------
    path : str
        The file; where it was when the plan was made, if it is one that was to be placed.
    state : {"written", "placed", "already", "undone", "skipped", "failed"}
        What came of it; "already" if it was as it should be.
    genres : tuple of str
        What it says now; empty where it was left as it is, or was to be placed.
    target : str or None
        Where it was to come to; None where its genre was to be written.
    reason : str
        Why it was left as it is.
    """

    path: str
    state: OutcomeState
    genres: tuple[str, ...] = ()
    target: str | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            An outcome as the schema ``earmark.tag/2`` defines it or, where it has a target,
            ``earmark.organise/2``.
        """
        reason = self.reason or None
        if self.target is not None:
            told = {"path": self.path, "target": self.target, "state": self.state}
            return {**told, "reason": reason}
        told = {"path": self.path, "state": self.state}
        return {**told, "genres": list(self.genres), "reason": reason}


@dataclass(frozen=True)
class Run:
    """What came of an apply or an undo.

    Attributes
    ----------
    batch : int or None
        What takes it back; None if nothing was begun.
    outcomes : tuple of Outcome
        One a file that the plan wanted changed, or that was to be taken back.
    cut_short : tuple of Outcome
        What became of files at which an earlier run was ended. One that is skipped could not be
        looked at, and will be the next time.
    """

    batch: int | None
    outcomes: tuple[Outcome, ...]
    cut_short: tuple[Outcome, ...] = ()

    def count(self, state: OutcomeState) -> int:
        """Count the files of which something came.

        Parameters
        ----------
        state : {"written", "placed", "already", "undone", "skipped", "failed"}
            What came of them.

        Returns
        -------
        int
            How many.
        """
        return sum(outcome.state == state for outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A run as the schemas ``earmark.tag/2`` and ``earmark.organise/2`` define it.
        """
        return {
            "batch": self.batch,
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "cut_short": [outcome.to_dict() for outcome in self.cut_short],
        }


def reason_of(error: BaseException) -> str:
    """Return what an error says is wrong with a file."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(getattr(error, "reason", error))


def is_out_of_sight(error: BaseException) -> bool:
    """Tell whether an error says nothing of a file but that it cannot be looked at."""
    return isinstance(error, OSError) or isinstance(error.__cause__, OSError)


def left_begun(path: str, reason: str, *, target: str | None = None) -> Outcome:
    """Return what is told of a change that stays begun, since only its file tells how it ended."""
    return Outcome(
        path, "skipped", target=target, reason=f"{reason}: it will be checked again later"
    )
