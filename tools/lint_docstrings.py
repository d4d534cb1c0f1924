"""Check that everything public has a complete numpydoc docstring.

Public is what the ``__all__`` of a module lists, where no part of the module's name begins with an
underscore, and the public methods of classes in there, unless they override one. The checks are
those of ``[tool.numpydoc_validation]`` in pyproject.toml. Dataclasses document their fields as
attributes.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import earmark


def public_names() -> Iterator[tuple[str, object]]:
    """Yield everything public, with the full name of where it is defined."""
    seen = set()
    for module_info in pkgutil.walk_packages(earmark.__path__, "earmark."):
        if any(part.startswith("_") for part in module_info.name.split(".")):
            continue
        module = importlib.import_module(module_info.name)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not (inspect.isfunction(value) or inspect.isclass(value)):
                continue
            home = f"{value.__module__}.{value.__qualname__}"
            if home in seen or not home.startswith("earmark."):
                continue
            seen.add(home)
            yield home, value
            if inspect.isclass(value):
                inherited = {name for base in value.__mro__[1:] for name in vars(base)}
                for attribute, member in vars(value).items():
                    is_own = not attribute.startswith("_") and attribute not in inherited
                    if inspect.isfunction(member) and is_own:
                        yield f"{home}.{attribute}", member


def problems_of(name: str, value: object, checks: set[str]) -> list[str]:
    """Return what is missing in one docstring."""
    found = [(code, text) for code, text in validate(name)["errors"] if code in checks]
    if inspect.isclass(value):
        # What a class is made of stands under Attributes; errors are made by Earmark alone.
        found = [(code, text) for code, text in found if code != "PR01"]
        documented = NumpyDocString(inspect.getdoc(value) or "")["Attributes"]
        names = {part.strip() for entry in documented for part in entry.name.split(",")}
        if dataclasses.is_dataclass(value):
            own = inspect.get_annotations(value)  # those of a base are documented there
            fields = {field.name for field in dataclasses.fields(value) if field.name in own}
            missing = fields - names
            found += [("AT01", f"attribute {field!r} is not documented") for field in missing]
    return [f"{name}: {code} {text}" for code, text in found]


def main() -> int:
    """Print what is missing; return the exit code."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    checks = set(settings["tool"]["numpydoc_validation"]["checks"])
    names = list(public_names())
    problems = [problem for name, value in names for problem in problems_of(name, value, checks)]
    print("\n".join([*problems, f"{len(names)} public names, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
