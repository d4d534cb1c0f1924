"""The page of one or several results files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._page import fixed_group, render_page, table
from earmark.figures._plots import plain
from earmark.figures._run_figures import run_slots
from earmark.figures._score_figures import (
    accuracy_figure,
    cost_table,
    difference_figure,
    difference_table,
    protocols_in,
    score_table,
)
from earmark.wording import counted, protocol_title

__all__ = ["results_page"]

_SCHEMA = "earmark.results/2"


def results_page(
    results: Sequence[Mapping[str, Any]], *, comparison: Mapping[str, Any] | None = None
) -> str:
    """Write a page of one or several results files.

    Parameters
    ----------
    results : sequence of mapping
        Documents of the schema ``earmark.results/2``.
    comparison : mapping or None
        A comparison of them by `earmark.workflows.compare`, of the schema ``earmark.compare/2``:
        its differences and notes come first on the page.

    Returns
    -------
    str
        One HTML page that fetches nothing: for each document the models under every protocol with
        intervals and the leakage gap, then all details of one run, which is chosen on the page.

    Raises
    ------
    ParameterError
        If there are no results, or one has another schema.
    MissingExtraError
        If Plotly or Jinja2 is not installed.

    Examples
    --------
    >>> results_page([{"schema": "earmark.results/9"}])
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: results[0] is 'earmark.results/9', not earmark.results/2
    """
    if not results:
        raise ParameterError("results is empty: one results file or more is needed")
    for at, result in enumerate(results):
        if result.get("schema") != _SCHEMA:
            raise ParameterError(f"results[{at}] is {result.get('schema')!r}, not {_SCHEMA}")
    names = ((result["dataset"]["name"], result["dataset"]["feature_set"]) for result in results)
    titles = _distinct(map(", ".join, names))
    records = _run_records(results, titles)
    groups: dict[str, Any] = {"run": {"records": records, "initial": _initial(records)}}
    if comparison is not None:
        groups["compared"] = fixed_group({"differences": difference_figure(comparison)})
    for at, result in enumerate(results):
        groups[f"scores{at}"] = fixed_group({"accuracy": accuracy_figure(result)})
    title = titles[0] if len(results) == 1 else f"{len(results)} results"
    return render_page(
        "results",
        groups,
        title=f"Earmark: scores on {plain(title)}",
        comparison=comparison,
        differences=difference_table(comparison) if comparison else None,
        results=[_section(*pair) for pair in zip(results, titles, strict=True)],
        places={
            name
            for record in records
            for name, slot in record["slots"].items()
            if slot["kind"] != "nothing"
        },
    )


def _distinct(names: Iterable[str]) -> list[str]:
    """Add numbers to names that appear more than once."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


def _run_records(
    results: Sequence[Mapping[str, Any]], titles: Sequence[str]
) -> list[dict[str, Any]]:
    """Return figures and tables of every run, with what is chosen on the page to see it."""
    records = []
    for result, title in zip(results, titles, strict=True):
        dataset = result["dataset"]
        names = _distinct(plain(model["name"]) for model in result["models"])
        for model, name in zip(result["models"], names, strict=True):
            for run in model["runs"]:
                keys = [plain(title), name, protocol_title(run["protocol"])]
                slots = run_slots(run, classes=dataset["classes"], unit=dataset["unit"])
                records.append({"keys": keys, "slots": slots})
    return records


def _initial(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Choose the run to show first: of the first model, the protocol closest to new music."""
    if not records:
        return []
    first = records[0]["keys"]
    protocols = [record["keys"][2] for record in records if record["keys"][:2] == first[:2]]
    return [*first[:2], "artist" if "artist" in protocols else first[2]]


def _section(result: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return what the template shows of one document."""
    dataset = result["dataset"]
    unit = f"{dataset['unit']}s".capitalize()
    counts = [[plain(genre), str(n)] for genre, n in dataset["counts"].items()]
    models = [(plain(model["name"]), model["recipe"].get("rows")) for model in result["models"]]
    return {
        "title": plain(title),
        "facts": {
            "Rows": counted(dataset["n"], dataset["unit"]),
            "Genres": len(dataset["classes"]),
            "Features": dataset["feature_set"],
            "Seed": result["seed"],
            "Earmark": result["earmark"],
            "Digest of the rows": dataset["digest"][:12],
        },
        "scores": score_table(result),
        "finished_models": [(name, rows) for name, rows in models if rows is not None],
        "skipped": result.get("skipped", {}),
        "protocols": {name: protocol_title(name) for name in protocols_in(result)},
        "costs": cost_table(result),
        "counts": table("Rows of each genre", ("Genre", unit), counts),
        "provenance": {
            **dataset["provenance"],
            "Feature fingerprint": dataset["fingerprint"],
            "Digest of the rows": dataset["digest"],
        },
    }
