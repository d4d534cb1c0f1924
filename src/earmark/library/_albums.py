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
    return [_joined(albums[track.path]) if track.part else track for track in files]


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
    distinct = {value for value in values if value}
    return distinct.pop() if len(distinct) == 1 else otherwise


def _weight(track: LibraryTrack) -> float:
    return track.duration or 0.0


def _joined(tracks: Sequence[LibraryTrack]) -> LibraryTrack:
    """Make one track of those of an album."""
    first = tracks[0]
    albumartist = _agreed(track.tags.albumartist for track in tracks)
    artists = {track.tags.artist for track in tracks if track.tags.artist}
    artist = albumartist or (artists.pop() if len(artists) == 1 else "")
    if not artist and artists:
        artist = VARIOUS_ARTISTS
    album = _agreed(track.tags.album for track in tracks)
    years = {track.tags.year for track in tracks if track.tags.year is not None}
    tags = Tags(
        artist=artist,
        albumartist=albumartist,
        title=album,
        album=album,
        genres=tuple(dict.fromkeys(genre for track in tracks for genre in track.tags.genres)),
        year=years.pop() if len(years) == 1 else None,
        disc_number=first.tags.disc_number,
        composer=_agreed(track.tags.composer for track in tracks),
    )
    return replace(
        _with_genre(first, tracks),
        digest=None,
        tags=tags,
        duration=None,  # of the tracks given, which may not be all
        warnings=tuple(dict.fromkeys(text for track in tracks for text in track.warnings)),
        part=0,
        start=None,
        end=None,
    )


def _with_genre(first: LibraryTrack, tracks: Sequence[LibraryTrack]) -> LibraryTrack:
    """Return the first track with the genre most of the music of an album has."""
    answered = [track for track in tracks if track.genre is not None]
    if not answered:
        return first
    sure = [track for track in answered if track.unsure is None]
    votes: dict[str, float] = {}
    for track in sure or answered:
        votes[track.genre or ""] = votes.get(track.genre or "", 0.0) + _weight(track)
    genre = max(votes, key=votes.__getitem__)
    voters = [track for track in sure or answered if track.genre == genre]
    best = max(voters, key=_weight)
    total = sum(map(_weight, answered)) or 1.0
    names = dict.fromkeys(name for track in answered for name in track.answer.probabilities)
    shares = {
        name: sum(_weight(track) * track.answer.probabilities.get(name, 0.0) for track in answered)
        / total
        for name in names
    }
    answer = replace(
        best.answer,
        genre=best.answer.genre if best.corrected else genre,
        unsure=None if sure else best.unsure,
        probabilities=shares,
    )
    corrected = genre if all(track.corrected for track in voters) else None
    return replace(first, state="analysed", answer=answer, corrected=corrected)
