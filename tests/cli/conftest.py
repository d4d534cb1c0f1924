"""Running the command: here, in a process of its own, and bound by file permissions."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable

import pytest

import earmark as earmark_package

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]

_UNWANTED = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS"}
"""Variables of whoever runs the tests that change what the command prints."""

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
    inherited = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
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


class _Stream(io.TextIOWrapper):
    """A stream as the command gets it, whose bytes are kept."""

    def __init__(self, errors: str) -> None:
        self.content = io.BytesIO()
        super().__init__(self.content, encoding="utf-8", errors=errors, write_through=True)


def _run_here(
    *arguments: str, cwd: str | os.PathLike[str] | None = None, **environment: str
) -> Done:
    """Run the command in this process, as far as it can tell on its own."""
    from earmark.cli._main import run

    main = types.ModuleType("__main__")
    main.__package__ = "earmark"
    out, err = _Stream("strict"), _Stream("backslashreplace")
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        for name in _UNWANTED:
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        patch.setitem(sys.modules, "__main__", main)
        patch.setattr(sys, "argv", [earmark_package.__path__[0] + "/__main__.py", *arguments])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        try:
            run()
        except SystemExit as end:
            code = end.code
    if isinstance(code, str):
        err.write(f"{code}\n")
    number = code if isinstance(code, int) else int(code is not None)
    return subprocess.CompletedProcess(
        arguments, number, out.content.getvalue(), err.content.getvalue()
    )


@pytest.fixture(scope="session")
def earmark() -> Run:
    """Return a function that runs the command with arguments, in this process: that is quick."""
    return _run_here


@pytest.fixture(scope="session")
def earmark_process() -> Run:
    """Return a function that runs the command with arguments in a process of its own."""

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
