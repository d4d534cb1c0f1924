"""Files beside a library that hold what can be made of it again: indexes.

A file is a line that says what it is, a header in JSON, arrays, and what FAISS writes; its last 32
bytes are the SHA-256 of all before. It is written under another name and renamed. A file that is
cut short, changed, or of another state of the library is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from earmark.files import atomic_write, file_lock

__all__ = ["Cached", "read_cache", "write_cache"]

_MAGIC = b"earmark cache 1\n"
_ALIGNMENT = 4096
_N_DIGEST = 32
_CHUNK = 1 << 24

Write = Callable[[bytes | memoryview], int]


@dataclass(frozen=True)
class Cached:
    """What a cache holds: its file, its header, its arrays and where the bytes after them begin.

    The arrays are read-only, and stay in the file until they are used.
    """

    path: str
    header: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]
    rest: int


def _aligned(position: int) -> int:
    return -(-position // _ALIGNMENT) * _ALIGNMENT


@contextmanager
def _locked(path: str) -> Iterator[BinaryIO | None]:
    """Open the file of a cache for writing; None where another process is writing it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(path))
        except BlockingIOError:
            yield None
            return
        yield stack.enter_context(atomic_write(path))


def write_cache(
    path: str,
    header: Mapping[str, Any],
    *,
    arrays: Mapping[str, npt.NDArray[Any]],
    rest: Callable[[Write], None] | None = None,
) -> bool:
    """Write a cache, whole or not at all, in place of one that is there.

    The header must fit in JSON; `rest` is called with a function that writes bytes after the
    arrays. False, and nothing is written, where another process is writing this cache. OSError if
    the file cannot be written.
    """
    digest = hashlib.sha256()
    layout = [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()]
    text = json.dumps({**header, "arrays": layout}).encode() + b"\n"
    with _locked(path) as file:
        if file is None:
            return False

        def write(content: bytes | memoryview) -> int:
            digest.update(content)
            return file.write(content)

        write(_MAGIC + text)
        for array in arrays.values():
            write(bytes(_aligned(file.tell()) - file.tell()))
            write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        write(bytes(_aligned(file.tell()) - file.tell()))
        if rest is not None:
            rest(write)
        file.write(digest.digest())
    return True


def read_cache(path: str, expected: Mapping[str, Any]) -> Cached | None:
    """Read a cache whose header holds what is expected.

    None where there is none, where it describes another state, or where it is damaged.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(len(_MAGIC))
            text = file.readline(1 << 20)
            start = file.tell()
            if head != _MAGIC or not _says(text, expected) or not _is_whole(file):
                return None
    except OSError:
        return None  # not there, or not to be read: as good as none
    header = json.loads(text)
    arrays: dict[str, npt.NDArray[Any]] = {}
    position = start
    for name, dtype, shape in header.pop("arrays"):
        position = _aligned(position)
        if 0 in shape:
            arrays[name] = np.empty(shape, dtype=dtype)
        else:
            arrays[name] = np.memmap(
                path, dtype=dtype, mode="r", offset=position, shape=tuple(shape)
            )
        position += arrays[name].nbytes
    return Cached(path, header, arrays, _aligned(position))


def _says(text: bytes, expected: Mapping[str, Any]) -> bool:
    try:
        header = json.loads(text)
    except ValueError:  # torn or changed: not JSON, not UTF-8
        return False
    return isinstance(header, dict) and expected.items() <= header.items()


def _is_whole(file: BinaryIO) -> bool:
    """Compare the hash at the end of a file with what is before it."""
    left = os.fstat(file.fileno()).st_size - _N_DIGEST
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0:
        chunk = file.read(min(_CHUNK, left))
        if not chunk:
            return False
        digest.update(chunk)
        left -= len(chunk)
    return left == 0 and file.read() == digest.digest()
