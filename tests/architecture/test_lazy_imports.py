"""What is loaded when: importing is cheap, and classifying needs nothing that training needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import earmark

_HEAVY = ("numba", "numpy", "scipy", "sklearn", "onnxruntime", "librosa", "rich", "typer")
_TRAINING = ("sklearn", "librosa", "tomli_w", "onnx")


def loaded_after(code: str, *arguments: str) -> set[str]:
    """Run code in a process of its own and return the top-level modules it loaded."""
    tell = "\nimport sys; print('loaded:', *{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code + tell, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("loaded:")[2].split())


@pytest.fixture(scope="module")
def after_import() -> set[str]:
    return loaded_after("import earmark")


@pytest.fixture(scope="module")
def after_classify(examples: Path) -> set[str]:
    piece = str(min(examples.iterdir()))
    return loaded_after("import sys, earmark; earmark.classify(sys.argv[1]).genre", piece)


@pytest.fixture(scope="module")
def after_command(examples: Path) -> set[str]:
    code = (
        "import sys\nfrom earmark.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    return loaded_after(code, "classify", str(min(examples.iterdir())))


@pytest.mark.parametrize("module", _HEAVY)
def test_import_loads_no_library(after_import: set[str], module: str) -> None:
    assert "earmark" in after_import
    assert module not in after_import


@pytest.mark.parametrize("module", _TRAINING)
def test_classify_loads_nothing_of_training(after_classify: set[str], module: str) -> None:
    assert "onnxruntime" in after_classify
    assert module not in after_classify


@pytest.mark.parametrize("module", _TRAINING)
def test_command_loads_nothing_of_training(after_command: set[str], module: str) -> None:
    assert "onnxruntime" in after_command
    assert module not in after_command


@pytest.mark.parametrize("name", earmark.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(earmark, name) is not None
    assert name in dir(earmark)


def test_public_names_are_sorted_and_single() -> None:
    assert list(earmark.__all__) == sorted(set(earmark.__all__))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        earmark.clasify  # noqa: B018
