"""What happens before the command is loaded: workers are on their way where they are needed."""

from __future__ import annotations

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
