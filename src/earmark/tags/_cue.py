"""Cue sheets: the tracks in the audio file of a whole album, and where each begins.

A sheet is text with one command per line::

    PERFORMER "The Band"
    TITLE "The Album"
    FILE "album.wav" WAVE
      TRACK 01 AUDIO
        TITLE "First"
        INDEX 01 00:00:00
      TRACK 02 AUDIO
        TITLE "Second"
        INDEX 00 04:58:50
        INDEX 01 05:00:00

Times are minutes, seconds and frames of 1/75 s from the start of the file. A track runs from its
INDEX 01 to that of the next one, so the gap between them (INDEX 00) belongs to the end of a track,
as in players and rippers. Audio before the INDEX 01 of the first track belongs to no track.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from earmark.errors import CueSheetError
from earmark.types import Seconds

__all__ = ["CueEntry", "CueFile", "CueSheet", "decode_cue", "parse_cue"]

FRAMES_PER_SECOND = 75

_LARGEST = 1 << 20
"""Maximum bytes of a sheet; the largest real ones have about 20,000."""

_MOST_TRACKS = 999
"""A disc has up to 99; sheets of audio books have more."""

_TIME = re.compile(r"(\d{1,6}):(\d{1,2}):(\d{1,2})")
_FILE_TYPES = frozenset(
    ["WAVE", "WAV", "MP3", "AIFF", "BINARY", "MOTOROLA", "FLAC", "APE", "WV", "TTA", "M4A", "OGG"]
)
_AUDIO_TYPES = frozenset(["AUDIO", "CDG"])
_KANA = re.compile("[\u3041-\u30fe]")


@dataclass(frozen=True)
class CueEntry:
    """A track in a sheet: its number, its bounds in the file in seconds, and its fields.

    The last one has no end. Fields are ``title, performer, songwriter, isrc, genre, date, ...``.
    """

    number: int
    start: Seconds
    end: Seconds | None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CueFile:
    """A file named in a sheet, often with another ending or folder, and its tracks."""

    name: str
    tracks: tuple[CueEntry, ...]


@dataclass(frozen=True)
class CueSheet:
    """A cue sheet: the fields of the album, its files in order, and what is wrong but usable."""

    fields: dict[str, str]
    files: tuple[CueFile, ...]
    warnings: tuple[str, ...] = ()


def decode_cue(content: bytes) -> str:
    """Decode the bytes of a sheet, which do not state their encoding.

    It is UTF-16 or UTF-8 if valid, Shift-JIS if that gives Japanese letters, else Windows-1252.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1::2].count(0) > len(content) // 4:
        return content.decode("utf-16-le", "replace")
    if content[0::2].count(0) > len(content) // 4:
        return content.decode("utf-16-be", "replace")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Western text is often valid Shift-JIS, but then has no kana.
        if encoding == "utf-8-sig" or _KANA.search(text):
            return text
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _unquoted(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        end = text.rfind('"')
        text = text[1:end] if end > 0 else text[1:]
    return text.replace("\0", " ").strip()


def _file_name(rest: str) -> str:
    """Return the name in a FILE command, without the type after it."""
    rest = rest.strip()
    if rest.startswith('"') and rest.rfind('"') > 0:
        return _unquoted(rest)
    name, _, kind = rest.rpartition(" ")
    return name.strip().strip('"') if name and kind.upper() in _FILE_TYPES else rest.strip('"')


@dataclass
class _Draft:
    """A track while its lines are being read."""

    number: int
    is_audio: bool
    fields: dict[str, str] = field(default_factory=dict)
    file: int = 0
    frame: int | None = None  # of its INDEX 01, else INDEX 00 of a track that is not audio


def _time(text: str, path: str, what: str) -> int:
    time = _TIME.fullmatch(text)
    if time is None or int(time[2]) > 59 or int(time[3]) >= FRAMES_PER_SECOND:
        raise CueSheetError(path, f"{what}: {text[:40]!r} is not a time (minutes:seconds:frames)")
    minutes, seconds, frames = map(int, time.groups())
    return (60 * minutes + seconds) * FRAMES_PER_SECOND + frames


class _Reader:
    """Reads a sheet line by line."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.album: dict[str, str] = {}
        self.names: list[str] = []
        self.drafts: list[_Draft] = []

    def read(self, line: str) -> None:
        command, _, rest = line.strip().partition(" ")
        command, rest = command.upper(), rest.strip()
        if command == "REM":
            command, _, rest = rest.partition(" ")
            self._note(command, rest)
        elif command == "FILE":
            self.names.append(_file_name(rest))
        elif command == "TRACK":
            self._track(rest)
        elif command == "INDEX":
            self._index(rest)
        elif command in ("TITLE", "PERFORMER", "SONGWRITER", "ISRC", "CATALOG"):
            self._note(command, rest)
        # FLAGS, PREGAP and POSTGAP do not affect the file: their silence is not in it.

    def _note(self, name: str, rest: str) -> None:
        value = _unquoted(rest)
        if name and value:
            fields = self.drafts[-1].fields if self.drafts else self.album
            fields.setdefault(name.lower(), value)

    def _track(self, rest: str) -> None:
        number, _, kind = rest.partition(" ")
        if not (number.isascii() and number.isdigit() and 1 <= len(number) <= 4):
            raise CueSheetError(self.path, f"{rest[:40]!r} is not the number and kind of a track")
        if len(self.drafts) >= _MOST_TRACKS:
            raise CueSheetError(self.path, f"it names more than {_MOST_TRACKS} tracks")
        kind = kind.strip().upper()
        self.drafts.append(_Draft(int(number), not kind or kind in _AUDIO_TYPES))

    def _index(self, rest: str) -> None:
        if not self.drafts:
            raise CueSheetError(self.path, "it has an INDEX before the first TRACK")
        number, _, time = rest.partition(" ")
        track = self.drafts[-1]
        what = f"INDEX of track {track.number}"
        if not (number.isascii() and number.isdigit() and len(number) <= 2):
            raise CueSheetError(self.path, f"{what}: {number[:40]!r} is not a number")
        frame = _time(time.strip(), self.path, what)
        is_start = int(number) == 1 or (int(number) == 0 and not track.is_audio)
        if is_start and track.frame is None:
            track.frame, track.file = frame, max(len(self.names) - 1, 0)

    def _entries(self, drafts: list[_Draft]) -> tuple[CueEntry, ...]:
        """Return the tracks of a file, each up to the next."""
        entries = []
        for at, draft in enumerate(drafts):
            after = drafts[at + 1] if at + 1 < len(drafts) else None
            start, end = draft.frame or 0, None if after is None else after.frame
            if end is not None and end <= start:
                next_one = 0 if after is None else after.number
                raise CueSheetError(
                    self.path, f"track {next_one} does not begin after track {draft.number}"
                )
            if draft.is_audio:
                seconds = None if end is None else end / FRAMES_PER_SECOND
                begins = start / FRAMES_PER_SECOND
                entries.append(CueEntry(draft.number, begins, seconds, draft.fields))
        numbers = [entry.number for entry in entries]
        if len(set(numbers)) < len(numbers):
            raise CueSheetError(self.path, "two of its tracks have one number")
        return tuple(entries)

    def sheet(self) -> CueSheet:
        placed = [draft for draft in self.drafts if draft.frame is not None]
        lost = [draft.number for draft in self.drafts if draft.frame is None and draft.is_audio]
        warnings = tuple(f"track {number} has no INDEX 01 and is left out" for number in lost)
        files = [
            CueFile(name, self._entries([draft for draft in placed if draft.file == at]))
            for at, name in enumerate(self.names or [""])
        ]
        if not any(file.tracks for file in files):
            raise CueSheetError(self.path, "it names no track of audio")
        return CueSheet(self.album, tuple(files), warnings)


def parse_cue(content: str | bytes, *, path: str = "") -> CueSheet:
    """Read a cue sheet; `path` is its name in errors.

    CueSheetError if it is longer than 1 MiB, names no track, or its times or numbers contradict
    each other.
    """
    if len(content) > _LARGEST:
        raise CueSheetError(path, "it is too long for a cue sheet")
    text = decode_cue(content) if isinstance(content, bytes) else content
    reader = _Reader(path)
    lines: Iterable[str] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in lines:
        reader.read(line.replace("\t", " ").lstrip("\ufeff"))
    return reader.sheet()
