"""Features of many files as one Parquet or CSV table, on this machine or on Ray."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from earmark.arguments import checked
from earmark.errors import AudioError, MissingExtraError, ParameterError
from earmark.extraction import (
    FileRows,
    Journal,
    Unit,
    batch_to_bytes,
    bytes_to_batch,
    check_tables,
    failure_row,
    failures_path,
    features_schema,
    file_to_rows,
    find_inputs,
    find_remote_inputs,
    is_remote,
    map_files,
    write_tables,
)
from earmark.features import FeatureSet, get_feature_set
from earmark.files import file_state
from earmark.processes import usable_cores
from earmark.records import Record, failure_record
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job

__all__ = ["Extraction", "extract_features"]

Engine = Literal["local", "ray"]


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
        Number of files.
    n_resumed : int
        Number of these that an earlier run had finished.
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
def extract_features(
    paths: Iterable[PathName],
    *,
    output: PathName,
    sets: Sequence[str] = ("gtzan57",),
    unit: Unit = "clip",
    jobs: int | None = None,
    engine: Engine = "local",
    address: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Extraction:
    """Compute feature sets of files and of the files in folders, and write them as a table.

    What is done is kept in a journal beside the output, file by file: after an interruption, the
    same call continues. The table itself is written last, in one step.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files and folders; folders are searched through and through.
    output : str or path-like
        The file to write: Parquet if its name ends in ``.parquet``, CSV if it ends in ``.csv``.
        Failures go to another beside it, see `earmark.extraction.failures_path`.
    sets : sequence of str
        Names of feature sets.
    unit : {"clip", "segment", "track"}
        What a row is about.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core. On Windows
        and macOS, a script that uses several must guard its main part by
        ``if __name__ == "__main__":``.
    engine : {"local", "ray"}
        Processes of this machine, or Ray Data (extra ``ray``): then `paths` and `output` may be any
        fsspec path, such as ``s3://bucket/music``, and Ray takes the place of the journal.
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
        If an argument has a value that is not accepted, CSV cannot hold the features, the output
        exists, or its journal is of a run with other settings.
    MissingExtraError
        If Ray is requested but not installed.
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
    wanted = _Wanted(os.fspath(output), chosen, unit, overwrite, Job.of(progress, "features"))
    if engine == "ray":
        return _extract_on_ray([os.fspath(path) for path in paths], wanted, address=address)
    if engine != "local":
        raise ParameterError(f"engine={engine!r} is not one of local, ray")
    if address is not None:
        raise ParameterError(f"address={address!r} needs engine='ray'")
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs={jobs} must be 1 or more")
    return _extract_here(find_inputs(paths), wanted, jobs=jobs or usable_cores())


@dataclass(frozen=True)
class _Wanted:
    """What is to be computed, and where it goes."""

    output: str
    sets: Sequence[FeatureSet]
    unit: Unit
    overwrite: bool
    job: Job[Extraction]

    def write(
        self,
        output: str,
        inputs: Sequence[str | AudioError],
        rows_of_files: Iterable[FileRows],
        *,
        n_resumed: int = 0,
    ) -> Extraction:
        schema = features_schema(self.sets, self.unit)
        n_rows, failed = write_tables(output, schema, rows_of_files)
        for error in failed:
            self.job.fail(error)
        return Extraction(output, failures_path(output), len(inputs), n_resumed, n_rows, failed)


def _extract_here(inputs: Sequence[str | AudioError], wanted: _Wanted, *, jobs: int) -> Extraction:
    """Compute rows file by file into a journal, and write the tables out of that."""
    output = os.path.abspath(wanted.output)
    path_of_journal = f"{output}.journal"
    # With its journal beside it, a table is one this run was about to finish.
    overwrite = wanted.overwrite or os.path.lexists(path_of_journal)
    check_tables(output, wanted.sets, overwrite=overwrite)
    metadata = features_schema(wanted.sets, wanted.unit).metadata[b"earmark"]
    states = {path: _state(path) for path in inputs if isinstance(path, str)}
    work = partial(_as_bytes, partial(file_to_rows, sets=wanted.sets, unit=wanted.unit))
    with Journal(path_of_journal, settings={**json.loads(metadata), "journal": 1}) as journal:
        done = {record.key["path"]: record for record in journal.records}
        resumed = {
            path for path, state in states.items() if path in done and done[path].key == state
        }
        waiting = [path for path in states if path not in resumed]
        computed = map_files(work, waiting, jobs=jobs, ordered=False)
        with closing(computed):  # type: ignore[type-var]  # a generator, said to be an iterator
            for n_done, (path, rows) in enumerate(computed, start=len(resumed) + 1):
                body = batch_to_bytes(failure_row(rows)) if isinstance(rows, AudioError) else rows
                journal.append(states[path], body)
                wanted.job(n_done, len(states), path)
        done = {record.key["path"]: record for record in journal.records}

        def rows_of_files() -> Iterator[FileRows]:
            for path in inputs:
                if isinstance(path, AudioError):
                    yield path
                else:
                    yield path, bytes_to_batch(journal.body(done[path]))

        extraction = wanted.write(output, inputs, rows_of_files(), n_resumed=len(resumed))
    os.unlink(path_of_journal)
    return extraction


def _as_bytes(rows_of: Callable[[str], pa.RecordBatch], path: str) -> bytes:
    """Compute the rows of a file as the journal keeps them, in the process that works on it."""
    return batch_to_bytes(rows_of(path))


def _state(path: str) -> Mapping[str, Any]:
    """Return what tells whether a file is still the one that was worked on."""
    state = file_state(path)
    known = {"size": None, "mtime_ns": None} if state is None else vars(state)
    return {"path": path, **known}


def _extract_on_ray(paths: Sequence[str], wanted: _Wanted, *, address: str | None) -> Extraction:
    """Compute rows on Ray, streaming from and to any file system."""
    try:
        importlib.import_module("ray.data")
    except ModuleNotFoundError as error:
        raise MissingExtraError("ray", error.name) from error
    from earmark.extraction import map_on_ray

    output = wanted.output
    if not is_remote(output):
        output = os.path.abspath(output.removeprefix("file://"))
    check_tables(output, wanted.sets, overwrite=wanted.overwrite)
    inputs = find_remote_inputs(paths)
    files = [path for path in inputs if isinstance(path, str)]
    names = [each.name for each in wanted.sets]

    def rows_of_files() -> Iterator[FileRows]:
        computed = map_on_ray(files, sets=names, unit=wanted.unit, address=address)
        for count, path in enumerate(inputs, start=1):
            yield path if isinstance(path, AudioError) else next(computed)
            wanted.job(count, len(inputs), str(path))

    return wanted.write(output, inputs, rows_of_files())
