"""A card says what is true of the data its model was trained on, and nothing of other data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from earmark.models._card import description_of, render_card
from earmark.models._space_card import render_space_card
from earmark.models.recipe import load_recipe, load_space_recipe

ESTIMATE = {"value": 0.7, "low": 0.6, "high": 0.8}


def score(over: str, n_units: int) -> dict[str, Any]:
    return {
        "n": 100,
        "n_folds": 5,
        "seed": 0,
        "accuracy": ESTIMATE,
        "macro_f1": ESTIMATE,
        "calibration_error": ESTIMATE,
        "calibration_error_by_chance": 0.05,
        "mean_confidence": 0.7,
        "sure": 0.9,
        "sure_accuracy": 0.75,
        "unfamiliar": 0.05,
        "intervals": {"over": over, "n_units": n_units, "n_resamples": 2000, "seed": 0},
    }


SCORES = {
    "artist_inner": score("artist", 20),
    "random": score("track", 100),
    "artist": score("artist", 30),
}


def manifest(shipped: dict[str, Any], corpus: str, **changes: Any) -> dict[str, Any]:
    """Return the manifest of the shipped model, as if it had been trained on other data."""
    recipe = load_recipe("gtzan943")
    training = {"corpus": corpus, "citation": "Somebody (2001).", "n": 100, "unit": "track"}
    training |= {"n_tracks": 100, "n_artists": 30, "warnings": [], "ids": []}
    training |= changes.pop("training", {})
    made = {
        **shipped,
        "name": "mine",
        "classes": ["a", "b"],
        "scores": SCORES,
        "leakage_gap": ESTIMATE,
        "chosen_on": recipe.corpus,
        "description": description_of(recipe, corpus),
        "training": training,
    }
    return made | changes


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    from earmark.models import load_model

    return dict(load_model("gtzan943").manifest)


GTZAN_ALONE = (
    "Kereliuk",
    "jazz.00054",
    "290 test excerpts",
    "640 train",
    "blues",
    "collected in 2000",
    "(where the recipe was chosen)",
)


def test_card_of_a_model_of_gtzan_says_how_it_was_chosen(shipped: dict[str, Any]) -> None:
    card = render_card(manifest(shipped, "GTZAN"))
    for words in GTZAN_ALONE:
        assert words in card


@pytest.mark.parametrize("corpus", ["folder", "library", "FMA"])
def test_card_of_a_model_of_other_data_says_nothing_of_gtzan(
    shipped: dict[str, Any], corpus: str
) -> None:
    card = render_card(manifest(shipped, corpus))
    for words in GTZAN_ALONE:
        assert words not in card
    assert "was chosen on GTZAN, before it was used on this data" in card


def test_card_says_what_the_model_was_trained_on(shipped: dict[str, Any]) -> None:
    clips = {"unit": "segment", "n": 240, "n_tracks": 100}
    card = render_card(manifest(shipped, "folder", training=clips))
    assert "Trained on 240 clips of 100 tracks in a folder of music (30 groups of artists)." in card
    assert "Somebody (2001)" not in card
    card = render_card(manifest(shipped, "FMA"))
    assert "Trained on 100 tracks of FMA (30 groups of artists; Somebody (2001).)." in card


def test_card_states_what_its_intervals_are_over(shipped: dict[str, Any]) -> None:
    card = render_card(manifest(shipped, "FMA"))
    assert "| artists kept apart | 100 | 30 artists | 0.700 [0.600, 0.800] |" in card
    assert "| 100 | 100 tracks |" in card
    assert "over artists if the protocol keeps artists apart" in card
    assert "resampling artists): 0.700 [0.600, 0.800]." in card


def test_card_without_artists_does_not_speak_of_them(shipped: dict[str, Any]) -> None:
    made = manifest(shipped, "folder", scores={"random": score("track", 100)}, leakage_gap=None)
    del made["training"]["n_artists"]
    card = render_card(made)
    assert "intervals over tracks (2,000" in card
    assert "Leakage gap" not in card
    assert "or the published ones" not in card


def test_card_of_a_space_of_other_data_says_nothing_of_gtzan() -> None:
    from earmark.models import load_space

    shipped = dict(load_space("style").manifest)
    recipe = load_space_recipe("style")
    training = {**shipped["training"], "corpus": "library", "citation": "Your own music."}
    training |= {"genres": ["a", "b", "c"]}
    card = render_space_card(
        {
            **shipped,
            "description": description_of(recipe, "library"),
            "chosen_on": recipe.corpus,
            "training": training,
        }
    )
    for words in ("Kereliuk", "640", "ten genres", "before 2002", "(where the recipe was chosen)"):
        assert words not in card
    assert "It knows 3 genres" in card


def test_cards_say_that_a_table_does_not_say_where_its_rows_are_from(
    shipped: dict[str, Any],
) -> None:
    made = manifest(shipped, "", description=description_of(load_recipe("gtzan943"), ""))
    del made["training"]["corpus"], made["training"]["citation"]
    card = render_card(made)
    rows = "Trained on 100 tracks of a table that does not say where they are from"
    assert f"{rows} (30 groups of artists)." in card
    assert "If this data is also from GTZAN, choosing the recipe raised the scores above." in card
    for words in GTZAN_ALONE:
        assert words not in card
    chosen = render_card({**made, "chosen_on": None})
    assert "(where the recipe was chosen)" not in chosen

    from earmark.models import load_space

    space = dict(load_space("style").manifest)
    space["training"] = {**space["training"]}
    del space["training"]["corpus"], space["training"]["citation"]
    card = render_space_card(space)
    n = space["training"]["n_artists"]
    assert f"of a table that does not say where they are from ({n} groups of artists). The" in card


DOCS = Path(__file__).parents[2] / "docs" / "models"


@pytest.mark.parametrize("name", ["gtzan57", "gtzan943"])
def test_shipped_model_has_the_card_that_the_code_writes(name: str) -> None:
    from earmark.models import load_model

    model = load_model(name)
    assert model.manifest["description"] == description_of(load_recipe(name), "GTZAN")
    assert model.card == render_card(model.manifest)
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == model.card


@pytest.mark.parametrize("name", ["style", "timbre"])
def test_shipped_space_has_the_card_that_the_code_writes(name: str) -> None:
    from earmark.models import load_space

    space = load_space(name)
    assert space.manifest["description"] == description_of(load_space_recipe(name), "GTZAN")
    assert space.card == render_space_card(space.manifest)
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == space.card
