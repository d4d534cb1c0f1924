"""Which kind of tags a file has, by its first bytes: names may lie."""

from __future__ import annotations

import os
from typing import BinaryIO

from earmark.tags._apev2 import Monkeys, Musepack, WavPack
from earmark.tags._asf import ASF
from earmark.tags._chunks import AIFF
from earmark.tags._container import Container
from earmark.tags._flac import FLAC
from earmark.tags._leading import size_of_leading
from earmark.tags._mp3 import AAC, MP3
from earmark.tags._mp4 import MP4
from earmark.tags._ogg import OggOpus, OggVorbis
from earmark.tags._splice import read_bytes
from earmark.tags._wav import WAV

__all__ = ["CONTAINERS", "container_of"]

CONTAINERS: tuple[Container, ...] = (
    *(MP3(), AAC(), AIFF(), WAV(), FLAC(), OggVorbis(), OggOpus()),
    *(MP4(), ASF(), WavPack(), Monkeys(), Musepack()),
)
"""Every kind that can be written."""

_BY_NAME = {container.name: container for container in CONTAINERS}
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_STARTS = (
    *((b"fLaC", "flac"), (b"wvpk", "wavpack"), (b"MAC ", "monkeys"), (b"MPCK", "musepack")),
    *((b"MP+", "musepack"), (_ASF_HEADER, "asf")),
)
_OGG_PACKETS = ((b"\x01vorbis", "vorbis"), (b"OpusHead", "opus"))


def _is_mpeg(head: bytes) -> bool:
    """Say whether bytes are the header of a frame of MPEG audio, layers I to III."""
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE0 == 0xE0
        and head[1] >> 1 & 3 != 0  # layer
        and head[2] >> 4 != 15  # bit rate
        and head[2] >> 2 & 3 != 3  # sampling rate
    )


def container_of(file: BinaryIO, path: str) -> Container | None:
    """Return the kind of tags of a file; None if they cannot be written."""
    at = size_of_leading(file)
    head = read_bytes(file, at, 64)
    for start, name in _STARTS:
        if head.startswith(start):
            return _BY_NAME[name]
    kind = ""
    if head.startswith(b"OggS"):
        kind = next((name for packet, name in _OGG_PACKETS if packet in head), "")
    elif head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        kind = "wav"
    elif head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        kind = "aiff"
    elif head[4:8] == b"ftyp":
        kind = "mp4"
    elif _is_mpeg(head) or (at and os.path.splitext(path)[1].lower() == ".mp3"):
        kind = "mp3"  # unrelated bytes may come before the first frame
    elif at and head[:1] == b"\xff" and head[1] & 0xF6 == 0xF0:
        kind = "aac"
    return _BY_NAME.get(kind)
