"""Plan, apply, undo: each kind of file, and what can come between."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest
from change_helpers import CLASSES, add_track, file_state, known_state, tags_in
from tool_files import GENRE, KINDS, make_file, seen_by_ffprobe, write_sound

from earmark.audio import audio_digest, load
from earmark.changes import apply_plan, undo_batch
from earmark.changes._running import exclusive
from earmark.changes.tags import TagPlan, TagPolicy, Threshold, WriteGenres, make_tag_plan
from earmark.errors import JobCancelledError, LibraryError, ParameterError
from earmark.library import Filters, Library, open_library
from earmark.tags import other_tags, read_genre_state, read_tags, write_genres


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


def plan(library: Library, *, replace: bool = False, max_genres: int = 1) -> TagPlan:
    tracks = library.tracks(Filters(missing=None, state=None))
    policy = TagPolicy(replace=replace, max_genres=max_genres, also=0)
    return make_tag_plan(tracks, threshold=Threshold(0.8), policy=policy, classes=CLASSES)


def write_songs(folder: Path, n: int, *, genre: str | None = None) -> list[Path]:
    folder.mkdir(exist_ok=True)
    songs = []
    for number in range(n):
        songs.append(write_sound(folder / f"{number:02}.flac", seconds=0.2, seed=number))
        if genre is not None:
            write_genres(songs[-1], [genre])
    return songs


def heard(path: Path) -> tuple[bytes, ...]:
    y, _ = load(path, sr=None, mono=False)
    return (audio_digest(path), y.tobytes())


@pytest.mark.filterwarnings("ignore::earmark.audio.AudioWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file(kind: str, library: Library, tmp_path: Path, sources: Path) -> None:
    (tmp_path / "music").mkdir()
    song = make_file(kind, tmp_path / "music", sources=sources)
    add_track(library, song, genre="hiphop", confidence=0.9)
    audio, others, seen = heard(song), other_tags(song), seen_by_ffprobe(song)
    state, tags = read_genre_state(song), read_tags(song)
    if tags.genres:
        assert tags.genres == (GENRE,)
        assert plan(library).to_change == ()
    run = apply_plan(library, plan(library, replace=True))
    assert [outcome.state for outcome in run.outcomes] == ["written"]
    assert read_tags(song).genres == tags_in(library, song) == ("Hip-Hop",)
    assert (heard(song), other_tags(song), seen_by_ffprobe(song)) == (audio, others, seen)
    assert known_state(library, song) == file_state(song)
    undone = undo_batch(library, WriteGenres, run.batch)
    assert [outcome.state for outcome in undone.outcomes] == ["undone"]
    assert undone.outcomes[0].genres == tags.genres
    assert read_genre_state(song) == state
    assert read_tags(song) == tags
    assert tags_in(library, song) == tags.genres
    assert (heard(song), other_tags(song), seen_by_ffprobe(song)) == (audio, others, seen)
    assert os.listdir(song.parent) == [song.name]


def test_edited_plan_is_what_is_done(library: Library, tmp_path: Path) -> None:
    first, second = write_songs(tmp_path / "music", 2)
    for song in (first, second):
        add_track(library, song)
    plan(library).write(tmp_path / "plan.csv")
    text = (tmp_path / "plan.csv").read_text("utf-8").splitlines()
    text[2] = text[2].replace(",Jazz,", ",My Own; Second,")
    (tmp_path / "plan.csv").write_text("\n".join(text[:3]), "utf-8")
    apply_plan(library, TagPlan.read(tmp_path / "plan.csv"))
    assert read_tags(first).genres == ("My Own", "Second")
    assert read_tags(second).genres == ()


@pytest.mark.parametrize("how", ["renamed", "retagged", "read-only", "linked", "gone", "renewed"])
def test_one_file_that_cannot_be_changed_stops_no_other(
    library: Library, tmp_path: Path, how: str
) -> None:
    songs = write_songs(tmp_path / "music", 3)
    for song in songs:
        add_track(library, song)
    made = plan(library)
    odd = songs[1]
    if how == "renamed":
        file = mutagen.File(odd)
        file["artist"] = "Somebody else"
        file.save()
    elif how == "retagged":
        write_genres(odd, ["Blues"])
    elif how == "read-only":
        odd.chmod(0o444)
    elif how == "linked":
        os.link(odd, tmp_path / "other.flac")
    elif how == "gone":
        odd.unlink()
    else:
        write_sound(odd, seconds=0.3, seed=9)
    content = odd.read_bytes() if odd.exists() else b""
    reason = {
        "renamed": "it has changed since the plan was made",
        "retagged": "its genres have changed since the plan was made",
        "read-only": "it is read-only",
        "linked": "it has 2 names (hard links), which changing it would part",
        "gone": "no such file or directory",
        "renewed": "it has changed since the plan was made",
    }
    run = apply_plan(library, made)
    assert [outcome.state for outcome in run.outcomes] == ["written", "failed", "written"]
    assert run.outcomes[1].reason == reason[how]
    assert (run.count("written"), run.count("failed")) == (2, 1)
    assert (odd.read_bytes() if odd.exists() else b"") == content
    assert undo_batch(library, WriteGenres).count("undone") == 2


def test_link_stays_a_link(library: Library, tmp_path: Path) -> None:
    (song,) = write_songs(tmp_path / "music", 1)
    link = tmp_path / "link.flac"
    link.symlink_to(song)
    add_track(library, link)
    run = apply_plan(library, plan(library))
    assert link.is_symlink()
    assert read_tags(song).genres == ("Jazz",)
    undo_batch(library, WriteGenres, run.batch)
    assert link.is_symlink()
    assert read_tags(song).genres == ()


@pytest.mark.parametrize("name", [b"\xff\xfe.flac", b'new\nline; \\".flac', b"a" * 250 + b".flac"])
def test_any_name_through_a_file(library: Library, tmp_path: Path, name: bytes) -> None:
    (song,) = write_songs(tmp_path / "music", 1)
    odd = os.fsdecode(os.path.join(os.fsencode(song.parent), name))
    os.rename(song, odd)
    add_track(library, odd)
    plan(library).write(tmp_path / "plan.csv")
    run = apply_plan(library, TagPlan.read(tmp_path / "plan.csv"))
    assert run.count("written") == 1
    assert read_tags(odd).genres == ("Jazz",)
    assert undo_batch(library, WriteGenres).count("undone") == 1
    assert os.listdir(os.fsencode(song.parent)) == [name]


def test_undo_skips_what_others_have_changed(library: Library, tmp_path: Path) -> None:
    songs = write_songs(tmp_path / "music", 4, genre="Bebop")
    for song in songs:
        add_track(library, song)
    run = apply_plan(library, plan(library, replace=True))
    write_genres(songs[0], ["Swing"])
    songs[1].unlink()
    songs[2].chmod(0o444)
    undone = undo_batch(library, WriteGenres, run.batch)
    told = [(outcome.state, outcome.reason) for outcome in undone.outcomes]
    assert told[::-1] == [
        ("skipped", "its genres are no longer what was written"),
        ("failed", "no such file or directory"),
        ("failed", "it is read-only"),
        ("undone", ""),
    ]
    assert read_tags(songs[0]).genres == ("Swing",)
    songs[2].chmod(0o644)
    again = undo_batch(library, WriteGenres, run.batch)
    assert [outcome.state for outcome in again.outcomes] == ["undone", "failed", "skipped"]
    assert read_tags(songs[2]).genres == ("Bebop",)


def test_batches_are_taken_back_one_by_one(library: Library, tmp_path: Path) -> None:
    (song,) = write_songs(tmp_path / "music", 1)
    add_track(library, song)
    runs = [apply_plan(library, plan(library))]
    library.set_genre([1], "My Own", now=2.0)
    runs.append(apply_plan(library, plan(library, replace=True)))
    assert read_tags(song).genres == ("My Own",)
    # The first cannot be taken back before the second.
    assert undo_batch(library, WriteGenres, runs[0].batch).count("skipped") == 1
    assert undo_batch(library, WriteGenres).batch == runs[1].batch
    assert read_tags(song).genres == ("Jazz",)
    assert undo_batch(library, WriteGenres).batch == runs[0].batch
    assert read_tags(song).genres == ()
    with pytest.raises(ParameterError, match="there is nothing to undo"):
        undo_batch(library, WriteGenres)


def test_other_tags_edited_since_survive_undo(library: Library, tmp_path: Path) -> None:
    (song,) = write_songs(tmp_path / "music", 1, genre="Bebop")
    add_track(library, song)
    run = apply_plan(library, plan(library, replace=True))
    file = mutagen.File(song)
    file["title"] = "New"
    file.save()
    assert undo_batch(library, WriteGenres, run.batch).count("undone") == 1
    assert (read_tags(song).title, read_tags(song).genres) == ("New", ("Bebop",))


def test_nothing_to_do_begins_nothing(library: Library) -> None:
    run = apply_plan(library, plan(library))
    assert (run.batch, run.outcomes) == (None, ())
    assert library.journal.batches() == []


def test_full_disk_fails_files_and_leaves_them_whole(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = write_songs(tmp_path / "music", 3)
    for song in songs:
        add_track(library, song)
    before = [song.read_bytes() for song in songs]
    real = shutil.copyfile

    def full(source: str, target: str) -> Any:
        if source.endswith("01.flac"):
            Path(target).write_bytes(b"half of")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    run = apply_plan(library, plan(library))
    assert [outcome.state for outcome in run.outcomes] == ["written", "failed", "written"]
    assert run.outcomes[1].reason == "no space left on device"
    assert songs[1].read_bytes() == before[1]
    assert sorted(os.listdir(songs[0].parent)) == ["00.flac", "01.flac", "02.flac"]
    (failed,) = library.journal.changes(states=("failed",))
    assert failed.reason == "no space left on device"


def test_really_full_disk(library: Library, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk")
    try:
        song = write_sound(disk / "a.wav", seconds=2)
        add_track(library, song)
        made = plan(library)
        (disk / "filler").write_bytes(bytes(1_048_576 - song.stat().st_size - 100_000))
        content = song.read_bytes()
        assert plan(library).kept == {"its disk has no space for a copy": 1}
        (outcome,) = apply_plan(library, made).outcomes
        assert (outcome.state, outcome.reason) == ("failed", "no space left on device")
        assert song.read_bytes() == content
        assert sorted(os.listdir(disk)) == ["a.wav", "filler"]
        (disk / "filler").unlink()
        assert apply_plan(library, plan(library)).count("written") == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


_ENDED = """
import os, sys
import earmark.changes.tags._writing as writing
import earmark.changes._replace as replace
from earmark.changes import apply_plan, undo_batch
from earmark.changes.tags import TagPlan, WriteGenres
from earmark.library import Library, open_library
path, plan, when = sys.argv[1:]
def end(*_):
    os._exit(7)
if when == "copied":
    writing.write_genres = writing.restore_genre_state = end
elif when == "begun":
    replace.write_copy = end
else:
    Library.file_changed = end
with open_library(path) as library:
    if plan == "undo":
        undo_batch(library, WriteGenres)
    else:
        apply_plan(library, TagPlan.read(plan))
"""


def ended(library: str, plan_file: Path | str, *, when: str) -> None:
    """Apply a plan, or undo, in a process that is ended at a step of the first file."""
    command = [sys.executable, "-c", _ENDED, library, str(plan_file), when]
    assert subprocess.run(command, check=False).returncode == 7


@pytest.mark.parametrize("when", ["begun", "copied", "renamed"])
@pytest.mark.parametrize("then", ["apply", "undo"])
def test_what_was_cut_short_is_settled(
    library: Library, tmp_path: Path, when: str, then: str
) -> None:
    (song,) = write_songs(tmp_path / "music", 1, genre="Bebop")
    add_track(library, song)
    plan(library, replace=True).write(tmp_path / "plan.csv")
    path = library.path
    ended(path, tmp_path / "plan.csv", when=when)
    with open_library(path) as again:
        if then == "apply":
            run = apply_plan(again, plan(again, replace=True))
            cut_short = run.cut_short
            assert read_tags(song).genres == ("Jazz",)
        else:
            run = undo_batch(again, WriteGenres, 1)
            cut_short = run.cut_short
            assert run.count("undone") == (when == "renamed")
            assert read_tags(song).genres == ("Bebop",)
        (outcome,) = cut_short
        assert outcome.state == ("written" if when == "renamed" else "failed")
        assert os.listdir(song.parent) == [song.name]
        assert tags_in(again, song) == read_tags(song).genres


@pytest.mark.parametrize("when", ["begun", "copied", "renamed"])
def test_undo_that_was_cut_short_goes_on(library: Library, tmp_path: Path, when: str) -> None:
    songs = write_songs(tmp_path / "music", 2, genre="Bebop")
    for song in songs:
        add_track(library, song)
    apply_plan(library, plan(library, replace=True))
    ended(library.path, "undo", when=when)
    assert read_tags(songs[1]).genres == (("Bebop",) if when == "renamed" else ("Jazz",))
    assert undo_batch(library, WriteGenres).count("undone") == 2
    for song in songs:
        assert read_tags(song).genres == tags_in(library, song) == ("Bebop",)
        assert known_state(library, song) == file_state(song)
    assert len(os.listdir(songs[0].parent)) == 2


def test_second_apply_at_once_is_refused(library: Library, tmp_path: Path) -> None:

    (song,) = write_songs(tmp_path / "music", 1)
    add_track(library, song)
    with exclusive(library.path), pytest.raises(LibraryError, match="another apply or undo"):
        apply_plan(library, plan(library))
    assert read_tags(song).genres == ()


def test_run_that_is_cancelled_keeps_what_is_done(library: Library, tmp_path: Path) -> None:
    songs = write_songs(tmp_path / "music", 3)
    for song in songs:
        add_track(library, song)

    def cancel(done: int, total: int, path: str) -> None:
        assert (total, path) == (3, str(songs[done - 1]))
        if done == 2:
            raise JobCancelledError("apply")

    with pytest.raises(JobCancelledError):
        apply_plan(library, plan(library), progress=cancel)
    assert [read_tags(song).genres for song in songs] == [("Jazz",), ("Jazz",), ()]
    (batch,) = library.journal.batches()
    assert (batch.counts["done"], batch.counts["begun"]) == (2, 0)
    with pytest.raises(JobCancelledError):
        undo_batch(library, WriteGenres, progress=lambda *_: cancel(2, 3, str(songs[1])))
    assert [read_tags(song).genres for song in songs] == [("Jazz",), (), ()]
    assert undo_batch(library, WriteGenres).count("undone") == 1
    assert read_tags(songs[0]).genres == ()


def test_cancel_before_anything_is_changed_leaves_no_batch(
    library: Library, tmp_path: Path
) -> None:
    (song,) = write_songs(tmp_path / "music", 1)
    add_track(library, song)
    made = plan(library)
    write_genres(song, ["Jazz"])

    def cancel(*_: object) -> None:
        raise JobCancelledError("apply")

    with pytest.raises(JobCancelledError):
        apply_plan(library, made, progress=cancel)
    assert library.journal.batches() == []
