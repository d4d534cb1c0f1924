"""The page of a parameter search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._page import estimate_cell, fixed_group, number, render_page, table
from earmark.figures._plots import plain
from earmark.figures._tuning_figures import (
    Axis,
    history_figure,
    pair_tabs,
    parallel_figure,
    parameter_tabs,
    value_of,
    value_text,
)
from earmark.wording import counted

__all__ = ["tuning_page"]

_SCHEMA = "earmark.tuning/1"
_MOST_ROWS = 500


def tuning_page(tuning: Mapping[str, Any]) -> str:
    """Write a page of a parameter search.

    Parameters
    ----------
    tuning : mapping
        A document of the schema ``earmark.tuning/1``.

    Returns
    -------
    str
        One HTML page that fetches nothing: the history of the search, the score against each
        parameter and each two of them, all parameters side by side, and every trial.

    Raises
    ------
    ParameterError
        If it has another schema.
    MissingExtraError
        If Plotly or Jinja2 is not installed.

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
    nested = tuning.get("nested")
    slots = {
        "history": history_figure(tuning["trials"], chosen),
        "parameters": parameter_tabs(axes, scored, chosen),
        "pairs": pair_tabs(axes, scored, chosen),
        "parallel": parallel_figure(axes, scored, chosen),
        "trials": _trials_table(axes, tuning["trials"]),
        "nested": _nested_table(axes, nested),
    }
    name = f"{plain(tuning['model'])} on {plain(tuning['dataset']['name'])}"
    accuracy = estimate_cell(nested["accuracy"]) if nested else None
    return render_page(
        "tuning",
        {"tuning": fixed_group(slots)},
        title=f"Earmark: parameters of {name}",
        name=name,
        facts=_facts(tuning, chosen),
        nested=nested,
        nested_accuracy=(accuracy or "").replace("\n", ", 95 % interval "),
        notes=[
            _sentence(tuning["dataset"]["note"]),
            _sentence(f"values searched: {tuning['space']['source']}"),
        ],
    )


def _facts(tuning: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, object]:
    n_trials, size = len(tuning["trials"]), tuning["size"]
    n_failed = sum(trial["score"] is None for trial in tuning["trials"])
    of_all = "" if size is None else f" of {size:,}"
    failed = f", {n_failed:,} failed to train" if n_failed else ""
    return {
        "Search": tuning["search"],
        "Space": tuning["space"]["name"],
        "Trials": f"{n_trials:,}{of_all}{failed}",
        "Folds": f"{tuning['n_folds']}, protocol {tuning['protocol']}",
        "Rows": f"{tuning['dataset']['n']:,}",
        "Seed": tuning["seed"],
        "Rule": tuning["rule"],
        **{name: value_text(value) for name, value in chosen["parameters"].items()},
        "Score": f"{number(chosen['score'])} (standard error {number(chosen['standard_error'])})",
    }


def _sentence(text: str) -> str:
    text = plain(text)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _values(trial: Mapping[str, Any], axes: Sequence[Axis]) -> list[str | None]:
    values = (value_of(trial, axis) for axis in axes)
    return [None if value is None else value_text(value) for value in values]


def _trials_table(axes: Sequence[Axis], trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(trials, key=lambda t: (t["score"] is None, -(t["score"] or 0), t["number"]))
    rows = [
        [
            str(trial["number"]),
            *_values(trial, axes),
            number(trial["score"]),
            number(trial["standard_error"]),
            f"{trial['seconds']:.2f}",
            trial["failure"],
        ]
        for trial in ordered[:_MOST_ROWS]
    ]
    shown = "" if len(trials) <= _MOST_ROWS else f", the first {_MOST_ROWS}"
    head = ["Trial", *(axis.name for axis in axes), "Score", "Standard error", "Seconds", "Failure"]
    return table(f"{counted(len(trials), 'trial')}{shown}", head, rows)


def _nested_table(axes: Sequence[Axis], nested: Mapping[str, Any] | None) -> dict[str, Any]:
    rows = [
        [str(at), *_values(fold, axes), number(fold["score"]), str(fold["n"])]
        for at, fold in enumerate((nested or {}).get("folds", ()), 1)
    ]
    head = ["Fold", *(axis.name for axis in axes), "Score inside", "Rows inside"]
    return table("The parameters chosen inside each training fold", head, rows)
