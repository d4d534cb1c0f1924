"""Models by the names people give them, and the rows each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.models import DEFAULT_MODEL, Model, load_model
from earmark.models.recipe import Recipe, load_recipe, presets
from earmark.types import PathName, Progress
from earmark.workflows._corpora import parse_dataset
from earmark.workflows._rows import load_rows

__all__ = ["Contender", "Packaged", "Refitted", "Tables", "find_contender"]

_SUFFIX = ".earmark"


@dataclass(frozen=True)
class Refitted:
    """A recipe that is fitted anew in each fold.

    Attributes
    ----------
    name : str
        As it was asked for.
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

    def describe(self) -> dict[str, Any]:
        """Say everything that decides what it learns from given rows."""
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
        As it was asked for.
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
        """Say which file it is."""
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


class Tables:
    """The tables of a dataset, each read, or computed from audio, when it is first needed.

    Parameters
    ----------
    dataset : str or FeatureTable
        ``NAME:PATH``, or the rows themselves.
    feature_set : str or None
        Features for models that take any; None takes the dataset's first.
    unit : str or None
        What a row shall be; None leaves it to the dataset.
    jobs : int
        Audio files at a time.
    progress : callable or None
        Called with the files that are done, their number, and the last one's name.
    fewest : int
        Files that each genre of a folder must have.
    check : callable or None
        Called with the tracks of a corpus of audio before any is decoded, see `load_rows`.
    """

    def __init__(
        self,
        dataset: str | FeatureTable,
        *,
        feature_set: str | None,
        unit: str | None,
        jobs: int,
        progress: Progress | None,
        fewest: int = 1,
        check: Callable[[FeatureTable], None] | None = None,
    ) -> None:
        self.dataset = dataset
        self._compute: dict[str, Any] = {
            "jobs": jobs,
            "progress": progress,
            "fewest": fewest,
            "check": check,
        }
        self._unit = unit
        self._read: dict[tuple[str | None, bool], FeatureTable] = {}
        if isinstance(dataset, FeatureTable):
            self.name = dataset.provenance.get("corpus", "table")
        else:
            self.name = parse_dataset(dataset)[0].name
        self.base = self._of(feature_set, published=False)

    def _of(self, feature_set: str | None, *, published: bool) -> FeatureTable:
        if isinstance(self.dataset, FeatureTable):
            return self.dataset
        key = (feature_set, published)
        if key not in self._read:
            settings: dict[str, Any] = {} if self._unit is None else {"unit": self._unit}
            settings |= self._compute
            self._read[key] = load_rows(
                self.dataset, feature_set=feature_set, faulty=published, **settings
            )
        return self._read[key]

    def table(self, contender: Contender, *, protocol: str | None = None) -> FeatureTable:
        """Return the rows for a model.

        Parameters
        ----------
        contender : Refitted or Packaged
            The model.
        protocol : str or None
            Under ``published3`` the rows that the corpus' own lists leave out belong to it: the
            published folds are of rows chosen by others.

        Returns
        -------
        FeatureTable
            Of the features it takes.

        Raises
        ------
        ParameterError
            If the dataset does not have them.
        """
        published = protocol == "published3"
        wanted = contender.feature_set or self.base.feature_set
        if wanted == self.base.feature_set and not published:
            return self.base
        table = self._of(wanted, published=published)
        if table.feature_set != wanted:
            raise ParameterError(
                f"model={contender.name!r} takes {wanted}, the table holds {table.feature_set}"
            )
        return table
