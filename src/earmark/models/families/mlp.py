"""Dense networks, stopped early by held-out groups."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier

from earmark.datasets import Fold
from earmark.models.families._estimator import Classifier
from earmark.models.families._family import POSITIVE, Family, FitOptions, Number, Sizes
from earmark.models.families._groups import TakesGroups, inner_folds
from earmark.types import Float32Array, FloatArray, IntArray

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY", "Network"]


_TINY = 1e-12


class Network(TakesGroups, Classifier):
    """A dense network from scikit-learn, stopped early by the log loss of held-out groups.

    scikit-learn's own early stopping holds out random rows, so that songs by the same artist are on
    both sides, and watches the accuracy. Here whole groups are held out. Training ends when their
    log loss has not fallen for ``n_iter_no_change`` passes, or after ``max_iter``, and the weights
    of the best pass are kept. Weights have single precision, which makes training a third faster;
    probabilities are computed in double precision.

    Parameters
    ----------
    network : MLPClassifier
        Not yet fitted. Its ``random_state`` also decides the folds.
    validation_fraction : float
        Approximate share of rows to hold out; more if classes are small.

    Attributes
    ----------
    network_ : MLPClassifier
        Fitted.
    validation_rows_ : np.ndarray of int
        Held-out training rows.
    validation_losses_ : list of float
        Their log loss after each pass.
    best_pass_ : int
        Number of the pass with the kept weights, from 0.
    """

    def __init__(self, network: MLPClassifier, *, validation_fraction: float = 0.1) -> None:
        self.network = network
        self.validation_fraction = validation_fraction

    def fit(self, X: FloatArray, y: IntArray, groups: IntArray | None = None) -> Network:
        """Train the network.

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
        Network
            Itself.

        Raises
        ------
        DatasetError
            If a class has too few groups to hold some out.
        """
        X, y = self._training_data(X, y)
        Z, numbers = X.astype(np.float32), np.searchsorted(self.classes_, y)
        seed, batch_size = self.network.random_state, self.network.batch_size
        fold = self._folds(y, groups)[0]
        self.validation_rows_ = fold.test
        if batch_size != "auto":
            batch_size = min(batch_size, len(fold.train))
        # With a number every pass would shuffle the same way; a generator continues.
        self.network_ = clone(self.network).set_params(
            random_state=np.random.RandomState(seed), batch_size=batch_size
        )
        self._train(Z[fold.train], y[fold.train], Z[fold.test], numbers[fold.test])
        self.network_.random_state = seed
        return self

    def _folds(self, y: IntArray, groups: IntArray | None) -> list[Fold]:
        # No more folds than the largest class has rows, so that each fold can hold some.
        largest = int(np.unique(y, return_counts=True)[1].max())
        n_folds = max(2, min(round(1 / self.validation_fraction), largest))
        return inner_folds(y, groups, n_folds=n_folds, seed=self.network.random_state)

    def deal(self, y: IntArray, groups: IntArray | None) -> None:
        """Split the rows as ``fit`` would, without fitting; groups stay together.

        Raises `DatasetError` if a class has too few groups.
        """
        self._folds(y, groups)

    def _train(self, Z: Float32Array, y: IntArray, held_out: Float32Array, right: IntArray) -> None:
        """Train pass by pass, and return to the best."""
        network = self.network_
        best = np.inf
        self.best_pass_ = 0
        self.validation_losses_: list[float] = []
        for number in range(network.max_iter):
            network.partial_fit(Z, y, classes=self.classes_)
            likely = network.predict_proba(held_out)[np.arange(len(right)), right]
            loss = float(-np.log(np.maximum(likely, _TINY)).mean())
            self.validation_losses_.append(loss)
            if loss < best:
                best, self.best_pass_ = loss, number
                weights = (
                    [array.copy() for array in network.coefs_],
                    [array.copy() for array in network.intercepts_],
                )
            elif number - self.best_pass_ >= network.n_iter_no_change:
                break
        network.coefs_, network.intercepts_ = weights

    def _probabilities(self, X: FloatArray) -> FloatArray:
        probabilities: FloatArray = self.network_.predict_proba(X)
        return probabilities


class _DenseNetwork(Family):
    """Dense networks, stopped early by held-out groups."""

    name = "mlp"
    settings = MappingProxyType(
        {
            "hidden_layer_sizes": (Sizes(), (300, 300, 300, 300, 300)),
            "learning_rate_init": (POSITIVE, 1e-4),
            "alpha": (Number(0), 1e-4),
            "batch_size": (Number(1, whole=True, words=("auto",)), "auto"),
            "max_iter": (Number(1, whole=True), 200),
            "n_iter_no_change": (Number(1, whole=True), 10),
            "validation_fraction": (Number(0, 0.5), 0.1),
        }
    )
    presets = MappingProxyType(
        {
            "mlp": {
                "description": (
                    "Dense network of the course project: 57-300x5-10, ReLU, Adam "
                    "at 0.0001, early stopping on the validation loss; 0.79 to 0.80 "
                    "there."
                ),
                "hidden_layer_sizes": [300, 300, 300, 300, 300],
                "learning_rate_init": 0.0001,
            },
        }
    )
    grids = MappingProxyType(
        {
            "mlp": {
                "source": (
                    "Earmark, about the course projects' dense network (57-300x5-10, Adam, 0.0001)"
                ),
                "parameters": {
                    "alpha": {"values": [1.0, 0.1, 0.01, 0.0001], "simpler": "larger"},
                    "learning_rate_init": {"values": [0.0001, 0.001]},
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "mlp": {
                "source": "Earmark, about the course projects' dense network",
                "parameters": {
                    "alpha": {"low": 1e-05, "high": 10.0, "log": True, "simpler": "larger"},
                    "learning_rate_init": {"low": 0.0001, "high": 0.01, "log": True},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        share = parameters.pop("validation_fraction")
        sizes = tuple(parameters.pop("hidden_layer_sizes"))
        network = MLPClassifier(hidden_layer_sizes=sizes, random_state=options.seed, **parameters)
        return Network(network, validation_fraction=share) if share else network

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        network = classifier.network_ if isinstance(classifier, Network) else classifier
        layers = list(zip(network.coefs_, network.intercepts_, strict=True))
        for coefficients, intercept in layers[:-1]:
            Z = graph.add("Relu", graph.linear(Z, coefficients, intercept))
        scores = graph.linear(Z, *layers[-1])
        return graph.softmax(scores, n_classes=len(network.classes_))


FAMILY = _DenseNetwork()
