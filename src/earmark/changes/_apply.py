"""Doing what a plan says, file by file, and taking it back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from earmark.audio import audio_digest
from earmark.changes._lock import exclusive
from earmark.changes._plan import PlanRow, TagPlan
from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.errors import ChangeError, TagError
from earmark.library import Library
from earmark.library._journal import Change
from earmark.tags import (
    GenreState,
    other_tags,
    read_genre_state,
    read_tags,
    restore_genre_state,
    seen_by_mutagen,
    write_genres,
)
from earmark.types import Progress

__all__ = ["Outcome", "TagRun", "apply_plan", "undo_batch"]

OutcomeState = Literal["written", "undone", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes
    ----------
    path : str
        The file.
    state : {"written", "undone", "skipped", "failed"}
        What came of it.
    genres : tuple of str
        What it says now; empty where it was left as it is.
    reason : str
        Why it was left as it is.
    """

    path: str
    state: OutcomeState
    genres: tuple[str, ...] = ()
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Its attributes.
        """
        return {
            "path": self.path,
            "state": self.state,
            "genres": list(self.genres),
            "reason": self.reason or None,
        }


@dataclass(frozen=True)
class TagRun:
    """What came of an apply or an undo.

    Attributes
    ----------
    batch : int or None
        What `undo_batch` takes; None if nothing was begun.
    outcomes : tuple of Outcome
        One a file that the plan wanted changed, or that was to be taken back.
    cut_short : tuple of Outcome
        What became of files at which an earlier run was ended.
    """

    batch: int | None
    outcomes: tuple[Outcome, ...]
    cut_short: tuple[Outcome, ...] = ()

    def count(self, state: OutcomeState) -> int:
        """Count the files of which something came.

        Parameters
        ----------
        state : {"written", "undone", "skipped", "failed"}
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
            A run as the schema ``earmark.tag/1`` defines it.
        """
        return {
            "batch": self.batch,
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "cut_short": [outcome.to_dict() for outcome in self.cut_short],
        }


def _loose(genres: Iterable[str]) -> list[str]:
    """Return what spellings of the same genres have in common: ID3v1 has one of its own."""
    return ["".join(filter(str.isalnum, genre.casefold())) or genre for genre in genres]


def _raw(state: GenreState) -> tuple[object, ...]:
    """Return what must be equal for two states to say the same: places may have moved."""
    return (*(entry for _, entry in state.entries), state.extra.get("id3v1"))


def _verified(check: Callable[[str], bool]) -> Callable[[str, str], None]:
    """Return what looks a copy over: all but genres as it was, and they as they should be."""

    def verify(original: str, copy: str) -> None:
        if audio_digest(copy) != audio_digest(original):
            raise ChangeError(original, "its audio would not have stayed the same")
        same = other_tags(copy) == other_tags(original)
        # What wrote the copy looks it over, and so does a reader that has nothing to do with it.
        if not same or seen_by_mutagen(copy) != seen_by_mutagen(original):
            raise ChangeError(original, "other tags would not have stayed the same")
        if not check(copy):
            raise ChangeError(original, "its genres would not have been those asked for")

    return verify


def _settle(library: Library) -> tuple[Outcome, ...]:
    """Find out what became of files at which a process was ended, and write it down."""
    outcomes = []
    for change in library.journal.changes(states=("begun",), kind="tag"):
        reason = ""
        try:
            discard_copy(change.path)
            if _raw(read_genre_state(change.path)) == _raw(_before(change)):
                reason = "ended before it was changed"
            elif not _says(change.path, change.after["genres"]):
                reason = "another program has changed its genres"
        except TagError as error:
            reason = error.reason
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
        if reason:
            library.journal.finish(change.id, "failed", reason=reason)
            outcomes.append(Outcome(change.path, "failed", reason=reason))
        else:
            library.file_changed(change.path)
            library.journal.finish(change.id, "done")
            outcomes.append(Outcome(change.path, "written", tuple(change.after["genres"])))
    return tuple(outcomes)


def _before(change: Change) -> GenreState:
    return GenreState.from_dict(change.before)


def _says(path: str, genres: Sequence[str]) -> bool:
    return _loose(read_tags(path).genres) == _loose(genres)


def _write(library: Library, batch: int, row: PlanRow) -> Outcome:
    """Change one file."""
    begun = None
    try:
        reason = refusal(row.path)
        if reason is not None:
            raise ChangeError(row.path, reason)
        before = read_genre_state(row.path)
        if row.seen is not None and read_tags(row.path).genres != row.now:
            raise ChangeError(row.path, "its genres are no longer what the plan was made from")
        begun = library.journal.begin(
            batch, path=row.path, before=before.to_dict(), after={"genres": list(row.genres)}
        )
        replace_safely(
            row.path,
            change=lambda copy: write_genres(copy, row.genres),
            verify=_verified(lambda copy: _says(copy, row.genres)),
            expected=row.seen,
        )
    except (ChangeError, TagError) as error:
        if begun is not None:
            library.journal.finish(begun, "failed", reason=error.reason)
        return Outcome(row.path, "failed", reason=error.reason)
    library.file_changed(row.path)
    library.journal.finish(begun, "done")
    return Outcome(row.path, "written", row.genres)


def apply_plan(library: Library, plan: TagPlan, *, progress: Progress | None = None) -> TagRun:
    """Write what a plan says into the files' tags.

    Parameters
    ----------
    library : Library
        Its journal holds what the files said before, from before they are changed on.
    plan : TagPlan
        What to do.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    TagRun
        What came of each file. One that failed is as it was, and stops no other.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[Outcome] = []
    with exclusive(library.path):
        cut_short = _settle(library)
        batch = None
        for done, row in enumerate(plan.to_write, start=1):
            if batch is None:
                about = {"model": plan.model, "threshold": plan.threshold.confidence}
                batch = library.journal.begin_batch("tag", settings=about, now=time.time())
            outcomes.append(_write(library, batch, row))
            if progress is not None:
                progress(done, len(plan.to_write), os.fspath(row.path))
    return TagRun(batch, tuple(outcomes), cut_short)


def _undo(library: Library, change: Change) -> Outcome:
    """Take one change back."""
    before = _before(change)
    try:
        discard_copy(change.path)
        if _raw(read_genre_state(change.path)) != _raw(before):
            if not _says(change.path, change.after["genres"]):
                reason = "its genres are no longer what was written"
                return Outcome(change.path, "skipped", reason=reason)
            replace_safely(
                change.path,
                change=lambda copy: restore_genre_state(copy, before),
                verify=_verified(lambda copy: _raw(read_genre_state(copy)) == _raw(before)),
            )
        library.file_changed(change.path)
    except (ChangeError, TagError) as error:
        return Outcome(change.path, "failed", reason=error.reason)
    except OSError as error:
        return Outcome(change.path, "failed", reason=(error.strerror or str(error)).lower())
    library.journal.finish(change.id, "undone")
    return Outcome(change.path, "undone", read_tags(change.path).genres)


def undo_batch(
    library: Library, batch: int | None = None, *, progress: Progress | None = None
) -> TagRun:
    """Make the genres of files what they were before a plan was applied.

    Parameters
    ----------
    library : Library
        Whose journal holds what they were.
    batch : int or None
        Which apply is taken back; None: the last that stands.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    TagRun
        What came of each file. Files whose genres were changed by others since are skipped. Ended
        at any moment, the same call goes on where it was.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    outcomes: list[Outcome] = []
    with exclusive(library.path):
        cut_short = _settle(library)
        stands = any(one.n_to_undo for one in library.journal.batches("tag"))
        if batch is None and cut_short and not stands:
            return TagRun(None, (), cut_short)
        number = library.journal.batch(batch, kind="tag").id
        # The last first: one file may have been changed twice.
        changes = library.journal.changes(number, states=("done",))[::-1]
        for done, change in enumerate(changes, start=1):
            outcomes.append(_undo(library, change))
            if progress is not None:
                progress(done, len(changes), change.path)
    return TagRun(number, tuple(outcomes), cut_short)
