"""2,205 tracks of Epidemic Sound in eleven genres, ten segments of 3 s each, with artists.

The 57 features of `gtzan57` of every segment and of every whole track, published by a third party
with titles and artists. Expected in a folder: ``segments_3s.csv``, and ``tracks.csv`` for whole
tracks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import numpy as np

from earmark.datasets._corpus import Corpus
from earmark.datasets._files import Row, floats, numbered, provenance_of, read_csv, whole
from earmark.datasets._rows import Rows, RowUnit
from earmark.datasets._splits import identical_rows, joined_groups
from earmark.datasets._table import FeatureTable
from earmark.datasets._track import Track
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57
from earmark.types import FloatArray, IntArray, PathName

__all__ = ["CITATION", "CORPUS", "GENRES", "LICENCE"]

CITATION = (
    "Features of music of Epidemic Sound, made for a course project: repository Sudals/DS_Music, "
    "commit 779d19c9"
)
LICENCE = "The recordings are protected; the tables of features state no licence."

GENRES = (
    *("blues", "classical", "country", "disco", "hiphop", "jazz"),
    *("metal", "pop", "reggae", "rock", "soul"),
)

_SEGMENTS, _TRACKS = "segments_3s.csv", "tracks.csv"
_N_TRACKS, _N_SEGMENTS = 2205, 10
_COPY = re.compile(r"\s*\(\d+\)$")


def _plain(name: str) -> str:
    """Return a name without the number a second download adds, and without blanks at its ends."""
    return _COPY.sub("", name.strip()).casefold()


def _read(folder: PathName) -> tuple[list[Track], FloatArray]:
    """Read the tracks in the order of the file, and their segments, ten rows to a track."""
    path = os.path.join(folder, _SEGMENTS)
    rows = read_csv(
        path,
        ("track", "seg", "genre", "title", "artist", *GTZAN57.names),
        n_rows=_N_TRACKS * _N_SEGMENTS,
    )
    numbers = whole(path, rows, "seg", key="track")
    owner = numbered(row["track"] for row in rows)
    order = np.lexsort((numbers, owner))
    rows = [rows[at] for at in order]
    if numbers[order].tolist() != list(range(_N_SEGMENTS)) * _N_TRACKS:
        raise DatasetError(f"{path!r}: not every track has the segments 0 to {_N_SEGMENTS - 1}")
    X = floats(path, rows, GTZAN57.names, key="track")
    heads = rows[::_N_SEGMENTS]
    for row, head in zip(rows, np.repeat(np.arange(_N_TRACKS), _N_SEGMENTS), strict=True):
        if row["genre"] not in GENRES or row["genre"] != heads[head]["genre"]:
            raise DatasetError(f"{path!r}: genre of {row['track']!r} is {row['genre']!r}")
    duplicates = _duplicates(heads, X)
    artists = joined_groups(numbered(_plain(row["artist"]) for row in heads), duplicates)
    return [
        Track(
            id=row["track"],
            label=row["genre"],
            artist=row["artist"],
            title=row["title"],
            groups={"artist": int(artist), "duplicate": int(copy)},
        )
        for row, artist, copy in zip(heads, artists, duplicates, strict=True)
    ], X


def _duplicates(heads: Sequence[Row], X: FloatArray) -> IntArray:
    """Group tracks with identical segments, and those of one artist and title."""
    same_numbers = identical_rows(X.reshape(len(heads), -1))
    same_name = numbered((_plain(row["title"]), _plain(row["artist"])) for row in heads)
    return joined_groups(same_numbers, same_name)


def _tracks(folder: PathName) -> list[Track]:
    """Read what is known of the 2,205 tracks."""
    return _read(folder)[0]


def _read_table(
    folder: PathName,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    unit: RowUnit | None = None,
) -> FeatureTable:
    """Read the 57 features of the 22,050 segments, or of the 2,205 whole tracks.

    Artists are names without the ``(1)`` of a second download; duplicates have identical features
    in all segments, or the same artist and title.
    """
    if feature_set not in (None, GTZAN57.name):
        raise ParameterError(f"feature_set={feature_set!r}: segments57 has {GTZAN57.name} only")
    if unit not in (None, "segment", "track"):
        raise ParameterError(f"unit={unit!r} is not one of track, segment")
    found, X = _read(folder)
    if unit == "track":
        X = _whole_tracks(folder, found)
        sources = provenance_of(CORPUS.title, CITATION, folder, (_SEGMENTS, _TRACKS))
        return FeatureTable.of_rows(Rows.of_tracks(found, provenance=sources), X, GTZAN57)
    sources = provenance_of(CORPUS.title, CITATION, folder, (_SEGMENTS,))
    rows = Rows.of_tracks(
        found,
        provenance=sources,
        segments=[range(_N_SEGMENTS)] * len(found),
        segments_of_copies_match=True,
    )
    return FeatureTable.of_rows(rows, X, GTZAN57)


def _whole_tracks(folder: PathName, found: Sequence[Track]) -> FloatArray:
    """Read the features of whole tracks, in the order of `found`.

    The two files number the tracks of disco and jazz differently: what joins them is genre, title
    and artist. Where two tracks agree in all of that, they are joined in the order of the files.
    """
    path = os.path.join(folder, _TRACKS)
    rows = read_csv(path, ("track_fullindex", "genre", "orgname", *GTZAN57.names), n_rows=_N_TRACKS)
    X = floats(path, rows, GTZAN57.names, key="track_fullindex")
    places: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(rows):
        stem = os.path.splitext(row["orgname"].removeprefix("ES_"))[0].strip()
        places.setdefault((row["genre"], stem), []).append(at)
    order = []
    for track in found:
        waiting = places.get((track.label, f"{track.title} - {track.artist}"))
        if not waiting:
            raise DatasetError(
                f"{path!r}: there is no {track.label} 'ES_{track.title} - {track.artist}' "
                f"for {track.id!r}"
            )
        order.append(waiting.pop(0))
    return X[order]


CORPUS = Corpus(
    name="segments57",
    title="Epidemic Sound, 57 features",
    size="22,050 segments of 3 s of 2,205 tracks; 11 genres",
    expects="a folder with segments_3s.csv, and tracks.csv for whole tracks",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "ten pairs of tracks have identical segments, and 16 titles of one artist stand in two "
        "genres: kept on one side of every split by the group 'duplicate'",
        "128 artists are in more than one genre",
        "second downloads have an artist like 'House Of Say (1)': joined with the artist",
        "the two files number the tracks of disco and jazz differently: joined by name",
    ),
    files={
        _SEGMENTS: "ee9cdf2a11946f46d547e08b1664f9b24808ac409b4a9715a31633fa09f61145",
        _TRACKS: "e38771e4d3f7397d62cd4ba63b01648e6e6d2ba7e5baadf758676b568959a86e",
    },
    feature_sets=(GTZAN57.name,),
    tracks=_tracks,
    read_table=_read_table,
)
