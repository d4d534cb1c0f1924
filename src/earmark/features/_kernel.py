"""Compiling loops to machine code, once for each user and version of the source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numba

from earmark.features._cache import cache_folder
from earmark.files import atomic_write, file_lock

__all__ = ["inner_kernel", "kernel", "kernel_from_source"]

_config: Any = numba.config  # it creates its names while loading
_njit: Any = numba.njit  # with a signature and without, it gives things of different types


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Mark a function that kernels call: it is compiled with them and never loaded by itself.

    The functions a kernel calls are part of its compiled code, so loading them as well would waste
    memory and time.
    """
    return _compiled(function)


def kernel(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for one signature, or load the compiled code.

    Division by zero gives infinity or NaN, as in NumPy; a product and a sum may be rounded once
    instead of twice.
    """
    return lambda function: _compiled(function, signature)


@contextmanager
def _one_process(folder: Path | None) -> Iterator[None]:
    """Keep other processes from compiling into a folder, or loading from it, at the same time.

    numba numbers the files of a function by what is in the folder. If two processes compile at
    once, a number can end up with another signature, and the wrong code is loaded.
    """
    with ExitStack() as stack:
        if folder is not None:
            with suppress(OSError):  # nothing can be written there, so nothing is compiled into it
                stack.enter_context(file_lock(folder / "compile", wait=True))
        yield


def _compiled(function: Callable[..., Any], *signature: str) -> Any:
    folder = cache_folder()
    before = _config.CACHE_DIR
    # numba reads its setting when a function is decorated; other users of numba in this process
    # keep theirs.
    _config.CACHE_DIR = "" if folder is None else str(folder)
    try:
        # With a signature it is compiled immediately, together with the functions it calls.
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

    The source is also written beside the compiled code, because numba's cache needs a file, and
    debuggers can show it. The code that runs is always `source` itself.
    """
    folder = cache_folder()
    path = Path("<generated>") if folder is None else folder / f"{name}.py"
    if folder is not None and not path.exists():
        with atomic_write(path, "w") as file:
            file.write(source)
            file.flush()
            # Compiled code is dated by its source, which another process may be writing too.
            os.utime(file.name, (0, 0))
    # numba finds the globals of a function again by the name of its module.
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, str(path), "exec"), namespace)  # noqa: S102  (our own text)
    return inner_kernel(namespace[name])
