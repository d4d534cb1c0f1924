"""What workers find loaded: the process that they are forked from imports this once, for all."""

from __future__ import annotations

import gc
import importlib

from earmark.features._cache import cache_folder


def _load() -> None:
    """Import what reads files and measures them, and keep it out of the way of workers."""
    modules = ["earmark.extraction._rows"]
    folder = cache_folder()
    if folder is not None and any(folder.glob("*/*.nbc")):
        modules.append("earmark.features._pass")  # else it would compile beside whoever started it
    # Modules are no garbage. To look through them takes a tenth of the time, and later, in each
    # worker, copies of the pages they lie in.
    gc.disable()
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


_load()
