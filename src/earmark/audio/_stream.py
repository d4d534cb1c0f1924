"""Read samples from a path, all at once or in blocks: checks, channels, sampling rate."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import soxr

from earmark.arguments import checked
from earmark.audio._missing import Missing, is_notable, missing_sentences
from earmark.audio._mono import loudest_if_mean_is_silent, to_mono
from earmark.audio._readers import open_reader
from earmark.errors import (
    AudioAccessError,
    AudioError,
    AudioNotFoundError,
    EmptyAudioError,
    NoAudioError,
    NonFiniteAudioError,
    ParameterError,
)
from earmark.types import Float32Array, PathName, Seconds

__all__ = ["AudioInfo", "AudioStream", "AudioWarning", "info", "load", "stream"]

_LOUDEST = 1e9
"""Larger samples are damage; the squares of their spectra would not fit into 32 bits."""

DEFAULT_SR = 22_050
"""The sampling rate every model and feature set is defined at, in hertz."""


class AudioWarning(UserWarning):
    """Something is wrong with an audio file, but it can still be used."""


@dataclass(frozen=True)
class AudioInfo:
    """Properties of an audio file, read without decoding it.

    Attributes
    ----------
    path : str
        The file.
    duration : float or None
        Length in seconds according to the header; None if it has none.
    sr : int
        Sampling rate in hertz.
    channels : int
        Number of channels.
    n_samples : int or None
        Samples of each channel according to the header.
    container, codec : str
        Kind of the file in the decoder's words.
    decoder : str
        ``"libsndfile"`` or ``"ffmpeg"``.
    """

    path: str
    duration: Seconds | None
    sr: int
    channels: int
    n_samples: int | None
    container: str
    codec: str
    decoder: str


def _check_file(path: PathName) -> None:
    """Raise an error if something is wrong with a path, before a decoder sees it."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "neither a file nor a folder"
            raise NoAudioError(path, f"it is {what}")
        open(path, "rb").close()
    except PermissionError as error:
        raise AudioAccessError(path, "no permission to read it") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioNotFoundError(path, "no such file") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise AudioNotFoundError(path, "its symbolic links form a loop") from error
        raise AudioError(path, error.strerror or str(error)) from error
    except ValueError as error:  # a null character in the name
        raise AudioNotFoundError(path, str(error)) from error
    if status.st_size == 0:
        raise EmptyAudioError(path, "the file is empty (0 bytes)")


class AudioStream:
    """An audio file as blocks of samples, decoded one at a time.

    Made by `stream`; a context manager and an iterator.

    Attributes
    ----------
    path : str
        The file.
    sr : int
        Sampling rate of the blocks in hertz.
    native_sr : int
        Sampling rate of the file in hertz.
    """

    def __init__(
        self,
        path: PathName,
        *,
        sr: float | None = DEFAULT_SR,
        mono: bool = True,
        offset: Seconds = 0.0,
        duration: Seconds | None = None,
    ) -> None:
        if sr is not None and not 1 <= sr < math.inf:
            raise ParameterError(f"sr={sr!r} is not a sampling rate in hertz")
        if not 0 <= offset < math.inf:
            raise ParameterError(f"offset={offset!r} must be 0 s or more")
        if duration is not None and not 0 <= duration < math.inf:
            raise ParameterError(f"duration={duration!r} must be 0 s or more")
        _check_file(path)
        self.path = os.fspath(path)
        self._reader = open_reader(path)
        self.native_sr = self._reader.sr
        self.sr: float = self.native_sr if sr is None else sr
        self._mono = mono or self._reader.channels == 1
        self._skip = int(offset * self.native_sr)
        self._limit = None if duration is None else int(duration * self.native_sr)
        self._iterator = self._resampled()

    @property
    def missing(self) -> list[Missing]:
        """Stretches of the file that could not be decoded, in order.

        Complete once the stream is exhausted. Within the file they are filled with silence.
        Inaudibly short stretches are left out.
        """
        found = self._reader.missing
        return list(found) if is_notable(found) else []

    @property
    def warnings(self) -> list[str]:
        """Problems that did not end the stream, in sentences; complete once it is exhausted.

        There is a sentence for each missing stretch, or one summary.
        """
        return missing_sentences(self.missing)

    def __enter__(self) -> AudioStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Float32Array]:
        return self._iterator

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _blocks(self) -> Iterator[Float32Array]:
        """Yield the decoder's blocks; a read error of the disk becomes an error of this file."""
        try:
            yield from self._reader.blocks(skip=self._skip)
        except OSError as error:
            raise AudioError(self.path, f"it cannot be read: {error.strerror or error}") from error

    def _decoded(self) -> Iterator[Float32Array]:
        """Yield blocks at the file's own rate [shape=(n,) or (n, channels)]."""
        done = 0
        for block in self._blocks():
            wanted = block if self._limit is None else block[: self._limit - done]
            # NaN is neither below nor above anything.
            if len(wanted) and not (wanted.min() > -_LOUDEST and wanted.max() < _LOUDEST):
                bad = ~(np.abs(wanted) < _LOUDEST).all(axis=1)
                at = int(np.argmax(bad))
                seconds = (self._skip + done + at) / self.native_sr
                raise NonFiniteAudioError(
                    self.path,
                    f"the sample at {seconds:.3f} s is {wanted[at].tolist()}, but full scale is 1",
                )
            done += len(wanted)
            yield wanted
            if self._limit is not None and done >= self._limit:
                return

    def _mixed(self) -> Iterator[Float32Array]:
        """Yield blocks with the requested channels."""
        if not self._mono:
            return self._decoded()
        if self._reader.channels == 1:
            return (block[:, 0] for block in self._decoded())
        return to_mono(
            self._decoded(), sr=self.native_sr, start=self._skip, choose=self._loudest_channel
        )

    def _loudest_channel(self) -> int | None:
        """Search the whole file for a mean that is not silent."""
        with contextlib.closing(open_reader(self.path)) as reader:
            return loudest_if_mean_is_silent(reader.blocks(skip=0), sr=reader.sr)

    def _resampled(self) -> Iterator[Float32Array]:
        """Yield blocks at the requested rate."""
        if self.sr == self.native_sr:
            yield from self._mixed()
            return
        channels = 1 if self._mono else self._reader.channels
        resampler = soxr.ResampleStream(
            self.native_sr, self.sr, channels, dtype="float32", quality="HQ"
        )
        n_in = n_out = 0
        for block in self._mixed():
            n_in += len(block)
            part = resampler.resample_chunk(block)
            n_out += len(part)
            if len(part):
                yield part
        if not n_in:
            return
        nothing = np.empty((0,) if self._mono else (0, channels), dtype=np.float32)
        part = resampler.resample_chunk(nothing, last=True)
        # soxr rounds the length, librosa rounds it up: a missing last sample is silent.
        missing = math.ceil(n_in * (float(self.sr) / self.native_sr)) - n_out - len(part)
        if missing > 0:
            part = np.concatenate([part, np.zeros((missing, *part.shape[1:]), dtype=np.float32)])
        if len(part):
            yield part[: len(part) + min(missing, 0)]


@checked
def stream(
    path: PathName,
    *,
    sr: float | None = DEFAULT_SR,
    mono: bool = True,
    offset: Seconds = 0.0,
    duration: Seconds | None = None,
) -> AudioStream:
    """Open an audio file as a stream of blocks, for files of any length in bounded memory.

    Parameters
    ----------
    path : str or path-like
        The file.
    sr : float or None
        Sampling rate in hertz to resample to; None keeps the file's own.
    mono : bool
        Whether to average the channels.
    offset : float
        Where to start, in seconds.
    duration : float or None
        How much to read, in seconds; None reads to the end.

    Returns
    -------
    AudioStream
        An iterator over blocks [shape=(n,), or (n, channels) if there are several], to be closed or
        used in a ``with``. Joined, they equal the result of `load` exactly.

    Raises
    ------
    AudioError
        If the file cannot be used; its class says why. A `NonFiniteAudioError` is raised when its
        block is reached.
    ParameterError
        If an argument is out of range.

    See Also
    --------
    load : Read the whole file at once.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.zeros(44_100), 44_100)
    ...     with stream(file.name) as blocks:
    ...         sum(len(block) for block in blocks)
    22050
    """
    return AudioStream(path, sr=sr, mono=mono, offset=offset, duration=duration)


@checked
def load(
    path: PathName,
    *,
    sr: float | None = DEFAULT_SR,
    mono: bool = True,
    offset: Seconds = 0.0,
    duration: Seconds | None = None,
) -> tuple[Float32Array, float]:
    """Decode an audio file.

    Parameters
    ----------
    path : str or path-like
        The file, of any kind that libsndfile or FFmpeg can read.
    sr : float or None
        Sampling rate in hertz to resample to, by soxr at high quality; None keeps the file's own.
    mono : bool
        Whether to average the channels.
    offset : float
        Where to start, in seconds.
    duration : float or None
        How much to read, in seconds; None reads to the end.

    Returns
    -------
    y : np.ndarray [shape=(n,) or (channels, n), dtype=float32]
        Samples, full scale at 1.0; empty if `offset` is after the end. For WAV and FLAC they equal
        those of `librosa.load`.
    sr : float
        Their sampling rate in hertz.

    Raises
    ------
    AudioNotFoundError, AudioAccessError, NoAudioError, EmptyAudioError, NonFiniteAudioError
        If the file does not exist, cannot be read, is not audio, has no samples, or has samples
        that are NaN or infinite.
    ParameterError
        If an argument is out of range.

    Warns
    -----
    AudioWarning
        If the file is cut short or damaged; the decodable part is returned.

    See Also
    --------
    stream : Read a long file in blocks.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.full((44_100, 2), 0.25), 44_100)
    ...     y, sr = load(file.name)
    >>> y.shape, sr
    ((22050,), 22050)
    """
    with stream(path, sr=sr, mono=mono, offset=offset, duration=duration) as blocks:
        parts = list(blocks)
        if not parts and offset == 0 and duration != 0:
            raise EmptyAudioError(path, "it holds no samples")
        for warning in blocks.warnings:
            warnings.warn(f"{os.fspath(path)!r}: {warning}", AudioWarning, stacklevel=3)
    y = np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
    return np.ascontiguousarray(y.T), blocks.sr


@checked
def info(path: PathName) -> AudioInfo:
    """Read the properties of an audio file without decoding it.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    AudioInfo
        Its length, sampling rate, channels and kind.

    Raises
    ------
    AudioNotFoundError, AudioAccessError, NoAudioError, EmptyAudioError
        If the file does not exist, cannot be read, is not audio, or is empty.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".flac") as file:
    ...     soundfile.write(file.name, np.zeros((96_000, 2)), 48_000)
    ...     found = info(file.name)
    >>> found.duration, found.sr, found.channels, found.container
    (2.0, 48000, 2, 'FLAC')
    """
    _check_file(path)
    reader = open_reader(path)
    reader.close()
    n_samples = reader.n_samples
    return AudioInfo(
        path=os.fspath(path),
        duration=None if n_samples is None else n_samples / reader.sr,
        sr=reader.sr,
        channels=reader.channels,
        n_samples=n_samples,
        container=reader.container,
        codec=reader.codec,
        decoder=reader.decoder,
    )
