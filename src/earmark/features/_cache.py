"""The folder of compiled code.

numba compiles a kernel in seconds and stores the result on disk. It notices if the file of a kernel
changes, but not if an imported constant does, and then runs the old code. So the folder is named
after a hash of all source files here.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import platformdirs

__all__ = ["cache_folder", "is_compiled"]


def _source_hash() -> str:
    digest = hashlib.sha256(f"{version('numba')} {sys.version}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """Return the folder of compiled kernels.

    ``NUMBA_CACHE_DIR`` names another one. The default is in the user's cache folder, because the
    package itself may be read-only.

    Returns
    -------
    Path or None
        None if none can be written: then every process compiles for itself.
    """
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("earmark")
    folder = Path(base) / "kernels" / _source_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder


def is_compiled() -> bool:
    """Tell whether compiled kernels are there, so that nobody waits for them.

    Returns
    -------
    bool
        False where the first use would compile.
    """
    folder = cache_folder()
    return folder is not None and any(folder.glob("*/*.nbc"))
