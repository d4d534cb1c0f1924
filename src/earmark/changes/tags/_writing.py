"""Writing genres into the tags of a file, and writing back what was there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from earmark.audio import audio_digest
from earmark.changes._content import is_as_planned, loose
from earmark.changes._operation import JournalEntry, Operation, UnknownOutcomeError
from earmark.changes._outcomes import Outcome, OutcomeState, reason_of
from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.errors import AudioError, ChangeError, TagError
from earmark.files import FileState
from earmark.library import Library
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

__all__ = ["ONE_FILE_ALBUM", "WriteGenres"]

ONE_FILE_ALBUM = "a one-file album with a cue sheet: tags are not written to its tracks"
"""Why such a file is kept."""

_ANOTHER = "another file is there now"


class WriteGenres(Operation):
    """Write genres into the tags of a file; all else in the file stays, byte for byte.

    The file is always either old or new, never half written. To undo, it is found by its audio,
    also where it was moved to.

    Parameters
    ----------
    library : Library
        The library that holds the journal.
    path : str
        The file.
    genres : sequence of str
        The genres.
    now : sequence of str
        The genres the file had when this was planned.
    seen : FileState or None
        Its size and time then; None: it may be any file.
    content : str
        A hash of its audio and tags then; ``""``: only size and time are compared.
    """

    kind = "tag"
    done_state = "written"
    already = "already as planned"

    def __init__(
        self,
        library: Library,
        path: str,
        genres: Sequence[str] = (),
        *,
        now: Sequence[str] = (),
        seen: FileState | None = None,
        content: str = "",
    ) -> None:
        super().__init__(library, os.path.abspath(path))
        self._genres = tuple(genres)
        self._now, self._seen, self._content = tuple(now), seen, content

    def check(self) -> JournalEntry | None:
        path = self.path
        if _has(path, self._genres):
            return None
        reason = refusal(path)
        if reason is not None:
            raise ChangeError(path, reason)
        track = self.library.find(path)
        if track is not None and track.part and not track.missing:
            raise ChangeError(path, ONE_FILE_ALBUM)
        self._expected = FileState.of(path)
        before = read_genre_state(path).to_dict()
        self._check_is_planned()
        before["digest"] = audio_digest(path).hex()
        before["track"] = None if track is None else track.id
        return JournalEntry(before, {"genres": list(self._genres)})

    def _check_is_planned(self) -> None:
        """Refuse another file than the one that was planned for."""
        if self._seen is None:
            return
        tags = read_tags(self.path)
        # A plan of an older library knows no genre that was left at its default.
        if self._now not in (tags.genres, tags.chosen_genres):
            raise ChangeError(self.path, "its genres have changed since the plan was made")
        if not is_as_planned(self.library, self.path, seen=self._seen, content=self._content):
            raise ChangeError(self.path, "it has changed since the plan was made")

    def do(self) -> None:
        genres = self.change.after["genres"]
        replace_safely(
            self.path,
            change=lambda copy: write_genres(copy, genres),
            verify=_verified(lambda copy: _says(copy, genres), self._digest),
            expected=self._expected,
        )
        try:
            self.library.file_changed(self.path)
        except (OSError, TagError) as error:
            raise UnknownOutcomeError(reason_of(error)) from error

    def verify(self) -> str:
        genres, reason = self.change.after["genres"], ""
        try:
            path = self._find()
            if path is None:
                raise UnknownOutcomeError(_ANOTHER)
            if read_genre_state(path).says_as(self._before):
                reason = "stopped before it was changed"
            elif not _says(path, genres):
                reason = "another program has changed its genres"
            else:
                self.library.file_changed(path)
        except (OSError, TagError) as error:
            if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
                raise UnknownOutcomeError(reason_of(error)) from error
            return reason_of(error)
        self.path, self._genres = path, tuple(genres)
        return reason

    def undo(self) -> str:
        before, path = self._before, self._find()
        if path is None:
            return _ANOTHER
        self.path = path
        if not read_genre_state(path).says_as(before):
            if not _says(path, self.change.after["genres"]):
                return "its genres are no longer what was written"
            replace_safely(
                path,
                change=lambda copy: restore_genre_state(copy, before),
                verify=_verified(lambda copy: read_genre_state(copy).says_as(before), self._digest),
            )
        self.library.file_changed(path)
        self._genres = read_tags(path).genres
        return ""

    def result(self, state: OutcomeState, reason: str = "") -> Outcome:
        is_changed = state in ("written", "already", "undone")
        return Outcome(self.path, state, self._genres if is_changed else (), reason=reason)

    @property
    def _before(self) -> GenreState:
        return GenreState.from_dict(self.change.before)

    @property
    def _digest(self) -> bytes:
        return bytes.fromhex(self.change.before["digest"])

    def _find(self) -> str | None:
        """Return where the file is now, without what a killed process left beside it.

        That is where it was, or where the library has it; None if another file is where it was.
        OSError if there is none that can be read.
        """
        discard_copy(self.change.path)
        unseen: BaseException | None = None
        try:
            if audio_digest(self.change.path) == self._digest:
                return self.change.path
        except AudioError as error:
            unseen = error.__cause__
        known = self.library.by_digest(self._digest)
        # Copies of a file have one digest: the one that was changed is one of them.
        own = [track for track in known if track.id == self.change.before["track"]]
        there = [track.path for track in own or known if not track.missing]
        if len(there) == 1 and there[0] != self.change.path:
            try:
                if audio_digest(there[0]) == self._digest:
                    discard_copy(there[0])
                    return there[0]
            except AudioError as error:
                unseen = unseen or error.__cause__
        if isinstance(unseen, OSError):
            raise unseen
        return None


def _verified(check: Callable[[str], bool], digest: bytes) -> Callable[[str, str], None]:
    """Return what checks a copy: genres as they should be, and all else as it was."""

    def verify(original: str, copy: str) -> None:
        if audio_digest(copy) != digest:
            raise ChangeError(original, "writing would have changed its audio")
        # The code that wrote the copy checks it, and so does another reader, if it can read the
        # original.
        seen = seen_by_mutagen(original)
        same = other_tags(copy) == other_tags(original)
        if not same or (seen is not None and seen_by_mutagen(copy) != seen):
            raise ChangeError(original, "writing would have changed other tags")
        if not check(copy):
            raise ChangeError(original, "the genres written would have differed from the plan")

    return verify


def _says(path: str, genres: Sequence[str]) -> bool:
    return loose(read_tags(path).genres) == loose(genres)


def _has(path: str, genres: tuple[str, ...]) -> bool:
    """Tell whether a file has already the genres it would have after a change."""
    try:
        current = read_tags(path).genres
        if current == genres:
            return True
        # ID3v1 alone has a spelling of its own.
        return loose(current) == loose(genres) and preview_genres(path, genres) == current
    except TagError:
        return False
