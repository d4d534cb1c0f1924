"""Two decoders behind one shape: libsndfile where it can, FFmpeg (through PyAV) for the rest."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any, Protocol

import av
import av.error
import numpy as np
import soundfile

from earmark.errors import AudioError, NoAudioError
from earmark.types import Float32Array, PathName

__all__ = ["Reader", "open_reader"]

_BLOCK = 65_536
"""Frames a block has at most: half a megabyte of stereo."""

_PLAUSIBLE_RATES = range(1_000, 768_001)
"""A header that says otherwise is damaged; resampling from it could fill the memory."""

# FFmpeg also opens playlists, which name further files and addresses, and draws text files as
# video. Only what can hold audio itself is let through.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,"
    "3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,oma,ogg,rm,tak,truehd,tta,voc,w64,wav,wv"
)


# Streams that nowhere say how long they are: FFmpeg guesses from the bit rate, and guesses badly.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "amr", "dts", "eac3", "mp3", "mpeg", "mpegts", "truehd"})


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
    """

    decoder: str
    container: str
    codec: str
    sr: int
    channels: int
    n_samples: int | None
    warnings: list[str]

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        """Yield the samples after the first `skip` [shape=(n, channels)]."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def _cut_short(decoded: int | None, promised: int, sr: int) -> str:
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
        # libsndfile shortens a data chunk that is longer than the file, and notes that in its log.
        cut = re.search(r"data : (\d+) \(should be (\d+)\)", self._file.extra_info)
        if cut and int(cut[1]) > int(cut[2]):
            share = int(cut[2]) / int(cut[1])
            self.warnings.append(
                f"cut short: {share:.0%} of the audio its header speaks of is there"
            )

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        start = done = min(skip, self._file.frames)
        if skip:
            self._file.seek(start)
        while True:
            try:
                block = self._file.read(_BLOCK, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                self.warnings.append(f"damaged after {done / self.sr:.2f} s: {error.error_string}")
                return
            if not len(block):
                break
            done += len(block)
            yield block
        if done < self._file.frames:
            decoded = done if done > start else None
            self.warnings.append(_cut_short(decoded, self._file.frames, self.sr))

    def close(self) -> None:
        self._file.close()


class _FFmpegReader:
    """Reads M4A, AAC, ALAC, WMA, WebM, Monkey's Audio and more with FFmpeg."""

    decoder = "ffmpeg"

    def __init__(self, path: PathName) -> None:
        # PyAV takes names as UTF-8; an open file has none.
        self._file = open(path, "rb")  # noqa: SIM115  (closed by close)
        try:
            self._container: av.container.InputContainer = av.open(
                self._file, mode="r", options={"format_whitelist": _DEMUXERS}
            )
            stream = self._container.streams.best("audio")
            if not isinstance(stream, av.AudioStream):
                raise NoAudioError(path, "it has no audio stream")
        except BaseException:
            self._file.close()
            raise
        self._stream = stream
        self.container = self._container.format.name
        self.codec = stream.codec_context.name
        self.sr = int(stream.codec_context.sample_rate)
        self.channels = int(stream.codec_context.channels)
        self.n_samples: int | None = None
        if self.container in _WITHOUT_LENGTH:
            pass
        elif stream.duration is not None and stream.time_base is not None:
            self.n_samples = round(stream.duration * stream.time_base * self.sr)
        elif self._container.duration is not None:
            self.n_samples = round(self._container.duration / av.time_base * self.sr)
        self.warnings: list[str] = []

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        # Seeking is only exact to a packet in most containers: what comes before is decoded too.
        planar = av.AudioResampler(
            format="fltp", layout=self._stream.codec_context.layout, rate=self.sr
        )
        done = 0
        for frame in self._frames():
            for part in planar.resample(frame):
                block = part.to_ndarray().T
                done += len(block)
                if done > skip:
                    yield np.ascontiguousarray(block[max(0, skip - (done - len(block))) :])
        # Here the header gives the length to a few packets only.
        if self.n_samples is not None and done < 0.98 * self.n_samples - self.sr / 10:
            self.warnings.append(_cut_short(done, self.n_samples, self.sr))

    def _frames(self) -> Iterator[Any]:
        """Yield decoded frames and then None, which flushes; leave out packets that are damaged."""
        n_damaged = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                break
            except av.error.EOFError:
                break
            except av.error.FFmpegError:
                n_damaged += 1
                if n_damaged > 1000:  # a demuxer that no longer moves on
                    break
                continue
            yield from frames
        yield None
        if n_damaged:
            self.warnings.append(f"damaged: {n_damaged} packets could not be decoded")

    def close(self) -> None:
        self._container.close()
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
        try:
            reader = _FFmpegReader(path)
        except av.error.FFmpegError as error:
            reason = (error.strerror or "unknown").lower()
            raise NoAudioError(path, f"no decoder finds audio in it ({reason})") from error
        except OSError as error:
            raise AudioError(path, f"it cannot be read: {error.strerror or error}") from error
    if reader.sr not in _PLAUSIBLE_RATES or not 1 <= reader.channels <= 256:
        with contextlib.closing(reader):
            raise NoAudioError(
                path, f"its header speaks of {reader.channels} channels at {reader.sr} Hz"
            )
    return reader
