"""The CUESHEET block of FLAC, which has times but no titles, as the text of a cue sheet."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["cue_text"]

_STREAMINFO, _CUESHEET = 0, 5
_TRACKS_AT = 396
_TRACK_SIZE, _INDEX_SIZE = 36, 12
_LEAD_OUT = (170, 255)
_FRAMES_PER_SECOND = 75


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _time(sample: int, sr: int) -> str:
    frames = round(sample * _FRAMES_PER_SECOND / sr)
    seconds, frame = divmod(frames, _FRAMES_PER_SECOND)
    return f"{seconds // 60:02}:{seconds % 60:02}:{frame:02}"


def cue_text(blocks: Mapping[int, bytes]) -> str:
    """Return the block as a cue sheet; empty without one, or if it is cut short.

    `blocks` are the metadata blocks of a file by kind.
    """
    data, info = blocks.get(_CUESHEET, b""), blocks.get(_STREAMINFO, b"")
    sr = _number(info, 10, 3) >> 4
    if len(data) < _TRACKS_AT or not sr:
        return ""
    lines, at = [], _TRACKS_AT
    for _ in range(data[_TRACKS_AT - 1]):
        if at + _TRACK_SIZE > len(data):
            return ""
        number, offset = data[at + 8], _number(data, at, 8)
        isrc = data[at + 9 : at + 21].rstrip(b"\0").decode("ascii", "replace")
        is_audio, n_indexes = not data[at + 21] & 0x80, data[at + 35]
        at += _TRACK_SIZE
        if at + n_indexes * _INDEX_SIZE > len(data):
            return ""
        if number not in _LEAD_OUT:
            lines.append(f"TRACK {number:02} {'AUDIO' if is_audio else 'MODE1/2352'}")
            lines += [f"ISRC {isrc}"] if isrc else []
            for index in range(at, at + n_indexes * _INDEX_SIZE, _INDEX_SIZE):
                time = _time(offset + _number(data, index, 8), sr)
                lines.append(f"INDEX {data[index + 8]:02} {time}")
        at += n_indexes * _INDEX_SIZE
    return "\n".join(lines)
