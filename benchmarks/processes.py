"""How long it takes to start processes, and whether kinds of work get in each other's way.

    python benchmarks/processes.py [--data ../shared/data] [--into FOLDER] [--repeats 5]

Scores nearest neighbours in ten folds (random and artist) of the GTZAN table in processes that have
done nothing before, after an extraction in the same process, and while a scan goes on; all in two
jobs, and in one without other processes. Runs each so often, in turn, in interpreters of their own,
and takes medians. Writes ``processes.json`` and ``processes.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _machine import machine

GOAL_AFTER = 1.2
"""At most: folds after an extraction, over the same folds fresh."""

AUDIO = Path(__file__).parent.parent / "examples" / "audio"
PROTOCOLS = ("random", "artist")
N_EMPTY = 500


def folds(data: Path, jobs: int) -> float:
    from earmark.workflows.evaluate import evaluate

    start = time.perf_counter()
    evaluate(f"gtzan:{data / 'gtzan'}", models=["knn"], protocols=PROTOCOLS, jobs=jobs)
    return time.perf_counter() - start


def extraction() -> float:
    from earmark.workflows.features import extract_features

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        extract_features([AUDIO], output=f"{folder}/features.parquet", jobs=2)
        return time.perf_counter() - start


def no_op(task: int) -> int:
    return task


def empty_tasks(*, fresh: bool) -> float:
    """Return the milliseconds that a task of no work takes in two jobs."""
    from earmark.processes import map_tasks

    start = time.perf_counter()
    list(map_tasks(no_op, range(N_EMPTY // 10 if fresh else N_EMPTY), jobs=2, fresh=fresh))
    return 1000 * (time.perf_counter() - start) / (N_EMPTY // 10 if fresh else N_EMPTY)


def fresh_case(data: Path) -> dict[str, float]:
    return {"first": folds(data, 2), "second": folds(data, 2)}


def after_case(data: Path) -> dict[str, float]:
    extraction_s = extraction()
    return {"extraction": extraction_s, "first": folds(data, 2), "second": folds(data, 2)}


def together_case(data: Path) -> dict[str, float]:
    """Score folds while another thread extracts."""
    done: list[float] = []
    thread = threading.Thread(target=lambda: done.append(extraction()))
    thread.start()
    first = folds(data, 2)
    thread.join()
    return {"extraction": done[0], "first": first}


def one_job_case(data: Path) -> dict[str, float]:
    return {"first": folds(data, 1), "second": folds(data, 1)}


def empty_case(_: Path) -> dict[str, float]:
    empty_tasks(fresh=False)
    return {"kept": empty_tasks(fresh=False), "fresh": empty_tasks(fresh=True)}


CASES: dict[str, Callable[[Path], dict[str, float]]] = {
    "fresh": fresh_case,
    "after an extraction": after_case,
    "beside an extraction": together_case,
    "one job": one_job_case,
    "empty tasks": empty_case,
}


def measured(case: str, data: Path) -> dict[str, float]:
    """Run a case in an interpreter of its own."""
    command = [sys.executable, __file__, "--data", str(data), "--case", case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(case, done.stdout.strip(), file=sys.stderr, flush=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def markdown(result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    medians = result["medians"]
    lines = [
        "# Starting processes",
        "",
        f"{os.cpu_count()} cores, medians of {result['repeats']} in turn: {facts}.",
        "",
        "| ten folds of nearest neighbours, two protocols | first time, s | again, s |",
        "|---|---|---|",
    ]
    for case in ("fresh", "after an extraction", "beside an extraction", "one job"):
        again = medians[case].get("second")
        told = "-" if again is None else f"{again:.2f}"
        lines.append(f"| {case} | {medians[case]['first']:.2f} | {told} |")
    empty = medians["empty tasks"]
    lines += [
        "",
        f"After an extraction the folds take {result['after_over_fresh']:.2f} times as long as "
        f"fresh; the goal is {GOAL_AFTER} at most. A task that does nothing takes "
        f"{empty['kept']:.2f} ms in a worker that is kept and {empty['fresh']:.1f} ms in one of "
        "its own, two jobs at a time.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--case", choices=list(CASES), help="one run of it, as JSON")
    arguments = parser.parse_args()
    data = Path(arguments.data)
    if arguments.case:
        print(json.dumps(CASES[arguments.case](data)))
        return
    runs: dict[str, list[dict[str, float]]] = defaultdict(list)
    for _ in range(arguments.repeats):
        for case in CASES:
            runs[case].append(measured(case, data))
    medians = {
        case: {name: statistics.median(run[name] for run in found) for name in found[0]}
        for case, found in runs.items()
    }
    result = {
        "schema": "earmark.benchmark.processes/1",
        "machine": machine("numpy", "scikit-learn", "earmark"),
        "repeats": arguments.repeats,
        "runs": runs,
        "medians": medians,
        "after_over_fresh": medians["after an extraction"]["first"] / medians["fresh"]["first"],
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "processes.json").write_text(json.dumps(result, indent=1) + "\n")
    text = markdown(result)
    (into / "processes.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
