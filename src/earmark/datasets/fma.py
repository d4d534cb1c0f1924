"""The Free Music Archive data set (Defferrard and others 2017): metadata, and audio where it is.

Expected in a folder: ``tracks.csv``, as published with its three header lines, or with one that
names ``track_id, artist_id, set_split, set_subset, track_genre_top, track_title``; for audio one of
the folders ``fma_small``, ``fma_medium``, ``fma_large``, ``fma_full`` as published, with files like
``000/000002.mp3``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from earmark.datasets._corpus import Corpus
from earmark.datasets._files import Row, read_csv, unique_ids, whole
from earmark.datasets._track import Track
from earmark.errors import DatasetError, ParameterError
from earmark.types import PathName

__all__ = ["CITATION", "CORPUS", "LICENCE", "SUBSETS", "read_metadata"]

CITATION = (
    "M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson, FMA: a dataset for music analysis, "
    "ISMIR 2017"
)
LICENCE = "Metadata CC BY 4.0; each track under the licence its artist chose."

SUBSETS = ("small", "medium", "large")
"""Each subset holds those before it."""

_FILE = "tracks.csv"
_AUDIO = ("fma_full", "fma_large", "fma_medium", "fma_small")
_SPLITS = {"training": "train", "validation": "valid", "test": "test", "": ""}
_COLUMNS = (
    *("track_id", "artist_id", "set_split", "set_subset"),
    *("track_genre_top", "track_title"),
)


def read_metadata(
    path: PathName,
    rows: list[Row] | None = None,
    *,
    columns: Sequence[str] = (),
    n_rows: int | None = None,
) -> list[Track]:
    """Read a file of metadata of the archive.

    Parameters
    ----------
    path : str or path-like
        A CSV file.
    rows : list or None
        Where one is given, the rows are added to it.
    columns : sequence of str
        Further columns it must have.
    n_rows : int or None
        Rows it must have.

    Returns
    -------
    list of Track
        Ids like ``2``; without audio. Group ``"artist"``, partition ``"official"``.

    Raises
    ------
    DatasetError
        If the file is missing or is not what it should be.
    """
    lines = read_csv(
        path, (*_COLUMNS, *columns), n_rows=n_rows, n_headers=3 if _is_published(path) else 1
    )
    if not lines:
        raise DatasetError(f"{os.fspath(path)!r}: has no rows")
    if rows is not None:
        rows += lines
    ids = unique_ids(path, [line["track_id"] for line in lines])
    artists = whole(path, lines, "artist_id", key="track_id")
    for column, known in (("set_split", _SPLITS), ("set_subset", SUBSETS)):
        for line in lines:
            if line[column] not in known:
                raise DatasetError(
                    f"{os.fspath(path)!r}: column {column!r} of row {line['track_id']!r} is "
                    f"{line[column]!r}, not one of {', '.join(filter(None, known))}"
                )
    return [
        Track(
            id=str(name),
            label=line["track_genre_top"],
            title=line["track_title"],
            groups={"artist": int(artist)},
            partitions={"official": _SPLITS[line["set_split"]], "subset": line["set_subset"]},
        )
        for line, name, artist in zip(lines, ids, artists, strict=True)
    ]


def _is_published(path: PathName) -> bool:
    """Say whether names of columns are spread over three lines, as in the file as published."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read(1) == ","
    except OSError:
        return False  # whoever reads it next says so


def _audio_files(folder: PathName) -> dict[str, str]:
    """Find the audio there is, by track id; the smallest subset that has a track wins."""
    found: dict[str, str] = {}
    for name in _AUDIO:
        root = os.path.join(folder, name)
        if not os.path.isdir(root):
            continue
        for part in sorted(os.listdir(root)):
            place = os.path.join(root, part)
            if len(part) != 3 or not part.isdigit() or not os.path.isdir(place):
                continue
            for file in os.listdir(place):
                stem, ending = os.path.splitext(file)
                if ending == ".mp3" and stem.isdigit():
                    found[str(int(stem))] = os.path.join(place, file)
    return found


def _tracks(folder: PathName, *, subset: str | None = None) -> list[Track]:
    """Read what is known of the tracks of a subset, or of all 106,574, and find their audio.

    A subset holds the smaller ones: 8,000 tracks are in small and 25,000 in medium. 56,976 of all
    tracks have no genre; those of small and medium all have one.
    """
    if subset is not None and subset not in SUBSETS:
        raise ParameterError(f"subset={subset!r} is not one of {', '.join(SUBSETS)}")
    within = SUBSETS if subset is None else SUBSETS[: SUBSETS.index(subset) + 1]
    found = read_metadata(os.path.join(folder, _FILE))
    audio = _audio_files(folder)
    return [
        replace(track, path=audio.get(track.id))
        for track in found
        if track.partitions["subset"] in within
    ]


CORPUS = Corpus(
    name="fma",
    title="Free Music Archive",
    size="106,574 tracks, 49,598 with a genre; small 8,000, medium 25,000; 16 genres",
    expects="a folder with tracks.csv and, for audio, fma_small/000/000002.mp3 and so on (or "
    "fma_medium, fma_large, fma_full)",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "56,976 tracks have no single top genre; all of small and medium have one",
        "genres are very uneven but in small: from 14,182 tracks (Rock) to 24 (Easy Listening)",
        "genres are those the uploading artists chose",
    ),
    files={_FILE: "f40a5f59cbb69e70e1c8c48cc67a4c27fcc82b522eeb95911b5009d25b783c33"},
    tracks=_tracks,
)
