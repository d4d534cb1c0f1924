"""Keys of artists, titles and recordings; when two tracks are one recording by their sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.identity import (
    artist_key,
    artist_of,
    is_various,
    recording_keys,
    same_sound,
    title_key,
)
from earmark.tags import Tags


@pytest.mark.parametrize(
    "title",
    [
        *("Come Together", "come together", " COME  TOGETHER ", "Come Together (Live)"),
        *("Come Together - Remastered 2009", "Come Together (2009 Remaster)"),
        *("Come Together [Mono Version]", "Come Together - Live at the Hall, 1999"),
        *("Come Together (feat. Somebody)", "Come Together feat. Somebody", "Come, Together!"),
        *("Come Together (Radio Edit)", "Come Together \N{EN DASH} Single Version"),
        *("Come Together (Demo) [Bonus Track]", "Come Together / Acoustic"),
    ],
)
def test_versions_have_one_title(title: str) -> None:
    assert title_key(title) == "come together"


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Live and Let Die", "live and let die"),
        ("(I Can't Get No) Satisfaction", "i can t get no satisfaction"),
        ("Remix", "remix"),
        ("(Live)", "live"),
        ("Pt. 1", "pt 1"),
        ("Part 2 (Instrumental)", "part 2"),
        ("Rock-n-Roll", "rock n roll"),
        ("Alive", "alive"),
        ("\u6771\u4eac", "\u6771\u4eac"),
        ("", ""),
        ("???", ""),
    ],
)
def test_what_belongs_to_a_title_stays(title: str, key: str) -> None:
    assert title_key(title) == key


@given(st.text())
def test_key_of_a_key_is_itself_or_shorter(title: str) -> None:
    key = title_key(title)
    assert key == " ".join(key.split())
    assert len(title_key(key)) <= len(key)


@dataclass(frozen=True)
class Known:
    """What is known of a track."""

    tags: Tags = field(default_factory=Tags)
    digest: bytes | None = None


def keys(known: Mapping[str, Any]) -> frozenset[tuple[str, ...]]:
    tags = {name: value for name, value in known.items() if name != "digest"}
    return recording_keys(Known(Tags(**tags), known.get("digest")))


def segments_of(genre: str, seed: int, n: int = 6) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    centre = np.random.default_rng(len(genre)).standard_normal(256)
    levels = 100 + 20 * centre + 15 * rng.standard_normal(256)
    return np.clip(levels + 5 * rng.standard_normal((n, 256)), 0, 255).astype(np.uint8)


def test_who_a_track_is_by() -> None:
    assert (
        artist_of(Known(Tags(artist="The  Band feat. A Singer", albumartist="Various")))
        == "the band"
    )
    assert artist_of(Known(Tags(albumartist="The Band"))) == "the band"
    assert artist_of(Known()) == ""


@pytest.mark.parametrize(
    ("artist", "various"),
    [("Various Artists", True), ("VA", True), ("various", True), ("Vaughan", False), ("", False)],
)
def test_artist_that_stands_for_several(artist: str, various: bool) -> None:
    assert is_various(artist) is various


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({"digest": b"x"}, {"digest": b"x"}),
        ({"ids": {"musicbrainz_trackid": "A-1"}}, {"ids": {"musicbrainz_trackid": "a-1"}}),
        ({"ids": {"isrc": "X"}}, {"ids": {"isrc": "X"}, "artist": "b"}),
        ({"artist": "A feat. B", "title": "t"}, {"artist": "a", "title": "T (live)"}),
        ({"albumartist": "A", "title": "t"}, {"artist": "a", "title": "t"}),
    ],
)
def test_one_song_shares_a_key(first: dict[str, object], other: dict[str, object]) -> None:
    assert keys(first) & keys(other)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({}, {}),
        ({"title": "t"}, {"title": "t"}),  # by nobody knows whom
        ({"artist": "a"}, {"artist": "a"}),
        ({"artist": "a", "title": "t"}, {"artist": "b", "title": "t"}),
        ({"artist": "a", "title": "t 1"}, {"artist": "a", "title": "t 2"}),
        ({"ids": {"musicbrainz_albumid": "x"}}, {"ids": {"musicbrainz_albumid": "x"}}),
        ({"ids": {"isrc": ""}}, {"ids": {"isrc": ""}}),
    ],
)
def test_two_songs_share_none(first: dict[str, object], other: dict[str, object]) -> None:
    assert not keys(first) & keys(other)


def test_sound_is_the_same_whatever_its_level_and_length() -> None:
    segments = segments_of("rock", 1, 8).astype(np.int64)
    noise = np.random.default_rng(0).integers(-2, 3, segments.shape)
    louder = np.clip(segments + noise + 9, 0, 255).astype(np.uint8)
    whole = segments.astype(np.uint8)
    assert same_sound(whole, louder)
    assert same_sound(louder[:5], whole)
    assert not same_sound(whole, segments_of("rock", 2, 8))
    assert not same_sound(whole[:3], whole)  # too short to tell


def test_songs_that_part_after_their_beginning_are_two() -> None:
    first, other = segments_of("rock", 1, 40), segments_of("rock", 1, 40).copy()
    other[4:] = segments_of("jazz", 5, 36)
    assert not same_sound(first, other)


def test_copy_that_begins_a_segment_later_is_the_same() -> None:
    song = segments_of("rock", 1, 40)
    moving = np.random.default_rng(1).integers(-20, 21, song.shape)
    song = np.clip(song.astype(np.int64) + moving, 0, 255).astype(np.uint8)
    assert same_sound(song, song[1:])
    brighter = np.clip(song + np.linspace(-30, 30, 256), 0, 255).astype(np.uint8)
    assert same_sound(song, brighter)  # equalised otherwise
    assert not same_sound(song, song[::-1])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The Band", "the  band ", True),
        ("The Band", "The Band feat. A Singer", True),
        ("The Band", "The Band (ft. A Singer)", True),
        ("The Band", "The Band [featuring A Singer]", True),
        ("Beyonce\u0301", "Beyonc\u00e9", True),
        ("The Band", "The Bands", False),
        ("Daft Punk", "Daft", False),
        ("Little Feat", "Little", False),
        ("Swift", "Sw", False),
        ("Feat. Nobody", "", False),
    ],
)
def test_spellings_of_an_artist(one: str, other: str, same: bool) -> None:
    assert (artist_key(one) == artist_key(other)) is same
