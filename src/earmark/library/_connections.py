"""Where the library is, and from a path to a connection that can be relied on."""

from __future__ import annotations

import os
import pathlib
import sqlite3
import struct
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from earmark.errors import LibraryError, LibraryVersionError, ParameterError
from earmark.library._filters import holds, no_genre
from earmark.library._schema import APPLICATION_ID, DDL, MIGRATIONS, SCHEMA_VERSION
from earmark.settings import load_settings
from earmark.types import PathName

__all__ = ["Connections", "connect", "library_path", "sqlite_errors"]

_MAGIC = b"SQLite format 3\0"
_FIRST_PAGE = 4096
"""Bytes of a file without tables."""

_WAIT_S = 60.0
"""How long a write waits for another process' write."""


def library_path(path: PathName | None = None) -> str:
    """Return where a library is.

    Parameters
    ----------
    path : str, path-like or None
        Its file; None takes ``EARMARK_LIBRARY``, else what the configuration file says, else
        ``library.db`` in the folder where this system keeps the data of users' programs.

    Returns
    -------
    str
        An absolute path.

    Examples
    --------
    >>> os.path.basename(library_path("music.db"))
    'music.db'
    """
    if path is None:
        path = load_settings()["library"]
    if path is None:
        import platformdirs

        path = os.path.join(platformdirs.user_data_dir("earmark", appauthor=False), "library.db")
    return os.path.abspath(os.path.expanduser(os.fspath(path)))


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
    """Turn what SQLite raises into a `LibraryError` that names the file.

    Where nothing is wrong with the file, but with a value that its tables refuse, it is a
    `ParameterError`.
    """
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ParameterError(f"the library {path!r} cannot store this value: {error}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF
        reason = {
            sqlite3.SQLITE_FULL: "the disk is full; what was done before is kept",
            sqlite3.SQLITE_BUSY: f"another program has been writing to it for {_WAIT_S:g} s",
            sqlite3.SQLITE_CORRUPT: "it is damaged",
            sqlite3.SQLITE_NOTADB: "it is not a library",
            sqlite3.SQLITE_READONLY: "it may not be written",
            sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
        }.get(primary or -1)
        raise LibraryError(path, f"{reason} ({error})" if reason else str(error)) from error


def _check_header(path: str) -> None:
    """Refuse what is no library, or a newer one's, before SQLite so much as opens it."""
    try:
        with open(path, "rb") as file:
            header = file.read(100)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise LibraryError(path, (error.strerror or str(error)).lower()) from error
    if os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal"):
        # The header may be older than what the log holds: SQLite puts both together.
        if header and not header.startswith(_MAGIC):
            raise LibraryError(path, "it is not a library")
        return
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise LibraryError(path, "it is not a library")
    (page_size,) = struct.unpack(">H", header[16:18])
    (n_pages,) = struct.unpack(">I", header[28:32])
    expected = (65536 if page_size == 1 else page_size) * n_pages
    version, application = struct.unpack(">I4xI", header[60:72])
    _check_version(path, version, application)
    if size < expected:
        raise LibraryError(path, f"it is incomplete: only {size} of {expected} bytes")


def _check_version(path: str, version: int, application: int) -> None:
    if application != APPLICATION_ID:
        raise LibraryError(path, "it is not a library, but another program's SQLite file")
    if version > SCHEMA_VERSION:
        raise LibraryVersionError(
            path,
            f"it was written by a newer release of Earmark (its tables have version {version}, "
            f"this release knows {SCHEMA_VERSION}). It was not changed",
        )


def _version(connection: sqlite3.Connection) -> tuple[int, int]:
    ((version,),) = connection.execute("PRAGMA user_version")
    ((application,),) = connection.execute("PRAGMA application_id")
    return version, application


def _is_empty(connection: sqlite3.Connection) -> bool:
    ((n_tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    return not n_tables


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process has made them meanwhile."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == (0, 0) and _is_empty(connection):
            for statement in _statements(DDL):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the header says what it is


def _statements(script: str) -> Iterator[str]:
    """Take a script apart; `executescript` would end the transaction it is run in."""
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def _back_up(connection: sqlite3.Connection, path: str, version: int) -> None:
    """Copy the library beside itself, whole or not at all."""
    target = f"{path}.version-{version}"
    part = f"{target}.part"
    if os.path.lexists(part):
        os.unlink(part)
    try:
        copy = sqlite3.connect(part)
        try:
            connection.backup(copy)
        finally:
            copy.close()
        os.replace(part, target)
    except BaseException:
        if os.path.lexists(part):
            os.unlink(part)
        raise


def _migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring an older library up to date, in one transaction, with a copy of what it was."""
    version, _ = _version(connection)
    if version == SCHEMA_VERSION:
        return
    missing = [old for old in range(version, SCHEMA_VERSION) if old not in MIGRATIONS]
    if missing:
        raise LibraryError(
            path, f"its tables are of version {version}, which this release cannot convert"
        )
    _back_up(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version, _ = _version(connection)  # another process may have been faster
        for old in range(version, SCHEMA_VERSION):
            MIGRATIONS[old](connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def connect(path: str, *, create: bool) -> sqlite3.Connection:
    """Open a library file, make it and its folder if asked, and bring it up to date.

    The connection is in autocommit mode. A file that is missing, damaged, cut short or no library
    is a `LibraryError`; one of a newer release a `LibraryVersionError`, and is not touched.
    """
    new = not os.path.exists(path)
    if new and not create:
        raise LibraryError(path, "no library exists yet. Create one with: earmark scan FOLDER")
    if os.path.isdir(path):
        raise LibraryError(path, "it is a folder")
    if not new and not _just_begun(path):
        _check_header(path)
    if new:
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except OSError as error:
            folder = os.path.dirname(path)
            raise LibraryError(path, f"its folder {folder!r}: {error.strerror}") from error
    with sqlite_errors(path):
        where, is_uri = _how_to_open(path)
        connection = sqlite3.connect(
            where, timeout=_WAIT_S, isolation_level=None, uri=is_uri, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
            connection.create_function("holds", 2, holds, deterministic=True)
            connection.create_function("no_genre", 2, no_genre, deterministic=True)
            if create and _version(connection) == (0, 0):
                _make(connection)
            if _is_empty(connection):
                raise LibraryError(path, "it is empty: its first scan was stopped before it began")
            _check_version(path, *_version(connection))
            _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _how_to_open(path: str) -> tuple[str, bool]:
    """Return what SQLite is to open: one that may not be written is read as if none ever wrote.

    In WAL mode a reader writes, too: into a file beside the library.
    """
    folder = os.path.dirname(path)
    if not os.path.exists(path) or (os.access(path, os.W_OK) and os.access(folder, os.W_OK)):
        return path, False
    has_log = os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal")
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    return f"{pathlib.Path(path).as_uri()}?{mode}", True


def _just_begun(path: str) -> bool:
    """Tell whether a process was ended while it made this file: nothing is in it then."""
    try:
        with open(path, "rb") as file:
            header = file.read(100)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return False  # reading its header reports what is wrong
    if not header:
        return True
    version, application = struct.unpack(">I4xI", header[60:72].ljust(12, b"\1"))
    # A first page and no other: not one table. SQLite writes it when a log is turned on.
    return header.startswith(_MAGIC) and not version and not application and size <= _FIRST_PAGE


class _Lease:
    """What a thread holds while it has a connection; it dies with the thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection


class Connections:
    """Connections to a library, one for each thread that uses it.

    The connection of a thread that has ended is used by the next one that needs one.
    """

    def __init__(self, path: str, *, create: bool) -> None:
        self._path = path
        self._threads = threading.local()
        self._open = [connect(path, create=create)]
        self._free: deque[sqlite3.Connection] = deque(self._open)
        self._lock = threading.Lock()
        self._closed = False

    def of_this_thread(self) -> sqlite3.Connection:
        """Return the connection of the calling thread, opened if it has none."""
        lease: _Lease | None = getattr(self._threads, "lease", None)
        if lease is None or self._closed:
            lease = self._threads.lease = _Lease(self._take())
            weakref.finalize(lease, self._free.append, lease.connection).atexit = False
        return lease.connection

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise LibraryError(self._path, "it is closed")
            if self._free:
                connection = self._free.popleft()
                if connection.in_transaction:  # its thread was ended in the middle of one
                    connection.execute("ROLLBACK")
                return connection
            connection = connect(self._path, create=False)
            self._open.append(connection)
            return connection

    def close(self) -> None:
        """Close them all, those of other threads too."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._free.clear()
