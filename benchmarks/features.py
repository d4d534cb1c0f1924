"""How fast the 57 features are, beside librosa, in one run on one core.

    python benchmarks/features.py [--runs 7] [--data ../shared/data] [--into benchmarks/results]

Takes the ten whole excerpts of GTZAN in ``gtzan/audio/full_30s``: in memory, as WAV, and as stereo
MP3 at 44.1 kHz and 256 kbit/s made from them. Everything but the last line of the table runs on one
core, with one thread. Writes ``features.json`` and ``features.md``; times are medians over runs of
the sum over the ten clips.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import scipy.fft
import soundfile
import soxr

from earmark import audio
from earmark.features import extract, gtzan57
from earmark.features._fft import (
    forward,
    inverse,
    load_stretches,
    magnitudes,
    mask_spectrum,
    tables,
)
from earmark.features._layout import HOP, IMAGINARY, LANES, STRETCHES, TILE_BINS
from earmark.features._spectrum import WINDOW, framed, reflected
from earmark.types import Float32Array

SR = 22_050
N_FILES = 200
VERSIONS = ("librosa", "numpy", "scipy", "numba", "soundfile", "soxr", "earmark")

# The goals, as (at least, for ratios of speed) or (at most, for the rest).
GOALS = {
    "57 features in memory, times faster than librosa": 70,
    "WAV to 57 features, times faster than librosa": 50,
    "MP3 to 57 features, times the decoding alone": 1.6,
    "ten 3 s segments, times the clip": 1.5,
    "gtzan57 and logmel, times gtzan57": 1.10,
    "peak memory, a thousand clips, MB": 210,
    "peak memory, three hours, MB": 280,
    "two jobs, times faster than one": 1.8,
}


def by_librosa(y: Float32Array, sr: float) -> list[float]:
    """Compute the 57 features by calling librosa as its users do, function by function."""
    import librosa

    reflect: Any = {"pad_mode": "reflect"}
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(y, **reflect))
    features = (
        librosa.feature.chroma_stft(y=y, sr=sr, **reflect),
        librosa.feature.rms(y=y, **reflect),
        librosa.feature.spectral_centroid(y=y, sr=sr, **reflect),
        librosa.feature.spectral_bandwidth(y=y, sr=sr, **reflect),
        librosa.feature.spectral_rolloff(y=y, sr=sr, **reflect),
        librosa.feature.zero_crossing_rate(y),
        librosa.istft(harmonic),
        librosa.istft(percussive),
    )
    tempo, _ = librosa.beat.beat_track(y=y, sr=sr)
    cepstrum = librosa.feature.mfcc(y=y, sr=sr, **reflect)
    values = [statistic(x) for x in features for statistic in (np.mean, np.var)]
    values += [float(np.ravel(tempo)[0])]
    values += [statistic(x) for x in cepstrum for statistic in (np.mean, np.var)]
    return [float(value) for value in values]


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def time_all(cases: dict[str, Callable[[int], object]], *, n: int, runs: int) -> dict[str, float]:
    """Return, for each case, the median over the runs of the seconds for all `n` clips.

    The cases take turns run by run, so that what slows the machine down slows all of them; within
    a run a case does all clips one after the other, as it would in use.
    """
    for case in cases.values():
        case(0)
    totals: dict[str, list[float]] = {name: [] for name in cases}
    for run in range(runs):
        for name, case in cases.items():
            totals[name].append(seconds(lambda case=case: [case(clip) for clip in range(n)]))  # type: ignore[misc]
        print(f"run {run + 1} of {runs}", file=sys.stderr)
    return {name: float(np.median(values)) for name, values in totals.items()}


def make_files(clips: list[Float32Array], folder: Path) -> None:
    for i, y in enumerate(clips):
        soundfile.write(folder / f"{i}.wav", y, SR, subtype="PCM_16")
        stereo = np.repeat(soxr.resample(y, SR, 44_100)[:, np.newaxis], 2, axis=1)
        # A compression level of 0.2 is 256 kbit/s.
        soundfile.write(
            folder / f"{i}.mp3",
            np.clip(stereo, -1, 1),
            44_100,
            bitrate_mode="CONSTANT",
            compression_level=0.2,
        )


def measure_speed(clips: list[Float32Array], folder: Path, *, runs: int) -> dict[str, float]:
    import librosa

    def load(clip: int, ending: str) -> Float32Array:
        return audio.load(folder / f"{clip}.{ending}", sr=SR)[0]

    def segments(clip: int) -> None:
        for start in range(0, 10 * 3 * SR, 3 * SR):
            gtzan57(clips[clip][start : start + 3 * SR], sr=SR)

    def transforms(clip: int) -> None:
        """Transform forth and back with SciPy, in chunks that stay in the cache."""
        for chunk in np.array_split(framed(padded[clip]), 16):
            D = scipy.fft.rfft(chunk * WINDOW, axis=1)
            scipy.fft.irfft(D, axis=1, overwrite_x=True)

    def transforms_in_lanes(clip: int) -> None:
        """Do the same as the spectral pass does."""
        for start in range(0, len(framed(padded[clip])), LANES):
            load_stretches(padded[clip], start, stretches)
            forward(stretches, t.window, t.wave, Z)
            magnitudes(Z, t.half_wave, t.place, tile)
            mask_spectrum(Z, t.half_wave, t.place, mask)
            inverse(Z, t.window, t.wave, frames)

    padded, t = [reflected(y) for y in clips], tables()
    stretches, Z, tile, mask, frames = (
        np.zeros(n, dtype=np.float32)
        for n in (
            HOP * STRETCHES,
            2 * IMAGINARY,
            TILE_BINS * LANES,
            TILE_BINS * LANES,
            2048 * STRETCHES,
        )
    )
    cases: dict[str, Callable[[int], object]] = {
        "librosa, memory": lambda i: by_librosa(clips[i], SR),
        "memory": lambda i: gtzan57(clips[i], sr=SR),
        "librosa, WAV": lambda i: by_librosa(*librosa.load(folder / f"{i}.wav", sr=SR)),
        "WAV": lambda i: gtzan57(load(i, "wav"), sr=SR),
        "decode MP3": lambda i: load(i, "mp3"),
        "MP3": lambda i: gtzan57(load(i, "mp3"), sr=SR),
        "segments": segments,
        "transforms by SciPy": transforms,
        "transforms in lanes, with magnitudes and masks": transforms_in_lanes,
        "gtzan57 and logmel": lambda i: extract(clips[i], sr=SR, sets=("gtzan57", "logmel")),
    }
    return time_all(cases, n=len(clips), runs=runs)


_CHILD = """
import sys
kind, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == "earmark":
    from earmark.extraction import extract_track
    from earmark.features import GTZAN57
    for i in range(count):
        extract_track(path.format(i % 10), [GTZAN57])
elif kind == "decode":
    from earmark import audio
    for i in range(count):
        audio.load(path.format(i % 10))
else:
    import librosa, runpy
    module = runpy.run_path({script!r})
    for i in range(count):
        module["by_librosa"](*librosa.load(path.format(i % 10), sr=22050))
# Not ru_maxrss, which counts what the process was before it became this program.
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
"""


def peak_memory(kind: str, path: str, count: int) -> float:
    """Return the largest resident size, in MB, of a process of its own."""
    command = [sys.executable, "-c", _CHILD.replace("{script!r}", repr(__file__)), kind, path]
    done = subprocess.run(
        [*command, str(count)], check=True, capture_output=True, text=True, env=os.environ
    )
    return float(done.stdout)


def measure_memory(folder: Path) -> dict[str, float]:
    three_hours = folder / "three-hours.flac"
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(three_hours, "w", samplerate=SR, channels=1) as file:
        block = (0.1 * rng.standard_normal(60 * SR)).astype(np.float32)
        for minute in range(180):
            file.write(np.roll(block, 997 * minute))
    wav = str(folder / "{}.wav")
    return {
        "a thousand clips": peak_memory("earmark", wav, 1000),
        "three hours": peak_memory("earmark", str(three_hours), 1),
        "decoding ten clips": peak_memory("decode", wav, 10),
        "librosa, ten clips": peak_memory("librosa", wav, 10),
    }


def measure_jobs(folder: Path, *, cores: set[int], runs: int) -> dict[str, float]:
    """Return the seconds the command takes for 200 MP3 files with one and with two jobs."""
    many = folder / "many"
    many.mkdir()
    for i in range(N_FILES):
        os.link(folder / f"{i % 10}.mp3", many / f"{i:03}.mp3")
    os.sched_setaffinity(0, cores)
    found: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(runs):
        for jobs, times in found.items():
            output = folder / "table.parquet"
            command = [sys.executable, "-m", "earmark", "features", str(many), "--jobs", jobs]
            command += ["--output", str(output), "--overwrite"]
            times.append(seconds(lambda c=command: subprocess.run(c, check=True, stdout=-3)))  # type: ignore[misc]
    return {jobs: float(np.median(times)) for jobs, times in found.items()}


def table(ratios: dict[str, float]) -> str:
    rows = ["| | goal | reached |", "|---|---|---|"]
    for name, goal in GOALS.items():
        sign = "at least" if "faster" in name else "at most"
        rows.append(f"| {name} | {sign} {goal:g} | {ratios[name]:.3g} |")
    return "\n".join(rows)


def main() -> None:
    from _machine import machine  # not above: `peak_memory` runs this file from elsewhere

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    files = sorted(Path(arguments.data, "gtzan/audio/full_30s").glob("*.flac"))
    clips = [audio.load(path, sr=SR)[0] for path in files]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(clips, folder)
        time_s = measure_speed(clips, folder, runs=arguments.runs)
        memory = measure_memory(folder)
        jobs = measure_jobs(folder, cores=cores, runs=3)
    reached = (
        time_s["librosa, memory"] / time_s["memory"],
        time_s["librosa, WAV"] / time_s["WAV"],
        time_s["MP3"] / time_s["decode MP3"],
        time_s["segments"] / time_s["memory"],
        time_s["gtzan57 and logmel"] / time_s["memory"],
        memory["a thousand clips"],
        memory["three hours"],
        jobs["1"] / jobs["2"],
    )
    ratios = dict(zip(GOALS, reached, strict=True))
    per_clip = {name: 1000 * value / len(clips) for name, value in time_s.items()}
    result = {
        "schema": "earmark.benchmark.features/1",
        "machine": machine(*VERSIONS),
        "clips": len(clips),
        "runs": arguments.runs,
        "seed": 0,
        "ratios": ratios,
        "milliseconds_per_clip": per_clip,
        "peak_memory_mb": memory,
        "seconds_for_200_files_by_jobs": jobs,
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "features.json").write_text(json.dumps(result, indent=1) + "\n")
    lines = [f"- {name}: {value:.1f} ms" for name, value in per_clip.items()]
    lines += [f"- peak memory, {name}: {value:.0f} MB" for name, value in memory.items()]
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    text = "\n".join(
        [
            "# Speed of the 57 features",
            "",
            f"{len(clips)} clips of 30 s, medians of {arguments.runs} runs, one core: {facts}.",
            "",
            table(ratios),
            "",
            "Per clip of 30 s:",
            "",
            *lines,
            "",
        ]
    )
    (into / "features.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
