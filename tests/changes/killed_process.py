"""Something that is done again and again, each time in a process of its own, and killed.

The moment is not left to the clock, which a busy machine would make too late: the process reports
each file, and is killed soon after one of them.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

# Forks, so that what is killed has nothing to load first; single-threaded, so that it may.
_PARENT = """
def report(*_):
    os.write(int(sys.argv[3]), b".")
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
    """Applies a plan or undoes it; the script defines ``work(library, plan, *what)``.

    Its ``work`` passes ``progress=report`` on.
    """

    def __init__(self, script: str, library: Path, plan: Path) -> None:
        command = "import os, sys\nfrom earmark.library import open_library\n" + script + _PARENT
        self._reports, writing = os.pipe()
        self._parent = subprocess.Popen(
            [sys.executable, "-c", command, str(library), str(plan), str(writing)],
            pass_fds=[writing],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        os.close(writing)

    def __enter__(self) -> Working:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate(timeout=30)
        os.close(self._reports)
        assert self._parent.returncode == 0

    def killed_after(self, n_files: int, seconds: float, *what: str) -> bool:
        """Begin, and kill it some seconds after so many files; say whether it was faster."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(" ".join(what) + "\n")
        self._parent.stdin.flush()
        pid = int(self._parent.stdout.readline())
        for _ in range(n_files):
            if not select.select([self._reports], [], [], 30)[0]:
                break
            os.read(self._reports, 1)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        code = int(self._parent.stdout.readline())
        while select.select([self._reports], [], [], 0)[0]:
            os.read(self._reports, 1000)  # of files that were done meanwhile
        assert code in (0, -signal.SIGKILL)
        return code == 0


__all__ = ["Working"]
