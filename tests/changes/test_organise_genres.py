"""Whose word on the genre counts, and how the songs of an album vote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from change_helpers import add_failed
from organise_helpers import know, planned, write_song

from earmark.changes.files import OrganisePlan, OrganisePolicy, make_organise_plan
from earmark.errors import ParameterError
from earmark.library import Library, open_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


def song(library: Library, folder: Path, name: str, /, **known: Any) -> None:
    know(library, write_song(folder / f"{name}.mp3", name.encode()), **known)


def genres(plan: OrganisePlan) -> dict[str, str]:
    """Return the folder each song comes into, by its name."""
    return {Path(row.path).stem: row.target.split("/")[0] for row in plan.rows}


def test_genre_of_the_tags_is_taken_where_asked_for(
    library: Library, tmp_path: Path, into: Path
) -> None:
    song(library, tmp_path, "tagged", genre="rock", genres=("Other", "hip hop"))
    song(library, tmp_path, "empty", genre="rock", genres=("Unknown",))
    song(library, tmp_path, "mine", genre="rock", genres=("my own",))
    song(library, tmp_path, "corrected", genre="rock", genres=("Jazz",), corrected="Dub")
    song(library, tmp_path, "unsure", genre="rock", unsure="undecided", genres=("Misc",))
    add_failed(library, write_song(tmp_path / "failed.mp3"))
    wanted = {
        "predicted": ("Rock", "Rock", "Rock", "Dub", "Unsure", ""),
        "tag": ("Hip-Hop", "Unknown genre", "my own", "Dub", "Unknown genre", "Unknown genre"),
        "tag-or-predicted": ("Hip-Hop", "Rock", "my own", "Dub", "Unsure", ""),
    }
    names = ("tagged", "empty", "mine", "corrected", "unsure", "failed")
    for source, folders in wanted.items():
        plan = planned(library, into, by="genre", genre_source=source)
        assert genres(plan) == dict(zip(names, folders, strict=True)), source
    plan = planned(
        library, into, by="genre", genre_source="tag-or-predicted", treat_as_empty=("My Own",)
    )
    assert genres(plan)["mine"] == "Rock"
    plan = planned(library, into, by="genre", genre_source="tag", keep_unsure=True)
    kept = {Path(row.path).stem: row.why for row in plan.rows if row.action == "keep"}
    assert kept == dict.fromkeys(["empty", "failed", "unsure"], "no genre in its tags")
    with pytest.raises(ParameterError, match="genre_source='tags' is not one of predicted, tag"):
        planned(library, into, genre_source="tags")


def test_plan_says_what_happens_to_unsure_and_silent_songs(
    library: Library, tmp_path: Path, into: Path
) -> None:
    for reason in ("unfamiliar", "undecided", "silent"):
        song(library, tmp_path, reason, unsure=reason)
    plan = planned(library, into, by="genre")
    assert set(genres(plan).values()) == {"Unsure"}
    notes = {Path(row.path).stem: row.note for row in plan.rows}
    assert notes["silent"] == "silent"
    assert notes["unfamiliar"] == "not like any music I know"
    assert notes["undecided"].startswith("not sure: between jazz and ")
    assert plan.notes == {"not sure": 1, "not like any music I know": 1, "silent": 1}
    plan = planned(library, into, by="genre", keep_unsure=True)
    assert {row.action for row in plan.rows} == {"keep"}
    assert {row.why for row in plan.rows} == set(notes.values())
    assert planned(library, into, by="artist").notes == {}


def test_songs_of_an_album_in_one_folder_get_one_genre_by_vote(
    library: Library, tmp_path: Path, into: Path
) -> None:
    blue = {"album": "Blue", "artist": "Ann"}
    for name, genre in (("1", "jazz"), ("2", "jazz"), ("3", "rock")):
        song(library, tmp_path / "Blue", name, genre=genre, **blue)
    song(library, tmp_path / "Blue", "4", genre="rock", unsure="undecided", **blue)
    song(library, tmp_path / "Blue", "5", genre="rock", corrected="Soul", **blue)
    song(library, tmp_path / "Blue", "other", genre="rock", album="Red")
    song(library, tmp_path / "elsewhere", "single", genre="rock", **blue)
    song(library, tmp_path / "Blue", "loose", genre="rock")
    song(library, tmp_path / "Blue", "loose 2", genre="blues")
    plan = planned(library, into, by="genre")
    found = genres(plan)
    assert [found[name] for name in "1234"] == ["Jazz"] * 4
    assert found["5"] == "Soul", "what you said of a song holds"
    assert (found["other"], found["single"]) == ("Rock", "Rock")
    assert (found["loose"], found["loose 2"]) == ("Rock", "Blues")
    notes = {Path(row.path).stem: row.note for row in plan.rows}
    assert notes["3"] == notes["4"] == "genre of its album: 2 of 5 songs"
    assert notes["1"] == ""
    alone = genres(planned(library, into, by="genre", per_album=False))
    assert [alone[name] for name in "1234"] == ["Jazz", "Jazz", "Rock", "Unsure"]


def test_discs_of_an_album_vote_together_and_ties_go_to_the_surer(
    library: Library, tmp_path: Path, into: Path
) -> None:
    for disc, genre in (("CD1", "jazz"), ("CD2", "rock")):
        song(library, tmp_path / "Blue" / disc, f"{genre}", genre=genre, album="Blue")
    found = genres(planned(library, into, by="genre"))
    assert len(set(found.values())) == 1
    # Both are as sure: the first by name.
    assert set(found.values()) == {"Jazz"}


def test_whole_album_votes_though_only_some_songs_are_organised(
    library: Library, tmp_path: Path, into: Path
) -> None:
    from earmark.library import Filters

    for name, genre in (("1", "jazz"), ("2", "jazz"), ("3", "rock")):
        song(library, tmp_path / "Blue", name, genre=genre, album="Blue")
    every = library.tracks(Filters(missing=None, state=None))
    some = library.tracks(Filters(genre="rock"))
    policy = OrganisePolicy(str(into), by="genre")
    assert genres(make_organise_plan(some, policy=policy, among=every)) == {"3": "Jazz"}
