"""`similar`: what is found, what is never found, and why it is near."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_songs import GENRES, add_song, add_songs, segments_of, style_vector

from earmark.errors import LibraryError, ParameterError
from earmark.identity import recording_keys
from earmark.library import Filters, Library, open_library
from earmark.models import spaces
from earmark.recommend import (
    By,
    Catalogue,
    ExactIndex,
    FaissIndex,
    Index,
    Neighbour,
    Selection,
    Song,
    _library_indexes,
    find_similar,
)

BOTH: list[By] = ["style", "timbre"]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        yield library


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Return a library of 90 songs, three of each artist."""
    path = tmp_path_factory.mktemp("many") / "music.db"
    with open_library(path, create=True) as library:
        add_songs(library, 90, per_artist=3)
        yield library


@pytest.fixture(params=["exact", "faiss"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_library_indexes, "FAISS_FROM", 100 if request.param == "faiss" else 10**6)
    monkeypatch.setattr(_library_indexes, "_kept", {})
    # Caches of the other kind are as good: forget them.
    monkeypatch.setattr(_library_indexes, "read_cache", lambda *_: None)


def similar(library: Library, query: int | Song, **options: Any) -> list[Neighbour]:
    """Return the songs that are near one, as the workflow of that name does."""
    catalogue = Catalogue(library)
    catalogue.style  # noqa: B018  (an empty library is reported first)
    song = query if isinstance(query, Song) else catalogue.song(query)
    return list(find_similar(catalogue, song, **options).neighbours)


def ids(found: list[Neighbour]) -> list[int]:
    return [one.track.id for one in found]


def first_of(library: Library, genre: str) -> int:
    return min(track.id for track in library.tracks(Filters(genre=genre)))


@pytest.mark.parametrize("by", BOTH)
def test_near_songs_are_of_the_genre(many: Library, either: None, by: By) -> None:
    for genre in GENRES:
        found = similar(many, first_of(many, genre), by=by, n=6)
        assert [one.track.genre for one in found] == [genre] * 6
        assert all(0 < one.score <= 1 for one in found)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_style_is_the_cosine(many: Library) -> None:
    found = similar(many, 1, n=80, per_artist=None, selection=Selection(min_likeness=0))
    catalogue = Catalogue(many)
    query = catalogue.vector(1)
    assert query is not None
    for one in found:
        vector = catalogue.vector(one.track.id)
        assert vector is not None
        assert one.score == pytest.approx(max(0.0, float(query @ vector)), abs=1e-5)


def test_timbre_is_the_sum_over_the_ten_nearest_of_each_segment(many: Library) -> None:
    space = spaces()["timbre"]
    fingerprint = space.feature_set.fingerprint
    matrices = dict(many.segments(fingerprint))
    vectors = {
        one: space.embed(matrix, fingerprint=fingerprint) for one, matrix in matrices.items()
    }
    others = [one for one in vectors if one != 1]
    owner = np.repeat(others, [len(vectors[one]) for one in others])
    cosines = vectors[1] @ np.concatenate([vectors[one] for one in others]).T
    sums: Counter[int] = Counter()
    for row in cosines:
        for at in np.argsort(-row)[:11]:  # 64 songs are looked at for 6 segments: 11 each
            sums[int(owner[at])] += max(0.0, float(row[at])) / (11 * len(cosines))
    everything = Selection(min_likeness=0)
    found = similar(many, 1, by="timbre", n=4, per_artist=None, selection=everything)
    wanted = sums.most_common(4)
    assert ids(found) == [one for one, _ in wanted]
    assert [one.score for one in found] == pytest.approx([share for _, share in wanted], abs=1e-5)
    assert "of the 66 nearest segments are from it" in found[0].why


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.integers(1, 90),
    by=st.sampled_from(BOTH),
    n=st.integers(1, 40),
    per_artist=st.sampled_from([None, 1, 2]),
    genre=st.sampled_from([None, *GENRES]),
    year=st.sampled_from([None, (1960, 2000), (None, 1990)]),
)
def test_what_is_found_is_what_was_asked_for(
    many: Library,
    query: int,
    by: By,
    n: int,
    per_artist: int | None,
    genre: str | None,
    year: Any,
) -> None:
    filters = Filters(genre=genre, year=year)
    near = find_similar(
        Catalogue(many),
        Catalogue(many).song(query),
        by=by,
        n=n,
        per_artist=per_artist,
        selection=Selection(filters),
    )
    found = list(near.neighbours)
    assert query not in ids(found)
    assert len(set(ids(found))) == len(found) <= n
    assert set(ids(found)) <= {track.id for track in many.tracks(filters)}
    artists = Counter(one.track.tags.artist for one in found)
    beyond = sum(max(0, count - (per_artist or count)) for count in artists.values())
    assert near.beyond_per_artist == beyond
    selection = Selection(filters)
    assert similar(many, query, by=by, n=n, per_artist=per_artist, selection=selection) == found


def test_all_that_may_be_found_is(many: Library) -> None:
    filters = Filters(genre="jazz")
    wanted = {track.id for track in many.tracks(filters)} - {2}
    for by in BOTH:
        found = similar(many, 2, by=by, n=50, per_artist=None, selection=Selection(filters))
        assert set(ids(found)) == wanted


@pytest.mark.parametrize("either", ["faiss"], indirect=True)
def test_few_are_compared_exactly_and_many_by_the_index(
    many: Library, either: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[type] = []
    search = Index.search

    def spy(self: Index, *arguments: Any, **settings: Any) -> Any:
        searched.append(type(self))
        return search(self, *arguments, **settings)

    monkeypatch.setattr(Index, "search", spy)
    exact = similar(many, 1, by="timbre", n=5)
    monkeypatch.setattr("earmark.recommend._ranking._FEW_TRACKS", 0)
    by_index = similar(many, 1, by="timbre", n=5)
    assert searched == [ExactIndex, FaissIndex]
    assert ids(by_index) == ids(exact)


# --- one song of each recording ------------------------------------------------------------------


@pytest.mark.parametrize("by", BOTH)
def test_copies_are_folded(library: Library, by: By) -> None:
    add_songs(library, 12)
    known: dict[str, Any] = {
        "vector": style_vector("rock", 50),
        "segments": segments_of("rock", 50),
    }
    original = add_song(library, 50, digest=b"same", **known)
    copies = [
        add_song(library, 51, path="/copy.mp3", digest=b"same", artist="x", title="y", **known),
        add_song(library, 52, path="/sounds.mp3", artist="", title="", **known),
        add_song(library, 53, artist="artist 50", title="Song 50 (live)"),
    ]
    for query in (original, *copies[:2]):
        found = similar(library, query, by=by, n=20, selection=Selection(min_likeness=0))
        assert len(found) >= 12
        assert not set(ids(found)) & {original, *copies[:2]}
    assert not set(ids(similar(library, original, by=by, n=20))) & set(copies)
    nearest = similar(library, 3, by=by, n=20, selection=Selection(Filters(genre="rock")))
    shown = [one for one in nearest if {one.track.id, *one.copies} & {original, *copies}]
    assert len(shown) == 1
    assert {shown[0].track.id, *shown[0].copies} == {original, *copies}


@pytest.mark.parametrize("by", BOTH)
def test_copies_of_the_song_take_no_places(library: Library, by: By, either: None) -> None:
    add_songs(library, 12)
    first = add_song(library, 500, digest=b"same")
    with library.transaction():
        for number in range(501, 600):
            add_song(
                library,
                number,
                digest=b"same",
                vector=style_vector("rock", 500),
                segments=segments_of("rock", 500),
            )
    found = similar(library, first, by=by, n=10, selection=Selection(min_likeness=0))
    assert len(found) == 10
    assert all(one.track.id < first for one in found)


def test_no_recording_is_found_twice(many: Library) -> None:
    found = similar(many, 5, n=60, per_artist=None)
    keys = [recording_keys(one.track) for one in found]
    assert not any(a & b for at, a in enumerate(keys) for b in keys[:at])


def test_songs_without_artist_are_not_counted_as_one(library: Library) -> None:
    for number in range(8):
        add_song(library, number, artist="")
    assert len(similar(library, 1, per_artist=1)) == 7


# --- what is said, and what is refused -----------------------------------------------------------


def test_why_tells_what_both_have(many: Library) -> None:
    (nearest,) = similar(many, 1, n=1)
    assert "both most like blues (" in nearest.why
    shares = [many.track(one).answer.probabilities["blues"] for one in (1, nearest.track.id)]
    assert f"({shares[0]:.0%}, {shares[1]:.0%})".replace("%", " %") in nearest.why


def test_song_from_elsewhere_is_compared(many: Library) -> None:
    inside = Catalogue(many).song(1)
    outside = Song(
        type(inside.track)(0, "/elsewhere.mp3", "analysed", False),
        style_vector("jazz", 1000),
        segments_of("jazz", 1000),
    )
    for by in BOTH:
        assert {one.track.genre for one in similar(many, outside, by=by, n=5)} == {"jazz"}


def test_track_whose_file_is_gone_is_never_found_but_asked_about(library: Library) -> None:
    add_songs(library, 12)
    library.scanned.mark_missing([1], now=5.0)
    assert all(1 not in ids(similar(library, 4, by=by, n=20)) for by in BOTH)
    with pytest.raises(ParameterError, match="track=1 "):
        similar(library, 1)  # what it was placed by is not kept of these


def test_empty_library_is_refused(library: Library) -> None:
    with pytest.raises(LibraryError, match="no track in it can be compared"):
        similar(library, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"by": "colour"}, "by='colour' is not one of style, timbre"),
        ({"n": 0}, "n=0 must be 1 or more"),
        ({"per_artist": 0}, "per_artist=0 must be 1 or more"),
        ({"selection": Selection(Filters(year=(2000, 1990)))}, "year="),
        ({"query": 999}, "track=999 is not in the library"),
    ],
)
def test_bad_argument_is_refused(many: Library, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        similar(many, **{"query": 1, **settings})


def test_neighbour_is_json(many: Library) -> None:
    (one,) = similar(many, 1, n=1)
    content = one.to_dict()
    assert content["track"]["id"] == one.track.id
    assert (content["score"], content["why"], content["copies"]) == (one.score, one.why, [])
