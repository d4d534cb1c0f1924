"""The file of a library: queries, transactions and warnings, from any thread."""

from __future__ import annotations

import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from earmark.errors import ParameterError
from earmark.library._connections import Connections, sqlite_errors

__all__ = ["Database"]


class Database:
    """A file of tables that several threads read and write, each with a connection of its own."""

    def __init__(self, path: str, *, create: bool = False) -> None:
        self.path = path
        self._connections = Connections(path, create=create)
        self._listeners = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        """The connection of this thread."""
        return self._connections.of_this_thread()

    def close(self) -> None:
        """Let go of the file, in all threads."""
        self._connections.close()

    def warn(self, message: str, category: type[Warning] = UserWarning) -> None:
        """Report something that the user should know although the work goes on.

        Parameters
        ----------
        message : str
            A sentence.
        category : type
            Class of the Python warning that it becomes outside `warnings_to`.
        """
        listener = getattr(self._listeners, "listener", None)
        if listener is not None:
            listener(message)
        else:
            warnings.warn(message, category, stacklevel=3)

    @contextmanager
    def warnings_to(self, listener: Callable[[str], object] | None) -> Iterator[None]:
        """Send what this thread warns of to a function; Python's own are not safe between threads.

        Parameters
        ----------
        listener : callable or None
            Called with each message, such as `Job.warn`. None changes nothing.

        Yields
        ------
        None
            While warnings go to the function.
        """
        before = getattr(self._listeners, "listener", None)
        self._listeners.listener = listener or before
        try:
            yield
        finally:
            self._listeners.listener = before

    def query(
        self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[sqlite3.Row]:
        """Ask the database; for the modules of this package alone.

        Parameters
        ----------
        query : str
            A statement that reads.
        values : sequence or mapping
            What stands for its question marks or names.

        Returns
        -------
        list of sqlite3.Row
            What it found.
        """
        with sqlite_errors(self.path):
            try:
                return self._connection.execute(query, values).fetchall()
            except (UnicodeEncodeError, OverflowError) as error:
                raise ParameterError(f"{values!r}: it cannot be searched for: {error}") from error

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Do several things, or none of them.

        Parameters
        ----------
        durable : bool
            Whether what is written must outlast a crash of the whole system, not only of this
            process.

        Yields
        ------
        sqlite3.Connection
            In a transaction that is committed at the end, or rolled back where an error ends it.
            Inside another one, it is part of that.

        Raises
        ------
        LibraryError
            For whatever SQLite raises: a full disk, a damaged file.
        """
        with sqlite_errors(self.path):
            connection = self._connection
            if connection.in_transaction:
                yield connection
                return
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk ends it by itself
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def part_of_transaction(self) -> Iterator[None]:
        """Do several things in a transaction, or none of them; what else is in it stands.

        Yields
        ------
        None
            The transaction that goes on is the one to write in.

        Raises
        ------
        LibraryError
            As `transaction`, which must have been entered before.
        """
        with sqlite_errors(self.path):
            connection = self._connection
            connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                if connection.in_transaction:  # a full disk ends it by itself
                    connection.execute("ROLLBACK TO part")
                    connection.execute("RELEASE part")
                raise
            connection.execute("RELEASE part")
