"""What processes that listen to files find loaded."""

from __future__ import annotations

import importlib

import earmark.extraction._rows  # noqa: F401
from earmark.features._cache import cache_folder

__all__: list[str] = []

_folder = cache_folder()
if _folder is not None and any(_folder.glob("*/*.nbc")):
    # Without compiled code it would be compiled here, beside whoever started this process.
    importlib.import_module("earmark.features._pass")
