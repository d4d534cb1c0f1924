"""How long a scan takes beside decoding alone, on two cores, and how much memory a worker.

    python benchmarks/scan.py [--files 60] [--runs 3] [--data ../shared/data] [--into RESULTS]

Makes MP3 files of four minutes, stereo at 44.1 kHz and 256 kbit/s, of the pieces in
``music/kevin_macleod``, each beginning elsewhere. Takes turns: ``earmark scan`` into a new library,
everything included from the start of the process on; and a program that only decodes the same files
to mono at 22.05 kHz, by the same two processes. Writes ``scan.json`` and ``scan.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from _machine import machine

from earmark import audio

SR = 44_100
MINUTES = 4
JOBS = 2
GOAL = 2.5
VERSIONS = ("numpy", "numba", "soundfile", "soxr", "onnxruntime", "mutagen", "earmark")

DECODE = """
import sys
from earmark import audio
from earmark.extraction import map_files

def decode(path):
    for _ in audio.stream(path, sr=22_050):
        continue

if __name__ == "__main__":
    for _ in map_files(decode, sys.argv[2:], jobs=int(sys.argv[1]), ordered=False):
        continue
"""


def make_files(pieces: list[Path], folder: Path, n: int) -> list[Path]:
    """Write `n` files of four minutes, no two alike."""
    joined = np.concatenate([audio.load(path, sr=SR, mono=False)[0].T for path in pieces])
    length = MINUTES * 60 * SR
    paths = []
    for number in range(n):
        path = folder / f"{number:03}.mp3"
        samples = np.take(
            joined, range(number * 7 * SR, number * 7 * SR + length), axis=0, mode="wrap"
        )
        # A compression level of 0.2 is 256 kbit/s.
        soundfile.write(
            path, samples, SR, bitrate_mode="CONSTANT", compression_level=0.2, format="MP3"
        )
        paths.append(path)
    return paths


class Watcher(threading.Thread):
    """Notes the largest resident size of the processes of a session, but for its first."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session, self.peak_mb, self.ended = session, 0.0, threading.Event()

    def run(self) -> None:
        """Look ten times a second."""
        while not self.ended.wait(0.1):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    status = (folder / "stat").read_text().rpartition(")")[2].split()
                    if int(status[3]) != self.session or int(folder.name) == self.session:
                        continue
                    lines = (folder / "status").read_text().splitlines()
                except OSError:
                    continue
                peak = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
                self.peak_mb = max([self.peak_mb, *(size / 1024 for size in peak)])


def run(command: list[str]) -> tuple[float, float]:
    """Return the seconds a command takes, and the peak of its workers in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    watcher = Watcher(process.pid)
    watcher.start()
    if process.wait():
        raise SystemExit(f"{command[:4]} failed")
    watcher.ended.set()
    return time.perf_counter() - start, watcher.peak_mb


def measure(files: list[Path], folder: Path, runs: int) -> dict[str, Any]:
    script = folder / "decode.py"
    script.write_text(DECODE)
    decoding = [sys.executable, str(script), str(JOBS), *map(str, files)]
    found: dict[str, list[float]] = {"scan": [], "decode": [], "again": []}
    peaks = []
    for number in range(runs):
        library = str(folder / f"library{number}.db")
        scanning = [sys.executable, "-m", "earmark", "scan", str(files[0].parent)]
        scanning += ["--library", library, "--jobs", str(JOBS)]
        found["decode"].append(run(decoding)[0])
        seconds, peak = run(scanning)
        found["scan"].append(seconds)
        peaks.append(peak)
        found["again"].append(run(scanning)[0])
        print(f"run {number + 1} of {runs}", file=sys.stderr)
    medians = {name: float(np.median(times)) for name, times in found.items()}
    return {**medians, "peak_mb": max(peaks), "library_bytes": os.path.getsize(library)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    arguments = parser.parse_args()
    pieces = sorted(Path(arguments.data, "music/kevin_macleod").glob("*.mp3"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "music").mkdir()
        files = make_files(pieces, folder / "music", arguments.files)
        found = measure(files, folder, arguments.runs)
    n = arguments.files
    per_thousand = {kind: found[kind] / n * 1000 / 60 for kind in ("scan", "decode", "again")}
    result = {
        "schema": "earmark.benchmark.scan/1",
        "machine": machine(*VERSIONS),
        "files": n,
        "minutes_each": MINUTES,
        "jobs": JOBS,
        "runs": arguments.runs,
        "seed": 0,
        "seconds": {kind: found[kind] for kind in per_thousand},
        "minutes_per_thousand": per_thousand,
        "ratio_to_decoding": found["scan"] / found["decode"],
        "goal": GOAL,
        "peak_memory_of_a_worker_mb": found["peak_mb"],
        "library_bytes_per_file": found["library_bytes"] / n,
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "scan.json").write_text(json.dumps(result, indent=1) + "\n")
    facts = ", ".join(f"{key} {value}" for key, value in machine(*VERSIONS).items())
    text = f"""# A scan beside decoding

{n} MP3 files of {MINUTES} minutes, {JOBS} processes on two cores, medians of {arguments.runs}
runs: {facts}.

| | |
|---|---|
| scan, minutes for a thousand files | {per_thousand["scan"]:.2f} |
| decoding alone, minutes for a thousand files | {per_thousand["decode"]:.2f} |
| scan, times decoding (goal: at most {GOAL}) | {result["ratio_to_decoding"]:.2f} |
| scan again, nothing changed, seconds for these {n} | {found["again"]:.2f} |
| peak memory of a worker, MB | {found["peak_mb"]:.0f} |
| library, kB a file | {result["library_bytes_per_file"] / 1000:.1f} |
"""
    (into / "scan.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
