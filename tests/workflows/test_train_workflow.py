"""`train`: the model that ships can be made again; a made-up corpus takes the whole way fast."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from job_helpers import cancelled_in

from earmark.datasets import gtzan, load_dataset
from earmark.errors import DatasetError, ParameterError
from earmark.features import GTZAN57
from earmark.models import describe_model, list_models, load_model
from earmark.models.recipe import fit, load_recipe
from earmark.workflows.classify import classify
from earmark.workflows.train import Training, train

RECIPE = """
name = "quick"
features = "gtzan57"
seed = 0
n_folds = 3
[classifier]
log_columns = ["*_var"]
clip = 4.0
[[classifier.members]]
family = "lda"
[unsure]
accuracy = {accuracy}
familiar = 0.95
sqrt_columns = ["*_var"]
"""


def _corpus(folder: Path, *, separation: float, seed: int = 0) -> Path:
    """Write a corpus of a thousand made-up rows, its genres as far apart as wanted."""
    rng = np.random.default_rng(seed)
    names = GTZAN57.names
    with (
        (folder / "features_30_sec.csv").open("w", newline="") as table,
        (folder / "index.csv").open("w", newline="") as index,
    ):
        rows, entries = csv.writer(table), csv.writer(index)
        rows.writerow(["filename", *names, "label"])
        entries.writerow(
            [
                *("excerpt", "genre", "artist_id", "fault_filtered_split", "artist_fold"),
                *("artist", "title", "exact_dup_group"),
            ]
        )
        for number, genre in enumerate(gtzan.GENRES):
            centre = rng.normal(0, separation, len(names))
            for i in range(100):
                X = np.exp(centre + rng.normal(0, 1, len(names)))
                rows.writerow([f"{genre}.{i:05}.wav", *X, genre])
                split = "" if i % 20 == 0 else ("train", "train", "valid", "test")[i // 4 % 4]
                known = [f"{genre}.{i:05}", genre, number * 25 + i // 4, split, ""]
                entries.writerow([*known, "", "", ""])
    return folder


@dataclass
class Made:
    """A training, the steps it told of, and its file."""

    training: Training
    steps: list[tuple[int, int, str]]
    path: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a model trained on the made-up corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    _corpus(folder, separation=0.4)
    (folder / "quick.toml").write_text(RECIPE.format(accuracy=0.7))
    steps: list[tuple[int, int, str]] = []
    path = folder / "quick.earmark"
    training = train(
        f"gtzan:{folder}",
        output=path,
        recipe=folder / "quick.toml",
        progress=lambda *step: steps.append(step),
    )
    return Made(training, steps, path)


# --- a made-up corpus ---------------------------------------------------------------------------


def test_training_writes_a_model_that_loads(made: Made) -> None:
    model = load_model(made.path)
    assert model.sha256 == made.training.model.sha256
    assert (model.name, model.classes) == ("quick", gtzan.GENRES)


def test_training_scores_every_protocol(made: Made) -> None:
    scores = made.training.scores
    sizes = {name: score.n for name, score in scores.items()}
    assert sizes["random"] == sizes["artist"] == 950
    assert sizes["artist_inner"] + sizes["official"] == 950
    assert sizes["official_artist_clean"] == sizes["official"]  # no artist is in two lists here
    assert all(score.accuracy.value > 0.5 for score in scores.values())
    manifest = made.training.model.manifest
    assert manifest["scores"] == {name: score.to_dict() for name, score in scores.items()}


def test_training_tells_what_it_learnt_from(made: Made) -> None:
    training = made.training.model.manifest["training"]
    assert (training["n"], training["corpus"]) == (950, "GTZAN")
    assert "blues.00000" not in training["ids"]
    assert "blues.00001" in training["ids"]
    assert made.training.model.manifest["recipe"]["members"] == [{"family": "lda"}]


def test_training_tells_its_progress(made: Made) -> None:
    done = [step[0] for step in made.steps]
    totals = {step[1] for step in made.steps}
    assert done == sorted(done)
    assert len(totals) == 1
    assert done[-1] in totals


def test_gap_is_random_less_artist(made: Made) -> None:
    scores = made.training.scores
    expected = scores["random"].accuracy.value - scores["artist"].accuracy.value
    gap = made.training.leakage_gap
    assert gap is not None
    assert gap.value == pytest.approx(expected)
    assert gap.low <= gap.value <= gap.high
    assert f"resampling artists): {gap.value:.3f} [" in made.training.model.card


def test_training_again_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    again = train(
        f"gtzan:{made.path.parent}",
        output=tmp_path / "quick.earmark",
        recipe=made.path.parent / "quick.toml",
    )
    assert again.model.sha256 == made.training.model.sha256


def test_hopeless_corpus_gives_a_model_that_is_always_unsure(tmp_path: Path) -> None:
    """No confidence reaches the accuracy asked for: the file must hold that, too."""
    _corpus(tmp_path, separation=0.0, seed=1)
    (tmp_path / "hopeless.toml").write_text(RECIPE.format(accuracy=0.99))
    training = train(
        f"gtzan:{tmp_path}", output=tmp_path / "a.earmark", recipe=tmp_path / "hopeless.toml"
    )
    assert training.model.min_confidence > 1


@pytest.mark.parametrize("dataset", ["gtzan", "gtzan:", "fmx:x", "", ":x"])
def test_unknown_dataset_is_refused(dataset: str) -> None:
    with pytest.raises(ParameterError, match="not of the form NAME:PATH"):
        load_dataset(dataset)


def test_failed_training_leaves_what_was_there(tmp_path: Path) -> None:
    output = tmp_path / "mine.earmark"
    output.write_bytes(b"mine")
    with pytest.raises(DatasetError):
        train(f"gtzan:{tmp_path}", output=output, overwrite=True)
    assert output.read_bytes() == b"mine"


def test_training_replaces_nothing_unasked(tmp_path: Path) -> None:
    output = tmp_path / "mine.earmark"
    output.write_bytes(b"mine")
    with pytest.raises(ParameterError, match="exists"):
        train(f"gtzan:{tmp_path}", output=output)
    with pytest.raises(ParameterError, match="is a folder"):
        train(f"gtzan:{tmp_path}", output=tmp_path, overwrite=True)
    assert output.read_bytes() == b"mine"


def test_training_replaces_when_asked(made: Made, tmp_path: Path) -> None:
    output = tmp_path / "mine.earmark"
    output.write_bytes(b"mine")
    again = train(
        f"gtzan:{made.path.parent}",
        output=output,
        recipe=made.path.parent / "quick.toml",
        overwrite=True,
    )
    assert load_model(output).sha256 == again.model.sha256
    assert os.listdir(tmp_path) == ["mine.earmark"]


# --- the model that ships -----------------------------------------------------------------------


def test_listed_models_tell_their_scores() -> None:
    models = {model["name"]: model for model in list_models()}
    assert {name: model["default"] for name, model in models.items()} == {
        "gtzan57": False,
        "gtzan943": True,
    }
    for name, n in (("gtzan57", 930), ("gtzan943", 929)):
        described = describe_model(load_model(name))
        assert len(described["training"].pop("ids")) == n
        assert models[name] == described
        assert models[name]["bytes"] == Path(load_model(name).path).stat().st_size


@pytest.mark.parametrize("name", ["gtzan57", "gtzan943"])
def test_committed_card_is_the_shipped_models(name: str) -> None:
    card = Path(__file__).parents[2] / "docs" / "models" / f"{name}.md"
    assert card.read_text(encoding="utf-8") == load_model(name).card


@pytest.mark.realdata
def test_default_model_is_its_recipe_fitted(data: Path) -> None:
    table = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set="gtzan943")
    fitted = fit(load_recipe("gtzan943"), table, classes=table.classes)
    shipped = load_model("gtzan943")
    expected = shipped.predict(table.X, fingerprint=table.fingerprint)
    found = fitted.predict(table.X)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=0, atol=2e-5)
    np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-6)
    assert fitted.min_confidence == pytest.approx(shipped.min_confidence, abs=1e-6)
    assert fitted.min_margin == pytest.approx(shipped.min_margin, abs=1e-6)
    assert fitted.max_distance == pytest.approx(shipped.max_distance, rel=1e-6)
    assert shipped.manifest["training"]["ids"] == table.ids.tolist()


@pytest.mark.realdata
def test_default_model_hears_in_audio_what_it_read_in_the_archive(data: Path) -> None:
    table = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set="gtzan943")
    model, rows = load_model("gtzan943"), table.ids.tolist()
    paths = sorted((data / "gtzan" / "audio" / "full_30s").glob("*.flac"))
    assert len(paths) == 10
    for path in paths:
        (clip,) = classify(path, model=model).clips
        read = model.predict(table.X[[rows.index(path.stem)]], fingerprint=table.fingerprint)
        heard = list(clip.probabilities.values())
        np.testing.assert_allclose(heard, read.probabilities[0], rtol=0, atol=0.002)


@pytest.fixture(scope="module")
def retrained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Return the shipped recipe, trained again."""
    output = tmp_path_factory.mktemp("retrained") / "gtzan57.earmark"
    return train(f"gtzan:{data / 'gtzan'}", output=output, recipe="gtzan57")


@pytest.mark.realdata
def test_retrained_model_predicts_the_same(data: Path, retrained: Training) -> None:
    table = gtzan.CORPUS.load_table(data / "gtzan")
    shipped = load_model("gtzan57")
    expected = shipped.predict(table.X, fingerprint=table.fingerprint)
    found = retrained.model.predict(table.X, fingerprint=table.fingerprint)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-6)
    assert retrained.model.min_confidence == pytest.approx(shipped.min_confidence, abs=1e-6)
    assert retrained.model.min_margin == pytest.approx(shipped.min_margin, abs=1e-6)
    assert retrained.model.max_distance == pytest.approx(shipped.max_distance, rel=1e-6)


@pytest.mark.realdata
def test_retrained_model_scores_the_same(retrained: Training) -> None:
    shipped, found = load_model("gtzan57").manifest, retrained.model.manifest
    assert set(found["scores"]) == set(shipped["scores"])
    for name, expected in shipped["scores"].items():
        for key, value in expected.items():
            assert found["scores"][name][key] == (
                pytest.approx(value, abs=1e-6) if isinstance(value, (float, dict)) else value
            )
    assert found["training"] == shipped["training"]
    assert found["recipe"] == shipped["recipe"]


@pytest.mark.realdata
def test_retrained_card_is_the_shipped_one(retrained: Training) -> None:
    assert retrained.model.card == load_model("gtzan57").card


@pytest.mark.parametrize("phase", ["score", "fit"])
def test_a_cancelled_job_writes_nothing(made: Made, tmp_path: Path, phase: str) -> None:
    output = tmp_path / "mine.earmark"
    output.write_bytes(b"mine")
    dataset, recipe = f"gtzan:{made.path.parent}", made.path.parent / "quick.toml"
    if phase == "score":
        cancelled_in(phase, train, dataset, output=output, recipe=recipe, overwrite=True)
    else:  # the last report comes before the file is written

        def stop(done: int, total: int, item: str) -> None:
            if done == total:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(dataset, output=output, recipe=recipe, overwrite=True, progress=stop)
    assert output.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["mine.earmark"]
