"""The list of feature sets and their fingerprints."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from earmark.errors import ParameterError
from earmark.features import (
    GTZAN57,
    FeatureSet,
    _sets,
    feature_sets,
    get_feature_set,
    gtzan57,
    register,
)
from earmark.testing import noise


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test register what it likes."""
    monkeypatch.setattr(_sets, "_REGISTRY", dict(_sets._REGISTRY))


def loudest(**changes: Any) -> FeatureSet:
    recipe = FeatureSet(
        name="loudest",
        version=1,
        sr=22_050,
        names=("loudest",),
        parameters={"power": 2, "window": "hann"},
        from_spectra=lambda spectra: np.array([np.abs(spectra.y).max()]),
    )
    return dataclasses.replace(recipe, **changes)


def test_fingerprint_of_gtzan57_is_pinned() -> None:
    # Tables and models carry it: they are all refused once it changes. If the numbers have
    # changed, raise the version, train the shipped model again and then change this line.
    assert GTZAN57.fingerprint == "8cb420b130405823b1615741c9afd2c338371126f35881efddd6357e5ff946d8"


def test_gtzan57_is_registered() -> None:
    assert get_feature_set("gtzan57") is GTZAN57
    assert GTZAN57 in feature_sets()
    assert (GTZAN57.version, GTZAN57.sr, len(GTZAN57.names)) == (1, 22_050, 57)
    assert len(set(GTZAN57.names)) == 57


def test_calling_a_feature_set_computes_it() -> None:
    y = noise(duration=1)
    np.testing.assert_array_equal(GTZAN57(y, sr=22_050), gtzan57(y, sr=22_050))
    assert register(loudest())(y, sr=22_050).tolist() == [np.abs(y).max()]


def test_registered_set_is_found_by_its_name() -> None:
    recipe = loudest()
    assert register(recipe) is recipe
    assert get_feature_set("loudest") is recipe


def test_sets_are_listed_by_name() -> None:
    for name in ("zeta", "alpha"):
        register(loudest(name=name))
    names = [recipe.name for recipe in feature_sets()]
    assert names == sorted(names)
    assert {"alpha", "gtzan57", "zeta"} <= set(names)


@pytest.mark.parametrize("name", ["", "gtzan58", "GTZAN57"])
def test_unknown_name_is_refused_and_the_known_ones_are_told(name: str) -> None:
    with pytest.raises(ParameterError, match=f"name='{name}' .* gtzan57"):
        get_feature_set(name)


def test_name_can_be_taken_only_once() -> None:
    register(loudest())
    with pytest.raises(ParameterError, match="'loudest' already exists"):
        register(loudest(version=2))
    assert get_feature_set("loudest").version == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "quietest"},
        {"version": 2},
        {"sr": 44_100},
        {"names": ("peak",)},
        {"parameters": {"power": 3, "window": "hann"}},
        {"parameters": {"power": 2, "window": "hamming"}},
        {"parameters": {"power": 2}},
        {"parameters": {"power": 2, "window": "hann", "hop": 1}},
        {"parameters": {"power": "2", "window": "hann"}},
    ],
    ids=str,
)
def test_fingerprint_changes_with_the_recipe(changes: dict[str, Any]) -> None:
    assert loudest(**changes).fingerprint != loudest().fingerprint


@pytest.mark.parametrize("parameter", sorted(GTZAN57.parameters))
def test_fingerprint_changes_with_each_parameter_of_gtzan57(parameter: str) -> None:
    changed = {**GTZAN57.parameters, parameter: "something else"}
    other = dataclasses.replace(GTZAN57, parameters=changed)
    assert other.fingerprint != GTZAN57.fingerprint


def test_fingerprint_does_not_depend_on_the_order_of_parameters() -> None:
    turned = loudest(parameters={"window": "hann", "power": 2})
    assert turned.fingerprint == loudest().fingerprint


def test_fingerprint_does_not_depend_on_who_computes() -> None:
    assert loudest(from_spectra=len).fingerprint == loudest().fingerprint


def test_feature_set_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        GTZAN57.version = 2  # type: ignore[misc]
