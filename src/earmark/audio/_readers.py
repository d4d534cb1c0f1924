"""Two decoders behind one shape: libsndfile where it can, FFmpeg (through PyAV) for the rest."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import soundfile

from earmark.errors import NoAudioError
from earmark.types import Float32Array, PathName, Seconds

__all__ = ["Missing", "Reader", "cut_short", "open_reader"]

_BLOCK = 65_536
"""Frames a block has at most: half a megabyte of stereo."""

_PLAUSIBLE_RATES = range(1_000, 768_001)
"""A header that says otherwise is damaged; resampling from it could fill the memory."""


@dataclass(frozen=True)
class Missing:
    """A stretch of a track whose audio could not be decoded.

    Attributes
    ----------
    start : float
        Where it begins, in seconds from the start of the file.
    length : float or None
        Its length in seconds; None where nothing says how much is missing.
    """

    start: Seconds
    length: Seconds | None


class Reader(Protocol):
    """An open audio file.

    Attributes
    ----------
    decoder : str
        ``"libsndfile"`` or ``"ffmpeg"``.
    container, codec : str
        What the file is, in the decoder's words.
    sr : int
        Its own sampling rate in hertz.
    channels : int
        How many channels it has.
    n_samples : int or None
        Samples of each channel, as the header says; None where it does not.
    warnings : list of str
        What went wrong so far without ending the reading.
    missing : list of Missing
        The stretches that could not be decoded so far, in order.
    """

    decoder: str
    container: str
    codec: str
    sr: int
    channels: int
    n_samples: int | None
    warnings: list[str]
    missing: list[Missing]

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        """Yield the samples after the first `skip` [shape=(n, channels)]."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def cut_short(decoded: int | None, promised: int, sr: int) -> str:
    """Say how much of what a header promises is there; None: nothing of what was asked for."""
    whole = f"the {promised / sr:.2f} s its header speaks of"
    if decoded is None:
        return f"cut short: nothing from there on could be decoded of {whole}"
    return f"cut short: {decoded / sr:.2f} s of {whole} could be decoded"


class _SoundFileReader:
    """Reads WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and more with libsndfile."""

    decoder = "libsndfile"

    def __init__(self, path: PathName) -> None:
        # Bytes, since a name need not be text.
        self._file = soundfile.SoundFile(os.fsencode(path))
        self.container = str(self._file.format)
        self.codec = str(self._file.subtype)
        self.sr = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.n_samples: int | None = int(self._file.frames)
        self.warnings: list[str] = []
        self.missing: list[Missing] = []
        # libsndfile shortens a data chunk that is longer than the file, and notes that in its log.
        cut = re.search(r"data : (\d+) \(should be (\d+)\)", self._file.extra_info)
        if cut and int(cut[1]) > int(cut[2]):
            share = int(cut[2]) / int(cut[1])
            self.warnings.append(
                f"cut short: {share:.0%} of the audio its header speaks of is there"
            )
            length = self._file.frames / self.sr
            self.missing.append(Missing(length, length * (1 / share - 1) if share else None))

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        start = done = min(skip, self._file.frames)
        if skip:
            self._file.seek(start)
        while True:
            try:
                block = self._file.read(_BLOCK, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                self.warnings.append(f"damaged after {done / self.sr:.2f} s: {error.error_string}")
                self._missing_from(done)
                return
            if not len(block):
                break
            done += len(block)
            yield block
        if done < self._file.frames:
            decoded = done if done > start else None
            self.warnings.append(cut_short(decoded, self._file.frames, self.sr))
            self._missing_from(done)

    def _missing_from(self, done: int) -> None:
        """Note that nothing after a sample could be decoded."""
        self.missing.append(Missing(done / self.sr, (self._file.frames - done) / self.sr))

    def close(self) -> None:
        self._file.close()


def open_reader(path: PathName) -> Reader:
    """Open an audio file with the first decoder that knows it.

    Parameters
    ----------
    path : str or path-like
        A regular file that exists and may be read.

    Returns
    -------
    Reader
        To be closed by the caller.

    Raises
    ------
    NoAudioError
        If neither decoder finds audio in it, or its header cannot be true.
    """
    reader: Reader
    try:
        reader = _SoundFileReader(path)
    except soundfile.LibsndfileError:
        # FFmpeg's libraries are large: they are loaded with the first file that needs them.
        from earmark.audio._ffmpeg import open_ffmpeg

        reader = open_ffmpeg(path)
    if reader.sr not in _PLAUSIBLE_RATES or not 1 <= reader.channels <= 256:
        with contextlib.closing(reader):
            raise NoAudioError(
                path, f"its header speaks of {reader.channels} channels at {reader.sr} Hz"
            )
    return reader
