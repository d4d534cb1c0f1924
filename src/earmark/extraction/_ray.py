"""The same extraction on Ray Data: many machines, any file system (extra ``ray``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

import pyarrow as pa
import ray
import ray.data

from earmark.errors import AudioError
from earmark.extraction._parallel import map_files
from earmark.extraction._remote import remote_to_rows
from earmark.extraction._rows import batch_to_bytes, bytes_to_batch, failure_row
from earmark.extraction._tracks import Unit
from earmark.features import get_feature_set

__all__ = ["map_on_ray"]

_FILES_PER_TASK = 16
"""Few enough that a lost task costs little, enough to repay starting a process."""


class _Extract:
    """What a Ray task does with some files.

    The files are worked on in a process below the task's own: a file that brings a decoder down is
    then an answer, instead of a task that Ray tries again and again.
    """

    def __init__(self, sets: Sequence[str], unit: Unit) -> None:
        self._work = partial(
            remote_to_rows, sets=[get_feature_set(name) for name in sets], unit=unit
        )

    def __call__(self, batch: pa.Table) -> pa.Table:
        paths = batch.column("path").to_pylist()
        rows = []
        for path, found in map_files(self._work, paths, jobs=1, isolated=True):
            one = failure_row(found) if isinstance(found, AudioError) else found
            rows.append({"path": path, "rows": batch_to_bytes(one)})
        schema = pa.schema([("path", pa.string()), ("rows", pa.binary())])
        return pa.Table.from_pylist(rows, schema=schema)


def map_on_ray(
    paths: Sequence[str], *, sets: Sequence[str], unit: Unit, address: str | None
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Compute the rows of files on a Ray cluster, streaming.

    Parameters
    ----------
    paths : sequence of str
        Local and fsspec paths; local ones must be there on every machine.
    sets : sequence of str
        Names of feature sets.
    unit : {"track", "clip", "segment"}
        What a row is about.
    address : str or None
        Address of the cluster; None uses this machine.

    Yields
    ------
    (str, pyarrow.RecordBatch)
        A path, and its rows of features or of failures, in the order of `paths`. A task whose
        worker was killed is done again by Ray.
    """
    if not ray.is_initialized():
        settings: dict[str, Any] = {"address": address} if address else {"include_dashboard": False}
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **settings)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    blocks = max(1, -(-len(paths) // _FILES_PER_TASK))
    files = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=blocks)
    extracted = files.map_batches(
        _Extract(sets, unit), batch_size=_FILES_PER_TASK, batch_format="pyarrow"
    )
    for batch in extracted.iter_batches(batch_size=None, batch_format="pyarrow"):
        done = cast(pa.Table, batch)
        for row in done.to_pylist():
            yield row["path"], bytes_to_batch(row["rows"])
