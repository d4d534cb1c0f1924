"""Make a plan of where files go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from earmark.changes._content import content_of
from earmark.changes.files._genres import NO_CHOICE, GenreChoice, choose, of_album
from earmark.changes.files._path_names import PathNames, album_folder, is_numbered, path_names
from earmark.changes.files._places import Places, same_content
from earmark.changes.files._plan import OrganisePlan, OrganiseRow
from earmark.changes.files._policy import OrganisePolicy
from earmark.changes.files._safe_names import alike, safe_name
from earmark.changes.files._sidecars import THERE, Sidecar, find_sidecars
from earmark.changes.files._transfer import hindrance
from earmark.errors import ChangeError, ParameterError, TagError
from earmark.files import file_state
from earmark.library import by_file
from earmark.tags import read_tags
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.types import Progress

__all__ = ["make_organise_plan"]

_NUMBERED_FIELDS = frozenset(["track", "disc", "composer"])


@dataclass
class _Song:
    """One file, as the library and the names of its folders describe it, and its genre."""

    tracks: tuple[LibraryTrack, ...]
    named: Callable[[], PathNames]
    choice: GenreChoice = NO_CHOICE
    n_discs: int = 1

    @cached_property
    def names(self) -> PathNames:
        """The names of the file and its folders, read where a tag is missing."""
        return self.named()

    def __post_init__(self) -> None:
        # The file as one track, even if a cue sheet finds several in it.
        self.in_parts = bool(self.tracks[0].part)
        self.track = by_file(self.tracks)[0] if self.in_parts else self.tracks[0]
        self.path = self.track.path

    @property
    def album(self) -> str:
        return self.track.tags.album or self.names.album

    @property
    def disc(self) -> int:
        return self.track.tags.disc_number or self.names.disc or 1

    @property
    def has_sheet(self) -> bool:
        """Whether a cue sheet describes the file, and so needs it to keep its name."""
        stem = os.path.splitext(self.path)[0]
        return self.in_parts or any(
            os.path.isfile(f"{stem}{ending}") for ending in (".cue", ".CUE")
        )


def _songs(
    tracks: Sequence[LibraryTrack],
    policy: OrganisePolicy,
    *,
    wanted: Collection[str],
    origins: Mapping[str, str],
) -> list[_Song]:
    """Return the files of tracks, except of missing tracks whose path another one has."""
    by_path: dict[str, list[LibraryTrack]] = {}
    for track in tracks:
        by_path.setdefault(track.path, []).append(track)
    # The folders that Earmark has made say nothing; those the file was in before do.
    first_paths = {path: _first_path(path, origins) for path in by_path}
    numbered = {os.path.dirname(path) for path in first_paths.values() if is_numbered(path)}
    songs = []
    for path, inside in by_path.items():
        there = [track for track in inside if not track.missing] or inside[-1:]
        first = there[0]
        stored = first.tags.track_number or first.tags.disc_number or first.tags.composer
        if path in wanted and policy.places.fields & _NUMBERED_FIELDS and not stored:
            there[0] = _with_numbers(first)
        named = partial(path_names, first_paths[path], roots=policy.roots, numbered=numbered)
        songs.append(_Song(tuple(there), named))
    return songs


def _first_path(path: str, origins: Mapping[str, str]) -> str:
    """Return where a file was before it was moved, once or several times."""
    seen = {path}
    while (before := origins.get(path)) is not None and before not in seen:
        seen.add(before)
        path = before
    return path


def _with_numbers(track: LibraryTrack) -> LibraryTrack:
    """Read the fields that libraries of version 1 did not keep."""
    try:
        tags = read_tags(track.path)
    except TagError:
        return track
    with_numbers = replace(
        track.tags,
        track_number=tags.track_number,
        disc_number=tags.disc_number,
        composer=tags.composer,
    )
    return replace(track, tags=with_numbers)


def _choice(tracks: Sequence[LibraryTrack], policy: OrganisePolicy) -> GenreChoice:
    """Choose the genre of a file, one for all tracks in it."""
    if "genre" not in policy.places.fields:
        return NO_CHOICE
    choices = [choose(track, policy) for track in tracks]
    return choices[0] if len(choices) == 1 else of_album(choices)[0]


def _choose_genres(songs: Sequence[_Song], policy: OrganisePolicy) -> None:
    """Choose the genre of each file, for the songs of an album together."""
    albums: dict[tuple[str, str], list[int]] = {}
    for at, song in enumerate(songs):
        folder, name = album_folder(song.path)[0], alike(song.album)
        albums.setdefault((folder, name or f"/{at}"), []).append(at)
    has_discs = "disc" in policy.places.fields
    for members in albums.values():
        choices = [_choice(songs[at].tracks, policy) for at in members]
        if policy.per_album and len(members) > 1:
            choices = of_album(choices)
        n_discs = max(songs[at].disc for at in members) if has_discs else 1
        for at, choice in zip(members, choices, strict=True):
            songs[at].choice, songs[at].n_discs = choice, n_discs


def _values(song: _Song) -> dict[str, str | int | None]:
    """Return the fields of templates for a song, from its tags or else from names."""
    tags, names = song.track.tags, song.names
    artist = tags.artist or names.artist or tags.albumartist or names.albumartist
    whole = not song.in_parts  # the title of one of several tracks is not that of the file
    year = tags.year or names.year
    return {
        "genre": song.choice.genre,
        "artist": artist,
        "albumartist": tags.albumartist or names.albumartist or artist,
        "album": song.album,
        "year": year,
        "decade": None if year is None else f"{year // 10 * 10}s",
        "composer": tags.composer,
        "title": (tags.title if whole else "") or names.title,
        "track": (tags.track_number or names.track) if whole else None,
        "disc": song.disc if song.n_discs > 1 else None,
        "filename": os.path.splitext(os.path.basename(song.path))[0],
    }


def _notes(song: _Song, policy: OrganisePolicy) -> str:
    notes = []
    if "genre" in policy.places.fields and song.choice.note:
        notes.append(song.choice.note)
    if song.in_parts:
        notes.insert(0, f"one file of {counted(len(song.tracks), 'track')}")
    return "; ".join(notes)


def _row(song: _Song, policy: OrganisePolicy, places: Places) -> OrganiseRow:
    path = song.path
    seen = None if song.track.missing else file_state(path)
    if seen is None:
        return OrganiseRow(path, "keep", why="the file no longer exists")
    row = OrganiseRow(
        path, "keep", seen=seen, content=content_of(song.tracks[0]), note=_notes(song, policy)
    )
    why = song.choice.kept if "genre" in policy.places.fields else ""
    why = why or hindrance(path, policy.mode) or ""
    if why:
        return replace(row, why=why)
    *folders, name = policy.places.place(_values(song), os.path.splitext(path)[1])
    if song.has_sheet:
        name = safe_name(os.path.basename(path))
    row, there, _ = _claimed(row, policy, places, folders, name)
    if there and same_content(path, there, digest=song.track.digest):
        return replace(row, why=THERE, taken_by="")
    return row


def _sidecar_row(sidecar: Sidecar, policy: OrganisePolicy, places: Places) -> OrganiseRow | None:
    """Return the row of a cover or the like; None if it is where it belongs."""
    path = sidecar.path
    row = OrganiseRow(path, "keep", seen=file_state(path), kind="sidecar")
    why = sidecar.why or hindrance(path, policy.mode)
    if why:
        return replace(row, why=why)
    row, there, comes = _claimed(row, policy, places, sidecar.folders, safe_name(sidecar.name))
    if there and same_content(path, there, audio=False):
        if os.path.realpath(path) == os.path.realpath(there) and not os.path.islink(there):
            return None
        return replace(row, why=THERE, taken_by="")
    if comes and same_content(path, comes, audio=False):
        return replace(row, why="the same file will be placed there", taken_by="")
    return row


def _claimed(
    row: OrganiseRow, policy: OrganisePolicy, places: Places, folders: Sequence[str], name: str
) -> tuple[OrganiseRow, str, str]:
    """Return a row with its place, the file that is there, and the one that will be."""
    try:
        target, there, comes = places.claim(row.path, folders, name)
    except ChangeError as error:
        return replace(row, why=error.reason), "", ""
    row = replace(row, target=target, taken_by=there or comes)
    if there or comes:
        when = "is already" if there else "will be placed"
        return replace(row, why=f"another file {when} there"), there, comes
    return replace(row, action=policy.mode), "", ""


def _space(rows: Sequence[OrganiseRow], root: str) -> tuple[int, int | None]:
    """Return the size of the files that go to another disk, and the space it has."""
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


def _check_names(tracks: Iterable[LibraryTrack], policy: OrganisePolicy) -> None:
    """Refuse names for genres that neither the model nor the user knows."""
    known = {
        name
        for track in tracks
        for name in (
            track.corrected,
            *track.answer.probabilities,
            *(track.tags.genres if policy.genre_source != "predicted" else ()),
        )
        if name
    }
    unknown = sorted(set(policy.names) - known)
    if unknown and known:
        there = ", ".join(sorted(known))
        raise ParameterError(f"names: no genre is called {unknown[0]!r}. Available: {there}")


def make_organise_plan(
    tracks: Sequence[LibraryTrack],
    *,
    policy: OrganisePolicy,
    among: Sequence[LibraryTrack] | None = None,
    origins: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
) -> OrganisePlan:
    """Plan where files are linked, copied or moved to. Nothing is changed.

    Parameters
    ----------
    tracks : sequence of LibraryTrack
        The tracks whose files are organised.
    policy : OrganisePolicy
        How they are organised.
    among : sequence of LibraryTrack or None
        All tracks of the library, so that whole albums vote; None: only `tracks`.
    origins : mapping of str to str
        Where files were before they were moved, by their places, see `moved_from`. The names of
        those folders count, and covers may have been left behind there.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    OrganisePlan
        A row for each file, then one for each cover and the like. If two files would get one
        place, the first gets it.

    Raises
    ------
    ParameterError
        If the user's names hold a genre that neither the model nor the user has ever named.

    Examples
    --------
    >>> make_organise_plan([], policy=OrganisePolicy("/music", "genre/decade")).to_change
    ()
    """
    _check_names(tracks, policy)
    root = os.path.realpath(policy.into)
    places = Places(root)
    wanted = {track.path for track in tracks}
    every = _songs(tracks if among is None else among, policy, wanted=wanted, origins=origins)
    _choose_genres(every, policy)
    songs = [song for song in every if song.path in wanted]
    rows = []
    for done, song in enumerate(songs, start=1):
        rows.append(_row(song, policy, places))
        if progress is not None:
            progress(done, len(songs), song.path)
    if policy.sidecars:
        sidecars = find_sidecars(rows, origins=origins)
        more = [_sidecar_row(sidecar, policy, places) for sidecar in sidecars]
        rows += [row for row in more if row is not None]
    needed, free = _space(rows, root)
    return OrganisePlan(
        tuple(rows),
        policy.into,
        policy.by,
        policy.mode,
        needed,
        free,
        template=policy.template,
        genre_source=policy.genre_source,
        per_album=policy.per_album,
    )
