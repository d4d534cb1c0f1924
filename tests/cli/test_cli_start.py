"""What happens before the command is loaded: workers are on their way where they are needed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from earmark.cli._start import _will_work_in_parallel


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("scan", True),
        ("scan ~/Music --watch", True),
        ("features a -o b --jobs 2", True),
        ("features a -o b --jobs 1", False),
        ("features a -o b -j1", False),
        ("scan --jobs=1 a", False),
        ("features a -o b --engine ray", False),
        ("scan --help", False),
        ("classify a", False),
        ("library list", False),
        ("", False),
    ],
)
def test_workers_are_started_for_commands_that_use_them(words: str, wanted: bool) -> None:
    assert _will_work_in_parallel(words.split()) == wanted


def test_numpy_is_not_loaded_before_a_command_needs_it() -> None:
    lines = "import sys, earmark.cli._main; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_libraries_are_told_to_start_no_threads_before_they_are_loaded() -> None:
    lines = (
        "import os, sys, earmark.cli; sys.argv = ['earmark', 'classify', '--help']\n"
        "import earmark.cli._start as start; before = 'numpy' in sys.modules\n"
        "try: start.main()\n"
        "except SystemExit: print(before, os.environ['OPENBLAS_NUM_THREADS'])"
    )
    env = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout.splitlines()[-1] == "False 1"
