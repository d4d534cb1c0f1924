"""Filters of tracks: genres in tags, and genres that nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_library import add

from earmark.errors import ParameterError
from earmark.library import Filters, Library, check_genre, count_genres, library_stats, open_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as library:
        yield library


def test_tracks_without_a_genre_in_their_tags_are_filtered(library: Library) -> None:
    nothing = add(library, "/a.mp3")
    named = add(library, "/b.mp3", genres=["Blues"])
    other = add(library, "/c.mp3", genres=["Other"])
    several = add(library, "/d.mp3", genres=["Genre 12", "Jazz"])
    assert library.ids(Filters(tag_genre=False)).tolist() == [nothing, other]
    assert library.ids(Filters(tag_genre=True)).tolist() == [named, several]
    mine = ("blues", "Jazz")
    without = Filters(tag_genre=False, treat_as_empty=mine)
    assert library.ids(without).tolist() == [nothing, named, other, several]
    assert library.count(Filters(tag_genre=True, treat_as_empty=mine)) == 0


def test_stats_count_values_like_other_as_no_genre(library: Library) -> None:
    add(library, "/a.mp3")
    add(library, "/b.mp3", genres=["Other"])
    add(library, "/c.mp3", genres=["Dub"])
    assert library_stats(library).n_without_genre == 2
    assert library_stats(library, Filters(treat_as_empty=("dub",))).n_without_genre == 3


def test_genre_that_no_track_has_is_refused_with_those_there_are(library: Library) -> None:
    add(library, "/a.mp3", genre="rock")
    add(library, "/b.mp3", genre="rock")
    mine = add(library, "/c.mp3", genre="rock")
    library.set_genre([mine], "Ska", now=1.0)
    add(library, "/d.mp3", genre="jazz")
    for genre in (None, "rock", "ROCK", "ska"):
        check_genre(library, genre)
    with pytest.raises(ParameterError) as refused:
        check_genre(library, "opera")
    assert str(refused.value) == (
        "genre='opera': no track has this genre. The library has: rock (2), Ska (1), jazz (1)"
    )
    assert count_genres(library, Filters(genre="ska")) == {"Ska": 1}
