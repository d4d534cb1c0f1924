"""What processes that listen to files find loaded."""

from __future__ import annotations

import importlib

import earmark.extraction._rows  # noqa: F401
from earmark.features import is_compiled

__all__: list[str] = []

if is_compiled():
    # Without compiled code it would be compiled here, beside whoever started this process.
    importlib.import_module("earmark.features._pass")
