"""Models by the names people give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.errors import ParameterError
from earmark.evaluation._protocols import InnerGroups
from earmark.evaluation._scoring import Split
from earmark.models import DEFAULT_MODEL, Model, load_model
from earmark.types import PathName

if TYPE_CHECKING:
    from earmark.models.recipe import FittedModel, Recipe

__all__ = ["Contender", "Packaged", "Refitted", "find_contender"]

_SUFFIX = ".earmark"


@dataclass(frozen=True)
class Refitted:
    """A recipe that is fitted anew in each fold.

    Attributes
    ----------
    name : str
        As it was given.
    recipe : Recipe
        What is fitted.
    calibrate : bool
        Whether its probabilities are calibrated and it may be unsure.
    """

    name: str
    recipe: Recipe
    calibrate: bool

    @property
    def feature_set(self) -> str | None:
        """Name of the features it takes; None takes any."""
        features = self.recipe.feature_set
        return None if features is None else features.name

    @property
    def family(self) -> str | None:
        """Its family; None where there are several."""
        members = self.recipe.members
        return str(members[0].get("family")) if len(members) == 1 else None

    def fit(self, table: Any, *, classes: Sequence[str], inner_groups: InnerGroups) -> FittedModel:
        """Fit it to training rows.

        Parameters
        ----------
        table : FeatureTable or ArrayTable
            Training rows.
        classes : sequence of str
            Genres, in the order of the probabilities.
        inner_groups : {"artist", "track", "row"}
            What stays together where rows are held out for its own calibration and stacking.

        Returns
        -------
        FittedModel
            The model.
        """
        from earmark.models.recipe import fit

        return fit(
            self.recipe,
            table,
            classes=classes,
            calibrate=self.calibrate,
            inner_groups=inner_groups,
        )

    def check(self, split: Split) -> None:
        """Refuse a split to whose training rows it could not be fitted.

        Parameters
        ----------
        split : Split
            Rows and folds.

        Raises
        ------
        DatasetError
            If a genre has too few artists, tracks or rows; it names the genre.
        """
        from earmark.models.recipe import check_groups

        check_groups(
            self.recipe,
            split.table,
            split.folds,
            calibrate=self.calibrate,
            inner_groups=split.inner_groups,
        )

    def describe(self) -> dict[str, Any]:
        """Say everything that decides what it learns from given rows.

        Returns
        -------
        dict
            What JSON can hold.
        """
        return {
            "name": self.recipe.name,
            "calibrated": self.calibrate,
            **self.recipe.to_dict(),
        }


@dataclass(frozen=True)
class Packaged:
    """A fitted model in a file, which is asked as it is.

    Attributes
    ----------
    name : str
        As it was given.
    model : Model
        The model.
    """

    name: str
    model: Model

    @property
    def feature_set(self) -> str:
        """Name of the features it takes."""
        return self.model.feature_set.name

    @property
    def family(self) -> None:
        """None: its file tells, in its own way."""
        return

    def describe(self) -> dict[str, Any]:
        """Say which file it is.

        Returns
        -------
        dict
            Its name and the hash of the file.
        """
        return {"name": self.model.name, "packaged": self.model.sha256}


Contender = Refitted | Packaged


def find_contender(name: PathName) -> Contender:
    """Find the model of a name.

    Parameters
    ----------
    name : str or path-like
        ``default``, a family or preset, name or path of a recipe, path of an ``.earmark`` file.

    Returns
    -------
    Refitted or Packaged
        What it is.

    Raises
    ------
    ParameterError
        If there is none of that name.
    ModelError
        If the file cannot be used.
    """
    from earmark.models.recipe import load_recipe, presets  # loads scikit-learn

    text = str(name)
    if text.endswith(_SUFFIX):
        return Packaged(text, load_model(name))
    families = presets()
    try:
        recipe = load_recipe(DEFAULT_MODEL if text == "default" else name)
    except ParameterError as error:
        if Path(text).exists():
            raise
        raise ParameterError(
            f"model={text!r} is not one of default, {', '.join(families)}, the name or path of a "
            "recipe, or the path of an .earmark file"
        ) from error
    return Refitted(text, recipe, calibrate=text not in families)
