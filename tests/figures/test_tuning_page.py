"""The page of a search: what is in it, what is escaped, and searches that are unusual."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from earmark.errors import ParameterError
from earmark.figures import tuning_page

HOSTILE = "<script>alert('x')</script>&amp;"


def trial(number: int, score: float | None, **parameters: Any) -> dict[str, Any]:
    return {
        "number": number,
        "parameters": parameters,
        "score": score,
        "standard_error": None if score is None else 0.02,
        "fold_scores": [],
        "seconds": 0.1,
        "elapsed": 0.1 * number,
        "position": number,
        "failure": None if score is not None else f"too many neighbours {HOSTILE}",
    }


def document(
    parameters: list[dict[str, Any]], trials: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    scored = [one for one in trials if one["score"] is not None]
    best = max(scored, key=lambda one: one["score"])["number"]
    return {
        "schema": "earmark.tuning/1",
        "dataset": {"name": "gtzan", "n": 640, "note": "chosen by the 640 rows"},
        "model": "svm",
        "search": "grid",
        "space": {"name": "svm", "source": "a course project", "parameters": parameters},
        "size": len(trials),
        "protocol": "artist",
        "seed": 0,
        "rule": "best",
        "n_folds": 5,
        "chosen": best,
        "trials": trials,
        "nested": None,
        **more,
    }


def grid() -> dict[str, Any]:
    values = [(C, kernel) for C in (0.1, 1.0, 10.0) for kernel in ("rbf", "poly")]
    trials = [trial(i, 0.3 + 0.05 * i, C=C, kernel=kernel) for i, (C, kernel) in enumerate(values)]
    parameters = [
        {"name": "C", "values": [0.1, 1.0, 10.0]},
        {"name": "kernel", "values": ["rbf", "poly"]},
    ]
    return document(parameters, trials)


def drawn() -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": "kernel", "values": ["linear", "rbf"]},
        {"name": "C", "low": 0.01, "high": 100.0, "log": True},
        {"name": "gamma", "low": 0.1, "high": 1.0, "log": False, "when": {"kernel": ["rbf"]}},
        {"name": "degree", "low": 2, "high": 2, "log": False},
    ]
    trials = [trial(i, 0.4 + 0.01 * i, kernel="linear", C=0.01 * 2**i) for i in range(6)]
    trials += [
        trial(i, 0.5 - 0.01 * i, kernel="rbf", C=1.0, gamma=0.1 * (i - 5), degree=2)
        for i in range(6, 12)
    ]
    return document(parameters, [*trials, trial(12, None, kernel="rbf", C=2.0)], size=None)


def slots(page: str) -> dict[str, Any]:
    """Return what the page's script fills in."""
    found = re.search(r'<script type="application/json" id="earmark-data">(.*?)</script>', page)
    assert found is not None
    content: dict[str, Any] = json.loads(found[1])["tuning"]["records"][0]["slots"]
    return content


def test_every_part_has_its_place() -> None:
    for made in (grid(), drawn()):
        page = tuning_page(made)
        assert set(re.findall(r'data-slot="(\w+)"', page)) <= set(slots(page))
        for slot in ("history", "parameters", "pairs", "parallel", "trials"):
            assert f'data-slot="{slot}"' in page


def test_history_rises_to_the_best() -> None:
    made = drawn()
    points, line, star = slots(tuning_page(made))["history"]["data"]
    assert points["y"] == [one["score"] for one in made["trials"][:12]]
    assert line["y"] == sorted(line["y"])
    assert line["y"][-1] == star["y"][0] == 0.45


def test_heat_map_holds_the_score_of_each_cell() -> None:
    (tab,) = slots(tuning_page(grid()))["pairs"]["tabs"]
    assert tab["name"] == "C and kernel"
    (heat,) = tab["content"]["data"]
    wanted = [[0.3, 0.35], [0.4, 0.45], [0.5, 0.55]]
    assert [[round(at, 9) for at in row] for row in heat["z"]] == wanted


def test_heat_map_takes_the_best_over_the_other_parameters() -> None:
    made = grid()
    made["space"]["parameters"].append({"name": "degree", "low": 2, "high": 3, "log": False})
    made["trials"] = [
        {**one, "parameters": {**one["parameters"], "degree": 2}, "number": 2 * i}
        for i, one in enumerate(made["trials"])
    ]
    worse = {**made["trials"][5], "score": 0.1}
    worse["parameters"] = {**worse["parameters"], "degree": 3}
    made["trials"].append(worse)
    tabs = {tab["name"]: tab["content"] for tab in slots(tuning_page(made))["pairs"]["tabs"]}
    assert tabs["C and kernel"]["data"][0]["z"][2][1] == pytest.approx(0.55)
    assert tabs["kernel and degree"]["data"][0]["z"][0] == [pytest.approx(0.5), None]


def test_ranges_are_points_by_score() -> None:
    tabs = {tab["name"]: tab["content"] for tab in slots(tuning_page(drawn()))["pairs"]["tabs"]}
    points = tabs["C and gamma"]["data"][0]
    assert len(points["x"]) == len(points["y"]) == len(points["marker"]["color"]) == 6
    assert tabs["C and gamma"]["layout"]["xaxis"].get("type") is None
    assert tabs["C and gamma"]["layout"]["yaxis"]["type"] == "log"


def test_each_line_crosses_every_axis() -> None:
    figure = slots(tuning_page(drawn()))["parallel"]
    lines = [one for trace in figure["data"][:-1] for one in _split(trace)]
    assert len(lines) == 12
    assert all(len(line) == 5 for line in lines)
    # Where a parameter means nothing the line passes below the axis.
    assert sum(line[2] < 0 for line in lines) == 6
    assert sorted(line[-1] for line in lines)[-1] == 1.0
    assert all(0 <= at <= 1 or at == -0.15 for line in lines for at in line)


def _split(trace: dict[str, Any]) -> list[list[float]]:
    lines: list[list[float]] = [[]]
    for at in trace["y"]:
        if at is None:
            lines.append([])
        else:
            lines[-1].append(at)
    return lines[:-1]


def test_table_has_every_trial_the_best_first_and_failures_last() -> None:
    made = drawn()
    rows = slots(tuning_page(made))["trials"]["rows"]
    assert len(rows) == 13
    assert rows[0][0] == "5"
    assert rows[-1][-1] == made["trials"][-1]["failure"]
    assert "1 failed to train" in tuning_page(made)


def test_honest_score_is_shown_where_there_is_one() -> None:
    assert "measures an unbiased one" in tuning_page(grid())
    nested = {
        "protocol": "artist",
        "accuracy": {"value": 0.512, "low": 0.47, "high": 0.55},
        "folds": [{"n": 512, "parameters": {"C": 1.0, "kernel": "rbf"}, "score": 0.56}],
    }
    page = tuning_page({**grid(), "nested": nested})
    assert "0.512, 95 % interval 0.470 to 0.550" in page
    assert slots(page)["nested"]["rows"] == [["1", "1", "rbf", "0.560", "512"]]


def test_nothing_is_run_that_a_name_says() -> None:
    made = grid()
    made["model"] = made["dataset"]["name"] = made["dataset"]["note"] = HOSTILE
    made["space"].update(name=HOSTILE, source=HOSTILE)
    made["space"]["parameters"][1] = {"name": HOSTILE, "values": [HOSTILE, "poly"]}
    for one in made["trials"]:
        kernel = one["parameters"].pop("kernel")
        one["parameters"][HOSTILE] = HOSTILE if kernel == "rbf" else kernel
    made["trials"].append(trial(6, None, C=1.0))
    page = tuning_page(made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    content = slots(page)
    # Plotly reads tags in names of axes and in what it shows at the pointer.
    shown = json.dumps([content["history"], content["pairs"]["tabs"][0]["content"]["data"]])
    assert "<script>" not in shown
    assert "<script>" not in json.dumps(content["parallel"]["layout"])


def test_page_fetches_nothing() -> None:
    page = tuning_page(grid())
    assert "default-src 'none'" in page
    assert not re.search(r'<(?:script|img|link|iframe)[^>]*(?:src|href)="(?!data:)', page)


def test_unusual_searches_have_a_page() -> None:
    one = document([{"name": "C", "values": [1.0]}], [trial(0, 0.5, C=1.0)])
    content = slots(tuning_page(one))
    assert content["pairs"] == {"kind": "text", "text": "There is only one parameter."}
    never = document(
        [
            {"name": "kernel", "values": ["linear", "rbf"]},
            {"name": "gamma", "low": 0.1, "high": 1.0, "log": True, "when": {"kernel": ["rbf"]}},
        ],
        [trial(0, 0.0, kernel="linear"), trial(1, None, kernel="linear")],
    )
    content = slots(tuning_page(never))
    assert content["parameters"]["tabs"][1]["content"]["kind"] == "text"
    lists = document(
        [
            {"name": "hidden_layer_sizes", "values": [[300], [300, 300]]},
            {"name": "alpha", "values": [0.1, 1.0]},
        ],
        [trial(0, 0.5, hidden_layer_sizes=[300, 300], alpha=1.0)],
    )
    assert "[300, 300]" in json.dumps(slots(tuning_page(lists)))


@pytest.mark.parametrize("schema", ["earmark.tuning/2", None])
def test_other_schema_is_refused(schema: str | None) -> None:
    with pytest.raises(ParameterError, match=r"not earmark\.tuning/1"):
        tuning_page({**grid(), "schema": schema})
