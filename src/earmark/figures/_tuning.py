"""The page of one search for parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._html import escape, estimate_text, facts, number, page, placeholder, table
from earmark.figures._plot import plain
from earmark.figures._tuning_plots import (
    Axis,
    against_slot,
    history_slot,
    pairs_slot,
    parallel_slot,
    tabs_slot,
    value_of,
    value_text,
)

__all__ = ["tuning_page"]

_SCHEMA = "earmark.tuning/1"
_MOST_ROWS = 500


def tuning_page(tuning: Mapping[str, Any]) -> str:
    """Write a page of one search for parameters.

    Parameters
    ----------
    tuning : mapping
        A document of the schema ``earmark.tuning/1``.

    Returns
    -------
    str
        One HTML page that fetches nothing: the search as it went on, the score against each
        parameter and each two of them, all parameters side by side, and every trial.

    Raises
    ------
    ParameterError
        If it is of another schema.
    MissingExtraError
        If Plotly is not installed.

    Examples
    --------
    >>> tuning_page({"schema": "earmark.tuning/2"})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: tuning is 'earmark.tuning/2', not earmark.tuning/1
    """
    if tuning.get("schema") != _SCHEMA:
        raise ParameterError(f"tuning is {tuning.get('schema')!r}, not {_SCHEMA}")
    axes = [Axis.of(parameter) for parameter in tuning["space"]["parameters"]]
    scored = [trial for trial in tuning["trials"] if trial["score"] is not None]
    chosen = tuning["trials"][tuning["chosen"]]
    slots = {
        "history": history_slot(tuning["trials"], chosen),
        "parameters": tabs_slot(
            "Parameters", {axis.name: against_slot(axis, scored, chosen) for axis in axes}
        ),
        "pairs": pairs_slot(axes, scored, chosen),
        "parallel": parallel_slot(axes, scored, chosen),
        "trials": _trials_table(axes, tuning["trials"]),
        "nested": _nested_table(axes, tuning.get("nested")),
    }
    groups = {"tuning": {"records": [{"keys": [], "slots": slots}], "initial": []}}
    title = f"{plain(tuning['model'])} on {plain(tuning['dataset']['name'])}"
    return page(f"Earmark: parameters of {title}", _body(tuning, chosen, title), groups)


def _body(tuning: Mapping[str, Any], chosen: Mapping[str, Any], title: str) -> str:
    dataset, nested = tuning["dataset"], tuning.get("nested")
    of = "" if tuning["size"] is None else f" of {tuning['size']}"
    n_failed = sum(trial["score"] is None for trial in tuning["trials"])
    told = {
        "Search": tuning["search"],
        "Space": tuning["space"]["name"],
        "Trials": f"{len(tuning['trials'])}{of}"
        + (f", {n_failed} could not be fitted" if n_failed else ""),
        "Folds": f"{tuning['n_folds']}, protocol {tuning['protocol']}",
        "Rows": dataset["n"],
        "Seed": tuning["seed"],
        "Rule": tuning["rule"],
        **{name: value_text(value) for name, value in chosen["parameters"].items()},
        "Score": f"{number(chosen['score'])} (standard error {number(chosen['standard_error'])})",
    }
    honest = (
        "<p>This is the best of many scores, and so it is too high. <code>--nested</code> would "
        "tell an honest one.</p>"
    )
    if nested:
        found = (estimate_text(nested["accuracy"]) or "").replace("\n", ", 95 % interval ")
        honest = (
            f"<p>The score is the best of many, and so it is too high. Tuned again inside every "
            f"training fold ({escape(nested['protocol'])}), the model is right on <strong>"
            f"{escape(found)}</strong> of rows that had no part in choosing.</p>"
        )
    sections = [
        _card(
            "The search as it went on",
            "Each point is a trial; the line is the best score so far.",
            "history",
        ),
        _card(
            "Score against each parameter",
            "Every trial at its value, whatever the others were. A bar reaches one standard error "
            "up and down.",
            "parameters",
        ),
        _card(
            "Two parameters at a time",
            "A cell holds the best score of the trials with these two values; where a parameter "
            "can be any number, each point is a trial.",
            "pairs",
        ),
        _card(
            "All parameters side by side",
            "Each line is a trial. It crosses each parameter at its value, and ends at its score; "
            "below the axis where the parameter means nothing.",
            "parallel",
        ),
    ]
    tables = _details("What was chosen in each fold", "nested") if nested else ""
    return (
        f"<h1>How the parameters were chosen<span>{escape(title)}</span></h1>"
        f"{facts(told)}{honest}"
        f'<p class="note">{escape(_sentence(dataset["note"]))} '
        f"{escape(_sentence('values searched: ' + tuning['space']['source']))}</p>"
        f'<div class="cards">{"".join(sections)}</div>'
        f"{tables}{_details('Every trial, the best first', 'trials')}"
    )


def _sentence(text: str) -> str:
    text = plain(text)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _card(title: str, text: str, slot: str) -> str:
    return (
        f'<section class="card wide"><h3>{escape(title)}</h3><p>{escape(text)}</p>'
        f"{placeholder('tuning', slot)}</section>"
    )


def _details(title: str, slot: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{placeholder('tuning', slot)}</details>"


def _trials_table(axes: Sequence[Axis], trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(trials, key=lambda t: (t["score"] is None, -(t["score"] or 0), t["number"]))
    rows = []
    for trial in ordered[:_MOST_ROWS]:
        values = [value_of(trial, axis) for axis in axes]
        rows.append(
            [
                str(trial["number"]),
                *(None if value is None else value_text(value) for value in values),
                number(trial["score"]),
                number(trial["standard_error"]),
                f"{trial['seconds']:.2f}",
                trial["failure"],
            ]
        )
    shown = "" if len(trials) <= _MOST_ROWS else f", the first {_MOST_ROWS}"
    head = ["Trial", *(axis.name for axis in axes), "Score", "Standard error", "Seconds", "Failure"]
    return table(f"{len(trials)} trials{shown}", head, rows)


def _nested_table(axes: Sequence[Axis], nested: Mapping[str, Any] | None) -> dict[str, Any]:
    rows = []
    for at, fold in enumerate((nested or {}).get("folds", ()), 1):
        values = [value_of(fold, axis) for axis in axes]
        told = (None if value is None else value_text(value) for value in values)
        rows.append([str(at), *told, number(fold["score"]), str(fold["n"])])
    head = ["Fold", *(axis.name for axis in axes), "Score inside", "Rows inside"]
    return table("The parameters chosen inside each training fold", head, rows)
