"""GTZAN: ten genres, a hundred excerpts of 30 s each (Tzanetakis and Cook 2002).

What is wrong with it is known (Sturm 2013): exact and near duplicates, distorted and mislabelled
excerpts, and many excerpts of one artist within a genre. The fault-filtered lists of Kereliuk,
Sturm and Larsen (2015) leave out 70 excerpts; the groups here keep what may be one artist's
together.

Expected in a folder: ``features_30_sec.csv`` (the public table of 57 features) and ``index.csv``
(artists, published splits, duplicates) of the same 1000 excerpts; for features that come from
spectrograms ``logmel_u8.npz``; where there is audio, ``audio/full_30s/*.flac`` (whole excerpts) or
``audio/first_15_20s/*.flac`` (their beginnings).
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.datasets._corpus import Corpus
from earmark.datasets._files import floats, numbered, provenance_of, read_csv, unique_ids, whole
from earmark.datasets._rows import Rows, RowUnit
from earmark.datasets._table import ArrayTable, FeatureTable
from earmark.datasets._track import Track
from earmark.datasets._values import Values, map_archive
from earmark.errors import DatasetError, ParameterError
from earmark.features import BANDS, GTZAN57, FeatureSet, band_statistics, get_feature_set
from earmark.types import FloatArray, PathName

__all__ = [
    "CITATION",
    "CORPUS",
    "GENRES",
    "LICENCE",
    "SPECTROGRAMS",
    "load_spectrograms",
    "segment_columns",
]

CITATION = (
    "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, IEEE Transactions "
    "on Speech and Audio Processing 10(5), 2002"
)
LICENCE = "The recordings are protected; the table of features states no licence."

GENRES = (
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
)

SPECTROGRAMS = "logmel_u8"
"""Name of the spectrograms of the archive, as arrays: uint8, 128 bands by 387 columns."""

_N_EXCERPTS = 1000
_N_BANDS, _N_COLUMNS = 128, 387
_N_SEGMENTS = 10
_TABLE, _INDEX, _ARCHIVE = "features_30_sec.csv", "index.csv", "logmel_u8.npz"
_INDEX_COLUMNS = ("excerpt", "genre", "artist_id", "fault_filtered_split", "artist_fold")
_AUDIO = ("full_30s", "first_15_20s")
_FOLDS = {"": "", "1.0": "0", "2.0": "1", "3.0": "2", "1": "0", "2": "1", "3": "2"}

Spectrogram = np.ndarray[Any, np.dtype[np.uint8]]


def _index(folder: PathName) -> list[Track]:
    """Read the index: everything that is known of the excerpts but their features."""
    path = os.path.join(folder, _INDEX)
    rows = read_csv(
        path, (*_INDEX_COLUMNS, "artist", "title", "exact_dup_group"), n_rows=_N_EXCERPTS
    )
    ids = unique_ids(path, [row["excerpt"] for row in rows])
    artists = whole(path, rows, "artist_id", key="excerpt")
    duplicates = numbered(row["exact_dup_group"] for row in rows)
    found = []
    for row, name, artist, duplicate in zip(rows, ids, artists, duplicates, strict=True):
        if row["genre"] not in GENRES:
            raise DatasetError(f"{path!r}: genre of {str(name)!r} is {row['genre']!r}")
        if row["fault_filtered_split"] not in ("train", "valid", "test", ""):
            raise DatasetError(
                f"{path!r}: fault_filtered_split of {str(name)!r} is "
                f"{row['fault_filtered_split']!r}"
            )
        if row["artist_fold"] not in _FOLDS:
            raise DatasetError(f"{path!r}: artist_fold of {str(name)!r} is {row['artist_fold']!r}")
        found.append(
            Track(
                id=str(name),
                label=row["genre"],
                artist=row["artist"],
                title=row["title"],
                groups={"artist": int(artist), "duplicate": int(duplicate)},
                partitions={
                    "official": row["fault_filtered_split"],
                    "published3": _FOLDS[row["artist_fold"]],
                },
            )
        )
    return found


def _tracks(folder: PathName) -> list[Track]:
    """Read what is known of the 1000 excerpts, and find their audio.

    The path is that of the whole excerpt, else that of its first 15 to 20 s, else None.
    """
    audio: dict[str, str] = {}
    for name in reversed(_AUDIO):  # the whole excerpt replaces its beginning
        place = os.path.join(folder, "audio", name)
        if os.path.isdir(place):
            audio |= {
                os.path.splitext(file)[0]: os.path.join(place, file)
                for file in os.listdir(place)
                if file.endswith(".flac")
            }
    return [replace(track, path=audio.get(track.id)) for track in _index(folder)]


def load_spectrograms(folder: PathName) -> tuple[npt.NDArray[np.str_], Spectrogram]:
    """Read the archive of log-mel spectrograms.

    Parameters
    ----------
    folder : str or path-like
        Holds ``logmel_u8.npz``.

    Returns
    -------
    names : np.ndarray of str [shape=(999,)]
        Ids of the excerpts; ``jazz.00054`` is corrupt in every copy and not among them.
    X : np.ndarray of uint8 [shape=(999, 128, 387)]
        As archived; column 0 was computed with silence before the clip and serves no feature.

    Raises
    ------
    DatasetError
        If the archive is missing, damaged or not what it should be.
    """
    names, values = _spectrograms(folder)
    return names, values.take(np.arange(len(values)))


def _spectrograms(folder: PathName) -> tuple[npt.NDArray[np.str_], Values]:
    """Return the ids and the spectrograms of the archive, without reading these into memory."""
    path = os.path.join(folder, _ARCHIVE)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive["name"]
        values = map_archive(path, "X")
        shape, dtype = values.shape, values.dtype
    except KeyError as error:
        raise DatasetError(f"{path!r}: array {str(error)[:40]} is missing") from error
    except OSError as error:
        raise DatasetError(f"{path!r}: {error.strerror or error}") from error
    except (DatasetError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path!r} is not an archive of spectrograms: {error}") from error
    expected = (_N_EXCERPTS - 1, _N_BANDS, _N_COLUMNS)
    if dtype != np.uint8 or shape != expected or names.shape != expected[:1]:
        raise DatasetError(f"{path!r}: X is {dtype} {shape}, not uint8 {expected}")
    return unique_ids(path, [str(name) for name in names]), values


def segment_columns(number: int) -> slice:
    """Say which columns of a spectrogram a segment of 3 s is.

    Parameters
    ----------
    number : int
        Of the segment, from 0 to 9.

    Returns
    -------
    slice
        Of the 386 columns after the first: from ``floor(38.75 number + 0.5)`` up to, not with,
        ``floor(38.75 (number + 1) + 0.5)``, at most 386. The archive has 387.5 columns to 30 s, so
        38.75 to a segment; the last one is two columns short.

    Examples
    --------
    >>> segment_columns(0), segment_columns(9)
    (slice(0, 39, None), slice(349, 386, None))
    """
    start, end = (int(np.floor(38.75 * edge + 0.5)) for edge in (number, number + 1))
    return slice(start, min(end, _N_COLUMNS - 1))


def _read_table(
    folder: PathName,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    unit: RowUnit | None = None,
) -> FeatureTable:
    """Read the public table of 57 features, or compute others from the spectrograms.

    Features are ``gtzan57``, ``bands``, or any registered set with ``from_archive``: a callable
    that maps the 57 numbers of an excerpt and its spectrogram, uint8 [shape=(128, 386)], column 0
    left out, to the set's numbers. Segments, of which only ``bands`` are known, are tenths of an
    excerpt.
    """
    chosen = get_feature_set(feature_set or GTZAN57.name)
    unit = unit or ("segment" if chosen is BANDS else "track")
    if unit not in ("track", "segment"):
        raise ParameterError(f"unit={unit!r} is not one of track, segment")
    if unit == "segment" and chosen is not BANDS:
        raise ParameterError(f"unit='segment': gtzan has no {chosen.name!r} of segments")
    recipe = None if chosen is GTZAN57 else _archive_recipe(chosen)
    excerpts, X = _public_table(folder)
    kept, facts = _without_faults(excerpts, faulty=faulty)
    excerpts, X = list(compress(excerpts, kept)), X[kept]
    if recipe is None:
        sources = provenance_of("GTZAN", CITATION, folder, (_TABLE, _INDEX), **facts)
        return FeatureTable.of_rows(Rows.of_tracks(excerpts, provenance=sources), X, chosen)
    names, archive = _spectrograms(folder)
    kept, without = _with_spectrogram(excerpts, names)
    excerpts, X = list(compress(excerpts, kept)), X[kept]
    facts |= without
    sources = provenance_of("GTZAN", CITATION, folder, (_TABLE, _INDEX, _ARCHIVE), **facts)
    place = {name: at for at, name in enumerate(names.tolist())}
    # Column 0 was made with silence before the clip, what audio gives at run time was not.
    at = (np.array([place[track.id]]) for track in excerpts)
    spectrograms = (np.ascontiguousarray(archive.take(row)[0, :, 1:]) for row in at)
    if unit == "track":
        rows = Rows.of_tracks(excerpts, provenance=sources)
        X = np.stack([recipe(row57, Q) for row57, Q in zip(X, spectrograms, strict=True)])
        return FeatureTable.of_rows(rows, X, chosen)
    parts = [segment_columns(number) for number in range(_N_SEGMENTS)]
    X = np.stack([band_statistics(Q[:, part]) for Q in spectrograms for part in parts])
    rows = Rows.of_tracks(
        excerpts,
        provenance=sources,
        segments=[range(_N_SEGMENTS)] * len(excerpts),
        segments_of_copies_match=True,
    )
    return FeatureTable.of_rows(rows, X, chosen)


def _read_arrays(folder: PathName, *, faulty: bool = False) -> ArrayTable:
    """Return the spectrograms of the excerpts that have one, which stay on disk."""
    excerpts = _index(folder)
    names, archive = _spectrograms(folder)
    kept, facts = _without_faults(excerpts, faulty=faulty)
    excerpts = list(compress(excerpts, kept))
    kept, without = _with_spectrogram(excerpts, names)
    excerpts = list(compress(excerpts, kept))
    sources = provenance_of("GTZAN", CITATION, folder, (_INDEX, _ARCHIVE), **facts, **without)
    rows = Rows.of_tracks(excerpts, provenance=sources)
    place = {name: at for at, name in enumerate(names.tolist())}
    return ArrayTable(
        **vars(rows),
        values=archive.select(np.array([place[track.id] for track in excerpts])),
        feature_set=SPECTROGRAMS,
        fingerprint=str(CORPUS.files[_ARCHIVE]),
    )


def _without_faults(
    excerpts: Sequence[Track], *, faulty: bool
) -> tuple[list[bool], dict[str, str]]:
    """Say which excerpts are kept, and what is to be noted of that."""
    if faulty:
        note = "70 excerpts that the fault-filtered lists leave out are kept"
        return [True] * len(excerpts), {"faulty": note}
    return [bool(track.partitions["official"]) for track in excerpts], {}


def _with_spectrogram(
    excerpts: Sequence[Track], names: npt.NDArray[np.str_]
) -> tuple[list[bool], dict[str, str]]:
    """Say which excerpts have a spectrogram, and note those that have none."""
    there = set(names.tolist())
    without = [track.id for track in excerpts if track.id not in there]
    kept = [track.id in there for track in excerpts]
    return kept, {"without_spectrogram": ", ".join(without)} if without else {}


def _public_table(folder: PathName) -> tuple[list[Track], FloatArray]:
    """Read the 57 features, and what the index knows of the excerpt of each row."""
    path = os.path.join(folder, _TABLE)
    rows = read_csv(path, ("filename", *GTZAN57.names, "label"), n_rows=_N_EXCERPTS)
    index = {track.id: track for track in _index(folder)}
    ids = unique_ids(path, [row["filename"].removesuffix(".wav") for row in rows])
    for row, name in zip(rows, ids, strict=True):
        if name not in index:
            raise DatasetError(f"{os.path.join(folder, _INDEX)!r}: {str(name)!r} is missing")
        if row["label"] != index[name].label:
            raise DatasetError(
                f"{path!r}: label of {str(name)!r} is {row['label']!r}, "
                f"in the index it is {index[name].label!r}"
            )
    return [index[name] for name in ids], floats(path, rows, GTZAN57.names, key="filename")


def _archive_recipe(chosen: FeatureSet) -> Callable[[FloatArray, Spectrogram], FloatArray]:
    """Return how a feature set is computed from a row of the public table and a spectrogram."""
    if chosen is BANDS:
        return lambda row57, Q: band_statistics(Q)
    if chosen.from_archive is None:
        raise ParameterError(f"feature_set={chosen.name!r} is not a feature set of gtzan")
    return chosen.from_archive


CORPUS = Corpus(
    name="gtzan",
    title="GTZAN",
    size="1000 excerpts of 30 s, 930 by default; 10 genres",
    expects="a folder with features_30_sec.csv and index.csv; logmel_u8.npz for features that come "
    "from spectrograms; audio/full_30s/*.flac or audio/first_15_20s/*.flac where there is audio",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "70 of the 1000 excerpts are repeated, distorted or mislabelled by the fault-filtered "
        "lists of Kereliuk, Sturm and Larsen (2015): left out by default",
        "14 pairs of rows are identical, one of them across two genres (metal.00058, rock.00016): "
        "kept on one side of every split by the group 'duplicate'",
        "many excerpts are by one artist; the group 'artist' joins too much rather than too "
        "little: 272 groups, 9 of them in blues",
        "64 of the 290 excerpts of the test list share a group 'artist' with train and valid",
        "23 names of artists cross the published three folds",
        "jazz.00054 is corrupt: it has no spectrogram",
    ),
    files={
        _TABLE: "e5fe20f4e2f61d1aa3e07b17ffdea6b565970b3a1811746bd31f182a401fc3bc",
        _INDEX: "7d50149e515090f8e2553f4acb21886b86a4fc42266feca95fa92d494991eb50",
        _ARCHIVE: "d2ed599a3bce3121286fe080b1c68327c0107894c44013b006eb027890a106e8",
    },
    feature_sets=(GTZAN57.name, BANDS.name),
    arrays=(SPECTROGRAMS,),
    tracks=_tracks,
    read_table=_read_table,
    read_arrays=_read_arrays,
)
