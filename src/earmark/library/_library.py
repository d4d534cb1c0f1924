"""The library: one file that holds tracks, what was heard in them, and what was decided."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import cached_property
from types import TracebackType
from typing import Any

from earmark.errors import ParameterError
from earmark.files import FileState
from earmark.library._connections import library_path
from earmark.library._journal import ChangeJournal
from earmark.library._scans import ScanStore
from earmark.library._tracks import TrackQueries
from earmark.library._vectors import VectorQueries
from earmark.types import PathName

__all__ = ["Library", "open_library"]


def open_library(path: PathName | None = None, *, create: bool = False) -> Library:
    """Open a library.

    Parameters
    ----------
    path : str, path-like or None
        Its file; None: what ``EARMARK_LIBRARY`` says, else that of this user.
    create : bool
        Whether to make it if there is none.

    Returns
    -------
    Library
        To be closed, or used in a ``with``. Several threads may use it at the same time.

    Raises
    ------
    LibraryError
        If there is none, or it is damaged, cut short, or no library.
    LibraryVersionError
        If it is of a newer release. It is not touched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/music.db", create=True) as library:
    ...         library.count()
    0
    """
    return Library(library_path(path), create=create)


class Library(TrackQueries, VectorQueries):
    """A library; made by `open_library`, a context manager.

    Reading never waits for a process that writes. Every change is one transaction. Threads share a
    library: each gets a connection of its own when it first needs one.

    Attributes
    ----------
    path : str
        Its file.
    """

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def scanned(self) -> ScanStore:
        """What a scan reads and writes."""
        return ScanStore(self)

    @cached_property
    def journal(self) -> ChangeJournal:
        """What was changed in files, and how to take it back."""
        return ChangeJournal(self)

    def remember(self, name: str, value: Any) -> None:
        """Remember something.

        Parameters
        ----------
        name : str
            E.g. ``"model"``.
        value : object
            What JSON can hold.
        """
        with self.transaction() as connection:
            connection.execute("REPLACE INTO setting VALUES (?, ?)", [name, json.dumps(value)])

    def set_genre(self, track_ids: Iterable[int], genre: str | None, *, now: float) -> int:
        """Write down what the user says the genre of tracks is.

        Parameters
        ----------
        track_ids : iterable of int
            Their numbers.
        genre : str or None
            The genre; None takes back what was said.
        now : float
            The time, in seconds since 1970.

        Returns
        -------
        int
            How many corrections were made or taken back.

        Raises
        ------
        ParameterError
            If the genre is blank or cannot be printed, or there is no such track.
        """
        if genre is not None and not (genre.strip() and genre.isprintable()):
            raise ParameterError(f"genre={genre!r} is blank or cannot be printed")
        wanted = list(track_ids)
        changed = 0
        with self.transaction() as connection:
            for track_id in wanted:
                self.track(track_id)
                if genre is None:
                    done = connection.execute(
                        "DELETE FROM correction WHERE track_id = ?", [track_id]
                    )
                else:
                    done = connection.execute(
                        "REPLACE INTO correction VALUES (?, ?, ?)", [track_id, genre.strip(), now]
                    )
                changed += done.rowcount
        return changed

    def file_changed(self, path: PathName) -> None:
        """Take over the tags, the size and the time of a file that Earmark itself has changed.

        Parameters
        ----------
        path : str or path-like
            The file: the next scan will find it as it is.
        """
        from earmark.tags import read_tags

        track = self.find(path)
        # The tags of tracks in a file come from its cue sheet: the next scan reads both.
        if track is not None and not track.missing and not track.part:
            state = FileState.of(path)
            self.scanned.refresh(track.id, state, read_tags(path), now=time.time())
