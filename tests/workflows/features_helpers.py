"""What tests of extracting features share; a module of its own, so that workers can import it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from earmark.extraction import Unit, failures_path, file_to_rows
from earmark.features import FeatureSet
from earmark.testing import noise

SR = 22_050

HOOK = '''
import os, sys

_opened = set()

def _hook(event, arguments):
    """Watch the first time a process opens a piece: then it is about to be decoded."""
    if event != "open" or not isinstance(arguments[0], str) or not arguments[0].endswith(ENDINGS):
        return
    path = arguments[0]
    if os.path.basename(path).startswith("poison"):
        os._exit(11)
    log = os.environ.get("EARMARK_TEST_LOG")
    if log and path not in _opened:
        _opened.add(path)
        file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, os.path.basename(path).encode() + b"\\n")
        os.close(file)

ENDINGS = (".wav", ".mp3")
sys.addaudithook(_hook)
'''


def write_pieces(folder: Path, n: int, *, seconds: Sequence[float] = (1.0,)) -> list[str]:
    """Write short files of noise, all different and of the lengths given in turn."""
    paths = []
    for i in range(n):
        path = folder / f"{i:03}.wav"
        y = noise(duration=seconds[i % len(seconds)], seed=i)
        soundfile.write(path, y * np.linspace(0.2, 1, len(y)), SR)
        paths.append(str(path))
    return paths


def hooked_environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which Python ends at once where it opens ``poison*``.

    Where ``EARMARK_TEST_LOG`` names a file, each file that is about to be decoded is noted there.
    """
    (folder / "sitecustomize.py").write_text(HOOK)
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **more}


def tables(output: str | os.PathLike[str]) -> tuple[pa.Table, pa.Table]:
    """Read the table of features and that of failures."""
    with open(output, "rb") as features, open(failures_path(output), "rb") as failures:
        return pq.read_table(features), pq.read_table(failures)


def rows_or_die(path: str, *, sets: Sequence[FeatureSet], unit: Unit) -> pa.RecordBatch:
    """End the process at once for a path that says so, as a crash in a decoder does."""
    if "die" in os.path.basename(path):
        os._exit(11)
    return file_to_rows(path, sets=sets, unit=unit)
