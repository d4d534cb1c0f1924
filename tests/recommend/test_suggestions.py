"""What is suggested in a small library: music like the query, and no junk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_songs import add_song, add_songs, segments_of, style_vector

from earmark.errors import ParameterError
from earmark.library import Filters, Library, open_library
from earmark.models import spaces
from earmark.recommend import (
    FLOORS,
    By,
    Catalogue,
    LeftOut,
    Length,
    Neighbourhood,
    Selection,
    find_similar,
    playlist_between,
    playlist_like,
    playlist_of,
)

BOTH: list[By] = ["style", "timbre"]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        yield library


def near(library: Library, query: int, **settings: Any) -> Neighbourhood:
    catalogue = Catalogue(library)
    return find_similar(catalogue, catalogue.song(query), **settings)


def ids(neighbourhood: Neighbourhood) -> set[int]:
    return {one.track.id for one in neighbourhood.neighbours}


def add_silence(library: Library, number: int) -> int:
    """Add a track as a scan does that finds no sound in it."""
    track_id = add_song(library, number, loudness=None)
    with library.transaction() as connection:
        connection.execute(
            "UPDATE answer SET genre = NULL, confidence = NULL, runner_up = NULL, margin = NULL, "
            "distance = NULL, probabilities = NULL, unsure = 'silent' WHERE track_id = ?",
            [track_id],
        )
        connection.execute("UPDATE embedding SET vector = x'' WHERE track_id = ?", [track_id])
        connection.execute(
            "UPDATE matrix SET n_rows = 0, content = x'' WHERE track_id = ?", [track_id]
        )
    return track_id


# --- short, silent and unfamiliar tracks ---------------------------------------------------------


@pytest.mark.parametrize("by", BOTH)
def test_short_tracks_are_left_out_unless_asked_for(library: Library, by: By) -> None:
    song, other = add_song(library, 1), add_song(library, 2)
    jingle, longer = add_song(library, 3, duration=1.0), add_song(library, 4, duration=19.9)
    found = near(library, song, by=by)
    assert ids(found) == {other}
    assert found.left_out == LeftOut(short=2)
    assert ids(near(library, song, by=by, selection=Selection(min_length=10))) == {other, longer}
    everything = near(library, song, by=by, selection=Selection(min_length=0))
    assert ids(everything) == {other, jingle, longer}
    assert everything.left_out == LeftOut()
    assert near(library, jingle, by=by).neighbours  # it can be asked about


@pytest.mark.parametrize("by", BOTH)
def test_unfamiliar_tracks_are_left_out_where_the_query_is_familiar(
    library: Library, by: By
) -> None:
    song, other = add_song(library, 1), add_song(library, 2, unsure="undecided")
    bird, dog = (add_song(library, number, unsure="unfamiliar") for number in (3, 4))
    found = near(library, song, by=by)
    assert ids(found) == {other}
    assert found.left_out == LeftOut(unfamiliar=2)
    included = near(library, song, by=by, selection=Selection(include_unfamiliar=True))
    assert ids(included) == {other, bird, dog}
    # What the model does not know gets what is like it.
    assert ids(near(library, bird, by=by)) == {song, other, dog}


def test_zouk_gets_zouk_also_once_its_genre_is_corrected(library: Library) -> None:
    zouk = [add_song(library, number, unsure="unfamiliar") for number in range(5)]
    assert ids(near(library, zouk[0])) == set(zouk[1:])
    library.set_genre(zouk[:2], "zouk", now=1.0)
    assert ids(near(library, zouk[0])) == set(zouk[1:])
    rock = add_song(library, 9)
    # A track whose genre the user has named is music, whatever the model knows.
    assert ids(near(library, rock)) == set(zouk[:2])


@pytest.mark.parametrize("by", BOTH)
def test_silent_tracks_are_never_suggested(library: Library, by: By) -> None:
    song, other = add_song(library, 1), add_song(library, 2)
    silence = add_silence(library, 3)
    found = near(library, song, by=by, selection=Selection(None, 0, True, 0.0))
    assert ids(found) == {other}
    assert found.left_out == LeftOut(silent=1)
    with pytest.raises(ParameterError, match="is silent: there is nothing to compare"):
        near(library, silence, by=by)


def test_silent_tracks_break_no_playlist(library: Library) -> None:
    add_songs(library, 12)
    silence = add_silence(library, 50)
    catalogue = Catalogue(library)
    made = [
        playlist_like(catalogue, [1], length=Length(4)),
        playlist_between(catalogue, 1, 2, length=Length(6)),
        playlist_of(catalogue, Filters(tempo=(80, 200)), length=Length(12)),
    ]
    for playlist in made:
        assert silence not in [track.id for track in playlist.tracks]
        assert np.isfinite(playlist.steps).all()
        assert playlist.left_out.silent == 1
    with pytest.raises(ParameterError, match="is silent"):
        playlist_between(catalogue, 1, silence, length=Length(6))


def test_way_leads_past_short_and_unfamiliar_tracks(library: Library) -> None:
    first, last = add_song(library, 1, genre="rock"), add_song(library, 2, genre="jazz")
    between = [
        add_song(library, number, genre=genre) for number, genre in ((3, "rock"), (4, "jazz"))
    ]
    jingle = add_song(library, 5, duration=3.0)
    bird = add_song(library, 6, unsure="unfamiliar")
    catalogue = Catalogue(library)
    made = playlist_between(catalogue, first, last, length=Length(6))
    assert {track.id for track in made.tracks} == {first, *between, last}
    assert (made.left_out.short, made.left_out.unfamiliar) == (1, 1)
    anything = Selection(min_length=0, include_unfamiliar=True)
    made = playlist_between(catalogue, first, last, length=Length(6), selection=anything)
    assert {jingle, bird} < {track.id for track in made.tracks}


# --- the floor of likeness -----------------------------------------------------------------------


def turned(vector: np.ndarray[Any, Any], cosine: float) -> np.ndarray[Any, Any]:
    """Return a vector of length one with this cosine to another of length one."""
    other = np.roll(vector, 1)
    other -= (other @ vector) * vector
    other /= np.linalg.norm(other)
    return (cosine * vector + np.sqrt(1 - cosine**2) * other).astype(np.float32)


def test_songs_below_the_floor_of_likeness_are_not_shown(library: Library) -> None:
    vector = style_vector("rock", 1)
    song = add_song(library, 1, vector=vector)
    above, below, opposite = (
        add_song(library, number, vector=turned(vector, cosine))
        for number, cosine in ((2, FLOORS["style"] + 0.01), (3, FLOORS["style"] - 0.01), (4, -0.5))
    )
    found = near(library, song)
    assert ids(found) == {above}
    assert found.left_out == LeftOut(unlike=2)
    anything = near(library, song, selection=Selection(min_likeness=0))
    assert ids(anything) == {above, below, opposite}
    assert anything.left_out == LeftOut()
    assert ids(near(library, song, selection=Selection(min_likeness=0.5))) == set()
    # Where there are enough songs, nobody has to know of those far away.
    assert near(library, song, n=1).left_out == LeftOut()


def test_segments_below_the_floor_do_not_count(library: Library) -> None:
    space = spaces()["timbre"]
    song, other = add_song(library, 1, genre="rock"), add_song(library, 2, genre="rock")
    far = add_song(library, 3, genre="jazz")
    fingerprint = space.feature_set.fingerprint
    mine, like, unlike = (
        space.embed(segments_of(genre, number), fingerprint=fingerprint)
        for genre, number in (("rock", 1), ("rock", 2), ("jazz", 3))
    )
    nearest = [float((mine @ rows.T).max()) for rows in (like, unlike)]
    floor = sum(nearest) / 2
    assert nearest[0] > floor > nearest[1]
    found = near(library, song, by="timbre", selection=Selection(min_likeness=floor))
    assert ids(found) == {other}
    assert found.left_out == LeftOut(unlike=1)
    anything = Selection(min_likeness=0)
    assert ids(near(library, song, by="timbre", selection=anything)) == {other, far}


# --- few songs of each artist --------------------------------------------------------------------


@pytest.mark.parametrize("by", BOTH)
def test_per_artist_is_filled_up_where_too_few_are_left(library: Library, by: By) -> None:
    song = add_song(library, 0, artist="somebody")
    mine = [add_song(library, number, artist="mine") for number in range(1, 8)]
    others = [add_song(library, number) for number in (8, 9)]
    found = near(library, song, by=by, n=6, per_artist=2)
    assert set(others) < ids(found)
    assert len(ids(found) & set(mine)) == 4
    assert found.beyond_per_artist == 2
    scores = [one.score for one in found.neighbours]
    assert scores == sorted(scores, reverse=True)
    strict = near(library, song, by=by, n=4, per_artist=2)
    assert (len(strict.neighbours), strict.beyond_per_artist) == (4, 0)


def test_playlist_takes_more_of_an_artist_where_too_few_are_left(library: Library) -> None:
    add_song(library, 0, artist="somebody")
    for number in range(1, 9):
        add_song(library, number, artist=f"artist {number % 2}")
    catalogue = Catalogue(library)
    made = playlist_like(catalogue, [1], length=Length(8), per_artist=2)
    assert len(made.tracks) == 8
    most = max(Counter(track.tags.artist for track in made.tracks).values())
    assert made.notes == (f"up to {most} songs by one artist instead of 2, to fill it up",)
    few = playlist_like(catalogue, [1], length=Length(5), per_artist=2)
    assert (len(few.tracks), few.notes) == (5, ())


# --- filters of playlists ------------------------------------------------------------------------


def test_playlists_keep_to_filters(library: Library) -> None:
    add_songs(library, 60)  # of 1950 to 2009, from 80 to 139 beats a minute
    catalogue = Catalogue(library)
    filters = Filters(year=(1960, 1989), tempo=(95, None))
    wanted = {track.id for track in library.tracks(filters)}
    selection = Selection(filters)
    for made, named in (
        (playlist_like(catalogue, [1], length=Length(7), selection=selection), {1}),
        (playlist_between(catalogue, 1, 60, length=Length(7), selection=selection), {1, 60}),
        (playlist_of(catalogue, filters, length=Length(7)), set()),
    ):
        assert len(made.tracks) == 7
        assert {track.id for track in made.tracks} - named <= wanted
    assert playlist_of(catalogue, filters, length=Length(3)).title == "1960-1989, 95- bpm"


def test_playlist_of_what_the_model_does_not_know_is_of_that(library: Library) -> None:
    zouk = [add_song(library, number, unsure="unfamiliar", tempo=100.0) for number in range(4)]
    catalogue = Catalogue(library)
    made = playlist_of(catalogue, Filters(tempo=(90, 110)), length=Length(4))
    assert {track.id for track in made.tracks} == set(zouk)
    song = add_song(library, 9, tempo=100.0)
    made = playlist_of(Catalogue(library), Filters(tempo=(90, 110)), length=Length(4))
    assert [track.id for track in made.tracks] == [song]
    assert made.left_out.unfamiliar == 4


def test_playlist_of_nothing_but_jingles_says_so(library: Library) -> None:
    add_song(library, 1)
    add_song(library, 2, tempo=60.0, duration=2.0)
    with pytest.raises(ParameterError, match=r"every track that matches is left out \(1 short\)"):
        playlist_of(Catalogue(library), Filters(tempo=(50, 70)), length=Length(4))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_length": -1}, "min_length=-1"),
        ({"min_length": float("nan")}, "min_length=nan"),
        ({"min_likeness": 1.5}, "min_likeness=1.5 must be from 0 to 1"),
    ],
)
def test_bad_selection_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Selection(**settings)


def test_short_tracks_are_looked_up_in_an_index(library: Library) -> None:
    (*_, plan) = library.query(
        "EXPLAIN QUERY PLAN SELECT id FROM track WHERE duration < 60 AND duration < ?", [20.0]
    )
    assert "track_short" in plan["detail"]
