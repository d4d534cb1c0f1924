"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent

# What the user who runs the tests has set must not change them.
os.environ["EARMARK_CONFIG"] = os.devnull
# Features that another run has kept would hide that they cannot be computed.
os.environ["EARMARK_FEATURE_CACHE"] = ""


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of the corpora, or skip."""
    folder = Path(os.environ.get("EARMARK_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "gtzan").is_dir():
        pytest.skip(f"EARMARK_DATA: {folder} holds no corpora")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """Return the folder of the example pieces."""
    return REPOSITORY / "examples" / "audio"
