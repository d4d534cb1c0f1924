"""When workers end: with their work, with their parent however it ends, on cancelling."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pool_functions as work
import pytest

from earmark.processes import map_tasks

pytestmark = pytest.mark.skipif(os.name == "nt", reason="asks POSIX for what is alive")


def working(folder: Path, n: int = 2) -> list[int]:
    """Wait until workers are at work, and return their numbers."""
    until(lambda: len(list(folder.glob("*.working"))) == n)
    return [int(path.stem) for path in folder.glob("*.working")]


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children(pid: int) -> set[int]:
    """Return all processes below one."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found |= {int(path.parent.name), *children(int(path.parent.name))}
    return found


@contextmanager
def mapping(folder: Path, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run a process whose two workers never finish."""
    code = (
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"import pool_functions\nfrom earmark.processes import map_tasks\n{before}\n"
        "list(map_tasks(pool_functions.wait_for_ever, [sys.argv[1]] * 2, jobs=2))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_everything_ends_with_the_parent(how: signal.Signals, tmp_path: Path) -> None:
    with mapping(tmp_path) as process:
        workers = working(tmp_path)
        below = children(process.pid)
        assert below > set(workers)
        process.send_signal(how)
        error = process.communicate(timeout=30)[1]
        until(lambda: not any(map(is_alive, below)))
    # The parent's own words, and no word of a worker.
    assert error.count("Traceback") == (how == signal.SIGINT)


def test_interrupt_from_the_keyboard_is_left_to_the_parent(tmp_path: Path) -> None:
    """Ctrl-C goes to every process at the keyboard."""
    before = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    with mapping(tmp_path, before) as process:
        workers = working(tmp_path)
        for pid in (process.pid, *children(process.pid)):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.3)
        assert all(map(is_alive, workers))


def test_closing_ends_workers_at_once(tmp_path: Path) -> None:
    tasks = [str(tmp_path)] * 2
    results = map_tasks(_done_or_wait, ["", *tasks], jobs=2)
    assert next(results).task == ""
    workers = working(tmp_path)
    start = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 5
    assert not any(map(is_alive, workers))


def _done_or_wait(task: str) -> None:
    if task:
        work.wait_for_ever(task)


def test_cancelling_ends_workers_at_once(tmp_path: Path) -> None:
    cancelled = threading.Event()
    results = []

    def run() -> None:
        tasks = [str(tmp_path)] * 2
        results.extend(map_tasks(work.wait_for_ever, tasks, jobs=2, cancelled=cancelled))

    thread = threading.Thread(target=run)
    thread.start()
    workers = working(tmp_path)
    cancelled.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert results == []
    assert not any(map(is_alive, workers))


def test_cancelling_here_takes_no_further_task() -> None:
    cancelled = threading.Event()
    done = []
    for result in map_tasks(work.square, range(10), cancelled=cancelled):
        done.append(result.value)
        cancelled.set()
    assert done == [0]


def test_two_pools_work_at_the_same_time(tmp_path: Path) -> None:
    busy = map_tasks(_done_or_wait, ["", str(tmp_path)], jobs=2, preload=["earmark.wording"])
    next(busy)
    assert {r.value for r in map_tasks(work.square, range(5), jobs=2)} == {0, 1, 4, 9, 16}
    busy.close()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform != "linux", reason="others spawn workers")
def test_fork_server_that_is_killed_is_replaced(tmp_path: Path) -> None:
    preload = ["earmark.wording", "colorsys"]
    (first,) = map_tasks(_parent, [0], isolated=True, preload=preload)
    os.kill(first.unwrap(), signal.SIGKILL)
    until(lambda: not is_alive(first.unwrap()))
    (second,) = map_tasks(_parent, [0], isolated=True, preload=preload)
    assert second.unwrap() != first.unwrap()


def _parent(_: int) -> int:
    return os.getppid()


def test_nothing_is_left_open_at_the_end() -> None:
    code = (
        "from earmark.processes import map_tasks\n"
        "print([r.value for r in map_tasks(abs, [-1], isolated=True)])"
    )
    command = [sys.executable, "-X", "dev", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("[1]\n", "")
