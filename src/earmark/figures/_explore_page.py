"""The page of an explored dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._feature_figures import box_records, correlation_figure, map_records
from earmark.figures._page import fixed_group, render_page, table
from earmark.figures._plots import (
    LEGEND_ABOVE,
    bars,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
)
from earmark.figures._spectrogram_png import data_uri
from earmark.wording import counted

__all__ = ["explore_page"]

_SCHEMA = "earmark.exploration/2"
_OWN_MUSIC = {"folder": "a folder of music", "library": "your library"}
_PITCHES = ((0, "0 Hz"), (500, "500"), (1000, "1k"), (2000, "2k"), (4000, "4k"), (8000, "8k"))


def explore_page(exploration: Mapping[str, Any]) -> str:
    """Write a page of an explored dataset.

    Parameters
    ----------
    exploration : mapping
        A document of the schema ``earmark.exploration/2``.

    Returns
    -------
    str
        One HTML page that fetches nothing.

    Raises
    ------
    ParameterError
        If it has another schema.
    MissingExtraError
        If Plotly or Jinja2 is not installed.

    Examples
    --------
    >>> explore_page({"schema": "earmark.results/1"})
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: exploration is 'earmark.results/1', not earmark.exploration/2
    """
    if exploration.get("schema") != _SCHEMA:
        raise ParameterError(f"exploration is {exploration.get('schema')!r}, not {_SCHEMA}")
    dataset = exploration["dataset"]
    groups: dict[str, Any] = {"balance": fixed_group({"balance": _balance_figure(exploration)})}
    if exploration["distributions"]:
        records = box_records(exploration["distributions"])
        groups["box"] = {"records": records, "initial": records[0]["keys"]}
    if exploration["correlation"]:
        slot = correlation_figure(exploration["correlation"])
        groups["correlation"] = fixed_group({"correlation": slot})
    if exploration["map"]:
        records = map_records(exploration["map"], dataset["classes"], n=dataset["n"])
        groups["map"] = {"records": records, "initial": records[-1]["keys"]}
    name = _OWN_MUSIC.get(dataset["name"], plain(dataset["name"]))
    return render_page(
        "explore",
        groups,
        title=f"Earmark: what is in {name}",
        name=name,
        dataset=dataset,
        facts=_facts(exploration),
        provenance={
            **dataset["provenance"],
            "Feature fingerprint": dataset["fingerprint"],
            "Digest of the rows": dataset["digest"],
        },
        balance=_balance_table(exploration),
        shared_artists=exploration["shared_artists"],
        missing=_missing_table(exploration["missing"]),
        duplicates=_duplicates(exploration["duplicates"]) if dataset["n_columns"] else None,
        columns=_column_table(exploration["columns"]) if exploration["columns"] else None,
        spectrograms=[_spectrogram(item) for item in exploration["spectrograms"]],
    )


def _facts(exploration: Mapping[str, Any]) -> dict[str, object]:
    dataset = exploration["dataset"]
    return {
        "Rows": counted(dataset["n"], dataset["unit"]),
        "Genres": len([name for name in dataset["classes"] if name]),
        "Features": f"{dataset['n_columns']} ({dataset['feature_set']})",
        "Seed": exploration["seed"],
        "Earmark": exploration["earmark"],
        "Digest of the rows": dataset["digest"][:12],
    }


def _units(exploration: Mapping[str, Any]) -> dict[str, str]:
    """Return what was counted for each genre, and its name."""
    unit = exploration["dataset"]["unit"]
    units = {"n": f"{unit}s", "tracks": "tracks", "artists": "artists"}
    if unit == "track":
        del units["tracks"]  # a row is a track
    known = exploration["balance"][0]
    return {key: title for key, title in units.items() if known[key] is not None}


def _balance_figure(exploration: Mapping[str, Any]) -> dict[str, Any]:
    genres = exploration["balance"]
    names = [counts["genre"] for counts in genres]
    units = _units(exploration)
    traces = []
    for at, (key, title) in enumerate(units.items()):
        pattern = {"shape": ("", "/", ".")[at], "fgcolor": "var(--page)", "fillmode": "overlay"}
        traces.append(
            bars(
                [counts[key] for counts in genres],
                name=title,
                text=[_count(counts[key]) for counts in genres],
                textposition="outside",
                cliponaxis=False,
                customdata=[plot_text(name) for name in names],
                hovertemplate=f"%{{customdata}}: %{{x}} {title}<extra></extra>",
                marker={"color": colour(at), "pattern": pattern},
            )
        )
    most = max(counts[key] for counts in genres for key in units)
    layout = {
        "height": (10 + 16 * len(units)) * len(genres) + 110,
        "xaxis": {"range": [0, most * 1.1], "title": {"text": "count"}},
        "yaxis": names_axis(names, down=True),
        "barmode": "group",
        "bargap": 0.25,
        "legend": LEGEND_ABOVE,
        "showlegend": True,
    }
    small = min(genres, key=lambda counts: counts["n"])
    large = max(genres, key=lambda counts: counts["n"])
    label = (
        f"Rows of each genre: from {small['n']:,} ({plain(small['genre'])}) to {large['n']:,} "
        f"({plain(large['genre'])})."
    )
    return figure(traces, layout, label=label)


def _balance_table(exploration: Mapping[str, Any]) -> dict[str, Any]:
    units = _units(exploration)
    rows = [
        [plain(counts["genre"]), *(_count(counts[key]) for key in units)]
        for counts in exploration["balance"]
    ]
    return table("Rows of each genre", ("Genre", *map(str.capitalize, units.values())), rows)


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _missing_table(missing: Mapping[str, Any]) -> dict[str, Any]:
    constant = ", ".join(map(plain, missing["constant_columns"]))
    rows: list[list[str | None]] = [
        ["Feature values", _count(missing["values"])],
        ["Rows without a genre", _count(missing["labels"])],
        ["Tracks without an artist name", _count(missing["artists"])],
        ["Tracks without audio", _count(missing["audio"])],
        ["Features that never vary", f"{len(missing['constant_columns'])}\n{constant}".strip()],
    ]
    return table("Missing values", ("What is missing", "Count"), rows)


def _duplicates(duplicates: Mapping[str, Any]) -> dict[str, Any]:
    """Return exact and near duplicates with their tables, which are None if there are none."""
    exact, near = duplicates["exact"], duplicates["near"]
    groups = [_ids_and_genres(item) for item in exact["groups"]]
    pairs = [[*_ids_and_genres(item), f"{item['distance']:.3g}"] for item in near["pairs"]]
    return {
        "exact": exact,
        "exact_table": table("Rows that are equal", ("Rows", "Genres"), groups) if groups else None,
        "exact_shown": _shown(groups, exact["n_groups"]),
        "near": near,
        "near_table": table("Rows that are nearly equal", ("Rows", "Genres", "Distance"), pairs)
        if pairs
        else None,
        "near_shown": _shown(pairs, near["n_pairs"]),
    }


def _ids_and_genres(rows: Mapping[str, Any]) -> list[str]:
    genres = dict.fromkeys(map(plain, rows["genres"]))
    return [", ".join(map(plain, rows["ids"])), " and ".join(genres)]


def _shown(rows: Sequence[object], n: int) -> str:
    return f"all {n:,}" if len(rows) == n else f"the first {len(rows):,} of {n:,}"


def _column_table(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys = ("mean", "sd", "min", "q1", "median", "q3", "max", "f")
    rows = [
        [
            plain(column["name"]),
            *(None if column[key] is None else f"{column[key]:.4g}" for key in keys),
        ]
        for column in columns
    ]
    heads = ("Feature", "Mean", "Standard deviation", "Minimum", "First quartile", "Median")
    caption = f"Statistics of {counted(len(rows), 'feature')}"
    return table(caption, (*heads, "Third quartile", "Maximum", "F"), rows)


def _spectrogram(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a picture with its axes; places are percentages of its width and height."""
    seconds, top = item["seconds"], _mel(item["max_hz"])
    step = next((step for step in (1, 2, 5, 10, 20, 60) if seconds / step <= 4), 300)
    times = range(0, int(seconds / step) * step + 1, step)
    return {
        "genre": plain(item["genre"]),
        "track": plain(item["id"]),
        "seconds": seconds,
        "max_hz": item["max_hz"],
        "picture": data_uri(item),
        "times": [(100 * time / seconds, time) for time in times],
        "pitches": [(100 * _mel(hz) / top, name) for hz, name in _PITCHES if hz < item["max_hz"]],
    }


def _mel(hz: float) -> float:
    """Return a frequency on Slaney's mel scale, on which the bands have equal widths."""
    if hz < 1000:
        return hz * 3 / 200
    return 15 + math.log(hz / 1000) * 27 / math.log(6.4)
