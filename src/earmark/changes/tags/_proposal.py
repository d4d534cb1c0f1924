"""Which genres would be written for an answer: no file is read, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from earmark.changes._genre_names import usual_name
from earmark.errors import ParameterError
from earmark.tags import named_genres
from earmark.wording import unsure_words

if TYPE_CHECKING:
    from earmark.types import Unsure

__all__ = ["GenreProposal", "TagPolicy", "Threshold", "model_threshold", "propose_genres"]


@dataclass(frozen=True)
class Threshold:
    """The confidence from which answers are written, and what that promises.

    Attributes
    ----------
    confidence : float
        The lowest confidence that is written.
    precision : float or None
        Share of such answers that are right, on music by artists the model was not trained on; None
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
        Whether existing genres are replaced.
    max_genres : int
        Maximum number of genres for a file.
    also : float
        Minimum probability of each genre after the first.
    names : mapping of str to str
        The user's names for the model's genres; ``""``: never written.
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
class GenreProposal:
    """The genres proposed for a file.

    Attributes
    ----------
    genres : tuple of str
        The genres, as they would be spelt; empty if none can be proposed.
    why : str
        Why they are not written; empty if they are.
    """

    genres: tuple[str, ...]
    why: str = ""


def model_threshold(manifest: Mapping[str, Any], *, precision: float = 0.9) -> Threshold:
    """Return the confidence from which a model's answers are right often enough.

    Parameters
    ----------
    manifest : mapping
        The manifest in the model's file; ``unsure.thresholds`` is measured when it is trained.
    precision : float
        Share of the answers that should be right.

    Returns
    -------
    Threshold
        The lowest one that was measured, on music by artists that were not trained on.

    Raises
    ------
    ParameterError
        If none was measured for this model.

    Examples
    --------
    >>> measured = {"precision": 0.9, "confidence": 0.71, "share": 0.52}
    >>> model_threshold({"name": "mine", "unsure": {"thresholds": [measured]}})
    Threshold(confidence=0.71, precision=0.9, share=0.52)
    """
    known = manifest.get("unsure", {}).get("thresholds") or []
    enough = [entry for entry in known if entry["precision"] >= precision - 1e-9]
    if not enough:
        shares = ", ".join(f"{entry['precision']:.0%}" for entry in known)
        measured = f"it was measured only for {shares}" if shares else "it was never measured"
        raise ParameterError(
            f"model {manifest.get('name')!r} does not say which confidence makes "
            f"{precision:.0%} of its answers right: {measured}. Set a threshold yourself, such as "
            "threshold=0.8"
        )
    lowest = min(enough, key=lambda entry: float(entry["precision"]))
    return Threshold(*(float(lowest[name]) for name in ("confidence", "precision", "share")))


def propose_genres(
    probabilities: Mapping[str, float],
    *,
    threshold: float,
    policy: TagPolicy | None = None,
    current: Sequence[str] = (),
    current_is_default: bool = False,
    unsure: Unsure | None = None,
    correction: str | None = None,
) -> GenreProposal:
    """Decide which genres to write for an answer.

    Parameters
    ----------
    probabilities : mapping of str to float
        The probability of each genre of the model; empty if there is no answer.
    threshold : float
        The lowest confidence (probability of the first genre) that is written.
    policy : TagPolicy or None
        Which genres are written; None: one genre, if the file has none.
    current : sequence of str
        The genres in the file's tags.
    current_is_default : bool
        Whether these are only the default of an ID3v1 tag, see `earmark.tags.Tags.default_genre`.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why the answer is unsure; an unsure answer is never written.
    correction : str or None
        The genre the user has given, which is certain.

    Returns
    -------
    GenreProposal
        The genres, and why they are not written, if they are not.

    Examples
    --------
    >>> answer = {"hiphop": 0.71, "jazz": 0.26, "rock": 0.03}
    >>> propose_genres(answer, threshold=0.6)
    GenreProposal(genres=('Hip-Hop',), why='')
    >>> policy = TagPolicy(max_genres=2, names={"hiphop": "Rap"})
    >>> propose_genres(answer, threshold=0.6, policy=policy).genres
    ('Rap', 'Jazz')
    >>> propose_genres(answer, threshold=0.6, current=["Soul"]).why
    'has a genre'
    """
    policy = policy or TagPolicy()
    ranked = sorted(probabilities, key=lambda name: -probabilities[name])
    genres = _spelt(ranked, probabilities, policy, correction)
    why = reason_to_keep(genres, current, () if current_is_default else current, policy)
    if not why and correction is None:
        why = doubt(ranked, probabilities, threshold=threshold, unsure=unsure)
    if not why and not genres:
        why = "your names file leaves this genre out"
    return GenreProposal(genres, why)


def _spelt(
    ranked: Sequence[str],
    probabilities: Mapping[str, float],
    policy: TagPolicy,
    correction: str | None,
) -> tuple[str, ...]:
    """Return the genres as they are written; none if the first one never is."""
    if correction is not None:
        # A correction is written as the user has spelt it.
        return tuple(filter(None, [policy.names.get(correction, correction)]))
    if not ranked or not _named(ranked[:1], policy.names):
        return ()
    others = [name for name in ranked[1:] if probabilities[name] >= policy.also]
    return _named([ranked[0], *others], policy.names)[: policy.max_genres]


def _named(genres: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return genres as they are written, without those that never are."""
    spelt = (names[genre] if genre in names else usual_name(genre) for genre in genres)
    return tuple(dict.fromkeys(name for name in spelt if name))


def doubt(
    ranked: Sequence[str],
    probabilities: Mapping[str, float],
    *,
    threshold: float,
    unsure: Unsure | None,
) -> str:
    """Say why an answer is not sure enough; empty if it is. `ranked` has the likeliest first."""
    if unsure is not None:
        first, second = (*ranked[:2], None, None)[:2]
        return unsure_words(unsure, genre=first, runner_up=second)
    if not ranked:
        return "not analysed"
    return "below the threshold" if probabilities[ranked[0]] < threshold else ""


def reason_to_keep(
    genres: Sequence[str], current: Sequence[str], chosen: Sequence[str], policy: TagPolicy
) -> str:
    """Say why the genres of a file stay; empty if they are replaced.

    `chosen` are those of the current ones that somebody chose.
    """
    if genres and tuple(genres) == tuple(current):
        return "already has this genre"
    has_genre = named_genres(chosen, policy.treat_as_empty)
    return "has a genre" if has_genre and not policy.replace else ""
