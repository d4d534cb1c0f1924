"""FFmpeg, through PyAV, for what libsndfile cannot read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np

from earmark.audio._readers import Missing, cut_short
from earmark.errors import AudioError, NoAudioError
from earmark.types import Float32Array, PathName

__all__ = ["open_ffmpeg"]

# FFmpeg also opens playlists, which name further files and addresses, and draws text files as
# video. Only what can hold audio itself is let through.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,"
    "3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,oma,ogg,rm,tak,truehd,tta,voc,w64,wav,wv"
)


# Streams that nowhere say how long they are: FFmpeg guesses from the bit rate, and guesses badly.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "amr", "dts", "eac3", "mp3", "mpeg", "mpegts", "truehd"})


class _FFmpegReader:
    """Reads M4A, AAC, ALAC, WMA, WebM, Monkey's Audio and more with FFmpeg."""

    decoder = "ffmpeg"

    def __init__(self, path: PathName) -> None:
        # PyAV takes names as UTF-8; an open file has none.
        self._file = open(path, "rb")  # noqa: SIM115  (closed by close)
        try:
            self._container: av.container.InputContainer = av.open(
                self._file,
                mode="r",
                options={"format_whitelist": _DEMUXERS},
                metadata_errors="replace",  # tags need not be UTF-8
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
        if self.container not in _WITHOUT_LENGTH:
            if stream.duration is not None and stream.time_base is not None:
                self.n_samples = round(stream.duration * stream.time_base * self.sr)
            elif self._container.duration is not None:
                self.n_samples = round(self._container.duration / av.time_base * self.sr)
        self.warnings: list[str] = []
        self.missing: list[Missing] = []

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
            self.warnings.append(cut_short(done, self.n_samples, self.sr))
            self.missing.append(Missing(done / self.sr, (self.n_samples - done) / self.sr))

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


def open_ffmpeg(path: PathName) -> _FFmpegReader:
    """Open an audio file, or say why FFmpeg cannot."""
    try:
        return _FFmpegReader(path)
    except av.error.FFmpegError as error:
        reason = (error.strerror or "unknown").lower()
        raise NoAudioError(path, f"no decoder finds audio in it ({reason})") from error
    except OSError as error:
        raise AudioError(path, f"it cannot be read: {error.strerror or error}") from error
