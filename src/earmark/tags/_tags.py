"""The tags of a file, and the exact state of its genres."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from earmark.records import Record

__all__ = ["DEFAULT_GENRE", "Fields", "GenreState", "Tags", "field_name", "filled", "tags_of"]

Fields: TypeAlias = Mapping[str, Sequence[str]]
"""Values by the names of Vorbis comments, in lower case: ``artist``, ``date``, ``isrc``."""

DEFAULT_GENRE = "\0default genre"
"""A field that is set, to any value, if the only genre is number 0 of an ID3v1 tag."""

_OTHER_NAMES = {
    "album artist": "albumartist",
    "album_artist": "albumartist",
    "year": "date",
    "track": "tracknumber",
    "disc": "discnumber",
    "disk": "discnumber",
}
_IDS = (
    *("musicbrainz_trackid", "musicbrainz_releasetrackid", "musicbrainz_albumid"),
    *("musicbrainz_artistid", "musicbrainz_albumartistid", "musicbrainz_releasegroupid", "isrc"),
)
_NUMBER = re.compile(r"\s*(\d{1,4})(?!\d)")
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)|(?<!\d)[12]\d{3}(?=\d{4}(?!\d))")


@dataclass(frozen=True)
class Tags:
    """The tags of a file.

    Attributes
    ----------
    artist, albumartist, title, album : str
        The first value of each, or ``""``.
    genres : tuple of str
        All its genres; ID3's numbers as names.
    year : int or None
        Of the recording or release.
    ids : mapping of str to str
        ``musicbrainz_trackid`` (of the recording), ``musicbrainz_albumid`` (of the release),
        ``musicbrainz_artistid`` and so on, ``isrc``; only those that exist.
    track_number, disc_number : int or None
        Place on the disc, and number of the disc, from 1: 3 for ``3/12``.
    composer : str
        The first composer, or ``""``.
    default_genre : bool
        Whether its only genre is number 0 of an ID3v1 tag, "Blues". Programs write that number if
        nobody chose a genre, so it counts as none.
    cue_sheet : str
        An embedded cue sheet, or ``""``; see `cue_album`.
    """

    artist: str = ""
    albumartist: str = ""
    title: str = ""
    album: str = ""
    genres: tuple[str, ...] = ()
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    track_number: int | None = None
    disc_number: int | None = None
    composer: str = ""
    default_genre: bool = False
    cue_sheet: str = ""

    @property
    def chosen_genres(self) -> tuple[str, ...]:
        """Its genres, without one that was left at its default."""
        return () if self.default_genre else self.genres


def _raw(entries: Sequence[tuple[int, bytes]]) -> list[bytes]:
    return [entry for _, entry in entries]


def _to_json(entries: Sequence[tuple[int, bytes]]) -> list[list[Any]]:
    return [[at, base64.b64encode(raw).decode()] for at, raw in entries]


def _from_json(entries: Sequence[Sequence[Any]]) -> tuple[tuple[int, bytes], ...]:
    return tuple((int(at), base64.b64decode(raw, validate=True)) for at, raw in entries)


@dataclass(frozen=True)
class GenreState(
    Record,
    keys=(
        *("container", "there", ("entries", lambda state: _to_json(state.entries)), "extra"),
        ("second", lambda state: {name: _to_json(raw) for name, raw in state.second.items()}),
    ),
):
    """The genres of a file as bytes, enough to restore them.

    Attributes
    ----------
    container : str
        Kind of the file's tags.
    there : bool
        Whether there was a tag at all.
    entries : tuple of (int, bytes)
        The entries with a genre: their places among all, and their bytes.
    extra : mapping of str to int or None
        Other data of a kind of tags, such as the number of the genre in an ID3v1 tag.
    second : mapping of str to tuple of (int, bytes)
        The same as `entries` for other tags of the file, by name.
    """

    container: str
    there: bool
    entries: tuple[tuple[int, bytes], ...] = ()
    extra: Mapping[str, int | None] = field(default_factory=dict)
    second: Mapping[str, tuple[tuple[int, bytes], ...]] = field(default_factory=dict)

    def says_as(self, other: GenreState) -> bool:
        """Say whether two states are the same.

        Parameters
        ----------
        other : GenreState
            State of the same file at another time. Entries may have moved; tags that only one of
            them has are not compared.

        Returns
        -------
        bool
            Whether they are the same.

        Examples
        --------
        >>> GenreState("mp3", True, ((3, b"a"),)).says_as(GenreState("mp3", True, ((0, b"a"),)))
        True
        """
        return (
            _raw(self.entries) == _raw(other.entries)
            and (
                self.extra.get("id3v1") == other.extra.get("id3v1")
                or not ("id3v1" in self.extra and "id3v1" in other.extra)
            )
            and all(
                _raw(self.second[name]) == _raw(other.second[name])
                for name in self.second.keys() & other.second.keys()
            )
        )

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> GenreState:
        """Make a state from the result of `to_dict`.

        Parameters
        ----------
        record : mapping
            Result of `to_dict`.

        Returns
        -------
        GenreState
            The same state.

        Raises
        ------
        ValueError
            If it is not a state.

        Examples
        --------
        >>> state = GenreState("mp3", True, ((0, b"TCON"),), {"id3v1": 17})
        >>> GenreState.from_dict(state.to_dict()) == state
        True
        """
        try:
            entries = _from_json(record["entries"])
            extra = {str(name): value for name, value in record["extra"].items()}
            # Older journals have only one tag.
            second = {str(n): _from_json(part) for n, part in record.get("second", {}).items()}
            return cls(str(record["container"]), bool(record["there"]), entries, extra, second)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the state of a file's genres: {error!r}") from error


def filled(fields: Fields) -> dict[str, Sequence[str]]:
    """Return the fields that have a value."""
    return {name: values for name, values in fields.items() if any(values)}


def field_name(name: str) -> str:
    """Return the name in `Fields` of a field in any container."""
    name = name.lower().strip()
    if name.startswith("musicbrainz"):
        return "musicbrainz_" + re.sub(r"[ /_]", "", name.removeprefix("musicbrainz"))
    return _OTHER_NAMES.get(name, name)


def _texts(fields: Fields, name: str) -> list[str]:
    values = (value.replace("\0", " ").strip() for value in fields.get(name, ()))
    return [value for value in values if value]


def tags_of(fields: Fields) -> Tags:
    """Return fields as `Tags`."""

    def first(name: str) -> str:
        return next(iter(_texts(fields, name)), "")

    def number(name: str) -> int | None:
        digits = _NUMBER.match(first(name))
        return int(digits[1]) or None if digits else None

    year = _YEAR.search(first("date"))
    return Tags(
        artist=first("artist"),
        albumartist=first("albumartist"),
        title=first("title"),
        album=first("album"),
        genres=tuple(dict.fromkeys(_texts(fields, "genre"))),
        year=int(year[0]) if year else None,
        ids={name: first(name) for name in _IDS if first(name)},
        track_number=number("tracknumber"),
        disc_number=number("discnumber"),
        composer=first("composer"),
        default_genre=DEFAULT_GENRE in fields,
        cue_sheet=first("cuesheet"),
    )
