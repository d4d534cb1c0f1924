"""Fit a space to rows. Everything that is learned comes from the rows given to `fit_space`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh, inv

from earmark.datasets import FeatureTable
from earmark.errors import DatasetError, ParameterError
from earmark.models._space_recipe import SpaceRecipe
from earmark.models._transform import Transform, fit_transform, matching
from earmark.models.families import one_thread
from earmark.types import BoolArray, Float32Array, FloatArray, IntArray
from earmark.wording import counted

__all__ = ["SMALLEST_LENGTH", "FittedSpace", "Genres", "fit_space"]

SMALLEST_LENGTH = 1e-12
"""A vector shorter than this has no direction and is left as it is."""


_UNIT = 10.0
"""Scores are of the order of a tenth."""


@dataclass(frozen=True)
class Damped:
    """Damps orthonormal `directions` [(d, k)] in which songs by one artist differ.

    `losses` are the shares taken away; `scale` makes the mean square of a column of the training
    rows 1.
    """

    directions: Float32Array
    losses: FloatArray
    scale: float

    def __call__(self, Z: FloatArray) -> FloatArray:
        """Damp transformed rows [shape=(n, d)]."""
        V = self.directions.astype(np.float64)
        return np.asarray((Z - (Z @ V * self.losses) @ V.T) * self.scale)


@dataclass(frozen=True)
class Genres:
    """Shares of genres, by ridge regression in Gaussian kernels with damped `rows` [(n, d)].

    There is a kernel for all columns and one for each of the `blocks`, with `gamma` divided by its
    number of columns. `coefficients` [(n, n_genres)] and `intercept` give the logarithm of each
    share.
    """

    damped: Damped
    rows: Float32Array
    blocks: tuple[BoolArray, ...]
    gamma: float
    coefficients: FloatArray
    intercept: FloatArray

    def shares(self, Z: FloatArray) -> FloatArray:
        """Compute shares that sum to one [shape=(n, n_genres)] of transformed rows."""
        kernel = _kernel(self.damped(Z), self.rows, self.blocks, self.gamma)
        scores = kernel @ self.coefficients + self.intercept
        powers: FloatArray = np.exp(scores - scores.max(axis=1, keepdims=True))
        powers /= powers.sum(axis=1, keepdims=True)
        return powers


@dataclass(frozen=True)
class FittedSpace:
    """A fitted space, for evaluation and export.

    Attributes
    ----------
    recipe : SpaceRecipe
        Recipe it was made with.
    transform : Transform
        From features to columns of comparable size.
    matrix : np.ndarray of float32 [shape=(d, k)]
        Directions in those columns: principal components, or those that separate artists.
    genres : Genres or None
        None if genres are not used.
    """

    recipe: SpaceRecipe
    transform: Transform
    matrix: Float32Array
    genres: Genres | None

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        n_genres = 0 if self.genres is None else len(self.genres.intercept)
        return n_genres + int(self.matrix.shape[1])

    def embed(self, X: FloatArray) -> FloatArray:
        """Compute the vectors of rows of features.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features.

        Returns
        -------
        np.ndarray [shape=(n, n_dims)]
            Of length one.
        """
        with one_thread():
            Z = self.transform(X)
            directions = unit(Z @ self.matrix.astype(np.float64))
            if self.genres is None:
                return directions
            parts = np.sqrt(self.recipe.weight) * self.genres.shares(Z)
            rest = np.sqrt(1 - (parts**2).sum(axis=1, keepdims=True))
            return unit(np.concatenate([parts, rest * directions], axis=1))


def unit(vectors: FloatArray) -> FloatArray:
    """Bring vectors [shape=(n, d)] to length one."""
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.maximum(lengths, SMALLEST_LENGTH))


def _kernel(
    Z: FloatArray, rows: Float32Array, blocks: tuple[BoolArray, ...], gamma: float
) -> FloatArray:
    """Return half the kernel of all columns and half the mean of those of the blocks."""
    total, by_block = np.zeros((len(Z), len(rows))), np.zeros((len(Z), len(rows)))
    for block in blocks:
        A, B = Z[:, block], rows[:, block].astype(np.float64)
        squares = (A**2).sum(axis=1)[:, np.newaxis] + (B**2).sum(axis=1) - 2 * A @ B.T
        by_block += np.exp(-gamma / A.shape[1] * squares)
        total += squares
    return np.asarray((np.exp(-gamma / Z.shape[1] * total) + by_block / len(blocks)) / 2)


def _signed(vectors: FloatArray) -> Float32Array:
    """Flip columns so that the largest number of each is positive: solvers may give either sign."""
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * np.sign(largest), dtype=np.float32)


def _principal(Z: FloatArray, n_dims: int) -> Float32Array:
    """Return the directions in which centred rows differ most."""
    n_columns = Z.shape[1]
    if n_dims > n_columns:
        raise ParameterError(
            f"n_dims={n_dims} is more than {counted(n_columns, 'column has', 'columns have')}"
        )
    _, vectors = eigh(Z.T @ Z / len(Z), subset_by_index=(n_columns - n_dims, n_columns - 1))
    return _signed(vectors[:, ::-1])


def _artists(Z: FloatArray, artists: IntArray, recipe: SpaceRecipe) -> Float32Array:
    """Return the directions that separate the artists with two rows or more.

    They have the largest ``v'Bv / v'Wv``, where B is the covariance of the artists' means, each
    times the root of its number of rows, and W the covariance within artists, shrunk towards the
    identity. Each is scaled to the root of its deviation, so that the first ones dominate less.
    """
    numbers, counts = _numbers(artists)
    kept = np.flatnonzero(counts > 1)
    means = _means(Z, numbers, counts)
    n_columns = Z.shape[1]
    within = _within(Z, numbers, counts)
    level = np.trace(within) / n_columns
    within = (1 - recipe.shrinkage) * within + recipe.shrinkage * level * np.eye(n_columns)
    between = np.cov((means[kept] * np.sqrt(counts[kept])[:, np.newaxis]).T)
    n_dims = min(recipe.n_dims, len(kept) - 1, n_columns)
    subset = (n_columns - n_dims, n_columns - 1)
    _, vectors = eigh(between, within, subset_by_index=subset)
    vectors = vectors[:, ::-1] / np.sqrt((Z @ vectors[:, ::-1]).std(axis=0))
    return _signed(vectors)


def _numbers(artists: IntArray) -> tuple[IntArray, IntArray]:
    """Return the artist number of each row, from 0, and the number of rows of each."""
    _, numbers, counts = np.unique(artists, return_inverse=True, return_counts=True)
    if (counts > 1).sum() < 2:
        raise DatasetError("two artists of two rows or more are needed to tell artists apart")
    return numbers, counts


def _means(Z: FloatArray, numbers: IntArray, counts: IntArray) -> FloatArray:
    sums = np.zeros((len(counts), Z.shape[1]))
    np.add.at(sums, numbers, Z)
    return np.asarray(sums / counts[:, np.newaxis])


def _within(Z: FloatArray, numbers: IntArray, counts: IntArray) -> FloatArray:
    """Return the covariance within artists of two rows or more."""
    inside = (Z - _means(Z, numbers, counts)[numbers])[counts[numbers] > 1]
    return np.asarray(inside.T @ inside / len(inside))


def _damped(Z: FloatArray, artists: IntArray, recipe: SpaceRecipe) -> Damped:
    within = _within(Z, *_numbers(artists))
    n_columns = Z.shape[1]
    level = np.trace(within) / n_columns
    n_damped = min(recipe.n_damped, n_columns)
    values, vectors = eigh(within)
    largest = slice(n_columns - n_damped, n_columns)
    losses = 1 - (1 + recipe.damping * values[largest] / level) ** -0.5
    unscaled = Damped(_signed(vectors[:, largest]), losses, 1.0)
    return replace(unscaled, scale=float(1 / np.sqrt((unscaled(Z) ** 2).mean())))


def _blocks(recipe: SpaceRecipe, names: Sequence[str]) -> tuple[BoolArray, ...]:
    blocks = tuple(matching(patterns, names) for patterns in recipe.blocks)
    times = np.sum(blocks, axis=0)
    if (times != 1).any():
        at = int(np.flatnonzero(times != 1)[0])
        raise ParameterError(f"blocks: column {names[at]!r} is in {times[at]} of them, not in one")
    return blocks


def _genres(Z: FloatArray, table: FeatureTable, recipe: SpaceRecipe) -> Genres:
    _, labels = np.unique(table.labels, return_inverse=True)
    blocks = _blocks(recipe, table.names)
    damped = _damped(Z, table.groups["artist"], recipe)
    rows = damped(Z).astype(np.float32)
    kernel = _kernel(rows.astype(np.float64), rows, blocks, recipe.gamma)
    targets = np.eye(len(table.classes))[labels]
    targets -= targets.mean(axis=0)
    inverse = inv(kernel + recipe.ridge * np.eye(len(kernel)))
    dual = inverse @ targets
    unheard = _unheard_scores(inverse, dual, targets, table.groups["artist"])
    mixture, intercept = _correction(unheard, labels, recipe)
    return Genres(damped, rows, blocks, recipe.gamma, dual @ mixture, intercept)


def _unheard_scores(
    inverse: FloatArray, dual: FloatArray, targets: FloatArray, artists: IntArray
) -> FloatArray:
    """Return the scores of each row, fitted without the rows of its artist.

    With G the inverse of the ridged kernel, those of an artist's rows a are
    ``y_a - G_aa^-1 (G y)_a``.
    """
    scores = np.empty_like(targets)
    for artist in np.unique(artists):
        own = np.flatnonzero(artists == artist)
        scores[own] = targets[own] - np.linalg.solve(inverse[np.ix_(own, own)], dual[own])
    return scores


def _correction(
    scores: FloatArray, labels: IntArray, recipe: SpaceRecipe
) -> tuple[FloatArray, FloatArray]:
    """Return the factors and offsets that turn scores into logarithms of shares."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=recipe.correction, max_iter=1000).fit(_UNIT * scores, labels)
    slopes, intercept = model.coef_, model.intercept_
    if len(slopes) == 1:  # two genres have one score, that of the second
        slopes = np.concatenate([-slopes, slopes]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    n_genres = scores.shape[1]
    return recipe.sharpness * np.eye(n_genres) + _UNIT * slopes.T, intercept


def fit_space(recipe: SpaceRecipe, table: FeatureTable) -> FittedSpace:
    """Fit the recipe of a space to the rows of a table.

    Parameters
    ----------
    recipe : SpaceRecipe
        What to do.
    table : FeatureTable
        Training rows.

    Returns
    -------
    FittedSpace
        Ready to embed.

    Raises
    ------
    ParameterError
        If the table's features are not the recipe's, it has fewer columns than the recipe has
        dimensions, or it lacks the artists that the recipe needs.
    DatasetError
        If there are too few genres, artists or rows to learn from.

    Notes
    -----
    ``principal-components``: standardised columns, projected, scaled to length one.

    ``genres-and-artists``: with p the shares of the genres (ridge regression in Gaussian kernels
    onto centred indicators; the scores times the sharpness, and a correction by logistic regression
    on the scores of held-out artists; softmax), w the weight, and u, of length one, the projection
    on directions that separate artists, the vector is ``sqrt(w) p`` and, in further dimensions,
    ``sqrt(1 - w |p|^2) u``. Its length is one, and the cosine of two is ``w p.p' + sqrt((1 - w
    |p|^2) (1 - w |p'|^2)) u.u'``: how likely both have the same genre, and apart from that, how
    much they sound like the same artist.

    Examples
    --------
    >>> from earmark.features import SEGMENT_BANDS
    >>> from earmark.models.recipe import load_space_recipe
    >>> X = np.random.default_rng(0).uniform(0, 255, (300, 256))
    >>> table = FeatureTable(
    ...     ids=np.arange(300).astype(str), X=X, feature_set="segment_bands",
    ...     fingerprint=SEGMENT_BANDS.fingerprint, labels=np.full(300, "noise"),
    ... )
    >>> fit_space(load_space_recipe("timbre"), table).embed(X).shape
    (300, 32)
    """
    if table.fingerprint != recipe.feature_set.fingerprint:
        raise ParameterError(
            f"table holds {table.feature_set} {table.fingerprint}, recipe {recipe.name!r} takes "
            f"{recipe.feature_set.name} {recipe.feature_set.fingerprint}"
        )
    if len(table) < 2:
        raise DatasetError(f"{counted(len(table), 'row is', 'rows are')} too few to learn from")
    transform = fit_transform(
        table.X,
        function="log",
        patterns=recipe.log_columns,
        names=table.names,
        clip=recipe.clip,
    )
    with one_thread():
        Z = transform(table.X)
        if recipe.method == "principal-components":
            return FittedSpace(recipe, transform, _principal(Z, recipe.n_dims), None)
        if "artist" not in table.groups:
            raise ParameterError(f"recipe {recipe.name!r} needs groups['artist'] in the table")
        if len(table.classes) < 2:
            raise DatasetError("two genres or more are needed to tell genres apart")
        matrix = _artists(Z, table.groups["artist"], recipe)
        return FittedSpace(recipe, transform, matrix, _genres(Z, table, recipe))
