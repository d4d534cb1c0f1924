"""What a file says of itself, and what it says of its genre to the last byte."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["DEFAULT_GENRE", "Fields", "GenreState", "Tags", "field_name", "filled", "tags_of"]

Fields: TypeAlias = Mapping[str, Sequence[str]]
"""Values by the names that Vorbis comments have, in lower case: ``artist``, ``date``, ``isrc``."""

DEFAULT_GENRE = "\0default genre"
"""A field that is there, with any value, where the only genre is number 0 of an ID3v1 tag."""

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
    """What a file says of itself.

    Attributes
    ----------
    artist, albumartist, title, album : str
        The first value of each; ``""`` where there is none.
    genres : tuple of str
        All its genres; ID3's numbers as names.
    year : int or None
        Of the recording or release.
    ids : mapping of str to str
        ``musicbrainz_trackid`` (of the recording), ``musicbrainz_albumid`` (of the release),
        ``musicbrainz_artistid`` and so on, ``isrc``; those that are there.
    track_number, disc_number : int or None
        Place on the disc, and number of the disc, from 1: 3 for ``3/12``.
    composer : str
        The first composer; ``""`` where there is none.
    default_genre : bool
        Whether its only genre is number 0 of an ID3v1 tag, "Blues": programs leave that number
        where nobody chose a genre, so it counts as none.
    cue_sheet : str
        An embedded cue sheet, see `cue_album`; ``""`` where there is none.
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
class GenreState:
    """The genres of a file as its bytes have them: enough to make them so again.

    Attributes
    ----------
    container : str
        Kind of the file's tags.
    there : bool
        Whether there was a tag at all.
    entries : tuple of (int, bytes)
        The tag's entries that say a genre: their places among all, and their bytes.
    extra : mapping of str to int or None
        What a kind of tags needs besides, such as the genre's number in an ID3v1 tag.
    second : mapping of str to tuple of (int, bytes)
        The same as `entries` for further tags of the file, by their names.
    """

    container: str
    there: bool
    entries: tuple[tuple[int, bytes], ...] = ()
    extra: Mapping[str, int | None] = field(default_factory=dict)
    second: Mapping[str, tuple[tuple[int, bytes], ...]] = field(default_factory=dict)

    def says_as(self, other: GenreState) -> bool:
        """Tell whether two states say the same.

        Parameters
        ----------
        other : GenreState
            Of the same file at another time. Places of entries may have moved; what only one of
            both knows of, such as a further tag that is gone, is not compared.

        Returns
        -------
        bool
            Whether they say the same.

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

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What `from_dict` takes.

        Examples
        --------
        >>> GenreState("flac", True, ((2, b"GENRE=Rock"),)).to_dict()["entries"]
        [[2, 'R0VOUkU9Um9jaw==']]
        """
        return {
            "container": self.container,
            "there": self.there,
            "entries": _to_json(self.entries),
            "extra": dict(self.extra),
            "second": {name: _to_json(entries) for name, entries in self.second.items()},
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> GenreState:
        """Make a state of what `to_dict` gave.

        Parameters
        ----------
        record : mapping
            As it was written.

        Returns
        -------
        GenreState
            Equal to the one it was made of.

        Raises
        ------
        ValueError
            If it is nothing of the kind.

        Examples
        --------
        >>> state = GenreState("mp3", True, ((0, b"TCON"),), {"id3v1": 17})
        >>> GenreState.from_dict(state.to_dict()) == state
        True
        """
        try:
            entries = _from_json(record["entries"])
            extra = {str(name): value for name, value in record["extra"].items()}
            # Older journals know of one tag only.
            second = {str(n): _from_json(part) for n, part in record.get("second", {}).items()}
            return cls(str(record["container"]), bool(record["there"]), entries, extra, second)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the state of a file's genres: {error!r}") from error


def filled(fields: Fields) -> dict[str, Sequence[str]]:
    """Return the fields that have a value."""
    return {name: values for name, values in fields.items() if any(values)}


def field_name(name: str) -> str:
    """Return the name that a field of any container has in `Fields`.

    Examples
    --------
    >>> field_name("MusicBrainz Track Id"), field_name("MusicBrainz/Album Artist Id")
    ('musicbrainz_trackid', 'musicbrainz_albumartistid')
    """
    name = name.lower().strip()
    if name.startswith("musicbrainz"):
        return "musicbrainz_" + re.sub(r"[ /_]", "", name.removeprefix("musicbrainz"))
    return _OTHER_NAMES.get(name, name)


def _texts(fields: Fields, name: str) -> list[str]:
    values = (value.replace("\0", " ").strip() for value in fields.get(name, ()))
    return [value for value in values if value]


def tags_of(fields: Fields) -> Tags:
    """Return what fields say.

    Examples
    --------
    >>> tags = tags_of({"artist": ["A", "B"], "date": ["1997-03-02"], "tracknumber": ["03/12"]})
    >>> tags.artist, tags.year, tags.track_number
    ('A', 1997, 3)
    >>> tags = tags_of({"artist": ["A", "B"], "date": ["1997-03-02"], "genre": ["Rock", ""]})
    >>> tags.artist, tags.genres, tags.year
    ('A', ('Rock',), 1997)
    """

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
