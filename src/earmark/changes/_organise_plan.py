"""Where each file would be linked, copied or moved to, and why others are kept where they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from earmark.changes._content import content_of
from earmark.changes._names import usual_name
from earmark.changes._paths import alike, safe_name
from earmark.changes._plan_rows import count_kept, rows_of
from earmark.changes._replace import stamp_of
from earmark.changes._transfer import Mode, hindrance, missing_folders, place_of
from earmark.errors import AudioError, ChangeError, ParameterError

if TYPE_CHECKING:
    from earmark.library import FileState, LibraryTrack
    from earmark.types import Progress
from earmark.wording import unsure_words

__all__ = [
    "MODES",
    "PARTS",
    "OrganiseAction",
    "OrganisePlan",
    "OrganisePolicy",
    "OrganiseRow",
    "plan_organise",
    "same_audio",
]

OrganiseAction = Literal["link", "copy", "move", "keep"]

MODES: tuple[Mode, ...] = ("link", "copy", "move")
"""How files can come to their places."""

PARTS = ("genre", "artist", "albumartist", "album", "year", "decade")
"""What folders can be named after."""

UNSURE = "Unsure"
"""Folder of tracks whose genre is unsure."""

_UNKNOWN = {
    "genre": "Unknown genre",
    "artist": "Unknown artist",
    "albumartist": "Unknown artist",
    "album": "Unknown album",
    "year": "Unknown year",
    "decade": "Unknown decade",
}


@dataclass(frozen=True)
class OrganisePolicy:
    """How files are organised.

    Attributes
    ----------
    into : str
        The folder they come into; made absolute.
    by : str
        What folders are named after, the outer first: some of `PARTS` with ``/`` between them.
    mode : {"link", "copy", "move"}
        How they come there. A link is a symbolic one to the absolute path of the file.
    keep_unsure : bool
        Whether tracks whose genre is unsure are kept where they are; else they come into a folder
        of their own.
    names : mapping of str to str
        What the user calls genres, by the model's name; ``""``: such tracks are kept.
    """

    into: str
    by: str = "genre/artist"
    mode: Mode = "link"
    keep_unsure: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.into or "\0" in self.into:
            raise ParameterError(f"into={self.into!r} is not a folder")
        object.__setattr__(self, "into", os.path.abspath(os.path.expanduser(self.into)))
        if os.path.lexists(self.into) and not os.path.isdir(self.into):
            raise ParameterError(f"into={self.into!r} is not a folder")
        if self.mode not in MODES:
            raise ParameterError(f"mode={self.mode!r} is not one of {', '.join(MODES)}")
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown:
            raise ParameterError(f"by={self.by!r}: {unknown[0]!r} is not one of {', '.join(PARTS)}")
        if len(set(self.parts)) < len(self.parts):
            raise ParameterError(f"by={self.by!r} says the same twice")

    @property
    def parts(self) -> tuple[str, ...]:
        """What folders are named after, the outer first."""
        return tuple(self.by.split("/"))


@dataclass(frozen=True)
class OrganiseRow:
    """One file of a plan.

    Attributes
    ----------
    path : str
        The file.
    action : {"link", "copy", "move", "keep"}
        What is done with it.
    target : str
        Its place inside the folder, names with ``/`` between them; ``""`` if it has none.
    why : str
        Why it is kept.
    taken_by : str
        What is at that place, or comes there, if that is why; ``""`` otherwise.
    seen : FileState or None
        What the file was when the plan was made; None if it was not there.
    content : str
        What it held then, see `earmark.changes._content`.
    """

    path: str
    action: OrganiseAction
    target: str = ""
    why: str = ""
    taken_by: str = ""
    seen: FileState | None = None
    content: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Its attributes, except `seen` and `content`.
        """
        return {
            "path": self.path,
            "action": self.action,
            "target": self.target,
            "why": self.why,
            "taken_by": self.taken_by or None,
        }


@dataclass(frozen=True)
class OrganisePlan:
    """Where files would come to.

    Attributes
    ----------
    rows : tuple of OrganiseRow
        A row a file.
    into : str
        The folder they come into.
    by : str
        What its folders are named after.
    mode : {"link", "copy", "move"}
        How they come there.
    bytes_needed : int
        What copies, and files that are moved from another disk, take.
    bytes_free : int or None
        What the disk has; None if it cannot be asked.
    """

    rows: tuple[OrganiseRow, ...]
    into: str
    by: str = "genre/artist"
    mode: Mode = "link"
    bytes_needed: int = 0
    bytes_free: int | None = None

    @property
    def to_place(self) -> tuple[OrganiseRow, ...]:
        """The rows whose files are linked, copied or moved."""
        return tuple(row for row in self.rows if row.action != "keep")

    @property
    def collisions(self) -> tuple[OrganiseRow, ...]:
        """The rows whose files are kept since something else has or gets their place."""
        return tuple(row for row in self.rows if row.taken_by)

    @property
    def kept(self) -> Mapping[str, int]:
        """How many files are kept, by reason, the commonest first."""
        return count_kept(self.rows)

    @property
    def fits(self) -> bool:
        """Whether the disk has what copies take, as far as is known."""
        return self.bytes_free is None or self.bytes_needed <= self.bytes_free

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A plan as the schema ``earmark.organise/1`` defines it.
        """
        return {
            "into": self.into,
            "by": self.by,
            "mode": self.mode,
            "bytes_needed": self.bytes_needed,
            "bytes_free": self.bytes_free,
            "n_place": len(self.to_place),
            "kept": dict(self.kept),
            "rows": [row.to_dict() for row in self.rows],
        }


def same_audio(path: str, other: str, digest: bytes | None = None) -> bool:
    """Tell whether two places lead to one file, or hold the same audio.

    Parameters
    ----------
    path, other : str
        The files.
    digest : bytes or None
        `earmark.audio.audio_digest` of the first, where it is known.

    Returns
    -------
    bool
        Whether they do; False where either cannot be read.
    """
    from earmark.audio import audio_digest

    try:
        if os.path.samefile(path, other):
            return True
        return audio_digest(other) == (digest or audio_digest(path))
    except (AudioError, OSError):
        return False


class _Places:
    """What is in a folder and what comes there; names that are one to some systems are one here."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names: dict[tuple[str, ...], dict[str, str]] = {}
        self._claimed: dict[tuple[str, ...], str] = {}

    def _names_in(self, folder: tuple[str, ...]) -> dict[str, str]:
        if folder not in self._names:
            path = os.path.join(self._root, *folder)
            try:
                there = sorted(os.listdir(path))
            except (FileNotFoundError, NotADirectoryError):
                there = []
            except OSError as error:
                raise ChangeError(path, f"{path!r}: {(error.strerror or '').lower()}") from error
            self._names[folder] = {alike(name): name for name in there}
        return self._names[folder]

    def claim(self, path: str, folders: Sequence[str], name: str) -> tuple[str, str, str]:
        """Return a place, what is there, and what comes there; ChangeError if nothing can."""
        spelt: tuple[str, ...] = ()
        for folder in folders:  # as the first one spells it
            spelt = (*spelt, self._names_in(spelt).setdefault(alike(folder), folder))
        target = "/".join((*spelt, name))
        there = self._names_in(spelt).get(alike(name), "")
        folder = os.path.dirname(place_of(self._root, target))
        missing_folders(folder)
        if there:
            return target, os.path.join(folder, there), ""
        owner = self._claimed.setdefault((*spelt, alike(name)), path)
        return target, "", "" if owner == path else owner


def _genre(track: LibraryTrack, policy: OrganisePolicy) -> tuple[str, str]:
    """Return the genre a track is put under, and why it is kept instead."""
    said = track.genre
    if track.corrected is None and track.unsure is not None:
        words = unsure_words(track.unsure, genre=track.predicted, runner_up=track.runner_up)
        return UNSURE, words if policy.keep_unsure else ""
    if said is None:
        reason = f": {track.error_reason}" if track.error_reason else ""
        return "", f"not analysed{reason}"
    usual = said if track.corrected is not None else usual_name(said)
    name = policy.names.get(said, usual)
    return name, "" if name else "its genre is never written, by your names"


def _folders(track: LibraryTrack, policy: OrganisePolicy, genre: str) -> list[str]:
    """Return the names of the folders a track comes into."""
    artists = {"artist": (track.artist, track.albumartist)}
    artists["albumartist"] = artists["artist"][::-1]
    known = {name: one or other for name, (one, other) in artists.items()}
    known |= {"genre": genre, "album": track.album}
    if track.year is not None:
        known |= {"year": str(track.year), "decade": f"{track.year // 10 * 10}s"}
    return [safe_name(known.get(part, ""), otherwise=_UNKNOWN[part]) for part in policy.parts]


def _row(track: LibraryTrack, policy: OrganisePolicy, places: _Places) -> OrganiseRow:
    path = track.path
    seen = None
    if not track.missing:
        with suppress(OSError, ValueError):
            seen = stamp_of(path)
    if seen is None:
        return OrganiseRow(path, "keep", why="the file is gone")
    genre, why = _genre(track, policy) if "genre" in policy.parts else ("", "")
    why = why or hindrance(path, policy.mode) or ""
    target = there = comes = ""
    if not why:
        name = safe_name(os.path.basename(path))
        try:
            target, there, comes = places.claim(path, _folders(track, policy, genre), name)
        except ChangeError as error:
            why = error.reason
    if there and same_audio(path, there, track.digest):
        why, there = "it is there already", ""
    elif there:
        why = "another file is there"
    elif comes:
        why = "another file comes there"
    action: OrganiseAction = "keep" if why else policy.mode
    return OrganiseRow(path, action, target, why, there or comes, seen, content_of(track))


def _space(rows: Sequence[OrganiseRow], root: str) -> tuple[int, int | None]:
    """Return how many bytes files take that come to another disk, and how many it has."""
    device = free = None
    while not os.path.exists(root) and os.path.dirname(root) != root:
        root = os.path.dirname(root)
    with suppress(OSError):
        device, free = os.stat(root).st_dev, shutil.disk_usage(root).free
    needed = 0
    for row in rows:
        with suppress(OSError):  # gone by now
            if row.action == "copy" or (
                row.action == "move" and os.stat(row.path).st_dev != device
            ):
                needed += 0 if row.seen is None else row.seen.size
    return needed, free


def plan_organise(
    tracks: Sequence[LibraryTrack],
    *,
    policy: OrganisePolicy,
    progress: Progress | None = None,
) -> OrganisePlan:
    """Plan where files are linked, copied or moved to. Nothing is changed.

    Parameters
    ----------
    tracks : sequence of LibraryTrack
        What is known of the files.
    policy : OrganisePolicy
        How they are organised.
    progress : callable or None
        Called with the tracks done, their number, and the last one's path.

    Returns
    -------
    OrganisePlan
        A row for each file. Where two would come to one place, the first comes there.

    Raises
    ------
    ParameterError
        If the user's names hold a genre that neither the model nor the user has ever named.

    Examples
    --------
    >>> plan_organise([], policy=OrganisePolicy("/music", "genre/decade")).to_place
    ()
    """
    known = {name for one in tracks for name in (one.corrected, *one.probabilities) if name}
    unknown = sorted(set(policy.names) - known)
    if unknown and known:
        there = ", ".join(sorted(known))
        raise ParameterError(f"names: no genre is called {unknown[0]!r}; there are: {there}")
    places = _Places(os.path.realpath(policy.into))
    rows = rows_of(tracks, lambda track: _row(track, policy, places), progress)
    needed, free = _space(rows, os.path.realpath(policy.into))
    return OrganisePlan(rows, policy.into, policy.by, policy.mode, needed, free)
