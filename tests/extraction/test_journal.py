"""The journal: whatever ends a run, what was done before is there, and nothing else is."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import ParameterError
from earmark.extraction import Journal

SETTINGS = {"unit": "clip", "sets": {"gtzan57": {"version": 1}}}
ENTRIES: list[tuple[dict[str, Any], bytes]] = [
    ({"path": "a.mp3", "size": 1}, b"first body"),
    ({"path": "not \udcff text", "size": None}, b""),
    ({"path": "größe ♪", "size": 3}, bytes(range(256))),
]


def written(path: Path) -> list[int]:
    """Write a journal of the entries and return its length after each, the settings first."""
    with Journal(path, settings=SETTINGS) as journal:
        lengths = [path.stat().st_size]
        for key, body in ENTRIES:
            journal.append(key, body)
            lengths.append(path.stat().st_size)
    return lengths


def entries(journal: Journal) -> list[tuple[dict[str, Any], bytes]]:
    """Return what a journal holds."""
    return [(dict(record.key), journal.body(record)) for record in journal.records]


# --- what is appended ---------------------------------------------------------------------------


def test_what_is_appended_is_read_at_once_and_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, settings=SETTINGS) as journal:
        assert journal.records == []
        for key, body in ENTRIES:
            journal.append(key, body)
        assert entries(journal) == ENTRIES
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES


def test_appending_goes_on_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for key, body in ENTRIES:
        with Journal(path, settings=SETTINGS) as journal:
            journal.append(key, body)
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES


def test_same_key_twice_is_kept_twice(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", settings=SETTINGS) as journal:
        journal.append({"path": "a"}, b"1")
        journal.append({"path": "a"}, b"2")
        assert [journal.body(record) for record in journal.records] == [b"1", b"2"]


def test_bodies_are_read_in_any_order_between_appending(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", settings=SETTINGS) as journal:
        journal.append(*ENTRIES[0])
        assert journal.body(journal.records[0]) == ENTRIES[0][1]
        journal.append(*ENTRIES[2])
        assert journal.body(journal.records[0]) == ENTRIES[0][1]
        assert journal.body(journal.records[1]) == ENTRIES[2][1]


def test_record_is_in_the_file_once_appending_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    code = (
        "import os, sys\n"
        "from earmark.extraction import Journal\n"
        f"journal = Journal(sys.argv[1], settings={SETTINGS!r})\n"
        "journal.append({'path': 'a'}, b'body')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == [({"path": "a"}, b"body")]


# --- a torn or damaged end ----------------------------------------------------------------------


def test_whole_records_of_a_journal_cut_anywhere_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    lengths = written(path)
    content = path.read_bytes()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        n_whole = max(0, sum(length <= cut for length in lengths) - 1)
        with Journal(path, settings=SETTINGS) as journal:
            assert entries(journal) == ENTRIES[:n_whole], cut
            journal.append({"path": "new"}, b"after the cut")
        with Journal(path, settings=SETTINGS) as journal:
            assert entries(journal) == [*ENTRIES[:n_whole], ({"path": "new"}, b"after the cut")]


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_flipped_byte_ends_the_journal_before_its_record(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "journal"
    lengths = written(path)
    content = path.read_bytes()
    for position in range(lengths[0], len(content)):
        damaged = bytearray(content)
        damaged[position] ^= mask
        path.write_bytes(damaged)
        n_whole = sum(length <= position for length in lengths) - 1
        with Journal(path, settings=SETTINGS) as journal:
            assert entries(journal) == ENTRIES[:n_whole], position
        assert path.stat().st_size == lengths[n_whole]


def test_flipped_byte_in_the_settings_loses_all_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    lengths = written(path)
    content = path.read_bytes()
    for position in range(lengths[0]):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        if position < 4:  # the name of the format
            with pytest.raises(ParameterError, match="not a journal"):
                Journal(path, settings=SETTINGS)
            assert path.read_bytes() == damaged
        else:
            with Journal(path, settings=SETTINGS) as journal:
                assert journal.records == []


def test_huge_length_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    lengths = written(path)
    content = bytearray(path.read_bytes())
    content[lengths[1] + 8 : lengths[1] + 16] = b"\xff" * 8
    path.write_bytes(content)
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES[:1]


# --- what is not its own ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"RIFF....WAVE", b"PAR1" + bytes(300), b"x", b"\n", bytes(20), b"EMJ2" + bytes(99)]
)
def test_foreign_file_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=r"letter\.txt' is not a journal written by Earmark"):
        Journal(path, settings=SETTINGS)
    assert path.read_bytes() == content


@pytest.mark.parametrize("other", [{}, {**SETTINGS, "unit": "track"}, {**SETTINGS, "more": 1}])
def test_other_settings_are_refused_untouched(tmp_path: Path, other: dict[str, Any]) -> None:
    path = tmp_path / "journal"
    written(path)
    before = path.read_bytes()
    with pytest.raises(ParameterError, match="a run with other settings"):
        Journal(path, settings=other)
    assert path.read_bytes() == before
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES


def test_second_run_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, settings=SETTINGS) as journal:
        journal.append(*ENTRIES[0])
        with pytest.raises(ParameterError, match="in use by another run"):
            Journal(path, settings=SETTINGS)
        journal.append(*ENTRIES[1])
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES[:2]


def test_refusal_lets_go_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path)
    for _ in range(2):
        with pytest.raises(ParameterError, match="other settings"):
            Journal(path, settings={})
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES


def test_folder_and_missing_folder_are_os_errors(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "journal"):
        with pytest.raises(OSError, match=str(path)):
            Journal(path, settings=SETTINGS)


# --- a full disk --------------------------------------------------------------------------------


class FullDisk(io.FileIO):
    """A file on a disk that holds so many bytes more."""

    room = 10**9

    def write(self, content: Any) -> int:
        kept = memoryview(content)[: FullDisk.room]
        if not len(kept):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        FullDisk.room -= len(kept)
        return super().write(kept)


@pytest.fixture
def set_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that says how many bytes more the disk holds."""
    monkeypatch.setattr(io, "FileIO", FullDisk)
    return lambda room: monkeypatch.setattr(FullDisk, "room", room)


@pytest.mark.parametrize("room", [0, 1, 19, 20, 30, 290])
def test_full_disk_leaves_the_journal_as_it_was(
    tmp_path: Path, set_room: Callable[[int], None], room: int
) -> None:
    path = tmp_path / "journal"
    with Journal(path, settings=SETTINGS) as journal:
        journal.append(*ENTRIES[0])
        before = path.read_bytes()
        set_room(room)
        for _ in range(2):
            with pytest.raises(OSError, match=r"No space left on device: .*journal"):
                journal.append(*ENTRIES[2])
        assert path.read_bytes() == before
        assert entries(journal) == ENTRIES[:1]
        set_room(10**9)
        journal.append(*ENTRIES[1])
        assert entries(journal) == ENTRIES[:2]
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES[:2]


def test_full_disk_at_the_start_leaves_nothing_in_the_way(
    tmp_path: Path, set_room: Callable[[int], None]
) -> None:
    path = tmp_path / "journal"
    set_room(7)
    with pytest.raises(OSError, match="No space left on device"):
        Journal(path, settings=SETTINGS)
    set_room(10**9)
    assert written(path)
    with Journal(path, settings=SETTINGS) as journal:
        assert entries(journal) == ENTRIES
