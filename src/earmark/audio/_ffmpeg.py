"""Decode with FFmpeg (PyAV) what libsndfile cannot read, and damaged files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np

from earmark.audio._edges import FileSlice
from earmark.audio._hints import Hints
from earmark.audio._missing import Missing
from earmark.audio._mpeg import FrameSurvey, survey_frames
from earmark.audio._ogg import survey_pages
from earmark.audio._timeline import Timeline
from earmark.errors import AudioError, NoAudioError
from earmark.types import Float32Array, PathName, Seconds

__all__ = ["count_samples", "open_ffmpeg"]

# FFmpeg also opens playlists, which name other files and addresses, and shows text files as video.
# Only formats that hold audio themselves are allowed.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,"
    "3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,oma,ogg,rm,tak,truehd,tta,voc,w64,wav,wv"
)

# Streams without a length: FFmpeg guesses it from the bit rate, and guesses badly.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "amr", "dts", "eac3", "mp3", "mpeg", "mpegts", "truehd"})

# The headers of these give the length only to within a few packets.
_ROUGH_LENGTH = frozenset({"asf", "avi", "flv", "matroska,webm", "rm"})

# Their time stamps only jump if something is lost.
_CONTINUOUS = frozenset({"ape", "asf", "caf", "flac", "tak", "tta", "wv"})

_MAX_ERRORS = 100
"""After this many errors in a row, a demuxer is assumed to be stuck."""

_ENOUGH = 16_384
"""Samples in a block; packets are smaller, and each would take as long as a block."""

_BLOCK_HEAD = 200
"""Maximum number of bytes between two Matroska packets if nothing is lost."""

_LONGEST: Seconds = 24 * 3600
"""A header that promises more than this, and ten times the actual length, is damaged."""


class _FFmpegReader:
    """Reads M4A, AAC, ALAC, WMA, WebM, Monkey's Audio and more with FFmpeg."""

    decoder = "ffmpeg"

    def __init__(self, path: PathName, hints: Hints) -> None:
        # PyAV takes names as UTF-8; an open file has none.
        self._file = open(path, "rb")  # noqa: SIM115  (closed by close)
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            self._open(path, hints)
            if hints.frames is None and self.container in ("aac", "mp3"):
                with open(path, "rb") as file:
                    self._frames = survey_frames(file, adts=self.container == "aac")
            elif self.container == "ogg" and not hints.is_damaged:
                with open(path, "rb") as file:
                    self._is_damaged = survey_pages(file, start=hints.start).is_damaged
        except BaseException:
            self._file.close()
            raise
        self.n_samples = hints.n_samples if hints.n_samples is not None else self._length()
        self.missing: list[Missing] = []

    def _open(self, path: PathName, hints: Hints) -> None:
        source = FileSlice(self._file, start=hints.start, end=hints.end or self._size)
        self._container: av.container.InputContainer = av.open(
            source,
            mode="r",
            options={"format_whitelist": _DEMUXERS},
            metadata_errors="replace",  # tags need not be UTF-8
        )
        stream = self._container.streams.best("audio")
        if not isinstance(stream, av.AudioStream):
            raise NoAudioError(path, "it has no audio stream")
        self._stream = stream
        context = stream.codec_context
        if context is None:
            raise NoAudioError(path, "no decoder knows its audio")
        self._frames = hints.frames
        self._is_damaged = hints.is_damaged
        self.container: str = self._container.format.name
        self.codec = context.name
        self.sr = hints.sr or int(context.sample_rate)
        self.channels = int(
            av.AudioLayout(hints.layout).nb_channels if hints.layout else context.channels
        )
        self.layout: str = hints.layout or context.layout.name

    def _length(self) -> int | None:
        """Return the samples of each channel according to the container."""
        if self._frames is not None and not self._frames.mixed:
            return round(self._frames.n_samples * self.sr / self._frames.sr)
        if self.container in _WITHOUT_LENGTH:
            return None
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            if stream.time_base > 1:  # Musepack counts in blocks, and rounds down
                return None
            return self._rounded(stream.duration, stream.time_base)
        return self._rounded(self._container.duration, 1 / av.time_base)

    def _rounded(self, duration: int | None, unit: Any) -> int | None:
        if duration is None or unit is None:
            return None
        found = round(duration * unit * self.sr)
        return found if found > 0 else None

    def blocks(self, *, skip: int) -> Iterator[Float32Array]:
        # Seeking is only exact to a packet in most containers, so decoding starts earlier.
        timeline = Timeline(
            sr=self.sr,
            promised=None if self._frames else self.n_samples,
            continuous=self._frames is not None
            or self._is_damaged
            or self.container in _CONTINUOUS,
        )
        self.missing = timeline.missing
        if (self.container == "flac" and self.n_samples) or self._is_damaged:
            timeline.start_at(0)
        done = n_held = 0
        held: list[Float32Array] = []
        for block in self._placed(timeline):
            done += len(block)
            if done > skip:
                held.append(block[max(0, skip - (done - len(block))) :])
                n_held += len(held[-1])
            if n_held >= _ENOUGH:
                yield np.concatenate(held)
                held, n_held = [], 0
        if held:
            yield np.concatenate(held)
        self._check_end(done)

    def _check_end(self, done: int) -> None:
        """Record what is missing at the end."""
        if self._frames is not None and not self._frames.mixed:
            lost = self._frames.lost_at_end * self._frames.n_per_frame
            expected = done + round(lost * self.sr / self._frames.sr)
        else:
            expected = max(self.n_samples or 0, self._last_end)
        lacking = expected - done
        margin = self.sr / 10
        if self.container in _ROUGH_LENGTH:
            margin += 0.02 * expected
        if expected > _LONGEST * self.sr and expected > 10 * done:
            return
        if lacking > margin:
            self.missing.append(Missing(done / self.sr, lacking / self.sr))

    def _placed(self, timeline: Timeline) -> Iterator[Float32Array]:
        """Yield blocks [shape=(n, channels)] in the order of time, gaps filled with silence."""
        resampler = _Resampler(self.layout, self.sr)
        self._last_end = 0
        for frame, position in self._decoded(timeline):
            # Damage may turn up as a frame of 43 channels.
            if frame.layout.nb_channels > max(8, self.channels):
                timeline.note_damage()
                continue
            try:
                parts = resampler.resample(frame)
            except (av.error.FFmpegError, ValueError):
                timeline.note_damage()
                continue
            for i, part in enumerate(parts):
                yield from timeline.push(part, None if i else position)
        for part in resampler.flush():
            yield from timeline.push(part, None)
        yield from timeline.finish()

    def _decoded(self, timeline: Timeline) -> Iterator[tuple[Any, float | None]]:
        """Yield frames, each with the number of its first sample."""
        clock = _Clock(
            self.sr,
            self._frames,
            unit=self._stream.time_base,
            is_raw=self.container in _WITHOUT_LENGTH,
        )
        is_block = self.container == "matroska,webm" and len(self._container.streams) == 1
        end: int | None = None
        n_given = 0
        for packet in self._packets(timeline):
            if packet.is_corrupt:
                timeline.note_damage()
            if is_block and packet.pos is not None and packet.size:
                if end is not None and packet.pos > end + _BLOCK_HEAD:
                    timeline.note_damage()
                end = packet.pos + packet.size
            try:
                frames = packet.decode()
            except av.error.EOFError:
                continue
            except av.error.FFmpegError:
                timeline.note_damage()
                start = clock.failed(packet)
                if start is not None:
                    if not n_given:
                        timeline.start_at(start)
                    self._last_end = int(start + clock.length(packet))
                continue
            for i, frame in enumerate(frames):
                n_given += 1
                yield frame, clock.position(packet, frame, first=i == 0)
            clock.passed(packet)

    def _packets(self, timeline: Timeline) -> Iterator[Any]:
        """Yield the packets of the stream, the last of which flushes; go on after errors."""
        n_errors = n_bytes = 0
        while n_errors < _MAX_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    n_bytes += packet.size
                    if packet.size:
                        n_errors = 0
                    if n_bytes > 2 * self._size + (1 << 20):  # it goes round in circles
                        return
                    yield packet
                return
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                timeline.note_damage()
                n_errors += 1

    def close(self) -> None:
        self._container.close()
        self._file.close()


class _Resampler:
    """Converts frames of any kind to blocks [shape=(n, channels)] of one rate and layout."""

    def __init__(self, layout: str, sr: int) -> None:
        self._layout, self._sr = layout, sr
        self._kind: tuple[str, str, int] | None = None
        self._resampler: Any = None

    def resample(self, frame: Any) -> list[Float32Array]:
        parts: list[Float32Array] = []
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            parts = self.flush()
            self._kind = kind
            self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self._sr)
        return parts + [part.to_ndarray().T for part in self._resampler.resample(frame)]

    def flush(self) -> list[Float32Array]:
        """Return the remaining samples."""
        if self._resampler is None:
            return []
        resampler, self._resampler, self._kind = self._resampler, None, None
        return [part.to_ndarray().T for part in resampler.resample(None)]


class _Clock:
    """Finds the first sample of a frame."""

    def __init__(
        self, sr: int, frames: FrameSurvey | None, *, unit: Fraction | None, is_raw: bool
    ) -> None:
        self._sr, self._is_raw = sr, is_raw
        self._unit = float(unit or 0) * sr
        self._frame_unit: float | None = None
        self._frames = frames if frames is not None and not frames.mixed else None
        self._n_packets = 0
        self._usual_size = 0
        self._extra = 0.0

    def _start(self, packet: Any) -> float | None:
        if self._frames is not None and packet.pos is not None and self._counts_bytes:
            return self._frames.position(packet.pos) * self._sr / self._frames.sr
        if packet.pts is None:
            return None
        return float(packet.pts * self._unit + self._shift())

    @property
    def _counts_bytes(self) -> bool:
        return self._frames is not None and not self._frames.adts

    def _shift(self) -> float:
        """Return the samples lost so far that the container does not know about."""
        if self._frames is not None:
            lost = self._frames.lost_before(self._n_packets - 1)
            return lost * self._frames.n_per_frame * self._sr / self._frames.sr
        return self._extra

    def position(self, packet: Any, frame: Any, *, first: bool) -> float | None:
        if frame.pts is None:
            return None
        if self._frame_unit is None:
            self._frame_unit = float(frame.time_base or 0) * self._sr
        at: float = frame.pts * self._frame_unit
        if self._counts_bytes:
            start = self._start(packet)
            if start is None or packet.pts is None or not first:
                return None
            return float(start + at - packet.pts * self._unit)
        return at + self._shift()

    def length(self, packet: Any) -> float:
        return float((packet.duration or 0) * self._unit)

    def passed(self, packet: Any) -> None:
        self._n_packets += 1
        self._usual_size = self._usual_size or packet.size

    def failed(self, packet: Any) -> float | None:
        """Record a packet that cannot be decoded; return its first sample."""
        start = self._start(packet)
        if self._is_raw and self._frames is None and self._usual_size:
            # Anything that is not a frame counts as one frame, however long it is.
            n = round(packet.size / self._usual_size)
            self._extra += max(0, n - 1) * self.length(packet)
        self._n_packets += 1
        return start


_NO_HINTS = Hints()


def open_ffmpeg(path: PathName, hints: Hints = _NO_HINTS) -> _FFmpegReader:
    """Open an audio file, or say why FFmpeg cannot."""
    try:
        return _FFmpegReader(path, hints)
    except av.error.FFmpegError as error:
        reason = (error.strerror or "unknown").lower()
        raise NoAudioError(path, f"no decoder finds audio in it ({reason})") from error
    except OSError as error:
        raise AudioError(path, f"it cannot be read: {error.strerror or error}") from error


def count_samples(path: PathName) -> int:
    """Count the samples of an uncompressed file without decoding it."""
    reader = open_ffmpeg(path)
    try:
        timeline = Timeline(sr=reader.sr, promised=None, continuous=False)
        n_samples = 0.0
        for packet in reader._packets(timeline):
            if packet.duration:
                n_samples += float(packet.duration * packet.time_base) * reader.sr
        return round(n_samples)
    finally:
        reader.close()
