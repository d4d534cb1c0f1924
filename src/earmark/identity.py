"""Who a track is by, and which recording and which song it is: one key for each.

Spellings of a name have one key. The two keys differ on purpose: that of an artist keeps
punctuation, which tells artists apart ("+44", "!!!"), that of a title keeps only words, and drops
what names a version.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Protocol

import numpy as np
import numpy.typing as npt

from earmark.features import SAME_RECORDING, recording_likeness
from earmark.tags import Tags

__all__ = [
    "SAME_SOUND",
    "VARIOUS_ARTISTS",
    "TrackIdentity",
    "artist_key",
    "artist_of",
    "is_various",
    "recording_keys",
    "same_sound",
    "title_key",
]

VARIOUS_ARTISTS = "Various Artists"
"""The artist of an album whose tracks are by several, if it names none itself."""

SAME_SOUND = 3.0
"""Mean difference of bands, in steps of 1/255 of 80 dB, below which two tracks are one recording.

Measured: encoded again as MP3 or Opus of 64 to 128 kbit/s 0.05 to 2.1 (one piece of 13 up to 3.6);
the first 15 to 20 s of an excerpt against all of it 0.2 to 2.5; different excerpts of GTZAN, the
nearest of 430,000 pairs, 4.05. See ``docs/decisions/0011-indexes.md``.
"""

_MIN_SEGMENTS = 4
_N_BANDS = 128

_VERSION = (
    r"\b(?:live|(?:re-?)?master(?:ed|ing)?|demo|mono|stereo|acoustic|unplugged|instrumental|karaoke"
    r"|version|edit|(?:re-?)?mix(?:ed)?|take|bonus|deluxe|explicit|clean|session|rehearsal|alternate"
    r"|outtake|anniversary|feat|ft|featuring|single|radio|extended|original)\b"
)
_BRACKETS = re.compile(rf"[(\[{{][^)\]}}]*{_VERSION}[^)\]}}]*[)\]}}]")
_SUFFIX = re.compile(rf"\s[-\N{{EN DASH}}\N{{EM DASH}}/]\s.*{_VERSION}.*$")
_GUEST = re.compile(r"\s(?:feat|ft|featuring)\b\.?\s.*$")
_GUEST_OF_ARTIST = re.compile(r"\s*[(\[]?\s*\b(?:feat|ft|featuring)\b\.?\s.*$", re.IGNORECASE)
_VARIOUS = frozenset(["va", "various", VARIOUS_ARTISTS.casefold()])
_IDS = ("musicbrainz_trackid", "isrc")


def title_key(title: str) -> str:
    """Return what the titles of versions of one song have in common.

    Parameters
    ----------
    title : str
        As a tag writes it.

    Returns
    -------
    str
        Letters and digits without case, and without "(live)", "- remastered 2009" and the like.

    Examples
    --------
    >>> title_key("Come Together - Remastered 2009") == title_key("come together (Live at Home)")
    True
    >>> title_key("Live and Let Die")
    'live and let die'
    """
    plain = " ".join(unicodedata.normalize("NFKC", title).casefold().split())
    bare = _GUEST.sub("", _SUFFIX.sub("", _BRACKETS.sub(" ", plain)))
    words = re.findall(r"[^\W_]+", bare) or re.findall(r"[^\W_]+", plain)
    return " ".join(words)


class TrackIdentity(Protocol):
    """What tracks are identified by: a track of a library, or of any other collection."""

    @property
    def tags(self) -> Tags:
        """Its tags, from its file or from a list."""

    @property
    def digest(self) -> bytes | None:
        """Digest of the encoded audio, if there is any."""


def artist_key(artist: str) -> str:
    """Return what two spellings of one artist have in common.

    Parameters
    ----------
    artist : str
        As a tag writes it.

    Returns
    -------
    str
        Without case, superfluous blanks and guests ("feat."); ``""`` for no artist.

    Examples
    --------
    >>> artist_key("The  Band feat. A Singer") == artist_key("the band")
    True
    """
    plain = " ".join(unicodedata.normalize("NFKC", artist).split())
    return (_GUEST_OF_ARTIST.sub("", plain) or plain).casefold()


def is_various(artist: str) -> bool:
    """Tell whether the artist of an album stands for several.

    Parameters
    ----------
    artist : str
        As a tag or the name of a folder writes it.

    Returns
    -------
    bool
        True for `VARIOUS_ARTISTS` and what is short for it.

    Examples
    --------
    >>> is_various("various"), is_various("The Various")
    (True, False)
    """
    return artist.casefold() in _VARIOUS


def artist_of(track: TrackIdentity) -> str:
    """Return whom a track is by, as `artist_key` writes it.

    Parameters
    ----------
    track : TrackIdentity
        The track.

    Returns
    -------
    str
        ``""`` where its tags do not say.
    """
    return artist_key(track.tags.artist or track.tags.albumartist)


def recording_keys(track: TrackIdentity) -> frozenset[tuple[str, ...]]:
    """Return what a track shares with every other of the same recording or song.

    Parameters
    ----------
    track : TrackIdentity
        The track.

    Returns
    -------
    frozenset of tuple of str
        Two tracks that have one of these in common are one song: the digest of the encoded audio,
        ids of MusicBrainz and ISRC, artist and title.
    """
    keys: set[tuple[str, ...]] = set()
    if track.digest is not None:
        keys.add(("digest", track.digest.hex()))
    ids = track.tags.ids
    keys |= {(name, ids[name].casefold()) for name in _IDS if ids.get(name)}
    artist, title = artist_of(track), title_key(track.tags.title)
    if artist and title:
        keys.add(("song", artist, title))
    return frozenset(keys)


def same_sound(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> bool:
    """Tell whether two tracks are the same recording by their sound, from the start on.

    Parameters
    ----------
    first, second : np.ndarray of uint8 [shape=(n_segments, 256)]
        Their segments, as the feature set ``segment_bands`` has them.

    Returns
    -------
    bool
        True where the means of bands over each segment, less their own mean, differ by less than
        `SAME_SOUND` on average, over as many segments as both have: 4 or more, else nothing is
        known. Or where they take the same course, from a segment later on at most
        (`earmark.features.recording_likeness`), which does not mind how either was equalised. One
        that begins half a second later is mostly not recognised.

    Examples
    --------
    >>> a = np.arange(1024, dtype=np.uint8).reshape(4, 256)
    >>> same_sound(a, a + np.uint8(1)), same_sound(a, a[:, ::-1])
    (True, False)
    """
    n = min(len(first), len(second))
    if n < _MIN_SEGMENTS:
        return False
    if _difference(first, second, n) < SAME_SOUND:
        return True
    return recording_likeness(first, second) >= SAME_RECORDING


def _difference(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], n_segments: int
) -> float:
    a, b = (one[:n_segments, :_N_BANDS].astype(np.float32) for one in (first, second))
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    return float(np.abs(a - b).mean())
