"""Recipes of spaces: everything that decides how a space is fitted to rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from earmark.errors import ParameterError
from earmark.features import FeatureSet, get_feature_set
from earmark.records import Record
from earmark.types import PathName

__all__ = ["SpaceRecipe", "load_space_recipe"]

METHODS = ("genres-and-artists", "principal-components")
_SECTIONS = {
    "genres": (
        "blocks",
        "n_damped",
        "damping",
        "gamma",
        "ridge",
        "correction",
        "sharpness",
        "weight",
    ),
    "artists": ("shrinkage", "n_dims"),
}


def _what_decides(recipe: SpaceRecipe) -> dict[str, Any]:
    """Return everything the method depends on except the name and the feature set."""
    left_out = {"name", "feature_set", "description", "corpus"}
    if recipe.method == "principal-components":
        left_out |= {*_SECTIONS["genres"], "shrinkage"}
    names = (field.name for field in fields(recipe))
    return {name: getattr(recipe, name) for name in names if name not in left_out}


@dataclass(frozen=True)
class SpaceRecipe(Record, keys=(("*", _what_decides),)):
    """Everything that decides how a space is fitted to rows.

    Attributes
    ----------
    name : str
        Name of the space.
    feature_set : FeatureSet
        Features of the space.
    method : {"genres-and-artists", "principal-components"}
        Method, see `earmark.models.recipe.fit_space`.
    n_dims : int
        Number of principal components, or of discriminant directions of artists; in the second
        case, the space has one more dimension for each genre.
    log_columns : tuple of str
        Columns of which it uses the logarithm; ``*`` stands for anything.
    clip : float or None
        Largest size of a column, in standard deviations.
    blocks : tuple of tuple of str
        Patterns of the columns of each block; every column is in one of them.
    n_damped : int
        Number of damped directions, those in which songs by one artist differ most.
    damping : float
        A direction in which they differ r times as much as in the mean is shrunk by
        ``sqrt(1 + damping r)``.
    gamma : float
        Of the kernels ``exp(-gamma |z - v|^2 / d)`` of d columns.
    ridge : float
        What is added to the diagonal of the kernel: half the kernel of all columns, half the mean
        of those of the blocks.
    correction : float
        Inverse strength of the penalty of the logistic regression that corrects the scores.
    sharpness : float
        Factor of the scores beside that correction.
    weight : float
        Of the scalar product of the shares in the cosine, from 0 to 1.
    shrinkage : float
        Of the covariance within artists, from 0 to 1.
    description : str
        Where it comes from.
    corpus : str
        Corpus that the description is about: it is not true of spaces trained on other data. Empty:
        it is true of any.

    Raises
    ------
    ParameterError
        If a value is not one that it takes.
    """

    name: str
    feature_set: FeatureSet
    method: str
    n_dims: int
    log_columns: tuple[str, ...] = ()
    clip: float | None = None
    blocks: tuple[tuple[str, ...], ...] = (("*",),)
    n_damped: int = 24
    damping: float = 0.02
    gamma: float = 0.5
    ridge: float = 0.05
    correction: float = 0.1
    sharpness: float = 8.0
    weight: float = 0.95
    shrinkage: float = 0.6
    description: str = ""
    corpus: str = ""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ParameterError(f"method={self.method!r} is not one of {', '.join(METHODS)}")
        for name, least in (("n_dims", 1), ("n_damped", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"{name}={value!r} is not a whole number from {least}")
        for name in (
            "gamma",
            "ridge",
            "correction",
            "sharpness",
            *(["clip"] if self.clip is not None else []),
        ):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name}={getattr(self, name)!r} must be above 0")
        if not self.blocks:
            raise ParameterError("blocks is empty")
        for name in ("damping", "weight", "shrinkage"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name}={getattr(self, name)!r} must be from 0 to 1")


def load_space_recipe(name_or_path: PathName) -> SpaceRecipe:
    """Read the recipe of a space.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a recipe in the package, or path of a TOML file in the same format.

    Returns
    -------
    SpaceRecipe
        Ready for `earmark.models.recipe.fit_space`.

    Raises
    ------
    ParameterError
        If it does not exist or is not complete.

    Examples
    --------
    >>> load_space_recipe("timbre").n_dims
    32
    """
    shipped = resources.files("earmark.models") / "recipes" / f"{name_or_path}.toml"
    source = shipped if shipped.is_file() else Path(name_or_path)
    try:
        return _from_toml(tomllib.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r} is not TOML: {error}") from error
    except KeyError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error}") from error


def _from_toml(content: Mapping[str, Any]) -> SpaceRecipe:
    settings = {key: value for key, value in content.items() if key not in _SECTIONS}
    if settings["method"] == "genres-and-artists":
        for section, names in _SECTIONS.items():
            settings |= {name: content[section][name] for name in names}
            if unknown := sorted(set(content[section]) - set(names)):
                raise ValueError(f"{section} has no setting {unknown[0]!r}")
    known = {one.name for one in fields(SpaceRecipe)} - {"feature_set"} | {"features"}
    if unknown := sorted(set(settings) - known):
        raise ValueError(f"the recipe of a space has no setting {unknown[0]!r}")
    settings["blocks"] = tuple(map(tuple, settings.get("blocks", [["*"]])))
    settings["log_columns"] = tuple(settings.get("log_columns", ()))
    return SpaceRecipe(
        name=settings.pop("name"),
        feature_set=get_feature_set(settings.pop("features")),
        n_dims=settings.pop("n_dims"),
        **settings,
    )
