"""Files come to their places, whole, never over another; and back."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile
from change_helpers import file_state, known_state
from organise_helpers import know, planned, tree, two_disks, write_song

import earmark.changes.files._placing as organise
import earmark.changes.files._transfer as transfer
from earmark.changes import apply_plan, undo_batch
from earmark.changes._running import exclusive
from earmark.changes.files import OrganisePlan, PlaceFile
from earmark.errors import LibraryError, ParameterError
from earmark.library import Library, open_library
from earmark.testing import music_like

MODES = ("link", "copy", "move")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


@pytest.fixture
def songs(library: Library, tmp_path: Path) -> list[Path]:
    """Return three songs that a library knows, of two artists."""
    found = []
    for number, artist in enumerate(("Ann", "Bob", "Ann")):
        song = write_song(tmp_path / "music" / f"{number}.mp3", b"music %d" % number)
        os.utime(song, ns=(1_600_000_000_000_000_001, 1_600_000_000_123_456_789))
        know(library, song, artist=artist)
        found.append(song)
    return found


def states(run: Any) -> list[tuple[str, str]]:
    return [(outcome.state, outcome.reason) for outcome in run.outcomes]


@pytest.mark.parametrize("mode", MODES)
def test_there_and_back_in_each_mode(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], mode: str
) -> None:
    before = tree(tmp_path / "music")
    calls: list[tuple[int, int, str]] = []
    plan = planned(library, into, mode=mode)
    run = apply_plan(library, plan, progress=lambda *call: calls.append(call))
    assert states(run) == [("placed", "")] * 3
    assert [call[:2] for call in calls] == [(1, 3), (2, 3), (3, 3)]
    places = [into / "Jazz" / artist / f"{n}.mp3" for n, artist in enumerate(("Ann", "Bob", "Ann"))]
    assert [outcome.target for outcome in run.outcomes] == list(map(str, places))
    for number, (song, place) in enumerate(zip(songs, places, strict=True)):
        assert place.read_bytes() == b"music %d" % number
        assert place.stat().st_mtime_ns == 1_600_000_000_123_456_789
        assert place.is_symlink() == (mode == "link")
        assert song.exists() == (mode != "move")
        known = library.find(place if mode == "move" else song)
        assert known is not None
        assert not known.missing
        assert known.tags.artist == ("Ann", "Bob", "Ann")[number]
        assert known_state(library, known.path) == file_state(known.path)
    assert (tree(tmp_path / "music") == before) == (mode != "move")
    if mode == "link":
        assert places[0].readlink() == songs[0]
    assert len(tree(into)) == 6
    again = apply_plan(library, planned(library, into, mode=mode))
    assert (again.batch, again.outcomes) == (None, ())
    undone = undo_batch(library, PlaceFile)
    assert states(undone) == [("undone", "")] * 3
    assert tree(tmp_path / "music") == before
    assert not into.exists()
    for song in songs:
        assert song.stat().st_mtime_ns == 1_600_000_000_123_456_789
        assert known_state(library, song) == file_state(song)
    with pytest.raises(ParameterError, match="there is nothing to undo"):
        undo_batch(library, PlaceFile)


def test_only_folders_that_were_made_go(library: Library, into: Path, songs: list[Path]) -> None:
    (into / "Jazz").mkdir(parents=True)
    run = apply_plan(library, planned(library, into))
    write_song(into / "Jazz" / "Ann" / "cover.jpg")
    assert undo_batch(library, PlaceFile, run.batch).count("undone") == len(songs)
    assert sorted(tree(into)) == ["Jazz", "Jazz/Ann", "Jazz/Ann/cover.jpg"]


def test_edited_plan_is_applied(
    library: Library, tmp_path: Path, into: Path, songs: list[Path]
) -> None:
    planned(library, into).write(tmp_path / "plan.csv")
    lines = (tmp_path / "plan.csv").read_text("utf-8").splitlines()
    lines[2] = lines[2].replace("link,Jazz/Ann/", "copy,Other/")
    lines[3] = lines[3].replace("link", "keep")
    (tmp_path / "plan.csv").write_text("\n".join(lines[:4]), "utf-8")
    run = apply_plan(library, OrganisePlan.read(tmp_path / "plan.csv"))
    assert [outcome.path for outcome in run.outcomes] == [str(songs[0])]
    assert sorted(tree(into)) == ["Other", "Other/0.mp3"]
    assert not (into / "Other/0.mp3").is_symlink()


@pytest.mark.parametrize("target", ["../x.mp3", "/x.mp3", "a/../../x.mp3", "CON", "a/", ""])
def test_plan_made_by_hand_cannot_lead_outside(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], target: str
) -> None:
    plan = planned(library, into, mode="copy")
    odd = replace(plan, rows=(replace(plan.rows[0], target=target),))
    before = tree(tmp_path)
    (outcome,) = apply_plan(library, odd).outcomes
    assert outcome.state == "failed"
    after = {key: value for key, value in tree(tmp_path).items() if "library.db" not in key}
    assert after == {key: value for key, value in before.items() if "library.db" not in key}
    assert songs[0].exists()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", ["file", "same", "folder", "link out", "dangling", "not a folder"])
def test_what_came_there_since_the_plan_is_not_overwritten(
    library: Library, tmp_path: Path, into: Path, songs: list[Path], mode: str, what: str
) -> None:
    plan = planned(library, into, mode=mode)
    place = into / "Jazz" / "Bob" / "1.mp3"
    place.parent.parent.mkdir(parents=True)
    expected = ("failed", "another file is already there")
    if what == "link out":
        (tmp_path / "outside").mkdir()
        place.parent.symlink_to(tmp_path / "outside")
        expected = ("failed", f"a link leads outside, to {str(tmp_path / 'outside')!r}")
    elif what == "not a folder":
        write_song(place.parent)
        expected = ("failed", f"{str(place.parent)!r} is in the way: it is not a folder")
    elif what == "folder":
        place.mkdir(parents=True)
    elif what == "dangling":
        place.parent.mkdir()
        place.symlink_to(tmp_path / "nothing")
    else:
        write_song(place, b"music 1" if what == "same" else b"other")
        expected = ("already", "it is already there") if what == "same" else expected
    there = tree(into)
    run = apply_plan(library, plan)
    assert states(run) == [("placed", ""), expected, ("placed", "")]
    assert {key: value for key, value in tree(into).items() if "Ann" not in key} == there
    assert songs[1].read_bytes() == b"music 1"
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert tree(into) == there
    if what == "link out":
        assert list((tmp_path / "outside").iterdir()) == []


def no_hard_links(monkeypatch: pytest.MonkeyPatch, code: int = errno.EPERM) -> None:
    def link(source: str, target: str) -> None:
        raise OSError(code, os.strerror(code), target)

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("disk", ["usual", "other", "bare"])
def test_race_for_a_place_is_lost_without_harm(
    library: Library,
    into: Path,
    songs: list[Path],
    mode: str,
    disk: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if disk != "usual":
        {"other": two_disks, "bare": no_hard_links}[disk](monkeypatch)
    plan = planned(library, into, mode=mode)
    real = organise.make_folders

    def slow(folders: Any) -> None:
        real(folders)
        if folders and folders[-1].endswith("Bob"):
            write_song(into / "Jazz" / "Bob" / "1.mp3", b"other")

    monkeypatch.setattr(organise, "make_folders", slow)
    run = apply_plan(library, plan)
    assert states(run)[1] == ("failed", "another file is already there")
    assert (into / "Jazz" / "Bob" / "1.mp3").read_bytes() == b"other"
    assert songs[1].read_bytes() == b"music 1"
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert sorted(tree(into)) == ["Jazz", "Jazz/Bob", "Jazz/Bob/1.mp3"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["gone", "changed", "a folder", "place read-only"])
def test_one_file_that_cannot_be_placed_stops_no_other(
    library: Library, into: Path, songs: list[Path], mode: str, how: str
) -> None:
    (into / "Jazz" / "Bob").mkdir(parents=True)
    plan = planned(library, into, mode=mode)
    song = songs[1]
    if how in ("gone", "a folder"):
        song.unlink()
    if how == "a folder":
        song.mkdir()
    if how == "changed":
        song.write_bytes(b"other")
    if how == "place read-only":
        (into / "Jazz" / "Bob").chmod(0o555)
    reason = {
        "gone": "no such file or directory",
        "changed": "it has changed since the plan was made",
        "a folder": "it is not a file",
        "place read-only": f"folder {str(into / 'Jazz' / 'Bob')!r} is read-only",
    }[how]
    run = apply_plan(library, plan)
    assert states(run) == [("placed", ""), ("failed", reason), ("placed", "")]
    assert undo_batch(library, PlaceFile).count("undone") == 2
    (into / "Jazz" / "Bob").chmod(0o755)
    assert sorted(tree(into)) == ["Jazz", "Jazz/Bob"]


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.copyfile

    def full(source: str, target: str) -> Any:
        if source.endswith("1.mp3"):
            Path(target).write_bytes(b"half of")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_full_disk_leaves_files_where_they_are(
    library: Library,
    tmp_path: Path,
    into: Path,
    songs: list[Path],
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two_disks(monkeypatch)
    full_disk(monkeypatch)
    before = tree(tmp_path / "music")
    run = apply_plan(library, planned(library, into, mode=mode))
    assert states(run) == [("placed", ""), ("failed", "no space left on device"), ("placed", "")]
    assert songs[1].read_bytes() == b"music 1"
    assert sorted(tree(into)) == ["Jazz", "Jazz/Ann", "Jazz/Ann/0.mp3", "Jazz/Ann/2.mp3"]
    (failed,) = library.journal.changes(states=("failed",))
    assert failed.reason == "no space left on device"
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert (tree(tmp_path / "music"), into.exists()) == (before, False)


def test_move_to_another_disk(library: Library, tmp_path: Path, songs: list[Path]) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk")
    before = tree(tmp_path / "music")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        plan = planned(library, Path(other, "into"), mode="move")
        assert plan.bytes_needed == 21
        assert apply_plan(library, plan).count("placed") == 3
        assert not any(song.exists() for song in songs)
        place = Path(other, "into", "Jazz", "Bob", "1.mp3")
        assert place.read_bytes() == b"music 1"
        assert place.stat().st_mtime_ns == 1_600_000_000_123_456_789
        assert undo_batch(library, PlaceFile).count("undone") == 3
        assert os.listdir(other) == []
    assert tree(tmp_path / "music") == before


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_copy_that_came_out_wrong_is_not_kept(
    library: Library,
    into: Path,
    songs: list[Path],
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two_disks(monkeypatch)
    real = shutil.copyfile

    def bad(source: str, target: str) -> Any:
        real(source, target)
        Path(target).write_bytes(b"other")

    monkeypatch.setattr(shutil, "copyfile", bad)
    run = apply_plan(library, planned(library, into, mode=mode))
    assert run.count("failed") == 3
    assert "its copy differs from it" in run.outcomes[0].reason
    assert [song.read_bytes()[:5] for song in songs] == [b"music"] * 3
    assert not into.exists()


@pytest.mark.parametrize("mode", ["copy", "move"])
@pytest.mark.parametrize("code", ["EPERM", "ENOTSUP"])
def test_disks_without_hard_links(
    library: Library,
    into: Path,
    songs: list[Path],
    mode: str,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_hard_links(monkeypatch, getattr(errno, code))
    plan = planned(library, into, mode=mode)
    write_song(into / "Jazz" / "Bob" / "1.mp3", b"other")
    run = apply_plan(library, plan)
    assert [outcome.state for outcome in run.outcomes] == ["placed", "failed", "placed"]
    assert (into / "Jazz" / "Bob" / "1.mp3").read_bytes() == b"other"
    assert (into / "Jazz" / "Ann" / "0.mp3").read_bytes() == b"music 0"
    assert undo_batch(library, PlaceFile).count("undone") == 2
    assert [song.read_bytes()[:5] for song in songs] == [b"music"] * 3


def test_undo_leaves_what_others_have_changed(
    library: Library, tmp_path: Path, into: Path, songs: list[Path]
) -> None:
    folder = into / "Jazz" / "Ann"
    apply_plan(library, planned(library, into, by="genre", mode="copy"))
    (into / "Jazz" / "0.mp3").write_bytes(b"edited")
    songs[1].unlink()
    assert states(undo_batch(library, PlaceFile)) == [
        ("undone", ""),
        ("skipped", "the original no longer exists, so its copy is kept"),
        ("skipped", "it is not the file that was placed there"),
    ]
    assert sorted(tree(into)) == ["Jazz", "Jazz/0.mp3", "Jazz/1.mp3"]
    songs[1].symlink_to(into / "Jazz" / "1.mp3")
    assert states(undo_batch(library, PlaceFile))[0][1] == "the original is now a link to its copy"
    assert not folder.exists()
    assert tmp_path.exists()


def test_undo_of_links_leaves_what_is_no_link(
    library: Library, into: Path, songs: list[Path]
) -> None:
    run = apply_plan(library, planned(library, into))
    folder = into / "Jazz" / "Ann"
    (folder / "0.mp3").unlink()
    (folder / "2.mp3").unlink()
    write_song(folder / "2.mp3", b"other")
    songs[1].unlink()
    assert states(undo_batch(library, PlaceFile, run.batch)) == [
        ("skipped", "it is not the file that was placed there"),
        ("undone", ""),
        ("undone", ""),
    ]
    assert (folder / "2.mp3").read_bytes() == b"other"


def test_moved_file_whose_old_place_is_taken_stays(
    library: Library, into: Path, songs: list[Path]
) -> None:
    apply_plan(library, planned(library, into, by="genre", mode="move"))
    write_song(songs[0], b"new")
    (into / "Jazz" / "1.mp3").unlink()
    write_song(into / "Jazz" / "2.mp3", b"other")
    assert states(undo_batch(library, PlaceFile)) == [
        ("skipped", "it is no longer the file that was moved there"),
        ("skipped", "it no longer exists"),
        ("skipped", "another file is at its old place"),
    ]
    assert songs[0].read_bytes() == b"new"
    assert (into / "Jazz" / "0.mp3").read_bytes() == b"music 0"
    songs[0].unlink()
    assert undo_batch(library, PlaceFile).count("undone") == 1
    assert songs[0].read_bytes() == b"music 0"


def test_link_at_the_old_place_is_not_taken_for_the_file(
    library: Library, into: Path, songs: list[Path]
) -> None:
    apply_plan(library, planned(library, into, by="genre", mode="move"))
    place = into / "Jazz" / "0.mp3"
    songs[0].symlink_to(place)
    assert states(undo_batch(library, PlaceFile))[2] == (
        "skipped",
        "another file is at its old place",
    )
    assert place.read_bytes() == b"music 0"


def test_moved_file_that_was_retagged_goes_back(library: Library, tmp_path: Path) -> None:
    song = tmp_path / "music" / "a.flac"
    song.parent.mkdir()
    soundfile.write(song, music_like(duration=0.5, seed=1), 22_050)
    know(library, song, artist="Ann")
    run = apply_plan(library, planned(library, tmp_path / "into", mode="move"))
    place = run.outcomes[0].target
    known = library.find(place)
    assert known is not None
    assert known.tags.artist == ""  # as the file itself says
    file = mutagen.File(place)
    file["artist"] = "Ann B."
    file.save()
    shutil.rmtree(song.parent)
    assert undo_batch(library, PlaceFile).count("undone") == 1
    known = library.find(song)
    assert known is not None
    assert (known.tags.artist, known.missing) == ("Ann B.", False)
    assert known_state(library, song) == file_state(song)


def test_file_that_is_other_music_by_now_is_left_to_the_next_scan(
    library: Library, into: Path, songs: list[Path]
) -> None:
    songs[0].write_bytes(b"other")
    run = apply_plan(library, planned(library, into, mode="move"))
    state = known_state(library, run.outcomes[0].target)
    assert state is not None
    assert state.mtime_ns == 0
    assert known_state(library, run.outcomes[1].target) == file_state(run.outcomes[1].target)


class Killed(BaseException):
    """Ends a run as nothing of ours would catch."""


def killed_at(
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    run: Callable[[], object],
    *,
    after: bool,
) -> None:
    """Run until a function is called, or has returned, for the first time."""
    real = getattr(module, name)

    def end(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, name, end)
        with pytest.raises(Killed):
            run()


STEPS = [
    ("link", organise, "make_folders", False),
    ("link", os, "symlink", True),
    ("copy", organise, "make_folders", True),
    ("copy", transfer, "write_copy", True),
    ("copy", transfer, "_rename", True),
    ("move", organise, "make_folders", True),
    ("move", os, "link", True),
    ("move", organise, "move_file", True),
    ("move", organise, "tell_library", True),
    ("disk", transfer, "write_copy", True),
    ("disk", transfer, "_rename", True),
    ("disk", transfer, "copy_file", True),
    ("disk", organise, "move_file", True),
    ("bare", os, "replace", False),
    ("bare", os, "replace", True),
]


@pytest.mark.parametrize(("mode", "module", "step", "after"), STEPS)
@pytest.mark.parametrize("then", ["apply", "undo"])
def test_what_was_cut_short_is_brought_to_an_end(
    library: Library,
    tmp_path: Path,
    into: Path,
    songs: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    module: Any,
    step: str,
    after: bool,
    then: str,
) -> None:
    if mode == "disk":
        mode = "move"
        two_disks(monkeypatch)
    elif mode == "bare":
        mode = "move"
        no_hard_links(monkeypatch)
    before = tree(tmp_path / "music")
    plan = planned(library, into, mode=mode)
    killed_at(monkeypatch, module, step, lambda: apply_plan(library, plan), after=after)
    place = into / "Jazz" / "Ann" / "0.mp3"
    assert songs[0].exists() or place.exists()
    if place.parent.exists():  # what is tidied up here is not where a process is killed
        Path(transfer.copy_path(str(place))).write_bytes(b"part of a copy")
    if then == "apply":
        run = apply_plan(library, plan)
        assert [outcome.path for outcome in run.cut_short] == [str(songs[0])]
        assert all((into / plan.rows[n].target).exists() for n in range(3))
        assert not any(".earmark" in name for name in tree(into))
        assert [song.exists() for song in songs] == [mode != "move"] * 3
    while any(one.n_to_undo for one in library.journal.batches()):
        assert {state for state, _ in states(undo_batch(library, PlaceFile))} <= {"undone"}
    assert (tree(tmp_path / "music"), into.exists()) == (before, False)
    for song in songs:
        assert known_state(library, song) == file_state(song)


@pytest.mark.parametrize(
    ("mode", "module", "step"),
    [
        ("copy", PlaceFile, "_remove"),
        ("move", os, "link"),
        ("move", organise, "move_file"),
        ("move", organise, "tell_library"),
        ("move", organise, "remove_folders"),
    ],
)
def test_undo_of_files_that_was_cut_short_goes_on(
    library: Library,
    tmp_path: Path,
    into: Path,
    songs: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    module: Any,
    step: str,
) -> None:
    before = tree(tmp_path / "music")
    apply_plan(library, planned(library, into, mode=mode))
    assert len(songs) == 3
    killed_at(monkeypatch, module, step, lambda: undo_batch(library, PlaceFile), after=True)
    run = undo_batch(library, PlaceFile)
    assert [one.state for one in (*run.cut_short, *run.outcomes)] == ["undone"] * 3
    assert (tree(tmp_path / "music"), into.exists()) == (before, False)


@pytest.mark.parametrize("step", ["move_file", "tell_library"])
def test_apply_ends_an_undo_first(
    library: Library,
    into: Path,
    songs: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    plan = planned(library, into, mode="move")
    apply_plan(library, plan)
    killed_at(monkeypatch, organise, step, lambda: undo_batch(library, PlaceFile), after=True)
    run = apply_plan(library, plan)
    assert [(one.path, one.state) for one in run.cut_short] == [(str(songs[2]), "undone")]
    assert states(run)[2] == ("placed", "")
    assert all((into / row.target).exists() for row in plan.rows)


def test_one_apply_at_a_time(library: Library, into: Path, songs: list[Path]) -> None:

    plan: OrganisePlan = planned(library, into)
    assert len(songs) == len(plan.to_change)
    with (
        exclusive(library.path),
        pytest.raises(LibraryError, match="another apply or undo"),
    ):
        apply_plan(library, plan)
    assert not into.exists()
