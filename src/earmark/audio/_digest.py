"""Identify a recording whatever its tags say, by a hash of the encoded audio.

An MP3, AAC or FLAC stream lies between the tags as it is and is hashed as bytes, a hundred times
faster than packet by packet. Audio in a container is demuxed by FFmpeg. FFmpeg never sees the tags
at the end of the file, because some of its demuxers take them for part of the last packet.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO

from earmark.arguments import checked
from earmark.audio._edges import FileSlice, between_tags, read_at
from earmark.audio._ogg import survey_pages
from earmark.audio._stream import _check_file
from earmark.errors import AudioError
from earmark.types import PathName

__all__ = ["audio_digest"]

_BLOCK = 1 << 20
_MAX_ERRORS = 10
"""After this many errors, the rest of a damaged file is ignored."""


def _first_frame(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where the audio of a stream without a container begins; None if it has one."""
    head = read_at(file, start, 4)
    if len(head) == 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # MPEG audio, AAC
        return start
    if head != b"fLaC":
        return None
    start += 4
    last = False
    while not last and start < end:
        head = read_at(file, start, 4)
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
    starts = [0]
    if read_at(file, 0, 4) == b"OggS":
        starts = survey_pages(file).links or starts
    # FFmpeg does not follow every chain of streams, so each stream is read in turn.
    found = [
        _digest_of_stream(FileSlice(file, start=start, end=stop))
        for start, stop in zip(starts, [*starts[1:], end], strict=True)
        if start < stop
    ]
    if len(found) < 2 or None in found:
        return found[0] if found else None
    return hashlib.sha256(b"".join(digest for digest in found if digest)).digest()


def _digest_of_stream(part: FileSlice) -> bytes | None:
    import av
    import av.error

    from earmark.audio._ffmpeg import _DEMUXERS

    found, n_packets, n_errors = hashlib.sha256(), 0, 0
    # Streams can be distinguished without decoding them.
    options = {"format_whitelist": _DEMUXERS, "analyzeduration": "0"}
    try:
        with av.open(part, mode="r", options=options, metadata_errors="replace") as container:
            stream = container.streams.best("audio")
            if not isinstance(stream, av.AudioStream) or stream.codec_context is None:
                return None
            # The same bytes at another rate are different music.
            context = stream.codec_context
            found.update(f"{context.name} {stream.rate} {stream.channels}".encode())
            while n_errors < _MAX_ERRORS:
                try:
                    for packet in container.demux(stream):
                        if packet.size:
                            found.update(packet)
                            n_packets += 1
                    break
                except av.error.EOFError:
                    break
                except av.error.FFmpegError:  # damaged: the rest still identifies it
                    n_errors += 1
    except av.error.FFmpegError:
        return None
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
        SHA-256 of the encoded packets of the audio stream. Tags do not change it; other audio does.
        If FFmpeg finds no audio, it is the hash of the whole file.

    Raises
    ------
    AudioNotFoundError, AudioAccessError, NoAudioError, EmptyAudioError
        If the file does not exist, cannot be read, is not a regular file, or is empty.
    AudioError
        If it cannot be read for another reason.

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
            start, end = between_tags(file)
            frames = _first_frame(file, start, end)
            if frames is not None:
                return _digest_of_bytes(file, frames, end)
            found = _digest_of_packets(file, end)
            if found is not None:
                return found
            return _digest_of_bytes(file, 0, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise AudioError(path, f"it cannot be read: {error.strerror or error}") from error
