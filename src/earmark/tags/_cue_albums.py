"""Find the tracks of an audio file by its cue sheet.

A sheet is beside the file or embedded in its tags; the one beside it wins. The name in FILE is
often out of date, because the album was encoded again or renamed. A sheet belongs to the file it
names; if it does not exist, to files of that name with another ending; and if there are none, to
files named like the sheet. Folders in FILE are ignored, so a sheet never refers to another folder.
If a sheet finds a single track in a file, it is ignored.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from earmark.errors import AudioError, CueSheetError
from earmark.files import FileState, file_state
from earmark.tags._cue import CueEntry, CueFile, CueSheet, parse_cue
from earmark.tags._files import read_tags
from earmark.tags._tags import Tags, tags_of
from earmark.types import PathName, Seconds

__all__ = [
    "CueAlbum",
    "CueTrack",
    "cue_album",
    "files_of_cue",
    "sheet_fingerprints",
]

_SUFFIX = ".cue"


@dataclass(frozen=True)
class CueTrack:
    """A track in the file of an album.

    Attributes
    ----------
    number : int
        Its number in the sheet, 1 or more.
    start : float
        Where it begins in the file, in seconds.
    end : float or None
        Where it ends; None for the end of the file.
    tags : Tags
        Its fields in the sheet, completed by those of the album's file.
    """

    number: int
    start: Seconds
    end: Seconds | None
    tags: Tags


@dataclass(frozen=True)
class CueAlbum:
    """The tracks of an audio file according to cue sheets.

    Attributes
    ----------
    tracks : tuple of CueTrack
        Its tracks in order of time, two or more; empty if the file is one track.
    fingerprint : str
        Hash of the part of a sheet beside the file that is about the file; ``""`` without one. An
        embedded sheet changes with the file itself.
    warnings : tuple of str
        What is wrong with the sheet.
    """

    tracks: tuple[CueTrack, ...] = ()
    fingerprint: str = ""
    warnings: tuple[str, ...] = ()


def _is_audio(name: str) -> bool:
    from earmark.audio import AUDIO_SUFFIXES  # loads decoders

    return os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES


def _alike(name: str) -> str:
    """Return a name without differences of case and Unicode form, for comparison."""
    return unicodedata.normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _base(name: str) -> str:
    """Return the last part of a path of any operating system."""
    return re.split(r"[\\/]", name)[-1]


def _sheet(path: str) -> CueSheet | CueSheetError:
    """Read a sheet."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would block forever
            return CueSheetError(path, "it is not a file")
        with open(path, "rb") as file:
            return parse_cue(file.read(2 << 20), path=path)
    except OSError as error:
        return CueSheetError(path, f"it cannot be read: {error.strerror or error}")
    except CueSheetError as error:
        return error


@lru_cache(maxsize=64)
def _names_in(folder: str, mtime_ns: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the sheets in a folder, and of its audio files if it has sheets."""
    names = [name for name in os.listdir(folder or ".") if not name.startswith(".")]
    sheets = sorted(name for name in names if name.lower().endswith(_SUFFIX))
    if not sheets:
        return (), ()
    return tuple(sheets), tuple(sorted(filter(_is_audio, names)))


def _listed(folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return _names_in(folder, os.stat(folder or ".").st_mtime_ns)
    except (OSError, ValueError):
        return (), ()


def _files_named(name: str, sheet: str, audio: Iterable[str]) -> tuple[int, list[str]]:
    """Return the audio files that a FILE command of a sheet means, and how doubtful that is."""
    base = _alike(_base(name))
    stems = [_stem(base)] if _is_audio(base) else [base, _stem(base)]
    same = [other for other in audio if _alike(other) == base]
    if same:
        return 0, same
    alike = [other for other in audio if _alike(_stem(other)) in stems]
    if alike:
        return 1, alike
    stem = _alike(_stem(sheet))
    return 2, [other for other in audio if stem in (_alike(other), _alike(_stem(other)))]


@dataclass(frozen=True)
class _Claim:
    """The part of a sheet that is about one audio file."""

    rank: tuple[int, bool, str]
    sheet: CueSheet
    file: CueFile


_Claims: TypeAlias = tuple[Mapping[str, _Claim], Mapping[str, CueSheetError]]
"""The best sheet of each audio file in a folder, by name, and the error of an unusable one."""


def _claims(folder: str) -> _Claims:
    sheets, audio = _listed(folder)
    if not sheets:
        return {}, {}
    states = tuple((name, file_state(os.path.join(folder, name))) for name in sheets)
    return _claims_of(folder, states, audio)


@lru_cache(maxsize=8)
def _claims_of(
    folder: str, sheets: tuple[tuple[str, FileState | None], ...], audio: tuple[str, ...]
) -> _Claims:
    claims: dict[str, _Claim] = {}
    broken: dict[str, CueSheetError] = {}
    for name, _ in sheets:
        sheet = _sheet(os.path.join(folder, name))
        if isinstance(sheet, CueSheetError):
            for meant in _files_named("", name, audio)[1]:
                broken.setdefault(meant, sheet)
            continue
        for file in sheet.files:
            doubt, meant_files = _files_named(file.name, name, audio)
            if len(file.tracks) < 2 or (doubt == 2 and len(sheet.files) > 1):
                continue
            for meant in meant_files:
                rank = (doubt, _alike(_stem(name)) != _alike(_stem(meant)), name)
                if meant not in claims or rank < claims[meant].rank:
                    claims[meant] = _Claim(rank, sheet, file)
    return claims, {name: error for name, error in broken.items() if name not in claims}


def _fingerprint(claim: _Claim | CueSheetError) -> str:
    content = (
        (claim.sheet.fields, claim.file.tracks, claim.sheet.warnings)
        if isinstance(claim, _Claim)
        else claim.reason
    )
    return hashlib.sha256(repr(content).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _first(*sources: dict[str, str], names: Iterable[str]) -> str:
    return next((source[name] for source in sources for name in names if source.get(name)), "")


def _of_track(entry: CueEntry, album: dict[str, str], file: Tags) -> Tags:
    """Return the tags of a track: its own, those of the sheet, then those of the file."""
    own = entry.fields
    performer = album.get("performer", "")
    fields = {
        "artist": own.get("performer") or performer,
        "albumartist": performer,
        "title": own.get("title", ""),
        "album": album.get("title", ""),
        "genre": own.get("genre") or album.get("genre", ""),
        "date": own.get("date") or album.get("date", ""),
        "isrc": own.get("isrc", ""),
        "tracknumber": str(entry.number),
        "discnumber": own.get("discnumber") or album.get("discnumber", ""),
        "composer": _first(own, album, names=("composer", "songwriter")),
    }
    own_tags = tags_of({name: [text] for name, text in fields.items() if text})
    # The ids of the file are not used: the id of a recording would merge all its tracks.
    return replace(
        own_tags,
        artist=own_tags.artist or file.artist or file.albumartist,
        albumartist=own_tags.albumartist or file.albumartist or file.artist,
        album=own_tags.album or file.album,
        genres=own_tags.genres or file.genres,
        default_genre=not own_tags.genres and file.default_genre,
        year=own_tags.year or file.year,
        disc_number=own_tags.disc_number or file.disc_number,
        composer=own_tags.composer or file.composer,
    )


def _album(sheet: CueSheet, file: CueFile, tags: Tags, fingerprint: str) -> CueAlbum:
    tracks = tuple(
        CueTrack(entry.number, entry.start, entry.end, _of_track(entry, sheet.fields, tags))
        for entry in file.tracks
    )
    warnings = tuple(f"cue sheet: {warning}" for warning in sheet.warnings)
    return CueAlbum(tracks, fingerprint, warnings)


def cue_album(path: PathName, *, tags: Tags | None = None) -> CueAlbum:
    r"""Find the tracks in an audio file by its cue sheet.

    Parameters
    ----------
    path : str or path-like
        The file.
    tags : Tags or None
        Result of `read_tags`; None reads them.

    Returns
    -------
    CueAlbum
        Its tracks; empty if the file is one track, as most are. A sheet that cannot be used is a
        warning.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> sheet = 'FILE "a.wav" WAVE\n' + "\n".join(
    ...     f'TRACK {n:02} AUDIO\nTITLE "No. {n}"\nINDEX 01 0{n}:00:00' for n in (1, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.cue").write_text(sheet)
    ...     pathlib.Path(folder, "a.flac").touch()
    ...     album = cue_album(f"{folder}/a.flac", tags=Tags())
    >>> [(track.tags.title, track.start, track.end) for track in album.tracks]
    [('No. 1', 60.0, 120.0), ('No. 2', 120.0, None)]
    """
    where = os.fspath(path)
    folder, name = os.path.split(where)
    claims, broken = _claims(folder)
    if tags is None:
        try:
            tags = read_tags(where)
        except Exception:  # noqa: BLE001  (parsers meet bytes that nobody foresaw)
            tags = Tags()
    claim = claims.get(name)
    if claim is not None:
        album = _album(claim.sheet, claim.file, tags, _fingerprint(claim))
        return _checked(where, album, least=2)
    fingerprint = _fingerprint(broken[name]) if name in broken else ""
    warnings = [_warning(broken[name])] if name in broken else []
    if tags.cue_sheet:
        try:
            sheet = parse_cue(tags.cue_sheet, path=where)
        except CueSheetError as error:
            return CueAlbum((), fingerprint, (*warnings, f"embedded cue sheet: {error.reason}"))
        (file, *others) = sorted(sheet.files, key=lambda part: -len(part.tracks))
        if len(file.tracks) > 1 and not others:
            album = _album(sheet, file, tags, fingerprint)
            # Some programs embed the sheet of an album in each song.
            album = _checked(where, album, least=max(2, len(album.tracks) // 2))
            return replace(album, warnings=(*warnings, *album.warnings))
    return CueAlbum((), fingerprint, tuple(warnings))


def _checked(path: str, album: CueAlbum, *, least: int) -> CueAlbum:
    """Refuse a sheet of another file, recognised by how few of its tracks begin in this one."""
    from earmark.audio import info

    try:
        duration = info(path).duration
    except AudioError:
        return album  # decoding it will report the same
    n_inside = sum(duration is None or track.start < duration for track in album.tracks)
    if n_inside >= least:
        return album
    reason = f"cue sheet: only {n_inside} of its {len(album.tracks)} tracks begin within the file"
    return CueAlbum((), album.fingerprint, (*album.warnings, reason))


def _warning(error: CueSheetError) -> str:
    return f"cue sheet {os.path.basename(error.path)!r}: {error.reason}"


def sheet_fingerprints(paths: Iterable[str]) -> dict[str, str]:
    """Find the files with a cue sheet beside them, and a hash that changes with the sheet.

    Parameters
    ----------
    paths : iterable of str
        Audio files. A folder is listed once, however many of them are in it.

    Returns
    -------
    dict of str to str
        The ``fingerprint`` of each `CueAlbum`, by path; files without a sheet are left out.

    Examples
    --------
    >>> sheet_fingerprints(["nothing.flac"])
    {}
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(os.path.dirname(path), []).append(path)
    fingerprints = {}
    for folder, files in folders.items():
        claims, broken = _claims(folder)
        for path in files if claims or broken else ():
            name = os.path.basename(path)
            if name in claims or name in broken:
                fingerprints[path] = _fingerprint(claims.get(name) or broken[name])
    return fingerprints


def files_of_cue(path: PathName) -> list[str]:
    """Find the audio files that a cue sheet is about.

    Parameters
    ----------
    path : str or path-like
        The sheet.

    Returns
    -------
    list of str
        Files in its folder, in the order of the sheet.

    Raises
    ------
    CueSheetError
        If it cannot be read or used, or none of its files is there.

    Examples
    --------
    >>> files_of_cue("nothing.cue")
    Traceback (most recent call last):
    earmark.errors.CueSheetError: 'nothing.cue': it cannot be read: No such file or directory
    """
    where = os.fspath(path)
    folder, name = os.path.split(where)
    sheet = _sheet(where)
    if isinstance(sheet, CueSheetError):
        raise CueSheetError(where, sheet.reason)
    _, audio = _listed(folder)
    files = [other for file in sheet.files for other in _files_named(file.name, name, audio)[1]]
    if not files:
        names = ", ".join(repr(file.name) for file in sheet.files[:3])
        raise CueSheetError(where, f"none of the audio files it names is in its folder: {names}")
    return [os.path.join(folder, other) for other in dict.fromkeys(files)]
