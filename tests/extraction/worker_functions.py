"""What workers are made to do; in a module of its own, so that a spawned process can import it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

from earmark.errors import NoAudioError


def measure(path: str) -> tuple[str, int]:
    """Return the path and its length."""
    return path, len(path)


def measure_or_die(path: str) -> tuple[str, int]:
    """End the process at once for a path that says so, as a crash in a decoder does."""
    if "die" in path:
        os._exit(11)
    return measure(path)


def return_an_error(path: str) -> NoAudioError:
    """Return an error, as functions of files do."""
    return NoAudioError(path, "it is broken")


def tell_threads(_: str) -> dict[str, str | None]:
    """Return how many threads numerical libraries were told to use."""
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def tell_process(_: str) -> int:
    """Return the number of the process."""
    return os.getpid()


def was_initialised(_: str) -> bool:
    """Say whether `initialise` was called here."""
    return getattr(sys, "_earmark_test_initialised", False)


def initialise() -> None:
    """Leave a mark in this process."""
    sys._earmark_test_initialised = True  # type: ignore[attr-defined]


def die_the_first_time(path: str) -> str:
    """End the process once; the next process that works on the path returns it."""
    mark = Path(path)
    if not mark.exists():
        mark.touch()
        os._exit(11)
    return path


class PanicError(BaseException):
    """Not even an Exception, as the panics of some compiled libraries are not."""


class UnmakeableError(Exception):
    """An error that can be packed, and cannot be made again."""

    def __init__(self, path: str, *, why: str) -> None:
        super().__init__(f"{path}: {why}")


class Spring:
    """A result that refuses to be made again."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how it is made again: not at all."""
        return _snap, ()


def _snap() -> None:
    raise ZeroDivisionError("it snapped")


def do_what_the_name_says(path: str) -> Any:
    """Raise, or return, what a path asks for."""
    match path.removesuffix(".mp3"):
        case "value":
            raise ValueError("bytes nobody foresaw \udcff")
        case "audio":
            raise NoAudioError(path, "it is broken")
        case "deep":
            return do_what_the_name_says("deep")
        case "memory":
            raise MemoryError
        case "exit":
            sys.exit(3)
        case "panic":
            raise PanicError("a panic")
        case "unmakeable":
            raise UnmakeableError(path, why="because")
        case "proxy":
            return MappingProxyType({})
        case "spring":
            return Spring()
        case "interrupt":
            raise KeyboardInterrupt
    return path
