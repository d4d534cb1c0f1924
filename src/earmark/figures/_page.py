"""Pages as one HTML file each: templates, and what tables and figures hand to the page's script."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from earmark.errors import MissingExtraError
from earmark.wording import counted

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["estimate_cell", "fixed_group", "number", "render_page", "resampled_text", "table"]


def number(value: float | None, digits: int = 3) -> str | None:
    """Write a number with a real minus sign; None stays None."""
    return None if value is None else f"{value:.{digits}f}".replace("-", "\u2212")


def estimate_cell(estimate: Mapping[str, float] | float | None) -> str | None:
    """Write a value, and its interval on a second line if it has one."""
    if not isinstance(estimate, Mapping):
        return number(estimate)
    low, high = number(estimate["low"]), number(estimate["high"])
    return f"{number(estimate['value'])}\n{low} to {high}"


def resampled_text(intervals: Mapping[str, Any]) -> str:
    """Say what was resampled for the intervals of a results file, such as ``over 271 artists``."""
    return f"over {counted(intervals['n_units'], intervals['over'])}"


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str | None]], *, css: str = ""
) -> dict[str, Any]:
    """Return a table for a template or for the page's script; the first column names the rows.

    Cells are unescaped, and None where there is no number. The class ``stack`` puts the cells of a
    row below each other on a narrow page.
    """
    return {"kind": "table", "caption": caption, "head": [*head], "rows": [*rows], "css": css}


def fixed_group(slots: Mapping[str, Any]) -> dict[str, Any]:
    """Return contents for places on the page that do not depend on any choice."""
    return {"records": [{"keys": [], "slots": slots}], "initial": []}


def render_page(template: str, groups: Mapping[str, Any], **context: Any) -> str:
    """Fill a template and put Plotly, the styles and the script into it.

    For each group the script needs ``records``, a list of ``{"keys": [...], "slots": {name:
    content}}``, and ``initial``, the keys to show first. The page's security policy runs no script
    except those written here, and fetches nothing.
    """
    try:
        from markupsafe import Markup
        from plotly.offline import get_plotlyjs

        environment = _environment()
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    plotly = get_plotlyjs().replace("</script", "<\\/script")
    script = _asset("page.js")
    return environment.get_template(f"{template}.html.j2").render(
        context,
        groups=groups,
        data=_finite(groups),
        script_hashes=[_sha256(plotly), _sha256(script)],
        plotly=Markup(plotly),  # noqa: S704 (a library's file and two of this package)
        script=Markup(script),  # noqa: S704
        css=Markup(_asset("page.css")),  # noqa: S704
    )


@cache
def _environment() -> Environment:
    """Return Jinja with every value escaped and every missing one refused."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("earmark.figures"),
        autoescape=True,
        finalize=_encodable,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["counted"] = counted
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.policies["json.dumps_function"] = json.dumps
    return environment


def _encodable(value: Any) -> Any:
    """Escape what UTF-8 cannot hold, such as the odd bytes of a file name."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _asset(name: str) -> str:
    return files("earmark.figures").joinpath("assets", name).read_text(encoding="utf-8").strip()


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _finite(value: Any) -> Any:
    """Replace numbers that JSON cannot hold with null."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
