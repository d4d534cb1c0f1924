"""Which genres would be written into which files, and why others are kept as they are."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from earmark.changes._content import content_of
from earmark.changes._outcomes import reason_of
from earmark.changes._plan import ChangePlan
from earmark.changes._plan_file import COLUMNS, Column, PlanTable, choice, escaped, meant
from earmark.changes._replace import refusal
from earmark.changes.tags._proposal import (
    TagPolicy,
    Threshold,
    doubt,
    propose_genres,
    reason_to_keep,
)
from earmark.changes.tags._writing import ONE_FILE_ALBUM, WriteGenres
from earmark.errors import ParameterError, PlanError, TagError
from earmark.files import file_state
from earmark.records import Record
from earmark.tags import can_write, preview_genres, read_tags

if TYPE_CHECKING:
    from earmark.files import FileState
    from earmark.library import Library, LibraryTrack
    from earmark.types import PathName, Progress

__all__ = ["TagPlan", "TagRow", "make_tag_plan"]

_DEFAULT = ("Blues",)
"""What an ID3v1 tag says that nobody has filled in."""


@dataclass(frozen=True)
class TagRow(Record, keys=("path", "action", "genres", "now", "confidence", "why")):
    """One file of a plan.

    Attributes
    ----------
    path : str
        The file.
    action : {"write", "keep"}
        Whether its genres are changed.
    genres : tuple of str
        The genres proposed; empty if there are none.
    now : tuple of str
        The genres in the file now.
    confidence : float or None
        The model's confidence; None without an answer, or where the user has corrected it.
    why : str
        Why the file is kept, or why its genre is certain.
    seen : FileState or None
        Size and time of the file when the plan was made; None if it was not there.
    content : str
        A hash of its audio and tags then, see `earmark.changes._content`.
    """

    path: str
    action: Literal["write", "keep"]
    genres: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    confidence: float | None = None
    why: str = ""
    seen: FileState | None = None
    content: str = ""


def _joined(genres: Iterable[str]) -> str:
    return "; ".join(escaped(genre).replace(";", "\\;") for genre in genres)


def _split(text: str) -> tuple[str, ...]:
    parts = re.split(r"(?<!\\)((?:\\\\)*);", text)
    texts = [a + b for a, b in zip(parts[::2], [*parts[1::2], ""], strict=True)]
    return tuple(meant(part.strip()) for part in texts if part.strip())


def _genres_in(text: str) -> tuple[str, ...]:
    genres = _split(text)
    if any("\0" in genre for genre in genres):
        raise ValueError("a genre cannot hold a null character")
    return genres


def _confidence_in(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError as error:
        raise ValueError("not a number") from error


def _check(row: TagRow) -> tuple[str, str] | None:
    missing = row.action == "write" and not row.genres
    return ("genres", "no genre to write") if missing else None


_TABLE = PlanTable(
    "earmark.tag-plan/1",
    TagRow,
    {
        "action": Column(str, choice("write", "keep", otherwise="must be write or keep"), True),
        # Genres stand beside each other; a semicolon that is part of one is written ``\;``.
        "genres": Column(_joined, _genres_in, needed=True),
        "now": Column(_joined, _split, needed=True),
        "confidence": Column(lambda p: "" if p is None else f"{p:.3f}", _confidence_in),
        **{name: COLUMNS[name] for name in ("why", "seen", "content", "path")},
    },
    about=("threshold",),
    check=_check,
    unique=lambda row: {"path": row.path},
)


@dataclass(frozen=True)
class TagPlan(
    ChangePlan[TagRow],
    keys=(
        *("model", "threshold=threshold.confidence", "precision=threshold.precision"),
        *("expected_share=threshold.share", "covered"),
        ("n_write", lambda plan: len(plan.to_change)),
        *("kept", "rows"),
    ),
):
    """What would be written.

    Attributes
    ----------
    rows : tuple of TagRow
        One row for each file.
    threshold : Threshold
        The lowest confidence that is written.
    model : str
        Name of the model whose answers these are.
    covered : float or None
        Share of the tracks with an answer whose answer is sure enough, whether or not it is
        written; None if there is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     TagPlan((), Threshold(0.8)).write(f"{folder}/plan.csv")
    ...     TagPlan.read(f"{folder}/plan.csv").threshold.confidence
    0.8
    """

    operation = WriteGenres
    table: ClassVar = _TABLE

    threshold: Threshold
    model: str = ""
    covered: float | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"model": self.model, "threshold": self.threshold.confidence}

    @property
    def about(self) -> Mapping[str, Any]:
        return {
            **self.settings,
            "precision": self.threshold.precision,
            "share": self.threshold.share,
            "covered": self.covered,
        }

    @classmethod
    def from_file(cls, path: PathName, about: Mapping[str, Any], rows: tuple[Any, ...]) -> Self:
        try:
            confidence = float(about["threshold"])
        except (TypeError, ValueError) as error:
            raise PlanError(path, f"line 1, column 2 is damaged: {error!r}") from error
        threshold = Threshold(confidence, about.get("precision"), about.get("share"))
        return cls(rows, threshold, str(about.get("model", "")), about.get("covered"))

    def operations(self, library: Library) -> Sequence[WriteGenres]:
        return [
            WriteGenres(
                library, row.path, row.genres, now=row.now, seen=row.seen, content=row.content
            )
            for row in self.to_change
        ]


def _probabilities(track: LibraryTrack) -> dict[str, float]:
    """Return the probabilities of an answer, that of its genre first."""
    if track.answer.genre is None or track.answer.confidence is None:
        return {}
    rest = {name: p for name, p in track.answer.probabilities.items() if name != track.answer.genre}
    return {track.answer.genre: track.answer.confidence, **rest}


def _is_default(track: LibraryTrack) -> bool:
    """Tell whether nobody chose the genre of a file."""
    if track.tags.genres == _DEFAULT:  # which older libraries do not tell from a chosen one
        with suppress(TagError):
            return not read_tags(track.path).chosen_genres
    return False


def _look(
    path: str, genres: tuple[str, ...], policy: TagPolicy
) -> tuple[tuple[str, ...] | None, str]:
    """Return the genres in a file, and why others cannot be written, or need not be.

    All that writing them takes is done in memory, so that a plan promises only what can be kept.
    """
    reason = refusal(path)
    if reason is not None:
        return None, reason
    try:
        if not can_write(path):
            return None, "tags of this kind of file cannot be written"
        if shutil.disk_usage(os.path.dirname(os.path.realpath(path))).free < os.stat(path).st_size:
            return None, "its disk has no space for a copy"
        tags = read_tags(path)
        why = reason_to_keep(genres, tags.genres, tags.chosen_genres, policy)
        if not why and preview_genres(path, genres) == tags.genres:
            why = "already has this genre"
        return tags.genres, why
    except (OSError, TagError) as error:
        return None, reason_of(error)


def _row(track: LibraryTrack, policy: TagPolicy, threshold: float) -> TagRow:
    """Plan one file: first by what is known of it, then by the file itself."""
    seen = file_state(track.path)
    gone = seen is None or track.missing
    row = TagRow(track.path, "keep", now=track.tags.genres, seen=seen)
    if track.part and not gone:
        return replace(row, why=ONE_FILE_ALBUM)
    proposal = propose_genres(
        _probabilities(track),
        threshold=threshold,
        policy=policy,
        current=track.tags.genres,
        current_is_default=not gone and _is_default(track),
        unsure=track.unsure,
        correction=track.corrected,
    )
    genres, why, now = proposal.genres, proposal.why, track.tags.genres
    if gone:
        why = "the file no longer exists"
    elif why == "not analysed" and track.error_reason:
        why = f"{why}: {track.error_reason}"
    elif not why:
        current, why = _look(track.path, genres, policy)
        now = track.tags.genres if current is None else current
    is_certain = track.corrected is not None
    return replace(
        row,
        action="keep" if why else "write",
        genres=genres,
        now=now,
        confidence=None if is_certain else track.answer.confidence,
        why=why or ("your correction" if is_certain else ""),
        content=content_of(track),
    )


def make_tag_plan(
    tracks: Sequence[LibraryTrack],
    *,
    threshold: Threshold,
    policy: TagPolicy | None = None,
    model: str = "",
    classes: Sequence[str] = (),
    progress: Progress | None = None,
) -> TagPlan:
    """Plan which genres are written into which files. Nothing is changed.

    Parameters
    ----------
    tracks : sequence of LibraryTrack
        The tracks as the library has them.
    threshold : Threshold
        The lowest confidence that is written. The user's corrections are certain; unsure answers
        are never written.
    policy : TagPolicy or None
        What is written; None: one genre, where there is none.
    model : str
        Name of the model whose answers these are.
    classes : sequence of str
        The genres it knows.
    progress : callable or None
        Called with the number of tracks done, the number in all, and the path of the last one.

    Returns
    -------
    TagPlan
        A row for each file.

    Raises
    ------
    ParameterError
        If the user's names hold a genre that neither the model nor the user has ever named.

    Examples
    --------
    >>> make_tag_plan([], threshold=Threshold(0.8)).to_change
    ()
    """
    policy = policy or TagPolicy()
    known = {*classes, *(track.corrected for track in tracks), *(t.answer.genre for t in tracks)}
    unknown = sorted(set(policy.names) - known)
    if unknown and classes:
        raise ParameterError(
            f"names: no genre is called {unknown[0]!r}. Available: {', '.join(classes)}"
        )
    by_path: dict[str, LibraryTrack] = {}  # not those that are gone from where another is
    for track in tracks:
        if by_path.setdefault(track.path, track).missing:
            by_path[track.path] = track
    rows = []
    for done, track in enumerate(by_path.values(), start=1):
        rows.append(_row(track, policy, threshold.confidence))
        if progress is not None:
            progress(done, len(by_path), track.path)
    answered = [track for track in tracks if track.answer.genre and not track.missing]
    n_sure = sum(_is_sure(track, threshold.confidence) for track in answered)
    return TagPlan(tuple(rows), threshold, model, n_sure / len(answered) if answered else None)


def _is_sure(track: LibraryTrack, threshold: float) -> bool:
    answer = _probabilities(track)
    if track.corrected is not None:
        return True
    return not doubt([*answer], answer, threshold=threshold, unsure=track.unsure)
