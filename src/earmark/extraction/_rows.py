"""Features as rows of a Parquet table, and failures as rows of another."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from earmark.errors import AudioError, ParameterError
from earmark.extraction._tracks import UNITS, TrackFeatures, Unit, extract_track
from earmark.features import FeatureSet
from earmark.files import content_hash

__all__ = ["FAILURES_SCHEMA", "failure_row", "features_schema", "file_to_rows", "stored_path"]

FAILURES_SCHEMA = pa.schema([("path", pa.string()), ("code", pa.string()), ("reason", pa.string())])
"""Columns of the table of failures."""

_VALUES = {"logmel": pa.float32(), "logmel_gtzan": pa.uint8(), "segment_bands": pa.uint8()}


def stored_path(path: str) -> str:
    r"""Return a path as UTF-8; other bytes are written as ``\xNN``.

    Parameters
    ----------
    path : str
        The path.

    Returns
    -------
    str
        What can be stored as text anywhere.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def features_schema(sets: Sequence[FeatureSet], unit: Unit) -> pa.Schema:
    """Return the columns of a table of features.

    Parameters
    ----------
    sets : sequence of FeatureSet
        What it holds.
    unit : {"track", "clip", "segment"}
        What a row is about.

    Returns
    -------
    pyarrow.Schema
        ``path, sha256, index, start, end, fingerprint``, then a column for each feature; a set that
        keeps the frames has one column of its name, the matrix row by row, and one of how many
        frames there are. The metadata names sets, versions, fingerprints and the unit.

    Raises
    ------
    ParameterError
        If no set is named, or one twice, or one that cannot be computed from audio; if there is no
        unit of that name; if the frames of a whole track are asked for.
    """
    if unit not in UNITS:
        raise ParameterError(f"unit={unit!r} is not one of {', '.join(UNITS)}")
    names = [one.name for one in sets]
    if not names:
        raise ParameterError("sets is empty")
    if unit == "track" and any(one.per_frame for one in sets):
        raise ParameterError("unit='track' has no frames: choose clip or segment")
    unknown = [one.name for one in sets if one.from_spectra is None]
    if unknown:
        raise ParameterError(f"feature set {unknown[0]!r} cannot be computed from audio")
    if len(set(names)) < len(names):
        raise ParameterError(f"sets: one of {names} is named twice")
    fields = [
        pa.field("path", pa.string()),
        pa.field("sha256", pa.string()),
        pa.field("index", pa.int32()),
        pa.field("start", pa.float64()),
        pa.field("end", pa.float64()),
        pa.field("fingerprint", pa.string()),
    ]
    for one in sets:
        if one.per_frame:
            fields.append(pa.field(one.name, pa.list_(_VALUES[one.name])))
            fields.append(pa.field(f"{one.name}_frames", pa.int32()))
        else:
            fields += [pa.field(name, pa.float64()) for name in one.names]
    described = {
        "schema": "earmark.features/1",
        "unit": unit,
        "sets": {
            one.name: {"version": one.version, "fingerprint": one.fingerprint} for one in sets
        },
    }
    return pa.schema(fields, metadata={"earmark": json.dumps(described, sort_keys=True)})


def _fingerprint(sets: Sequence[FeatureSet]) -> str:
    """Return the fingerprint of a set, or of several one of their own."""
    if len(sets) == 1:
        return sets[0].fingerprint
    return hashlib.sha256("+".join(one.fingerprint for one in sets).encode()).hexdigest()


def _rows(
    path: str, digest: str, track: TrackFeatures, sets: Sequence[FeatureSet], schema: pa.Schema
) -> pa.RecordBatch:
    n = len(track.bounds)
    texts = {"path": stored_path(path), "sha256": digest, "fingerprint": _fingerprint(sets)}
    numbers: dict[str, Any] = {
        "index": np.arange(n),
        "start": [start for start, _ in track.bounds],
        "end": [end for _, end in track.bounds],
    }
    for one in sets:
        values = track.values[one.name]
        if one.per_frame:
            numbers[one.name] = values
            numbers[f"{one.name}_frames"] = [matrix.shape[1] for matrix in values]
        else:
            numbers |= dict(zip(one.names, track.matrix(one).T, strict=True))
    arrays = []
    for field in schema:
        if field.name in texts:
            arrays.append(_repeated(texts[field.name], n))
        elif pa.types.is_list(field.type):
            matrices = numbers[field.name]
            ends = np.cumsum([0, *(matrix.size for matrix in matrices)])
            inner = _column(np.concatenate([m.ravel() for m in matrices]), field.type.value_type)
            arrays.append(pa.ListArray.from_arrays(_column(ends, pa.int32()), inner))
        else:
            arrays.append(_column(numbers[field.name], field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _repeated(text: str, n: int) -> pa.Array:
    """Make a text a column, the same in each row."""
    content = text.encode()
    ends = len(content) * np.arange(n + 1, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), n, [None, pa.py_buffer(ends), pa.py_buffer(content * n)]
    )


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    """Make numbers a column; `pa.array` would load pandas to see whether they are one of its."""
    numbers = np.ascontiguousarray(values, dtype=kind.to_pandas_dtype())
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])


def file_to_rows(path: str, *, sets: Sequence[FeatureSet], unit: Unit) -> pa.RecordBatch:
    """Compute the rows of one file, or the row that says why there are none.

    Parameters
    ----------
    path : str
        The file.
    sets : sequence of FeatureSet
        What to compute.
    unit : {"track", "clip", "segment"}
        What a row is about.

    Returns
    -------
    pyarrow.RecordBatch
        Of `features_schema`, or one row of `FAILURES_SCHEMA`.

    See Also
    --------
    map_files : Turns whatever else a file makes this raise into the failure of that file.
    """
    try:
        track = extract_track(path, sets, unit=unit)
        digest = content_hash(path)
    except AudioError as error:
        return failure_row(error)
    return _rows(path, digest, track, sets, features_schema(sets, unit))


def batch_to_bytes(batch: pa.RecordBatch) -> bytes:
    """Write a batch with its schema.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        What to write.

    Returns
    -------
    bytes
        An Arrow stream.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def bytes_to_batch(content: bytes) -> pa.RecordBatch:
    """Read what `batch_to_bytes` wrote.

    Parameters
    ----------
    content : bytes
        An Arrow stream of one batch.

    Returns
    -------
    pyarrow.RecordBatch
        The batch.
    """
    with pa.ipc.open_stream(content) as reader:
        return reader.read_next_batch()


def failure_row(error: AudioError) -> pa.RecordBatch:
    """Make an error a row of the table of failures.

    Parameters
    ----------
    error : AudioError
        What went wrong with a file.

    Returns
    -------
    pyarrow.RecordBatch
        One row of `FAILURES_SCHEMA`.
    """
    reason = error.reason.encode("utf-8", "backslashreplace").decode()
    row = {"path": stored_path(os.fspath(error.path)), "code": error.code, "reason": reason}
    return pa.RecordBatch.from_pylist([row], schema=FAILURES_SCHEMA)
