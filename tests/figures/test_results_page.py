"""The page of results: whole, harmless, and saying what the results say."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import plotly.graph_objects as go
import pytest
from page_parts import Parts, figures_in, take_apart
from results_fixture import GENRES, make_results

from earmark.errors import ParameterError
from earmark.figures import results_page

MODELS = ("knn", "svm")
PROTOCOLS = ("random", "artist", "official")
NASTY = (
    *("<script>alert(1)</script>", "</script><script>alert(2)</script>", "R&B", "a'b\"c"),
    *(
        "<img src=x onerror=alert(3)>",
        "%{x}",
        "",
        "80",
        "\udcff\u2028",
        "a genre of a very long name",
    ),
)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return make_results(models=MODELS, protocols=PROTOCOLS, n=300)


@pytest.fixture(scope="module")
def page(results: dict[str, Any]) -> str:
    return results_page([results])


@pytest.fixture(scope="module")
def parts(page: str) -> Parts:
    return take_apart(page)


def test_fixture_is_a_results_document(results: dict[str, Any]) -> None:
    schema = files("earmark") / "schemas" / "results-2.json"
    jsonschema.validate(results, json.loads(schema.read_text(encoding="utf-8")))


def test_nothing_is_fetched(parts: Parts) -> None:
    for _, attributes in parts.tags:
        for name in ("src", "href", "data", "srcset", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert not parts.attributes("link")
    assert not any("src" in one for one in parts.attributes("script"))


def test_policy_lets_only_these_scripts_run(parts: Parts) -> None:
    (policy,) = (
        one["content"] or ""
        for one in parts.attributes("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    allowed = re.findall(r"sha256-([^']+)", policy)
    data, *code = parts.scripts
    assert json.loads(data) == parts.data
    assert allowed == [
        base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in code
    ]


def test_plotly_is_there_once(page: str) -> None:
    assert page.count("plotly.js v") == 1


def test_every_model_protocol_and_genre_is_there(parts: Parts) -> None:
    for name in (*MODELS, *PROTOCOLS, *GENRES, "Leakage gap"):
        assert name in parts.words
    keys = [record["keys"][1:] for record in parts.data["run"]["records"]]
    assert keys == [[model, protocol] for model in MODELS for protocol in PROTOCOLS]


def test_artist_folds_are_shown_first(parts: Parts) -> None:
    assert parts.data["run"]["initial"] == ["gtzan, gtzan57", "knn", "artist"]


def test_table_holds_scores_intervals_and_gap(parts: Parts, results: dict[str, Any]) -> None:
    for model in results["models"]:
        for run in model["runs"]:
            score = run["metrics"]["accuracy"]
            assert f"{score['value']:.3f}" in parts.words
            assert f"{score['low']:.3f} to {score['high']:.3f}" in parts.words
            assert f"F1 {run['metrics']['macro_f1']['value']:.3f}" in parts.words
        assert f"+{model['leakage_gap']['value']:.3f}" in parts.words


def test_head_tells_dataset_seed_and_digest(parts: Parts, results: dict[str, Any]) -> None:
    for word in ("300 tracks", "gtzan57", results["dataset"]["digest"], "0.1.0", "it would equal"):
        assert word in parts.words


def test_every_place_can_be_filled(parts: Parts) -> None:
    places = [one for one in parts.attributes("div") if "data-slot" in one]
    assert len(places) > 12
    for place in places:
        for record in parts.data[place["data-group"] or ""]["records"]:
            assert place["data-slot"] in record["slots"]


def test_figures_are_plotly_figures_that_say_what_they_show(parts: Parts) -> None:
    figures = figures_in(parts.data)
    assert len(figures) == 1 + 6 * (5 + len(GENRES))
    for figure in figures:
        go.Figure({"data": figure["data"], "layout": figure["layout"]})
        assert len(figure["label"]) > 20


def test_confusion_matrix_is_that_of_the_run(parts: Parts, results: dict[str, Any]) -> None:
    slots = parts.data["run"]["records"][1]["slots"]
    counts = results["models"][0]["runs"][1]["confusion"]
    heat, texts = slots["confusion"]["data"]
    assert [[cell[2] for cell in row] for row in heat["customdata"]] == counts
    assert [int(text) for text in texts["text"]] == [n for row in counts for n in row]
    assert [[int(cell) for cell in row[1:]] for row in slots["confusion_table"]["rows"]] == counts


def test_points_beyond_chance_have_a_shape_of_their_own(results: dict[str, Any]) -> None:
    changed = copy.deepcopy(results)
    run = changed["models"][0]["runs"][0]
    run["calibration_curve"] = [
        {"confidence": 0.6, "accuracy": 0.6, "n": 100},
        {"confidence": 0.9, "accuracy": 0.5, "n": 100},
    ]
    parts = take_apart(results_page([changed]))
    points = parts.data["run"]["records"][0]["slots"]["calibration"]["data"][-1]
    assert points["marker"]["symbol"] == ["circle", "diamond"]


def test_second_choices_have_a_tab_a_genre(parts: Parts, results: dict[str, Any]) -> None:
    slots = parts.data["run"]["records"][0]["slots"]
    matrix = results["models"][0]["runs"][0]["second"]
    assert [tab["name"] for tab in slots["second"]["tabs"]] == list(GENRES)
    for tab, row in zip(slots["second"]["tabs"], matrix, strict=True):
        shown = [int(text) for text in tab["content"]["data"][0]["text"]]
        assert shown == sorted(shown, reverse=True)
        assert sum(shown) == sum(row)
    assert [arc["name"] for arc in slots["chord"]["arcs"]] == list(GENRES)


def test_names_cannot_become_tags_or_code() -> None:
    nasty = make_results(NASTY, models=NASTY[:2], protocols=("artist",), n=200, name=NASTY[0])
    nasty["dataset"]["provenance"][NASTY[1]] = NASTY[4]
    nasty["skipped"] = {NASTY[0]: NASTY[1]}
    page = results_page([nasty])
    page.encode()
    parts = take_apart(page)
    assert len(parts.scripts) == 3
    assert not parts.attributes("img")
    assert "<script>alert(1)</script>" in parts.words
    assert "alert(" not in "".join(parts.scripts[1:])
    assert "<" not in parts.scripts[0]
    for figure in figures_in(parts.data):
        shown = json.dumps([figure["data"], figure["layout"]]).replace("<extra></extra>", "")
        assert "<" not in shown.replace("<br>", "")
        assert "hovertemplate" in shown
        templates = [trace.get("hovertemplate", "") for trace in figure["data"]]
        assert not any("alert" in template for template in templates)


def test_what_was_not_measured_is_said(results: dict[str, Any]) -> None:
    changed = copy.deepcopy(results)
    changed["models"] = changed["models"][:1]
    changed["models"][0]["leakage_gap"] = None
    for run in changed["models"][0]["runs"]:
        run |= {"importances": None, "unsure": None, "model_bytes": None, "peak_memory_mb": None}
    parts = take_apart(results_page([changed]))
    assert any(one.get("aria-label") == "not measured" for one in parts.attributes("span"))
    slots = parts.data["run"]["records"][0]["slots"]
    assert slots["importances"]["kind"] == "nothing"


def test_votes_of_segments_stand_beside_segments(results: dict[str, Any]) -> None:
    changed = copy.deepcopy(results)
    changed["dataset"]["unit"] = "segment"
    for model in changed["models"]:
        for run in model["runs"]:
            run["track_metrics"] = run["metrics"]
    parts = take_apart(results_page([changed]))
    score = changed["models"][0]["runs"][0]["metrics"]["accuracy"]["value"]
    assert f"tracks {score:.3f}" in parts.words
    heads = parts.data["run"]["records"][0]["slots"]["metrics"]["head"]
    assert heads[1:] == ["Segments, 95 % interval", "Tracks, 95 % interval"]


def test_several_results_are_told_apart(results: dict[str, Any]) -> None:
    parts = take_apart(results_page([results, results]))
    titles = {record["keys"][0] for record in parts.data["run"]["records"]}
    assert titles == {"gtzan, gtzan57", "gtzan, gtzan57 (2)"}


def test_two_models_of_one_name_are_told_apart() -> None:
    twice = make_results(models=("knn", "knn"), protocols=("artist",), n=100)
    keys = [
        record["keys"][1] for record in take_apart(results_page([twice])).data["run"]["records"]
    ]
    assert keys == ["knn", "knn (2)"]


def test_results_without_a_model_are_a_page() -> None:
    parts = take_apart(results_page([make_results(models=())]))
    assert parts.data["run"]["records"] == []
    assert not parts.attributes("select")


def test_controls_have_names(parts: Parts) -> None:
    ids = {attributes["id"] for _, attributes in parts.tags if attributes.get("id")}
    for section in parts.attributes("section"):
        assert section["aria-labelledby"] in ids
    assert all("aria-label" in form for form in parts.attributes("form"))
    assert len(parts.attributes("caption")) == len(parts.attributes("table"))


def test_same_results_give_the_same_page(page: str, results: dict[str, Any]) -> None:
    assert results_page([results]) == page


@pytest.mark.parametrize("results", [[], [{}], [{"schema": "earmark.results/1"}]])
def test_other_documents_are_refused(results: list[dict[str, Any]]) -> None:
    with pytest.raises(ParameterError, match="results"):
        results_page(results)


def test_assets_ship_with_the_package() -> None:
    folder = Path(str(files("earmark.figures"))) / "assets"
    assert {path.name for path in folder.iterdir()} == {"page.css", "page.js"}
    templates = {path.name for path in (folder.parent / "templates").iterdir()}
    assert templates >= {"base.html.j2", "results.html.j2", "explore.html.j2", "tuning.html.j2"}
    css = (folder / "page.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@import" not in css


TWELVE = (*GENRES, "Old-Time / Historic", "International")


def slots_of(document: dict[str, Any]) -> dict[str, Any]:
    slots: dict[str, Any] = take_apart(results_page([document])).data["run"]["records"][0]["slots"]
    return slots


def test_confusion_matrix_of_twelve_genres_keeps_its_numbers_and_names() -> None:
    spec = slots_of(make_results(TWELVE, models=("knn",), protocols=("artist",), n=300))[
        "confusion"
    ]
    _, texts = spec["data"]
    assert len(texts["text"]) == 144
    for axis in ("xaxis", "yaxis"):
        assert spec["layout"][axis]["ticktext"] == list(TWELVE)
    # Where the page is narrower the figure is scrolled: a count has 24 pixels, no name is cut.
    assert spec["min_width"] >= 24 * 12
    assert not any("hide_text" in path or "ticktext" in path for path in spec["narrow"])


def test_confusion_matrix_has_the_width_of_the_page(parts: Parts) -> None:
    named = (one.get("class") or "" for one in parts.attributes("section"))
    cards = [name for name in named if name.startswith("card")]
    assert cards[0] == "card wide"


def test_curve_of_fewer_answers_leaves_out_points_of_few_rows_and_has_a_band() -> None:
    document = make_results(models=("knn",), protocols=("artist",), n=300)
    run = document["models"][0]["runs"][0]
    run["coverage"][-1] |= {"n": 3, "coverage": 0.01, "accuracy": 0.3, "low": 0.0, "high": 1.0}
    low, high, curve, _ = slots_of(document)["coverage"]["data"]
    kept = [one for one in run["coverage"] if one["n"] >= 20]
    assert curve["x"] == [one["coverage"] for one in kept]
    assert 0.01 not in curve["x"]
    assert low["y"] == [one["low"] for one in kept]
    assert high["y"] == [one["high"] for one in kept]
    assert high["name"] == "95 % interval over 100 artists"


@pytest.mark.parametrize("accuracy", [0.011, 0.5, 0.993])
def test_axis_of_scores_is_never_a_sliver(accuracy: float) -> None:
    document = make_results(models=("knn",), protocols=("artist",), n=300)
    score = {"value": accuracy, "low": accuracy - 0.005, "high": accuracy + 0.005}
    document["models"][0]["runs"][0]["metrics"]["accuracy"] = score
    (figure,) = figures_in(take_apart(results_page([document])).data["scores0"])
    low, high = figure["layout"]["xaxis"]["range"]
    assert high - low >= 0.3
    assert low <= score["low"]
    assert score["high"] <= high
    assert -0.01 <= low < high <= 1.01


def test_card_of_importances_is_left_out_where_no_run_has_any(results: dict[str, Any]) -> None:
    assert "Most important features" in take_apart(results_page([results])).words
    without = copy.deepcopy(results)
    for model in without["models"]:
        for run in model["runs"]:
            run["importances"] = None
    assert "Most important features" not in take_apart(results_page([without])).words


def compared(*, n: int, n_baseline: int) -> dict[str, Any]:
    return {
        "schema": "earmark.compare/2",
        "entries": [],
        "differences": [
            {
                "protocol": "artist",
                "model": "svm",
                "baseline": "<b>knn",
                "n": n,
                "n_model": n,
                "n_baseline": n_baseline,
                "model_accuracy": 0.55,
                "baseline_accuracy": 0.47,
                "accuracy": {"value": 0.08, "low": 0.03, "high": 0.12},
                "intervals": {"over": "artist", "n_units": 271, "n_resamples": 2000, "seed": 0},
            }
        ],
        "warnings": ["differences are of the 929 in both"],
    }


def test_page_of_a_comparison_shows_paired_differences(results: dict[str, Any]) -> None:
    comparison = compared(n=929, n_baseline=930)
    parts = take_apart(results_page([results], comparison=comparison))
    assert "svm minus <b>knn" in parts.words
    for word in ("+0.080", "+0.030 to +0.120", "over 271 artists", "of 929 and 930"):
        assert word in parts.words
    assert "differences are of the 929 in both" in parts.words
    (figure,) = figures_in(parts.data["compared"])
    go.Figure({"data": figure["data"], "layout": figure["layout"]})
    (marks,) = figure["data"]
    assert marks["x"] == [0.08]
    assert marks["marker"]["symbol"] == ["circle"]  # filled: 0 is outside
    low, high = figure["layout"]["xaxis"]["range"]
    assert low == -high


def test_page_of_a_comparison_without_common_rows_says_so(results: dict[str, Any]) -> None:
    comparison = compared(n=1, n_baseline=1) | {"differences": []}
    words = take_apart(results_page([results], comparison=comparison)).words
    assert "no two models were tested on the same rows" in words


def test_intervals_say_what_they_are_over(parts: Parts) -> None:
    assert "over 100 artists" in parts.words
    assert "over 300 tracks" in parts.words


def test_rows_of_finished_models_and_large_counts_are_written_for_people() -> None:
    document = make_results(models=MODELS, protocols=PROTOCOLS, n=300)
    for model in document["models"]:
        for run in model["runs"]:
            if run["protocol"] == "random":
                run["protocol"] = "unseen_known_artists"
    document["dataset"]["n"] = 9355
    parts = take_apart(results_page([document]))
    assert "new rows, known artists" in parts.words
    assert "unseen_known_artists" not in parts.words
    assert "9,355 tracks" in parts.words
    assert "9355 tracks" not in parts.words
