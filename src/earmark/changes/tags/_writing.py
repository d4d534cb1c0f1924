"""Doing what a plan says, file by file, and taking it back."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from earmark.audio import audio_digest
from earmark.changes._content import is_as_planned, loose
from earmark.changes._outcomes import Outcome, Run, is_out_of_sight, left_begun, reason_of
from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.changes._running import carry_out, take_back
from earmark.changes.tags._plan import ONE_FILE_ALBUM, PlanRow, TagPlan
from earmark.errors import AudioError, ChangeError, TagError
from earmark.files import FileState
from earmark.library import Change, Library
from earmark.tags import (
    GenreState,
    other_tags,
    preview_genres,
    read_genre_state,
    read_tags,
    restore_genre_state,
    seen_by_mutagen,
    write_genres,
)
from earmark.types import Progress

__all__ = ["apply_plan", "undo_batch"]

_ANOTHER = "another file is there now"


def _verified(check: Callable[[str], bool], digest: bytes) -> Callable[[str, str], None]:
    """Return what looks a copy over: all but genres as it was, and they as they should be."""

    def verify(original: str, copy: str) -> None:
        if audio_digest(copy) != digest:
            raise ChangeError(original, "writing would have changed its audio")
        # What wrote the copy looks it over, and so does a reader that has nothing to do with it,
        # if it can read the original.
        seen = seen_by_mutagen(original)
        same = other_tags(copy) == other_tags(original)
        if not same or (seen is not None and seen_by_mutagen(copy) != seen):
            raise ChangeError(original, "writing would have changed other tags")
        if not check(copy):
            raise ChangeError(original, "the genres written would not have been those of the plan")

    return verify


def _before(change: Change) -> GenreState:
    return GenreState.from_dict(change.before)


def _says(path: str, genres: Sequence[str]) -> bool:
    return loose(read_tags(path).genres) == loose(genres)


def _is_so(path: str, genres: tuple[str, ...]) -> bool:
    """Tell whether a file says already what it would after a change."""
    try:
        found = read_tags(path).genres
        if found == genres:
            return True
        # ID3v1 alone has a spelling of its own.
        return loose(found) == loose(genres) and preview_genres(path, genres) == found
    except TagError:
        return False


def _digest(change: Change) -> bytes:
    return bytes.fromhex(change.before["digest"])


def _where_now(library: Library, change: Change) -> str | None:
    """Return where the file of a change is now: where it was, or where the library has it.

    None if another file is where it was; OSError if none can be looked at there.
    """
    digest = _digest(change)
    unseen: BaseException | None = None
    try:
        if audio_digest(change.path) == digest:
            return change.path
    except AudioError as error:
        unseen = error.__cause__
    known = library.by_digest(digest)
    # Doubles have one digest: what was changed is one of them.
    own = [track for track in known if track.id == change.before["track"]]
    there = [track.path for track in own or known if not track.missing]
    if len(there) == 1 and there[0] != change.path:
        try:
            if audio_digest(there[0]) == digest:
                return there[0]
        except AudioError as error:
            unseen = unseen or error.__cause__
    if isinstance(unseen, OSError):
        raise unseen
    return None


def _settle_one(library: Library, change: Change) -> Outcome:
    """Find out what became of a file, and write it down; where it cannot be looked at, do not."""
    reason = ""
    try:
        discard_copy(change.path)
        path = _where_now(library, change)
        if path is None:
            return left_begun(change.path, _ANOTHER)
        discard_copy(path)
        if read_genre_state(path).says_as(_before(change)):
            reason = "stopped before it was changed"
        elif not _says(path, change.after["genres"]):
            reason = "another program has changed its genres"
        else:
            library.file_changed(path)
    except (OSError, TagError) as error:
        if is_out_of_sight(error):
            return left_begun(change.path, reason_of(error))
        reason, path = reason_of(error), change.path
    if reason:
        library.journal.finish(change.id, "failed", reason=reason)
        return Outcome(path, "failed", reason=reason)
    library.journal.finish(change.id, "done")
    return Outcome(path, "written", tuple(change.after["genres"]))


def _settle(library: Library) -> tuple[Outcome, ...]:
    """Find out what became of files at which a process was ended."""
    begun = library.journal.changes(states=("begun",), kind="tag")
    return tuple(_settle_one(library, change) for change in begun)


def _check_is_planned(library: Library, path: str, row: PlanRow) -> None:
    """Refuse a file that is another than the plan speaks of."""
    if row.seen is None:
        return
    tags = read_tags(path)
    # A plan of an older library knows no genre that was left at its default.
    if row.now not in (tags.genres, tags.chosen_genres):
        raise ChangeError(path, "its genres have changed since the plan was made")
    if not is_as_planned(library, path, seen=row.seen, content=row.content):
        raise ChangeError(path, "it has changed since the plan was made")


def _write(library: Library, batch: int, row: PlanRow) -> Outcome:
    """Change one file."""
    path = os.path.abspath(row.path)
    begun = None
    try:
        if _is_so(path, row.genres):
            return Outcome(path, "already", row.genres, reason="already as planned")
        reason = refusal(path)
        if reason is not None:
            raise ChangeError(path, reason)
        track = library.find(path)
        if track is not None and track.part and not track.missing:
            raise ChangeError(path, ONE_FILE_ALBUM)
        found = FileState.of(path)
        before = read_genre_state(path).to_dict()
        _check_is_planned(library, path, row)
        digest = audio_digest(path)
        begun = library.journal.begin(
            batch,
            path=path,
            before={
                **before,
                "digest": digest.hex(),
                "track": None if track is None else track.id,
            },
            after={"genres": list(row.genres)},
        )
        replace_safely(
            path,
            change=lambda copy: write_genres(copy, row.genres),
            verify=_verified(lambda copy: _says(copy, row.genres), digest),
            expected=found,
        )
    except (AudioError, ChangeError, TagError, OSError) as error:
        if begun is not None:
            library.journal.finish(begun, "failed", reason=reason_of(error))
        return Outcome(path, "failed", reason=reason_of(error))
    try:
        library.file_changed(path)
    except (OSError, TagError) as error:
        return left_begun(path, reason_of(error))
    library.journal.finish(begun, "done")
    return Outcome(path, "written", row.genres)


def apply_plan(library: Library, plan: TagPlan, *, progress: Progress | None = None) -> Run:
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
    Run
        What came of each file. One that failed is as it was, and stops no other.

    Raises
    ------
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    return carry_out(
        library,
        plan.to_write,
        kind="tag",
        about={"model": plan.model, "threshold": plan.threshold.confidence},
        settle=_settle,
        change=partial(_write, library),
        progress=progress,
    )


def _undo(library: Library, change: Change) -> Outcome:
    """Take one change back."""
    before = _before(change)
    path: str | None = change.path
    try:
        discard_copy(change.path)
        path = _where_now(library, change)
        if path is None:
            return Outcome(change.path, "skipped", reason=_ANOTHER)
        discard_copy(path)
        if not read_genre_state(path).says_as(before):
            if not _says(path, change.after["genres"]):
                return Outcome(path, "skipped", reason="its genres are no longer what was written")
            replace_safely(
                path,
                change=lambda copy: restore_genre_state(copy, before),
                verify=_verified(
                    lambda copy: read_genre_state(copy).says_as(before), _digest(change)
                ),
            )
        library.file_changed(path)
        genres = read_tags(path).genres
    except (ChangeError, TagError, OSError) as error:
        return Outcome(path or change.path, "failed", reason=reason_of(error))
    library.journal.finish(change.id, "undone")
    return Outcome(path, "undone", genres)


def undo_batch(
    library: Library, batch: int | None = None, *, progress: Progress | None = None
) -> Run:
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
    Run
        What came of each file. A file is known by its audio: where it was moved, it is changed
        where the library has it now. Files whose genres were changed by others since, or in whose
        place there is another, are skipped. Ended at any moment, the same call goes on where it
        was.

    Raises
    ------
    ParameterError
        If there is no such batch.
    LibraryError
        If the library cannot be written, or another apply or undo is going on.
    """
    return take_back(
        library,
        batch,
        kind="tag",
        settle=_settle,
        undoing=lambda _: partial(_undo, library),
        progress=progress,
    )
