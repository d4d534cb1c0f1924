"""Search spaces by name, and from files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earmark.errors import ParameterError
from earmark.models.families import FAMILIES, Family, get_family
from earmark.tuning._spaces import Parameter, SearchSpace
from earmark.types import PathName

__all__ = ["load_search_space", "search_space_names"]

_SEARCHES = ("grid", "optuna")
_KEYS = ("values", "low", "high", "log", "when", "simpler")


def _of_family(family: Family, search: str) -> Mapping[str, Mapping[str, Any]]:
    """Return a family's search spaces by name; Optuna can go through a grid, too."""
    return family.grids if search == "grid" else {**family.grids, **family.spaces}


def search_space_names(*, search: str) -> tuple[str, ...]:
    """List the search spaces that families come with.

    Parameters
    ----------
    search : {"grid", "optuna"}
        How they are searched.

    Returns
    -------
    tuple of str
        Names that `load_search_space` knows.

    Raises
    ------
    ParameterError
        If there is no such search.

    Examples
    --------
    >>> "knn-40" in search_space_names(search="grid")
    True
    """
    if search not in _SEARCHES:
        raise ParameterError(f"search={search!r} is not one of {', '.join(_SEARCHES)}")
    names = {name for family in FAMILIES for name in _of_family(get_family(family), search)}
    return tuple(sorted(names))


def load_search_space(name_or_path: PathName, *, search: str) -> SearchSpace:
    """Read a search space.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a preset, or path of a TOML file with ``family`` and ``parameters`` as the presets
        have them.
    search : {"grid", "optuna"}
        What it is for: a grid and what Optuna draws from may have one name. Optuna can go through
        the values of a grid, too.

    Returns
    -------
    SearchSpace
        For `tune`.

    Raises
    ------
    ParameterError
        If there is none, or it is not complete.

    Examples
    --------
    >>> [parameter.name for parameter in load_search_space("svm", search="grid").parameters]
    ['C', 'kernel', 'gamma']
    """
    name = str(name_or_path)
    if search not in _SEARCHES:
        raise ParameterError(f"search={search!r} is not one of {', '.join(_SEARCHES)}")
    family = name.partition("-")[0]
    own = _of_family(get_family(family), search) if family in FAMILIES else {}
    if name in own:
        return _space(name, {"family": family, **own[name]})
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise ParameterError(
            f"space={name!r} is not one of {', '.join(search_space_names(search=search))}, "
            "nor a .toml file"
        )
    try:
        return _space(name, tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ParameterError(f"space={name!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"space={name!r} is not TOML: {error}") from error


def _space(name: str, content: Mapping[str, Any]) -> SearchSpace:
    for key in ("family", "parameters"):
        if key not in content:
            raise ParameterError(f"space={name!r}: {key!r} is missing")
    entries = content["parameters"]
    if not isinstance(entries, Mapping) or not all(
        isinstance(entry, Mapping) for entry in entries.values()
    ):
        raise ParameterError(f"space={name!r}: 'parameters' must hold a table for each parameter")
    return SearchSpace(
        name=name,
        family=str(content["family"]),
        source=str(content.get("source", name)),
        parameters=tuple(_parameter(name, key, entry) for key, entry in entries.items()),
    )


def _parameter(space: str, name: str, entry: Mapping[str, Any]) -> Parameter:
    if unknown := sorted(set(entry) - set(_KEYS)):
        raise ParameterError(f"space={space!r}: {name!r} has no setting {unknown[0]!r}")
    settings = dict(entry)
    try:
        values = tuple(settings.pop("values", ()))
        when = {key: tuple(wanted) for key, wanted in settings.pop("when", {}).items()}
        for end in ("low", "high"):
            if not isinstance(settings.get(end, 0), (int, float)):
                raise ParameterError(f"{name!r}: {end}={settings[end]!r} is not a number")
        return Parameter(name=name, values=values, when=when, **settings)
    except ParameterError as error:
        raise ParameterError(f"space={space!r}: {error}") from error
    except (TypeError, AttributeError) as error:
        raise ParameterError(
            f"space={space!r}: {name!r} does not have the format of a preset: {error}"
        ) from error
