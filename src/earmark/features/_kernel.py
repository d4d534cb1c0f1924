"""Compiling loops to machine code, once for each user and version of the source."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numba

from earmark.features._cache import cache_folder
from earmark.files import file_lock

__all__ = ["inner_kernel", "kernel", "kernel_from_source"]

_config: Any = numba.config  # it makes its names up as it is loaded
_njit: Any = numba.njit  # with a signature and without, it gives things of different types


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Mark a function that kernels call: it is compiled with them, and never loaded by itself.

    What a kernel calls is part of its compiled code. To load the parts as well would cost memory
    and time for nothing.
    """
    return _compiled(function)


def kernel(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for one signature, or load what was compiled before.

    Division by zero gives infinity or NaN, as it does in numpy; a product and a sum may be rounded
    once instead of twice.
    """
    return lambda function: _compiled(function, signature)


@contextmanager
def _one_process(folder: Path | None) -> Iterator[None]:
    """Keep other processes from compiling into a folder, or loading from it, at the same time.

    numba numbers the files of a function by what it found in the folder. Where two processes
    compile at once, a number can come to stand for another signature, and wrong code is loaded.
    """
    with ExitStack() as stack:
        if folder is not None:
            with suppress(OSError):  # nothing can be written there: nothing is compiled into it
                stack.enter_context(file_lock(folder / "compile", wait=True))
        yield


def _compiled(function: Callable[..., Any], *signature: str) -> Any:
    folder = cache_folder()
    before = _config.CACHE_DIR
    # numba reads its setting when a function is decorated; other users of numba in this process
    # keep theirs.
    _config.CACHE_DIR = "" if folder is None else str(folder)
    try:
        # With a signature it is compiled here and now, and what it calls with it.
        with _one_process(folder if signature else None):
            return _njit(
                *signature,
                cache=folder is not None,
                nogil=True,
                error_model="numpy",
                fastmath={"contract"},
            )(function)
    finally:
        _config.CACHE_DIR = before


def kernel_from_source(name: str, source: str) -> Any:
    """Mark a function whose source was generated as an `inner_kernel`.

    The source is also written beside the compiled code: numba's cache is keyed by a file, and a
    curious reader or a debugger can look at it. What is executed is always `source` itself.
    """
    folder = cache_folder()
    path = Path("<generated>") if folder is None else folder / f"{name}.py"
    if folder is not None and not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False) as file:
            file.write(source)
        # Compiled code is dated by its source, which another process may be writing as well.
        os.utime(file.name, (0, 0))
        os.replace(file.name, path)
    # numba finds the globals of a function again by the name of its module.
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, str(path), "exec"), namespace)  # noqa: S102  (our own text)
    return inner_kernel(namespace[name])
