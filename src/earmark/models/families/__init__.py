"""Kinds of classifier by name, all made, set and fitted in one way (extra ``train``).

============  ==================================================================================
``majority``  the shares of the classes, whatever the row: what every other has to beat
``knn``       nearest neighbours, equal or weighted by 1/d or 1/d^2
``svm``       support vector machine, kernels ``linear``, ``poly``, ``rbf``, ``sigmoid``
``logistic``  multinomial logistic regression
``lda``       linear discriminant analysis with a shrunk covariance
``forest``    random forest
``lightgbm``  boosted trees, on principal components if asked
``mlp``       dense network, stopped early by groups held out
``stacking``  logistic regression over other families, and over the columns beside them
============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lightgbm import LGBMClassifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from earmark.models.families._boosting import BoostedTrees
from earmark.models.families._groups import TakesGroups, fit_classifier
from earmark.models.families._neighbours import Neighbours, squared_weights
from earmark.models.families._network import Network
from earmark.models.families._settings import FAMILIES, checked_parameters, family_settings
from earmark.models.families._stack import Stack, member_scores
from earmark.models.families._vectors import CalibratedSVC, SoftmaxSVC

__all__ = [
    "FAMILIES",
    "BoostedTrees",
    "CalibratedSVC",
    "Neighbours",
    "Network",
    "SoftmaxSVC",
    "Stack",
    "TakesGroups",
    "checked_parameters",
    "family_settings",
    "fit_classifier",
    "make_classifier",
    "member_scores",
]

_WEIGHTS = {"uniform": "uniform", "distance": "distance", "distance2": squared_weights}
_MAX_ITER = 500


def make_classifier(
    family: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    n_folds: int = 5,
    calibrate: bool = True,
    n_jobs: int = 1,
) -> Any:
    """Make a classifier of a family.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    parameters : mapping or None
        What to set, see `family_settings`; the rest keeps its values.
    seed : int
        The same seed gives the same classifier.
    n_folds : int
        Folds inside the training rows, where the family holds rows out: the sigmoids of ``svm`` and
        the scores that ``stacking`` learns from.
    calibrate : bool
        Whether the probabilities of ``svm`` shall come from rows held out. If not they are the
        softmax of its scores, at a fifth of the time or less. No other family is concerned.
    n_jobs : int
        Threads that the trees of a forest, and members and folds of a stack, are fitted in. They
        change nothing of what comes out.

    Returns
    -------
    estimator
        Of scikit-learn's kind, not yet fitted: `fit_classifier` fits it.

    Raises
    ------
    ParameterError
        If there is no such family or setting, or a value is not one that it takes.

    Examples
    --------
    >>> make_classifier("svm", {"C": 10.0, "kernal": "rbf"})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: family='svm' has no setting 'kernal'; it has: C, kernel, ...
    >>> make_classifier("logistic", {"C": 0.5}).C
    0.5
    """
    given = checked_parameters(family, parameters or {})
    if family == "svm":
        if calibrate:
            return CalibratedSVC(SVC(**given), n_folds=n_folds, seed=seed)
        return SoftmaxSVC(**given)
    if family == "stacking":
        return _make_stack(given, seed=seed, n_folds=n_folds, n_jobs=n_jobs)
    if family == "forest":
        return RandomForestClassifier(random_state=seed, n_jobs=n_jobs, **given)
    return _MAKERS[family](given, seed)


def _make_majority(given: dict[str, Any], _: int) -> DummyClassifier:
    return DummyClassifier(strategy="prior", **given)


def _make_neighbours(given: dict[str, Any], _: int) -> Neighbours:
    given["weights"] = _WEIGHTS[given["weights"]]
    # Any but "brute", for which scikit-learn would pass over our distances.
    return Neighbours(algorithm="kd_tree", **given)


def _make_logistic(given: dict[str, Any], _: int) -> LogisticRegression:
    return LogisticRegression(max_iter=_MAX_ITER, **given)


def _make_lda(given: dict[str, Any], _: int) -> LinearDiscriminantAnalysis:
    return LinearDiscriminantAnalysis(solver="lsqr", **given)


def _make_boosted(given: dict[str, Any], seed: int) -> BoostedTrees:
    n_components, max_depth = given.pop("n_components"), given.pop("max_depth")
    trees = LGBMClassifier(
        max_depth=-1 if max_depth is None else max_depth,
        # Rows are drawn anew for each tree, where `subsample` asks for it.
        subsample_freq=1,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        verbose=-1,
        **given,
    )
    return BoostedTrees(trees, n_components=n_components)


def _make_network(given: dict[str, Any], seed: int) -> Any:
    share = given.pop("validation_fraction")
    given["hidden_layer_sizes"] = tuple(given["hidden_layer_sizes"])
    network = MLPClassifier(random_state=seed, **given)
    return Network(network, validation_fraction=share) if share else network


def _make_stack(given: dict[str, Any], *, seed: int, n_folds: int, n_jobs: int) -> Stack:
    members = []
    for number, member in enumerate(given["members"]):
        parameters = dict(member)
        family = parameters.pop("family")
        classifier = make_classifier(
            family, parameters, seed=seed, n_folds=n_folds, calibrate=False
        )
        members.append((f"{family}_{number}", classifier))
    # Scores of members go together, which costs the usual solver a thousand steps and this one ten.
    final = LogisticRegression(C=given["C"], solver="newton-cg", max_iter=_MAX_ITER)
    return Stack(
        members, final, passthrough=given["passthrough"], n_folds=n_folds, seed=seed, n_jobs=n_jobs
    )


_MAKERS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "majority": _make_majority,
    "knn": _make_neighbours,
    "logistic": _make_logistic,
    "lda": _make_lda,
    "lightgbm": _make_boosted,
    "mlp": _make_network,
}
