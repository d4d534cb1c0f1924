"""A user's own table of features: CSV or Parquet.

Columns, by the first of these names that is there:

=========================  =====================================================================
``id``, ``filename``,      what names a row; all different
``path``
``label``, ``genre``       its genre; rows where it is blank are left out
``artist`` (optional)      rows of one artist stay together under the protocol ``artist``
``track`` (optional)       rows of one track stay together, and vote; then a row is a segment
``split`` (optional)       ``train``, ``valid``, ``test`` or blank: the protocol ``official``
all others                 features: finite numbers
=========================  =====================================================================

A Parquet file that `FeatureTable.to_parquet` wrote is read as what it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from earmark.datasets._corpus import Corpus
from earmark.datasets._files import floats, numbered, provenance_of, read_csv, unique_ids
from earmark.datasets._parquet import is_table, open_parquet, read_parquet
from earmark.datasets._rows import Rows, RowUnit
from earmark.datasets._splits import identical_rows, joined_groups
from earmark.datasets._table import FeatureTable
from earmark.datasets._track import Track
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57, get_feature_set
from earmark.identity import artist_key
from earmark.types import FloatArray, IntArray, PathName
from earmark.wording import counted

__all__ = ["CITATION", "COLUMNS", "CORPUS", "LICENCE"]

CITATION = "Your own table."
LICENCE = "Whatever holds for your table."

COLUMNS = "columns"
"""The feature set of a table whose columns are no registered set."""

_IDS, _LABELS = ("id", "filename", "path"), ("label", "genre")
_OPTIONAL = ("artist", "track", "split")
_KNOWN = (*_IDS, *_LABELS, *_OPTIONAL)
_SPLITS = ("train", "valid", "test", "")


@dataclass(frozen=True)
class _Read:
    """A table as it was read: what tells of a row as text, the features not yet looked at."""

    path: str
    columns: tuple[str, ...]
    texts: dict[str, list[str]]
    values: pa.Table | list[dict[str, str]]

    @property
    def id_column(self) -> str:
        return self._first(_IDS)

    @property
    def labels(self) -> list[str]:
        return self.texts[self._first(_LABELS)]

    def _first(self, names: tuple[str, ...]) -> str:
        for name in names:
            if name in self.columns:
                return name
        raise DatasetError(f"{self.path!r}: column {names[0]!r} is missing (or {names[1]!r})")

    def features(self, names: Sequence[str], rows: IntArray) -> FloatArray:
        """Return the columns of some rows, or say which value is not a finite number."""
        if isinstance(self.values, list):
            chosen = [self.values[row] for row in rows]
            return floats(self.path, chosen, names, key=self.id_column)
        ids = self.texts[self.id_column]
        X = np.empty((len(rows), len(names)))
        for at, name in enumerate(names):
            column = self.values.column(name)
            if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
                raise DatasetError(
                    f"{self.path!r}: column {name!r} is {column.type}: features are numbers"
                )
            X[:, at] = np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)[rows]
            bad = np.flatnonzero(~np.isfinite(X[:, at]))
            if len(bad):
                row = int(rows[bad[0]])
                raise DatasetError(
                    f"{self.path!r}: column {name!r} of row {ids[row]!r} is "
                    f"{column[row].as_py()!r}, not a finite number"
                )
        return X


def _delimiter(path: str) -> str:
    """Return what stands between the fields of a CSV file: what its first line has, of three."""
    try:
        with open(path, "rb") as file:
            line = file.readline(1 << 20)
    except OSError as error:
        raise DatasetError(f"{path!r}: {error.strerror}") from error
    if not line.strip():
        raise DatasetError(f"{path!r} is empty")
    return next((mark for mark in ",;\t" if mark.encode() in line), ",")


def _read(path: str) -> _Read | FeatureTable:
    """Read a file, whichever of the two kinds it is, or the table that was written as one."""
    delimiter = _delimiter(path)
    with open(path, "rb") as file:
        is_parquet = file.read(4) == b"PAR1" or path.lower().endswith(".parquet")
    if not is_parquet:
        lines = read_csv(path, (), delimiter=delimiter)
        if not lines:
            raise DatasetError(f"{path!r}: has no rows")
        columns = tuple(lines[0])
        texts = {name: [line[name] for line in lines] for name in _KNOWN if name in columns}
        return _Read(path, columns, texts, lines)
    content = open_parquet(path)
    if is_table(content):
        return read_parquet(path, kind=FeatureTable, rows=content)
    columns = tuple(content.column_names)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DatasetError(f"{path!r}: column {twice[0]!r} appears more than once")
    if not len(content):
        raise DatasetError(f"{path!r}: has no rows")
    texts = {
        name: ["" if value is None else str(value) for value in content.column(name).to_pylist()]
        for name in _KNOWN
        if name in columns
    }
    return _Read(path, columns, texts, content)


def _listed(path: str, rows: _Read) -> list[Track]:
    """Return what is known of each row but its features, all of it checked."""
    ids = unique_ids(path, rows.texts[rows.id_column])
    labels = [label.strip() for label in rows.labels]
    spellings: dict[str, str] = {}
    for label in labels:
        other = spellings.setdefault(label.casefold(), label)
        if other != label:
            raise DatasetError(f"{path!r}: labels {other!r} and {label!r} differ only in case")
    blank = [""] * len(ids)
    splits = [split.strip() for split in rows.texts.get("split", blank)]
    for name, split in zip(ids, splits, strict=True):
        if split not in _SPLITS:
            raise DatasetError(
                f"{path!r}: column 'split' of row {str(name)!r} is {split!r}, "
                "not one of train, valid, test"
            )
    names = [track.strip() for track in rows.texts.get("track", blank)]
    _refuse_torn(path, names, "labels", labels)
    _refuse_torn(path, names, "splits", splits)
    groups: dict[str, IntArray] = {}
    by_track = numbered(names)
    if "artist" in rows.texts:
        by_artist = numbered(artist_key(artist) for artist in rows.texts["artist"])
        groups["artist"] = joined_groups(by_artist, by_track)
    if "track" in rows.texts:
        groups["track"] = by_track
    artists = rows.texts.get("artist", blank)
    return [
        Track(
            id=str(name),
            label=labels[at],
            path=_audio(path, str(name)),
            artist=artists[at].strip(),
            groups={kind: int(group[at]) for kind, group in groups.items()},
            partitions={"official": splits[at]} if "split" in rows.texts else {},
        )
        for at, name in enumerate(ids)
    ]


def _refuse_torn(path: str, tracks_of_rows: list[str], what: str, values: list[str]) -> None:
    """Refuse a track whose rows have two labels, or are in two parts of the split."""
    known: dict[str, str] = {}
    for track, value in zip(tracks_of_rows, values, strict=True):
        if track and value:
            other = known.setdefault(track, value)
            if other != value:
                raise DatasetError(f"{path!r}: track {track!r} has {what} {other!r} and {value!r}")


def _audio(path: str, name: str) -> str | None:
    """Return the file a row is named after, where there is one beside the table."""
    beside = os.path.join(os.path.dirname(path), name)
    return beside if os.path.isfile(beside) else None


def _tracks(file: PathName) -> list[Track]:
    """Read everything in a table except the features, including rows without a genre.

    The path is that of a file beside the table that has the row's name.
    """
    path = os.fspath(file)
    rows = _read(path)
    if isinstance(rows, _Read):
        return _listed(path, rows)
    return [
        Track(
            id=str(name),
            label=str(rows.labels[at]),
            path=_audio(path, str(name)),
            groups={kind: int(group[at]) for kind, group in rows.groups.items()},
            partitions={kind: str(part[at]) for kind, part in rows.partitions.items()},
        )
        for at, name in enumerate(rows.ids)
    ]


def _read_table(
    file: PathName,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    unit: RowUnit | None = None,
    ignore: Collection[str] = (),
) -> FeatureTable:
    """Read the rows with a genre.

    Features are a registered set, whose columns must all be there, in any order, and no others; or
    ``columns``: whatever columns there are, but for those to `ignore`. By default they are
    ``gtzan57`` if all its columns are there, else ``columns``, whose fingerprint is the SHA-256 of
    their names, in the order of the file. A row is a segment if there is a column ``track`` in
    which a name appears twice.
    """
    path = os.fspath(file)
    rows = _read(path)
    if isinstance(rows, FeatureTable):
        _check_settings(path, rows, feature_set, unit)
        return rows
    found = _listed(path, rows)
    name, fingerprint, names = _choose(rows, feature_set, ignore)
    kept = np.array([at for at, track in enumerate(found) if track.label], dtype=np.int64)
    genres = sorted({track.label for track in found if track.label})
    if len(genres) < 2:
        texts = f"all of one genre, {genres[0]!r}" if genres else "none of them with a genre"
        raise DatasetError(
            f"{path!r}: has {counted(len(found), 'row')}, {texts}: two genres are needed"
        )
    X = rows.features(names, kept)
    sources = _provenance(path, len(found) - len(kept), rows, names)
    known = Rows.of_tracks([found[at] for at in kept], provenance=sources)
    several = "track" in known.groups and len(np.unique(known.groups["track"])) < len(kept)
    table = FeatureTable(
        **vars(known) | {"unit": "segment" if several else "track"},
        X=X,
        feature_set=name,
        fingerprint=fingerprint,
        names=names,
    ).with_duplicates(identical_rows(X))
    _check_settings(path, table, feature_set, unit)
    return table


def _check_settings(
    path: str, table: FeatureTable, feature_set: str | None, unit: RowUnit | None
) -> None:
    if feature_set not in (None, table.feature_set):
        raise ParameterError(f"feature_set={feature_set!r}: {path!r} holds {table.feature_set!r}")
    if unit not in (None, table.unit):
        raise ParameterError(f"unit={unit!r}: a row of {path!r} is a {table.unit}")


def _choose(
    rows: _Read, feature_set: str | None, ignore: Collection[str]
) -> tuple[str, str, tuple[str, ...]]:
    """Return name, fingerprint and columns of the features."""
    unknown = [name for name in ignore if name not in rows.columns]
    if unknown:
        raise ParameterError(f"ignore: {rows.path!r} has no column {unknown[0]!r}")
    features = tuple(name for name in rows.columns if name not in _KNOWN and name not in ignore)
    if not features:
        raise DatasetError(f"{rows.path!r}: has no column of features")
    if feature_set is None:
        feature_set = GTZAN57.name if set(GTZAN57.names) <= set(features) else COLUMNS
    if feature_set == COLUMNS:
        text = json.dumps({"columns": features}, separators=(",", ":"))
        return COLUMNS, hashlib.sha256(text.encode()).hexdigest(), features
    chosen = get_feature_set(feature_set)
    missing = [name for name in chosen.names if name not in features]
    if missing:
        raise DatasetError(f"{rows.path!r}: column {missing[0]!r} of {chosen.name} is missing")
    extra = [name for name in features if name not in chosen.names]
    if extra:
        raise DatasetError(
            f"{rows.path!r}: {chosen.name} has no column {', '.join(map(repr, extra))}: ignore "
            f"what is too many, or ask for the feature set {COLUMNS!r}"
        )
    return chosen.name, chosen.fingerprint, chosen.names


def _provenance(
    path: str, n_left_out: int, rows: _Read, names: Collection[str]
) -> Mapping[str, str]:
    used = {rows.id_column, *_LABELS[: 1 + ("label" not in rows.columns)], *_OPTIONAL, *names}
    columns = [name for name in rows.columns if name not in used]
    more = {}
    if n_left_out:
        more["left_out"] = f"{n_left_out} rows without a genre"
    if columns:
        more["columns_left_out"] = ", ".join(columns)
    folder, name = os.path.split(path)
    return provenance_of(CORPUS.title, CITATION, folder, [name], **more)


CORPUS = Corpus(
    name="table",
    title="A table of features",
    size="as many rows as it has",
    expects="a CSV or Parquet file with columns id, label, features, and, where known, artist, "
    "track and split",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "without a column artist it cannot be known whether artists are on both sides of a split",
        "rows that are equal in all features are kept on one side by the group 'duplicate'",
    ),
    files={},
    feature_sets=(GTZAN57.name, COLUMNS),
    tracks=_tracks,
    read_table=_read_table,
)
