"""A logistic regression over classifiers, trained on their answers for held-out groups."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from earmark.models.families._estimator import Classifier
from earmark.models.families._family import POSITIVE, Choice, Family, FitOptions, Members
from earmark.models.families._groups import TakesGroups, fit_classifier, inner_folds
from earmark.models.families._registry import get_family
from earmark.types import FloatArray, IntArray

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY", "Stack", "member_scores"]

_MAX_ITER = 500


def member_scores(member: Any, X: FloatArray) -> FloatArray:
    """Return the output of a member for the classifier above it.

    Parameters
    ----------
    member : estimator
        Fitted.
    X : np.ndarray [shape=(n, d)]
        Rows.

    Returns
    -------
    np.ndarray [shape=(n, n_columns)]
        The scores of a support vector machine, the probabilities of any other; for two classes,
        only those of the second. scikit-learn's ``StackingClassifier`` uses the same.
    """
    if isinstance(member, SVC):
        scores: FloatArray = member.decision_function(X)
        return scores.reshape(len(X), -1)
    probabilities: FloatArray = member.predict_proba(X)
    return probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities


class Stack(TakesGroups, Classifier):
    """Stacked generalisation (Wolpert 1992) that keeps groups together at every level.

    The final classifier learns from members that were fitted without the row's group, and members
    that hold rows out themselves get the groups too, which scikit-learn's ``StackingClassifier``
    cannot do. With the same folds and members that hold nothing out, both give the same.

    Parameters
    ----------
    members : list of (str, estimator)
        Not yet fitted.
    final : estimator
        The classifier above them, not yet fitted.
    passthrough : bool
        Whether it uses the columns in addition to the members' scores.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the folds.
    n_jobs : int
        Number of threads for members and folds.

    Attributes
    ----------
    folds_ : list of Fold
        Folds of the training rows.
    members_ : list of estimator
        Fitted on all rows.
    final_ : estimator
        Fitted on the scores of held-out rows.
    """

    def __init__(
        self,
        members: list[tuple[str, Any]],
        final: Any,
        *,
        passthrough: bool = True,
        n_folds: int = 5,
        seed: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.members = members
        self.final = final
        self.passthrough = passthrough
        self.n_folds = n_folds
        self.seed = seed
        self.n_jobs = n_jobs

    def deal(self, y: IntArray, groups: IntArray | None) -> None:
        """Split the rows as ``fit`` would, without fitting; groups stay together.

        Raises `DatasetError` if a class has too few groups.
        """
        folds = inner_folds(y, groups, n_folds=self.n_folds, seed=self.seed)
        parts = [np.arange(len(y)), *(fold.train for fold in folds)]
        for _, member in self.members:
            for rows in parts if isinstance(member, TakesGroups) else ():
                member.deal(y[rows], None if groups is None else groups[rows])

    def fit(self, X: FloatArray, y: IntArray, groups: IntArray | None = None) -> Stack:
        """Fit members and the classifier above them.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Training rows.
        y : np.ndarray of int [shape=(n,)]
            Number of the class of each.
        groups : np.ndarray of int [shape=(n,)] or None
            Rows with the same number stay together.

        Returns
        -------
        Stack
            Itself.

        Raises
        ------
        DatasetError
            If a class has too few groups.
        """
        X, y = self._training_data(X, y)
        self.folds_ = inner_folds(y, groups, n_folds=self.n_folds, seed=self.seed)
        everything = np.arange(len(y))
        parts = [everything, *(fold.train for fold in self.folds_)]
        # The last member is the slowest by far, so it starts first.
        tasks = [(member, rows) for _, member in reversed(self.members) for rows in parts]
        with ThreadPoolExecutor(self.n_jobs) as threads:
            fitted = list(
                threads.map(partial(_fit_member, X, y, groups), *zip(*tasks, strict=True))
            )
        by_member = [fitted[i : i + len(parts)] for i in range(0, len(fitted), len(parts))][::-1]
        self.members_ = [of_member[0] for of_member in by_member]
        columns = [_out_of_fold(of_member[1:], X, self.folds_) for of_member in by_member]
        if self.passthrough:
            columns.append(X)
        self.final_ = clone(self.final).fit(np.hstack(columns), y)
        return self

    def _seen(self, X: FloatArray) -> FloatArray:
        """Return the input of the final classifier."""
        columns = [member_scores(member, X) for member in self.members_]
        return np.hstack([*columns, X] if self.passthrough else columns)

    def _probabilities(self, X: FloatArray) -> FloatArray:
        probabilities: FloatArray = self.final_.predict_proba(self._seen(X))
        return probabilities


def _fit_member(
    X: FloatArray, y: IntArray, groups: IntArray | None, member: Any, rows: IntArray
) -> Any:
    of_rows = None if groups is None else groups[rows]
    return fit_classifier(clone(member), X[rows], y[rows], groups=of_rows)


def _out_of_fold(fitted: list[Any], X: FloatArray, folds: list[Any]) -> FloatArray:
    """Return the scores of each row by members fitted without its fold."""
    scores = [member_scores(m, X[fold.test]) for m, fold in zip(fitted, folds, strict=True)]
    gathered = np.empty((len(X), scores[0].shape[1]))
    for fold, of_fold in zip(folds, scores, strict=True):
        gathered[fold.test] = of_fold
    return gathered


class _Stacking(Family):
    """A logistic regression over classifiers."""

    name = "stacking"
    settings = MappingProxyType(
        {
            "members": (
                Members(),
                (
                    {"family": "knn"},
                    {"family": "svm"},
                    {"family": "mlp"},
                ),
            ),
            "passthrough": (Choice((True, False)), True),
            "C": (POSITIVE, 1.0),
        }
    )
    presets = MappingProxyType(
        {
            "stacking": {
                "description": (
                    "Nearest neighbours, support vectors and the dense network "
                    "under logistic regression that sees the columns too: 0.84 in "
                    "the course project, 0.88 after its grid search, whose "
                    "parameters these are."
                ),
                "passthrough": True,
                "members": [
                    {"family": "knn", "n_neighbors": 2, "weights": "distance"},
                    {"family": "svm", "C": 100.0, "kernel": "rbf", "gamma": "scale"},
                    {
                        "family": "mlp",
                        "hidden_layer_sizes": [300, 300, 300, 300, 300],
                        "learning_rate_init": 0.0001,
                    },
                ],
            },
        }
    )
    grids = MappingProxyType(
        {
            "stacking": {
                "source": "Earmark",
                "parameters": {
                    "C": {"values": [0.01, 0.1, 1.0], "simpler": "smaller"},
                    "passthrough": {"values": [False, True]},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        members = []
        for number, member in enumerate(parameters["members"]):
            own = dict(member)
            family = get_family(own.pop("family"))
            member_options = FitOptions(seed=options.seed, n_folds=options.n_folds, calibrate=False)
            classifier = family.make(family.checked(own), member_options)
            members.append((f"{family.name}_{number}", classifier))
        # Scores of members are correlated: the usual solver takes a thousand steps, this one ten.
        final = LogisticRegression(C=parameters["C"], solver="newton-cg", max_iter=_MAX_ITER)
        return Stack(
            members,
            final,
            passthrough=parameters["passthrough"],
            n_folds=options.n_folds,
            seed=options.seed,
            n_jobs=options.n_jobs,
        )

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        from earmark.models._onnx import add_decision

        columns = []
        for (name, _), member in zip(classifier.members, classifier.members_, strict=True):
            if isinstance(member, SVC):
                columns.append(add_decision(graph, Z, member))
                continue
            found = get_family(name.rpartition("_")[0]).export(graph, Z, member)
            if len(classifier.classes_) == 2:
                found = graph.columns(found, [False, True])
            columns.append(found)
        if classifier.passthrough:
            columns.append(Z)
        seen = graph.add("Concat", *columns, axis=1)
        return get_family("logistic").export(graph, seen, classifier.final_)


FAMILY = _Stacking()
