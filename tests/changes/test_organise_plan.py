"""Where files would come to, what collides, and the plan as a file that is edited."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from change_helpers import add_failed, file_state
from organise_helpers import know, planned, write_song

from earmark.changes.files import OrganisePlan, OrganisePolicy, OrganiseRow
from earmark.errors import ParameterError, PlanError
from earmark.files import FileState
from earmark.library import Library, open_library
from earmark.tags import Tags


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


def test_folders_are_named_after_what_is_known(
    library: Library, tmp_path: Path, into: Path
) -> None:
    song = write_song(tmp_path / "music" / "a.mp3")
    know(library, song, genre="hiphop", artist="Ann", album="Songs", year=1987)
    wanted = {
        "genre/artist": "Hip-Hop/Ann/a.mp3",
        "artist/album": "Ann/Songs/a.mp3",
        "decade/year/albumartist": "1980s/1987/Ann/a.mp3",
        "genre": "Hip-Hop/a.mp3",
    }
    for by, target in wanted.items():
        assert [row.target for row in planned(library, into, by=by).rows] == [target]
    names = {"hiphop": "Rap"}
    assert planned(library, into, names=names).rows[0].target == "Rap/Ann/a.mp3"


def test_what_is_not_known_has_a_folder(library: Library, tmp_path: Path, into: Path) -> None:
    know(library, write_song(tmp_path / "a.mp3"), albumartist="Various")
    know(library, write_song(tmp_path / "b.mp3"))
    rows = planned(library, into, by="artist/album/year/decade").rows
    rest = "Unknown album/Unknown year/Unknown decade"
    assert [row.target for row in rows] == [f"Various/{rest}/a.mp3", f"Unknown artist/{rest}/b.mp3"]


def test_genres_are_the_users_else_the_models_if_it_is_sure(
    library: Library, tmp_path: Path, into: Path
) -> None:
    know(library, write_song(tmp_path / "a.mp3", b"1"), unsure="undecided", corrected="My Own")
    know(library, write_song(tmp_path / "b.mp3", b"2"), unsure="unfamiliar")
    add_failed(library, write_song(tmp_path / "c.mp3", b"3"))
    rows = planned(library, into, by="genre").rows
    assert [(row.action, row.target, row.why) for row in rows] == [
        ("link", "My Own/a.mp3", ""),
        ("link", "Unsure/b.mp3", ""),
        ("keep", "", "not analysed: no decoder finds audio in it"),
    ]
    rows = planned(library, into, by="genre", keep_unsure=True).rows
    assert (rows[1].action, rows[1].why) == ("keep", "not like any music I know")
    # Where the genre names no folder it keeps nothing back.
    rows = planned(library, into, by="artist", keep_unsure=True).rows
    assert [row.action for row in rows] == ["link"] * 3


def test_genre_that_is_never_written_is_kept(library: Library, tmp_path: Path, into: Path) -> None:
    know(library, write_song(tmp_path / "a.mp3"))
    (row,) = planned(library, into, names={"jazz": ""}).rows
    assert (row.action, row.why) == ("keep", "your names file leaves this genre out")
    with pytest.raises(ParameterError, match="no genre is called 'jaz'"):
        planned(library, into, names={"jaz": "x"})


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.mp3", "A.MP3"), ("caf\u00e9.mp3", "cafe\u0301.mp3"), ("a?.mp3", "a_.mp3")],
)
def test_names_that_are_one_to_some_systems_collide(
    library: Library, tmp_path: Path, into: Path, first: str, second: str
) -> None:
    songs = [write_song(tmp_path / "1" / first, b"1"), write_song(tmp_path / "2" / second, b"2")]
    for song in songs:
        know(library, song)
    plan = planned(library, into)
    assert [row.action for row in plan.rows] == ["link", "keep"]
    (row,) = plan.collisions
    assert (row.path, row.why) == (str(songs[1]), "another file will be placed there")
    assert row.taken_by == str(songs[0])


def test_folders_are_spelt_as_the_first_one(library: Library, tmp_path: Path, into: Path) -> None:
    (into / "JAZZ").mkdir(parents=True)
    for number, artist in enumerate(("Caf\u00e9", "CAFE\u0301")):
        know(library, write_song(tmp_path / f"{number}.mp3"), artist=artist)
    rows = planned(library, into).rows
    assert [row.target for row in rows] == ["JAZZ/Caf\u00e9/0.mp3", "JAZZ/Caf\u00e9/1.mp3"]


def test_what_is_there_is_not_taken(library: Library, tmp_path: Path, into: Path) -> None:
    for name in "abcd":
        know(library, write_song(tmp_path / "music" / f"{name}.mp3", name.encode()))
    place = into / "Jazz"
    write_song(place / "a.mp3", b"a")  # the same content
    write_song(place / "B.mp3", b"another")
    place.joinpath("c.mp3").symlink_to(tmp_path / "music" / "c.mp3")
    place.joinpath("d.mp3").symlink_to(tmp_path / "nothing")
    plan = planned(library, into, by="genre")
    assert [(row.action, row.why) for row in plan.rows] == [
        ("keep", "it is already there"),
        ("keep", "another file is already there"),
        ("keep", "it is already there"),
        ("keep", "another file is already there"),
    ]
    assert [row.taken_by for row in plan.collisions] == [str(place / "B.mp3"), str(place / "d.mp3")]


def test_library_in_its_own_place_is_there_already(library: Library, into: Path) -> None:
    know(library, write_song(into / "Jazz" / "Ann" / "a.mp3"), artist="ann")
    (row,) = planned(library, into, mode="move").rows
    assert (row.action, row.target, row.why) == ("keep", "Jazz/Ann/a.mp3", "it is already there")


def test_links_that_lead_outside_are_refused(library: Library, tmp_path: Path, into: Path) -> None:
    know(library, write_song(tmp_path / "a.mp3", b"1"), corrected="out")
    know(library, write_song(tmp_path / "b.mp3", b"2"), corrected="in")
    know(library, write_song(tmp_path / "c.mp3", b"3"), corrected="file")
    know(library, write_song(tmp_path / "d.mp3", b"4"), corrected="round")
    (tmp_path / "outside").mkdir()
    (into / "really").mkdir(parents=True)
    (into / "out").symlink_to(tmp_path / "outside")
    (into / "in").symlink_to("really")
    (into / "round").symlink_to("round")
    write_song(into / "file")
    rows = planned(library, into).rows
    assert [row.action for row in rows] == ["keep", "link", "keep", "keep"]
    assert rows[0].why == f"a link leads outside, to {str(tmp_path / 'outside/Unknown artist')!r}"
    assert "is in the way: it is not a folder" in rows[2].why
    assert rows[3].why


def test_what_cannot_be_moved_is_kept(library: Library, tmp_path: Path, into: Path) -> None:
    songs = {name: write_song(tmp_path / name / "a.mp3", name.encode()) for name in "fgr"}
    link = tmp_path / "link.mp3"
    link.symlink_to(songs["f"])
    for path in (*songs.values(), link):
        know(library, path, artist=path.parent.name)
    songs["g"].unlink()
    (tmp_path / "r").chmod(0o555)
    try:
        rows = {row.path: row for row in planned(library, into, mode="move").rows}
        linked = planned(library, into, mode="link").rows
    finally:
        (tmp_path / "r").chmod(0o755)
    assert rows[str(songs["f"])].action == "move"
    assert rows[str(songs["g"])].why == "the file no longer exists"
    assert rows[str(songs["r"])].why == "its folder is read-only"
    assert rows[str(link)].why == "it is a link, and what it leads to would stay"
    assert [row.action for row in linked] == ["link", "keep", "link", "link"]


def test_song_that_is_gone_has_no_row_where_another_is(
    library: Library, tmp_path: Path, into: Path
) -> None:
    song = write_song(tmp_path / "a.mp3", b"first")
    other = write_song(tmp_path / "b.mp3", b"second")
    know(library, song, artist="Ann")
    know(library, other, artist="Bob")
    other.replace(song)
    moved = (2, str(song), file_state(song), Tags(artist="Bob"))
    library.scanned.move([moved], now=2.0)
    plan = planned(library, into)
    assert [(row.action, row.target) for row in plan.rows] == [("link", "Jazz/Bob/a.mp3")]
    plan.write(tmp_path / "plan.csv")
    assert OrganisePlan.read(tmp_path / "plan.csv") == plan


def test_read_only_target_is_told(library: Library, tmp_path: Path, into: Path) -> None:
    know(library, write_song(tmp_path / "a.mp3"))
    into.mkdir(mode=0o555)
    (row,) = planned(library, into).rows
    assert row.why == f"folder {str(into)!r} is read-only"


def test_space_is_told(library: Library, tmp_path: Path, into: Path) -> None:
    know(library, write_song(tmp_path / "a.mp3", bytes(1000)))
    know(library, write_song(tmp_path / "b.mp3", bytes(234)))
    needed = {mode: planned(library, into, mode=mode).bytes_needed for mode in ("link", "copy")}
    assert needed == {"link": 0, "copy": 1234}
    plan = planned(library, into, mode="move")
    assert plan.bytes_needed == 0
    assert plan.bytes_free
    assert plan.fits
    assert not OrganisePlan((), "/x", bytes_needed=2, bytes_free=1).fits


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"by": "genre/mood"}, r"by='genre/mood': 'mood' is not one of genre, artist"),
        ({"by": ""}, "by='': '' is not one of"),
        ({"by": "genre/genre"}, "names the same level twice"),
        ({"mode": "steal"}, "mode='steal' is not one of link, copy, move"),
        ({"into": ""}, "into='' is not a folder"),
        ({"into": __file__}, "is not a folder"),
    ],
)
def test_bad_policy_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        OrganisePolicy(**{"into": "/x", **wrong})


SEEN = FileState(5, 1_700_000_000_000_000_007)
ROWS = (
    OrganiseRow("/m/a.mp3", "link", "Jazz/Ann/a.mp3", seen=SEEN),
    OrganiseRow(
        "/m/\udcff\n.mp3", "keep", "Jazz/_.mp3", "another file will be placed there", "/m/b", SEEN
    ),
    OrganiseRow("/m/c.mp3", "keep", why="the file no longer exists"),
)
PLAN = OrganisePlan(ROWS, "/in\udcffto", "genre/artist", "link", 12, 34)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.csv"
    PLAN.write(path)
    return path


def edited(path: Path, line: int, /, **cells: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for name, value in cells.items():
        rows[line - 1][rows[1].index(name)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_plan_is_read_as_written(path: Path) -> None:
    assert OrganisePlan.read(path) == PLAN
    with pytest.raises(ParameterError, match="already exists"):
        PLAN.write(path)


def test_targets_and_actions_can_be_edited(path: Path) -> None:
    edited(path, 4, action=" COPY ", target="Bop/\u00e9/x.mp3")
    row = OrganisePlan.read(path).rows[1]
    assert (row.action, row.target, row.path) == ("copy", "Bop/\u00e9/x.mp3", ROWS[1].path)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"action": "burn"}, "line 3, column 'action': 'burn': not one of keep, link, copy, move"),
        ({"target": "../x.mp3"}, r"line 3, column 'target': '\.\./x\.mp3': '\.\.' is not a name"),
        ({"target": "/etc/x.mp3"}, "a folder name is empty"),
        ({"target": "a//x.mp3"}, "is empty"),
        ({"target": ""}, "is empty"),
        (
            {"target": "CON/x.mp3"},
            "'CON' is not a name that is safe on every system; '_CON' would be",
        ),
        ({"target": "a\\\\b.mp3"}, "is not a name that is safe on every system"),
        ({"target": "a\\b"}, "is not an escape; write a backslash twice"),
        ({"target": "a. /x"}, "'a' would be"),
        ({"target": "x" * 256}, "is not a name"),
        ({"seen": ""}, "line 3, column 'seen': '': not of the form"),
        ({"path": "a.mp3"}, "line 3, column 'path': 'a.mp3': not the full path of a file"),
        ({"path": "/m/c.mp3"}, "line 5, column 'path': '/m/c.mp3' is already in line 3"),
    ],
)
def test_bad_cell_of_a_plan_is_named(path: Path, cells: dict[str, str], message: str) -> None:
    edited(path, 3, **cells)
    with pytest.raises(PlanError, match=message):
        OrganisePlan.read(path)


def test_two_files_cannot_be_given_one_place(path: Path) -> None:
    edited(path, 4, action="move", target="JAZZ/ann/A.mp3")
    with pytest.raises(PlanError, match=r"line 4, column 'target'.* is already in line 3"):
        OrganisePlan.read(path)


ABOUT = 'earmark.organise-plan/1,"{""into"": ""/x"", ""mode"": ""link""}"\n'
COLUMNS = "action,target,seen,path\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it is not a plan"),
        (f"earmark.tag-plan/1,{{}}\n{COLUMNS}", "it is not a plan"),
        ("earmark.organise-plan/2,{}\n", "it is earmark.organise-plan/2; this release reads"),
        ("earmark.organise-plan/1,{}\n", "line 1, column 2 is damaged: KeyError"),
        (ABOUT.replace("/x", "x") + COLUMNS, "into='x' is not the full path"),
        (ABOUT.replace("link", "?") + COLUMNS, r"mode='\?' is not a mode"),
        (ABOUT + "action,target,seen\n", "column 'path' is missing"),
        (ABOUT, "line 2, with the names of the columns, is missing"),
    ],
)
def test_what_is_no_organise_plan_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "plan.csv").write_text(content)
    with pytest.raises(PlanError, match=message):
        OrganisePlan.read(tmp_path / "plan.csv")


def test_names_that_are_not_utf8_come_through(library: Library, tmp_path: Path, into: Path) -> None:
    song = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp3"))
    Path(song).write_bytes(b"music")
    know(library, song)
    plan = planned(library, into)
    assert plan.rows[0].target == "Jazz/Unknown artist/caf_.mp3"
    plan.write(tmp_path / "plan.csv")
    assert OrganisePlan.read(tmp_path / "plan.csv") == plan
