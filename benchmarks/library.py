"""How a library of 100,000 tracks answers, and how near FAISS comes to comparing all.

    python benchmarks/library.py [--tracks 100000] [--data ../shared/data] [--into RES] [--keep F]

Builds, through the store, a library of tracks of four minutes: 80 segments and 8 clips each. A
track is a mixture of two excerpts of GTZAN of one genre: each of its segments lies between a
segment of one and a segment of the other, moved by a little noise, so that segments have the
neighbours that those of real songs have; independent noise would have none. Then times, warm, in
this process, with medians over runs, and the command beside them; and compares the approximate
index of a million segments with the exact one. Writes ``library.json`` and ``library.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from _machine import machine

from earmark.analysis import Analysis, Answer
from earmark.datasets import FeatureTable, gtzan, load_dataset
from earmark.features import GTZAN943, SEGMENT_BANDS
from earmark.files import FileState
from earmark.library import Filters, Library, library_stats, open_library
from earmark.models import load_model, load_space
from earmark.recommend import By, Catalogue, ExactIndex, find_similar
from earmark.recommend._library_indexes import build_timbre, cache_path
from earmark.tags import Tags

N_SEGMENTS, N_CLIPS = 80, 8
N_AT_ONCE = 2000
N_MILLION = 1_000_000
JITTER = 3.0
VERSIONS = ("numpy", "faiss-cpu", "onnxruntime", "earmark")
GOALS = {
    "open, ms": 50,
    "list with filters, ms": 100,
    "stats, ms": 300,
    "similar by style, ms": 150,
    "similar by timbre, ms": 1500,
    "a segment among a million, ms": 10,
    "recall at 10 among a million": 0.95,
}


class Source:
    """The excerpts that made-up tracks are mixed of.

    Parameters
    ----------
    data : Path
        Folder of the corpora.
    """

    def __init__(self, data: Path) -> None:
        self.table: FeatureTable = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set="gtzan943")
        names, spectrograms = gtzan.load_spectrograms(data / "gtzan")
        archive = dict(zip(names.tolist(), spectrograms, strict=True))
        from_archive = SEGMENT_BANDS.from_archive
        if from_archive is None:
            raise SystemExit("segments do not follow from the archive")
        self.segments = [
            from_archive(np.empty(0), np.ascontiguousarray(archive[str(name)][:, 1:])).T
            for name in self.table.ids
        ]
        self.model, self.style = load_model(), load_space("style")
        fingerprint = self.model.feature_set.fingerprint
        self.probabilities = self.model.predict(self.table.X, fingerprint=fingerprint).probabilities
        self.of_genre = {
            genre: np.flatnonzero(self.table.labels == genre) for genre in self.table.classes
        }

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Draw two excerpts of one genre."""
        rows = self.of_genre[str(rng.choice(self.table.classes))]
        one, other = rng.choice(rows, 2)
        return int(one), int(other)

    def mix_segments(
        self, pair: tuple[int, int], rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        """Make the segments of a track."""
        shares = rng.beta(0.5, 0.5, (N_SEGMENTS, 1))
        first, second = (
            self.segments[row][rng.integers(0, len(self.segments[row]), N_SEGMENTS)] for row in pair
        )
        mixed = shares * first + (1 - shares) * second
        mixed += rng.normal(0, JITTER, mixed.shape)
        segments: npt.NDArray[np.uint8] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        return segments


def fill(library: Library, source: Source, n: int, *, seed: int = 0) -> None:
    """Write made-up tracks through the store, some thousands a transaction."""
    rng = np.random.default_rng(seed)
    scale = source.table.X.std(axis=0)
    bounds = np.array([[30.0 * i, 30.0 * i + 30] for i in range(N_CLIPS)])
    lengths = np.full(N_CLIPS, 30.0)
    for start in range(0, n, N_AT_ONCE):
        pairs = [source.draw(rng) for _ in range(min(N_AT_ONCE, n - start))]
        one, other = np.array(pairs).T
        shares = rng.uniform(0, 1, (len(pairs), N_CLIPS, 1))
        X = shares * source.table.X[one][:, None] + (1 - shares) * source.table.X[other][:, None]
        X += 0.1 * scale * rng.standard_normal(X.shape)
        vectors = source.style.embed(X.reshape(-1, X.shape[2]), fingerprint=GTZAN943.fingerprint)
        vectors = vectors.reshape(len(pairs), N_CLIPS, -1).mean(axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        share = shares.mean(axis=1)
        told = share * source.probabilities[one] + (1 - share) * source.probabilities[other]
        with library.transaction():
            for at, pair in enumerate(pairs):
                number = start + at
                year = int(rng.integers(1950, 2025))
                artist = f"Artist {number // 12:05}"
                library.scanned.add(
                    f"/music/{artist}/Album {year}/{number:06}.mp3",
                    state=FileState(8_000_000, number),
                    digest=number.to_bytes(32, "big"),
                    tags=Tags(
                        artist=artist, title=f"Song {number}", album=f"Album {year}", year=year
                    ),
                    analysis=Analysis(
                        duration=240.0,
                        bounds=bounds,
                        sounding=bounds[:, 1] - bounds[:, 0],
                        matrices={
                            GTZAN943.fingerprint: X[at].astype(np.float32),
                            SEGMENT_BANDS.fingerprint: source.mix_segments(pair, rng),
                        },
                        measurements={
                            "tempo": float(rng.choice([80, 96, 120, 128, 140])),
                            "brightness": float(rng.uniform(800, 3500)),
                            "loudness": float(rng.uniform(-30, -8)),
                            "percussiveness": float(rng.uniform(0, 1)),
                        },
                    ),
                    answer=Answer(
                        model_sha256=source.model.sha256,
                        classes=source.model.classes,
                        probabilities=told[at].astype(np.float32),
                        unsure=None if told[at].max() > 0.4 else "undecided",
                        distance=1.0,
                        bounds=bounds,
                        timeline=np.tile(told[at], (len(lengths), 1)).astype(np.float32),
                        sounding=bounds[:, 1] - bounds[:, 0],
                    ),
                    vectors_id=source.style.vectors_id,
                    vector=vectors[at],
                    now=float(number),
                )
        print(f"{start + len(pairs):,} of {n:,} tracks", file=sys.stderr)


def milliseconds(function: Callable[[], object], *, runs: int = 9) -> float:
    """Return the median over the runs, after one that does not count."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def ask(path: Path) -> dict[str, float]:
    """Time what is asked of a library, in this process, warm."""
    found: dict[str, float] = {}
    found["open, ms"] = milliseconds(lambda: open_library(path).close())
    with open_library(path) as library:
        cases = {
            "by genre and years": Filters(genre="jazz", year=(1990, 1999)),
            "by artist": Filters(artist="artist 042"),
            "by title": Filters(title="777"),
            "unsure": Filters(unsure=True),
            "by confidence, tempo and folder": Filters(
                min_confidence=0.8, tempo=(90, 130), path="/music"
            ),
        }
        for name, filters in cases.items():
            found[f"list {name}, ms"] = milliseconds(
                lambda f=filters: (library.tracks(f, limit=100), library.count(f))  # type: ignore[misc]
            )
        found["list with filters, ms"] = max(v for k, v in found.items() if k.startswith("list "))
        found["stats, ms"] = milliseconds(lambda: library_stats(library))
        return found


_CHILD = """
import json, sys, time
from earmark.library import open_library
from earmark.recommend import Catalogue
def resident(what):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(what))
with open_library(sys.argv[1]) as library:
    catalogue = Catalogue(library)
    before, start = resident("VmRSS"), time.perf_counter()
    index = getattr(catalogue, sys.argv[2])
    print(json.dumps({"seconds": time.perf_counter() - start, "peak_mb": resident("VmHWM"),
                      "n_vectors": index.n_vectors, "mb_before": before}))
"""


def build(path: Path, kind: str) -> dict[str, float]:
    """Build an index in a process of its own, and then load it in another."""
    with open_library(path) as library:
        cache = Path(cache_path(library, kind))
    cache.unlink(missing_ok=True)
    told = []
    for _ in range(2):
        command = [sys.executable, "-c", _CHILD, str(path), kind]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told.append(json.loads(done.stdout))
    built, loaded = told
    return {
        "vectors": built["n_vectors"],
        "build_seconds": built["seconds"],
        "build_peak_mb": built["peak_mb"],
        "file_mb": cache.stat().st_size / 1e6,
        "load_seconds": loaded["seconds"],
        "loaded_mb": loaded["peak_mb"] - loaded["mb_before"],
    }


def find(path: Path, by: By, n_tracks: int) -> tuple[float, float]:
    """Return the median and the largest time of finding what is near a track, in ms."""
    rng = np.random.default_rng(1)
    times = []
    with open_library(path) as library:
        catalogue = Catalogue(library)
        find_similar(catalogue, catalogue.song(1), by=by)
        for number in rng.integers(1, n_tracks, 20):
            start = time.perf_counter()
            find_similar(catalogue, catalogue.song(int(number)), by=by)
            times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), max(times)


def commands(path: Path) -> dict[str, float]:
    """Return the seconds that whole commands take, index files being there."""
    found = {}
    for words in (
        ["library", "list", "--genre", "jazz"],
        ["library", "stats"],
        ["similar", "17"],
        ["similar", "17", "--by", "timbre"],
    ):
        command = [sys.executable, "-m", "earmark", *words, "--library", str(path)]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        found[f"earmark {' '.join(words)}"] = float(np.median(times))
    return found


def million(source: Source, *, seed: int = 2) -> dict[str, float]:
    """Compare the approximate index of a million segments with the exact one."""
    rng = np.random.default_rng(seed)
    space = load_space("timbre")
    n_tracks = N_MILLION // N_SEGMENTS
    tracks = [(n, source.mix_segments(source.draw(rng), rng)) for n in range(n_tracks + 100)]
    tracks, held_out = tracks[:n_tracks], tracks[n_tracks:]

    def embed(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return space.embed(rows, fingerprint=SEGMENT_BANDS.fingerprint)

    start = time.perf_counter()
    index = build_timbre(lambda: tracks, embed, n_dims=space.n_dims)
    seconds = time.perf_counter() - start
    vectors = np.concatenate([embed(rows) for _, rows in tracks])
    numbers = np.arange(len(vectors))  # each vector an id of its own, to count what is found
    exact = ExactIndex(numbers, vectors)
    queries = embed(np.concatenate([rows[:10] for _, rows in held_out]))
    nearest, _ = exact.search(queries, k=10)
    start = time.perf_counter()
    singly = [index.search(queries[at : at + 1], k=10)[0] for at in range(len(queries))]
    each = 1000 * (time.perf_counter() - start) / len(queries)
    found = np.concatenate(singly)
    # What is found is told by its cosine: it is among the ten if it is no less than the tenth.
    recall = float((found >= nearest[:, -1:] - 1e-3).mean())
    return {
        "vectors": len(vectors),
        "queries": len(queries),
        "build_seconds": seconds,
        "ms_each": each,
        "recall": recall,
        "bytes_per_vector": 2.0 * space.n_dims + 8,
    }


def markdown(result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    reached, indexes = result["reached"], result["indexes"]
    rows = [
        f"| {name} | at {'least' if 'recall' in name else 'most'} {goal:g} | {reached[name]:.3g} |"
        for name, goal in GOALS.items()
    ]
    details = [f"| {name} | {value:.1f} |" for name, value in result["asked"].items()]
    whole = [f"| `{name}` | {value:.2f} |" for name, value in result["commands"].items()]
    kinds = [
        f"| {kind} | {one['vectors']:,} | {one['build_seconds']:.1f} | {one['build_peak_mb']:.0f} "
        f"| {one['file_mb']:.0f} | {one['load_seconds']:.2f} | {one['loaded_mb']:.0f} |"
        for kind, one in indexes.items()
    ]
    many = result["million"]
    lines = [
        "# A library of many tracks",
        "",
        f"{result['tracks']:,} tracks x {N_SEGMENTS} segments, mixed of real ones, seed 0: "
        f"{facts}.",
        "",
        "| | goal | reached |",
        "|---|---|---|",
        *rows,
        "",
        f"The library takes {result['kb_per_track']:.1f} kB a track; writing a track through the "
        f"store took {result['write_ms_per_track']:.2f} ms.",
        "",
        "| asked, warm | ms |",
        "|---|---|",
        *details,
        "",
        "| the command, caches there | s |",
        "|---|---|",
        *whole,
        "",
        "| index | vectors | built in s | peak MB | file MB | loaded in s | MB more |",
        "|---|---|---|---|---|---|---|",
        *kinds,
        "",
        f"Among {many['vectors']:,} segments, {many['queries']:,} queries one by one: recall at 10 "
        f"{many['recall']:.3f}, {many['ms_each']:.2f} ms each; built in "
        f"{many['build_seconds']:.1f} s, {many['bytes_per_vector']:.0f} bytes a vector.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--keep", help="folder for the library; one that is there is used again")
    arguments = parser.parse_args()
    source = Source(Path(arguments.data))
    many = million(source)
    print(many, file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        path = Path(arguments.keep or name) / "library.db"
        seconds = 0.0
        if not path.exists():
            start = time.perf_counter()
            with open_library(path, create=True) as library:
                fill(library, source, arguments.tracks)
                library.query("PRAGMA wal_checkpoint(TRUNCATE)")
            seconds = time.perf_counter() - start
        size = path.stat().st_size
        asked = ask(path)
        indexes = {kind: build(path, kind) for kind in ("style", "timbre")}
        kinds: tuple[By, ...] = ("style", "timbre")
        for by in kinds:
            middle, most = find(path, by, arguments.tracks)
            asked[f"similar by {by}, ms"] = middle
            asked[f"similar by {by}, slowest of 20, ms"] = most
        whole = commands(path)
    reached = {
        **{name: asked[name] for name in GOALS if name in asked},
        "a segment among a million, ms": many["ms_each"],
        "recall at 10 among a million": many["recall"],
    }
    result = {
        "schema": "earmark.benchmark.library/1",
        "machine": machine(*VERSIONS),
        "tracks": arguments.tracks,
        "seed": 0,
        "goals": GOALS,
        "reached": reached,
        "asked": asked,
        "commands": whole,
        "indexes": indexes,
        "million": many,
        "kb_per_track": size / arguments.tracks / 1000,
        "write_ms_per_track": 1000 * seconds / arguments.tracks,
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "library.json").write_text(json.dumps(result, indent=1) + "\n")
    text = markdown(result)
    (into / "library.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
