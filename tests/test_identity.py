"""When two tracks are one recording, or versions of one song."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_songs import segments_of

from earmark.library import LibraryTrack
from earmark.recommend import recording_keys, same_sound, title_key


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


def track(number: int, **known: object) -> LibraryTrack:
    return LibraryTrack(number, f"/{number}.mp3", "analysed", False, **known)  # type: ignore[arg-type]


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
    assert recording_keys(track(1, **first)) & recording_keys(track(2, **other))


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
    assert not recording_keys(track(1, **first)) & recording_keys(track(2, **other))


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
