"""What all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numba
import platformdirs
import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).parent.parent

# A busy machine is slow: that fails no test.
settings.register_profile("earmark", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("earmark")

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What the user who runs the tests has set must not change them.
os.environ["EARMARK_CONFIG"] = os.devnull

# librosa keeps what numba compiles beside its own files. Processes that write there at the same
# time can leave a file that crashes whoever loads it. Earmark's own compiled code is safe.
if "PYTEST_XDIST_WORKER" in os.environ:
    numba.config.CACHE_DIR = os.path.join(
        platformdirs.user_cache_dir("earmark-tests"), os.environ["PYTEST_XDIST_WORKER"]
    )
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
