"""Playlists of a library: what is in them, in what order, and how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_songs import GENRES, add_song, add_songs

from earmark.errors import ParameterError
from earmark.identity import artist_of, recording_keys
from earmark.library import Filters, Library, open_library
from earmark.recommend import (
    Catalogue,
    Length,
    Playlist,
    Selection,
    playlist_between,
    playlist_like,
    playlist_of,
)

Make = Callable[..., Playlist]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """Return a library of 120 songs, two of each artist, some of them copies."""
    path = tmp_path_factory.mktemp("many") / "music.db"
    with open_library(path, create=True) as library:
        add_songs(library, 108, per_artist=2)
        for number in range(12):
            original = library.track(number + 1)
            add_song(
                library,
                200 + number,
                genre=GENRES[number % 3],
                artist=original.tags.artist,
                title=f"{original.tags.title} (live)",
            )
        yield Catalogue(library)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        yield library


def ids(playlist: Playlist) -> list[int]:
    return [track.id for track in playlist.tracks]


def check(playlist: Playlist) -> None:
    artists = [artist_of(track) for track in playlist.tracks]
    assert all(not a or a != b for a, b in pairwise(artists))
    keys = [recording_keys(track) for track in playlist.tracks]
    assert not any(a & b for at, a in enumerate(keys) for b in keys[:at])
    assert len(set(ids(playlist))) == len(playlist.tracks)
    assert len(playlist.steps) == max(0, len(playlist.tracks) - 1)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    named=st.lists(st.integers(1, 120), min_size=1, max_size=4),
    n=st.integers(1, 40),
    seed=st.integers(0, 3),
)
def test_like(many: Catalogue, named: list[int], n: int, seed: int) -> None:
    made = playlist_like(many, named, length=Length(n), seed=seed)
    check(made)
    assert made.tracks[0].id == named[0]
    assert len(made.tracks) <= max(n, len(set(named)))
    assert playlist_like(many, named, length=Length(n), seed=seed) == made


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ends=st.lists(st.integers(1, 108), min_size=2, max_size=2, unique=True),
    n=st.integers(3, 25),
)
def test_between(many: Catalogue, ends: list[int], n: int) -> None:
    tracks = [many.library.track(one) for one in ends]
    made = playlist_between(many, *ends, length=Length(n))
    assert (ids(made)[0], ids(made)[-1]) == tuple(ends)
    assert len(made.tracks) == n
    check(made)
    assert tracks[0].caption in made.title
    assert playlist_between(many, *ends, length=Length(n)) == made


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("seed", [0, 1])
def test_of_genre(many: Catalogue, genre: str, seed: int) -> None:
    made = playlist_of(many, Filters(genre=genre.upper()), length=Length(15), seed=seed)
    check(made)
    assert {track.genre for track in made.tracks} == {genre}
    assert len(made.tracks) == 15
    assert made.title == genre
    assert playlist_of(many, Filters(genre=genre), length=Length(15), seed=seed) == made


@pytest.mark.parametrize("n", [3, 4, 5])
def test_others_fill_up_where_one_artist_is_too_often_near(library: Library, n: int) -> None:
    first = add_song(library, 0, genre="rock", artist="a")
    for number in range(1, 4):
        add_song(library, number, genre="rock", artist="b", title=f"{number}")
    for number in range(4, 8):
        add_song(library, number, genre="jazz", artist=f"c{number}", title=f"{number}")
    anything = Selection(min_likeness=0)
    playlist = playlist_like(
        Catalogue(library), [first], length=Length(tracks=n), selection=anything
    )
    assert len(playlist.tracks) == n
    assert playlist.notes == ()
    check(playlist)


def test_another_seed_draws_others(many: Catalogue) -> None:
    for make in (
        lambda seed: playlist_of(many, Filters(genre="jazz"), length=Length(10), seed=seed),
        lambda seed: playlist_like(many, [5], length=Length(10), seed=seed),
    ):
        assert len({frozenset(ids(make(seed))) for seed in range(4)}) > 1


def test_likes_of_several_are_near_each(many: Catalogue) -> None:
    made = playlist_like(many, [1, 2], length=Length(12))
    genres = [track.genre for track in made.tracks]
    assert (genres.count("blues"), genres.count("jazz")) == (6, 6)
    assert sum(a != b for a, b in pairwise(genres)) == 1  # each song is near the one before


def test_steps_lead_from_one_to_the_other(many: Catalogue) -> None:
    made = playlist_between(many, 1, 2, length=Length(12))
    genres = [track.genre for track in made.tracks]
    assert genres[0] == "blues"
    assert genres[-1] == "jazz"
    direct = many.song(1).vector @ many.song(2).vector
    assert min(made.steps) > direct


@pytest.mark.parametrize("minutes", [15.0, 40.0, 61.5])
@pytest.mark.parametrize("kind", ["like", "between", "genre"])
def test_minutes_are_met_as_songs_allow(library: Library, kind: str, minutes: float) -> None:
    with library.transaction():
        for number in range(60):
            add_song(library, number, genre=GENRES[number % 3], duration=120.0 + 37 * number % 240)
    catalogue = Catalogue(library)
    length = Length(minutes=minutes)
    made = {
        "like": lambda: playlist_like(catalogue, [1], length=length),
        "between": lambda: playlist_between(catalogue, 1, 2, length=length),
        "genre": lambda: playlist_of(catalogue, Filters(genre="jazz"), length=length),
    }[kind]()
    assert abs(made.duration / 60 - minutes) <= 4 or made.notes
    check(made)


def test_sure_songs_of_a_genre_come_before_unsure_ones(library: Library) -> None:
    for number in range(20):
        unsure = "undecided" if number % 2 else None
        add_song(library, number, unsure=unsure, confidence=0.4 + number % 2 / 10)
    catalogue = Catalogue(library)
    made = playlist_of(catalogue, Filters(genre="rock"), length=Length(10))
    assert all(track.unsure is None for track in made.tracks)
    assert len(playlist_of(catalogue, Filters(genre="rock"), length=Length(15)).tracks) == 15


def test_what_the_user_says_counts(library: Library) -> None:
    add_songs(library, 30)
    library.set_genre([1, 4, 7], "ska", now=1.0)
    made = playlist_of(Catalogue(library), Filters(genre="Ska"), length=Length(9))
    assert sorted(ids(made)) == [1, 4, 7]
    assert made.notes == (
        "3 of 9 songs: there are no more without a recording twice or an artist twice in a row",
    )


def test_one_artist_makes_a_short_playlist(library: Library) -> None:
    for number in range(9):
        add_song(library, number, artist="The One")
    catalogue = Catalogue(library)
    for made in (
        playlist_like(catalogue, [1], length=Length(5)),
        playlist_of(catalogue, Filters(genre="rock"), length=Length(5)),
    ):
        assert len(made.tracks) == 1
        assert made.notes
    # Both ends were asked for by name.
    assert ids(playlist_between(catalogue, 1, 2, length=Length(5))) == [1, 2]


def test_song_without_artist_follows_another(library: Library) -> None:
    for number in range(9):
        add_song(library, number, artist="")
    assert len(playlist_like(Catalogue(library), [1], length=Length(6)).tracks) == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give either tracks or minutes"),
        ({"tracks": 3, "minutes": 4.0}, "give either tracks or minutes"),
        ({"tracks": 0}, "tracks=0"),
        ({"minutes": 0.0}, "minutes=0.0"),
        ({"minutes": float("inf")}, "minutes=inf"),
        ({"minutes": float("nan")}, "minutes=nan"),
    ],
)
def test_bad_length_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Length(**settings)


def test_bad_question_is_refused(many: Catalogue) -> None:
    with pytest.raises(ParameterError, match="genre='polka'"):
        playlist_of(many, Filters(genre="polka"), length=Length(3))
    with pytest.raises(ParameterError, match="like="):
        playlist_like(many, [], length=Length(3))
    with pytest.raises(ParameterError, match="track=999"):
        playlist_like(many, [999], length=Length(3))
    with pytest.raises(ParameterError, match="from and to are the same"):
        playlist_between(many, 3, 3, length=Length(3))


def test_missing_file_is_in_no_playlist(library: Library) -> None:
    add_songs(library, 30)
    library.scanned.mark_missing(range(1, 16), now=5.0)
    catalogue = Catalogue(library)
    there = {track.id for track in library.tracks(Filters())}
    assert set(ids(playlist_of(catalogue, Filters(genre="jazz"), length=Length(20)))) <= there
    assert set(ids(playlist_like(catalogue, [20], length=Length(20)))) <= there
    assert set(ids(playlist_between(catalogue, 20, 21, length=Length(9)))) <= there
