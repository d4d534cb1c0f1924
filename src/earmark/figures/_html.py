"""Self-contained HTML: escaping, tables, and the page that Plotly and the assets are put into."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from earmark.errors import MissingExtraError

__all__ = [
    "escape",
    "estimate_text",
    "facts",
    "number",
    "page",
    "placeholder",
    "render_table",
    "table",
    "units_text",
]

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; img-src data: blob:; script-src {hashes}">
<title>{title}</title>
<style>
{css}
</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<div class="bar"><span class="brand">Earmark</span>\
<button type="button" id="theme" aria-pressed="false">Dark theme</button></div>
<main id="main">
<noscript><p class="note">The figures need JavaScript; the tables here do not. Nothing is loaded
from a network.</p></noscript>
{body}
</main>
<script type="application/json" id="earmark-data">{data}</script>
<script>{plotly}</script>
<script>{script}</script>
</body>
</html>
"""


def escape(text: object) -> str:
    """Return text as HTML shows it, whatever characters it holds.

    Parameters
    ----------
    text : object
        Converted by ``str``. What no encoding can hold stands as its escape.

    Returns
    -------
    str
        Safe between tags and in quoted attributes.

    Examples
    --------
    >>> escape("<script>'")
    '&lt;script&gt;&#x27;'
    """
    return html.escape(str(text).encode("utf-8", "backslashreplace").decode("utf-8"))


def number(value: float | None, digits: int = 3) -> str | None:
    """Write a number, with a real minus; None stays."""
    return None if value is None else f"{value:.{digits}f}".replace("-", "\u2212")


def estimate_text(estimate: Mapping[str, float] | float | None) -> str | None:
    """Write an estimate: the value, and below it its interval."""
    if not isinstance(estimate, Mapping):
        return number(estimate)
    low, high = number(estimate["low"]), number(estimate["high"])
    return f"{number(estimate['value'])}\n{low} to {high}"


def units_text(intervals: Mapping[str, Any]) -> str:
    """Say what intervals are over.

    Parameters
    ----------
    intervals : mapping
        As a results file holds it.

    Returns
    -------
    str
        Like ``over 271 artists``.

    Examples
    --------
    >>> units_text({"over": "artist", "n_units": 1271})
    'over 1,271 artists'
    """
    n = intervals["n_units"]
    return f"over {n:,} {intervals['over']}{'' if n == 1 else 's'}"


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str | None]], *, css: str = ""
) -> dict[str, Any]:
    """Return a table as the page's data hold it.

    Parameters
    ----------
    caption : str
        What it shows.
    head : sequence of str
        Heads of the columns; the first column names the rows.
    rows : sequence of sequence of str or None
        Cells, unescaped; None where there is no number.
    css : str
        Classes: ``stack`` puts the cells of a row below each other on a narrow page.

    Returns
    -------
    dict
        To be given to `render_table` or to the page's script.
    """
    return {"kind": "table", "caption": caption, "head": [*head], "rows": [*rows], "css": css}


def render_table(spec: Mapping[str, Any]) -> str:
    """Write a table as HTML.

    Parameters
    ----------
    spec : mapping
        As `table` returns it.

    Returns
    -------
    str
        A table in a region of its own that scrolls sideways where it must.
    """
    heads = [escape(name) for name in spec["head"]]
    lines = []
    for row in spec["rows"]:
        first = f'<th scope="row" role="rowheader">{escape(row[0])}</th>'
        cells = "".join(
            f'<td role="cell" data-head="{head}">{_cell(value)}</td>'
            for head, value in zip(heads[1:], row[1:], strict=True)
        )
        lines.append(f'<tr role="row">{first}{cells}</tr>')
    caption = escape(spec["caption"])
    columns = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in heads)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}">'
        f'<table role="table" class="{escape(spec["css"])}"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row">{columns}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(lines)}</tbody></table></div>'
    )


def _cell(value: str | None) -> str:
    """Write a cell: its first line large, those after it small."""
    if value is None:
        return '<span aria-label="not measured">&ndash;</span>'
    first, *others = value.split("\n")
    return escape(first) + "".join(f"<small>{escape(line)}</small>" for line in others)


def facts(pairs: Mapping[str, object]) -> str:
    """Write names and values as a list.

    Parameters
    ----------
    pairs : mapping
        Values by name.

    Returns
    -------
    str
        A definition list.
    """
    inner = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in pairs.items()
    )
    return f'<dl class="facts">{inner}</dl>'


def placeholder(group: str, slot: str, *, css: str = "") -> str:
    """Write the place where the page's script puts a figure or a table.

    Parameters
    ----------
    group, slot : str
        Names in the page's data.
    css : str
        Classes.

    Returns
    -------
    str
        An empty element.
    """
    return f'<div class="slot {css}" data-group="{group}" data-slot="{slot}"></div>'


def page(title: str, body: str, groups: Mapping[str, Any]) -> str:
    """Write a page that needs nothing from outside it.

    Parameters
    ----------
    title : str
        Its title, unescaped.
    body : str
        HTML of its main part.
    groups : mapping
        What the script fills the placeholders with: for each group ``records``, a list of
        ``{"keys": [...], "slots": {name: content}}``, and ``initial``, the keys shown first.

    Returns
    -------
    str
        The page, with Plotly in it once. Its security policy lets nothing run but the scripts
        written here, and nothing be fetched.

    Raises
    ------
    MissingExtraError
        If Plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    plotly = get_plotlyjs().replace("</script", "<\\/script")
    script = _asset("page.js")
    hashes = " ".join(f"'sha256-{_sha256(text)}'" for text in (plotly, script))
    data = json.dumps(_finite(groups), separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        data = data.replace(character, f"\\u{ord(character):04x}")
    return _TEMPLATE.format(
        title=escape(title),
        body=body,
        data=data,
        hashes=hashes,
        plotly=plotly,
        script=script,
        css=_asset("page.css"),
    )


def _asset(name: str) -> str:
    """Read a file of this package, without the spaces at its ends."""
    return files("earmark.figures").joinpath("assets", name).read_text(encoding="utf-8").strip()


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _finite(value: Any) -> Any:
    """Replace what JSON cannot hold by null."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
