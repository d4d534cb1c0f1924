"""What identifies a recording whatever its tags say: a hash of the encoded audio.

An MP3, AAC or FLAC stream stands between the tags as it is, and is hashed as bytes, a hundred times
faster than packet by packet. What is kept in a container is demuxed by FFmpeg, which never sees the
tags at the end of the file: to some of its demuxers they are part of the last packet.
"""

from __future__ import annotations

import hashlib
import io
import os
from typing import BinaryIO

from earmark.arguments import checked
from earmark.audio._stream import _check_file
from earmark.errors import AudioError
from earmark.types import PathName

__all__ = ["audio_digest"]

_BLOCK = 1 << 20
_MAX_TAGS = 8
"""Tags in a row that are looked for at either end."""


class _Part(io.RawIOBase):
    """The first bytes of a file, as if it ended there."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file, self._size = file, size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._size}[whence]
        # Damaged files send FFmpeg before the first byte and behind the last: that is no error.
        if start + offset < 0:
            return -1
        return self._file.seek(min(start + offset, self._size))

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(max(0, start))
    return file.read(size)


def _syncsafe(digits: bytes) -> int:
    value = 0
    for digit in digits:
        value = value << 7 | digit & 0x7F
    return value


def _size_of_last_tag(file: BinaryIO, end: int) -> int:
    """Return how many bytes before `end` are a tag; 0 if none."""
    tail = _read(file, end - 160, min(end, 160))
    if tail[-128:-125] == b"TAG":  # ID3v1, and what some programs put before it
        extended = _read(file, end - 128 - 227, 4) == b"TAG+"
        return 128 + 227 * extended
    if tail[-32:-24] == b"APETAGEX":
        has_header = tail[-9] & 0x80
        return int.from_bytes(tail[-20:-16], "little") + (32 if has_header else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail[-10:-7] == b"3DI":
        return _syncsafe(tail[-4:]) + 20
    return 0


def _between_tags(file: BinaryIO) -> tuple[int, int]:
    """Return where the tags at the start of a file end, and where those at its end begin."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for _ in range(_MAX_TAGS):
        head = _read(file, start, 10)
        if len(head) < 10 or not head.startswith(b"ID3"):
            break
        start += 10 + _syncsafe(head[6:]) + 10 * bool(head[5] & 0x10)
    for _ in range(_MAX_TAGS):
        size = _size_of_last_tag(file, end)
        if not 0 < size <= end - start:
            break
        end -= size
    return min(start, end), end


def _first_frame(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where the audio of a stream without a container begins; None if it has one."""
    head = _read(file, start, 4)
    if len(head) == 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # MPEG audio, AAC
        return start
    if head != b"fLaC":
        return None
    start += 4
    last = False
    while not last and start < end:
        head = _read(file, start, 4)
        if len(head) < 4:
            return None
        last = bool(head[0] & 0x80)
        start += 4 + int.from_bytes(head[1:], "big")
    return start if start < end else None


def _digest_of_bytes(file: BinaryIO, start: int, end: int) -> bytes:
    found = hashlib.sha256()
    file.seek(start)
    while start < end and (block := file.read(min(_BLOCK, end - start))):
        found.update(block)
        start += len(block)
    return found.digest()


def _digest_of_packets(file: BinaryIO, end: int) -> bytes | None:
    """Hash the packets of the audio stream; None if there is none."""
    import av
    import av.error

    from earmark.audio._ffmpeg import _DEMUXERS

    found, n_packets = hashlib.sha256(), 0
    file.seek(0)
    part = _Part(file, end)
    try:
        # A stream need not be decoded to be told from others.
        options = {"format_whitelist": _DEMUXERS, "analyzeduration": "0"}
        with av.open(part, mode="r", options=options, metadata_errors="replace") as container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream):
                return None
            # The same bytes at another rate are other music.
            context = stream.codec_context
            found.update(f"{context.name} {stream.rate} {stream.channels}".encode())
            for packet in container.demux(stream):
                if packet.size:
                    found.update(packet)
                    n_packets += 1
    except av.error.FFmpegError:  # damaged: what stands before that still tells it from others
        return found.digest() if n_packets else None
    return found.digest() if n_packets else None


@checked
def audio_digest(path: PathName) -> bytes:
    """Hash the encoded audio of a file, without its tags.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    bytes
        SHA-256 of the encoded packets of the audio stream that is listened to: the same whatever
        the tags are, another one when the audio is. Where FFmpeg finds no audio, of the whole file.

    Raises
    ------
    AudioNotFoundError, AudioAccessError, NoAudioError, EmptyAudioError
        If the file is not there, may not be read, is not a file, or is empty.
    AudioError
        If the system refuses to read it for another reason.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros(22_050), 22_050)
    ...     len(audio_digest(file.name))
    32
    """
    _check_file(path)
    try:
        with open(path, "rb") as file:
            start, end = _between_tags(file)
            frames = _first_frame(file, start, end)
            if frames is not None:
                return _digest_of_bytes(file, frames, end)
            found = _digest_of_packets(file, end)
            if found is not None:
                return found
            return _digest_of_bytes(file, 0, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise AudioError(path, f"it cannot be read: {error.strerror or error}") from error
