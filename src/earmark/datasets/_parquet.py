"""Tables of features as Parquet files.

Columns: ``id``, ``label``, ``group:NAME`` and ``partition:NAME`` for each of those, then one column
a feature under its own name. The metadata of the schema, key ``earmark``, is a JSON object that
names them in order, with the feature set, its fingerprint, the unit, the provenance and the digest.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from earmark.errors import DatasetError
from earmark.files import atomic_write
from earmark.types import PathName

if TYPE_CHECKING:
    from earmark.datasets._table import FeatureTable

__all__ = ["is_table", "open_parquet", "read_parquet", "write_parquet"]

_SCHEMA = "earmark.table/1"
_KEYS = (
    *("feature_set", "fingerprint", "unit", "names", "groups", "partitions"),
    *("provenance", "digest"),
)


def write_parquet(table: FeatureTable, path: PathName) -> None:
    """Write a table, see `FeatureTable.to_parquet`."""
    columns: dict[str, Any] = {
        "id": pa.array(table.ids.tolist(), pa.string()),
        "label": pa.array(table.labels.tolist(), pa.string()),
    }
    for name, group in table.groups.items():
        columns[f"group:{name}"] = pa.array(group, pa.int64())
    for name, part in table.partitions.items():
        columns[f"partition:{name}"] = pa.array(part.tolist(), pa.string())
    taken = [name for name in table.names if name in columns]
    if taken:
        raise DatasetError(f"feature {taken[0]!r} has the name of another column of the file")
    for name, values in zip(table.names, table.X.T, strict=True):
        columns[name] = pa.array(np.ascontiguousarray(values), pa.float64())
    about = {
        "schema": _SCHEMA,
        "feature_set": table.feature_set,
        "fingerprint": table.fingerprint,
        "unit": table.unit,
        "names": list(table.names),
        "groups": list(table.groups),
        "partitions": list(table.partitions),
        "provenance": dict(table.provenance),
        "digest": table.digest,
    }
    rows = pa.table(columns).replace_schema_metadata({"earmark": json.dumps(about)})
    with atomic_write(path) as file:
        pq.write_table(rows, file)


def open_parquet(path: PathName) -> pa.Table:
    """Read a Parquet file, or say why it cannot be read."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            return pq.ParquetFile(file).read()
    except OSError as error:
        # What Arrow finds wrong inside a file is an OSError, too, but one without a number.
        reason = error.strerror if error.errno else f"is not Parquet, or is damaged: {error}"
        raise DatasetError(f"{name!r}: {reason}") from error
    except pa.ArrowException as error:
        raise DatasetError(f"{name!r} is not Parquet: {error}") from error


def is_table(rows: pa.Table) -> bool:
    """Say whether rows read from Parquet are a table of features that was written as one."""
    try:
        about = json.loads((rows.schema.metadata or {}).get(b"earmark", b"null"))
    except ValueError:
        return False
    return isinstance(about, dict) and str(about.get("schema", "")).startswith("earmark.table/")


def _described(path: PathName, rows: pa.Table) -> dict[str, Any]:
    """Return what the metadata says, or say what is wrong with it."""
    if not is_table(rows):
        raise DatasetError(f"{os.fspath(path)!r} is not a table of features: it has no schema")
    about: dict[str, Any] = json.loads(rows.schema.metadata[b"earmark"])
    if about["schema"] != _SCHEMA:
        raise DatasetError(f"{os.fspath(path)!r}: schema {about['schema']!r} is not {_SCHEMA!r}")
    missing = [key for key in _KEYS if key not in about]
    if missing:
        raise DatasetError(f"{os.fspath(path)!r}: its schema lacks {missing[0]!r}")
    return about


def _column(path: PathName, rows: pa.Table, name: str, kind: pa.DataType) -> npt.NDArray[Any]:
    """Return one column, or say what is wrong with it."""
    if rows.schema.names.count(name) != 1:
        reason = "appears more than once" if name in rows.schema.names else "is missing"
        raise DatasetError(f"{os.fspath(path)!r}: column {name!r} {reason}")
    column = rows.column(name)
    if column.type != kind:
        raise DatasetError(f"{os.fspath(path)!r}: column {name!r} is {column.type}, not {kind}")
    if column.null_count:
        at = column.to_pylist().index(None)
        row = rows.column("id")[at].as_py() if name != "id" else at
        raise DatasetError(f"{os.fspath(path)!r}: column {name!r} of row {row!r} is empty")
    if kind == pa.string():
        return np.array(column.to_pylist(), dtype=np.str_)
    values: npt.NDArray[Any] = column.to_numpy()
    return values


def read_parquet(
    path: PathName, *, kind: type[FeatureTable], rows: pa.Table | None = None
) -> FeatureTable:
    """Read a table, see `FeatureTable.from_parquet`; `rows` are those of the file if read."""
    if rows is None:
        rows = open_parquet(path)
    about = _described(path, rows)
    ids = _column(path, rows, "id", pa.string())
    features = [_column(path, rows, name, pa.float64()) for name in about["names"]]
    try:
        table = kind(
            ids=ids,
            X=np.column_stack(features) if features else np.empty((len(ids), 0)),
            feature_set=about["feature_set"],
            fingerprint=about["fingerprint"],
            labels=_column(path, rows, "label", pa.string()),
            groups={
                name: _column(path, rows, f"group:{name}", pa.int64()) for name in about["groups"]
            },
            partitions={
                name: _column(path, rows, f"partition:{name}", pa.string())
                for name in about["partitions"]
            },
            provenance=about["provenance"],
            names=tuple(about["names"]),
            unit=about["unit"],
        )
    except DatasetError as error:
        if str(error).startswith(repr(os.fspath(path))):
            raise
        raise DatasetError(f"{os.fspath(path)!r}: {error}") from error
    if table.digest != about["digest"]:
        raise DatasetError(
            f"{os.fspath(path)!r} has changed since it was written: its digest differs"
        )
    return table
