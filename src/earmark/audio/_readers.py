"""Two decoders behind one interface: libsndfile if possible, FFmpeg (PyAV) for the rest.

libsndfile stops at the first damage and trusts the length in headers. Inspecting the file shows
when it cannot be trusted; if it fails later, FFmpeg continues from there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np
import soundfile

from earmark.audio._headers import data_chunk, flac_is_whole
from earmark.audio._hints import Hints
from earmark.audio._missing import Missing
from earmark.audio._mpeg import survey_frames
from earmark.audio._ogg import survey_pages
from earmark.errors import AudioError, NoAudioError
from earmark.types import Float32Array, PathName

__all__ = ["Reader", "open_reader"]

_BLOCK = 65_536
"""Maximum number of frames in a block: half a megabyte of stereo."""

_PLAUSIBLE_RATES = range(1_000, 768_001)
"""Above this a header is damaged; resampling could fill the memory."""

_UNKNOWN_LENGTH = 1 << 40
"""libsndfile reports more than this for streams of unknown length."""

_SAMPLE_BYTES = {
    "PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8,
    "ULAW": 1, "ALAW": 1,
}  # fmt: skip

_SHORT_S = 0.05
"""A difference smaller than this is no reason to try another decoder."""


class Reader(Protocol):
    """An open audio file.

    `decoder` is ``libsndfile`` or ``ffmpeg``; `container` and `codec` are in the decoder's words;
    `sr` is in hertz; `n_samples` per channel is None if the file does not say. `missing` lists the
    stretches that could not be decoded so far.
    """

    decoder: str
    container: str
    codec: str
    sr: int
    channels: int
    n_samples: int | None
    missing: list[Missing]

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        """Yield the samples after the first `skip` [shape=(n, channels)]."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class _SoundFileReader:
    """Reads WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and more with libsndfile."""

    decoder = "libsndfile"

    def __init__(self, path: PathName) -> None:
        self._path = path
        # Bytes, because names need not be valid text.
        self._file = soundfile.SoundFile(os.fsencode(path))
        self.container = str(self._file.format)
        self.codec = str(self._file.subtype)
        self.sr = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        frames = int(self._file.frames)
        self.n_samples: int | None = frames if 0 < frames < _UNKNOWN_LENGTH else None
        self.is_damaged = False
        # What libsndfile should be able to read, and the length of the whole.
        self.expected = self.promised = self.n_samples
        self.missing: list[Missing] = []

    @property
    def n_frames(self) -> int:
        """Samples of each channel according to libsndfile."""
        return self.expected or 0

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        start = done = min(skip, self._file.frames)
        try:
            if skip:
                self._file.seek(start)
            while True:
                block = self._file.read(_BLOCK, dtype="float32", always_2d=True)
                if not len(block):
                    break
                done += len(block)
                yield block
        except soundfile.LibsndfileError:
            yield from self._continued(done)
            return
        if self.expected is not None and self.expected - done > _SHORT_S * self.sr:
            yield from self._continued(done)
        elif self.promised is not None and self.promised - done > _SHORT_S * self.sr:
            if done == start and self.expected is not None:  # read past the actual end
                done = min(done, self.expected)
            self.missing.append(Missing(done / self.sr, (self.promised - done) / self.sr))
        elif self.is_damaged:
            self.missing.append(Missing(done / self.sr, None))

    def _continued(self, done: int) -> Iterator[Float32Array]:
        """Continue with FFmpeg if libsndfile fails."""
        from earmark.audio._ffmpeg import open_ffmpeg

        end = done
        try:
            with contextlib.closing(open_ffmpeg(self._path, Hints(is_damaged=True))) as reader:
                if (reader.sr, reader.channels) == (self.sr, self.channels):
                    for block in reader.blocks(skip=done):
                        end += len(block)
                        yield block
                    here = done / self.sr
                    self.missing += [
                        m for m in reader.missing if m.length is None or m.start + m.length > here
                    ]
        except AudioError:
            pass
        known = max((m.start + (m.length or 0) for m in self.missing), default=0.0)
        promised = (self.promised or 0) / self.sr
        if promised - max(known, end / self.sr) > _SHORT_S:
            self.missing.append(Missing(end / self.sr, promised - end / self.sr))

    def close(self) -> None:
        self._file.close()


def _doubt_frames(reader: _SoundFileReader, file: BinaryIO) -> Hints | None:
    """Say why libsndfile cannot be trusted with an MP3 file, or None."""
    survey = survey_frames(file)
    if survey is None:
        return None
    if survey.gaps or survey.mixed:
        return Hints(frames=survey)
    if survey.lost_at_end:
        reader.n_samples = reader.promised = survey.n_samples
        # The last frame may be cut, and the encoder's delay is left out.
        there = (survey.n_frames - 1) * survey.n_per_frame - survey.n_added
        reader.expected = max(0, there)
        return None
    if survey.promised != survey.n_frames:
        if reader.n_frames < survey.n_samples - _SHORT_S * survey.sr:
            return Hints(frames=survey, n_samples=survey.n_samples)
        reader.n_samples = reader.promised = reader.expected = survey.n_samples
    return None


def _doubt_pages(reader: _SoundFileReader, file: BinaryIO) -> Hints | None:
    """Say why libsndfile cannot be trusted with an Ogg file, or None."""
    return Hints(is_damaged=True) if survey_pages(file).is_damaged else None


def _doubt_flac(reader: _SoundFileReader, file: BinaryIO) -> Hints | None:
    """Say why libsndfile cannot be trusted with a FLAC file, or None."""
    if reader.n_samples is None or not flac_is_whole(file, reader.n_samples):
        return Hints()
    return None


def _doubt_chunks(reader: _SoundFileReader, file: BinaryIO) -> Hints | None:
    """Say why libsndfile cannot be trusted with an uncompressed file, or None."""
    bytes_per_sample = _SAMPLE_BYTES.get(reader.codec)
    if bytes_per_sample is None:
        return None if reader.n_frames else Hints()
    unit = bytes_per_sample * reader.channels
    data = data_chunk(file)
    if data is None:
        is_known = reader.container in ("WAV", "WAVEX", "AIFF", "AU", "W64", "CAF")
        return Hints() if is_known or not reader.n_frames else None
    there = data.available // unit
    if data.size is None:
        return None if reader.n_frames == there else Hints(n_samples=there)
    if data.size > data.available:
        reader.n_samples = reader.promised = data.size // unit
        return None if abs(reader.n_frames - there) <= 1 else Hints()
    if reader.n_frames > data.size // unit + 1:
        return Hints(n_samples=data.size // unit)
    return None if data.is_sound and reader.n_frames else Hints()


_DOUBTS = {"MP3": _doubt_frames, "OGG": _doubt_pages, "FLAC": _doubt_flac}


def _open_doubted(path: PathName, reader: _SoundFileReader) -> Reader:
    """Return the reader that gives more of a file."""
    with open(path, "rb") as file:
        links = _links(file) if reader.container == "OGG" else []
        hints = _DOUBTS.get(reader.container, _doubt_chunks)(reader, file)
    if len(links) > 1:
        reader.close()
        return _ChainReader(path, links)
    if hints is None:
        return reader
    from earmark.audio._ffmpeg import count_samples, open_ffmpeg

    try:
        if reader.container not in _DOUBTS and hints.n_samples is None:
            # Neither is known to be better: the length decides.
            n_samples = count_samples(path)
            if n_samples <= reader.n_frames:
                return reader
            hints = Hints(n_samples=n_samples)
        other = open_ffmpeg(path, hints)
    except AudioError:
        reader.is_damaged = hints.is_damaged
        return reader
    reader.close()
    return other


def _links(file: BinaryIO) -> list[tuple[int, int]]:
    """Return the bytes of each of the streams that follow each other in an Ogg file."""
    starts = survey_pages(file).links
    size = file.seek(0, os.SEEK_END)
    return list(zip(starts, [*starts[1:], size], strict=True))


class _ChainReader:
    """Reads the streams of a chained Ogg file one after the other."""

    decoder = "ffmpeg"

    def __init__(self, path: PathName, links: list[tuple[int, int]]) -> None:
        from earmark.audio._ffmpeg import open_ffmpeg

        self._path, self._links = path, links
        lengths: list[float] = []
        readers = []
        for start, end in links[:_MAX_LINKS_AT_ONCE]:
            try:
                reader = open_ffmpeg(path, Hints(start=start, end=end))
            except AudioError:
                continue
            reader.close()
            readers.append(reader)
            if reader.n_samples is not None:
                lengths.append(reader.n_samples / reader.sr)
        if not readers:
            raise NoAudioError(path, "none of its streams can be decoded")
        first = readers[0]
        self.container, self.codec = first.container, first.codec
        self.sr, self.channels, self._layout = first.sr, first.channels, first.layout
        self.n_samples = round(sum(lengths) * self.sr) if len(lengths) == len(links) else None
        self.missing: list[Missing] = []

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        from earmark.audio._ffmpeg import open_ffmpeg

        done = 0
        for start, end in self._links:
            hints = Hints(start=start, end=end, sr=self.sr, layout=self._layout)
            before = done / self.sr
            try:
                reader = open_ffmpeg(self._path, hints)
            except AudioError:
                continue
            with contextlib.closing(reader):
                for block in reader.blocks(skip=0):
                    done += len(block)
                    if done > skip:
                        yield np.ascontiguousarray(block[max(0, skip - (done - len(block))) :])
                self.missing += [Missing(before + m.start, m.length) for m in reader.missing]

    def close(self) -> None:
        """Do nothing: the generator closes everything that it opens."""


_MAX_LINKS_AT_ONCE = 64


def open_reader(path: PathName) -> Reader:
    """Open an audio file with the decoder that gives more of it; the caller closes it.

    Raises `NoAudioError` if neither decoder finds audio, or the header cannot be true.
    """
    reader: Reader
    try:
        reader = _SoundFileReader(path)
    except soundfile.LibsndfileError:
        # FFmpeg's libraries are large, so they are loaded when first needed.
        from earmark.audio._ffmpeg import open_ffmpeg

        reader = open_ffmpeg(path)
    else:
        reader = _open_doubted(path, reader)
    if reader.sr not in _PLAUSIBLE_RATES or not 1 <= reader.channels <= 256:
        with contextlib.closing(reader):
            raise NoAudioError(
                path, f"its header claims {reader.channels} channels at {reader.sr} Hz"
            )
    return reader
