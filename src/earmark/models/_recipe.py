"""Recipes: everything that decides what a model learns from given rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from earmark.errors import ParameterError
from earmark.features import FeatureSet, get_feature_set
from earmark.models.families import find_preset, presets
from earmark.records import Record
from earmark.types import PathName

__all__ = ["Recipe", "load_recipe", "presets"]

_CALIBRATIONS = ("temperature", "none")
_PRECISIONS = ("double", "single")
_KEYS = {
    "the recipe": (
        *("name", "description", "corpus", "features", "seed", "n_folds", "classifier", "unsure"),
    ),
    "classifier": (*("members", "log_columns", "clip", "standardise", "calibration", "precision"),),
    "unsure": ("accuracy", "familiar", "distance_columns", "sqrt_columns"),
}
_NEEDED = {
    "the recipe": ("name", "seed", "n_folds"),
    "classifier": ("members",),
    "unsure": ("accuracy", "familiar"),
}


def _unusual(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that are only written if they differ from the default."""
    usual = {"standardise": True, "calibration": "temperature", "distance_columns": ("*",)}
    values = {name: getattr(recipe, name) for name in usual}
    return {name: value for name, value in values.items() if value != usual[name]}


@dataclass(frozen=True)
class Recipe(
    Record,
    keys=(
        *("seed", "n_folds", "members", "log_columns", "clip", "sqrt_columns", "accuracy"),
        "familiar",
        ("*", _unusual),
    ),
):
    """Everything that decides what a model learns from given rows.

    Attributes
    ----------
    name : str
        Name of the model.
    feature_set : FeatureSet or None
        Features of the model; None for whatever the table holds.
    members : tuple of mapping
        For each classifier its ``family`` and parameters, see `earmark.models.families`, and
        optionally ``columns``, patterns of the columns it uses (default: all), and ``weight``, the
        weight of its probabilities in the mean (default: 1).
    seed : int
        The same seed gives the same model.
    n_folds : int
        Folds within the training rows, for calibration, thresholds and families that hold rows out.
    log_columns : tuple of str
        Columns of which the classifiers get the logarithm; ``*`` stands for anything.
    clip : float or None
        Largest size of a column, in standard deviations.
    standardise : bool
        Whether the columns are scaled to mean 0 and deviation 1.
    calibration : {"temperature", "none"}
        Calibration of the mean of the probabilities.
    distance_columns : tuple of str
        Columns used for the distance.
    sqrt_columns : tuple of str
        Columns of which the distance uses the square root.
    accuracy : float
        Share of the answers as confident as an answer, or with as large a gap between the top two,
        that should be right: if fewer are, it is undecided.
    familiar : float
        Share of held-out music that should be familiar.
    precision : {"double", "single"}
        What the weights of a written model are stored in. Single halves its size and changes its
        probabilities by about 1e-6; where two pairwise votes of a support vector machine are all
        but tied, by more.
    description : str
        Where it comes from.
    corpus : str
        Corpus that the description is about: it is not true of models trained on other data. Empty:
        it is true of any.

    Raises
    ------
    ParameterError
        If a value is not one that it takes.
    """

    name: str
    feature_set: FeatureSet | None
    members: tuple[Mapping[str, Any], ...]
    seed: int = 0
    n_folds: int = 5
    log_columns: tuple[str, ...] = ()
    clip: float | None = None
    standardise: bool = True
    calibration: Literal["temperature", "none"] = "temperature"
    distance_columns: tuple[str, ...] = ("*",)
    sqrt_columns: tuple[str, ...] = ()
    accuracy: float = 0.50
    familiar: float = 0.95
    precision: Literal["double", "single"] = "double"
    description: str = field(default="", compare=False)
    corpus: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.members:
            raise ParameterError(f"recipe {self.name!r} has no members")
        for number, member in enumerate(self.members):
            if not isinstance(member, Mapping) or "family" not in member:
                raise ParameterError(f"recipe {self.name!r}: member {number} has no family")
        for name, known in (("calibration", _CALIBRATIONS), ("precision", _PRECISIONS)):
            if getattr(self, name) not in known:
                raise ParameterError(
                    f"{name}={getattr(self, name)!r} is not one of {', '.join(known)}"
                )
        if self.n_folds < 2:
            raise ParameterError(f"n_folds={self.n_folds!r} is not a whole number from 2")
        if self.clip is not None and not self.clip > 0:
            raise ParameterError(f"clip={self.clip!r} must be above 0")
        for name in ("accuracy", "familiar"):
            if not 0 < getattr(self, name) <= 1:
                raise ParameterError(
                    f"{name}={getattr(self, name)!r} must be above 0 and at most 1"
                )


def _preset(name: str) -> Recipe | None:
    found = find_preset(name)
    if found is None:
        return None
    family, content = found
    parameters = {key: value for key, value in content.items() if key != "description"}
    member = {"family": family.name, **parameters}
    return Recipe(
        name=name, feature_set=None, members=(member,), description=content["description"]
    )


def load_recipe(name_or_path: PathName) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a recipe in the package or of a preset, or path of a TOML file in the same format.

    Returns
    -------
    Recipe
        Ready for `fit`.

    Raises
    ------
    ParameterError
        If it does not exist or is not complete.

    Examples
    --------
    >>> [member["family"] for member in load_recipe("gtzan57").members]
    ['svm', 'lda', 'logistic']
    >>> load_recipe("knn-1d2").members
    ({'family': 'knn', 'n_neighbors': 5, 'weights': 'distance2'},)
    """
    if (preset := _preset(str(name_or_path))) is not None:
        return preset
    shipped = resources.files("earmark.models") / "recipes" / f"{name_or_path}.toml"
    source = shipped if shipped.is_file() else Path(name_or_path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        return _from_toml(content)
    except OSError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r} is not TOML: {error}") from error
    except KeyError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error}") from error


def _checked(content: Any, section: str) -> Mapping[str, Any]:
    """Return a section of a recipe after checking that it holds only known keys."""
    if not isinstance(content, Mapping):
        raise TypeError(f"{section} is not a section")
    for name in _NEEDED[section]:
        content[name]
    if unknown := sorted(set(content) - set(_KEYS[section])):
        known = ", ".join(_KEYS[section])
        raise ValueError(f"{section} has no setting {unknown[0]!r}. Available: {known}")
    return content


def _from_toml(content: Mapping[str, Any]) -> Recipe:
    for section in ("classifier", "unsure"):
        _checked(content[section], section)
    _checked(content, "the recipe")
    classifier, unsure = content["classifier"], content["unsure"]
    features = content.get("features")
    clip = classifier.get("clip")
    return Recipe(
        name=content["name"],
        feature_set=None if features is None else get_feature_set(features),
        members=tuple(classifier["members"]),
        seed=content["seed"],
        n_folds=content["n_folds"],
        log_columns=tuple(classifier.get("log_columns", ())),
        clip=None if clip is None else float(clip),
        standardise=bool(classifier.get("standardise", True)),
        calibration=classifier.get("calibration", "temperature"),
        distance_columns=tuple(unsure.get("distance_columns", ("*",))),
        sqrt_columns=tuple(unsure.get("sqrt_columns", ())),
        accuracy=float(unsure["accuracy"]),
        familiar=float(unsure["familiar"]),
        precision=classifier.get("precision", "double"),
        description=content.get("description", ""),
        corpus=content.get("corpus", ""),
    )
