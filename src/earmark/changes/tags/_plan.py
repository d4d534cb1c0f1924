"""What would be written into which files, and why others are kept as they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from earmark.changes._content import content_of
from earmark.changes._genre_names import usual_name
from earmark.changes._outcomes import reason_of
from earmark.changes._plan_rows import count_kept, rows_of
from earmark.changes._replace import refusal
from earmark.errors import ParameterError, TagError
from earmark.files import FileState
from earmark.tags import can_write, named_genres, preview_genres, read_tags

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.types import Progress
from earmark.wording import unsure_words

__all__ = ["Action", "PlanRow", "TagPlan", "TagPolicy", "Threshold", "model_threshold", "plan_tags"]

Action = Literal["write", "keep"]

_BELOW = "below the threshold"
_DEFAULT = ("Blues",)
"""What an ID3v1 tag says that nobody has filled in."""

ONE_FILE_ALBUM = "a one-file album with a cue sheet: tags are not written to its tracks"
"""Why such a file is kept."""


@dataclass(frozen=True)
class Threshold:
    """From which confidence on answers are written, and what that promises.

    Attributes
    ----------
    confidence : float
        The smallest that is written.
    precision : float or None
        Share of such answers that are right, on music of artists that were not trained on; None
        where the user chose the threshold.
    share : float or None
        Share of that music that has such an answer.
    """

    confidence: float
    precision: float | None = None
    share: float | None = None


@dataclass(frozen=True)
class TagPolicy:
    """What is written.

    Attributes
    ----------
    replace : bool
        Whether genres that are there are replaced.
    max_genres : int
        How many genres a file gets at the most.
    also : float
        How probable a second and further genre must be.
    names : mapping of str to str
        What the user calls genres, by the model's name; ``""``: never written.
    treat_as_empty : tuple of str
        Genres in tags that count as none, besides those that `earmark.tags.is_empty_genre` knows.
    """

    replace: bool = False
    max_genres: int = 1
    also: float = 0.25
    names: Mapping[str, str] = field(default_factory=dict)
    treat_as_empty: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_genres < 1:
            raise ParameterError(f"max_genres={self.max_genres!r} must be 1 or more")
        if not 0 <= self.also <= 1:
            raise ParameterError(f"also={self.also!r} must be from 0 to 1")


@dataclass(frozen=True)
class PlanRow:
    """One file of a plan.

    Attributes
    ----------
    path : str
        The file.
    action : {"write", "keep"}
        Whether its genres are changed.
    genres : tuple of str
        What is proposed; empty if nothing is.
    now : tuple of str
        What the file says now.
    confidence : float or None
        How sure the model is; None where it was not asked, or the user has spoken.
    why : str
        Why the file is kept, or why its genre is certain.
    seen : FileState or None
        What the file was when the plan was made; None if it was not there.
    content : str
        What it held then, see `earmark.changes._content`.
    """

    path: str
    action: Action
    genres: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    confidence: float | None = None
    why: str = ""
    seen: FileState | None = None
    content: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Its attributes, except `seen` and `content`.
        """
        return {
            "path": self.path,
            "action": self.action,
            "genres": list(self.genres),
            "now": list(self.now),
            "confidence": self.confidence,
            "why": self.why,
        }


@dataclass(frozen=True)
class TagPlan:
    """What would be written.

    Attributes
    ----------
    rows : tuple of PlanRow
        A row a file.
    threshold : Threshold
        From which confidence on.
    model : str
        Name of the model that was asked.
    covered : float or None
        Share of the tracks it was asked about whose answer is sure enough, whatever becomes of it;
        None if there is none.
    """

    rows: tuple[PlanRow, ...]
    threshold: Threshold
    model: str = ""
    covered: float | None = None

    @property
    def to_write(self) -> tuple[PlanRow, ...]:
        """The rows whose files are changed."""
        return tuple(row for row in self.rows if row.action == "write")

    @property
    def kept(self) -> Mapping[str, int]:
        """How many files are kept, by reason, the commonest first."""
        return count_kept(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A plan as the schema ``earmark.tag/2`` defines it.
        """
        return {
            "model": self.model,
            "threshold": self.threshold.confidence,
            "precision": self.threshold.precision,
            "expected_share": self.threshold.share,
            "covered": self.covered,
            "n_write": len(self.to_write),
            "kept": dict(self.kept),
            "rows": [row.to_dict() for row in self.rows],
        }


def model_threshold(manifest: Mapping[str, Any], *, precision: float = 0.9) -> Threshold:
    """Return from which confidence on a model's answers are right often enough.

    Parameters
    ----------
    manifest : mapping
        What the model's file says of it; ``unsure.thresholds`` is made when it is trained.
    precision : float
        Share of the answers that should be right.

    Returns
    -------
    Threshold
        The smallest that was measured to be so, for music of artists that were not trained on.

    Raises
    ------
    ParameterError
        If the model does not say so.

    Examples
    --------
    >>> told = {"precision": 0.9, "confidence": 0.71, "share": 0.52}
    >>> model_threshold({"name": "mine", "unsure": {"thresholds": [told]}})
    Threshold(confidence=0.71, precision=0.9, share=0.52)
    """
    known = manifest.get("unsure", {}).get("thresholds") or []
    enough = [one for one in known if one["precision"] >= precision - 1e-9]
    if not enough:
        told = ", ".join(f"{one['precision']:.0%}" for one in known)
        measured = f"it was measured only for {told}" if told else "it was never measured"
        raise ParameterError(
            f"model {manifest.get('name')!r} does not say which confidence makes "
            f"{precision:.0%} of its answers right: {measured}. Set a threshold yourself, such as "
            "threshold=0.8"
        )
    one = min(enough, key=lambda one: float(one["precision"]))
    return Threshold(float(one["confidence"]), float(one["precision"]), float(one["share"]))


def _named(genres: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return genres as they are written, those that never are left out."""
    called = (names[genre] if genre in names else usual_name(genre) for genre in genres)
    return tuple(dict.fromkeys(name for name in called if name))


def _proposal(track: LibraryTrack, policy: TagPolicy) -> tuple[str, ...]:
    """Return what a file would be given; empty if its first genre is never written."""
    if track.corrected is not None:
        # What the user said is written as the user says it.
        name = policy.names.get(track.corrected, track.corrected)
        return (name,) if name else ()
    ranked = sorted(track.probabilities, key=lambda name: -track.probabilities[name])
    first = track.predicted or ""
    others = [name for name in ranked if name != first and track.probabilities[name] >= policy.also]
    if not _named([first], policy.names):
        return ()
    return _named([first, *others], policy.names)[: policy.max_genres]


def _doubt(track: LibraryTrack, threshold: Threshold) -> str:
    """Say why an answer is not sure enough; ``""`` if it is."""
    if track.corrected is not None:
        return ""
    if track.unsure is not None:
        return unsure_words(track.unsure, genre=track.predicted, runner_up=track.runner_up)
    if track.predicted is None or track.confidence is None:
        return f"not analysed: {track.error_reason}" if track.error_reason else "not analysed"
    return _BELOW if track.confidence < threshold.confidence else ""


def _said_already(
    genres: tuple[str, ...], now: tuple[str, ...], chosen: tuple[str, ...], policy: TagPolicy
) -> str:
    """Say why what a file says of its genre stays; ``""`` if it does not."""
    if genres and genres == now:
        return "already has this genre"
    has_genre = named_genres(chosen, policy.treat_as_empty)
    return "has a genre" if has_genre and not policy.replace else ""


def _chosen(track: LibraryTrack) -> tuple[str, ...]:
    """Return the genres that somebody chose, as the library knows them."""
    if track.genres == _DEFAULT:  # which older libraries do not tell from a chosen one
        with suppress(TagError):
            return read_tags(track.path).chosen_genres
    return track.genres


def _look(
    path: str, genres: tuple[str, ...], policy: TagPolicy
) -> tuple[tuple[str, ...] | None, str]:
    """Return what a file says of its genre, and why another cannot be written, or need not be.

    All is done that writing it takes, but in memory: what a plan promises can be kept.
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
        why = _said_already(genres, tags.genres, tags.chosen_genres, policy)
        if not why and preview_genres(path, genres) == tags.genres:
            why = "already has this genre"
        return tags.genres, why
    except (OSError, TagError) as error:
        return None, reason_of(error)


def _row(track: LibraryTrack, policy: TagPolicy, threshold: Threshold) -> PlanRow:
    try:
        seen = FileState.of(track.path)
    except (OSError, ValueError):
        seen = None
    if track.part and seen is not None and not track.missing:
        return PlanRow(track.path, "keep", (), track.genres, None, ONE_FILE_ALBUM, seen)
    genres: tuple[str, ...] = ()
    if track.genre is not None:
        genres = _proposal(track, policy)
    if seen is None or track.missing:
        why = "the file no longer exists"
    else:
        why = _said_already(genres, track.genres, _chosen(track), policy)
    why = why or _doubt(track, threshold)
    if not why and not genres:
        why = "your names file leaves this genre out"
    now = track.genres
    if not why:
        said, why = _look(track.path, genres, policy)
        now = track.genres if said is None else said
    action: Action = "keep" if why else "write"
    if not why and track.corrected is not None:
        why = "your correction"
    sure = None if track.corrected is not None else track.confidence
    return PlanRow(track.path, action, genres, now, sure, why, seen, content_of(track))


def plan_tags(
    tracks: Sequence[LibraryTrack],
    *,
    threshold: Threshold,
    policy: TagPolicy | None = None,
    model: str = "",
    classes: Sequence[str] = (),
    progress: Progress | None = None,
) -> TagPlan:
    """Plan what is written into which files. Nothing is changed.

    Parameters
    ----------
    tracks : sequence of LibraryTrack
        What is known of the files.
    threshold : Threshold
        From which confidence on answers are written. What the user said is certain; what is unsure
        is never written.
    policy : TagPolicy or None
        What is written; None: one genre, where there is none.
    model : str
        Name of the model that was asked.
    classes : sequence of str
        The genres it knows.
    progress : callable or None
        Called with the tracks done, their number, and the last one's path.

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
    >>> plan_tags([], threshold=Threshold(0.8)).to_write
    ()
    """
    policy = policy or TagPolicy()
    known = {*classes, *(track.corrected for track in tracks), *(t.predicted for t in tracks)}
    unknown = sorted(set(policy.names) - known)
    if unknown and classes:
        raise ParameterError(
            f"names: no genre is called {unknown[0]!r}. Available: {', '.join(classes)}"
        )
    rows = rows_of(tracks, lambda track: _row(track, policy, threshold), progress)
    asked = [_doubt(one, threshold) for one in tracks if one.predicted and not one.missing]
    covered = asked.count("") / len(asked) if asked else None
    return TagPlan(rows, threshold, model, covered)
