# mypy: disable-error-code="no-untyped-call,attr-defined"
"""Audio files with known faults, and files damaged at random, as real collections hold them.

Every file is made with FFmpeg, LAME, flac, oggenc, opusenc, WavPack or mutagen, or by a few lines
here; nothing of Earmark is used, so that what it makes of them can be judged.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mutagen.aiff
import mutagen.apev2
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.wave

__all__ = ["CONTAINERS", "DAMAGE", "TOOLS", "Made", "damage", "make_container", "make_known"]

TOOLS = ("ffmpeg", "lame", "flac", "oggenc", "opusenc", "wavpack")
"""The programs that must be there."""

NOISE_AND_TONE = "aevalsrc='if(lt(t,20),random(0)-0.5,0.3*sin(2764*t))':d={seconds}:s=44100"
"""The issue's signal: 20 s of noise, then a tone."""


@dataclass(frozen=True)
class Made:
    """A file with a known fault.

    Attributes
    ----------
    path : Path
        The file.
    item : int
        The kind of fault, as numbered in the tables of this benchmark.
    fault : str
        What is wrong with it, or odd about it.
    whole : bool
        Whether all of its audio is intact: then no warning about the audio is right.
    n_tracks : int
        How many tracks a library should hold of it; more than one for a cue sheet.
    """

    path: Path
    item: int
    fault: str
    whole: bool = True
    n_tracks: int = 1


def run(*command: str | Path, stdout: Path | None = None) -> None:
    """Run a program; stop with what it printed where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-500:]}")
    if stdout is not None:
        stdout.write_bytes(done.stdout)


def ffmpeg(*options: str | Path, stdout: Path | None = None) -> None:
    """Run FFmpeg quietly, overwriting what is there."""
    run("ffmpeg", "-v", "error", "-y", *options, stdout=stdout)


def synchsafe(size: int) -> bytes:
    """Write a size as ID3v2 does, seven bits a byte."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3v2(size: int) -> bytes:
    """Make an ID3v2.3 tag of a title and padding."""
    text = b"\x00A title"
    frame = b"TIT2" + struct.pack(">IH", len(text), 0) + text
    return b"ID3\x03\x00\x00" + synchsafe(size) + frame.ljust(size, b"\0")


def middle_frame(content: bytes) -> int:
    """Find where an MPEG frame begins near the middle."""
    sync = content[content.index(b"\xff\xfb") :][:2]
    return content.index(sync, len(content) // 2)


class _Maker:
    """Makes each of the known files in a folder."""

    def __init__(self, folder: Path, music: Path) -> None:
        self.folder = folder
        self.made: list[Made] = []
        self.sources = folder.parent / "sources"
        self.sources.mkdir(exist_ok=True)
        self.noise = self.sources / "n.wav"
        ffmpeg("-f", "lavfi", "-i", NOISE_AND_TONE.format(seconds=60), self.noise)
        self.music = self.sources / "music.wav"
        ffmpeg("-i", music, "-t", "40", "-ar", "44100", "-ac", "2", self.music)
        self.short = self.sources / "short.wav"
        ffmpeg("-i", self.music, "-t", "8", self.short)

    def add(self, name: str, item: int, fault: str, **more: bool | int) -> Path:
        """Note a file that is about to be made."""
        path = self.folder / name
        self.made.append(Made(path, item, fault, **more))  # type: ignore[arg-type]
        return path

    def tags(self) -> None:
        """Make files with tags that readers have failed on."""
        path = self.add("rf64.wav", 1, "RF64 with tags")
        ffmpeg("-i", self.short, "-metadata", "title=A", "-rf64", "always", path)
        path = self.add("adts with id3.aac", 1, "ADTS AAC with ID3v2")
        ffmpeg(
            *("-i", self.short, "-c:a", "aac", "-write_id3v2", "1", "-metadata", "title=A"), path
        )
        path = self.add("id3 cut by a byte.aiff", 1, "AIFF, its last chunk, ID3, one byte short")
        ffmpeg("-i", self.short, path)
        aiff = mutagen.aiff.AIFF(path)
        aiff.add_tags()
        aiff.tags.add(mutagen.id3.TIT2(3, ["A title"]))
        aiff.save()
        path.write_bytes(path.read_bytes()[:-1])
        path = self.add("id3 before.opus", 1, "Opus behind an ID3v2 tag by mid3v2")
        run("opusenc", "--quiet", self.short, path)
        id3 = mutagen.id3.ID3()
        id3.add(mutagen.id3.TIT2(3, ["A title"]))
        id3.save(path)  # as mid3v2 does, whatever the file is

    def lengths(self) -> None:
        """Make files that say nothing, or something wrong, about their length."""
        path = self.add("vbr without xing.mp3", 5, "VBR MP3 without a Xing header")
        run("lame", "--quiet", "-V2", "-t", self.noise, path)
        path = self.add("xing too small.mp3", 5, "a Xing header with too small a count")
        run("lame", "--quiet", "-V2", self.noise, path)
        content = bytearray(path.read_bytes())
        at = content.index(b"Xing")
        count = struct.unpack_from(">I", content, at + 8)[0]
        struct.pack_into(">I", content, at + 8, count // 4)
        path.write_bytes(content)
        path = self.add("from a pipe.flac", 7, "FLAC of unknown length")
        ffmpeg("-i", self.noise, "-c:a", "flac", "-f", "flac", "-", stdout=path)
        path = self.add("short from a pipe.flac", 7, "FLAC of unknown length, 1.4 s")
        ffmpeg("-i", self.noise, "-t", "1.4", "-c:a", "flac", "-f", "flac", "-", stdout=path)
        path = self.add("from a pipe.wav", 7, "WAV with sizes of FFFFFFFF")
        ffmpeg("-i", self.short, "-f", "wav", "-", stdout=path)
        path = self.add("data size 0.wav", 7, "WAV with a data size of 0")
        ffmpeg("-i", self.short, "-fflags", "+bitexact", path)
        content = bytearray(path.read_bytes())
        at = content.index(b"data")
        struct.pack_into("<I", content, at + 4, 0)
        path.write_bytes(content)
        path = self.add("cbr with cover.mp3", 8, "CBR MP3 without Xing, with a cover of 60 kB")
        run("lame", "--quiet", "-b", "128", "-t", self.noise, path)
        tags = mutagen.id3.ID3()
        tags.add(mutagen.id3.APIC(0, "image/jpeg", 3, "", random.Random(0).randbytes(60_000)))
        tags.save(path)

    def gaps(self) -> None:
        """Make files that are damaged in the middle."""
        path = self.add("gap of zeros.mp3", 6, "1,024 zero bytes in the middle", whole=False)
        run("lame", "--quiet", "-b", "128", self.noise, path)
        content = path.read_bytes()
        at = middle_frame(content)
        path.write_bytes(content[:at] + bytes(1024) + content[at:])
        path = self.add("id3 in the middle.mp3", 6, "an ID3v2 tag in the middle", whole=False)
        path.write_bytes(content[:at] + id3v2(2048) + content[at:])
        path = self.add("flipped bit.flac", 6, "one flipped bit", whole=False)
        run("flac", "-s", "-f", "-o", path, self.noise)
        flipped = bytearray(path.read_bytes())
        flipped[len(flipped) // 3] ^= 0x10
        path.write_bytes(flipped)

    def joined(self) -> None:
        """Make files of several streams, one behind the other."""
        parts = []
        for number, (start, rate) in enumerate([(0, 44_100), (8, 44_100)]):
            part = self.sources / f"part{number}.wav"
            ffmpeg("-ss", str(start), "-i", self.music, "-t", "8", "-ar", str(rate), part)
            parts.append(part)
        for name, fault, command in (
            ("joined.mp3", "two MP3s joined", ("lame", "--quiet")),
            ("chained.ogg", "chained Vorbis", ("oggenc", "-Q", "-o")),
            ("chained.opus", "chained Opus", ("opusenc", "--quiet")),
        ):
            path = self.add(name, 9, fault)
            joined = b""
            for part in parts:
                encoded = part.with_suffix(path.suffix)
                order = (encoded, part) if command[0] == "oggenc" else (part, encoded)
                run(*command, *order)
                joined += encoded.read_bytes()
            path.write_bytes(joined)

    def silence(self) -> None:
        """Make files that are silent in part, throughout, or only as a mean."""
        path = self.add("silence before.flac", 10, "90 s of silence before 40 s of music")
        ffmpeg("-i", self.music, "-af", "adelay=90s:all=1", path)
        path = self.add("silence.flac", 10, "silent throughout")
        ffmpeg("-f", "lavfi", "-i", "anullsrc=r=44100:d=30", path)
        path = self.add("opposite channels.flac", 10, "the left channel is the right one negated")
        ffmpeg("-i", self.music, "-af", "pan=stereo|c0=c0|c1=-1*c0", path)

    def endings(self) -> None:
        """Make files that a search of a folder has passed over."""
        path = self.add("speech.spx", 11, "Speex")
        ffmpeg("-i", self.short, "-ar", "32000", "-ac", "1", "-c:a", "libspeex", path)
        shutil.copy(self.short, self.add("broadcast.bwf", 11, "WAV named .bwf"))
        ffmpeg("-i", self.short, "-c:a", "flac", self.add("matroska.mka", 11, "Matroska audio"))
        ffmpeg("-i", self.short, "-c:a", "aac", self.add("matroska.mkv", 11, "Matroska"))
        bits = random.Random(0).randbytes(8 * 2_822_400 // 8)
        self.add("dsd.dsf", 11, "DSD, Sony's container").write_bytes(_dsf(bits))
        self.add("dsd.dff", 11, "DSD, Philips' container").write_bytes(_dff(bits))

    def albums(self) -> None:
        """Make albums in one file, with a cue sheet."""
        for ending, make in (
            ("flac", lambda path: run("flac", "-s", "-f", "-o", path, self.music)),
            ("wav", lambda path: shutil.copy(self.music, path)),
        ):
            folder = self.folder / f"album in {ending}"
            folder.mkdir()
            path = self.add(f"{folder.name}/album.{ending}", 12, "with a cue sheet", n_tracks=2)
            make(path)
            lines = [f'PERFORMER "Band"\nTITLE "Album"\nFILE "album.{ending}" WAVE']
            for number, at in enumerate(("00:00:00", "00:20:00"), start=1):
                lines += [f'  TRACK {number:02} AUDIO\n    TITLE "Song {number}"']
                lines += [f"    INDEX 01 {at}"]
            path.with_suffix(".cue").write_text("\n".join(lines) + "\n")

    def genres(self) -> None:
        """Make files whose genre is kept where writers have refused, or forgotten, to change it."""
        path = self.add("genre id.wma", 13, "WMA with WM/GenreID")
        ffmpeg("-i", self.short, "-c:a", "wmav2", path)
        asf = mutagen.asf.ASF(path)
        asf["WM/Genre"], asf["WM/GenreID"] = "Pop", "(13)"
        asf.save()
        path = self.add("freeform genre.m4a", 13, "MP4 with a freeform GENRE")
        ffmpeg("-i", self.short, "-c:a", "aac", path)
        mp4 = mutagen.mp4.MP4(path)
        mp4["----:com.apple.iTunes:GENRE"] = [mutagen.mp4.MP4FreeForm(b"Pop")]
        mp4.save()
        path = self.add("extended header.mp3", 13, "ID3v2.4 with an extended header and CRC")
        run("lame", "--quiet", self.short, path)
        _extended_header(path)
        path = self.add("two tags.wav", 14, "WAV with LIST INFO and id3")
        ffmpeg("-i", self.short, "-metadata", "genre=Pop", path)
        wave = mutagen.wave.WAVE(path)
        wave.add_tags()
        wave.tags.add(mutagen.id3.TCON(3, ["Pop"]))
        wave.save()
        path = self.add("two comments.flac", 14, "FLAC with two Vorbis comment blocks")
        run("flac", "-s", "-f", "--tag=GENRE=Pop", "-o", path, self.short)
        _second_comment(path)


def _dsf(bits: bytes) -> bytes:
    """Wrap DSD at 2.8 MHz, mono, as Sony does."""
    bits = bits.ljust(-(-len(bits) // 4096) * 4096, b"\x69")
    form = struct.pack("<IIIIIIQII", 1, 0, 1, 1, 2_822_400, 1, len(bits) * 8, 4096, 0)
    body = b"fmt " + struct.pack("<Q", 52) + form + b"data" + struct.pack("<Q", 12 + len(bits))
    head = b"DSD " + struct.pack("<QQQ", 28, 28 + len(body) + len(bits), 0)
    return head + body + bits


def _dff(bits: bytes) -> bytes:
    """Wrap DSD at 2.8 MHz, mono, as Philips does."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">Q", len(content)) + content + bytes(len(content) % 2)

    sound = b"SND " + chunk(b"FS  ", struct.pack(">I", 2_822_400))
    sound += chunk(b"CHNL", struct.pack(">H", 1) + b"C000")
    sound += chunk(b"CMPR", b"DSD " + b"\x0enot compressed")
    body = chunk(b"FVER", struct.pack(">I", 0x01050000)) + chunk(b"PROP", sound)
    return chunk(b"FRM8", b"DSD " + body + chunk(b"DSD ", bits))


def _extended_header(path: Path) -> None:
    """Put an ID3v2.4 tag with an extended header, its CRC-32 in it, before an MP3."""
    import zlib

    text = b"\x03Pop"
    frames = b"TCON" + synchsafe(len(text)) + b"\0\0" + text + bytes(256)
    crc = zlib.crc32(frames)
    written = bytes(crc >> shift & 0x7F for shift in (28, 21, 14, 7, 0))
    extended = synchsafe(12) + b"\x01\x20\x05" + written
    body = extended + frames
    path.write_bytes(b"ID3\x04\x00\x40" + synchsafe(len(body)) + body + path.read_bytes())


def _second_comment(path: Path) -> None:
    """Repeat the Vorbis comment block of a FLAC file."""
    content = path.read_bytes()
    at = 4
    while True:
        kind, size = content[at], int.from_bytes(content[at + 1 : at + 4], "big")
        if kind & 0x7F == 4:
            block = bytes([kind & 0x7F]) + content[at + 1 : at + 4 + size]
            path.write_bytes(content[:at] + block + content[at:])
            return
        at += 4 + size


def make_known(folder: Path, *, music: Path) -> list[Made]:
    """Make one file of each known fault.

    Parameters
    ----------
    folder : Path
        Where to; made.
    music : Path
        Any piece of music of 40 s or more.

    Returns
    -------
    list of Made
        What was made.
    """
    folder.mkdir(parents=True)
    maker = _Maker(folder, music)
    for kind in ("tags", "lengths", "gaps", "joined", "silence", "endings", "albums", "genres"):
        getattr(maker, kind)()
    return maker.made


CONTAINERS: dict[str, Callable[[Path, Path], None]] = {
    "wav": lambda source, path: ffmpeg("-i", source, path),
    "aiff": lambda source, path: ffmpeg("-i", source, path),
    "flac": lambda source, path: run("flac", "-s", "-f", "-o", path, source),
    "mp3": lambda source, path: run("lame", "--quiet", "-V4", source, path),
    "ogg": lambda source, path: run("oggenc", "-Q", "-o", path, source),
    "opus": lambda source, path: run("opusenc", "--quiet", source, path),
    "m4a": lambda source, path: ffmpeg("-i", source, "-c:a", "aac", path),
    "aac": lambda source, path: ffmpeg("-i", source, "-c:a", "aac", path),
    "wma": lambda source, path: ffmpeg("-i", source, "-c:a", "wmav2", path),
    "wv": lambda source, path: run("wavpack", "-q", "-y", source, "-o", path),
    "webm": lambda source, path: ffmpeg("-i", source, "-c:a", "libopus", path),
    "caf": lambda source, path: ffmpeg("-i", source, "-c:a", "alac", path),
}
"""By the ending of the name: what encodes a WAV file."""

DAMAGE = ("flips", "cut", "gap", "insertion")
"""The ways in which `damage` damages a file."""


def make_container(ending: str, folder: Path, *, source: Path) -> Path:
    """Encode a WAV file; return the path."""
    path = folder / f"whole.{ending}"
    CONTAINERS[ending](source, path)
    return path


def damage(content: bytes, kind: str, *, rng: random.Random) -> bytes:
    """Damage a file.

    Parameters
    ----------
    content : bytes
        The file.
    kind : {"flips", "cut", "gap", "insertion"}
        One to twenty flipped bits; the end cut off; a run of up to 8 kB zeroed or taken out; up to
        4 kB of random bytes put in.
    rng : random.Random
        What decides where, and how much.

    Returns
    -------
    bytes
        The damaged file.
    """
    at = rng.randrange(len(content))
    if kind == "flips":
        changed = bytearray(content)
        for _ in range(rng.randint(1, 20)):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        return bytes(changed)
    if kind == "cut":
        return content[: max(at, 1)]
    if kind == "gap":
        end = min(len(content), at + rng.randint(1, 8192))
        return content[:at] + bytes(end - at) * rng.randint(0, 1) + content[end:]
    return content[:at] + rng.randbytes(rng.randint(1, 4096)) + content[at:]
