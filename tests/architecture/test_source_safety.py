"""Nothing in the package can run code that it reads from a file."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import earmark

_PACKAGE = Path(earmark.__file__).parent
_SOURCES = sorted(_PACKAGE.rglob("*.py"))
_MODULES = {"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
_CALLS = {"eval", "exec", "compile", "__import__"}
_TORCH = {"load", "jit"}
_OWN_TEXT = {"features/_kernel.py": ["exec()", "compile()"]}
"""Where source that the package itself generated is executed."""


def dangers(source: str) -> list[str]:
    """List what a source does that could run code it is given as data."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or ""]
        else:
            imported = []
        found += [f"import {name}" for name in imported if name.partition(".")[0] in _MODULES]
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in _CALLS:
            found.append(f"{function.id}()")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            if function.value.id == "torch" and function.attr in _TORCH:
                found.append(f"torch.{function.attr}()")
            if function.attr == "import_module" and isinstance(node.args[0], ast.Constant):
                found += [node.args[0].value] if node.args[0].value in _MODULES else []
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                found.append("allow_pickle")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import joblib as j",
        "from marshal import loads",
        "def f():\n    import dill.source",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=flag)",
        "torch.load(f)",
        "eval('1')",
        "exec(code)",
        "importlib.import_module('pickle')",
    ],
)
def test_danger_is_seen(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source", ["import json", "np.load(f, allow_pickle=False)", "model.eval()", "re.compile('x')"]
)
def test_harmless_is_left_alone(source: str) -> None:
    assert dangers(source) == []


def test_sources_are_found() -> None:
    assert len(_SOURCES) > 30


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(_PACKAGE)))
def test_source_runs_nothing_it_reads(path: Path) -> None:
    allowed = _OWN_TEXT.get(path.relative_to(_PACKAGE).as_posix(), [])
    assert dangers(path.read_text(encoding="utf-8")) == allowed


@pytest.mark.parametrize(
    "path",
    [path for path in _SOURCES if not path.stem.startswith("__main")],
    ids=lambda path: str(path.relative_to(_PACKAGE)),
)
def test_exported_names_exist(path: Path) -> None:
    parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
    module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
    names = getattr(module, "__all__", [])
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(names) == len(set(names))
