"""The two tables that features are written to: rows, and files that failed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from earmark.arguments import check_ending, checked
from earmark.errors import AudioError, ParameterError
from earmark.extraction._remote import file_system, is_remote
from earmark.extraction._rows import FAILURES_SCHEMA, failure_row
from earmark.features import FeatureSet
from earmark.files import atomic_write, check_target
from earmark.types import PathName

__all__ = ["FileRows", "check_tables", "failures_path", "write_tables"]

FileRows: TypeAlias = AudioError | tuple[str, pa.RecordBatch]
"""The path of a file and its rows, of features or of one failure; or why there are none."""

_ROWS_PER_GROUP = 1000
_ENDINGS = (".parquet", ".csv")


@checked
def failures_path(output: PathName) -> str:
    """Return where the table of failures of an output is written.

    Parameters
    ----------
    output : str or path-like
        Path of the table of features.

    Returns
    -------
    str
        Its path with ``.failures`` before the ending.

    Examples
    --------
    >>> failures_path("music.parquet")
    'music.failures.parquet'
    """
    stem, ending = os.path.splitext(os.fspath(output))
    return f"{stem}.failures{ending}"


def check_tables(output: str, sets: Sequence[FeatureSet], *, overwrite: bool) -> None:
    """Refuse tables that cannot be written, before the work whose result they are to hold.

    Parameters
    ----------
    output : str
        Local path, or that of any file system, of the table of features.
    sets : sequence of FeatureSet
        What it is to hold.
    overwrite : bool
        Whether it may be replaced.

    Raises
    ------
    ParameterError
        If it exists and may not be replaced, its ending is neither ``.parquet`` nor ``.csv``, or
        CSV cannot hold the features.
    """
    per_frame = [each.name for each in sets if each.per_frame]
    if check_ending("output", output, _ENDINGS) == ".csv" and per_frame:
        raise ParameterError(
            f"output: CSV cannot hold {per_frame[0]!r}, which has values for every frame; give a "
            "name that ends in .parquet"
        )
    if not is_remote(output):
        check_target(output, overwrite=overwrite)
        return
    system, inner = file_system(output)
    if system.exists(inner) and not overwrite:
        raise ParameterError(
            f"output={output!r} already exists. Choose another name, or pass overwrite=True"
        )


def write_tables(
    output: str, schema: pa.Schema, rows_of_files: Iterable[FileRows]
) -> tuple[int, tuple[AudioError, ...]]:
    """Write the tables of features and of failures, both whole or neither.

    Parameters
    ----------
    output : str
        Local path, or that of any file system, of the table of features.
    schema : pyarrow.Schema
        Its columns.
    rows_of_files : iterable of FileRows
        The rows, file by file.

    Returns
    -------
    n_rows : int
        Rows of features.
    failed : tuple of AudioError
        What is in the table of failures.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    ending = os.path.splitext(output)[1].lower()
    if not is_remote(output):
        with atomic_write(output) as rows, atomic_write(failures_path(output)) as failures:
            return _write(rows, failures, schema, rows_of_files, ending=ending)
    system, inner = file_system(output)
    with (
        system.transaction,
        system.open(inner, "wb") as rows,
        system.open(failures_path(inner), "wb") as failures,
    ):
        return _write(rows, failures, schema, rows_of_files, ending=ending)


def _write(
    features: BinaryIO,
    failures: BinaryIO,
    schema: pa.Schema,
    rows_of_files: Iterable[FileRows],
    *,
    ending: str,
) -> tuple[int, tuple[AudioError, ...]]:
    """Write rows and failures to two files, in the order they come."""
    writer_of = pyarrow.csv.CSVWriter if ending == ".csv" else pq.ParquetWriter
    failed: list[AudioError] = []
    n_rows = 0
    pending: list[pa.RecordBatch] = []
    with writer_of(features, schema) as writer:
        for of_file in rows_of_files:
            if isinstance(of_file, AudioError):
                failed.append(of_file)
                continue
            path, batch = of_file
            if batch.schema.equals(FAILURES_SCHEMA):
                (row,) = batch.to_pylist()
                failed.append(AudioError.of_code(row["code"], path, row["reason"]))
                continue
            n_rows += len(batch)
            pending.append(batch)
            if sum(map(len, pending)) >= _ROWS_PER_GROUP:
                writer.write_table(pa.Table.from_batches(pending))
                pending.clear()
        if pending:
            writer.write_table(pa.Table.from_batches(pending))
    rows = [failure_row(error) for error in failed]
    with writer_of(failures, FAILURES_SCHEMA) as writer:
        writer.write_table(pa.Table.from_batches(rows, schema=FAILURES_SCHEMA))
    return n_rows, tuple(failed)
