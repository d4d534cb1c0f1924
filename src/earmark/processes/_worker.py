"""What a worker does: it takes a function, then tasks, and answers each."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

__all__ = ["INTERRUPTED", "Setup", "load_quietly", "run_task", "work"]

INTERRUPTED = "interrupted"
"""Kind of the answer where a task raised KeyboardInterrupt: others are "value" and "error"."""


@dataclass(frozen=True)
class Setup:
    """What a worker needs before its first task."""

    function: Callable[[Any], Any]
    initializer: Callable[[], None] | None
    preload: tuple[str, ...]
    environ: Mapping[str, str]
    folder: str | None


def load_quietly(modules: tuple[str, ...]) -> None:
    """Import modules ahead of their use; one that is missing shows when it is used."""
    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)


def _prepared(content: bytes, path: tuple[str, ...]) -> Callable[[Any], Any]:
    """Bring this process to the state of the one that started it, and unpack the function."""
    sys.path[:] = path
    setup: Setup = ForkingPickler.loads(content)
    os.environ.clear()
    os.environ.update(setup.environ)
    if setup.folder is not None:
        with suppress(OSError):  # it was deleted
            os.chdir(setup.folder)
    load_quietly(setup.preload)
    if setup.initializer is not None:
        setup.initializer()
    return setup.function


def run_task(function: Callable[[Any], Any], content: bytes) -> bytes:
    """Do a task and pack what comes of it, whatever that is: kind and value."""
    try:
        answer = ("value", function(ForkingPickler.loads(content)))
    except KeyboardInterrupt:
        answer = (INTERRUPTED, None)
    except BaseException as error:  # noqa: BLE001  (no task ends the others)
        error.add_note(traceback.format_exc())
        answer = ("error", error)
    try:
        return bytes(ForkingPickler.dumps(answer))
    except Exception as error:  # noqa: BLE001  (a result may hold anything)
        reason: BaseException = error
        if answer[0] == "error":
            reason = RuntimeError("".join(traceback.format_exception_only(answer[1])).strip())
        try:
            return bytes(ForkingPickler.dumps(("error", reason)))
        except Exception:  # noqa: BLE001  (nor can its error be packed)
            return bytes(ForkingPickler.dumps(("error", RuntimeError(type(reason).__name__))))


def work(connection: Connection) -> None:
    """Answer tasks until the other end is closed. Ctrl-C is left to the process at that end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        path = tuple(connection.recv())
        content = connection.recv_bytes()
        try:
            function = _prepared(content, path)
        except BaseException as error:  # noqa: BLE001  (it is the answer to every task)
            refusal = error

            def function(_: Any) -> Any:
                raise refusal

        while True:
            connection.send_bytes(run_task(function, connection.recv_bytes()))
