"""What a scan makes of faulty files, beside what FFmpeg decodes of them.

    python benchmarks/robustness.py [--files 2000] [--seed 0] [--data DATA] [--into RESULTS]

Makes one file of each known fault and ``--files`` files damaged at random in twelve containers, and
scans them in one run with two jobs. The reference is the number of samples that the FFmpeg of PyAV
decodes, going on after errors; it shares no code with ``earmark.audio``. A length is right within
0.1 s; where it is not, a warning has to say what is missing. Then every track gets another genre, a
plan is applied and undone: a file whose write fails must stay as it was, byte by byte. Writes
``robustness.json`` and ``robustness.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import av.error
from _faulty_files import CONTAINERS, DAMAGE, Made, damage, ffmpeg, make_container, make_known
from _machine import machine

TOLERANCE_S = 0.1
SECONDS = 8
LIMIT_S = 60
"""A decoder that takes longer over one file of a few seconds hangs."""
VERSIONS = ("av", "soundfile", "mutagen", "numpy", "earmark")
HEARD_IN_PART = "heard in part"


def reference_length(path: str) -> float | None:
    """Return the seconds that FFmpeg decodes, going on after errors; None where it cannot open."""
    signal.alarm(LIMIT_S)  # ends this process: a loop in C listens to nothing else
    try:
        return _decoded(path)
    finally:
        signal.alarm(0)


def _decoded(path: str) -> float | None:
    n_samples: Counter[int] = Counter()
    n_errors = 0
    try:
        container = av.open(path, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError):
        return None
    with container:
        if not container.streams.audio:
            return None
        packets = container.demux(container.streams.best("audio"))
        while n_errors < 10_000:
            try:
                packet = next(packets)
                for frame in packet.decode():
                    assert isinstance(frame, av.AudioFrame)
                    n_samples[frame.sample_rate] += frame.samples
            except (StopIteration, av.error.EOFError):
                break
            except (av.error.FFmpegError, ValueError):
                n_errors += 1
    return sum(count / rate for rate, count in n_samples.items() if rate)


def packets(path: str) -> str | None:
    """Hash the packets of the audio as FFmpeg finds them; None where it cannot open the file."""
    digest, n_errors = hashlib.sha256(), 0
    try:
        container = av.open(path, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError):
        return None
    with container:
        if not container.streams.audio:
            return None
        found = container.demux(container.streams.best("audio"))
        while n_errors < 10_000:
            try:
                digest.update(bytes(next(found)))
            except (StopIteration, av.error.EOFError):
                break
            except (av.error.FFmpegError, ValueError):
                n_errors += 1
    return digest.hexdigest()


def reference_lengths(paths: Iterable[Path]) -> dict[Path, float | None]:
    """Decode files in two processes; one that is ended by a file decodes the others again."""
    lengths: dict[Path, float | None] = {}
    waiting = list(paths)
    with ProcessPoolExecutor(2) as pool:
        try:
            for path, length in zip(
                waiting, pool.map(reference_length, map(str, waiting)), strict=True
            ):
                lengths[path] = length
        except BrokenProcessPool:
            pass
    for path in waiting:
        if path not in lengths:
            with ProcessPoolExecutor(1) as alone:
                try:
                    lengths[path] = alone.submit(reference_length, str(path)).result()
                except BrokenProcessPool:
                    lengths[path] = None
    return lengths


def earmark(*arguments: str, library: Path, limit_s: float = 600) -> tuple[int, Any]:
    """Run the command line with ``--json``; return its exit code and document."""
    command = [sys.executable, "-m", "earmark", *arguments, "--library", str(library), "--json"]
    done = subprocess.run(command, capture_output=True, timeout=limit_s, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[2:5]} failed: {done.stderr.decode(errors='replace')[-800:]}")
    return done.returncode, json.loads(done.stdout)


@dataclass
class Outcome:
    """What was made of one file.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        Known fault, or container and damage.
    whole : bool
        Whether its audio is intact.
    reference : float or None
        Seconds that FFmpeg decodes.
    length : float or None
        Seconds that Earmark decodes; None where it refuses the file.
    n_tracks : int
        Tracks that the library holds of it.
    warnings : list of str
        Those of its tracks.
    error : str or None
        Why it was refused.
    """

    path: Path
    kind: str
    whole: bool
    reference: float | None = None
    length: float | None = None
    n_tracks: int = 0
    warnings: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def warned(self) -> bool:
        """Whether a warning says that audio is missing."""
        return any(HEARD_IN_PART in warning for warning in self.warnings)

    @property
    def verdict(self) -> str:
        """Judge it against the reference."""
        heard = self.reference is not None and self.reference >= 1
        if self.error is not None:
            return "refused, FFmpeg decodes it" if heard else "refused, rightly"
        if self.reference is None or self.length is None:
            return "decoded, FFmpeg refuses it"
        right = abs(self.length - self.reference) <= TOLERANCE_S
        if self.warned:
            return "false warning" if self.whole else "warned"
        return "right" if right else ("longer" if self.length > self.reference else "not warned")


def judge(outcomes: list[Outcome], library: Path, folder: Path) -> dict[str, Any]:
    """Scan a folder and note what came of each file."""
    start = time.perf_counter()
    code, report = earmark("scan", str(folder), "--jobs", "2", library=library, limit_s=3600)
    seconds = time.perf_counter() - start
    failed = {error["path"]: error for error in report["failed"]}
    by_path: dict[str, list[Any]] = defaultdict(list)
    for track in earmark("library", "list", "--limit", "0", library=library)[1]["tracks"]:
        by_path[track["path"]].append(track)
    for outcome in outcomes:
        name = str(outcome.path)
        tracks = by_path.get(name, [])
        outcome.n_tracks = len(tracks)
        outcome.warnings = [warning for track in tracks for warning in track["warnings"]]
        if name in failed:
            outcome.error = f"{failed[name]['code']}: {failed[name]['message']}"
        elif tracks:
            outcome.length = sum(track["duration"] for track in tracks)
        else:
            outcome.error = "lost: neither a track nor a failure"
    return {"exit_code": code, "seconds": seconds, "failed": len(failed), "report": report}


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Hash the bytes of files."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def write_and_undo(outcomes: list[Outcome], library: Path, folder: Path) -> dict[str, int]:
    """Write a genre into every file that takes one and undo it; count what changed wrongly."""
    tracks = earmark("library", "list", "--limit", "0", library=library)[1]["tracks"]
    numbers = [str(track["id"]) for track in tracks]
    for at in range(0, len(numbers), 500):
        command = [sys.executable, "-m", "earmark", "library", "set-genre", *numbers[at : at + 500]]
        subprocess.run(
            [*command, "rock", "--library", str(library)], check=True, capture_output=True
        )
    paths = [outcome.path for outcome in outcomes]
    before, audio = hashes(paths), {str(path): packets(str(path)) for path in paths}
    plan = str(folder.parent / "rock.csv")
    _, planned = earmark("tag", "plan", "--replace", "-o", plan, library=library)
    _, applied = earmark("tag", "apply", plan, library=library, limit_s=3600)
    after = hashes(paths)
    outcomes_of = applied["run"]["outcomes"]
    states = Counter(row["state"] for row in outcomes_of)
    failed = {row["path"]: row["reason"] for row in outcomes_of if row["state"] == "failed"}
    for path, reason in failed.items():
        print(f"planned, but not written: {path}: {reason}", file=sys.stderr)
    other_audio = sum(packets(path) != digest for path, digest in audio.items())
    touched = {row["path"] for row in outcomes_of}
    earmark("tag", "undo", library=library, limit_s=3600)
    restored = hashes(paths)
    return {
        "planned": sum(row["action"] == "write" for row in planned["plan"]["rows"]),
        "written": states["written"],
        "failed": states["failed"],
        "changed_by_a_failed_write": sum(before[path] != after[path] for path in failed),
        "changed_though_not_planned": sum(
            before[path] != after[path] for path in before if path not in touched
        ),
        "audio_packets_changed_by_a_write": other_audio,
        "audio_packets_changed_after_undo": sum(
            packets(path) != digest for path, digest in audio.items()
        ),
        "with_padding_left_after_undo": sum(before[path] != restored[path] for path in before),
    }


def make_damaged(folder: Path, n: int, *, seed: int, source: Path) -> list[Outcome]:
    """Write damaged files, as many of each container and damage as can be."""
    folder.mkdir(parents=True)
    rng = random.Random(seed)
    whole = {ending: make_container(ending, folder, source=source) for ending in CONTAINERS}
    contents = {ending: path.read_bytes() for ending, path in whole.items()}
    outcomes = [Outcome(path, f"{ending}, whole", True) for ending, path in whole.items()]
    for number in range(n):
        ending = list(CONTAINERS)[number % len(CONTAINERS)]
        kind = DAMAGE[number // len(CONTAINERS) % len(DAMAGE)]
        path = folder / f"{number:05} {kind}.{ending}"
        path.write_bytes(damage(contents[ending], kind, rng=rng))
        outcomes.append(Outcome(path, f"{ending}, {kind}", False))
    return outcomes


def table_of_known(known: list[Made], outcomes: dict[Path, Outcome]) -> list[str]:
    """Write a row for each known fault."""
    rows = [
        "| fault | FFmpeg, s | Earmark, s | tracks | says | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for made in known:
        out = outcomes[made.path]
        reference = "-" if out.reference is None else f"{out.reference:.2f}"
        length = "-" if out.length is None else f"{out.length:.2f}"
        says = "; ".join(dict.fromkeys(out.warnings)) or out.error or ""
        tracks = f"{out.n_tracks}" + (
            "" if out.n_tracks == made.n_tracks else f" of {made.n_tracks}"
        )
        rows.append(
            f"| {made.fault} ({made.path.suffix[1:]}) | {reference} | {length} | {tracks} | "
            f"{says.replace('|', '/')} | {out.verdict} |"
        )
    return rows


def table_of_damaged(outcomes: list[Outcome]) -> list[str]:
    """Write a row for each container: how often each verdict was given."""
    verdicts = sorted({outcome.verdict for outcome in outcomes})
    rows = [f"| | n | {' | '.join(verdicts)} |", f"|---|---|{'---|' * len(verdicts)}"]
    for ending in CONTAINERS:
        own = [one for one in outcomes if one.path.suffix[1:] == ending]
        counts = Counter(one.verdict for one in own)
        cells = " | ".join(str(counts[verdict]) for verdict in verdicts)
        rows.append(f"| {ending} | {len(own)} | {cells} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--keep", help="Folder to keep the files in, for a closer look.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(arguments.keep or name).absolute()
        music = Path(arguments.data, "music/kevin_macleod/the_builder.mp3")
        source = place / "source.wav"
        place.mkdir(parents=True, exist_ok=True)
        ffmpeg("-ss", "20", "-t", str(SECONDS), "-i", music, "-ar", "44100", source)
        known = make_known(place / "music" / "known", music=music)
        damaged = make_damaged(
            place / "music" / "damaged", arguments.files, seed=arguments.seed, source=source
        )
        print(f"{len(known)} known and {len(damaged)} damaged files made", file=sys.stderr)
        outcomes = [Outcome(made.path, made.fault, made.whole) for made in known] + damaged
        for path, length in reference_lengths(one.path for one in outcomes).items():
            next(one for one in outcomes if one.path == path).reference = length
        scan = judge(outcomes, place / "library.db", place / "music")
        print(f"scanned in {scan['seconds']:.0f} s", file=sys.stderr)
        writes = write_and_undo(outcomes, place / "library.db", place / "music")
        write(known, outcomes, scan, writes, arguments)


def write(
    known: list[Made],
    outcomes: list[Outcome],
    scan: dict[str, Any],
    writes: dict[str, int],
    arguments: argparse.Namespace,
) -> None:
    """Write both forms of the results."""
    by_path = {outcome.path: outcome for outcome in outcomes}
    damaged = outcomes[len(known) :]
    counts = Counter(outcome.verdict for outcome in outcomes)
    crashed = sum("worker-died" in (one.error or "") for one in outcomes)
    lost = sum("lost" in (one.error or "") for one in outcomes)
    totals = {
        "files": len(outcomes),
        "false_warnings": counts["false warning"],
        "missing_warnings": counts["not warned"],
        "refused_though_ffmpeg_decodes_a_second": counts["refused, FFmpeg decodes it"],
        "crashes": crashed,
        "hangs": 0,  # a scan that hangs ends this program by its limit
        "neither_track_nor_failure": lost,
        **writes,
    }
    result = {
        "schema": "earmark.benchmark.robustness/1",
        "machine": machine(*VERSIONS),
        "seed": arguments.seed,
        "tolerance_s": TOLERANCE_S,
        "scan_seconds": scan["seconds"],
        "exit_code": scan["exit_code"],
        "totals": totals,
        "verdicts": dict(counts),
        "known": {
            made.path.name: {
                "fault": made.fault,
                "reference_s": by_path[made.path].reference,
                "earmark_s": by_path[made.path].length,
                "tracks": by_path[made.path].n_tracks,
                "warnings": by_path[made.path].warnings,
                "error": by_path[made.path].error,
                "verdict": by_path[made.path].verdict,
            }
            for made in known
        },
        "to_look_at": [
            f"{one.path.name}: {one.verdict} (FFmpeg {one.reference}, Earmark {one.length}) "
            f"{'; '.join(one.warnings) or one.error or ''}"
            for one in damaged
            if one.verdict
            in ("not warned", "false warning", "refused, FFmpeg decodes it", "longer")
        ],
    }
    facts = ", ".join(f"{key} {value}" for key, value in machine(*VERSIONS).items())
    lines = [
        "# Faulty files",
        "",
        f"{len(known)} files with a known fault and {len(damaged)} files of {SECONDS} s in "
        f"{len(CONTAINERS)} containers, {len(damaged) - len(CONTAINERS)} of them damaged at random "
        f"(seed {arguments.seed}), scanned in one run with two jobs in {scan['seconds']:.0f} s. "
        f"The reference is what the FFmpeg of PyAV decodes, continuing after errors: {facts}.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name.replace('_', ' ')} | {count} |" for name, count in totals.items()),
        "",
        "*right*: the length is within 0.1 s of the reference. *warned*: a warning says what is "
        "missing. *longer*: more is decoded than FFmpeg decodes. *not warned*: shorter, without a "
        "warning.",
        "",
        "## Known faults",
        "",
        *table_of_known(known, by_path),
        "",
        "## Damaged at random",
        "",
        *table_of_damaged(damaged),
        "",
    ]
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "robustness.json").write_text(json.dumps(result, indent=1) + "\n")
    (into / "robustness.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
