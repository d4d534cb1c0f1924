"""GTZAN: ten genres, a hundred excerpts of 30 s each (Tzanetakis and Cook 2002).

What is wrong with it is known (Sturm 2013): exact and near duplicates, distorted and mislabelled
excerpts, and many excerpts of one artist within a genre. The fault-filtered lists of Kereliuk,
Sturm and Larsen (2015) leave out 70 excerpts; the groups here keep what may be one artist's
together.

Expected in a folder: ``features_30_sec.csv`` (the public table of 57 features), ``index.csv``
(artists, published splits, duplicates) of the same 1000 excerpts.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np

from earmark.datasets._table import FeatureTable
from earmark.errors import DatasetError
from earmark.features import GTZAN57
from earmark.types import PathName

__all__ = ["CITATION", "GENRES", "LICENCE", "load_table"]

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

_N_EXCERPTS = 1000


def _read(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a CSV file and check that it has the columns needed."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="")
            given = reader.fieldnames or ()
            rows = list(reader)
    except OSError as error:
        raise DatasetError(f"{str(path)!r}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{str(path)!r} is not CSV: {error}") from error
    missing = [name for name in columns if name not in given]
    if missing:
        raise DatasetError(f"{str(path)!r}: column {missing[0]!r} is missing")
    if len(rows) != _N_EXCERPTS:
        raise DatasetError(f"{str(path)!r}: has {len(rows)} rows, not {_N_EXCERPTS}")
    return rows


def load_table(folder: PathName) -> FeatureTable:
    """Read the public table of 57 features of the 1000 excerpts.

    Parameters
    ----------
    folder : str or path-like
        Holds ``features_30_sec.csv`` and ``index.csv``.

    Returns
    -------
    FeatureTable
        Ids like ``blues.00000``. Groups ``"artist"``: the number that excerpts share which may
        be of one artist or of one recording. Partition ``"fault_filtered"``: ``train``, ``valid``
        or ``test``, and ``""`` for the 70 excerpts the lists leave out.

    Raises
    ------
    DatasetError
        If a file is missing or is not what it should be.
    """
    table_path = Path(folder) / "features_30_sec.csv"
    index_path = Path(folder) / "index.csv"
    rows = _read(table_path, ("filename", *GTZAN57.names, "label"))
    index = {
        row["excerpt"]: row
        for row in _read(index_path, ("excerpt", "artist_id", "fault_filtered_split"))
    }
    ids = [row["filename"].removesuffix(".wav") for row in rows]
    unknown = [name for name in ids if name not in index]
    if unknown:
        raise DatasetError(f"{str(index_path)!r}: {unknown[0]!r} is missing")
    try:
        X = np.array([[float(row[name]) for name in GTZAN57.names] for row in rows])
        artists = np.array([int(float(index[name]["artist_id"])) for name in ids])
    except ValueError as error:
        raise DatasetError(f"{str(folder)!r}: {error}") from error
    labels = np.array([row["label"] for row in rows])
    if set(labels) != set(GENRES):
        raise DatasetError(f"{str(table_path)!r}: labels are {sorted(set(labels))}")
    return FeatureTable(
        ids=np.array(ids),
        X=X,
        feature_set=GTZAN57.name,
        fingerprint=GTZAN57.fingerprint,
        labels=labels,
        groups={"artist": artists},
        partitions={
            "fault_filtered": np.array([index[name]["fault_filtered_split"] for name in ids])
        },
        provenance={
            "corpus": "GTZAN",
            "citation": CITATION,
            table_path.name: hashlib.sha256(table_path.read_bytes()).hexdigest(),
            index_path.name: hashlib.sha256(index_path.read_bytes()).hexdigest(),
        },
    )
