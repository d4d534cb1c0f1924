"""Files are written whole or not at all, and never over one that is there unless asked."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from earmark.errors import ParameterError
from earmark.files import (
    FileState,
    atomic_write,
    check_target,
    content_hash,
    file_lock,
    file_state,
)


def test_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path, "w") as file:
        file.write("né")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == "né".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_file_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_full_disk_names_the_file(tmp_path: Path) -> None:
    def write() -> None:
        with atomic_write(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=r"a\.txt") as caught:
        write()
    assert caught.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_new_file_gets_the_permissions_of_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with atomic_write(tmp_path / "a.txt") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~umask


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_of_a_file_that_is_replaced_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    with atomic_write(path) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_long_name_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 100 + ".txt")
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "overwrite", "reason"),
    [
        ("there.txt", False, "already exists. Choose another name, or pass overwrite=True"),
        ("dangling", False, "already exists"),
        ("folder", True, "is a folder"),
        ("no/new.txt", False, "its folder does not exist"),
        ("new.html", False, "new.html"),
    ],
)
def test_target_that_could_not_be_written_is_refused(
    tmp_path: Path, name: str, overwrite: bool, reason: str
) -> None:
    (tmp_path / "there.txt").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    endings = (".txt",) if name.endswith(".html") else ()
    with pytest.raises(ParameterError, match=f"report=.*{reason}"):
        check_target(tmp_path / name, overwrite=overwrite, name="report", endings=endings)


def test_target_that_can_be_written_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "there.txt").touch()
    check_target(tmp_path / "there.txt", overwrite=True, endings=(".txt",))
    check_target(tmp_path / "new.txt", overwrite=False)
    check_target("new.txt", overwrite=False)
    check_target(None, overwrite=False)


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from earmark.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as file:\n"
        "    file.write(b'half')\n"
        "    os._exit(9)\n"
    )
    target = tmp_path / "table.csv"
    assert subprocess.run([sys.executable, "-c", program, str(target)], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_write(target) as file:
        file.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_parts_of_other_writers_and_other_files_stay(tmp_path: Path) -> None:
    other = tmp_path / "table.csv.mine.part"
    other.write_text("mine")
    with atomic_write(tmp_path / "table.csv") as first:
        first.write(b"first")
        with atomic_write(tmp_path / "table.csv") as second:
            second.write(b"second")
    assert (tmp_path / "table.csv").read_bytes() == b"first"
    assert other.exists()


# --- locks ----------------------------------------------------------------------------------------


def test_lock_keeps_others_out_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    with file_lock(path):
        assert os.listdir(tmp_path) == ["study.log.lock"]
        with pytest.raises(BlockingIOError), file_lock(path):
            raise AssertionError
        with file_lock(tmp_path / "other.log"):
            pass
    assert os.listdir(tmp_path) == []
    with file_lock(path):
        pass


def test_lock_on_a_link_is_the_lock_on_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    with file_lock(link), pytest.raises(BlockingIOError), file_lock(tmp_path / "real"):
        raise AssertionError


def test_lock_is_released_when_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    code = (
        "import sys, time\nfrom earmark.files import file_lock\n"
        "with file_lock(sys.argv[1]):\n    print('locked', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(BlockingIOError), file_lock(path):
            raise AssertionError
        process.kill()
    with file_lock(path):
        assert os.listdir(tmp_path) == ["study.log.lock"]
    assert os.listdir(tmp_path) == []


def test_threads_that_wait_for_a_lock_hold_it_one_after_the_other(tmp_path: Path) -> None:
    holders, most = 0, 0

    def hold() -> None:
        nonlocal holders, most
        for _ in range(20):
            with file_lock(tmp_path / "a", wait=True):
                holders += 1
                most = max(most, holders)
                holders -= 1

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_lock_gets_the_permissions_of_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with file_lock(tmp_path / "a"):
            mode = (tmp_path / "a.lock").stat().st_mode
    finally:
        os.umask(before)
    assert stat.S_IMODE(mode) == 0o666 & ~umask


def test_lock_in_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), file_lock(tmp_path / "no" / "a"):
        raise AssertionError


# --- hashes and states ----------------------------------------------------------------------------


def test_hash_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * 100_000)
    assert content_hash(tmp_path / "a") == hashlib.sha256(b"a" * 100_000).hexdigest()
    with pytest.raises(FileNotFoundError):
        content_hash(tmp_path / "b")


def test_state_changes_with_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    os.utime(path, ns=(5, 1_700_000_000_000_000_000))
    assert FileState.of(path) == file_state(path) == FileState(1, 1_700_000_000_000_000_000)
    os.utime(path, ns=(5, 1_700_000_001_000_000_000))
    assert file_state(path) != FileState(1, 1_700_000_000_000_000_000)


def test_file_that_does_not_exist_has_no_state(tmp_path: Path) -> None:
    assert file_state(tmp_path / "a") is None
    assert file_state("a\0b") is None
    with pytest.raises(FileNotFoundError):
        FileState.of(tmp_path / "a")


def test_a_part_is_not_taken_for_abandoned_when_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, replace = tmp_path / "table.csv", os.replace

    def another_writes_first(part: str, place: str) -> None:
        monkeypatch.setattr(os, "replace", replace)
        with atomic_write(target, "w") as other:
            other.write("other")
        replace(part, place)

    monkeypatch.setattr(os, "replace", another_writes_first)
    with atomic_write(target, "w") as file:
        file.write("mine")
    assert target.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
