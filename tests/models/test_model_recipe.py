"""Recipes: read, fitted on what is given and nothing else, written as ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from earmark.datasets import FeatureTable, Fold, group_folds
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import held_out_predictions
from earmark.features import GTZAN57
from earmark.models import load_model, write_model
from earmark.models.export import export_onnx
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe

GOOD = """
name = "mine"
features = "gtzan57"
seed = 3
n_folds = 4
[classifier]
log_columns = ["*_var"]
clip = 5.0
[[classifier.members]]
family = "lda"
[unsure]
accuracy = 0.8
familiar = 0.9
sqrt_columns = ["*_var"]
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def lda(recipe: Recipe, **changes: object) -> Recipe:
    return replace(recipe, members=({"family": "lda"},), **changes)  # type: ignore[arg-type]


# --- reading ------------------------------------------------------------------------------------


def test_recipe_of_a_file_is_read(toml: Path) -> None:
    toml.write_text(GOOD)
    recipe = load_recipe(toml)
    assert (recipe.name, recipe.seed, recipe.n_folds, recipe.clip) == ("mine", 3, 4, 5.0)
    assert recipe.members == ({"family": "lda"},)
    assert (recipe.accuracy, recipe.familiar) == (0.8, 0.9)


def test_recipe_is_told_whole_in_the_manifest(toml: Path) -> None:
    toml.write_text(GOOD)
    assert load_recipe(toml).to_dict() == {
        "seed": 3,
        "n_folds": 4,
        "members": [{"family": "lda"}],
        "log_columns": ["*_var"],
        "clip": 5.0,
        "sqrt_columns": ["*_var"],
        "accuracy": 0.8,
        "familiar": 0.9,
    }


@pytest.mark.parametrize("key", ["name", "seed", "n_folds", "accuracy", "familiar"])
def test_recipe_without_a_key_is_refused(toml: Path, key: str) -> None:
    toml.write_text(
        "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))
    )
    with pytest.raises(ParameterError, match=f"mine.toml.*'{key}' is missing"):
        load_recipe(toml)


def test_recipe_takes_any_features_and_changes_none_unless_told(toml: Path) -> None:
    keys = ("features", "log_columns", "clip", "sqrt_columns")
    lines = [line for line in GOOD.splitlines() if not line.startswith(keys)]
    toml.write_text("\n".join(lines))
    recipe = load_recipe(toml)
    assert recipe.feature_set is None
    assert (recipe.log_columns, recipe.clip, recipe.sqrt_columns) == ((), None, ())
    assert (recipe.standardise, recipe.calibration, recipe.precision) == (
        True,
        "temperature",
        "double",
    )


def test_recipe_of_another_kind_is_told_in_the_manifest(toml: Path) -> None:
    toml.write_text(
        GOOD.replace("clip = 5.0", 'standardise = false\ncalibration = "none"').replace(
            "accuracy", 'distance_columns = ["mfcc*"]\naccuracy'
        )
    )
    told = load_recipe(toml).to_dict()
    assert (told["standardise"], told["calibration"], told["clip"]) == (False, "none", None)
    assert told["distance_columns"] == ["mfcc*"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "[classifier]\n",
            "[classifier]\nstandardize = true\n",
            "classifier has no .*'standardize'",
        ),
        ("[unsure]\n", "[unsure]\nlog_columns = []\n", "unsure has no setting 'log_columns'"),
        ("seed = 3", "seed = 3\nsed = 4", "the recipe has no setting 'sed'"),
        ("clip = 5.0", "clip = 0", "clip=0.0 must be above 0"),
        ("n_folds = 4", "n_folds = 1", "n_folds=1 is not"),
        ("accuracy = 0.8", "accuracy = 80", "accuracy=80.0 must be"),
        ("familiar = 0.9", "familiar = 0", "familiar=0.0 must be"),
        ("clip = 5.0", 'calibration = "platt"', "calibration='platt' is not one of"),
        ("clip = 5.0", 'precision = "half"', "precision='half' is not one of"),
        ('family = "lda"', "shrinkage = 0.5", "member 0 has no family"),
        ('[[classifier.members]]\nfamily = "lda"', "members = []", "has no members"),
        ('[[classifier.members]]\nfamily = "lda"', 'members = ["lda"]', "member 0 has no family"),
    ],
)
def test_recipe_with_a_value_that_cannot_be_is_refused(
    toml: Path, old: str, new: str, told: str
) -> None:
    assert old in GOOD
    toml.write_text(GOOD.replace(old, new))
    with pytest.raises(ParameterError, match=told):
        load_recipe(toml)


@pytest.mark.parametrize("content", [b"name = ", b"[[[", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_recipe_that_is_not_toml_is_refused(toml: Path, content: bytes) -> None:
    toml.write_bytes(content)
    with pytest.raises(ParameterError, match="is not TOML"):
        load_recipe(toml)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[[classifier.members]]\n", "[[classifier.membres]]\n"),
        ("[unsure]", "[sure]"),
    ],
)
def test_recipe_without_a_section_is_refused(toml: Path, old: str, new: str) -> None:
    toml.write_text(GOOD.replace(old, new))
    with pytest.raises(ParameterError, match="is missing"):
        load_recipe(toml)


def test_recipe_with_a_value_for_a_section_is_refused(toml: Path) -> None:
    toml.write_text('name = "a"\nclassifier = 1\nunsure = 2\nfeatures = "gtzan57"\n')
    with pytest.raises(ParameterError):
        load_recipe(toml)


@pytest.mark.parametrize("key", ["clip", "accuracy", "familiar"])
@pytest.mark.parametrize("value", ['"much"', "[1]"])
def test_recipe_with_words_for_a_number_is_refused(toml: Path, key: str, value: str) -> None:
    lines = [
        f"{key} = {value}" if line.startswith(f"{key} =") else line for line in GOOD.split("\n")
    ]
    toml.write_text("\n".join(lines))
    with pytest.raises(ParameterError, match=r"mine\.toml"):
        load_recipe(toml)


def test_recipe_of_unknown_features_is_refused(toml: Path) -> None:
    toml.write_text(GOOD.replace('"gtzan57"', '"gtzan58"'))
    with pytest.raises(ParameterError, match="'gtzan58' is not a feature set"):
        load_recipe(toml)


@pytest.mark.parametrize("name", ["gtzan58", "no/such.toml", ""])
def test_missing_recipe_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"recipe='{name}'"):
        load_recipe(name)


# --- fitting ------------------------------------------------------------------------------------


def test_unknown_family_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="'bush' is not one of forest, knn, lda"):
        fit(replace(recipe, members=({"family": "bush"},)), table, classes=table.classes)


@pytest.mark.parametrize(("family", "setting"), [("svm", "depth"), ("lda", "C"), ("logistic", "c")])
def test_unknown_setting_is_refused(
    recipe: Recipe, table: FeatureTable, family: str, setting: str
) -> None:
    members = ({"family": family, setting: 1},)
    with pytest.raises(ParameterError, match=f"family='{family}' has no setting '{setting}'"):
        fit(replace(recipe, members=members), table, classes=table.classes)


def test_table_of_other_features_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="table holds gtzan57 0123") as caught:
        fit(recipe, replace(table, fingerprint="0123"), classes=table.classes)
    assert recipe.feature_set.fingerprint in str(caught.value)


def test_genre_of_too_few_artists_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    of_first = table.labels == "genre0"
    artists = np.where(of_first, -1, table.groups["artist"])
    lonely = replace(table, groups={"artist": artists})
    with pytest.raises(DatasetError, match="genre0"):
        fit(lda(recipe), lonely, classes=table.classes)


def test_pattern_that_fits_no_feature_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="'nothing' matches no column"):
        fit(lda(recipe, log_columns=("nothing",)), table, classes=table.classes)


def test_fitted_model_knows_what_it_was_taught(
    fitted: FittedModel, table: FeatureTable, unseen: FeatureTable
) -> None:
    y = np.searchsorted(np.array(table.classes), table.labels)
    prediction = fitted.predict(table.X)
    np.testing.assert_allclose(prediction.probabilities.sum(axis=1), 1, rtol=1e-9)
    assert (prediction.probabilities.argmax(axis=1) == y).mean() > 0.9
    assert 0.05 <= fitted.temperature <= 20
    assert unseen.classes == table.classes


def test_same_seed_gives_the_same_model(
    recipe: Recipe, table: FeatureTable, fitted: FittedModel, unseen: FeatureTable
) -> None:
    again = fit(recipe, table, classes=table.classes)
    assert again.temperature == fitted.temperature
    assert (again.min_confidence, again.max_distance) == (
        fitted.min_confidence,
        fitted.max_distance,
    )
    np.testing.assert_array_equal(
        again.predict(unseen.X).probabilities, fitted.predict(unseen.X).probabilities
    )
    assert export_onnx(again) == export_onnx(fitted)


def test_another_seed_gives_another_calibration(recipe: Recipe, table: FeatureTable) -> None:
    found = [
        fit(lda(recipe, seed=seed), table, classes=table.classes).temperature for seed in (0, 1)
    ]
    assert found[0] != found[1]


def test_familiar_share_is_of_rows_held_out(recipe: Recipe, table: FeatureTable) -> None:
    """Rows that are fitted on lie nearer than rows held out: 95 % of the latter is farther out."""
    model = fit(lda(recipe), table, classes=table.classes)
    inside = (model.predict(table.X).distance <= model.max_distance).mean()
    assert inside > recipe.familiar
    # The same quantile of fresh rows lies near the threshold, not below it.
    folds = group_folds(table.labels, table.groups["artist"], n_folds=5, seed=0)
    held_out = held_out_predictions(
        lambda rows: fit(lda(recipe, n_folds=3), rows, classes=table.classes), table, folds
    )
    assert 0.8 <= held_out.familiar.mean() <= 1


def test_wide_outlier_is_unfamiliar(fitted: FittedModel, table: FeatureTable) -> None:
    assert fitted.predict(100 * table.X[:1]).distance[0] > fitted.max_distance


def test_classes_can_stand_in_any_order(recipe: Recipe, table: FeatureTable) -> None:
    usual = fit(lda(recipe), table, classes=table.classes, calibrate=False)
    order = table.classes[::-1]
    other = fit(lda(recipe), table, classes=order, calibrate=False)
    assert other.classes == order
    np.testing.assert_allclose(
        other.predict(table.X).probabilities,
        usual.predict(table.X).probabilities[:, ::-1],
        rtol=1e-9,
    )


def test_one_class_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    one = table.select(table.labels == "genre0")
    with pytest.raises(DatasetError, match="two or more"):
        fit(recipe, one, classes=one.classes)


def test_class_without_a_row_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(DatasetError, match="'polka' has no row"):
        fit(recipe, table, classes=(*table.classes, "polka"))


def test_label_that_is_no_class_is_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="label 'genre2' is not one of"):
        fit(recipe, table, classes=table.classes[:2])


def test_uncalibrated_model_holds_nothing_back(recipe: Recipe, table: FeatureTable) -> None:
    model = fit(lda(recipe), table, classes=table.classes, calibrate=False)
    assert (model.temperature, model.min_confidence, model.max_distance) == (1, 0, np.inf)
    assert not model.calibrated


def test_calibration_can_be_left_out_and_thresholds_kept(
    recipe: Recipe, table: FeatureTable
) -> None:
    model = fit(lda(recipe, calibration="none"), table, classes=table.classes)
    assert model.temperature == 1
    assert 0 < model.max_distance < np.inf
    raw = fit(lda(recipe), table, classes=table.classes, calibrate=False)
    np.testing.assert_array_equal(
        model.predict(table.X).probabilities, raw.predict(table.X).probabilities
    )


def test_members_count_by_their_weight(recipe: Recipe, table: FeatureTable) -> None:
    one, other = {"family": "lda"}, {"family": "logistic"}

    def probabilities(*members: dict[str, object]) -> np.ndarray:
        model = fit(replace(recipe, members=members), table, classes=table.classes, calibrate=False)
        return model.predict(table.X).probabilities

    found = probabilities({**one, "weight": 3}, {**other, "weight": 1.0})
    np.testing.assert_allclose(
        found, 0.75 * probabilities(one) + 0.25 * probabilities(other), rtol=1e-12
    )


@pytest.mark.parametrize("weight", [0, -1, float("inf"), "much", True])
def test_weight_that_is_none_is_refused(
    recipe: Recipe, table: FeatureTable, weight: object
) -> None:
    members = ({"family": "lda", "weight": weight},)
    with pytest.raises(ParameterError, match="weight="):
        fit(replace(recipe, members=members), table, classes=table.classes)


def test_member_sees_its_columns_only(recipe: Recipe, table: FeatureTable) -> None:
    some = {"family": "lda", "columns": ["mfcc*"]}
    model = fit(replace(recipe, members=(some,)), table, classes=table.classes, calibrate=False)
    X = table.X.copy()
    X[:, [not name.startswith("mfcc") for name in table.names]] *= 7
    np.testing.assert_array_equal(
        model.predict(X).probabilities, model.predict(table.X).probabilities
    )
    with pytest.raises(ParameterError, match="'chords' matches no column"):
        fit(
            replace(recipe, members=({**some, "columns": ["chords"]},)),
            table,
            classes=table.classes,
        )


def test_distance_is_measured_in_its_columns(recipe: Recipe, table: FeatureTable) -> None:
    some = lda(recipe, distance_columns=("mfcc*",), sqrt_columns=("mfcc*_var",))
    model = fit(some, table, classes=table.classes, calibrate=False)
    X = table.X.copy()
    X[:, [not name.startswith("mfcc") for name in table.names]] *= 7
    np.testing.assert_array_equal(model.predict(X).distance, model.predict(table.X).distance)


def test_columns_can_be_left_as_they_are(recipe: Recipe, table: FeatureTable) -> None:
    plain = replace(
        recipe, members=({"family": "knn"},), log_columns=(), clip=None, standardise=False
    )
    model = fit(plain, table, classes=table.classes, calibrate=False)
    np.testing.assert_array_equal(model.base.classifier_transform(table.X), table.X)


def test_tables_own_features_are_taken(table: FeatureTable) -> None:
    names = tuple(f"mine{i}" for i in range(57))
    mine = replace(table, feature_set="mine", fingerprint="0", names=names)
    model = fit(load_recipe("lda"), mine, classes=mine.classes)
    assert (model.feature_set, model.names) == (None, names)
    known = fit(load_recipe("lda"), table, classes=table.classes)
    assert known.feature_set is GTZAN57


# --- which rows stay together inside --------------------------------------------------------------


def groups_seen(
    table: FeatureTable, inner_groups: str, monkeypatch: pytest.MonkeyPatch
) -> np.ndarray:
    """Return the groups that a fit keeps whole."""
    seen: list[np.ndarray] = []

    def spy(labels: np.ndarray, groups: np.ndarray, **settings: Any) -> list[Fold]:
        seen.append(groups)
        return group_folds(labels, groups, **settings)

    monkeypatch.setattr("earmark.models.families._groups.group_folds", spy)
    fit(load_recipe("lda"), table, classes=table.classes, inner_groups=inner_groups)  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("there", "asked", "kept"),
    [
        ({"artist", "track"}, "artist", "artist"),
        ({"artist", "track"}, "track", "track"),
        ({"artist", "track"}, "row", "row"),
        ({"artist"}, "track", "row"),
        ({"track"}, "artist", "track"),
        (set(), "artist", "row"),
    ],
)
def test_groups_give_way_to_the_next(
    table: FeatureTable, monkeypatch: pytest.MonkeyPatch, there: set[str], asked: str, kept: str
) -> None:
    groups = {
        "artist": table.groups["artist"],
        "track": np.arange(len(table)) // 2,
        "row": np.arange(len(table)),
    }
    given = replace(table, groups={name: groups[name] for name in there})
    np.testing.assert_array_equal(groups_seen(given, asked, monkeypatch), groups[kept])


def test_duplicates_stay_together_inside(
    table: FeatureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    duplicate = np.arange(len(table))
    duplicate[7] = 3
    given = replace(table, groups={"duplicate": duplicate})
    seen = groups_seen(given, "row", monkeypatch)
    assert seen[7] == seen[3]
    assert len(np.unique(seen)) == len(table) - 1


def test_unknown_inner_groups_are_refused(recipe: Recipe, table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="inner_groups='album' is not one of"):
        fit(recipe, table, classes=table.classes, inner_groups="album")  # type: ignore[arg-type]


# --- what a fold may see ------------------------------------------------------------------------


def test_only_training_rows_reach_the_fit(recipe: Recipe, table: FeatureTable) -> None:
    folds = group_folds(table.labels, table.groups["artist"], n_folds=5, seed=0)
    seen: list[list[str]] = []

    def spy(rows: FeatureTable) -> FittedModel:
        seen.append(rows.ids.tolist())
        return fit(lda(recipe, n_folds=3), rows, classes=table.classes)

    held_out_predictions(spy, table, folds)
    assert seen == [table.ids[fold.train].tolist() for fold in folds]


def test_test_rows_change_nothing_that_is_fitted(recipe: Recipe, table: FeatureTable) -> None:
    fold = group_folds(table.labels, table.groups["artist"], n_folds=5, seed=0)[0]
    fits: list[FittedModel] = []

    def spy(rows: FeatureTable) -> FittedModel:
        fits.append(fit(replace(recipe, n_folds=3), rows, classes=table.classes))
        return fits[-1]

    X = table.X.copy()
    X[fold.test] *= 1000
    for rows in (table, replace(table, X=X)):
        held_out_predictions(spy, rows, [fold])
    assert export_onnx(fits[0]) == export_onnx(fits[1])
    assert fits[0].min_confidence == fits[1].min_confidence
    assert fits[0].max_distance == fits[1].max_distance


def test_training_rows_do_change_what_is_fitted(recipe: Recipe, table: FeatureTable) -> None:
    """Else the test above would prove nothing."""
    X = table.X.copy()
    X[0] *= 1000
    first, second = (
        fit(lda(recipe), rows, classes=table.classes) for rows in (table, replace(table, X=X))
    )
    assert export_onnx(first) != export_onnx(second)


# --- as ONNX ------------------------------------------------------------------------------------


def extreme_rows(X: np.ndarray) -> np.ndarray:
    return np.concatenate([0 * X[:3], 1e6 * X[:3], -X[:3], 1e-12 * X[:3], X[:3] + 1e9])


def test_graph_gives_what_the_fitted_model_gives(fitted: FittedModel, unseen: FeatureTable) -> None:
    X = np.concatenate([unseen.X, extreme_rows(unseen.X)])
    session = onnxruntime.InferenceSession(export_onnx(fitted), providers=["CPUExecutionProvider"])
    probabilities, distance = session.run(["probabilities", "distance"], {"features": X})
    expected = fitted.predict(X)
    np.testing.assert_allclose(probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(distance, expected.distance, rtol=1e-9)


@pytest.mark.parametrize("family", ["svm", "lda", "logistic"])
def test_graph_of_single_precision_gives_what_each_family_gives(
    recipe: Recipe, table: FeatureTable, unseen: FeatureTable, family: str
) -> None:
    model = fit(replace(recipe, members=({"family": family},)), table, classes=table.classes)
    session = onnxruntime.InferenceSession(export_onnx(model), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"features": unseen.X})
    np.testing.assert_allclose(probabilities, model.predict(unseen.X).probabilities, atol=1e-5)


def test_exported_model_can_be_served(
    tmp_path: Path, fitted: FittedModel, manifest: dict[str, object], unseen: FeatureTable
) -> None:
    path = tmp_path / "served.earmark"
    whole = {
        **manifest,
        "classes": list(fitted.classes),
        "unsure": {
            "min_confidence": fitted.min_confidence,
            "max_distance": fitted.max_distance,
        },
    }
    write_model(path, manifest=whole, payload=export_onnx(fitted), card="")
    model = load_model(path)
    served = model.predict(unseen.X, fingerprint=unseen.fingerprint)
    np.testing.assert_allclose(
        served.probabilities, fitted.predict(unseen.X).probabilities, atol=1e-5
    )
    assert model.min_confidence == fitted.min_confidence
