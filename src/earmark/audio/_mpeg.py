"""Count the frames of MPEG audio, since such streams do not reliably state their length.

Every frame begins with a header that gives its size, so counting takes little longer than reading
the file. Anything else is a tag, or damage.
"""

from __future__ import annotations

import bisect
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import BinaryIO

from earmark.audio._edges import between_tags, size_of_first_tag

__all__ = ["FrameSurvey", "survey_frames"]

_WINDOW = 1 << 22
_LONGEST_FRAME = 8192
_OTHERS = 4
"""Frames of another rate in a row that cannot be a coincidence in damage."""

_RATES = (44_100, 48_000, 32_000)
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000)
_KBITS = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # fmt: skip
"""Bit rates by version (3: MPEG-1, else 2) and layer bits (3: layer I)."""


@lru_cache(maxsize=4096)
def _layer_frame(head: bytes) -> tuple[int, int, int] | None:
    """Return size, samples and rate of the frame of layer I to III that begins with three bytes."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 0 or bits in (0, 15) or rate == 3:
        return None
    padding = head[2] >> 1 & 1
    sr = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    row = (3, layer) if version == 3 else (2, 3 if layer == 3 else 2)
    kbits = _KBITS[row][bits - 1]
    if layer == 3:
        return (12_000 * kbits // sr + padding) * 4, 384, sr
    samples = 576 if layer == 1 and version != 3 else 1152
    return samples * 125 * kbits // sr + padding, samples, sr


def _adts_frame(head: bytes) -> tuple[int, int, int] | None:
    """Return size, samples and rate of the AAC frame that begins with seven bytes."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_ADTS_RATES) or size < 7:
        return None
    return size, 1024 * ((head[6] & 3) + 1), _ADTS_RATES[rate]


@dataclass
class FrameSurvey:
    """The frames of a file of MPEG audio or AAC (`adts`), and its damage.

    Frames of `n_per_frame` samples at `sr` hertz begin at `offsets`, without that of a Xing header.
    `gaps` are stretches of damage, as the number of frames before them and their bytes, which
    probably cost `lost` frames each; `lost_at_end` are missing at the end. `mixed` means that
    frames of another rate follow, so that samples cannot be counted. `promised` is the number of
    frames in a Xing header, `n_added` the number of samples that the encoder added at both ends.
    """

    sr: int
    n_per_frame: int
    adts: bool = False
    offsets: array[int] = field(default_factory=lambda: array("q"))
    gaps: list[tuple[int, int]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    lost_at_end: int = 0
    mixed: bool = False
    promised: int | None = None
    n_added: int = 0

    @property
    def n_frames(self) -> int:
        """Number of frames present."""
        return len(self.offsets)

    @property
    def n_samples(self) -> int:
        """Samples the file would have if complete."""
        n_frames = self.n_frames + sum(self.lost) + self.lost_at_end
        added = self.n_added if n_frames == self.promised else 0
        return n_frames * self.n_per_frame - added

    def lost_before(self, frame: int) -> int:
        """Return how many frames were lost before number `frame` of those present."""
        return sum(
            n for (before, _), n in zip(self.gaps, self.lost, strict=True) if before <= frame
        )

    def position(self, offset: int) -> int:
        """Return the sample number of the first frame at or after a byte."""
        frame = bisect.bisect_left(self.offsets, offset)
        return (frame + self.lost_before(frame)) * self.n_per_frame


class _Walk:
    """Goes from frame to frame through a window on the file."""

    def __init__(self, file: BinaryIO, start: int, end: int, *, adts: bool) -> None:
        self._file, self._end = file, end
        self._frame = _adts_frame if adts else _layer_frame
        self._n_head = 7 if adts else 3
        self._base = self._at = 0
        self._window = b""
        self._move(start)

    def _move(self, offset: int) -> None:
        """Make the window begin at a byte of the file."""
        self._file.seek(offset)
        self._base, self._at = offset, 0
        self._window = self._file.read(max(0, min(_WINDOW, self._end - offset)))

    def _ensure(self) -> None:
        """Load enough of the file for a frame and the header after it."""
        left = len(self._window) - self._at
        if left < (_OTHERS + 1) * _LONGEST_FRAME and self._base + len(self._window) < self._end:
            self._move(self._base + self._at)

    def _head(self, at: int) -> bytes:
        return self._window[at : at + self._n_head]

    def first(self) -> tuple[int, int, int, int] | None:
        """Go to the first frame; return its offset, size, samples and rate."""
        found = self._resync(None)
        if found is None:
            return None
        return (self._base + self._at, *found)

    def _resync(self, like: tuple[int, int] | None) -> tuple[int, int, int] | None:
        """Go to the next place where two frames follow each other; None at the end."""
        while True:
            self._ensure()
            at = self._window.find(b"\xff", self._at)
            if at < 0:
                self._at = len(self._window)
                if self._base + self._at >= self._end:
                    return None
                continue
            self._at = at
            self._ensure()
            frame = self._frame(self._head(self._at))
            if frame is not None:
                expected = like in (None, frame[1:])
                if self._in_a_row(frame, 2 if expected else _OTHERS):
                    return frame
                if expected and like and self._base + self._at + frame[0] == self._end:
                    return frame
            self._at += 1

    def _in_a_row(self, frame: tuple[int, int, int], n: int) -> bool:
        """Say whether `n` frames of a kind follow each other from here on."""
        at, kind = self._at, frame[1:]
        for _ in range(n - 1):
            at += frame[0]
            following = self._frame(self._head(at))
            if following is None or following[1:] != kind:
                return False
            frame = following
        return True

    def frames(self, survey: FrameSurvey) -> int:
        """Fill a survey from here on; return the bytes at the end that are no frame."""
        like = (survey.n_per_frame, survey.sr)
        append, frame_of, n_head = survey.offsets.append, self._frame, self._n_head
        while True:
            self._ensure()
            at, window = self._at, self._window
            limit = len(window) - _LONGEST_FRAME
            if self._base + len(window) >= self._end:
                limit = len(window)
            base = self._base
            while at < limit:
                frame = frame_of(window[at : at + n_head])
                if frame is None or at + frame[0] > len(window):
                    break
                if frame[1:] != like:
                    break
                append(base + at)
                at += frame[0]
            self._at = at
            if at >= limit:
                if base + at >= self._end:
                    return 0
                continue
            tag = size_of_first_tag(window[at : at + 10])
            if tag:
                self._move(min(base + at + tag, self._end))
                continue
            frame = self._resync(like)
            junk = self._base + self._at - (base + at)
            if frame is None:
                return junk
            if frame[1:] != like:
                survey.mixed = True
                return 0
            survey.gaps.append((survey.n_frames, junk))


def _xing(frame: bytes) -> tuple[int | None, int | None, int] | None:
    """Return the frames and bytes of a Xing header, and the samples the encoder added.

    None if the frame has no such header.
    """
    at = max(frame.find(b"Xing", 0, 64), frame.find(b"Info", 0, 64))
    if at >= 0 and len(frame) >= at + 16:
        added = frame[at + 141 : at + 144] if frame[at + 120 : at + 121].isalpha() else b""
        flags = frame[at + 7]
        frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else None
        at += 8 + 4 * (flags & 1)
        size = int.from_bytes(frame[at : at + 4], "big") if flags & 2 else None
        delay_and_padding = int.from_bytes(added, "big")
        return frames, size, (delay_and_padding >> 12) + (delay_and_padding & 0xFFF)
    if frame[36:40] == b"VBRI":
        return int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"), 0
    return None


def _estimate(survey: FrameSurvey, n_bytes: int, n_junk: int, size: int | None) -> None:
    """Return how many frames each stretch of damage cost, and how many are missing at the end."""
    in_gaps = sum(junk for _, junk in survey.gaps)
    mean = max(1.0, (n_bytes - in_gaps - n_junk) / max(1, survey.n_frames))
    by_size = [max(1, round(junk / mean)) for _, junk in survey.gaps]
    deficit = None if survey.promised is None else survey.promised - survey.n_frames
    if deficit is None or not 0 <= deficit <= 100 * survey.n_frames + 100:
        # Bytes that are not a whole number of frames were inserted, or others removed.
        survey.lost = [
            n if abs(junk - n * mean) <= 2 + 0.002 * junk or _varies(survey) else 0
            for n, (_, junk) in zip(by_size, survey.gaps, strict=True)
        ]
        return
    is_cut = size is not None and n_bytes < size - 1.5 * mean
    if not survey.gaps:
        # Only the count in the header is wrong: the bytes exist.
        if size is None or is_cut:
            survey.lost_at_end = deficit
        return
    if n_junk and is_cut:
        left = deficit
        for n in by_size:
            survey.lost.append(min(n, left))
            left -= survey.lost[-1]
        survey.lost_at_end = left
        return
    left, total = deficit, sum(by_size)
    for n in by_size:
        share = round(left * n / total)
        survey.lost.append(share)
        left, total = left - share, total - n


def _varies(survey: FrameSurvey) -> bool:
    """Say whether the frames are of different sizes."""
    some = survey.offsets[: survey.gaps[0][0] if survey.gaps else 200][:200]
    sizes = {b - a for a, b in pairwise(some)}
    return bool(sizes) and max(sizes) - min(sizes) > 4


def survey_frames(file: BinaryIO, *, adts: bool = False) -> FrameSurvey | None:
    """Count the frames of MPEG audio, or of AAC if `adts`, in an open file.

    None if no two frames follow each other, or the bit rate is free.
    """
    start, end = between_tags(file)
    walk = _Walk(file, start, end, adts=adts)
    first = walk.first()
    if first is None:
        return None
    offset, n_bytes, n_per_frame, sr = first
    survey = FrameSurvey(sr=sr, n_per_frame=n_per_frame, adts=adts)
    n_junk = walk.frames(survey)
    file.seek(offset)
    header = None if adts else _xing(file.read(n_bytes))
    size = None
    if header is not None:
        survey.promised, size, survey.n_added = header
        del survey.offsets[0]
        survey.gaps = [(max(0, before - 1), junk) for before, junk in survey.gaps]
    _estimate(survey, end - offset, n_junk, size)
    return survey
