"""The package keeps its shape: no cycles, one name for one thing, privacy, short functions."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import earmark

ROOT = Path(earmark.__file__).parent

LONG_ON_PURPOSE = {
    "earmark.workflows.playlist:make_playlist": "thirteen documented arguments; twenty lines do it",
}
"""Functions of more than 80 lines, as ``module:function``, and why."""

LONGEST_FUNCTION = 80


@functools.cache
def sources() -> dict[str, ast.Module]:
    """Return every module of the package by its full name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports, in functions too, but not what only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from imports(other)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        else:
            yield from imports(node)


def imported_modules(name: str) -> set[str]:
    """Return the modules of the package that a module imports; not itself."""
    modules = sources()
    found = set()
    for imported in imports(modules[name]):
        parts = imported.split(".")
        prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        found.update([next((prefix for prefix in prefixes if prefix in modules), name)])
    return found - {name, "earmark"}


def test_no_module_imports_itself_through_others() -> None:
    graph = {name: imported_modules(name) for name in sources()}

    def reached_from(name: str) -> set[str]:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            for other in graph[waiting.pop()] - reached:
                reached.add(other)
                waiting.append(other)
        return reached

    assert [name for name in graph if name in reached_from(name)] == []


def test_a_public_name_is_defined_once() -> None:
    places = defaultdict(set)
    for module, tree in sources().items():
        for node in tree.body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                places[node.name].add(module)
    twins = {name: sorted(modules) for name, modules in places.items() if len(modules) > 1}
    assert twins == {}


def test_private_modules_are_imported_by_their_own_package_alone() -> None:
    strangers = []
    for module in sources():
        for target in imported_modules(module):
            for depth, part in enumerate(target.split(".")):
                owner = ".".join(target.split(".")[:depth])
                if part.startswith("_") and not f"{module}.".startswith(f"{owner}."):
                    strangers.append(f"{module} imports {target}")
    assert strangers == []


def test_functions_are_short() -> None:
    long = set()
    for module, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                    long.add(f"{module}:{node.name}")
    assert long - LONG_ON_PURPOSE.keys() == set()
    assert LONG_ON_PURPOSE.keys() - long == set()
