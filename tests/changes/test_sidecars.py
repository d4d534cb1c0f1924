"""Covers, lyrics, cue sheets, logs and booklets come along with their songs, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from organise_helpers import know, planned, tree, write_song

from earmark.changes import apply_plan, undo_batch
from earmark.changes.files import OrganisePlan, PlaceFile
from earmark.errors import PlanError
from earmark.library import Library, open_library

TEMPLATE = "{artist}/{album}/{track:02} {title}"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


def album(
    library: Library, folder: Path, name: str = "Blue", *, n: int = 2, start: int = 1
) -> None:
    for number in range(start, start + n):
        song = write_song(folder / f"{number}.mp3", f"{name} {number}".encode())
        tags: dict[str, Any] = {"album": name, "artist": "Ann", "title": f"Song {number}"}
        know(library, song, track_number=number, **tags)


def sidecars(plan: Any) -> dict[str, str]:
    """Return where files that come along come to, or why they are kept, by their names."""
    return {
        Path(row.path).name: row.target if row.action != "keep" else row.why
        for row in plan.rows
        if row.kind == "sidecar"
    }


@pytest.mark.parametrize("mode", ["link", "copy", "move"])
def test_sidecars_travel_with_their_album_and_come_back(
    library: Library, tmp_path: Path, into: Path, mode: str
) -> None:
    music = tmp_path / "music" / "x"
    album(library, music)
    for name in ("cover.jpg", "1.lrc", "rip.log", "booklet.PDF", "Scans/back.png", "notes.txt"):
        write_song(music / name, name.encode())
    write_song(music / ".hidden.jpg")
    before = tree(tmp_path / "music")
    plan = planned(library, into, template=TEMPLATE, mode=mode)
    assert sidecars(plan) == {
        "1.lrc": "Ann/Blue/01 Song 1.lrc",
        "booklet.PDF": "Ann/Blue/booklet.PDF",
        "cover.jpg": "Ann/Blue/cover.jpg",
        "rip.log": "Ann/Blue/rip.log",
        "back.png": "Ann/Blue/Scans/back.png",
    }
    plan.write(tmp_path / "plan.csv")
    assert OrganisePlan.read(tmp_path / "plan.csv") == plan
    run = apply_plan(library, OrganisePlan.read(tmp_path / "plan.csv"))
    assert run.count("placed") == 7
    assert (into / "Ann/Blue/Scans/back.png").read_bytes() == b"Scans/back.png"
    assert (music / "cover.jpg").exists() == (mode != "move")
    assert (music / "notes.txt").exists()
    again = planned(library, into, template=TEMPLATE, mode=mode)
    assert again.to_change == ()
    assert apply_plan(library, plan).count("placed") == 0
    assert undo_batch(library, PlaceFile).count("undone") == 7
    assert tree(tmp_path / "music") == before
    assert not into.exists()


def test_sidecars_shared_by_songs_that_part_go_with_most_of_them_or_stay(
    library: Library, tmp_path: Path, into: Path
) -> None:
    music = tmp_path / "music"
    album(library, music / "most", "Blue", n=3)
    album(library, music / "most", "Red", n=1, start=4)
    write_song(music / "most" / "most.jpg")
    album(library, music / "half", "Green", n=1)
    album(library, music / "half", "Black", n=1, start=2)
    write_song(music / "half" / "half.jpg")
    plan = planned(library, into, template=TEMPLATE)
    assert sidecars(plan) == {
        "most.jpg": "Ann/Blue/most.jpg",
        "half.jpg": "its songs go to several places",
    }


def test_songs_that_stay_keep_their_sidecars(library: Library, tmp_path: Path, into: Path) -> None:
    music = tmp_path / "music"
    album(library, music, n=2)
    for number in (3, 4):  # songs that the library does not know, or that are not asked for
        write_song(music / f"{number}.mp3")
    write_song(music / "cover.jpg")
    plan = planned(library, into, template=TEMPLATE, mode="move")
    assert sidecars(plan) == {"cover.jpg": "its songs go to several places"}


def test_covers_of_several_albums_do_not_meet_in_one_folder(
    library: Library, tmp_path: Path, into: Path
) -> None:
    for name in ("Blue", "Red"):
        album(library, tmp_path / "music" / name, name)
        write_song(tmp_path / "music" / name / f"{name}.jpg")
        write_song(tmp_path / "music" / name / "2.lrc", name.encode())
    plan = planned(library, into, template="{artist}/{album} {title}")
    several = "songs of several albums go to its place"
    assert [row.target or row.why for row in plan.rows if row.kind == "sidecar"] == [
        "Ann/Blue Song 2.lrc",
        several,
        "Ann/Red Song 2.lrc",
        several,
    ]


@pytest.mark.parametrize(
    ("template", "cover"),
    [
        ("{artist}/{album}/{disc}-{track} {title}", "Ann/Blue/cover.jpg"),
        ("{artist}/{album}/CD{disc}/{track} {title}", "Ann/Blue/cover.jpg"),
    ],
)
def test_cover_beside_the_folders_of_discs_goes_beside_them(
    library: Library, tmp_path: Path, into: Path, template: str, cover: str
) -> None:
    folder = tmp_path / "music" / "Blue"
    for disc in (1, 2):
        song = write_song(folder / f"CD{disc}" / "a.mp3", b"%d" % disc)
        know(library, song, album="Blue", artist="Ann", title="So", disc_number=disc)
    write_song(folder / "cover.jpg")
    assert sidecars(planned(library, into, template=template)) == {"cover.jpg": cover}


def test_same_cover_of_two_discs_is_taken_once(
    library: Library, tmp_path: Path, into: Path
) -> None:
    for disc in (1, 2):
        folder = tmp_path / "music" / f"CD{disc}"
        know(library, write_song(folder / f"{disc}.mp3"), album="Blue", artist="Ann")
        write_song(folder / "cover.jpg", b"same")
        write_song(folder / "back.jpg", b"%d" % disc)
    rows = [row for row in planned(library, into).rows if row.kind == "sidecar"]
    assert [(row.action, row.why) for row in rows] == [
        ("link", ""),
        ("link", ""),
        ("keep", "another file will be placed there"),
        ("keep", "the same file will be placed there"),
    ]
    assert [row.path for row in planned(library, into, sidecars=False).rows] == [
        str(tmp_path / "music" / f"CD{disc}" / f"{disc}.mp3") for disc in (1, 2)
    ]


def test_file_with_a_cue_sheet_keeps_its_name(library: Library, tmp_path: Path, into: Path) -> None:
    music = tmp_path / "music"
    know(library, write_song(music / "disc.mp3"), album="Blue", artist="Ann", title="So")
    write_song(music / "disc.cue", b'FILE "disc.mp3" MP3')
    plan = planned(library, into, template=TEMPLATE)
    assert [row.target for row in plan.rows] == ["Ann/Blue/disc.mp3", "Ann/Blue/disc.cue"]


def test_sidecars_stay_where_none_of_their_songs_came(
    library: Library, tmp_path: Path, into: Path
) -> None:
    music = tmp_path / "music"
    album(library, music)
    write_song(music / "cover.jpg", b"cover")
    plan = planned(library, into, template=TEMPLATE, mode="move")
    for number in (1, 2):
        write_song(music / f"{number}.mp3", b"changed since the plan was made")
    run = apply_plan(library, plan)
    assert [(one.state, one.reason) for one in run.outcomes] == [
        *[("failed", "it has changed since the plan was made")] * 2,
        ("failed", "none of its songs was placed there"),
    ]
    assert not into.exists()


def test_kind_of_a_row_is_checked(library: Library, tmp_path: Path, into: Path) -> None:
    album(library, tmp_path / "music", n=1)
    path = tmp_path / "plan.csv"
    planned(library, into).write(path)
    path.write_text(path.read_text().replace(",song,", ",sing,"))
    with pytest.raises(PlanError, match="line 3, column 'kind': 'sing': not one of song, sidecar"):
        OrganisePlan.read(path)


def test_sidecars_that_were_left_behind_follow_later(
    library: Library, tmp_path: Path, into: Path
) -> None:
    music = tmp_path / "music"
    album(library, music)
    write_song(music / "cover.jpg", b"cover")
    write_song(music / "1.lrc", b"lyrics")
    policy = {"template": TEMPLATE, "mode": "move"}
    apply_plan(library, planned(library, into, sidecars=False, **policy))
    assert sorted(tree(music)) == ["1.lrc", "cover.jpg"]
    run = apply_plan(library, planned(library, into, **policy))
    assert run.count("placed") == 2
    assert sorted(tree(into / "Ann" / "Blue")) == [
        *("01 Song 1.lrc", "01 Song 1.mp3", "02 Song 2.mp3", "cover.jpg"),
    ]
    assert tree(music) == {}
