"""One file is changed as a whole or not at all, and stays the file it was in all else."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.changes._running import exclusive
from earmark.errors import AudioError, ChangeError, LibraryError, TagError
from earmark.files import FileState

OLD, NEW = b"old content", b"new content, longer"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "a song.mp3"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def renew(copy: str) -> None:
    with open(copy, "wb") as file:
        file.write(NEW)


def accept(original: str, copy: str) -> None:
    assert Path(original).read_bytes() == OLD
    assert Path(copy).read_bytes() == NEW


def alone(path: Path) -> bool:
    return os.listdir(path.parent) == [path.name]


def test_file_is_replaced(song: Path) -> None:
    replace_safely(song, change=renew, verify=accept, expected=FileState.of(song))
    assert song.read_bytes() == NEW
    assert alone(song)


def test_folder_that_cannot_be_synced_is_no_failure(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    replace_safely(song, change=renew, verify=accept)
    assert song.read_bytes() == NEW
    assert alone(song)


def test_links_to_a_library_have_one_lock(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    (tmp_path / "alias.db").symlink_to(tmp_path / "library.db")
    with (
        exclusive(str(tmp_path / "library.db")),
        pytest.raises(LibraryError, match="another apply or undo"),
        exclusive(str(tmp_path / "alias.db")),
    ):
        pass


def test_mode_owner_and_attributes_stay_and_time_does_not(song: Path) -> None:
    song.chmod(0o640)
    os.utime(song, ns=(10**18, 10**18))
    if os.geteuid() == 0:
        os.chown(song, 1234, 4321)
    try:
        os.setxattr(song, "user.rating", b"5")
        attributes = True
    except (OSError, AttributeError):
        attributes = False
    before = song.stat()
    replace_safely(song, change=renew, verify=accept)
    after = song.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_mtime_ns > before.st_mtime_ns
    if attributes:
        assert os.getxattr(song, "user.rating") == b"5"


def _raise(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "no space left on device"),
        (TagError("x", "its tag is odd"), "its tag is odd"),
        (AudioError("x", "its audio is odd"), "its audio is odd"),
        (ChangeError("x", "it is odd"), "it is odd"),
    ],
)
@pytest.mark.parametrize("when", ["change", "verify"])
def test_whatever_goes_wrong_leaves_the_file(
    song: Path, when: str, error: BaseException, reason: str
) -> None:
    steps = {"change": renew, "verify": accept, when: _raise(error)}
    with pytest.raises(ChangeError, match=reason):
        replace_safely(song, **steps)  # type: ignore[arg-type]
    assert song.read_bytes() == OLD
    assert alone(song)


@pytest.mark.parametrize("when", ["change", "verify"])
def test_interruption_leaves_the_file(song: Path, when: str) -> None:
    steps = {"change": renew, "verify": accept, when: _raise(KeyboardInterrupt())}
    with pytest.raises(KeyboardInterrupt):
        replace_safely(song, **steps)  # type: ignore[arg-type]
    assert song.read_bytes() == OLD
    assert alone(song)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of a megabyte, or skip."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can make a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be made here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 300_000])
def test_full_disk_leaves_the_file(small_disk: Path, free: int) -> None:
    song = small_disk / "a.mp3"
    song.write_bytes(bytes(1_048_576 - 4096 * 4 if free == 0 else 1_048_576 - 700_000))

    def grow(copy: str) -> None:
        with open(copy, "ab") as file:
            file.write(bytes(600_000))

    before = song.read_bytes()
    with pytest.raises(ChangeError, match="no space left on device"):
        replace_safely(song, change=grow, verify=lambda a, b: None)
    assert song.read_bytes() == before
    assert alone(song)


def test_read_only_file_is_refused(song: Path) -> None:
    song.chmod(0o444)
    assert refusal(song) == "it is read-only"
    with pytest.raises(ChangeError, match="it is read-only"):
        replace_safely(song, change=renew, verify=accept)
    assert song.read_bytes() == OLD
    assert alone(song)


def test_read_only_folder_is_refused(song: Path) -> None:
    song.parent.chmod(0o555)
    try:
        assert refusal(song) == "its folder is read-only"
        with pytest.raises(ChangeError, match="its folder is read-only"):
            replace_safely(song, change=renew, verify=accept)
    finally:
        song.parent.chmod(0o755)
    assert song.read_bytes() == OLD


def test_hard_links_are_refused(song: Path) -> None:
    other = song.with_name("other.mp3")
    other.hardlink_to(song)
    assert refusal(song) == "it has 2 names (hard links), which changing it would part"
    with pytest.raises(ChangeError, match="2 names"):
        replace_safely(song, change=renew, verify=accept)
    assert os.path.samefile(song, other)


def test_link_stays_and_what_it_leads_to_is_changed(song: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mp3"
    link.symlink_to("middle.mp3")
    (tmp_path / "middle.mp3").symlink_to(song)
    replace_safely(link, change=renew, verify=accept)
    assert link.is_symlink()
    assert os.readlink(link) == "middle.mp3"
    assert not song.is_symlink()
    assert song.read_bytes() == link.read_bytes() == NEW
    assert alone(song)


@pytest.mark.parametrize("what", ["missing", "folder", "circle", "null", "broken link"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = str(tmp_path / "a.mp3")
    if what == "folder":
        os.mkdir(path)
    elif what in ("circle", "broken link"):
        os.symlink(path if what == "circle" else path + "x", path)
    elif what == "null":
        path += "\0"
    with pytest.raises(ChangeError):
        replace_safely(path, change=renew, verify=accept)


def test_file_that_changed_since_is_refused(song: Path) -> None:
    seen = FileState.of(song)
    os.utime(song, ns=(1, 1))
    with pytest.raises(ChangeError, match="changed since the plan was made"):
        replace_safely(song, change=renew, verify=accept, expected=seen)
    assert song.read_bytes() == OLD


def test_file_that_changes_meanwhile_is_refused(song: Path) -> None:
    def meddle(original: str, copy: str) -> None:
        Path(original).write_bytes(b"somebody else's")

    with pytest.raises(ChangeError, match="another program changed it in the meantime"):
        replace_safely(song, change=renew, verify=meddle)
    assert song.read_bytes() == b"somebody else's"
    assert alone(song)


@pytest.mark.parametrize(
    "name", [b"b\xff.mp3", b"a" * 251 + b".mp3", b"new\nline.mp3", "emoji\U0001f3b5.mp3".encode()]
)
def test_any_name(tmp_path: Path, name: bytes) -> None:
    path = os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
    with open(path, "wb") as file:
        file.write(OLD)
    replace_safely(path, change=renew, verify=accept)
    assert os.listdir(os.fsencode(tmp_path)) == [name]


def ended_with_a_copy(song: Path) -> None:
    """Change a file in a process that is ended once the copy is made."""
    code = (
        "import os, sys\nfrom earmark.changes._replace import replace_safely\n"
        "replace_safely(sys.argv[1], change=lambda copy: os._exit(7), verify=print)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(song)], check=False).returncode == 7


def test_copy_of_a_process_that_was_ended_is_found_again(song: Path) -> None:
    ended_with_a_copy(song)
    left = set(os.listdir(song.parent)) - {song.name}
    assert len(left) == 1
    assert left.pop().startswith(".earmark-")
    discard_copy(song)
    assert alone(song)
    discard_copy(song)


def test_left_copy_is_in_nobodys_way(song: Path) -> None:
    ended_with_a_copy(song)
    replace_safely(song, change=renew, verify=accept)
    assert song.read_bytes() == NEW
    assert alone(song)


def test_two_at_once_are_kept_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "library.db")
    with (
        exclusive(path),
        pytest.raises(LibraryError, match="another apply or undo"),
        exclusive(path),
    ):
        raise AssertionError
    with exclusive(path):
        assert os.listdir(tmp_path) == ["library.db.changes.lock"]
    assert os.listdir(tmp_path) == []
