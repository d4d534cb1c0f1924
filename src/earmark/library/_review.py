"""Correcting genres: what somebody typed, and a pass through the tracks that are in doubt."""

from __future__ import annotations

import difflib
import time
from collections.abc import Collection, Mapping, Sequence

from earmark.arguments import checked
from earmark.errors import ParameterError, UnknownGenreError
from earmark.library._genres import genre_key, is_genre_name, known_genres
from earmark.library._library import Library
from earmark.library._track import LibraryTrack
from earmark.tags import named_genres

__all__ = ["Review", "match_genre"]

_N_NEAREST = 3
_N_CHOICES = 3


@checked
def match_genre(text: str, known: Mapping[str, str], *, new: bool = False) -> str:
    """Return the genre that somebody means, in the spelling the library has.

    Parameters
    ----------
    text : str
        What was typed.
    known : mapping of str to str
        As `earmark.library.known_genres` gives it.
    new : bool
        Whether it may be a genre that the library does not know.

    Returns
    -------
    str
        A known genre, or the text itself.

    Raises
    ------
    UnknownGenreError
        If it is none of them, and `new` is False.
    ParameterError
        If it cannot be the name of a genre.

    Examples
    --------
    >>> match_genre("Jazz", {"jazz": "jazz"})
    'jazz'
    >>> match_genre("jaz", {"jazz": "jazz"})
    Traceback (most recent call last):
    ...
    earmark.errors.UnknownGenreError: genre='jaz' is new to this library. Did you mean jazz? ...
    """
    if (found := known.get(genre_key(text))) is not None:
        return found
    if text.strip().isdigit():
        raise ParameterError(f"genre={text!r} is a number: the genre comes after the tracks")
    if text.strip().startswith("-"):
        raise ParameterError(f"genre={text!r} is an option. Put options before --")
    if not is_genre_name(text):
        raise ParameterError(f"genre={text!r} is not a genre: it needs two letters or more")
    if not new:
        raise UnknownGenreError(text.strip(), _nearest(text, known))
    return " ".join(text.split())


def _nearest(text: str, known: Mapping[str, str]) -> list[str]:
    """Return the known genres that are spelt like a text, the nearest first."""
    this = genre_key(text)
    near = difflib.get_close_matches(this, known, n=_N_NEAREST)
    near += [one for one in known if this in one or one in this]
    return [known[one] for one in dict.fromkeys(near)][:_N_NEAREST]


class Review:
    """A pass through tracks whose genre is in doubt: set, skip, go back, undo.

    Parameters
    ----------
    library : Library
        The library. What is set is written at once.
    tracks : sequence of LibraryTrack
        As `review_tracks` lists them.
    treat_as_empty : collection of str
        More values of tags that count as no genre.

    Attributes
    ----------
    total : int
        Number of tracks.
    position : int
        Number of those before the present one; `total` at the end.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/library.db", create=True) as library:
    ...         review = Review(library, [])
    >>> review.total, review.n_set
    (0, 0)
    """

    def __init__(
        self,
        library: Library,
        tracks: Sequence[LibraryTrack],
        *,
        treat_as_empty: Collection[str] = (),
    ) -> None:
        self._library = library
        self._ids = [track.id for track in tracks]
        self._treat_as_empty = tuple(treat_as_empty)
        self._known = dict(known_genres(library, treat_as_empty=treat_as_empty))
        self._corrections: list[tuple[int, str | None]] = []
        self.total = len(self._ids)
        self.position = 0

    @property
    def track(self) -> LibraryTrack | None:
        """The present track as it is now; None at the end."""
        if self.position >= self.total:
            return None
        return self._library.track(self._ids[self.position])

    @property
    def choices(self) -> tuple[str, ...]:
        """Genres for the present track: the model's most probable, then those of its tags."""
        track = self.track
        if track is None:
            return ()
        shares = track.answer.probabilities
        ranked = sorted(shares, key=shares.__getitem__, reverse=True)
        in_tags = named_genres(track.tags.genres, self._treat_as_empty)
        names = [*ranked[:_N_CHOICES], *filter(is_genre_name, in_tags)]
        one_each = {genre_key(name): self._known.get(genre_key(name), name) for name in names}
        return tuple(one_each.values())

    @property
    def genres(self) -> tuple[str, ...]:
        """All known genres, sorted."""
        return tuple(sorted(self._known.values(), key=genre_key))

    @property
    def n_set(self) -> int:
        """How many genres were set in this review, and not taken back."""
        return len(self._corrections)

    def set(self, genre: str, *, new: bool = False) -> str:
        """Set the genre of the present track, and go on to the next.

        Parameters
        ----------
        genre : str
            The genre, in the spelling of any case.
        new : bool
            Whether it may be one that the library does not know.

        Returns
        -------
        str
            The genre as it was set.

        Raises
        ------
        UnknownGenreError
            If the genre is new, and `new` is False.
        ParameterError
            If it cannot be the name of a genre, or no track is left.
        """
        track = self.track
        if track is None:
            raise ParameterError("no track is left to review")
        name = match_genre(genre, self._known, new=new)
        self._library.set_genre([track.id], name, now=time.time())
        self._known.setdefault(genre_key(name), name)
        self._corrections.append((self.position, track.corrected))
        self.position += 1
        return name

    def skip(self) -> None:
        """Go on to the next track, and leave this one as it is."""
        self.position = min(self.position + 1, self.total)

    def back(self) -> bool:
        """Go back to the track before; what was set stays.

        Returns
        -------
        bool
            Whether there is one.
        """
        if not self.position:
            return False
        self.position -= 1
        return True

    def undo(self) -> LibraryTrack | None:
        """Take back what was set last in this review, and go back to that track.

        Returns
        -------
        LibraryTrack or None
            The track, with the genre it had before; None if nothing is left to take back.
        """
        if not self._corrections:
            return None
        self.position, before = self._corrections.pop()
        track_id = self._ids[self.position]
        self._library.set_genre([track_id], before, now=time.time())
        return self._library.track(track_id)
