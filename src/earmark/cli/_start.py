"""What the command does before it loads what it is made of, which takes a tenth of a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["main"]

_WITH_WORKERS = ("features", "scan")
"""Commands that listen to many files: what their processes need takes as long to load again."""

_ONE = (("--jobs", "1"), ("-j", "1"), ("--engine", "ray"))
_ALONE = ("--jobs=1", "-j1", "--engine=ray", "--help", "-h")


def _keep_decoders_quiet() -> None:
    """Send what decoders write to file descriptor 2 nowhere; Python's own words still arrive.

    libmpg123 remarks on every oddity of an MP3. What matters of that is in the answers, as
    warnings. Worker processes inherit this. ``EARMARK_DECODER_MESSAGES=1`` lets them speak.
    """
    if sys.stderr is None or os.environ.get("EARMARK_DECODER_MESSAGES"):
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _compute_on_one_thread() -> None:
    """Tell NumPy's libraries, before they are loaded, to start no threads.

    Files are what is done in parallel: threads for each only get in the way.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _will_work_in_parallel(words: Sequence[str]) -> bool:
    """Tell whether a command is going to start other processes, by what was typed."""
    if not words or words[0] not in _WITH_WORKERS:
        return False
    return not (set(words) & set(_ALONE) or set(pairwise(words)) & set(_ONE))


def main() -> None:
    """Run the command line and end the process."""
    _keep_decoders_quiet()
    _compute_on_one_thread()
    if _will_work_in_parallel(sys.argv[1:]):
        from earmark.extraction import WORKER_MODULES
        from earmark.processes import prepare_workers

        prepare_workers(WORKER_MODULES)
    from earmark.cli._main import run

    run()
