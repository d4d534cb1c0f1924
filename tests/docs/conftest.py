"""A home folder with a small music library, in which the examples of the documentation run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doc_examples import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a home folder with 32 songs that are scanned."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("docs") / "home")
    yield sandbox
    sandbox.remove()
