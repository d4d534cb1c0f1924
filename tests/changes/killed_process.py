"""Something that is done again and again, each time in a process of its own, and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# Forks, so that what is killed has nothing to load first; single-threaded, so that it may.
_PARENT = """
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        with open_library(sys.argv[1]) as library:
            work(library, sys.argv[2], *line.split())
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Working:
    """Applies a plan or takes it back; the script defines ``work(library, plan, *what)``."""

    def __init__(self, script: str, library: Path, plan: Path) -> None:
        command = "import os, sys\nfrom earmark.library import open_library\n" + script + _PARENT
        self._parent = subprocess.Popen(
            [sys.executable, "-c", command, str(library), str(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> Working:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate(timeout=30)
        assert self._parent.returncode == 0

    def killed_after(self, seconds: float, *what: str) -> bool:
        """Begin, and kill it; say whether it was faster."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(" ".join(what) + "\n")
        self._parent.stdin.flush()
        pid = int(self._parent.stdout.readline())
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        code = int(self._parent.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code == 0


__all__ = ["Working"]
