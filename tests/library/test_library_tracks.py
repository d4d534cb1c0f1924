"""What a library holds of tracks, and finds of them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up_library
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_library import CLASSES, FEATURES, MODEL, SEGMENTS, SPACE, add

from earmark.errors import AudioError, LibraryError, NoAudioError, ParameterError
from earmark.files import FileState
from earmark.library import Filters, Library, library_stats, open_library
from earmark.tags import Tags


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        yield library


def names(library: Library, **filters: Any) -> list[str]:
    return [os.path.basename(one.path) for one in library.tracks(Filters(**filters))]


def test_track_is_what_was_written(library: Library) -> None:
    path = "/music/caf\udce9\n.mp3"  # no UTF-8, and a line break
    track_id = add(
        library,
        path,
        artist="Björk",
        title="It's",
        album="A",
        year=1995,
        genres=("trip hop", "jazz"),
        ids={"isrc": "X"},
        confidence=0.75,
    )
    track = library.track(track_id)
    assert track.path == path
    assert library.find(path) == track
    assert (track.tags.artist, track.tags.title, track.tags.album, track.tags.year) == (
        "Björk",
        "It's",
        "A",
        1995,
    )
    assert (track.tags.genres, dict(track.tags.ids)) == (("trip hop", "jazz"), {"isrc": "X"})
    assert (track.genre, track.answer.genre, track.corrected) == ("rock", "rock", None)
    assert (track.answer.runner_up, track.answer.confidence) == ("blues", 0.75)
    assert dict(track.answer.probabilities) == {"blues": 0.125, "jazz": 0.125, "rock": 0.75}
    assert (
        track.duration,
        track.measurements.get("tempo"),
        track.measurements.get("loudness"),
    ) == (60.0, 120.0, -20.0)
    answer = library.answer(track_id)
    assert answer is not None
    assert answer.bounds.tolist() == [[0.0, 30.0], [30.0, 60.0]]
    assert answer.timeline.shape == (2, len(CLASSES))
    wanted = made_up_library.analysis(seed=len(path)).matrices
    for fingerprint in (FEATURES, SEGMENTS):
        found = library.matrix(track_id, fingerprint)
        assert found is not None
        assert found.dtype == wanted[fingerprint].dtype
        assert np.array_equal(found, wanted[fingerprint])
    assert library.matrix(track_id, "0" * 64) is None


def test_tags_that_are_not_utf8_are_kept_as_far_as_they_are(library: Library) -> None:
    track_id = add(library, "/a.mp3", artist="a\udcff", genres=("b\udcff",))
    assert library.track(track_id).tags.artist == "a?"


def test_same_file_is_one_track(library: Library) -> None:
    first = add(library, "/a.mp3", genre="jazz")
    assert add(library, "/a.mp3", genre="rock", track_id=first) == first
    assert [one.genre for one in library.tracks()] == ["rock"]
    assert len(list(library.segments(SEGMENTS))) == 1


FILTERED = [
    ({"genre": "JAZZ"}, ["b", "d"]),
    ({"genre": "reggae"}, ["c"]),
    ({"genre": "rock"}, ["a"]),
    ({"artist": "MILES"}, ["b"]),
    ({"artist": "various"}, ["c"]),
    ({"artist": "100%"}, ["d"]),
    ({"artist": "1000"}, []),
    ({"artist": "björk"}, ["a"]),
    ({"artist": "BJÖRK"}, ["a"]),
    ({"title": "b_ue"}, []),
    ({"title": "blue"}, ["b"]),
    ({"album": "kind"}, ["b"]),
    ({"words": ("miles", "blue")}, ["b"]),
    ({"words": ("miles", "so what")}, []),
    ({"words": ("100%", "D.mp")}, ["d"]),
    ({"words": ("100%", "xy")}, []),
    ({"year": (1959, 1959)}, ["b"]),
    ({"year": (1960, None)}, ["a"]),
    ({"year": (None, 1994)}, ["b"]),
    ({"tempo": (100, None)}, ["a", "b"]),
    ({"min_confidence": 0.7}, ["a", "b"]),
    ({"max_confidence": 0.6}, ["c", "d"]),
    ({"unsure": True}, ["d"]),
    ({"unsure": False}, ["a", "b", "c"]),
    ({"corrected": True}, ["c"]),
    ({"corrected": False}, ["a", "b", "d"]),
    ({"path": "/music/x"}, ["a", "b"]),
    ({"path": "/music/x/a.mp3"}, ["a"]),
    ({"path": "/music/x/"}, ["a", "b"]),
    ({"path": "/mus"}, []),
    ({"genre": "jazz", "unsure": True}, ["d"]),
    ({"missing": True}, ["gone"]),
    ({"missing": None}, ["a", "b", "c", "d", "gone"]),
    ({"state": "failed"}, ["failed"]),
    ({"state": None}, ["a", "b", "c", "d", "failed"]),
]


@pytest.fixture
def filled(library: Library) -> Library:
    add(library, "/music/x/a.mp3", genre="rock", artist="Björk", year=1995, confidence=0.9)
    add(
        library,
        "/music/x/b.mp3",
        genre="jazz",
        artist="Miles Davis",
        title="Blue in Green",
        album="Kind of Blue",
        year=1959,
    )
    corrected = add(
        library,
        "/music/xy/c.mp3",
        genre="rock",
        albumartist="Various Artists",
        confidence=0.5,
        unsure="unfamiliar",
        tempo=80.0,
    )
    add(
        library,
        "/music/xy/d.mp3",
        genre="jazz",
        artist="100% Pure",
        confidence=0.4,
        unsure="undecided",
        tempo=70.0,
    )
    gone = add(library, "/music/gone.mp3")
    library.scanned.mark_missing([gone], now=5.0)
    library.scanned.add_failed(
        "/music/y/failed.mp3",
        state=FileState(3, 4),
        error=NoAudioError("/music/y/failed.mp3", "text"),
        now=1.0,
    )
    library.set_genre([corrected], " reggae ", now=2.0)
    return library


@pytest.mark.parametrize(("filters", "wanted"), FILTERED, ids=lambda one: str(one)[:40])
def test_filters(filled: Library, filters: dict[str, Any], wanted: list[str]) -> None:
    found = sorted(name.removesuffix(".mp3") for name in names(filled, **filters))
    assert found == wanted
    assert filled.count(Filters(**filters)) == len(wanted)
    assert len(filled.ids(Filters(**filters))) == len(wanted)


def test_first_bound_above_the_second_is_refused(filled: Library) -> None:
    with pytest.raises(ParameterError, match=r"year=\(2000, 1990\)"):
        filled.tracks(Filters(year=(2000, 1990)))


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("path", "abcd"),
        ("artist", "cdab"),
        ("genre", "bdca"),
        ("confidence", "abcd"),
        ("year", "cdba"),
    ],
)
def test_orders_and_pages(filled: Library, sort: str, wanted: str) -> None:
    found = "".join(os.path.basename(one.path)[0] for one in filled.tracks(sort=sort))
    assert found == wanted
    page = filled.tracks(sort=sort, limit=2, offset=1)
    assert "".join(os.path.basename(one.path)[0] for one in page) == wanted[1:3]


@pytest.mark.parametrize("wrong", [{"sort": "mood"}, {"limit": -1}, {"offset": -1}])
def test_orders_and_pages_there_are_not(filled: Library, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        filled.tracks(**wrong)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(CLASSES),
            st.floats(0.375, 1.0, width=32),
            st.sampled_from([None, "undecided", "unfamiliar", "silent"]),
            st.one_of(st.none(), st.integers(1900, 2030)),
            st.one_of(st.none(), st.sampled_from(["jazz", "polka"])),
        ),
        max_size=8,
    ),
    genre=st.one_of(st.none(), st.sampled_from(["jazz", "polka", "ROCK"])),
    unsure=st.one_of(st.none(), st.booleans()),
    years=st.one_of(st.none(), st.tuples(st.none(), st.integers(1900, 2030))),
)
def test_filters_mean_what_python_means(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, genre: Any, unsure: Any, years: Any
) -> None:
    path = tmp_path_factory.mktemp("filters") / "music.db"
    wanted = []
    with open_library(path, create=True) as library:
        for number, (predicted, confidence, doubt, year, said) in enumerate(rows):
            track_id = add(
                library,
                f"/{number}.mp3",
                genre=predicted,
                confidence=confidence,
                unsure=doubt,
                year=year,
            )
            if said:
                library.set_genre([track_id], said, now=0.0)
            right = genre is None or (said or predicted).lower() == genre.lower()
            right &= unsure is None or (doubt is not None and said is None) == unsure
            right &= years is None or (year is not None and year <= years[1])
            wanted += [track_id] * right
        found = library.tracks(Filters(genre=genre, unsure=unsure, year=years))
        assert [one.id for one in found] == wanted


def test_word_of_the_user_wins_and_survives(library: Library) -> None:
    track_id = add(library, "/a.mp3", genre="rock", unsure="undecided")
    assert library.set_genre([track_id], "jazz", now=1.0) == 1
    add(library, "/a.mp3", genre="blues", unsure="undecided", track_id=track_id)
    track = library.track(track_id)
    assert (track.genre, track.corrected, track.answer.genre) == ("jazz", "jazz", "blues")
    assert track.unsure is None
    library.scanned.mark_missing([track_id], now=2.0)
    library.scanned.move([(track_id, "/b.mp3", FileState(1, 1), Tags())], now=3.0)
    assert library.track(track_id).genre == "jazz"
    assert library.set_genre([track_id], None, now=1.0) == 1
    assert library.track(track_id).genre == "blues"
    assert library.track(track_id).unsure == "undecided"
    assert library.set_genre([track_id], None, now=1.0) == 0


@pytest.mark.parametrize("genre", ["", "  ", "a\nb", "\x1b[31m"])
def test_genre_that_is_no_word_is_refused(library: Library, genre: str) -> None:
    track_id = add(library, "/a.mp3")
    with pytest.raises(ParameterError, match="genre="):
        library.set_genre([track_id], genre, now=1.0)


def test_correction_of_a_track_that_is_not_there_changes_nothing(library: Library) -> None:
    track_id = add(library, "/a.mp3")
    with pytest.raises(ParameterError, match="track=77"):
        library.set_genre([track_id, 77], "jazz", now=1.0)
    assert library.track(track_id).corrected is None


def test_files_that_changed_places(library: Library) -> None:
    first, second = add(library, "/a.mp3", genre="rock"), add(library, "/b.mp3", genre="jazz")
    third = add(library, "/c.mp3", genre="blues")
    moves = [
        (first, "/b.mp3", FileState(1, 1), Tags(title="one")),
        (second, "/a.mp3", FileState(2, 2), Tags(title="two")),
        (third, "/d.mp3", FileState(3, 3), Tags()),
    ]
    library.scanned.move(moves, now=9.0)
    assert {one.path: one.genre for one in library.tracks()} == {
        "/a.mp3": "jazz",
        "/b.mp3": "rock",
        "/d.mp3": "blues",
    }
    assert library.track(first).tags.title == "one"


def test_what_a_moved_file_replaces_is_gone(library: Library) -> None:
    first, second = add(library, "/a.mp3"), add(library, "/b.mp3")
    library.scanned.move([(first, "/b.mp3", FileState(1, 1), Tags())], now=9.0)
    assert [one.id for one in library.tracks()] == [first]
    assert library.track(second).missing
    found = library.find("/b.mp3")
    assert found is not None
    assert found.id == first


def test_other_music_at_a_place_is_another_track(library: Library) -> None:
    first = add(library, "/a.mp3", digest=b"1")
    library.set_genre([first], "jazz", now=1.0)
    second = add(library, "/a.mp3", digest=b"2")
    assert second != first
    assert [(one.id, one.corrected) for one in library.tracks()] == [(second, None)]
    assert [one.corrected for one in library.tracks(Filters(missing=True))] == ["jazz"]


def test_correction_holds_for_copies(library: Library) -> None:
    first = add(library, "/a.mp3", digest=b"1")
    library.set_genre([first], "jazz", now=1.0)
    copy = add(library, "/copy.mp3", digest=b"1")
    other = add(library, "/other.mp3", digest=b"2")
    assert library.track(copy).corrected == "jazz"
    assert library.track(other).corrected is None
    second = add(library, "/second.mp3", digest=b"3")
    again = add(library, "/again.mp3", digest=b"3")
    library.set_genre([second], "fado", now=1.0)
    library.set_genre([copy], "samba", now=2.0)
    library.scanned.mark_missing([first, second], now=3.0)
    assert library.track(again).corrected == "fado"
    assert library.track(copy).corrected == "samba"


def test_file_that_comes_back_to_its_place_takes_it_from_another(library: Library) -> None:
    first, second = add(library, "/a.mp3"), add(library, "/b.mp3")
    library.scanned.move([(first, "/b.mp3", FileState(1, 1), Tags())], now=2.0)
    library.scanned.refresh(second, FileState(2, 2), Tags(), now=3.0)  # from a backup
    assert [one.id for one in library.tracks()] == [second]
    assert library.track(first).missing


def test_only_what_is_gone_is_forgotten(library: Library) -> None:
    first, second = add(library, "/a.mp3"), add(library, "/b.mp3")
    library.set_genre([first, second], "jazz", now=1.0)
    library.scanned.mark_missing([first], now=2.0)
    assert library.scanned.prune([first, second]) == 1
    assert [one.id for one in library.tracks(Filters(missing=None))] == [second]
    for table in ("matrix", "answer", "embedding", "correction"):
        found = library.query(f"SELECT DISTINCT track_id FROM {table}")
        assert [row["track_id"] for row in found] == [second]
    assert add(library, "/c.mp3") > second  # numbers are never given twice


def test_failed_file_keeps_its_place_and_its_correction(library: Library) -> None:
    track_id = add(library, "/a.mp3")
    library.set_genre([track_id], "jazz", now=1.0)
    error = AudioError("/a.mp3", "it is cut short")
    found = library.scanned.add_failed("/a.mp3", state=None, error=error, now=2.0)
    assert found == track_id
    track = library.track(track_id)
    assert (track.state, track.error_code) == ("failed", "audio")
    assert track.error_reason == "it is cut short"
    assert track.corrected == "jazz"
    # What was heard before is kept, should it be itself again, and takes no part meanwhile.
    assert track.digest is not None
    assert library.answer(track_id) is not None
    assert list(library.segments(SEGMENTS)) == []
    assert library.embeddings(SPACE)[0].tolist() == []
    library.scanned.refresh(track_id, FileState(5, 5), Tags(), now=3.0)
    assert library.track(track_id).state == "analysed"
    assert library.track(track_id).error_reason is None
    assert len(list(library.segments(SEGMENTS))) == 1


def test_vectors_are_those_of_files_that_are_there(library: Library) -> None:
    first, second = add(library, "/a.mp3"), add(library, "/b.mp3")
    ids, vectors = library.embeddings(SPACE)
    assert ids.tolist() == [first, second]
    assert vectors.tolist() == [[0.0, 1.0, 2.0]] * 2
    assert vectors.dtype == np.float32
    ids, values = library.measurements()
    assert ids.tolist() == [first, second]
    assert values[0].tolist() == [120.0, 2000.0, pytest.approx(-20.0), pytest.approx(0.3)]
    library.scanned.mark_missing([first], now=1.0)
    assert library.embeddings(SPACE)[0].tolist() == [second]
    assert [number for number, _ in library.segments(SEGMENTS)] == [second]
    ids, vectors = library.embeddings("0" * 64)
    assert (len(ids), len(vectors)) == (0, 0)


def test_generation_changes_with_vectors_alone(library: Library) -> None:
    seen = [library.generation]

    def changed() -> bool:
        seen.append(library.generation)
        return seen[-1] != seen[-2]

    track_id = add(library, "/a.mp3")
    assert changed()
    library.set_genre([track_id], "jazz", now=1.0)
    library.scanned.refresh(track_id, FileState(7, 7), Tags(artist="b"), now=1.0)
    library.scanned.answer(track_id, made_up_library.answer("jazz"))
    assert not changed()
    library.scanned.mark_missing([track_id], now=1.0)
    assert changed()
    library.scanned.prune([track_id])
    assert changed()


def test_reader_sees_what_was_committed_while_another_writes(library: Library) -> None:
    add(library, "/a.mp3")
    with open_library(library.path) as reader, library.transaction():
        add(library, "/b.mp3")
        assert reader.count() == 1
        assert library.count() == 2
    with open_library(library.path) as reader:
        assert reader.count() == 2


def test_transaction_is_taken_back_whole(library: Library) -> None:
    def interrupted() -> None:
        with library.transaction():
            add(library, "/a.mp3")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert library.count() == 0


def test_full_disk_is_told_and_what_was_done_is_kept(library: Library) -> None:
    add(library, "/a.mp3")
    ((pages,),) = library.query("PRAGMA page_count")
    library.query(f"PRAGMA max_page_count = {pages + 2}")

    def fill() -> None:
        for number in range(100):
            add(library, f"/{number}.mp3")

    with pytest.raises(LibraryError, match="the disk is full") as caught:
        fill()
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    library.query("PRAGMA max_page_count = 100000")
    ((check,),) = library.query("PRAGMA integrity_check")
    assert check == "ok"
    n = library.count()
    assert n >= 1
    add(library, "/z.mp3")
    assert library.count() == n + 1


@pytest.mark.parametrize(
    "filters",
    [Filters(genre="caf\udce9"), Filters(year=(10**30, None)), Filters(words=("\udcff",))],
)
def test_what_no_table_can_hold_is_not_looked_for(library: Library, filters: Filters) -> None:
    with pytest.raises(ParameterError, match="cannot be searched for"):
        library.tracks(filters)


def test_names_that_are_not_utf8_hinder_no_search(library: Library) -> None:
    add(library, "/caf\udce9 \u00e9t\u00e9.flac")
    assert names(library, words=("\u00c9T\u00c9",)) == ["caf\udce9 \u00e9t\u00e9.flac"]
    assert names(library, words=("\u65e5",)) == []


def test_generations_are_drawn(tmp_path: Path) -> None:
    seen = set()
    for number in range(3):
        with open_library(tmp_path / f"{number}.db", create=True) as library:
            seen.add(library.generation)
            add(library, "/a.mp3")
            seen.add(library.generation)
    assert len(seen) == 6


def test_roots_are_not_named_twice(library: Library) -> None:
    scanned = library.scanned
    scanned.add_roots(["/music/rock", "/other"], now=1.0)
    scanned.add_roots(["/music"], now=2.0)
    scanned.add_roots(["/music/jazz", "/music"], now=3.0)
    assert scanned.roots() == ["/music", "/other"]
    scanned.forget_roots(["/other", "/never"])
    assert scanned.roots() == ["/music"]


def test_settings_are_remembered(library: Library) -> None:
    assert library.setting("model") is None
    library.remember("model", "a")
    library.remember("model", {"b": [1]})
    assert library.setting("model") == {"b": [1]}


def test_stats(filled: Library) -> None:
    stats = library_stats(filled)
    assert (stats.n_tracks, stats.n_failed, stats.n_missing) == (4, 1, 1)
    assert dict(stats.genres) == {"jazz": 2, "reggae": 1, "rock": 1}
    assert dict(stats.n_unsure) == {"undecided": 1}
    assert (stats.n_corrected, stats.n_without_genre) == (1, 4)
    assert (stats.n_artists, stats.n_albums, stats.duration) == (3, 1, 240.0)
    assert dict(stats.decades) == {1950: 1, 1990: 1}
    assert stats.n_bytes > 4096


def test_model_of_each_answer_is_known(filled: Library) -> None:
    known = {os.path.basename(one.path): one for one in filled.scanned.known()}
    assert known["a.mp3"].answered_by == MODEL
    assert known["a.mp3"].placed_by == SPACE
    assert known["a.mp3"].fingerprints == {FEATURES, SEGMENTS}
    assert known["failed.mp3"].failed
    assert known["failed.mp3"].state == FileState(3, 4)
    assert known["gone.mp3"].missing
