"""The page of an explored dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from earmark.errors import ParameterError
from earmark.figures._html import escape, facts, page, placeholder, render_table, table
from earmark.figures._landscape import box_slots, correlation_slot, map_slots
from earmark.figures._plot import colour, figure, names_axis, plain, plot_text
from earmark.figures._png import data_uri

__all__ = ["explore_page"]

_SCHEMA = "earmark.exploration/2"


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
        If it is of another schema.
    MissingExtraError
        If Plotly is not installed.

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
    name = _title(dataset)
    groups: dict[str, Any] = {
        "balance": {
            "records": [{"keys": [], "slots": {"balance": _balance(exploration)}}],
            "initial": [],
        }
    }
    parts = [_header(exploration), _balance_section(exploration), _missing(exploration)]
    parts.append(_duplicates(exploration))
    if exploration["distributions"]:
        records = box_slots(exploration["distributions"])
        groups["box"] = {"records": records, "initial": records[0]["keys"]}
        parts.append(_BOXES)
    if exploration["columns"]:
        parts.append(_columns(exploration["columns"]))
    if exploration["correlation"]:
        slot = correlation_slot(exploration["correlation"])
        records = [{"keys": [], "slots": {"correlation": slot}}]
        groups["correlation"] = {"records": records, "initial": []}
        parts.append(_CORRELATION)
    if exploration["map"]:
        records = map_slots(exploration["map"], dataset["classes"], n=dataset["n"])
        groups["map"] = {"records": records, "initial": records[-1]["keys"]}
        parts.append(_MAP)
    if exploration["spectrograms"]:
        parts.append(_spectrograms(exploration["spectrograms"]))
    return page(f"Earmark: what is in {name}", "".join(parts), groups)


def _title(dataset: Mapping[str, Any]) -> str:
    return _OWN.get(dataset["name"], plain(dataset["name"]))


_OWN = {"folder": "a folder of music", "library": "your library"}


def _section(key: str, title: str, inner: str) -> str:
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{inner}</section>'


_BOXES = _section(
    "boxes",
    "How a feature is spread in each genre",
    "<p>The box holds the middle half of a genre's rows, the line in it is their median, the "
    "dashed line their mean. Features are listed by how far they separate the genres: where "
    "boxes do not overlap, the feature alone tells those genres apart.</p>"
    '<form class="choices still" aria-label="Which feature"><label>Feature '
    '<select data-group="box" data-level="0"></select></label></form>'
    + placeholder("box", "box")
    + "<details><summary>The numbers as a table</summary>"
    + placeholder("box", "box_table")
    + "</details>",
)

_CORRELATION = _section(
    "correlation",
    "Which features say the same",
    "<p>Correlation of each pair of features, from -1 (one falls as the other rises) through 0 "
    "(they know nothing of each other) to 1. Features that are alike stand beside each other, so "
    "blocks are groups of which one would nearly do.</p>"
    + placeholder("correlation", "correlation"),
)

_MAP = _section(
    "map",
    "The rows on a plane",
    "<p>Rows that are near each other here have similar features. “What varies most” "
    "(principal components) knows nothing of genres; “what separates genres” (discriminant "
    "axes) was fitted to these very rows, so that genres look farther apart than they are in music "
    "that was not seen.</p>"
    '<form class="choices still" aria-label="Which axes"><label>Axes '
    '<select data-group="map" data-level="0"></select></label></form>' + placeholder("map", "map"),
)


def _header(exploration: Mapping[str, Any]) -> str:
    dataset = exploration["dataset"]
    head = {
        "Rows": f"{dataset['n']:,} {dataset['unit']}s",
        "Genres": len([name for name in dataset["classes"] if name]),
        "Features": f"{dataset['n_columns']} ({dataset['feature_set']})",
        "Seed": exploration["seed"],
        "Earmark": exploration["earmark"],
        "Digest of the rows": dataset["digest"][:12],
    }
    faults = "".join(f"<li>{escape(fault)}</li>" for fault in dataset["faults"])
    known = ""
    if faults:
        title = (
            "Known faults of the corpus as it was published"
            if dataset["left_out"]
            else ("What to know about it")
        )
        known = f"<h3>{title}</h3><ul>{faults}</ul>{_left_out(dataset)}"
    sources = {
        **dataset["provenance"],
        "Feature fingerprint": dataset["fingerprint"],
        "Digest of the rows": dataset["digest"],
    }
    return (
        f"<h1>What is in {escape(_title(dataset))}</h1>{facts(head)}{known}"
        f"<details><summary>Where the rows come from</summary>{facts(sources)}</details>"
    )


def _left_out(dataset: Mapping[str, Any]) -> str:
    if not dataset["left_out"]:
        return ""
    return (
        f"<p class='note'>{_some(dataset['left_out'], 'row')} with such faults "
        f"{'is' if dataset['left_out'] == 1 else 'are'} left out here, so that what follows is of "
        f"the other {dataset['n']:,}. <code>--faulty</code> keeps them.</p>"
    )


def _counts(exploration: Mapping[str, Any]) -> dict[str, str]:
    """Return which counts of a genre are known, and what they are called."""
    unit = exploration["dataset"]["unit"]
    kinds = {"n": f"{unit}s", "tracks": "tracks", "artists": "artists"}
    if unit == "track":
        del kinds["tracks"]  # a row is a track
    known = exploration["balance"][0]
    return {key: title for key, title in kinds.items() if known[key] is not None}


def _balance(exploration: Mapping[str, Any]) -> dict[str, Any]:
    counted = exploration["balance"]
    names = [one["genre"] for one in counted]
    kinds = _counts(exploration)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": title,
            "x": [one[key] for one in counted],
            "y": list(range(len(counted))),
            "text": [_count(one[key]) for one in counted],
            "textposition": "outside",
            "cliponaxis": False,
            "customdata": [plot_text(name) for name in names],
            "hovertemplate": f"%{{customdata}}: %{{x}} {title}<extra></extra>",
            "marker": {
                "color": colour(at),
                "pattern": {
                    "shape": ("", "/", ".")[at],
                    "fgcolor": "var(--page)",
                    "fillmode": "overlay",
                },
            },
        }
        for at, (key, title) in enumerate(kinds.items())
    ]
    most = max(one[key] for one in counted for key in kinds)
    layout = {
        "height": (10 + 16 * len(kinds)) * len(counted) + 110,
        "xaxis": {"range": [0, most * 1.1], "title": {"text": "how many"}},
        "yaxis": names_axis(names, down=True),
        "barmode": "group",
        "bargap": 0.25,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "showlegend": True,
    }
    small = min(counted, key=lambda one: one["n"])
    large = max(counted, key=lambda one: one["n"])
    label = (
        f"Rows of each genre: from {small['n']:,} of {plain(small['genre'])} to {large['n']:,} of "
        f"{plain(large['genre'])}."
    )
    return figure(traces, layout, label=label)


def _balance_section(exploration: Mapping[str, Any]) -> str:
    counted = exploration["balance"]
    heads = {key: title.capitalize() for key, title in _counts(exploration).items()}
    rows = [[plain(one["genre"]), *(_count(one[key]) for key in heads)] for one in counted]
    numbers = table("Rows of each genre", ("Genre", *heads.values()), rows)
    shared = exploration["shared_artists"]
    said = "" if shared is None else f" Artists with rows of more than one genre: {shared}."
    return _section(
        "balance",
        "How many of each genre",
        "<p>A model can seem good by naming the largest genre always; macro scores guard against "
        "that. Where a genre has few artists, a model can learn them in place of the genre."
        f"{said}</p>{placeholder('balance', 'balance')}"
        f"<details><summary>The numbers as a table</summary>{render_table(numbers)}</details>",
    )


def _some(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _missing(exploration: Mapping[str, Any]) -> str:
    missing = exploration["missing"]
    constant = ", ".join(map(plain, missing["constant_columns"]))
    rows: list[list[str | None]] = [
        ["Values of features", _count(missing["values"])],
        ["Rows without a genre", _count(missing["labels"])],
        ["Tracks without an artist's name", _count(missing["artists"])],
        ["Tracks without audio here", _count(missing["audio"])],
        ["Features that never vary", f"{len(missing['constant_columns'])}\n{constant}".strip()],
    ]
    return _section(
        "missing",
        "What is missing",
        "<p>A table with a missing feature is refused, so there is none. Tracks without an "
        "artist's name may share one all the same; the groups of the corpus say what is known.</p>"
        + render_table(table("Counts of what is not there", ("What", "How many"), rows)),
    )


def _duplicates(exploration: Mapping[str, Any]) -> str:
    if not exploration["dataset"]["n_columns"]:
        words = "Rows are compared by their features, and this dataset comes without any."
        return _section("duplicates", "What is there twice", f"<p>{words}</p>")
    exact, near = (exploration["duplicates"][kind] for kind in ("exact", "near"))
    dataset = exploration["dataset"]
    among = f"Among the {dataset['n']:,} rows here"
    if dataset["left_out"]:
        among += f" (without the {dataset['left_out']} that are left out)"
    parts = [
        "<p>The same recording twice is a leak when one copy is trained on and the other tested. "
        f"{among}: <strong>exact copies:</strong> {_copies(exact)} ({escape(exact['rule'])}); "
        f"<strong>near duplicates:</strong> {_pairs(near)}.</p>"
    ]
    if near["usual"] is not None:
        parts.append(
            f"<p>Rule for near duplicates: {escape(near['rule'])}. Here the usual distance is "
            f"{near['usual']:.3g}, so closer than {near['threshold']:.3g}. Where there are few "
            "features some rows are that close by chance: listen before you drop one.</p>"
        )
    if exact["groups"]:
        rows = [_pair(one) for one in exact["groups"]]
        spec = table("Rows that are equal", ("Rows", "Genres"), rows)
        parts.append(_folded(f"Exact duplicates: {_shown(rows, exact['n_groups'])}", spec))
    if near["pairs"]:
        rows = [[*_pair(one), f"{one['distance']:.3g}"] for one in near["pairs"]]
        spec = table("Rows that are nearly equal", ("Rows", "Genres", "Distance"), rows)
        parts.append(_folded(f"Near duplicates: {_shown(rows, near['n_pairs'])}", spec))
    return _section("duplicates", "What is there twice", "".join(parts))


def _copies(exact: Mapping[str, Any]) -> str:
    if not exact["n_groups"]:
        return "none"
    groups = f"{_some(exact['n_groups'], 'group')} of {exact['rows']} rows in all"
    return f"{groups}, {exact['n_across_genres']} across genres"


def _pairs(near: Mapping[str, Any]) -> str:
    if not near["n_pairs"]:
        return "none"
    return f"{_some(near['n_pairs'], 'pair')}, {near['n_across_genres']} across genres"


def _pair(found: Mapping[str, Any]) -> list[str]:
    genres = list(dict.fromkeys(map(plain, found["genres"])))
    return [", ".join(map(plain, found["ids"])), " and ".join(genres)]


def _shown(rows: Sequence[object], n: int) -> str:
    return f"all {n}" if len(rows) == n else f"the first {len(rows)} of {n}"


def _folded(title: str, spec: Mapping[str, Any]) -> str:
    return f"<details><summary>{escape(title)}</summary>{render_table(spec)}</details>"


def _columns(columns: Sequence[Mapping[str, Any]]) -> str:
    keys = ("mean", "sd", "min", "q1", "median", "q3", "max", "f")
    rows = [
        [
            plain(column["name"]),
            *(None if column[key] is None else f"{column[key]:.4g}" for key in keys),
        ]
        for column in columns
    ]
    heads = ("Feature", "Mean", "Deviation", "Least", "Quarter", "Median", "Three quarters", "Most")
    spec = table(f"The {len(rows)} features in numbers", (*heads, "F"), rows)
    return _section(
        "columns",
        "The features in numbers",
        "<p>F says how far a feature's means differ between genres, against how much it varies "
        "within them: the higher, the more it tells. Values that are far off the quartiles can be "
        "faults.</p>" + _folded(f"All {len(rows)} features", spec),
    )


def _spectrograms(spectrograms: Sequence[Mapping[str, Any]]) -> str:
    pictures = "".join(map(_picture, spectrograms))
    return _section(
        "spectrograms",
        "How a track of each genre looks",
        "<p>Time in seconds to the right, frequency in hertz upward on the mel scale; bright is "
        "loud. One track is an example, not what its genre is like.</p>"
        f'<div class="pictures">{pictures}</div>',
    )


def _picture(one: Mapping[str, Any]) -> str:
    """Write a spectrogram with its axes."""
    genre, track = escape(plain(one["genre"])), escape(plain(one["id"]))
    seconds, top = one["seconds"], _mel(one["max_hz"])
    times = "".join(
        f'<span style="left:{100 * at / seconds:.1f}%">{at:g}</span>' for at in _times(seconds)
    )
    pitches = "".join(
        f'<span style="bottom:{100 * _mel(hz) / top:.1f}%">{name}</span>'
        for hz, name in _PITCHES
        if hz < one["max_hz"]
    )
    return (
        f'<figure><figcaption><b>{genre}</b> {track}</figcaption><div class="spectrogram">'
        f'<div class="pitches" aria-hidden="true">{pitches}</div>'
        f'<img src="{data_uri(one)}" alt="Spectrogram of {track}, {genre}: {seconds:.0f} seconds, '
        f'0 to {one["max_hz"]:.0f} hertz">'
        f'<div class="times" aria-hidden="true">{times}</div></div></figure>'
    )


_PITCHES = ((0, "0 Hz"), (500, "500"), (1000, "1k"), (2000, "2k"), (4000, "4k"), (8000, "8k"))


def _mel(hz: float) -> float:
    """Return a frequency on Slaney's mel scale, which the bands are even on."""
    if hz < 1000:
        return hz * 3 / 200
    return 15 + math.log(hz / 1000) * 27 / math.log(6.4)


def _times(seconds: float) -> list[float]:
    """Return the times that are written below a spectrogram."""
    step = next((one for one in (1, 2, 5, 10, 20, 60) if seconds / one <= 4), 300)
    return [float(at * step) for at in range(int(seconds / step) + 1)]
