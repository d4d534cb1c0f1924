"""Compiled kernels are kept on disk, where there is a disk, and two processes share them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from earmark.features import gtzan57
from earmark.testing import music_like

_ALL = """
from earmark.features import gtzan57
from earmark.testing import music_like
values = gtzan57(music_like(duration=3), sr=22_050)
from earmark.features import _chroma, _frames, _loop, _rhythm, _signal, _statistics
kernels = [
    _chroma._most_frequent, _frames.accumulate_chroma, _loop.measure_frames, _rhythm._fill_factors,
    _signal.fill_rms_and_crossings, _statistics._fill,
]
compiled = [one for one in vars(_loop).values() if hasattr(one, "stats")]
inner = [one for one in compiled if one is not _loop.measure_frames]
assert len(inner) > 10
"""
_FEW = """
import few_kernels
values = few_kernels.computed()
kernels = [few_kernels.norm, few_kernels.scale]
inner = [few_kernels.added, few_kernels.squared]
"""
_REPORT = """
import json
from earmark.features import _kernel
json.dump({
    "values": values.tobytes().hex(),
    "n_kernels": len(kernels),
    "n_loaded": sum(sum(one.stats.cache_hits.values()) for one in [*kernels, *inner]),
    "folder": str(_kernel.cache_folder() or ""),
}, open(1, "w"))
"""
PROGRAMS = {"few": _FEW + _REPORT, "all": _ALL + _REPORT}
N_KERNELS = {"few": 2, "all": 6}


@pytest.fixture(scope="module", params=["few", pytest.param("all", marks=pytest.mark.slow)])
def which(request: pytest.FixtureRequest) -> str:
    """Say which kernels are compiled: some small ones, or those of the features."""
    return str(request.param)


def started(which: str, cache: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAMS[which]],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Run:
    values: str
    n_kernels: int
    n_loaded: int
    folder: str


def finished(process: subprocess.Popen[str]) -> Run:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert not err
    return Run(**json.loads(out))


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return number, date and bytes of each file: what is written again has a number of its own."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns, data)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for data in [path.read_bytes()]
    }


@pytest.fixture(scope="module")
def expected(which: str) -> str:
    if which == "all":
        return gtzan57(music_like(duration=3), sr=22_050).tobytes().hex()
    values = np.arange(5.0) * 0.5
    return np.array([np.sum(values**2), *values]).tobytes().hex()


@pytest.fixture(scope="module")
def cache(which: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that does not exist yet, of a name that is not ASCII."""
    return tmp_path_factory.mktemp("kernels") / "Кэш"


@pytest.fixture(scope="module")
def raced(which: str, cache: Path) -> list[Run]:
    """Start two processes at once on an empty cache."""
    processes = [started(which, cache) for _ in range(2)]
    return [finished(process) for process in processes]


def test_two_that_compile_at_once_both_give_the_right_numbers(
    raced: list[Run], which: str, cache: Path, expected: str
) -> None:
    for run in raced:
        assert run.values == expected
        assert run.n_kernels == N_KERNELS[which]
        assert run.folder.startswith(str(cache))


def test_what_they_leave_is_whole(raced: list[Run], cache: Path) -> None:
    files = list(contents(cache))
    # One index for each kernel, and for each function that they are made of.
    assert len([name for name in files if name.endswith(".nbi")]) > raced[0].n_kernels
    assert {Path(name).suffix for name in files} == {".nbi", ".nbc", ".py"}


@pytest.mark.usefixtures("raced")
def test_the_next_loads_and_writes_nothing(which: str, cache: Path, expected: str) -> None:
    before = contents(cache)
    run = finished(started(which, cache))
    assert run.values == expected
    assert run.n_loaded == run.n_kernels
    assert contents(cache) == before


def test_without_a_folder_to_write_to_it_compiles_each_time(
    which: str, tmp_path: Path, expected: str
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    run = finished(started(which, in_the_way))
    assert run.values == expected
    assert (run.n_loaded, run.folder) == (0, "")
    assert in_the_way.read_text() == "not a folder"
