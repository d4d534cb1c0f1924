"""One change to one file: the interface of every kind of change."""

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
    """What the journal must hold before a file is touched: what undoing needs, what is to be done.

    Both are what JSON can hold.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Operation(ABC):
    """One change to one file, such as writing a tag; a subclass is a kind of change.

    `apply_plan` and `undo_batch` do the rest: one run at a time, the journal, progress, and what
    became of each file. They call `check`, write its result to the journal, and then call `do`.
    From then on `change`, the entry in the journal, is all that the methods go by. So another
    process can finish or undo what this one began, if this one is killed: it calls `verify` on what
    was begun, and `undo` on what is done.

    `done_state` and `already` are the outcome of a file that was changed, and the reason given for
    one that needs no change. `resumes_undo` says whether an undo that was stopped must be finished
    before anything else, because a file may be half way. `target` is where a file is to be placed.
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
        """Make operations of all changes of one batch in the journal."""
        operations = []
        for change in changes:
            operation = cls(library, change.path)
            operation.target, operation.change = change.target, change
            operations.append(operation)
        return operations

    @classmethod  # noqa: B027  (most kinds leave nothing to tidy)
    def after_undo(cls, library: Library) -> None:
        """Tidy up after operations of this kind were undone."""

    @abstractmethod
    def check(self) -> JournalEntry | None:
        """Look whether the file can be changed as planned; nothing is written.

        Return what the journal must hold, or None if the file is already as planned. ChangeError,
        TagError, AudioError or OSError if it cannot be changed.
        """

    @abstractmethod
    def do(self) -> None:
        """Change the file, and tell the library.

        ChangeError if it was not changed; OSError if it may have been, which `verify` finds out;
        UnknownOutcomeError if it was, but cannot be read now.
        """

    @abstractmethod
    def verify(self) -> str:
        """Find out from the file whether a change that was begun was made, and tell the library.

        Return why it was not made; empty if it was. What a killed process left behind is removed,
        and what is half done is finished. UnknownOutcomeError if the file cannot be read now.
        """

    @abstractmethod
    def undo(self) -> str:
        """Make the file what it was, and tell the library; ChangeError and the like if that fails.

        Return why it was skipped, such as that somebody else has changed it since; empty if it is
        undone.
        """

    def unreachable(self) -> str:
        """Say why nothing can be found out about the file now, such as that its disk is away."""
        return ""

    def result(self, state: OutcomeState, reason: str = "") -> Outcome:
        """Return the outcome of the file."""
        return Outcome(self.path, state, target=self.target, reason=reason)
