"""Files to features: one file clip by clip, and many at once, none of which stops another.

Each name is loaded when it is first used: the processes that work on files can be on their way
before anything else is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.extraction._datasets import dataset_features as dataset_features
    from earmark.extraction._inputs import find_inputs as find_inputs
    from earmark.extraction._journal import Journal as Journal
    from earmark.extraction._journal import StoredEntry as StoredEntry
    from earmark.extraction._parallel import WORKER_MODULES as WORKER_MODULES
    from earmark.extraction._parallel import failure_of as failure_of
    from earmark.extraction._parallel import map_files as map_files
    from earmark.extraction._ray import map_on_ray as map_on_ray
    from earmark.extraction._remote import find_remote_inputs as find_remote_inputs
    from earmark.extraction._remote import is_remote as is_remote
    from earmark.extraction._rows import FAILURES_SCHEMA as FAILURES_SCHEMA
    from earmark.extraction._rows import batch_to_bytes as batch_to_bytes
    from earmark.extraction._rows import bytes_to_batch as bytes_to_batch
    from earmark.extraction._rows import failure_row as failure_row
    from earmark.extraction._rows import features_schema as features_schema
    from earmark.extraction._rows import file_to_rows as file_to_rows
    from earmark.extraction._rows import stored_path as stored_path
    from earmark.extraction._tables import FileRows as FileRows
    from earmark.extraction._tables import check_tables as check_tables
    from earmark.extraction._tables import failures_path as failures_path
    from earmark.extraction._tables import write_tables as write_tables
    from earmark.extraction._tracks import MIN_TRACK_S as MIN_TRACK_S
    from earmark.extraction._tracks import UNITS as UNITS
    from earmark.extraction._tracks import TrackFeatures as TrackFeatures
    from earmark.extraction._tracks import Unit as Unit
    from earmark.extraction._tracks import extract_parts as extract_parts
    from earmark.extraction._tracks import extract_track as extract_track

_HOMES = {
    "FAILURES_SCHEMA": "_rows",
    "MIN_TRACK_S": "_tracks",
    "UNITS": "_tracks",
    "WORKER_MODULES": "_parallel",
    "FileRows": "_tables",
    "Journal": "_journal",
    "StoredEntry": "_journal",
    "TrackFeatures": "_tracks",
    "Unit": "_tracks",
    "batch_to_bytes": "_rows",
    "bytes_to_batch": "_rows",
    "check_tables": "_tables",
    "dataset_features": "_datasets",
    "extract_parts": "_tracks",
    "extract_track": "_tracks",
    "failure_of": "_parallel",
    "failure_row": "_rows",
    "failures_path": "_tables",
    "features_schema": "_rows",
    "file_to_rows": "_rows",
    "find_inputs": "_inputs",
    "find_remote_inputs": "_remote",
    "is_remote": "_remote",
    "map_files": "_parallel",
    "map_on_ray": "_ray",
    "stored_path": "_rows",
    "write_tables": "_tables",
}

__all__ = [
    "FAILURES_SCHEMA",
    "MIN_TRACK_S",
    "UNITS",
    "WORKER_MODULES",
    "FileRows",
    "Journal",
    "StoredEntry",
    "TrackFeatures",
    "Unit",
    "batch_to_bytes",
    "bytes_to_batch",
    "check_tables",
    "dataset_features",
    "extract_parts",
    "extract_track",
    "failure_of",
    "failure_row",
    "failures_path",
    "features_schema",
    "file_to_rows",
    "find_inputs",
    "find_remote_inputs",
    "is_remote",
    "map_files",
    "map_on_ray",
    "stored_path",
    "write_tables",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"earmark.extraction.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'earmark.extraction' has no attribute {name!r}")
