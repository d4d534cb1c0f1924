"""How a model is made: read a recipe, fit it, calibrate it, write it down (extra ``train``).

Everything that learns is fitted on the rows given to `fit` and on nothing else: scaling, the
members, the conversion of scores to probabilities, the temperature and both thresholds. Where
held-out rows are needed, they come from folds that keep groups whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from earmark.datasets import FeatureTable, group_folds
from earmark.errors import ParameterError
from earmark.features import FeatureSet, get_feature_set
from earmark.models._calibration import apply_temperature, fit_temperature, smallest_threshold
from earmark.models._served import Prediction
from earmark.models._transform import Transform, fit_transform
from earmark.types import FloatArray, IntArray, PathName

__all__ = ["FittedModel", "Recipe", "fit", "load_recipe"]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a model learns from given rows.

    Attributes
    ----------
    name : str
        Name of the model it makes.
    feature_set : FeatureSet
        What the model takes.
    seed : int
        The same seed gives the same model.
    n_folds : int
        Group folds for calibration and thresholds.
    members : tuple of mapping
        Family and parameters of each classifier; their probabilities are averaged.
    log_columns : tuple of str
        Columns the classifiers see the logarithm of; ``*`` stands for anything.
    clip : float
        Largest size of a standardised column, in standard deviations.
    sqrt_columns : tuple of str
        Columns whose root the distance is measured in.
    accuracy : float
        Share of answers above the confidence threshold that should be right.
    familiar : float
        Share of held-out music that should be familiar.
    """

    name: str
    feature_set: FeatureSet
    seed: int
    n_folds: int
    members: tuple[Mapping[str, Any], ...]
    log_columns: tuple[str, ...]
    clip: float
    sqrt_columns: tuple[str, ...]
    accuracy: float
    familiar: float

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Everything but the name and the feature set.
        """
        return {
            "seed": self.seed,
            "n_folds": self.n_folds,
            "members": [dict(member) for member in self.members],
            "log_columns": list(self.log_columns),
            "clip": self.clip,
            "sqrt_columns": list(self.sqrt_columns),
            "accuracy": self.accuracy,
            "familiar": self.familiar,
        }


def load_recipe(name_or_path: PathName) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a recipe that comes with the package, or path of a TOML file like those.

    Returns
    -------
    Recipe
        Ready for `fit`.

    Raises
    ------
    ParameterError
        If there is none, or it is not complete.

    Examples
    --------
    >>> [member["family"] for member in load_recipe("gtzan57").members]
    ['svm', 'lda', 'logistic']
    """
    shipped = resources.files("earmark.models") / "recipes" / f"{name_or_path}.toml"
    source = shipped if shipped.is_file() else Path(name_or_path)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        classifier, unsure = content["classifier"], content["unsure"]
        return Recipe(
            name=content["name"],
            feature_set=get_feature_set(content["features"]),
            seed=content["seed"],
            n_folds=content["n_folds"],
            members=tuple(classifier["members"]),
            log_columns=tuple(classifier["log_columns"]),
            clip=float(classifier["clip"]),
            sqrt_columns=tuple(unsure["sqrt_columns"]),
            accuracy=float(unsure["accuracy"]),
            familiar=float(unsure["familiar"]),
        )
    except OSError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r} is not TOML: {error}") from error
    except KeyError as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise ParameterError(f"recipe={str(name_or_path)!r}: {error}") from error


_SETTINGS: dict[str, tuple[str, ...]] = {
    "svm": ("C", "gamma"),
    "lda": (),
    "logistic": ("C",),
}


@dataclass(frozen=True)
class _Base:
    """What is fitted on rows directly, before anything is held out."""

    classifier_transform: Transform
    members: tuple[Any, ...]
    distance_transform: Transform
    precision: FloatArray

    def predict(self, X: FloatArray) -> Prediction:
        Z = self.classifier_transform(X)
        mean = np.mean([member.predict_proba(Z) for member in self.members], axis=0)
        # The transform centres its columns: their mean over the training rows is zero.
        D = self.distance_transform(X)
        return Prediction(mean, np.sqrt(np.einsum("ij,jk,ik->i", D, self.precision, D)))


@dataclass(frozen=True)
class FittedModel:
    """A model as scikit-learn holds it: what is evaluated, and what is exported.

    Attributes
    ----------
    recipe : Recipe
        How it was made.
    classes : tuple of str
        Genres, in the order of the probabilities.
    base : object
        The fitted transforms and members.
    temperature : float
        Divides the logarithm of the mean probabilities.
    min_confidence : float
        Below it an answer is unsure.
    max_distance : float
        Above it a row is unfamiliar.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    base: _Base
    temperature: float
    min_confidence: float
    max_distance: float

    def predict(self, X: FloatArray) -> Prediction:
        """Compute calibrated class probabilities and distances.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features.

        Returns
        -------
        Prediction
            A row for each row of `X`.
        """
        raw = self.base.predict(X)
        return Prediction(apply_temperature(raw.probabilities, self.temperature), raw.distance)


def _member(
    parameters: Mapping[str, Any], Z: FloatArray, y: IntArray, groups: IntArray, recipe: Recipe
) -> Any:
    """Fit one classifier on transformed rows."""
    settings = dict(parameters)
    family = settings.pop("family")
    if unknown := sorted(set(settings) - set(_SETTINGS.get(family, settings))):
        raise ParameterError(f"family={family!r} has no setting {unknown[0]!r}")
    if family == "svm":
        labels: npt.NDArray[np.str_] = y.astype(str)
        folds = group_folds(labels, groups, n_folds=recipe.n_folds, seed=recipe.seed)
        # One machine on all rows; its scores are turned into probabilities by what it scored on
        # groups it had not seen.
        classifier: Any = CalibratedClassifierCV(
            SVC(**settings),
            cv=[(fold.train, fold.test) for fold in folds],
            ensemble=False,
            method="sigmoid",
        )
    elif family == "lda":
        classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", **settings)
    elif family == "logistic":
        classifier = LogisticRegression(max_iter=500, **settings)
    else:
        raise ParameterError(f"family={family!r} is not one of svm, lda, logistic")
    return classifier.fit(Z, y)


def _fit_base(recipe: Recipe, X: FloatArray, y: IntArray, groups: IntArray) -> _Base:
    names = recipe.feature_set.names
    transform = fit_transform(
        X, function="log", patterns=recipe.log_columns, names=names, clip=recipe.clip
    )
    Z = transform(X)
    members = tuple(_member(member, Z, y, groups, recipe) for member in recipe.members)
    distance = fit_transform(X, function="sqrt", patterns=recipe.sqrt_columns, names=names)
    precision = LedoitWolf(assume_centered=True).fit(distance(X)).precision_
    return _Base(transform, members, distance, precision)


def fit(recipe: Recipe, table: FeatureTable, *, classes: Sequence[str]) -> FittedModel:
    """Fit a recipe to the rows of a table.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    table : FeatureTable
        Training rows, with groups ``"artist"``.
    classes : sequence of str
        Genres in the order the probabilities shall have; each needs rows of as many artists as
        the recipe has folds.

    Returns
    -------
    FittedModel
        Fitted on all rows; temperature and thresholds from rows of artists held out.

    Raises
    ------
    ParameterError
        If the table's features are not the recipe's.
    DatasetError
        If a genre has too few artists.
    """
    wanted = recipe.feature_set
    if table.fingerprint != wanted.fingerprint:
        raise ParameterError(
            f"table holds {table.feature_set} {table.fingerprint}, "
            f"recipe {recipe.name!r} takes {wanted.name} {wanted.fingerprint}"
        )
    X, groups = table.X, table.groups["artist"]
    y = np.searchsorted(np.array(classes), table.labels)
    held_out = np.zeros((len(table), len(classes)))
    distance = np.zeros(len(table))
    for fold in group_folds(table.labels, groups, n_folds=recipe.n_folds, seed=recipe.seed):
        base = _fit_base(recipe, X[fold.train], y[fold.train], groups[fold.train])
        prediction = base.predict(X[fold.test])
        held_out[fold.test], distance[fold.test] = prediction.probabilities, prediction.distance
    temperature = fit_temperature(held_out, y)
    calibrated = apply_temperature(held_out, temperature)
    return FittedModel(
        recipe=recipe,
        classes=tuple(classes),
        base=_fit_base(recipe, X, y, groups),
        temperature=temperature,
        min_confidence=smallest_threshold(calibrated, y, accuracy=recipe.accuracy),
        max_distance=float(np.quantile(distance, recipe.familiar)),
    )
