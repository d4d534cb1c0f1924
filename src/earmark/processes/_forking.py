"""Starting workers: forked from a process that has loaded what they need, or spawned.

Forking a process in which decoders and numerical libraries run threads is not safe. A fork server
runs none, and has imported what its workers need: a worker is there in milliseconds. Python's own
fork server is one for all, and imports what whoever starts it first asks for. Here each set of
imports has a fork server of its own, which lives until this process ends and takes its workers
along, however that happens. Where there is no safe fork (Windows, macOS), workers are spawned.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from earmark.errors import EarmarkError
from earmark.processes._cores import one_thread_each
from earmark.processes._worker import load_quietly, work

__all__ = ["WorkerProcess", "prepare_workers", "start_worker"]

_FORKS = sys.platform == "linux" and not getattr(sys, "frozen", False)
_REQUEST = struct.Struct("!ci")
_ANSWER = struct.Struct("!i")


# --- in the fork server ---------------------------------------------------------------------------


def _serve(control: socket.socket, modules: tuple[str, ...]) -> None:
    """Fork workers on request; when the process that asks is gone, end them all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # Modules are no garbage. To look through them takes a tenth of the time, and later, in each
    # worker, copies of the pages they lie in.
    gc.disable()
    load_quietly(modules)
    gc.freeze()
    gc.enable()
    workers: set[int] = set()
    try:
        while True:
            select.select([control], [], [])
            message, handles, _, _ = socket.recv_fds(control, _REQUEST.size, 1)
            if len(message) < _REQUEST.size:
                return
            kind, pid = _REQUEST.unpack(message)
            if kind == b"f":
                pid = _fork(control, handles[0])
                os.close(handles[0])
                if pid > 0:
                    workers.add(pid)
                control.sendall(_ANSWER.pack(pid))
            else:
                status = os.waitpid(pid, 0)[1]
                workers.discard(pid)
                control.sendall(_ANSWER.pack(os.waitstatus_to_exitcode(status)))
    finally:
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _fork(control: socket.socket, handle: int) -> int:
    try:
        pid = os.fork()
    except OSError as error:  # too many processes, too little memory
        return -(error.errno or 1)
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        control.close()
        work(Connection(handle))
        status = 0
    except BaseException:  # noqa: BLE001  (nothing of the server may run here)
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)


# --- in the process that wants workers ------------------------------------------------------------


class _ForkServer:
    """The fork server of one set of imports; any thread may ask it."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        atexit.register(self._control.close)
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(theirs, modules), daemon=True)
        with one_thread_each():
            self._process.start()
        theirs.close()

    def _ask(self, kind: bytes, pid: int = 0, handles: Sequence[int] = ()) -> int:
        with self._lock:
            socket.send_fds(self._control, [_REQUEST.pack(kind, pid)], handles)
            answer = self._control.recv(_ANSWER.size)
        if len(answer) < _ANSWER.size:
            raise ConnectionResetError
        return int(_ANSWER.unpack(answer)[0])

    def fork(self) -> _ForkedWorker:
        ours, theirs = multiprocessing.Pipe()
        with theirs:
            try:
                pid = self._ask(b"f", handles=[theirs.fileno()])
            except OSError:
                ours.close()
                raise
        if pid < 0:
            ours.close()
            raise EarmarkError(f"no process can be started: {os.strerror(-pid)}")
        return _ForkedWorker(self, ours, pid)

    def wait(self, pid: int) -> int:
        try:
            return self._ask(b"w", pid)
        except OSError:  # the server was ended, and its workers with it
            return -int(signal.SIGKILL)

    def close(self) -> None:
        atexit.unregister(self._control.close)
        self._control.close()
        self._process.join()


class _ForkedWorker:
    """A worker of a fork server."""

    def __init__(self, server: _ForkServer, connection: Connection, pid: int) -> None:
        self.connection = connection
        self._server = server
        self._pid = pid

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # its number is its own until it was waited for
            os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        return self._server.wait(self._pid)


_servers: dict[tuple[int, tuple[str, ...]], _ForkServer] = {}
"""By the process that uses it (a fork of it needs its own) and what is loaded."""

_starting = threading.Lock()


def _server(modules: tuple[str, ...], *, instead_of: _ForkServer | None = None) -> _ForkServer:
    key = (os.getpid(), modules)
    with _starting:
        if key not in _servers or _servers[key] is instead_of:
            _servers[key] = _ForkServer(modules)
        return _servers[key]


def prepare_workers(modules: Sequence[str]) -> None:
    """Start loading what workers need, while this process does other things.

    Parameters
    ----------
    modules : sequence of str
        What they import, as for `map_tasks`.

    Examples
    --------
    >>> prepare_workers(["earmark.errors"])
    """
    if _FORKS:
        _server(tuple(modules))


def _end_with_parent(connection: Connection) -> None:
    """Work in a spawned process, which ends when the one that started it does."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    work(connection)


class _SpawnedWorker:
    """A worker in a new interpreter."""

    def __init__(self) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process: Any = context.Process(target=_end_with_parent, args=(theirs,), daemon=True)
        with one_thread_each():
            self._process.start()
        theirs.close()

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join()
        return int(self._process.exitcode)


WorkerProcess: TypeAlias = _ForkedWorker | _SpawnedWorker
"""A worker, seen from the process that started it."""


def start_worker(modules: tuple[str, ...]) -> WorkerProcess:
    """Start a worker that has these modules imported; EarmarkError if no process can be started."""
    if not _FORKS:
        return _SpawnedWorker()
    ended: _ForkServer | None = None
    for _ in range(2):
        server = _server(modules, instead_of=ended)
        try:
            return server.fork()
        except OSError:  # it was ended from outside
            server.close()
            ended = server
    raise EarmarkError(
        "no process can be started. If this is a script, put what it does below "
        "if __name__ == '__main__'"
    )
