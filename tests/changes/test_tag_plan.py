"""What is planned: what would be written, and why the rest is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from change_helpers import CLASSES, add_failed, add_track, file_state
from tool_files import write_sound

from earmark.changes import load_names
from earmark.changes._genre_names import usual_name
from earmark.changes.tags import (
    TagPlan,
    TagPolicy,
    TagRow,
    Threshold,
    make_tag_plan,
    model_threshold,
)
from earmark.errors import ParameterError
from earmark.library import Filters, Library, open_library
from earmark.tags import read_tags, write_genres

LEAST = Threshold(0.8, 0.9, 0.6)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_sound(tmp_path / "song.flac", seconds=0.2)


def plan(library: Library, policy: TagPolicy | None = None) -> TagPlan:
    tracks = library.tracks(Filters(missing=None, state=None))
    return make_tag_plan(tracks, threshold=LEAST, policy=policy, classes=CLASSES, model="m")


def only(library: Library, policy: TagPolicy | None = None) -> TagRow:
    (row,) = plan(library, policy).rows
    return row


def test_sure_answer_is_written(library: Library, song: Path) -> None:
    add_track(library, song, genre="hiphop", confidence=0.8125)
    row = only(library)
    assert (row.action, row.genres, row.now, row.why) == ("write", ("Hip-Hop",), (), "")
    assert row.confidence == pytest.approx(0.8125)
    assert row.seen is not None
    assert row.seen.size == song.stat().st_size
    assert plan(library).covered == 1.0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"confidence": 0.7}, "below the threshold"),
        ({"unsure": "undecided"}, "not sure: between jazz and blues"),
        ({"unsure": "unfamiliar"}, "not like any music I know"),
    ],
)
def test_doubtful_answer_is_not(
    library: Library, song: Path, said: dict[str, object], why: str
) -> None:
    add_track(library, song, **said)  # type: ignore[arg-type]
    row = only(library, TagPolicy(replace=True))
    assert (row.action, row.why) == ("keep", why)
    assert plan(library).covered == 0.0
    assert plan(library).kept == {why.partition(": between")[0]: 1}


def test_undecided_answers_are_counted_as_one_reason(library: Library, tmp_path: Path) -> None:
    for number, (genre, second) in enumerate([("jazz", "blues"), ("blues", "hiphop")]):
        song = write_sound(tmp_path / f"{number}.flac", seconds=0.2)
        add_track(library, song, genre=genre, second=second, unsure="undecided")
    planned = plan(library)
    assert len({row.why for row in planned.rows}) == 2
    assert planned.kept == {"not sure": 2}


def test_word_of_the_user_is_certain(library: Library, song: Path) -> None:
    add_track(library, song, confidence=0.3, unsure="unfamiliar", corrected="my Own")
    row = only(library)
    assert (row.action, row.genres, row.confidence) == ("write", ("my Own",), None)
    assert row.why == "your correction"


def test_genre_that_is_there_is_kept_unless_asked(library: Library, song: Path) -> None:
    write_genres(song, ["Bebop"])
    add_track(library, song, corrected="Hard Bop")
    row = only(library)
    assert (row.action, row.now, row.why) == ("keep", ("Bebop",), "has a genre")
    row = only(library, TagPolicy(replace=True))
    assert (row.action, row.genres) == ("write", ("Hard Bop",))


def test_file_that_says_so_is_kept(library: Library, song: Path) -> None:
    write_genres(song, ["Jazz"])
    add_track(library, song)
    assert only(library, TagPolicy(replace=True)).why == "already has this genre"


def test_several_genres(library: Library, song: Path) -> None:
    add_track(library, song, genre="jazz", confidence=0.8125, second="blues")
    assert only(library).genres == ("Jazz",)
    assert only(library, TagPolicy(max_genres=3, also=0.15)).genres == ("Jazz", "Blues")
    assert only(library, TagPolicy(max_genres=3, also=0.2)).genres == ("Jazz",)
    assert only(library, TagPolicy(max_genres=3, also=0.0)).genres[:2] == ("Jazz", "Blues")
    assert len(only(library, TagPolicy(max_genres=3, also=0.0)).genres) == 3


def test_names_of_the_user(library: Library, song: Path) -> None:
    add_track(library, song, genre="jazz", confidence=0.8125, second="blues")
    both = TagPolicy(max_genres=2, also=0.1, names={"jazz": "Bebop", "blues": "Delta"})
    assert only(library, both).genres == ("Bebop", "Delta")
    same = TagPolicy(max_genres=2, also=0.1, names={"jazz": "X", "blues": "X"})
    assert only(library, same).genres == ("X",)
    second = TagPolicy(max_genres=2, also=0.1, names={"blues": ""})
    assert only(library, second).genres == ("Jazz",)
    row = only(library, TagPolicy(max_genres=2, also=0.1, names={"jazz": ""}))
    assert (row.action, row.why) == ("keep", "your names file leaves this genre out")
    with pytest.raises(ParameterError, match="no genre is called 'jaz'"):
        only(library, TagPolicy(names={"jaz": "Jazz"}))


def test_files_that_cannot_be_written_are_kept(library: Library, tmp_path: Path) -> None:
    names = ("gone", "readonly", "linked", "other")
    songs = {name: write_sound(tmp_path / f"{name}.wav", seconds=0.2) for name in names}
    for song in songs.values():
        add_track(library, song)
    songs["gone"].unlink()
    songs["readonly"].chmod(0o444)
    os.link(songs["linked"], tmp_path / "b.wav")
    songs["other"].write_bytes(b"something else")
    add_failed(library, write_sound(tmp_path / "failed.wav", seconds=0.2))
    why = {os.path.basename(row.path).partition(".")[0]: row.why for row in plan(library).rows}
    assert why == {
        "gone": "the file no longer exists",
        "readonly": "it is read-only",
        "linked": "it has 2 names (hard links), which changing it would part",
        "other": "tags of this kind of file cannot be written",
        "failed": "not analysed: no decoder finds audio in it",
    }
    assert plan(library).to_change == ()


def test_file_that_is_gone_is_not_listed_where_another_is(
    library: Library, song: Path, tmp_path: Path
) -> None:
    add_track(library, song)
    other = write_sound(tmp_path / "other.flac", seconds=0.2, seed=1)
    add_track(library, other, genre="rock")
    other.replace(song)
    moved = (2, str(song), file_state(song), read_tags(song))
    library.scanned.move([moved], now=2.0)
    assert library.count(Filters(missing=None, state=None)) == 2
    row = only(library)
    assert (row.path, row.action, row.genres) == (str(song), "write", ("Rock",))
    calls: list[tuple[int, int, str]] = []
    tracks = library.tracks(Filters(missing=None, state=None))
    for order in (tracks, tracks[::-1]):
        found = make_tag_plan(order, threshold=LEAST, progress=lambda *call: calls.append(call))
        found.write(tmp_path / "plan.csv", overwrite=True)
        assert found.rows == (row,)
        assert [one.path for one in TagPlan.read(tmp_path / "plan.csv").rows] == [str(song)]
    assert calls == [(1, 1, str(song))] * 2


def test_threshold_is_the_smallest_that_was_measured() -> None:
    told = [
        {"precision": 0.95, "confidence": 0.8, "share": 0.4},
        {"precision": 0.9, "confidence": 0.7, "share": 0.6},
    ]
    manifest = {"name": "m", "unsure": {"thresholds": told}}
    assert model_threshold(manifest) == Threshold(0.7, 0.9, 0.6)
    assert model_threshold(manifest, precision=0.92) == Threshold(0.8, 0.95, 0.4)
    with pytest.raises(
        ParameterError, match=r"99% of its answers right: it was measured only for 95%, 90%"
    ):
        model_threshold(manifest, precision=0.99)
    for without in ({"name": "m", "unsure": {}}, {"name": "m", "unsure": {"thresholds": []}}):
        with pytest.raises(ParameterError, match="it was never measured"):
            model_threshold(without)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.toml", 'hiphop = "Rap"\n"r&b" = ""\n', {"hiphop": "Rap", "r&b": ""}),
        ("a.csv", '\ufeffhiphop,Rap\n\n"r,b",\n', {"hiphop": "Rap", "r,b": ""}),
        ("a.csv", "", {}),
    ],
)
def test_file_of_names(tmp_path: Path, name: str, content: str, found: dict[str, str]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert load_names(tmp_path / name) == found


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", b"hiphop = 3\n", "'hiphop' is called 3"),
        ("a.toml", b"hiphop", "is not TOML"),
        ("a.csv", b"a,b,c\n", "line 1 has 3 fields"),
        ("a.csv", b"a,b\na,c\n", "'a' appears more than once"),
        ("a.csv", b"a,\x1b[1m\n", "which is not a valid name"),
        ("a.csv", b"\xff\xff\n", "is not UTF-8"),
    ],
)
def test_bad_file_of_names_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ParameterError, match=message):
        load_names(tmp_path / name)
    with pytest.raises(ParameterError, match="No such file"):
        load_names(tmp_path / "missing.csv")


def test_usual_names_of_the_shipped_classes() -> None:
    from earmark.models import load_model

    assert [usual_name(name) for name in load_model().classes] == [
        *("Blues", "Classical", "Country", "Disco", "Hip-Hop", "Jazz", "Metal", "Pop"),
        *("Reggae", "Rock"),
    ]


@pytest.mark.parametrize(("field", "value"), [("max_genres", 0), ("also", 1.5), ("also", -1)])
def test_bad_policy_is_refused(field: str, value: float) -> None:
    with pytest.raises(ParameterError, match=f"{field}={value!r}"):
        TagPolicy(**{field: value})  # type: ignore[arg-type]
