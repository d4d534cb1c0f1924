"""Tagged audio files as other programs write them, a picture in those that can have one."""

from __future__ import annotations

import functools
import json
import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from earmark.testing import music_like

TITLE, ARTIST, ALBUM, YEAR, GENRE = "Söng", "The Bänd", "An Album", 1997, "Swing"


def write_sound(path: Path, *, seconds: float = 1.0, seed: int = 0) -> Path:
    """Write stereo in the format that the ending names."""
    y = np.stack([music_like(duration=seconds, sr=44_100, seed=seed + i) for i in range(2)], 1)
    soundfile.write(path, y, 44_100)
    return path


def png() -> bytes:
    """Return a picture of two by two dots."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes([200, 30, at] * 2) for at in range(2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def run(*command: str | os.PathLike[str]) -> None:
    done = subprocess.run([os.fspath(c) for c in command], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _ffmpeg(source: Path, cover: Path | None, target: Path, *options: str) -> None:
    said = {"title": TITLE, "artist": ARTIST, "album": ALBUM, "date": str(YEAR), "genre": GENRE}
    said |= {"track": "3/9", "comment": "a comment"}
    tags = [part for name, text in said.items() for part in ("-metadata", f"{name}={text}")]
    picture = [] if cover is None else ["-i", str(cover)]
    mapped = ["-map", "0:a", *(() if cover is None else ("-map", "1:v", "-c:v", "copy"))]
    attached = [] if cover is None else ["-disposition:v", "attached_pic"]
    run(
        *("ffmpeg", "-v", "error", "-y", "-i", source, *picture, *mapped, *attached, *tags),
        *(*options, target),
    )


def _lame(source: Path, cover: Path, target: Path, *options: str) -> None:
    tags = ["--tt", TITLE, "--ta", ARTIST, "--tl", ALBUM, "--ty", str(YEAR), "--tg", GENRE]
    run("lame", "--quiet", *tags, "--tn", "3", "--tc", "a comment", *options, source, target)


def _flac(source: Path, cover: Path, target: Path) -> None:
    tags = {"TITLE": TITLE, "ARTIST": ARTIST, "Album": ALBUM, "DATE": YEAR, "genre": GENRE}
    told = [f"--tag={name}={text}" for name, text in tags.items()]
    run("flac", "-s", "-f", *told, f"--picture={cover}", "-o", target, source)


def _oggenc(source: Path, cover: Path, target: Path) -> None:
    tags = ["-t", TITLE, "-a", ARTIST, "-l", ALBUM, "-d", str(YEAR), "-G", GENRE]
    run("oggenc", "-Q", *tags, "-c", "comment=a comment", "-o", target, source)


def _opusenc(source: Path, cover: Path, target: Path) -> None:
    tags = ["--title", TITLE, "--artist", ARTIST, "--album", ALBUM, "--date", str(YEAR)]
    run("opusenc", "--quiet", *tags, "--genre", GENRE, "--picture", cover, source, target)


def _wavpack(source: Path, cover: Path, target: Path) -> None:
    tags = {"Title": TITLE, "Artist": ARTIST, "Album": ALBUM, "Year": YEAR, "Genre": GENRE}
    told = [part for name, text in tags.items() for part in ("-w", f"{name}={text}")]
    picture = ["--write-binary-tag", f"Cover Art (Front)=@{cover}"]
    run("wavpack", "-q", "-y", *told, *picture, source, "-o", target)


def _mpcenc(source: Path, cover: Path, target: Path) -> None:
    tags = ["--title", TITLE, "--artist", ARTIST, "--album", ALBUM, "--year", str(YEAR)]
    run("mpcenc", "--silent", "--overwrite", *tags, "--genre", GENRE, source, target)


def silent_ape(path: Path, *, seconds: int = 1) -> Path:
    """Write silence as Monkey's Audio does, which marks it by a flag of the frame, with a tag.

    There is no free program that makes such files.
    """
    frame = struct.pack(">II", 0x80000000, 3) + bytes(16)  # checksum with flags following; silence
    frame = b"".join(frame[at : at + 4][::-1] for at in range(0, len(frame), 4))
    head = struct.pack("<HHIIIHHI", 2000, 32, 44_100 * seconds, 44_100 * seconds, 1, 16, 2, 44_100)
    sizes = (52, len(head), 4, 0, len(frame), 0, 0)
    start = 52 + len(head) + 4
    body = struct.pack("<4sHH7I16x", b"MAC ", 3990, 0, *sizes) + head + struct.pack("<I", start)
    tags = {"Title": TITLE, "Artist": ARTIST, "Album": ALBUM, "Year": str(YEAR), "Genre": GENRE}
    items = b"".join(
        struct.pack("<II", len(text.encode()), 0) + name.encode() + b"\0" + text.encode()
        for name, text in tags.items()
    )
    picture = b"cover.png\0" + png()
    items += struct.pack("<II", len(picture), 2) + b"Cover Art (Front)\0" + picture
    mark = struct.pack("<8sIII", b"APETAGEX", 2000, len(items) + 32, len(tags) + 1)
    header, footer = (mark + struct.pack("<I8x", flags) for flags in (0xA0000000, 0x80000000))
    path.write_bytes(body + frame + header + items + footer)
    return path


def _ape(source: Path, cover: Path, target: Path) -> None:
    silent_ape(target)


Make = Callable[[Path, Path, Path], None]


def _with_ffmpeg(*options: str, picture: bool = True) -> Make:
    def make(source: Path, cover: Path, target: Path) -> None:
        _ffmpeg(source, cover if picture else None, target, *options)

    return make


def _through_a_pipe(source: Path, cover: Path, target: Path) -> None:
    """Write a WAV file that does not say how long it is."""
    tags = {"title": TITLE, "artist": ARTIST, "album": ALBUM, "date": str(YEAR), "genre": GENRE}
    told = [part for name, text in tags.items() for part in ("-metadata", f"{name}={text}")]
    command = ["ffmpeg", "-v", "error", "-i", os.fspath(source), *told, "-f", "wav", "-"]
    target.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)


def _with_lame(*options: str) -> Make:
    def make(source: Path, cover: Path, target: Path) -> None:
        more = ("--ti", str(cover)) if "--id3v1-only" not in options else ()
        _lame(source, cover, target, *options, *more)

    return make


KINDS: dict[str, tuple[str, str, Make]] = {
    "mp3 of lame": ("mp3", "lame", _with_lame()),
    "mp3 of lame, ID3v1 only": ("mp3", "lame", _with_lame("--id3v1-only")),
    "mp3 of lame, ID3v2 only": ("mp3", "lame", _with_lame("--id3v2-only")),
    "mp3 of ffmpeg, ID3v2.4": ("mp3", "ffmpeg", _with_ffmpeg("-id3v2_version", "4")),
    "mp3 of ffmpeg, ID3v2.3, ID3v1": (
        "mp3",
        "ffmpeg",
        _with_ffmpeg("-id3v2_version", "3", "-write_id3v1", "1"),
    ),
    "aiff of ffmpeg": ("aiff", "ffmpeg", _with_ffmpeg("-write_id3v2", "1", picture=True)),
    "aiff of ffmpeg, without ID3": ("aiff", "ffmpeg", _with_ffmpeg(picture=False)),
    "wav of ffmpeg": ("wav", "ffmpeg", _with_ffmpeg(picture=False)),
    "wav of ffmpeg, RF64": ("wav", "ffmpeg", _with_ffmpeg("-rf64", "always", picture=False)),
    "wav of ffmpeg, through a pipe": ("wav", "ffmpeg", _through_a_pipe),
    "aac of ffmpeg, behind ID3": (
        "aac",
        "ffmpeg",
        _with_ffmpeg("-c:a", "aac", "-write_id3v2", "1", picture=False),
    ),
    "flac of flac": ("flac", "flac", _flac),
    "flac of ffmpeg": ("flac", "ffmpeg", _with_ffmpeg()),
    "ogg of oggenc": ("ogg", "oggenc", _oggenc),
    "ogg of ffmpeg": ("ogg", "ffmpeg", _with_ffmpeg("-c:a", "libvorbis", picture=False)),
    "opus of opusenc": ("opus", "opusenc", _opusenc),
    "opus of ffmpeg": ("opus", "ffmpeg", _with_ffmpeg(picture=False)),
    "m4a of ffmpeg": ("m4a", "ffmpeg", _with_ffmpeg()),
    "m4a of ffmpeg, tags first": ("m4a", "ffmpeg", _with_ffmpeg("-movflags", "+faststart")),
    "wma of ffmpeg": ("wma", "ffmpeg", _with_ffmpeg(picture=False)),
    "wv of wavpack": ("wv", "wavpack", _wavpack),
    "mpc of mpcenc": ("mpc", "mpcenc", _mpcenc),
    "ape": ("ape", "", _ape),
}


@functools.cache
def _made(kind: str, folder: Path) -> bytes:
    ending, _, make = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    source, cover = folder / "source.wav", folder / "cover.png"
    if not source.exists():
        write_sound(source)
        cover.write_bytes(png())
    target = folder / f"made.{ending}"
    make(source, cover, target)
    content = target.read_bytes()
    target.unlink()
    return content


def make_file(kind: str, folder: Path, *, sources: Path, stem: str = "song") -> Path:
    """Write a file of a kind, or skip where its program is not there; each is made once."""
    ending, program, _ = KINDS[kind]
    if program and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    path = folder / f"{stem}.{ending}"
    path.write_bytes(_made(kind, sources))
    return path


def seen_by_ffprobe(path: str | os.PathLike[str]) -> Any:
    """Return all tags that FFmpeg reads, but genres, and the pictures; None where it is absent."""
    if shutil.which("ffprobe") is None:
        return None
    command = ["ffprobe", "-v", "quiet", "-of", "json", "-show_format", "-show_streams", path]
    done = subprocess.run(command, capture_output=True, check=True)
    told = json.loads(done.stdout)
    found = [told["format"].get("tags", {})]
    for stream in told["streams"]:
        found.append(stream.get("tags", {}))
        found.append({name: stream.get(name) for name in ("codec_name", "width", "extradata_size")})
    return [
        {name: text for name, text in tags.items() if "genre" not in name.lower()} for tags in found
    ]
