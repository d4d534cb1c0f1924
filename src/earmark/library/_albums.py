"""One-file albums as the files they are, where files are meant: in playlists, and on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from earmark.identity import VARIOUS_ARTISTS
from earmark.library._track import LibraryTrack
from earmark.tags import Tags

__all__ = ["album_note", "by_file"]


def by_file(tracks: Iterable[LibraryTrack]) -> list[LibraryTrack]:
    """Put the tracks of each one-file album together.

    Parameters
    ----------
    tracks : iterable of LibraryTrack
        Tracks; those that are a file each are returned as they are.

    Returns
    -------
    list of LibraryTrack
        One for each file, in the order of their first tracks. That of an album has the number of
        its first track, the album for its title, the artist of the album, the year its tracks agree
        on, and the genre most of its music has, without answers that are unsure if any is sure.

    Examples
    --------
    >>> tags = Tags(artist="Ann", album="First")
    >>> first = LibraryTrack(1, "/a.flac", "analysed", False, tags=tags, part=1)
    >>> (file,) = by_file([first, replace(first, id=2, part=2)])
    >>> file.part, file.caption
    (0, 'Ann - First')
    """
    albums: dict[str, list[LibraryTrack]] = {}
    files: list[LibraryTrack] = []
    for track in tracks:
        if not track.part:
            files.append(track)
        elif track.path in albums:
            albums[track.path].append(track)
        else:
            albums[track.path] = [track]
            files.append(track)
    return [_joined(albums[one.path]) if one.part else one for one in files]


def album_note(tracks: Iterable[LibraryTrack]) -> str:
    """Say that tracks are parts of files, where files are what is written down.

    Parameters
    ----------
    tracks : iterable of LibraryTrack
        Tracks.

    Returns
    -------
    str
        A sentence; ``""`` if each track is a file.

    Examples
    --------
    >>> album_note([LibraryTrack(1, "/a.flac", "analysed", False, part=3)])
    '1 track is part of a one-file album: a playlist file names the file of the album once, and ...'
    """
    parts = [track for track in tracks if track.part]
    if not parts:
        return ""
    what = (
        "1 track is part of a one-file album"
        if len(parts) == 1
        else f"{len(parts)} tracks are parts of one-file albums"
    )
    return f"{what}: a playlist file names the file of the album once, and players play all of it"


def _agreed(values: Iterable[str], otherwise: str = "") -> str:
    """Return what all that say anything say."""
    said = {value for value in values if value}
    return said.pop() if len(said) == 1 else otherwise


def _weight(track: LibraryTrack) -> float:
    return track.duration or 0.0


def _joined(tracks: Sequence[LibraryTrack]) -> LibraryTrack:
    """Make one track of those of an album."""
    first = tracks[0]
    albumartist = _agreed(one.tags.albumartist for one in tracks)
    artists = {one.tags.artist for one in tracks if one.tags.artist}
    artist = albumartist or (artists.pop() if len(artists) == 1 else "")
    if not artist and artists:
        artist = VARIOUS_ARTISTS
    album = _agreed(one.tags.album for one in tracks)
    years = {one.tags.year for one in tracks if one.tags.year is not None}
    tags = Tags(
        artist=artist,
        albumartist=albumartist,
        title=album,
        album=album,
        genres=tuple(dict.fromkeys(genre for one in tracks for genre in one.tags.genres)),
        year=years.pop() if len(years) == 1 else None,
        disc_number=first.tags.disc_number,
        composer=_agreed(one.tags.composer for one in tracks),
    )
    return replace(
        _with_genre(first, tracks),
        digest=None,
        tags=tags,
        duration=None,  # of the tracks given, which may not be all
        warnings=tuple(dict.fromkeys(text for one in tracks for text in one.warnings)),
        part=0,
        start=None,
        end=None,
    )


def _with_genre(first: LibraryTrack, tracks: Sequence[LibraryTrack]) -> LibraryTrack:
    """Return the first track with the genre most of the music of an album has."""
    answered = [one for one in tracks if one.genre is not None]
    if not answered:
        return first
    sure = [one for one in answered if one.unsure is None]
    votes: dict[str, float] = {}
    for one in sure or answered:
        votes[one.genre or ""] = votes.get(one.genre or "", 0.0) + _weight(one)
    genre = max(votes, key=votes.__getitem__)
    voters = [one for one in sure or answered if one.genre == genre]
    best = max(voters, key=_weight)
    total = sum(map(_weight, answered)) or 1.0
    names = dict.fromkeys(name for one in answered for name in one.answer.probabilities)
    shares = {
        name: sum(_weight(one) * one.answer.probabilities.get(name, 0.0) for one in answered)
        / total
        for name in names
    }
    answer = replace(
        best.answer,
        genre=best.answer.genre if best.corrected else genre,
        unsure=None if sure else best.unsure,
        probabilities=shares,
    )
    corrected = genre if all(one.corrected for one in voters) else None
    return replace(first, state="analysed", answer=answer, corrected=corrected)
