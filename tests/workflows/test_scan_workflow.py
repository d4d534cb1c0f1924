"""Scanning: what is new is listened to, and everything else is noticed without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import soundfile
from scan_helpers import contents, paths_of, refuse_to_decode, tag, write_song

from earmark.errors import (
    AudioAccessError,
    AudioError,
    JobCancelledError,
    LibraryError,
    ModelNotFoundError,
    ParameterError,
)
from earmark.library import Filters, open_library
from earmark.models import load_model
from earmark.scanning import _scan as scanning
from earmark.testing import music_like
from earmark.workflows import scan as workflow
from earmark.workflows.jobs import Job
from earmark.workflows.scan import ScanPlan, ScanReport, scan, watch


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four songs, one file that is none, and one that is no audio at all."""
    folder = tmp_path_factory.mktemp("recorded")
    for number in range(4):
        write_song(
            folder / "music" / f"{number}.flac",
            seed=number,
            artist=f"artist {number}",
            title=f"title {number}",
        )
    (folder / "music" / "text.mp3").write_text("no music\n" * 99)
    (folder / "music" / "cover.jpg").write_bytes(b"picture")
    scan([folder / "music"], library=folder / "library.db", jobs=1)
    return folder


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder whose library knows it."""
    shutil.copytree(recorded / "music", tmp_path / "music")
    with open_library(recorded / "library.db") as known:
        known.query(f"VACUUM INTO '{tmp_path / 'library.db'}'")
    with open_library(tmp_path / "library.db") as library, library.transaction() as connection:
        connection.execute(
            "UPDATE track SET path = CAST(replace(CAST(path AS TEXT), ?, ?) AS BLOB)",
            [str(recorded), str(tmp_path)],
        )
        connection.execute("DELETE FROM root")
    return tmp_path


@pytest.fixture
def again(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScanReport]:
    """Return a function that scans again and must not listen, unless allowed to."""

    def run(*paths: Path, may_listen: bool = False, **settings: Any) -> ScanReport:
        with monkeypatch.context() as context:
            if not may_listen:
                context.setattr(scanning, "analyse_file", refuse_to_decode)
            folders = paths or (home / "music",)
            return scan(folders, library=home / "library.db", jobs=1, **settings)

    return run


def counts(report: ScanReport) -> dict[str, int]:
    told = report.to_dict()
    names = ("unchanged", "analysed", "refreshed", "moved", "answered", "missing")
    return {name: told[name] for name in names if told[name]} | (
        {"failed": len(report.failed)} if report.failed else {}
    )


def test_first_scan_listens_to_all(recorded: Path) -> None:
    with open_library(recorded / "library.db") as library:
        tracks = library.tracks()
        assert [one.tags.title for one in tracks] == [f"title {number}" for number in range(4)]
        assert {one.genre for one in tracks} <= set(load_model().classes)
        assert all(one.duration == pytest.approx(2.0) for one in tracks)
        (failed,) = library.tracks(Filters(state="failed"))
    assert failed.error_code == "no-audio"
    assert os.path.basename(failed.path) == "text.mp3"


def test_second_scan_only_looks(again: Callable[..., ScanReport]) -> None:
    report = again()
    assert counts(report) == {"unchanged": 4, "failed": 1}
    assert report.failed[0].reason
    assert report.n_files == 5


def test_scan_without_paths_is_of_what_was_scanned(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    again()
    report = scan(library=home / "library.db", jobs=1)
    assert report.roots == (str(home / "music"),)
    assert counts(report) == {"unchanged": 4, "failed": 1}


def test_nothing_to_scan_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library exists yet"):
        scan(library=tmp_path / "library.db")
    with pytest.raises(ParameterError, match="no such file or folder"):
        scan([tmp_path / "nowhere"], library=tmp_path / "library.db")
    assert os.listdir(tmp_path) == []
    open_library(tmp_path / "library.db", create=True).close()
    with pytest.raises(ParameterError, match="Name a folder to scan"):
        scan(library=tmp_path / "library.db")
    report = scan(str(tmp_path / "nowhere"), library=tmp_path / "library.db")
    assert [one.reason for one in report.failed] == ["no such file or folder"]
    with pytest.raises(ParameterError, match="none of them exists, so there is nothing to watch"):
        list(watch(str(tmp_path / "nowhere"), library=tmp_path / "library.db"))


def test_new_file_is_listened_to(home: Path, again: Callable[..., ScanReport]) -> None:
    write_song(home / "music" / "new" / "5.flac", seed=5)
    told: list[ScanPlan] = []
    report = again(may_listen=True, planned=told.append)
    assert counts(report) == {"unchanged": 4, "analysed": 1, "failed": 1}
    assert [os.path.basename(path) for path in told[0].listen] == ["5.flac"]


def test_moved_and_renamed_files_are_recognised(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    with open_library(home / "library.db") as library:
        before = paths_of(library)
        first = min(before)
        library.set_genre([first], "polka", now=1.0)
    (home / "music" / "sub").mkdir()
    (home / "music" / "0.flac").rename(home / "music" / "sub" / "zero.flac")
    (home / "music" / "1.flac").rename(home / "music" / "one.flac")
    tag(home / "music" / "one.flac", title="another title")
    report = again()
    assert counts(report) == {"unchanged": 2, "moved": 2, "failed": 1}
    with open_library(home / "library.db") as library:
        after = paths_of(library)
        assert after.keys() == before.keys()
        assert after[first] == str(home / "music" / "sub" / "zero.flac")
        assert library.track(first).genre == "polka"
        found = library.find(home / "music" / "one.flac")
        assert found is not None
        assert found.tags.title == "another title"
    assert counts(again()) == {"unchanged": 4, "failed": 1}


def test_files_that_changed_places(home: Path, again: Callable[..., ScanReport]) -> None:
    with open_library(home / "library.db") as library:
        before = {one.tags.title: one.id for one in library.tracks()}
    music = home / "music"
    (music / "0.flac").rename(music / "x")
    (music / "1.flac").rename(music / "0.flac")
    (music / "x").rename(music / "1.flac")
    report = again()
    assert counts(report) == {"unchanged": 2, "moved": 2, "failed": 1}
    with open_library(home / "library.db") as library:
        assert {one.tags.title: one.id for one in library.tracks()} == before
        found = library.find(music / "0.flac")
        assert found is not None
        assert found.tags.title == "title 1"


def test_file_over_another_is_the_one_that_moved(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    (home / "music" / "0.flac").replace(home / "music" / "1.flac")
    report = again()
    assert counts(report) == {"unchanged": 2, "moved": 1, "failed": 1}
    with open_library(home / "library.db") as library:
        assert [one.tags.title for one in library.tracks()] == ["title 0", "title 2", "title 3"]
        (gone,) = library.tracks(Filters(missing=True))
        assert gone.tags.title == "title 1"


def test_retagged_file_is_not_listened_to(home: Path, again: Callable[..., ScanReport]) -> None:
    tag(home / "music" / "2.flac", title="New", genre="fado", date="1999-12-31")
    report = again()
    assert counts(report) == {"unchanged": 3, "refreshed": 1, "failed": 1}
    with open_library(home / "library.db") as library:
        found = library.find(home / "music" / "2.flac")
    assert found is not None
    assert (found.tags.title, found.tags.genres, found.tags.year) == ("New", ("fado",), 1999)


def test_file_with_other_audio_is_listened_to(home: Path, again: Callable[..., ScanReport]) -> None:
    write_song(home / "music" / "2.flac", seed=77, title="other")
    report = again(may_listen=True)
    assert counts(report) == {"unchanged": 3, "analysed": 1, "failed": 1}


def test_other_song_of_the_same_name_is_another_track(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    with open_library(home / "library.db") as library:
        first = library.find(home / "music" / "2.flac")
        assert first is not None
        library.set_genre([first.id], "polka", now=1.0)
    write_song(home / "music" / "2.flac", seed=78, seconds=13)
    again(may_listen=True)
    with open_library(home / "library.db") as library:
        found = library.find(home / "music" / "2.flac")
        assert found is not None
        assert found.id != first.id
        assert found.corrected is None
        assert library.track(first.id).missing


def test_song_that_was_encoded_again_is_the_same_track(
    tmp_path: Path, again: Callable[..., ScanReport]
) -> None:
    song = write_song(tmp_path / "one" / "a.flac", seed=4, seconds=20)
    scan([tmp_path / "one"], library=tmp_path / "library.db", jobs=1)
    with open_library(tmp_path / "library.db") as library:
        (track,) = library.tracks(Filters(path=str(song)))
        library.set_genre([track.id], "polka", now=1.0)
    y, sr = soundfile.read(song)
    soundfile.write(song, 0.9 * y, sr)
    report = scan([tmp_path / "one"], library=tmp_path / "library.db", jobs=1)
    assert report.n_analysed == 1
    with open_library(tmp_path / "library.db") as library:
        assert library.track(track.id).corrected == "polka"
        assert library.tracks(Filters(missing=True)) == []


def test_file_that_comes_back_over_one_that_moved_there(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    music = home / "music"
    shutil.copy(music / "1.flac", home / "backup.flac")
    (music / "0.flac").replace(music / "1.flac")
    again()
    shutil.copy(home / "backup.flac", music / "1.flac")
    assert counts(again()) == {"unchanged": 2, "refreshed": 1, "failed": 1}
    assert counts(again()) == {"unchanged": 3, "failed": 1}
    with open_library(home / "library.db") as library:
        assert [one.tags.title for one in library.tracks()] == ["title 1", "title 2", "title 3"]


def test_read_error_that_passes_loses_nothing(
    home: Path, again: Callable[..., ScanReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    song = home / "music" / "2.flac"
    with open_library(home / "library.db") as library:
        track = library.find(song)
        assert track is not None
        library.set_genre([track.id], "polka", now=1.0)
    os.utime(song)

    def refuse(path: str, **settings: Any) -> AudioError:
        return AudioAccessError(path, "the disk does not answer")

    with monkeypatch.context() as context:
        context.setattr(scanning, "read_file", refuse)
        context.setattr(scanning, "analyse_file", refuse)
        assert counts(scan([home / "music"], library=home / "library.db", jobs=1)) == {
            "unchanged": 3,
            "failed": 2,
        }
    with open_library(home / "library.db") as library:
        assert library.track(track.id).state == "failed"
        assert library.count() == 3
    assert counts(again()) == {"unchanged": 3, "refreshed": 1, "failed": 1}
    with open_library(home / "library.db") as library:
        assert library.track(track.id).genre == "polka"
        assert library.count() == 4


def test_moved_file_is_answered_by_the_new_model_at_once(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    again(model="gtzan57", may_listen=True)
    (home / "music" / "0.flac").rename(home / "music" / "zero.flac")
    report = again(model="gtzan943")
    assert counts(report) == {"unchanged": 3, "moved": 1, "answered": 4, "failed": 1}


def test_header_that_gives_the_bytes_another_rate_is_other_audio(
    tmp_path: Path, again: Callable[..., ScanReport]
) -> None:
    y = music_like(duration=4)
    (tmp_path / "m").mkdir()
    soundfile.write(tmp_path / "m" / "a.wav", y, 22_050)
    scan([tmp_path / "m"], library=tmp_path / "library.db", jobs=1)
    soundfile.write(tmp_path / "m" / "a.wav", y, 44_100)
    report = scan([tmp_path / "m"], library=tmp_path / "library.db", jobs=1)
    assert (report.n_analysed, report.n_refreshed) == (1, 0)


def test_copy_is_a_track_of_its_own(home: Path, again: Callable[..., ScanReport]) -> None:
    shutil.copy(home / "music" / "0.flac", home / "music" / "copy.flac")
    report = again(may_listen=True)
    assert counts(report) == {"unchanged": 4, "analysed": 1, "failed": 1}


def test_file_that_is_gone_is_marked_and_comes_back(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    away = (home / "music" / "3.flac").rename(home / "away")
    assert counts(again()) == {"unchanged": 3, "missing": 1, "failed": 1}
    assert counts(again()) == {"unchanged": 3, "failed": 1}
    with open_library(home / "library.db") as library:
        (gone,) = library.tracks(Filters(missing=True))
        assert gone.tags.title == "title 3"
    away.rename(home / "music" / "3 again.flac")
    assert counts(again()) == {"unchanged": 3, "moved": 1, "failed": 1}
    with open_library(home / "library.db") as library:
        assert library.tracks(Filters(missing=True)) == []
        assert library.track(gone.id).path.endswith("3 again.flac")


def test_folder_that_is_not_there_loses_nothing(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    (home / "music").rename(home / "elsewhere")
    report = again()
    assert counts(report) == {"failed": 1}
    assert "the 5 tracks it held are kept as they were" in report.failed[0].reason
    with open_library(home / "library.db") as library:
        assert library.count() == 4
    (home / "elsewhere").rename(home / "music")
    assert counts(again()) == {"unchanged": 4, "failed": 1}


def test_folder_that_moved_with_a_bad_file_is_missed_no_longer(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    again()
    (home / "music").rename(home / "elsewhere")
    again(home / "elsewhere", may_listen=True)
    report = scan(library=home / "library.db", jobs=1)
    assert [error.path for error in report.failed] == [str(home / "elsewhere" / "text.mp3")]
    with open_library(home / "library.db") as library:
        assert library.count(Filters(state="failed")) == 1


def test_whole_folder_that_moved_is_recognised(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    (home / "music").rename(home / "elsewhere")
    report = again(home / "elsewhere", may_listen=True)
    assert counts(report) == {"moved": 4, "failed": 1}
    assert report.n_analysed == 0
    with open_library(home / "library.db") as library:
        (text,) = library.tracks(Filters(state="failed", path=str(home / "music")))
        library.scanned.mark_missing([text.id], now=1.0)
    report = scan(library=home / "library.db", jobs=1)  # where it was is not asked about again
    assert report.n_unchanged == 4
    with open_library(home / "library.db") as library:
        assert library.scanned.roots() == [str(home / "elsewhere")]


def test_emptied_folder_marks_its_files(home: Path, again: Callable[..., ScanReport]) -> None:
    for file in (home / "music").iterdir():
        file.unlink()
    assert counts(again()) == {"missing": 5}


def test_folder_that_vanishes_while_it_is_scanned(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_song(home / "more" / "a.flac", seed=11)
    write_song(home / "more" / "b.flac", seed=12)
    listen = scanning.analyse_file

    def listen_and_delete(path: str, **settings: Any) -> Any:
        found = listen(path, **settings)
        shutil.rmtree(home / "more", ignore_errors=True)
        return found

    monkeypatch.setattr(scanning, "analyse_file", listen_and_delete)
    report = scan([home / "more"], library=home / "library.db", jobs=1)
    assert counts(report) == {"analysed": 1, "failed": 1}
    assert report.failed[0].code == "not-found"
    with open_library(home / "library.db") as library:
        assert library.find(home / "more" / "b.flac") is None


def test_folder_whose_files_were_all_moved_is_no_failure(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    again()
    (home / "sorted").mkdir()
    for file in (home / "music").iterdir():
        file.rename(home / "sorted" / file.name)
    again(home / "sorted", home / "music", may_listen=True)
    report = scan(library=home / "library.db", jobs=1)
    assert counts(report) == {"unchanged": 4, "failed": 1}
    assert [one.path for one in report.failed] == [str(home / "sorted" / "text.mp3")]


def test_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    report = scan([tmp_path / "music"], library=tmp_path / "library.db", jobs=1)
    assert [one.code for one in report.failed] == ["no-audio"]


def test_failed_file_is_listened_to_again_when_asked_or_changed(
    home: Path, again: Callable[..., ScanReport]
) -> None:
    report = again(may_listen=True, retry_failed=True)
    assert counts(report) == {"unchanged": 4, "failed": 1}
    shutil.copy(home / "music" / "0.flac", home / "song.flac")
    (home / "song.flac").replace(home / "music" / "text.mp3")
    write_song(home / "music" / "text.mp3.flac", seed=8)
    (home / "music" / "text.mp3.flac").replace(home / "music" / "text.mp3")
    report = again(may_listen=True)
    assert counts(report) == {"unchanged": 4, "analysed": 1}


def test_other_model_is_asked_about_what_is_kept(
    home: Path, again: Callable[..., ScanReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = again(model="gtzan57", may_listen=True)  # takes features that are not kept
    assert counts(report) == {"analysed": 4, "failed": 1}
    report = again(model="gtzan943")
    assert counts(report) == {"unchanged": 4, "answered": 4, "failed": 1}
    with open_library(home / "library.db") as library:
        known = library.scanned.known()
    assert {one.answered_by for one in known if not one.failed} == {load_model("gtzan943").sha256}


def test_library_remembers_its_model(home: Path, again: Callable[..., ScanReport]) -> None:
    again(model="gtzan57", may_listen=True)
    assert counts(again()) == {"unchanged": 4, "failed": 1}
    with open_library(home / "library.db") as library:
        assert library.setting("model") == "gtzan57"


def test_model_there_is_not_changes_nothing(home: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        scan([home / "music"], library=home / "library.db", model="nothing.earmark")
    with open_library(home / "library.db") as library:
        assert library.setting("model") is None


def test_two_scans_at_once_agree(home: Path) -> None:
    music = home / "music"
    (music / "0.flac").rename(music / "zero.flac")
    tag(music / "1.flac", title="another")
    (music / "2.flac").unlink()
    write_song(music / "2.flac", seed=55)  # other music of that name
    write_song(music / "9.flac", seed=9)
    for name in ("alone", "both"):
        shutil.copy(home / "library.db", home / f"{name}.db")

    def started(name: str) -> subprocess.Popen[bytes]:
        # Programs of their own, each with one thread: sums are the same to the last bit.
        command = [sys.executable, "-m", "earmark", "scan", str(music), "-j1", "--library"]
        return subprocess.Popen([*command, str(home / f"{name}.db")], stdout=subprocess.PIPE)

    assert b"failed  " in started("alone").communicate()[0]
    both = [started("both") for _ in range(2)]
    assert all(b"failed  " in process.communicate()[0] for process in both)
    since = ("missing_since",)
    assert contents(home / "both.db", without=since) == contents(home / "alone.db", without=since)
    with open_library(home / "both.db") as library:
        assert [one.tags.title for one in library.tracks(Filters(missing=True))] == ["title 2"]
        assert library.count() == 5


def test_reader_during_a_scan(home: Path) -> None:
    for number in range(20, 23):
        write_song(home / "music" / f"{number}.flac", seed=number)
    seen = []

    def look(done: int, total: int, path: str) -> None:
        with open_library(home / "library.db") as reader:
            seen.append(reader.count())

    scan([home / "music"], library=home / "library.db", jobs=1, progress=look)
    assert seen == [5, 6, 7]


@pytest.mark.parametrize("jobs", [1, 2])
def test_cancelled_scan_keeps_what_is_done(home: Path, jobs: int) -> None:
    for number in range(30, 36):
        write_song(home / "music" / f"{number}.flac", seed=number)
    job: Job[ScanReport] = Job("scan")
    job.subscribe(lambda status: job.cancel() if status.done == 2 else None)
    library = home / "library.db"
    with pytest.raises(JobCancelledError):
        job.run(partial(scan, [home / "music"], library=library, jobs=jobs, progress=job))
    status = job.status
    assert (status.state, status.phase, status.done, status.total) == ("cancelled", "analyse", 2, 6)
    report = scan([home / "music"], library=home / "library.db", jobs=1)
    # The third was written down before the scan noticed.
    assert (report.n_unchanged, report.n_analysed) == (7, 3)


def test_job_of_a_scan_lists_what_failed_in_it(home: Path) -> None:
    broken = home / "music" / "broken.mp3"
    broken.write_bytes(b"no music")
    job: Job[ScanReport] = Job("scan")
    scan([home / "music"], library=home / "library.db", jobs=1, progress=job)
    (failure,) = job.status.failures
    assert isinstance(failure, AudioError)
    assert failure.path == str(broken)
    assert [phase.name for phase in job.status.phases] == ["look for changes", "analyse"]


def test_disk_that_fills_up(home: Path) -> None:
    for number in range(30, 50):
        write_song(home / "music" / f"{number}.flac", seed=number)
    with open_library(home / "library.db") as small:
        ((pages,),) = small.query("PRAGMA page_count")
        small.query(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(LibraryError, match="the disk is full; what was done before is kept"):
            scan([home / "music"], library=small, jobs=1)
    with open_library(home / "library.db") as library:
        ((check,),) = library.query("PRAGMA integrity_check")
        assert check == "ok"
        assert 4 < library.count() < 24
    report = scan([home / "music"], library=home / "library.db", jobs=1)
    assert report.n_unchanged + report.n_analysed == 24


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_disk_that_is_full_indeed(home: Path) -> None:
    mount = shutil.which("mount")
    place = home / "small"
    place.mkdir()
    command = [str(mount), "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    for number in range(60, 90):
        write_song(home / "music" / f"{number}.flac", seed=number)
    try:
        with pytest.raises(LibraryError, match="the disk is full"):
            scan([home / "music"], library=place / "library.db", jobs=1)
        shutil.copytree(place, home / "saved")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    with open_library(home / "saved" / "library.db") as library:
        ((check,),) = library.query("PRAGMA integrity_check")
        assert check == "ok"
        assert library.count() >= 1


def test_watching(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    n_scans = 0
    whole_scan = workflow.scan

    def counted(*arguments: Any, **settings: Any) -> ScanReport:
        nonlocal n_scans
        n_scans += 1
        report = whole_scan(*arguments, **settings)
        if n_scans == 1:  # what comes while the first scan goes on
            write_song(home / "music" / "early.flac", seed=98)
        return report

    monkeypatch.setattr(workflow, "scan", counted)
    library = home / "music" / "library.db"  # in the very folder
    shutil.copy(home / "library.db", library)
    reports = watch([home / "music"], library=library, jobs=1, stopped=done.is_set)
    assert counts(next(reports)) == {"unchanged": 4, "failed": 1}
    assert counts(next(reports)) == {"unchanged": 4, "analysed": 1, "failed": 1}
    found: list[ScanReport] = []
    thread = threading.Thread(target=lambda: found.append(next(reports)))
    thread.start()
    time.sleep(0.5)
    (home / "music" / "cover.jpg").write_bytes(b"another picture")
    write_song(home / "outside.flac", seed=99)
    (home / "outside.flac").rename(home / "music" / "late.flac")
    thread.join(timeout=30)
    assert [counts(one) for one in found] == [{"unchanged": 5, "analysed": 1, "failed": 1}]
    assert n_scans <= 5  # its own writing wakes nobody
    done.set()
    assert list(reports) == []


@pytest.mark.parametrize("jobs", [0, -1])
def test_jobs_must_be_one_or_more(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(ParameterError, match=f"jobs={jobs}"):
        scan([tmp_path], library=tmp_path / "library.db", jobs=jobs)


@pytest.mark.realdata
def test_every_audio_file_there_is(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library.db"
    first = scan([data], library=library)
    assert first.n_files > 120
    assert first.n_analysed + len(first.failed) == first.n_files
    assert all(one.reason for one in first.failed)
    monkeypatch.setattr(scanning, "analyse_file", refuse_to_decode)
    monkeypatch.setattr(scanning, "read_file", refuse_to_decode)
    second = scan([data], library=library)
    assert second.n_unchanged == first.n_analysed
    assert len(second.failed) == len(first.failed)
    with open_library(library) as opened:
        assert opened.count() == first.n_analysed
        known = {os.path.basename(one.path): one for one in opened.tracks()}
    (ragtime,) = (one for name, one in known.items() if name.startswith("442789__lena-orsa"))
    assert ragtime.tags.artist == "Lena Orsa"
    assert known["blues.00000.flac"].answer.genre == "blues"
