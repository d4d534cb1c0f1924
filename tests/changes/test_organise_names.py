"""Whatever genres, artists and files are called: names are safe, and nothing leaves the folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from organise_helpers import know, planned, tree, write_song

from earmark.analysis import AnswerSummary
from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import OrganisePolicy, PlaceFile, make_organise_plan
from earmark.changes.files._safe_names import alike, is_safe_name, safe_name
from earmark.library import Library, LibraryTrack, open_library
from earmark.tags import Tags

FORBIDDEN = set('<>:"/\\|?*')
DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "CONIN$"}

ANY = st.text(
    st.characters() | st.sampled_from("./\\ \0\n\u202e\u0301\u200d😀\udcff\"'"), max_size=300
)
AWKWARD = st.sampled_from(
    [
        *("..", ".", "", " ", "../../x", "/etc", "CON", "con.txt", "nul ", "COM1.tar.gz", "a/../b"),
        *(
            "x" * 300,
            "é" * 200,
            "😀" * 80,
            "a\u0301" * 130,
            "👩‍👩‍👧" * 20,
            "trailing. . ",
            "\udcff\udcfe",
        ),
        *(
            "CON" + " " * 300 + "x",
            "...And You",
            '"quoted"',
            "it's",
            "new\nline",
            "~",
            "-rf",
            "\\\\srv",
        ),
    ]
)
NAMES = ANY | AWKWARD


def check_name(name: str) -> None:
    assert 0 < len(name.encode()) <= 255
    assert not FORBIDDEN & set(name)
    assert not {unicodedata.category(one) for one in name} & {"Cc", "Cs"}
    assert name == name.strip()
    assert not name.endswith(".")
    assert not name.startswith(".")
    assert name.split(".", maxsplit=1)[0].strip().upper() not in DEVICES
    assert name == unicodedata.normalize("NFC", name)


@settings(max_examples=300, deadline=None)
@given(text=NAMES)
def test_any_text_becomes_a_safe_name(text: str) -> None:
    name = safe_name(text)
    check_name(name)
    assert safe_name(name) == name
    assert is_safe_name(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("..", "_"),
        ("../../x", "_.._.._x"),
        ("/etc", "_etc"),
        ("CON", "_CON"),
        ("con.flac", "_con.flac"),
        ("COM¹", "_COM¹"),
        ("Console", "Console"),
        ("AC/DC", "AC_DC"),
        ('12" Mix', "12' Mix"),
        ("it's 😀 fine", "it's 😀 fine"),
        ("a\nb\tc\x7f", "a_b_c_"),
        ("caf\udce9", "caf_"),
        ("Vol. 1. ", "Vol. 1"),
        (".38 Special", "_.38 Special"),
        ("Cafe\u0301", "Café"),
        ("x" * 300 + ".flac", "x" * 250 + ".flac"),
        ("é" * 200 + ".mp3", "é" * 125 + ".mp3"),
        ("😀" * 64, "😀" * 63),
        ("o" * 248 + "👍🏽.mp3", "o" * 248 + ".mp3"),
        ("a.b" * 100, ("a.b" * 100)[:255]),
    ],
)
def test_names_as_they_are_stated(text: str, expected: str) -> None:
    assert safe_name(text) == expected


def test_what_is_one_name_to_some_systems_is_alike() -> None:
    assert alike("JAZZ") == alike("jazz")
    assert alike("Caf\u00e9") == alike("CAFE\u0301")
    assert alike("a\u200bb") == alike("ab")
    assert alike("ab") != alike("ac")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("library") / "library.db"
    with open_library(path, create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("source")


def file_names() -> st.SearchStrategy[bytes]:
    raw = st.binary(min_size=1, max_size=255) | NAMES.map(lambda t: t.encode("utf-8", "replace"))
    cleaned = raw.map(lambda name: name.replace(b"/", b"").replace(b"\0", b"")[:255])
    return cleaned.filter(lambda name: name not in (b"", b".", b".."))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    genre=NAMES,
    artist=NAMES,
    album=NAMES,
    name=file_names(),
    mode=st.sampled_from(["link", "copy", "move"]),
)
def test_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory,
    library: Library,
    genre: str,
    artist: str,
    album: str,
    name: bytes,
    mode: str,
) -> None:

    base = tmp_path_factory.mktemp("base")
    (base / "music").mkdir()
    song = os.path.join(base, "music", os.fsdecode(name))
    Path(song).write_bytes(b"music")
    before = tree(base)
    track = LibraryTrack(
        1,
        song,
        "analysed",
        False,
        tags=Tags(artist=artist, album=album),
        answer=AnswerSummary("jazz"),
        corrected=genre,
    )
    policy = OrganisePolicy(str(base / "into"), "genre/artist/album", mode)  # type: ignore[arg-type]
    plan = make_organise_plan([track], policy=policy)
    (row,) = plan.rows
    assert row.action == mode
    parts = row.target.split("/")
    assert len(parts) == 4
    for part in parts:
        check_name(part)
    run = apply_plan(library, plan)
    assert [outcome.state for outcome in run.outcomes] == ["placed"]
    outside = {key: value for key, value in tree(base).items() if not key.startswith("into")}
    assert outside == {
        key: value for key, value in before.items() if mode != "move" or value is None
    }
    assert Path(run.outcomes[0].target).read_bytes() == b"music"
    assert undo_batch(library, PlaceFile, run.batch).count("undone") == 1
    assert tree(base) == before


@pytest.mark.parametrize(
    ("corrected", "folder"),
    [("../../x", "_.._.._x"), ("/etc", "_etc"), ("CON", "_CON"), ("..", "Unknown genre")],
)
def test_genres_that_are_paths(tmp_path: Path, corrected: str, folder: str) -> None:
    with open_library(tmp_path / "library.db", create=True) as opened:
        song = write_song(tmp_path / "music" / "a.mp3")
        know(opened, song, artist="../Ann", corrected=corrected)
        apply_plan(opened, planned(opened, tmp_path / "into"))
    parts = (folder, "_.._Ann", "a.mp3")
    assert set(tree(tmp_path / "into")) == {"/".join(parts[:n]) for n in (1, 2, 3)}
