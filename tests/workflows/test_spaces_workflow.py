"""Scoring and training spaces, by hand where that can be done, and on the corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from job_helpers import cancelled_in

from earmark.datasets import FeatureTable, Fold
from earmark.errors import ParameterError
from earmark.evaluation import Retrieval, Split, by_segments, by_vectors, retrieve, tracks_of
from earmark.models import load_space
from earmark.models.recipe import load_space_recipe
from earmark.workflows import spaces as workflow
from earmark.workflows.spaces import SpaceTraining, load_space_rows, train_space


def songs(labels: list[str], artists: list[int]) -> FeatureTable:
    return FeatureTable(
        ids=np.array([f"song{i}" for i in range(len(labels))]),
        X=np.zeros((len(labels), 1)),
        feature_set="none",
        fingerprint="0",
        labels=np.array(labels),
        groups={"artist": np.array(artists)},
    )


def on_a_line(places: list[float]) -> np.ndarray:
    """Return vectors of length one that lie nearer the nearer the places are."""
    angles = np.array(places) / 100
    return np.column_stack([np.cos(angles), np.sin(angles)])


def ask(table: FeatureTable, places: list[float]) -> Retrieval:
    fold = Fold(train=np.array([], dtype=np.int64), test=np.arange(len(table)))
    return retrieve(
        Split("artist", table, [fold], 0, "artist"), lambda _: by_vectors(on_a_line(places))
    )


def test_precision_leaves_out_the_artist() -> None:
    # The first song's nearest six: two of its own artist, two of its genre, one of another.
    table = songs(
        ["rock", "rock", "rock", "rock", "jazz", "rock", "jazz", "jazz"], [0, 0, 0, 1, 2, 3, 4, 5]
    )
    found = ask(table, [0, 1, 2, 3, 4, 5, 6, 7])
    assert found.precision[0] == pytest.approx(2 / 5)  # 3 to 7: rock, jazz, rock, jazz, jazz
    assert found.ceiling[0] == pytest.approx(2 / 5)
    assert found.chance[0] == pytest.approx(2 / 5)
    assert found.same_artist[0] == 1  # both of two are among the five nearest
    assert found.artist_first[0] == 1
    assert np.isnan(found.same_artist[3])  # there is no other song of that artist
    assert np.isnan(found.artist_first[3])


def test_artist_first_counts_pairs() -> None:
    table = songs(["rock"] * 5, [0, 0, 1, 2, 3])
    found = ask(table, [0, 5, 4, 6, 9])
    # From song 0: of 4, 6 and 9 by others, two are farther than the artist's own at 5.
    assert found.artist_first[0] == pytest.approx(2 / 3)
    assert found.to_dict()["artist_first"]["value"] == pytest.approx(np.nanmean(found.artist_first))


def test_song_without_another_artist_is_not_asked_about() -> None:
    table = songs(["rock"] * 4, [0, 0, 0, 1])
    folds = [Fold(np.array([3]), np.array([0, 1])), Fold(np.array([0]), np.array([2, 3]))]
    found = retrieve(
        Split("artist", table, folds, 0, "artist"), lambda _: by_vectors(on_a_line([0, 1]))
    )
    assert found.songs.tolist() == [2, 3]


def test_segments_count_their_ten_nearest() -> None:
    # Song 1 holds twelve segments like the one of song 0: ten count.
    vectors = np.array([[1.0, 0.0]] * 13 + [[0.0, 1.0]])
    numbers = np.array([0] + [1] * 12 + [2])
    asked = np.array([False, True, True])
    assert by_segments(vectors, numbers)(0, asked).tolist() == [-np.inf, 10.0, 0.0]
    only = np.array([False, False, True])
    assert by_segments(vectors, numbers)(0, only).tolist() == [-np.inf, -np.inf, 0.0]


def test_tracks_keep_their_order() -> None:
    table = FeatureTable(
        ids=np.array(["b#0", "a#0", "b#1", "c#0"]),
        X=np.zeros((4, 1)),
        feature_set="none",
        fingerprint="0",
        labels=np.array(["x", "y", "x", "z"]),
        groups={"track": np.array([7, 3, 7, 5])},
        unit="segment",
    )
    tracks, numbers = tracks_of(table)
    assert tracks.ids.tolist() == ["b#0", "a#0", "c#0"]
    assert numbers.tolist() == [0, 1, 0, 2]


def test_output_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="folder does not exist"):
        train_space(f"gtzan:{tmp_path}", output=tmp_path / "none" / "a.earmark")
    (tmp_path / "a.earmark").write_bytes(b"mine")
    with pytest.raises(ParameterError, match="exists"):
        train_space(f"gtzan:{tmp_path}", output=tmp_path / "a.earmark")
    assert (tmp_path / "a.earmark").read_bytes() == b"mine"


def test_segments_are_had_of_gtzan_alone(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no segments of 3 s"):
        load_space_rows(f"folder:{tmp_path}", load_space_recipe("timbre"))


@pytest.fixture(scope="module", params=["style", "timbre"])
def retrained(
    request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> SpaceTraining:
    """Return a space that ships, trained again."""
    output = tmp_path_factory.mktemp("retrained") / f"{request.param}.earmark"
    return train_space(f"gtzan:{data / 'gtzan'}", output=output, recipe=request.param)


@pytest.mark.realdata
def test_retrained_space_is_the_shipped_one(data: Path, retrained: SpaceTraining) -> None:
    found, shipped = retrained.space, load_space(retrained.space.name)
    for key in ("recipe", "training", "features", "n_dims"):
        assert found.manifest[key] == shipped.manifest[key]
    assert set(found.manifest["scores"]) == {"artist_inner", "artist"}
    for name, expected in shipped.manifest["scores"].items():
        value = found.manifest["scores"][name]["genre_precision"]["value"]
        # Other processors round otherwise: a neighbour or two may change places.
        assert value == pytest.approx(expected["genre_precision"]["value"], abs=0.003)
    recipe = load_space_recipe(found.name)
    table = load_space_rows(f"gtzan:{data / 'gtzan'}", recipe)
    vectors = found.embed(table.X, fingerprint=table.fingerprint)
    np.testing.assert_allclose(
        vectors, shipped.embed(table.X, fingerprint=table.fingerprint), atol=1e-4
    )


def test_a_cancelled_job_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, artists = ["rock", "jazz"] * 30, np.repeat(np.arange(30), 2)
    kind = load_space_recipe("style").feature_set
    X = np.exp(np.random.default_rng(0).normal(size=(60, len(kind.names))))
    table = replace(
        songs(labels, list(artists)),
        X=X,
        names=kind.names,
        feature_set=kind.name,
        fingerprint=kind.fingerprint,
        partitions={"official": np.array((["train"] * 3 + ["test"]) * 15)},
    )
    monkeypatch.setattr(workflow, "load_space_rows", lambda *_, **__: table)
    cancelled_in("score", train_space, "gtzan:x", output=tmp_path / "a.earmark")
    assert not list(tmp_path.iterdir())
