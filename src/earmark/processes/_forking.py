"""Starting workers: forked from a process that has loaded what they need, or spawned.

Forking a process in which decoders and numerical libraries run threads is not safe. A fork server
runs none, and has imported what its workers need: a worker is there in milliseconds. Python's own
fork server is one for all, and imports what whoever starts it first asks for. Here each set of
imports has a fork server of its own, which lives until this process ends and takes its workers
along, however that happens. Where there is no safe fork (Windows, macOS), workers are spawned.

A fork server imports the script that started it only if that script defines what is to be done: so
a script that calls Earmark needs no guard, unless it hands over functions of its own.
"""

from __future__ import annotations

import atexit
import gc
import json
import multiprocessing
import os
import select
import signal
import socket
import struct
import subprocess
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


_PROGRAM = """
import json, socket, sys
path, modules, handle = json.loads(sys.argv[1])
sys.path[:] = path
from earmark.processes._forking import _serve
_serve(socket.socket(fileno=handle), tuple(modules))
"""


class _ForkServer:
    """The fork server of one set of imports; any thread may ask it."""

    def __init__(self, modules: tuple[str, ...], *, imports_script: bool) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._control, theirs = socket.socketpair()
        atexit.register(self.close)
        with theirs, one_thread_each():
            if imports_script:
                context = multiprocessing.get_context("spawn")
                self._process: Any = context.Process(
                    target=_serve, args=(theirs, modules), daemon=True
                )
                self._process.start()
            else:
                handle = theirs.fileno()
                given = json.dumps([list(map(str, sys.path)), modules, handle])
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM, given],
                    pass_fds=[handle],
                    stdin=subprocess.DEVNULL,
                )

    def _ask(self, kind: bytes, pid: int = 0, handles: Sequence[int] = ()) -> int:
        with self._lock:
            socket.send_fds(self._control, [_REQUEST.pack(kind, pid)], handles)
            answer = self._control.recv(_ANSWER.size)
        if len(answer) < _ANSWER.size:
            raise ConnectionResetError
        return int(_ANSWER.unpack(answer)[0])

    def fork(self) -> _ForkedWorker | None:
        """Fork a worker; None if the server was ended from outside."""
        try:
            ours, theirs = multiprocessing.Pipe()
        except OSError as error:  # too many open files
            raise EarmarkError(f"no process can be started: {error.strerror}") from error
        with theirs:
            try:
                pid = self._ask(b"f", handles=[theirs.fileno()])
            except OSError:
                ours.close()
                return None
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
        atexit.unregister(self.close)
        self._control.close()  # it ends its workers and itself, unless it is still loading
        if os.getpid() != self._owner:
            return
        if isinstance(self._process, subprocess.Popen):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
            self._process.kill()
            self._process.wait()
        else:
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


_servers: dict[tuple[int, tuple[str, ...], bool], _ForkServer] = {}
"""By the process that uses it (a fork of it needs its own) and what is loaded."""

_starting = threading.Lock()


def _server(
    modules: tuple[str, ...],
    *,
    imports_script: bool = False,
    instead_of: _ForkServer | None = None,
) -> _ForkServer:
    key = (os.getpid(), modules, imports_script)
    with _starting:
        if key not in _servers or _servers[key] is instead_of:
            _servers[key] = _ForkServer(modules, imports_script=imports_script)
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


def start_worker(modules: tuple[str, ...], *, imports_script: bool) -> WorkerProcess:
    """Start a worker that has these modules imported, and the script of this process if needed.

    EarmarkError if no process can be started.
    """
    if not _FORKS:
        return _SpawnedWorker()
    ended: _ForkServer | None = None
    # A script that is being imported by a server of its own must not start another one.
    is_imported = getattr(multiprocessing.current_process(), "_inheriting", False)
    for _ in range(0 if is_imported else 2):
        server = _server(modules, imports_script=imports_script, instead_of=ended)
        worker = server.fork()
        if worker is not None:
            return worker
        server.close()
        ended = server
    raise EarmarkError(
        "no process can be started. If this is a script, put what it does below "
        "if __name__ == '__main__'"
    )
