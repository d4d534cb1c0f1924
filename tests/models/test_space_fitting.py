"""Fitting spaces: recipes, what is learnt, and that the graph computes the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from earmark.datasets import FeatureTable
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57, GTZAN943
from earmark.models._space_fitting import _unheard_scores
from earmark.models.export import export_space
from earmark.models.recipe import SpaceRecipe, fit_space, load_space_recipe

STYLE = SpaceRecipe(
    name="small",
    feature_set=GTZAN57,
    method="genres-and-artists",
    n_dims=6,
    log_columns=("*_var",),
    clip=4.0,
    blocks=(
        ("chroma*", "rms*"),
        ("spectral*", "rolloff*", "zero*", "harmony*", "perceptr*"),
        ("tempo", "mfcc*"),
    ),
    n_damped=5,
)
TIMBRE = SpaceRecipe(name="pca", feature_set=GTZAN57, method="principal-components", n_dims=6)


# --- recipes ------------------------------------------------------------------------------------


def test_shipped_recipes_are_of_their_features() -> None:
    assert load_space_recipe("style").feature_set is GTZAN943
    assert load_space_recipe("timbre").method == "principal-components"
    assert "gamma" in load_space_recipe("style").to_dict()
    assert set(load_space_recipe("timbre").to_dict()) == {"method", "n_dims", "log_columns", "clip"}


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "magic"},
        {"n_dims": 0},
        {"n_dims": 2.0},
        {"n_dims": True},
        {"n_damped": -1},
        {"gamma": 0.0},
        {"gamma": float("nan")},
        {"ridge": -1.0},
        {"correction": 0.0},
        {"sharpness": 0.0},
        {"clip": 0.0},
        {"weight": 1.1},
        {"shrinkage": -0.1},
        {"damping": 2.0},
        {"blocks": ()},
    ],
    ids=str,
)
def test_recipe_refuses_values_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(changes))):
        replace(STYLE, **changes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "not TOML"),
        ('name = "a"\nfeatures = "gtzan57"\nn_dims = 3', "'method' is missing"),
        ('method = "principal-components"\nfeatures = "gtzan57"\nn_dims = 3', "'name' is missing"),
        ('name = "a"\nmethod = "principal-components"\nn_dims = 3', "'features' is missing"),
        ('name = "a"\nmethod = "genres-and-artists"\nfeatures = "gtzan57"', "'genres' is missing"),
        (
            'name = "a"\nmethod = "principal-components"\nfeatures = "gtzan57"\nn_dims = 3\nk = 1',
            "no setting 'k'",
        ),
        (
            'name = "a"\nmethod = "principal-components"\nfeatures = "gtzan58"\nn_dims = 3',
            "gtzan58",
        ),
    ],
)
def test_recipe_that_is_not_complete_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=told):
        load_space_recipe(path)


def test_recipe_that_is_not_there_is_told() -> None:
    with pytest.raises(ParameterError, match="recipe='none'"):
        load_space_recipe("none")


# --- fitting ------------------------------------------------------------------------------------


def nearest_share(vectors: np.ndarray, groups: np.ndarray) -> float:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    return float((groups[cosines.argmax(axis=1)] == groups).mean())


def test_style_learns_genres_and_artists(table: FeatureTable, unseen: FeatureTable) -> None:
    fitted = fit_space(STYLE, table)
    assert fitted.n_dims == 3 + 6
    vectors = fitted.embed(unseen.X)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    genres = nearest_share(vectors, unseen.labels)
    by_components = fit_space(TIMBRE, table).embed(unseen.X)
    assert genres > nearest_share(by_components, unseen.labels) > 0.4


def test_cosine_is_what_the_notes_say(table: FeatureTable, unseen: FeatureTable) -> None:
    fitted = fit_space(STYLE, table)
    Z = fitted.transform(unseen.X)
    assert fitted.genres is not None
    p = fitted.genres.shares(Z)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    u = Z @ fitted.matrix
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    rest = np.sqrt(1 - STYLE.weight * (p**2).sum(axis=1))
    expected = STYLE.weight * p @ p.T + np.outer(rest, rest) * (u @ u.T)
    vectors = fitted.embed(unseen.X)
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-9)


def test_components_are_those_of_scikit_learn(table: FeatureTable, unseen: FeatureTable) -> None:
    from sklearn.decomposition import PCA

    fitted = fit_space(TIMBRE, table)
    pca = PCA(6).fit(fitted.transform(table.X))
    expected = fitted.transform(unseen.X) @ pca.components_.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors = fitted.embed(unseen.X)
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-5)


def test_unheard_scores_are_those_of_a_fit_without_the_artist() -> None:
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 12))
    kernel, targets = A @ A.T, rng.normal(size=(12, 2))
    artists = np.repeat([3, 1, 2, 9], 3)
    ridged = kernel + 0.5 * np.eye(12)
    inverse = np.linalg.inv(ridged)
    found = _unheard_scores(inverse, inverse @ targets, targets, artists)
    for artist in (1, 9):
        others = artists != artist
        dual = np.linalg.solve(ridged[np.ix_(others, others)], targets[others])
        np.testing.assert_allclose(found[~others], kernel[np.ix_(~others, others)] @ dual)


def test_order_of_the_columns_of_a_vector_is_that_of_the_genres(table: FeatureTable) -> None:
    shares = fit_space(STYLE, table).embed(table.X)[:, :3]
    assert (shares.argmax(axis=1) == np.unique(table.labels, return_inverse=True)[1]).mean() > 0.95


def test_two_genres_are_enough(table: FeatureTable) -> None:
    two = table.select(table.labels != "genre2")
    fitted = fit_space(STYLE, two)
    shares = fitted.embed(two.X)[:, :2]
    assert ((shares.argmax(axis=1) == 1) == (two.labels == "genre1")).mean() > 0.95


def test_same_rows_give_the_same_bytes(table: FeatureTable) -> None:
    for recipe in (STYLE, TIMBRE):
        assert export_space(fit_space(recipe, table)) == export_space(fit_space(recipe, table))


# --- the graph ----------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [STYLE, TIMBRE, replace(STYLE, n_damped=0, clip=None)])
def test_graph_computes_what_was_fitted(
    recipe: SpaceRecipe, table: FeatureTable, unseen: FeatureTable
) -> None:
    fitted = fit_space(recipe, table)
    session = onnxruntime.InferenceSession(export_space(fitted), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"features": unseen.X})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, fitted.embed(unseen.X), atol=1e-6)


# --- what cannot be learnt from -----------------------------------------------------------------


def test_other_features_are_refused(table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="table holds gtzan57"):
        fit_space(load_space_recipe("style"), table)


def test_artists_are_needed(table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match=r"needs groups\['artist'\]"):
        fit_space(STYLE, replace(table, groups={}))
    alone = replace(table, groups={"artist": np.arange(len(table))})
    with pytest.raises(DatasetError, match="two artists of two rows or more"):
        fit_space(STYLE, alone)


def test_genres_are_needed(table: FeatureTable) -> None:
    with pytest.raises(DatasetError, match="two genres or more"):
        fit_space(STYLE, table.select(table.labels == "genre0"))


def test_rows_and_columns_are_needed(table: FeatureTable) -> None:
    with pytest.raises(DatasetError, match="1 row is too few"):
        fit_space(TIMBRE, table.select(np.arange(1)))
    with pytest.raises(ParameterError, match="n_dims=58 is more than 57 columns"):
        fit_space(replace(TIMBRE, n_dims=58), table)


def test_every_column_is_in_one_block(table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="column 'tempo' is in 0 of them"):
        fit_space(replace(STYLE, blocks=(("*_mean",), ("*_var",))), table)
    with pytest.raises(ParameterError, match="is in 2 of them"):
        fit_space(replace(STYLE, blocks=(("*",), ("tempo",))), table)
