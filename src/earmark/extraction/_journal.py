"""What is done so far, on disk: a run that is ended at any moment goes on where it was.

A file of records, each appended whole and checked when it is read again. A record that was not
finished, or is damaged, ends the journal; what follows it is cut off.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from earmark.errors import ParameterError
from earmark.files import file_lock
from earmark.types import PathName

__all__ = ["Journal", "StoredEntry"]

_HEAD = struct.Struct("<4sIQI")  # magic, length of the key, length of the body, CRC-32 of both
_MAGIC = b"EMJ1"


@dataclass(frozen=True)
class StoredEntry:
    """Where a record is in its journal.

    Attributes
    ----------
    key : mapping
        What it is about.
    offset, length : int
        Place of its body.
    """

    key: Mapping[str, Any]
    offset: int
    length: int


class Journal:
    """A journal, opened for reading and appending; a context manager.

    Parameters
    ----------
    path : str or path-like
        The file. It is made if there is none.
    settings : mapping
        What the run depends on.

    Raises
    ------
    ParameterError
        If the file is the journal of a run with other settings, or of one that is still going on,
        or no journal at all.
    OSError
        If it cannot be opened or written.
    """

    def __init__(self, path: PathName, *, settings: Mapping[str, Any]) -> None:
        self.path = os.fspath(path)
        self._open = ExitStack()
        try:
            self._lock()
            # Without a buffer: what could not be written must not be kept and written later.
            self._file = self._open.enter_context(io.FileIO(self.path, "a+"))
            self.records = list(self._read())
            if not self.records:
                if os.fstat(self._file.fileno()).st_size and not self._is_ours():
                    raise ParameterError(f"{self.path!r} is not a journal written by Earmark")
                self._file.truncate(0)
                self._append(settings, b"")
            elif dict(self.records[0].key) != dict(settings):
                raise ParameterError(
                    f"{self.path!r} belongs to a run with other settings: finish that run, "
                    "delete the file, or choose another output"
                )
            self.records = self.records[1:]
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def _lock(self) -> None:
        """Keep a second run out until the file is closed, however this process ends."""
        try:
            self._open.enter_context(file_lock(self.path))
        except BlockingIOError as error:
            raise ParameterError(f"{self.path!r} is in use by another run") from error

    def _is_ours(self) -> bool:
        self._file.seek(0)
        start = self._file.read(len(_MAGIC))
        return _MAGIC.startswith(start)

    def _read(self) -> Iterator[StoredEntry]:
        """Yield the whole records and cut off what follows them."""
        self._file.seek(0)
        end = 0
        while len(head := self._file.read(_HEAD.size)) == _HEAD.size:
            magic, key_length, length, checksum = _HEAD.unpack(head)
            if magic != _MAGIC or key_length + length > self._size() - end:
                break
            key, body = self._file.read(key_length), self._file.read(length)
            if len(key) < key_length or len(body) < length or zlib.crc32(key + body) != checksum:
                break
            yield StoredEntry(json.loads(key), end + _HEAD.size + key_length, length)
            end += _HEAD.size + key_length + length
        if end:
            self._file.truncate(end)

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _append(self, key: Mapping[str, Any], body: bytes) -> StoredEntry:
        name = json.dumps(key, sort_keys=True).encode()
        head = _HEAD.pack(_MAGIC, len(name), len(body), zlib.crc32(name + body))
        end = self._size()
        unwritten = memoryview(head + name + body)
        try:
            while unwritten:
                unwritten = unwritten[self._file.write(unwritten) :]
        except OSError as error:
            # The disk is full: what was written of the record must not stand before the next one.
            self._file.truncate(end)
            raise OSError(error.errno, error.strerror, self.path) from error
        return StoredEntry(key, end + len(head) + len(name), len(body))

    def append(self, key: Mapping[str, Any], body: bytes) -> None:
        """Add a record; it is there for good once this returns, unless the system itself stops.

        Parameters
        ----------
        key : mapping
            What it is about; what JSON can hold.
        body : bytes
            The rest.

        Raises
        ------
        OSError
            If it cannot be written; the journal is then as it was.
        """
        self.records.append(self._append(key, body))

    def body(self, record: StoredEntry) -> bytes:
        """Read the body of a record.

        Parameters
        ----------
        record : StoredEntry
            One of `records`.

        Returns
        -------
        bytes
            As it was appended.
        """
        self._file.seek(record.offset)
        return self._file.read(record.length)
