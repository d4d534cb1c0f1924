"""Features of many files as one Parquet or CSV table, on this machine or on Ray."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from earmark.arguments import check_ending, checked
from earmark.errors import AudioError, MissingExtraError, ParameterError
from earmark.extraction import (
    FAILURES_SCHEMA,
    Journal,
    Unit,
    batch_to_bytes,
    bytes_to_batch,
    failure_row,
    features_schema,
    file_to_rows,
    find_inputs,
    find_remote_inputs,
    is_remote,
    map_files,
    usable_cores,
)
from earmark.features import FeatureSet, get_feature_set
from earmark.files import atomic_write, check_target, file_state
from earmark.records import Record, failure_record
from earmark.types import PathName, Progress

__all__ = ["Extraction", "extract_features", "failures_path"]

Engine = Literal["local", "ray"]
Failed = tuple[AudioError, ...]
Answers = Iterator[AudioError | tuple[str, pa.RecordBatch]]

_ROWS_PER_GROUP = 1000
_ENDINGS = (".parquet", ".csv")


@dataclass(frozen=True)
class Extraction(
    Record,
    schema="earmark.extraction/1",
    keys=(
        *("output", "failures", "files=n_files", "resumed=n_resumed", "rows=n_rows"),
        ("failed", lambda extraction: [failure_record(error) for error in extraction.failed]),
    ),
):
    """What came of extracting features.

    Attributes
    ----------
    output, failures : str
        Paths of the two tables.
    n_files : int
        Files that were asked for.
    n_resumed : int
        Those of them that an earlier run had done.
    n_rows : int
        Rows of the table of features.
    failed : tuple of AudioError
        The files that have none, and why.
    """

    output: str
    failures: str
    n_files: int
    n_resumed: int
    n_rows: int
    failed: tuple[AudioError, ...]


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


@checked
def extract_features(
    paths: Iterable[PathName],
    *,
    output: PathName,
    sets: Sequence[str] = ("gtzan57",),
    unit: Unit = "clip",
    jobs: int | None = 1,
    engine: Engine = "local",
    address: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Extraction:
    """Compute feature sets of files and of the files in folders, and write them as a table.

    What is done is kept in a journal beside the output, file by file: the same call goes on after
    the process was ended at any moment, and ends with the same table. The table itself is written
    last, in one step.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files and folders; folders are searched through and through.
    output : str or path-like
        The file to write: Parquet if its name ends in ``.parquet``, CSV if it ends in ``.csv``.
        Failures go to another beside it, see `failures_path`.
    sets : sequence of str
        Names of feature sets.
    unit : {"clip", "segment", "track"}
        What a row is about.
    jobs : int or None
        Processes that work at a time; with 1 it is done in this one; None takes as many as there
        are cores. A script that asks for more than 1 must guard its main part by
        ``if __name__ == "__main__":``.
    engine : {"local", "ray"}
        Processes of this machine, or Ray Data (extra ``ray``): then `paths` and `output` may be any
        fsspec path, ``s3://bucket/music`` say, and the rows are the same. There is no journal; Ray
        itself does again what was lost with a worker.
    address : str or None
        Address of the Ray cluster; None uses this machine.
    overwrite : bool
        Whether to replace a table that is there and holds something else.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Returns
    -------
    Extraction
        What was done, and what failed.

    Raises
    ------
    ParameterError
        If a set, the unit, the engine or `jobs` is not one there is; if the output exists, or its
        ending is neither of the two; if CSV is asked for a set of values per frame; if a journal
        of a run with other settings is in the way.
    MissingExtraError
        If Ray is asked for and is not installed.
    OSError
        If the output cannot be written. What was done is kept.

    Examples
    --------
    >>> import pathlib, soundfile, tempfile
    >>> from earmark.testing import music_like
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/a.wav", music_like(duration=4), 22_050)
    ...     _ = pathlib.Path(f"{folder}/b.mp3").write_text("not music")
    ...     done = extract_features([folder], output=f"{folder}/features.parquet")
    >>> done.n_rows, [error.code for error in done.failed]
    (1, ['no-audio'])
    """
    chosen = [get_feature_set(name) for name in sets]
    schema = features_schema(chosen, unit)
    if check_ending("output", output, _ENDINGS) == ".csv":
        _check_fits_csv(chosen)
    if engine == "ray":
        _check_ray()
        where = os.fspath(output)
        if not is_remote(where):
            where = os.path.abspath(where.removeprefix("file://"))
        _refuse_to_overwrite(where, overwrite=overwrite)
        return _extract_on_ray(
            find_remote_inputs([os.fspath(path) for path in paths]),
            output=where,
            sets=sets,
            unit=unit,
            address=address,
            progress=progress,
        )
    if engine != "local":
        raise ParameterError(f"engine={engine!r} is not one of local, ray")
    if address is not None:
        raise ParameterError(f"address={address!r} needs engine='ray'")
    inputs = find_inputs(paths)
    settings = {**json.loads(schema.metadata[b"earmark"]), "journal": 1}
    target = os.path.abspath(os.fspath(output))
    states = {path: _state(path) for path in inputs if isinstance(path, str)}
    if jobs is None:
        jobs = usable_cores()
    if jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    _refuse_to_overwrite(target, overwrite=overwrite)
    work = partial(_as_bytes, partial(file_to_rows, sets=chosen, unit=unit))
    with Journal(f"{target}.journal", settings=settings) as journal:
        done = {record.key["path"]: record for record in journal.records}
        resumed = {
            path for path, state in states.items() if path in done and done[path].key == state
        }
        waiting = [path for path in states if path not in resumed]
        n_done = len(resumed)
        for path, rows in map_files(work, waiting, jobs=jobs, ordered=False):
            body = batch_to_bytes(failure_row(rows)) if isinstance(rows, AudioError) else rows
            journal.append(states[path], body)
            n_done += 1
            if progress is not None:
                progress(n_done, len(states), path)
        done = {record.key["path"]: record for record in journal.records}
        n_rows, failed = _write_tables(
            target,
            schema,
            (
                path
                if isinstance(path, AudioError)
                else (path, bytes_to_batch(journal.body(done[path])))
                for path in inputs
            ),
        )
    os.unlink(f"{target}.journal")
    return Extraction(target, failures_path(target), len(inputs), len(resumed), n_rows, failed)


def _check_fits_csv(sets: Sequence[FeatureSet]) -> None:
    per_frame = [one.name for one in sets if one.per_frame]
    if per_frame:
        raise ParameterError(
            f"output: CSV cannot hold {per_frame[0]!r}, which has values for every frame; give a "
            "name that ends in .parquet"
        )


def _as_bytes(rows_of: Callable[[str], pa.RecordBatch], path: str) -> bytes:
    """Compute the rows of a file as the journal keeps them, in the process that works on it."""
    return batch_to_bytes(rows_of(path))


def _state(path: str) -> dict[str, Any]:
    """Return what tells whether a file is still the one that was worked on."""
    state = file_state(path)
    known = {"size": None, "mtime_ns": None} if state is None else vars(state)
    return {"path": path, **known}


def _check_ray() -> None:
    try:
        importlib.import_module("ray.data")
    except ModuleNotFoundError as error:
        raise MissingExtraError("ray", error.name) from error


def _refuse_to_overwrite(target: str, *, overwrite: bool) -> None:
    if is_remote(target):
        import fsspec

        system, inner = fsspec.core.url_to_fs(target)
        exists = system.exists(inner)
    else:
        # With its journal beside it, a table is one this run was about to finish.
        resumed = os.path.lexists(f"{target}.journal")
        check_target(target, overwrite=overwrite or resumed)
        return
    if exists and not overwrite:
        raise ParameterError(
            f"output={target!r} already exists. Choose another name, or pass overwrite=True"
        )


def _write_tables(target: str, schema: pa.Schema, answers: Answers) -> tuple[int, Failed]:
    """Write both tables to the local disk, and put them in place when both are whole."""
    with atomic_write(target) as features, atomic_write(failures_path(target)) as failures:
        return _write(features, failures, schema, answers, ending=_ending(target))


def _ending(output: str) -> str:
    return os.path.splitext(output)[1].lower()


def _write(
    features: BinaryIO, failures: BinaryIO, schema: pa.Schema, answers: Answers, *, ending: str
) -> tuple[int, Failed]:
    """Write rows and failures to two files, in the order they come."""
    writer_of = pyarrow.csv.CSVWriter if ending == ".csv" else pq.ParquetWriter
    failed: list[AudioError] = []
    n_rows = 0
    pending: list[pa.RecordBatch] = []
    with writer_of(features, schema) as writer:
        for answer in answers:
            if isinstance(answer, AudioError):
                failed.append(answer)
                continue
            path, batch = answer
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


def _extract_on_ray(
    inputs: Sequence[str | AudioError],
    *,
    output: str,
    sets: Sequence[str],
    unit: Unit,
    address: str | None,
    progress: Progress | None,
) -> Extraction:
    """Do it on Ray, streaming from and to any file system."""
    import fsspec

    from earmark.extraction._ray import map_on_ray

    schema = features_schema([get_feature_set(name) for name in sets], unit)
    files = [path for path in inputs if isinstance(path, str)]

    def answers() -> Answers:
        done = map_on_ray(files, sets=sets, unit=unit, address=address)
        for count, path in enumerate(inputs, start=1):
            yield path if isinstance(path, AudioError) else next(done)
            if progress is not None:
                progress(count, len(inputs), str(path))

    if is_remote(output):
        system, inner = fsspec.core.url_to_fs(output)
        with (
            system.transaction,  # both tables whole, or none
            system.open(inner, "wb") as features,
            system.open(failures_path(inner), "wb") as failures,
        ):
            n_rows, failed = _write(features, failures, schema, answers(), ending=_ending(output))
    else:
        n_rows, failed = _write_tables(output, schema, answers())
    return Extraction(output, failures_path(output), len(inputs), 0, n_rows, failed)
