"""What workers are made to do; in a module of its own, so that they can import it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from earmark.errors import DatasetError
from earmark.processes import PeakMemory


def square(number: int) -> int:
    """Return the square of a number, or do worse with some."""
    if number == 13:
        raise DatasetError("13 is refused")
    if number == 14:
        os._exit(3)
    return number**2


def slow_square(number: int) -> int:
    """Return the square of a number, the smaller the later."""
    time.sleep(0.3 / (1 + number))
    return number**2


def process(_: Any) -> int:
    """Return the number of the process."""
    return os.getpid()


def surroundings(_: Any) -> tuple[str | None, str, int, str | None]:
    """Return a variable, the folder, how many threads linear algebra uses, and was told to."""
    threads = max(pool["num_threads"] for pool in threadpool_info())
    return os.environ.get("POOL_TEST"), os.getcwd(), threads, os.environ.get("OMP_NUM_THREADS")


def loaded(module: str) -> bool:
    """Say whether a module is loaded."""
    return module in sys.modules


def hold(megabytes: int) -> int | None:
    """Take memory and return by how much the peak of it grew."""
    with PeakMemory(fresh=True) as peak:
        np.ones(megabytes * 125_000).sum()
    return peak.grown


def large(number: int | bytes) -> bytes:
    """Return a megabyte."""
    return b"x" * (1 << 20) if isinstance(number, int) else number


def die_once(path: str) -> str:
    """End the process the first time."""
    mark = Path(path)
    if not mark.exists():
        mark.touch()
        os._exit(11)
    return path


def overlap(path: str) -> int:
    """Return how many others are at work, the second time where the first is to die."""
    folder = Path(path).parent
    mark = folder / f"{os.getpid()}.at-work"
    mark.touch()
    try:
        time.sleep(0.05)
        if path.endswith("die") and not Path(path).exists():
            mark.unlink()
            die_once(path)
        return len(list(folder.glob("*.at-work"))) - 1
    finally:
        mark.unlink()


def wait_for_ever(folder: str) -> None:
    """Leave the number of the process in a folder, and never return."""
    Path(folder, f"{os.getpid()}.working").touch()
    time.sleep(600)


class PanicError(BaseException):
    """Not even an Exception, as the panics of some compiled libraries are not."""


class UnmakeableError(Exception):
    """An error that can be packed, and cannot be made again."""

    def __init__(self, text: str, *, why: str) -> None:
        super().__init__(f"{text}: {why}")


class UnpackableError(Exception):
    """An error that cannot be packed."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse."""
        raise TypeError("it is not to be packed")


def _snap() -> None:
    raise ZeroDivisionError("it snapped")


class Spring:
    """A result that refuses to be made again."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how it is made again: not at all."""
        return _snap, ()


def do_what_it_says(task: str) -> Any:
    """Raise, or return, what a task asks for."""
    match task:
        case "value":
            raise ValueError("nobody foresaw \udcff")
        case "memory":
            raise MemoryError
        case "exit":
            sys.exit(3)
        case "panic":
            raise PanicError("a panic")
        case "unmakeable":
            raise UnmakeableError(task, why="because")
        case "unpackable":
            raise UnpackableError("no")
        case "proxy":
            return MappingProxyType({})
        case "spring":
            return Spring()
        case "interrupt":
            raise KeyboardInterrupt
    return task


def refuse_to_start() -> None:
    """Fail as a model file that cannot be read does."""
    raise DatasetError("it cannot begin")


def leave_mark() -> None:
    """Leave a mark in this process."""
    sys._earmark_test_mark = True  # type: ignore[attr-defined]


def has_mark(_: Any) -> bool:
    """Say whether there is a mark in this process."""
    return getattr(sys, "_earmark_test_mark", False)
