"""`extract_features`: order, resuming, failures, and what a full or closed disk leaves behind."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import features_helpers as helpers
import pyarrow.parquet as pq
import pytest
import soundfile

from earmark.errors import ParameterError, WorkerDiedError
from earmark.extraction import FAILURES_SCHEMA, failures_path, features_schema
from earmark.features import CONTRAST, GTZAN57, LOGMEL
from earmark.testing import noise
from earmark.workflows import features as workflow

# In this process, where tests see what is worked on.
extract_features = partial(workflow.extract_features, jobs=1)

SR = 22_050
UNUSABLE = {"cover.mp3": "no-audio", "empty.wav": "empty-audio", "short.wav": "too-short"}


class StoppedError(Exception):
    """Stands for whatever ends a run."""


def stop_after(n: int) -> Callable[[int, int, str], None]:
    """Return a progress that ends the run once so many files are done."""

    def progress(done: int, total: int, path: str) -> None:
        if done >= n:
            raise StoppedError

    return progress


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of seven files that can be used and three that cannot."""
    folder = tmp_path / "music"
    folder.mkdir()
    helpers.write_pieces(folder, 7, seconds=(3, 1, 1, 2))
    (folder / "cover.mp3").write_text("no music\n" * 99)
    (folder / "empty.wav").touch()
    soundfile.write(folder / "short.wav", noise(duration=0.3), SR)
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return where to write, in a folder that holds nothing else."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "features.parquet"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the files that are worked on, as long as that is in this process."""
    asked: list[str] = []
    file_to_rows = workflow.file_to_rows

    def spy(path: str, **settings: Any) -> Any:
        asked.append(path)
        return file_to_rows(path, **settings)

    monkeypatch.setattr(workflow, "file_to_rows", spy)
    return asked


# --- the tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_are_in_the_order_of_the_inputs(folder: Path, output: Path, jobs: int) -> None:
    given = [folder / "005.wav", folder / "none.wav", folder]
    done = extract_features(given, output=output, jobs=jobs)
    features, failures = helpers.tables(output)
    names = [os.path.basename(path) for path in features["path"].to_pylist()]
    assert names == ["005.wav", *(f"00{i}.wav" for i in (0, 1, 2, 3, 4, 6))]
    assert dict(zip(failures["path"].to_pylist(), failures["code"].to_pylist(), strict=True)) == {
        str(folder / "none.wav"): "not-found",
        **{str(folder / name): code for name, code in UNUSABLE.items()},
    }
    assert (done.n_files, done.n_resumed, done.n_rows) == (11, 0, 7)
    assert [(error.path, error.code) for error in done.failed] == list(
        zip(failures["path"].to_pylist(), failures["code"].to_pylist(), strict=True)
    )
    assert (done.output, done.failures) == (str(output), failures_path(output))
    assert sorted(os.listdir(output.parent)) == ["features.failures.parquet", "features.parquet"]


def test_jobs_do_not_change_the_tables(folder: Path, tmp_path: Path) -> None:
    contents = []
    for jobs in (1, 2, None):
        path = tmp_path / f"{jobs}.parquet"
        extract_features([folder], output=path, jobs=jobs, unit="segment")
        contents.append((path.read_bytes(), Path(failures_path(path)).read_bytes()))
    assert contents[0] == contents[1] == contents[2]


@pytest.mark.parametrize(
    ("sets", "unit"), [(("gtzan57", "contrast"), "track"), (("logmel",), "segment")]
)
def test_tables_have_the_schemas_documented(
    folder: Path, output: Path, sets: tuple[str, ...], unit: Any
) -> None:
    extract_features([folder], output=output, sets=sets, unit=unit)
    features, failures = helpers.tables(output)
    by_name = {one.name: one for one in (CONTRAST, GTZAN57, LOGMEL)}
    expected = features_schema([by_name[name] for name in sets], unit)
    assert features.schema.names == expected.names
    assert features.schema.metadata[b"earmark"] == expected.metadata[b"earmark"]
    assert failures.schema.equals(FAILURES_SCHEMA)


def test_many_rows_are_written_in_groups(
    folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earmark.extraction._tables._ROWS_PER_GROUP", 3)
    extract_features([folder], output=output)
    assert pq.ParquetFile(output).metadata.num_row_groups == 3
    assert len(helpers.tables(output)[0]) == 7


def test_no_files_give_empty_tables(output: Path) -> None:
    done = extract_features([], output=output)
    features, failures = helpers.tables(output)
    assert (done.n_files, len(features), len(failures)) == (0, 0, 0)
    assert features.schema.names == features_schema([GTZAN57], "clip").names


def test_folder_without_audio_is_a_failure(tmp_path: Path, output: Path) -> None:
    done = extract_features([tmp_path / "out"], output=output)
    assert [error.code for error in done.failed] == ["no-audio"]
    assert helpers.tables(output)[1]["path"].to_pylist() == [str(tmp_path / "out")]


def test_names_that_are_not_text_are_done(tmp_path: Path, output: Path) -> None:
    path = os.path.join(tmp_path, "not \udcff.wav")
    soundfile.write(os.fsencode(path), noise(duration=1), SR, format="WAV")
    with pytest.raises(StoppedError):
        extract_features([path], output=output, progress=stop_after(1))
    done = extract_features([path, f"{path}.none"], output=output)
    assert (done.n_resumed, done.n_rows) == (1, 1)
    assert [error.path for error in done.failed] == [f"{path}.none"]
    assert helpers.tables(output)[0]["path"].to_pylist() == [rf"{tmp_path}/not \xff.wav"]


def test_output_may_have_a_name_that_is_not_text(folder: Path, tmp_path: Path) -> None:
    output = os.path.join(tmp_path, "out \udcff.parquet")
    extract_features([folder / "001.wav"], output=output)
    assert len(helpers.tables(output)[0]) == 1


def test_output_is_beside_where_it_was_asked_for(
    folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(output.parent)
    done = extract_features([folder / "001.wav"], output="mine.parquet")
    assert done.output == str(output.parent / "mine.parquet")
    assert sorted(os.listdir()) == ["mine.failures.parquet", "mine.parquet"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_of_each(folder: Path, output: Path, jobs: int) -> None:
    told: list[tuple[int, int, str]] = []
    extract_features([folder], output=output, jobs=jobs, progress=lambda *step: told.append(step))
    assert [step[:2] for step in told] == [(i, 10) for i in range(1, 11)]
    assert sorted(step[2] for step in told) == sorted(str(path) for path in folder.iterdir())


def test_worker_that_dies_is_a_failure(
    folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "file_to_rows", helpers.rows_or_die)
    (folder / "003.wav").rename(folder / "die.wav")
    done = extract_features([folder], output=output, jobs=2)
    (dead,) = [error for error in done.failed if isinstance(error, WorkerDiedError)]
    assert dead.path == str(folder / "die.wav")
    features, failures = helpers.tables(output)
    assert len(features) == 6
    assert (str(folder / "die.wav"), "worker-died") in [
        (row["path"], row["code"]) for row in failures.to_pylist()
    ]


# --- resuming -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 10])
def test_run_that_was_ended_goes_on_where_it_was(
    folder: Path, output: Path, tmp_path: Path, asked: list[str], n: int
) -> None:
    extract_features([folder], output=tmp_path / "undisturbed.parquet")
    asked.clear()
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, progress=stop_after(n))
    assert not output.exists()
    assert len(asked) == n
    done = extract_features([folder], output=output)
    assert (done.n_files, done.n_resumed, done.n_rows) == (10, n, 7)
    assert sorted(asked) == sorted(str(path) for path in folder.iterdir())
    assert output.read_bytes() == (tmp_path / "undisturbed.parquet").read_bytes()
    assert sorted(os.listdir(output.parent)) == ["features.failures.parquet", "features.parquet"]


def test_failures_are_not_tried_again(folder: Path, output: Path, asked: list[str]) -> None:
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, progress=stop_after(10))
    asked.clear()
    done = extract_features([folder], output=output)
    assert asked == []
    assert {os.path.basename(error.path): error.code for error in done.failed} == UNUSABLE


def test_progress_goes_on_counting(folder: Path, output: Path) -> None:
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, progress=stop_after(4))
    told: list[int] = []
    extract_features([folder], output=output, progress=lambda done, *_: told.append(done))
    assert told == [5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize("change", ["content", "time", "appears", "vanishes"])
def test_file_that_changed_meanwhile_is_done_again(
    folder: Path, output: Path, asked: list[str], change: str
) -> None:
    path = folder / "001.wav"
    if change == "appears":
        path = folder / "later.wav"
    given = [folder, path]
    with pytest.raises(StoppedError):
        extract_features(given, output=output, progress=stop_after(10 + (change == "appears")))
    asked.clear()
    if change in ("content", "appears"):
        soundfile.write(path, noise(duration=2.5, seed=99), SR)
    elif change == "time":
        os.utime(path, (1, 1))
    else:
        path.unlink()
    extract_features(given, output=output)
    assert asked == [str(path)]
    features, failures = helpers.tables(output)
    ends = {row["path"]: row["end"] for row in features.select(["path", "end"]).to_pylist()}
    if change == "vanishes":
        assert str(path) in failures["path"].to_pylist()
    else:
        assert ends[str(path)] == (1 if change == "time" else 2.5)


def test_other_files_of_the_same_run_may_be_asked_for(
    folder: Path, output: Path, asked: list[str]
) -> None:
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, progress=stop_after(10))
    asked.clear()
    done = extract_features([folder / "004.wav", folder / "002.wav"], output=output)
    assert (done.n_files, done.n_resumed, asked) == (2, 2, [])
    names = [os.path.basename(path) for path in helpers.tables(output)[0]["path"].to_pylist()]
    assert names == ["004.wav", "002.wav"]


@pytest.mark.parametrize("other", [{"unit": "track"}, {"sets": ("contrast",)}], ids=str)
def test_other_settings_do_not_go_on(folder: Path, output: Path, other: dict[str, Any]) -> None:
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, progress=stop_after(3))
    with pytest.raises(ParameterError, match="a run with other settings"):
        extract_features([folder], output=output, **other)
    assert extract_features([folder], output=output).n_resumed == 3


def test_second_run_is_refused_while_the_first_goes_on(folder: Path, output: Path) -> None:
    def progress(done: int, total: int, path: str) -> None:
        with pytest.raises(ParameterError, match="in use by another run"):
            extract_features([folder], output=output)

    assert extract_features([folder], output=output, progress=progress).n_rows == 7


# --- what is there ------------------------------------------------------------------------------


def test_table_that_is_there_is_kept(folder: Path, output: Path) -> None:
    output.write_bytes(b"mine")
    with pytest.raises(ParameterError, match=r"features\.parquet' already exists.*overwrite"):
        extract_features([folder], output=output)
    assert os.listdir(output.parent) == ["features.parquet"]
    assert output.read_bytes() == b"mine"


def test_table_that_is_there_is_replaced_when_asked(folder: Path, output: Path) -> None:
    output.write_bytes(b"mine")
    with pytest.raises(StoppedError):
        extract_features([folder], output=output, overwrite=True, progress=stop_after(2))
    assert output.read_bytes() == b"mine"
    extract_features([folder], output=output, overwrite=True)
    assert len(helpers.tables(output)[0]) == 7


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sets": ("gtzan58",)}, "'gtzan58' is not a feature set"),
        ({"sets": ()}, "sets is empty"),
        ({"sets": ("gtzan57", "gtzan57")}, "named twice"),
        ({"unit": "song"}, "unit='song' is not one of track, clip, segment"),
        ({"unit": "track", "sets": ("logmel",)}, "has no frames"),
        ({"engine": "spark"}, "engine='spark' is not one of local, ray"),
        ({"address": "auto"}, "address='auto' needs engine='ray'"),
        ({"jobs": 0}, "jobs=0 must be 1 or more"),
    ],
    ids=str,
)
def test_setting_that_there_is_not_is_refused_before_any_file(
    folder: Path, output: Path, asked: list[str], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ParameterError, match=told):
        extract_features([folder], output=output, **settings)
    assert (asked, os.listdir(output.parent)) == ([], [])


def test_output_without_its_folder_is_refused(folder: Path, output: Path) -> None:
    with pytest.raises(ParameterError, match="its folder does not exist"):
        extract_features([folder], output=output.parent / "none" / "a.parquet")


@pytest.mark.parametrize("overwrite", [False, True])
def test_output_that_is_a_folder_is_refused(folder: Path, output: Path, overwrite: bool) -> None:
    output.mkdir()
    with pytest.raises(ParameterError, match="is a folder"):
        extract_features([folder], output=output, overwrite=overwrite)


def test_output_that_cannot_be_written_is_an_error(
    folder: Path, asked: list[str], tmp_path: Path
) -> None:
    place = "/proc/self" if sys.platform == "linux" else str(tmp_path / "closed")
    if place != "/proc/self":
        os.mkdir(place, 0o500)
    with pytest.raises(OSError, match=r"none\.parquet\.journal"):
        extract_features([folder], output=f"{place}/none.parquet")
    assert asked == []


# --- a full disk --------------------------------------------------------------------------------


class FullDisk:
    """A file opened for writing on a disk that holds so many bytes more."""

    def __init__(self, path: str, room: int) -> None:
        self._file = open(path, "wb")  # noqa: SIM115
        self._room = room

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: Any) -> int:
        self._room -= len(memoryview(content))
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(content)


@pytest.mark.parametrize(
    ("which", "room"),
    [*(("features", room) for room in (0, 4, 1000, 20_000)), ("failures", 0), ("failures", 1000)],
)
def test_table_that_finds_no_room_leaves_what_was_there(
    folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch, which: str, room: int
) -> None:
    old = [b"features before", b"failures before"]
    output.write_bytes(old[0])
    Path(failures_path(output)).write_bytes(old[1])

    def opened(path: str, mode: str, **_: object) -> Any:
        if "r" in mode:
            return open(path, mode)
        full = ("failures" in os.path.basename(path)) == (which == "failures")
        return FullDisk(path, room if full else 10**9)

    monkeypatch.setattr("earmark.files.open", opened, raising=False)
    with pytest.raises(OSError, match=r"No space left on device.*\.parquet'"):
        extract_features([folder], output=output, overwrite=True)
    assert [output.read_bytes(), Path(failures_path(output)).read_bytes()] == old
    assert sorted(os.listdir(output.parent)) == [
        "features.failures.parquet",
        "features.parquet",
        "features.parquet.journal",
    ]
    monkeypatch.undo()
    assert extract_features([folder], output=output, overwrite=True).n_resumed == 10
    assert len(helpers.tables(output)[0]) == 7


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 600 kB, or skip."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)]
    if mount is None or os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path, *, free: int) -> Path:
    """Leave so many bytes free on a disk."""
    statistics = os.statvfs(place)
    ballast = place / "ballast"
    ballast.write_bytes(bytes(max(0, statistics.f_bavail * statistics.f_frsize - free)))
    return ballast


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "earmark", "features", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_full_disk_is_told_and_the_same_command_ends_it_once_there_is_room(
    small_disk: Path, tmp_path: Path, jobs: str
) -> None:
    (tmp_path / "music").mkdir()
    helpers.write_pieces(tmp_path / "music", 30)
    expected = tmp_path / "expected.parquet"
    extract_features([tmp_path / "music"], output=expected)
    output = small_disk / "features.parquet"
    output.write_bytes(b"before")
    arguments = [str(tmp_path / "music"), "-o", str(output), "--jobs", jobs, "--overwrite"]

    def refused() -> None:
        done = run_command(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("earmark: ")
        assert "No space left on device" in line
        assert str(output) in line
        assert output.read_bytes() == b"before"
        assert not [name for name in os.listdir(small_disk) if name.endswith(".part")]

    # First there is no room for the journal to go on, then none for the table.
    ballast = fill(small_disk, free=100_000)
    refused()
    ballast.unlink()
    with pytest.raises(StoppedError):
        extract_features(
            [tmp_path / "music"], output=output, overwrite=True, progress=stop_after(30)
        )
    ballast = fill(small_disk, free=8_192)
    refused()
    ballast.unlink()
    done = run_command(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resumed"] == 30
    assert output.read_bytes() == expected.read_bytes()
    assert sorted(os.listdir(small_disk)) == ["features.failures.parquet", "features.parquet"]
