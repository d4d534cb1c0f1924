"""One change to one file: what every kind of change must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from earmark.changes._outcomes import Outcome, OutcomeState
from earmark.library import BatchKind, Change, Library

__all__ = ["JournalEntry", "Operation", "UnknownOutcomeError"]


class UnknownOutcomeError(Exception):
    """A file that was being changed cannot be read now: what became of it stays unknown."""


@dataclass(frozen=True)
class JournalEntry:
    """What the journal must hold before a file is touched.

    Attributes
    ----------
    before : mapping
        What undoing needs to know of the file; JSON.
    after : mapping
        What is to be done; JSON.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Operation(ABC):
    """One change to one file, such as writing a tag.

    A subclass is a kind of change; `apply_plan` and `undo_batch` do the rest: one run at a time,
    the journal, progress, and what became of each file. They call `check`, write its result to the
    journal, and then call `do`. From then on `change` is all that the methods go by, so that
    another process can finish or undo what this one began, if this one is killed: it calls `verify`
    on what was begun, and `undo` on what is done.

    Parameters
    ----------
    library : Library
        The library that holds the journal.
    path : str
        The file.

    Attributes
    ----------
    kind : str
        What the journal calls this kind of change.
    done_state : str
        State of the outcome of a file that was changed.
    already : str
        Reason given for a file that needs no change.
    resumes_undo : bool
        Whether an undo that was stopped must be finished before anything else, because a file may
        be half way; False if every file is always either old or new.
    target : str or None
        Where the file is to go, if it is to be placed.
    outcome : Outcome or None
        What came of it; None before it was tried.
    change : Change
        Its entry in the journal, from when it was begun.
    """

    kind: ClassVar[BatchKind]
    done_state: ClassVar[OutcomeState]
    already: ClassVar[str]
    resumes_undo: ClassVar[bool] = False
    change: Change

    def __init__(self, library: Library, path: str) -> None:
        self.library = library
        self.path = path
        self.target: str | None = None
        self.outcome: Outcome | None = None

    @classmethod
    def recorded(cls, library: Library, changes: Sequence[Change]) -> list[Self]:
        """Make operations of what the journal holds.

        Parameters
        ----------
        library : Library
            The library that holds the journal.
        changes : sequence of Change
            All changes of one batch.

        Returns
        -------
        list of Operation
            One for each change.
        """
        operations = []
        for change in changes:
            operation = cls(library, change.path)
            operation.target, operation.change = change.target, change
            operations.append(operation)
        return operations

    @classmethod  # noqa: B027  (most kinds leave nothing to tidy)
    def after_undo(cls, library: Library) -> None:
        """Tidy up after operations of this kind were undone.

        Parameters
        ----------
        library : Library
            The library.
        """

    @abstractmethod
    def check(self) -> JournalEntry | None:
        """Look whether the file can be changed as planned. Nothing is written.

        Returns
        -------
        JournalEntry or None
            What the journal must hold; None if the file is already as planned.

        Raises
        ------
        ChangeError, TagError, AudioError, OSError
            If it cannot.
        """

    @abstractmethod
    def do(self) -> None:
        """Change the file, and tell the library.

        Raises
        ------
        ChangeError
            If it was not changed.
        OSError
            If it may have been; `verify` finds out.
        UnknownOutcomeError
            If it was changed, but cannot be read now.
        """

    @abstractmethod
    def verify(self) -> str:
        """Find out from the file whether a change that was begun was made, and tell the library.

        What a killed process left behind is removed, and what is half done is finished.

        Returns
        -------
        str
            Why it was not made; empty if it was.

        Raises
        ------
        UnknownOutcomeError
            If the file cannot be read now. The change stays begun.
        """

    @abstractmethod
    def undo(self) -> str:
        """Make the file what it was, and tell the library.

        Returns
        -------
        str
            Why it was skipped, such as that somebody else has changed it since; empty if it is
            undone.

        Raises
        ------
        ChangeError, TagError, OSError
            If that failed.
        """

    def unreachable(self) -> str:
        """Say why nothing can be found out about the file now.

        Returns
        -------
        str
            The reason, such as a disk that is not connected; empty if there is none.
        """
        return ""

    def result(self, state: OutcomeState, reason: str = "") -> Outcome:
        """Say what came of the file.

        Parameters
        ----------
        state : {"written", "placed", "already", "undone", "skipped", "failed"}
            What came of it.
        reason : str
            Why it was left as it is.

        Returns
        -------
        Outcome
            The outcome.
        """
        return Outcome(self.path, state, target=self.target, reason=reason)
