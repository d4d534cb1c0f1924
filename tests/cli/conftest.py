"""Running the command as people do, and as somebody whom file permissions bind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]

# Root reads everything by two capabilities. Taken out of the bounding set they are gone for good
# once a program is executed; all else stays as it is, so that Python still finds its own files.
_GIVE_UP = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
        sys.exit(77)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def _run(*arguments: str, cwd: str | os.PathLike[str] | None = None, **environment: str) -> Done:
    unwanted = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"}
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**inherited, **environment},
    )


@pytest.fixture(scope="session")
def python() -> Run:
    """Return a function that runs Python with arguments."""
    return _run


@pytest.fixture(scope="session")
def earmark() -> Run:
    """Return a function that runs the command with arguments."""

    def run(*arguments: str, **options: str) -> Done:
        return _run("-m", "earmark", *arguments, **options)

    return run


@pytest.fixture(scope="session")
def unprivileged_earmark() -> Run:
    """Return a function that runs the command bound by file permissions, or skip."""
    if os.geteuid() != 0:
        return lambda *arguments: _run("-m", "earmark", *arguments)
    if not sys.platform.startswith("linux"):
        pytest.skip("root reads everything here")
    if _run("-c", _GIVE_UP, "-c", "").returncode == 77:
        pytest.skip("root may not give up reading everything here")
    return lambda *arguments: _run("-c", _GIVE_UP, "-m", "earmark", *arguments)
