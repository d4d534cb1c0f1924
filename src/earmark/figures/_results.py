"""The page of one or several results files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._differences import differences_slot, differences_table
from earmark.figures._html import (
    escape,
    estimate_text,
    facts,
    number,
    page,
    placeholder,
    render_table,
    table,
    units_text,
)
from earmark.figures._plot import SYMBOLS, colour, figure, names_axis, plain, plot_text, shorten
from earmark.figures._runs import run_slots
from earmark.figures._words import GAP, INTERVALS, PROTOCOLS, RUN_SECTIONS
from earmark.wording import protocol_title

__all__ = ["results_page"]

_SCHEMA = "earmark.results/2"

_WIDE = {"confusion", "importances"}
"""Figures that take the whole width of the page."""

_LEAST_SPAN = 0.3
"""Part of the scale from 0 to 1 that an axis of scores shows at least."""


def results_page(
    results: Sequence[Mapping[str, Any]], *, comparison: Mapping[str, Any] | None = None
) -> str:
    """Write a page of one or several results files.

    Parameters
    ----------
    results : sequence of mapping
        Documents of the schema ``earmark.results/2``.
    comparison : mapping or None
        What `earmark.workflows.compare` found in them, of the schema ``earmark.compare/2``: its
        differences and notes come first on the page.

    Returns
    -------
    str
        One HTML page that fetches nothing: for each document the models under every protocol with
        intervals and the leakage gap, then everything about one run, to be chosen on the page.

    Raises
    ------
    ParameterError
        If there is none, or one is of another schema.
    MissingExtraError
        If Plotly is not installed.

    Examples
    --------
    >>> results_page([{"schema": "earmark.results/9"}])
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: results[0] is 'earmark.results/9', not earmark.results/2
    """
    if not results:
        raise ParameterError("results is empty: one results file or more is needed")
    for at, one in enumerate(results):
        if one.get("schema") != _SCHEMA:
            raise ParameterError(f"results[{at}] is {one.get('schema')!r}, not {_SCHEMA}")
    titles = _distinct(
        f"{one['dataset']['name']}, {one['dataset']['feature_set']}" for one in results
    )
    records = _records(results, titles)
    groups: dict[str, Any] = {"run": {"records": records, "initial": _initial(records)}}
    sections = []
    if comparison is not None:
        slot = {"keys": [], "slots": {"differences": differences_slot(comparison)}}
        groups["compared"] = {"records": [slot], "initial": []}
        sections.append(_comparison_section(comparison))
    for at, (one, title) in enumerate(zip(results, titles, strict=True)):
        groups[f"scores{at}"] = {
            "records": [{"keys": [], "slots": {"accuracy": _accuracy(one)}}],
            "initial": [],
        }
        sections.append(_result_section(one, title, at))
    what = titles[0] if len(results) == 1 else f"{len(results)} results"
    body = (
        "<h1>How accurate the models are</h1>"
        + "".join(sections)
        + (_closer(records, many=len(results) > 1) if records else "")
    )
    return page(f"Earmark: scores on {plain(what)}", body, groups)


def _comparison_section(comparison: Mapping[str, Any]) -> str:
    notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in comparison["warnings"])
    inner = "<p>There is nothing to compare: no two models were tested on the same rows.</p>"
    if comparison["differences"]:
        inner = (
            "<p>Accuracy of each model less that of the first, on the rows both were tested on, "
            "with its 95 % interval. Each resample of the interval draws the same artists, or "
            "tracks, for both models. An interval that includes 0 is compatible with no "
            f"difference.</p>{placeholder('compared', 'differences')}"
            f"{render_table(differences_table(comparison))}"
        )
    return (
        f'<section aria-labelledby="compared"><h2 id="compared">Differences</h2>{notes}{inner}'
        "</section>"
    )


def _distinct(names: Any) -> list[str]:
    """Tell names that stand more than once apart by a number."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _records(results: Sequence[Mapping[str, Any]], titles: Sequence[str]) -> list[dict[str, Any]]:
    records = []
    for one, title in zip(results, titles, strict=True):
        dataset = one["dataset"]
        names = _distinct(plain(model["name"]) for model in one["models"])
        for model, name in zip(one["models"], names, strict=True):
            for run in model["runs"]:
                slots = run_slots(run, classes=dataset["classes"], unit=dataset["unit"])
                records.append(
                    {"keys": [plain(title), name, protocol_title(run["protocol"])], "slots": slots}
                )
    return records


def _initial(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Choose the run to show first: of the first model, the protocol nearest to new music."""
    if not records:
        return []
    first = records[0]["keys"]
    protocols = [record["keys"][2] for record in records if record["keys"][:2] == first[:2]]
    return [*first[:2], "artist" if "artist" in protocols else first[2]]


def _protocols(result: Mapping[str, Any]) -> list[str]:
    """List the protocols of a document, in the order they first stand."""
    return list(
        dict.fromkeys(run["protocol"] for model in result["models"] for run in model["runs"])
    )


def _runs(model: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {run["protocol"]: run for run in model["runs"]}


def _result_section(result: Mapping[str, Any], title: str, at: int) -> str:
    dataset = result["dataset"]
    head = {
        "Rows": f"{dataset['n']:,} {dataset['unit']}s",
        "Genres": len(dataset["classes"]),
        "Features": dataset["feature_set"],
        "Seed": result["seed"],
        "Earmark": result["earmark"],
        "Digest of the rows": dataset["digest"][:12],
    }
    skipped = "".join(
        f"<p class='note'>Left out: <b>{escape(name)}</b>: {escape(why)}</p>"
        for name, why in result.get("skipped", {}).items()
    )
    known = [name for name in _protocols(result) if name in PROTOCOLS]
    words = "".join(f"<dt>{protocol_title(name)}</dt><dd>{PROTOCOLS[name]}</dd>" for name in known)
    return (
        f'<section aria-labelledby="result{at}"><h2 id="result{at}">{escape(plain(title))}</h2>'
        f"{facts(head)}<p>{GAP}</p>{render_table(_scores(result))}{_new_rows(result)}{skipped}"
        f"<h3>The same as a picture</h3><p>A mark is the accuracy under one protocol, the line "
        f"through it its 95 % interval. {INTERVALS} Where intervals overlap widely, the order may "
        "be chance.</p>"
        f"{placeholder(f'scores{at}', 'accuracy')}"
        f'<details><summary>What the protocols are</summary><dl class="words">{words}</dl>'
        "</details>"
        "<details><summary>Time, memory and size</summary><p>What fitting and asking took, summed "
        "over the folds; memory is what came on top of the loaded table.</p>"
        f"{render_table(_costs(result))}</details>"
        "<details><summary>Where the rows come from</summary>"
        f"{render_table(_counts(result))}{facts(_provenance(result))}</details></section>"
    )


def _scores(result: Mapping[str, Any]) -> dict[str, Any]:
    """Tabulate the models under every protocol."""
    protocols = _protocols(result)
    rows = []
    for model in result["models"]:
        runs = _runs(model)
        cells = [_score(runs[name]) if name in runs else None for name in protocols]
        rows.append([plain(model["name"]), *cells, _gap(model)])
    dataset = result["dataset"]
    caption = (
        f"Accuracy, its 95 % interval, and macro F1 of each model under each protocol; "
        f"{dataset['n']:,} {dataset['unit']}s, seed {result['seed']}"
    )
    return table(
        caption, ["Model", *map(protocol_title, protocols), "Leakage gap"], rows, css="stack scores"
    )


def _score(run: Mapping[str, Any]) -> str:
    text = f"{estimate_text(run['metrics']['accuracy'])}\nF1 {number(_value(run, 'macro_f1'))}"
    text += f"\n{units_text(run['intervals'])}"
    votes = run.get("track_metrics")
    if votes:
        text += f"\ntracks {estimate_text(votes['accuracy'])}"
    return text


def _value(run: Mapping[str, Any], metric: str) -> float:
    return float(run["metrics"][metric]["value"])


def _gap(model: Mapping[str, Any]) -> str | None:
    gap = model.get("leakage_gap")
    if gap is None:
        return None
    sign = "+" if gap["value"] > 0 else ""
    return f"{sign}{estimate_text(gap)}\n{units_text(model['gap_intervals'])}"


def _new_rows(result: Mapping[str, Any]) -> str:
    """Say which rows finished models were scored on."""
    said = []
    for model in result["models"]:
        rows = model["recipe"].get("rows")
        if rows is not None:
            known = ""
            if rows["artists_known"]:
                known = (
                    f", and apart on {rows['unseen_known_artists']} by artists it was trained on"
                )
            said.append(
                f"<p class='note'><b>{escape(plain(model['name']))}</b> was trained on "
                f"{rows['trained_on']} of the rows: it was scored on the {rows['unseen']} others"
                f"{known}.</p>"
            )
    return "".join(said)


def _accuracy(result: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the accuracy of each model under each protocol, with its interval."""
    models, protocols = result["models"], _protocols(result)
    row = max(44, 15 * len(protocols) + 14)
    traces = []
    for at, protocol in enumerate(protocols):
        found = [
            (i, _runs(model)[protocol])
            for i, model in enumerate(models)
            if protocol in _runs(model)
        ]
        scores = [run["metrics"]["accuracy"] for _, run in found]
        shift = (at - (len(protocols) - 1) / 2) * 15 / row
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plot_text(protocol_title(protocol)),
                "x": [score["value"] for score in scores],
                "y": [i + shift for i, _ in found],
                "customdata": [
                    [plot_text(models[i]["name"]), score["low"], score["high"]]
                    for (i, _), score in zip(found, scores, strict=True)
                ],
                "hovertemplate": "%{customdata[0]}: %{x:.3f}<br>%{customdata[1]:.3f} to "
                "%{customdata[2]:.3f}",
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [score["high"] - score["value"] for score in scores],
                    "arrayminus": [score["value"] - score["low"] for score in scores],
                    "thickness": 1.6,
                    "width": 3,
                    "color": colour(at),
                },
                "marker": {"symbol": SYMBOLS[at % len(SYMBOLS)], "size": 9, "color": colour(at)},
            }
        )
    height = row * len(models) + 110
    layout = {
        "height": height,
        "xaxis": {"title": {"text": "accuracy"}, "range": _range_of(result)},
        "yaxis": names_axis([model["name"] for model in models], down=True),
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": i - 0.5,
                "y1": i - 0.5,
                "line": {"color": "var(--line)", "width": 1},
                "layer": "below",
            }
            for i in range(1, len(models))
        ],
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "showlegend": True,
    }
    label = "Accuracy of each model under each protocol; the numbers are in the table above."
    return figure(traces, layout, label=label)


def _range_of(result: Mapping[str, Any]) -> list[float]:
    """Return the part of the scale that holds all intervals, never a sliver of it."""
    scores = [run["metrics"]["accuracy"] for model in result["models"] for run in model["runs"]]
    if not scores:
        return [0.0, 1.0]
    low, high = min(one["low"] for one in scores), max(one["high"] for one in scores)
    pad = max(0.02, (_LEAST_SPAN - (high - low)) / 2)
    low, high = low - pad, high + pad
    if low < 0:
        low, high = 0.0, max(high, _LEAST_SPAN)
    if high > 1:
        low, high = min(low, 1 - _LEAST_SPAN), 1.0
    return [low - 0.005, high + 0.005]


def _costs(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for model in result["models"]:
        for run in model["runs"]:
            size = run["model_bytes"]
            rows.append(
                [
                    f"{shorten(model['name'], 40)}, {protocol_title(run['protocol'])}",
                    str(run["n_folds"]),
                    number(run["fit_seconds"], 2),
                    number(run["predict_milliseconds_per_row"], 3),
                    number(run["peak_memory_mb"], 0),
                    None if size is None else f"{size / 1e6:.2f}",
                ]
            )
    heads = ("Model, protocol", "Fits", "Fit, s", "Predict, ms a row", "Memory, MB", "File, MB")
    return table("What each run cost", heads, rows, css="stack")


def _counts(result: Mapping[str, Any]) -> dict[str, Any]:
    counts = result["dataset"]["counts"]
    unit = f"{result['dataset']['unit']}s".capitalize()
    return table(
        "Rows of each genre", ("Genre", unit), [[plain(k), str(n)] for k, n in counts.items()]
    )


def _provenance(result: Mapping[str, Any]) -> dict[str, object]:
    dataset = result["dataset"]
    return {
        **dataset["provenance"],
        "Feature fingerprint": dataset["fingerprint"],
        "Digest of the rows": dataset["digest"],
    }


def _closer(records: Sequence[Mapping[str, Any]], *, many: bool) -> str:
    """Write the part about one run, which the page's script fills."""
    filled = {
        name
        for record in records
        for name, slot in record["slots"].items()
        if slot["kind"] != "nothing"
    }
    levels = ["Results", "Model", "Protocol"]
    choices = "".join(
        f"<label{'' if many or level else ' hidden'}>{title} "
        f'<select data-group="run" data-level="{level}"></select></label>'
        for level, title in enumerate(levels)
    )
    parts = []
    for at, (title, words, slots, numbers) in enumerate(RUN_SECTIONS):
        if not filled.intersection(slots):
            continue
        css = "card wide" if _WIDE.intersection(slots) else "card"
        inner = "".join(placeholder("run", slot) for slot in slots)
        if numbers:
            inner += (
                "<details><summary>The numbers as a table</summary>"
                f"{placeholder('run', numbers)}</details>"
            )
        parts.append(
            f'<section class="{css}" aria-labelledby="part{at}"><h3 id="part{at}">{title}</h3>'
            f"<p>{words}</p>{inner}</section>"
        )
    return (
        '<section aria-labelledby="closer"><h2 id="closer">One model under one protocol</h2>'
        f'<form class="choices" aria-label="What is shown below">{choices}</form>'
        f'<div class="cards">{"".join(parts)}</div></section>'
    )
