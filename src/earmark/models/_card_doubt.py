"""What a model's card says of answers that are undecided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["undecided_lines"]


def undecided_lines(unsure: Mapping[str, Any], accuracy: float, kept: str) -> list[str]:
    """Write when answers are undecided, and what shows that they should be.

    Parameters
    ----------
    unsure : mapping
        What the model's file says under that name.
    accuracy : float
        Share of answers that should be right, see `earmark.models.recipe.Recipe`.
    kept : str
        What was held out: ``"artist"`` or ``"track"``.

    Returns
    -------
    list of str
        Paragraphs of Markdown.
    """
    floor, margin = unsure["min_confidence"], unsure.get("min_margin", 0.0)
    held_out = unsure.get("held_out")
    share = "half" if accuracy == 0.5 else f"{accuracy:.0%}"
    if held_out is None:
        return [f"`undecided`: {_rule(floor, margin)}."]
    n, undecided, wrong = held_out["n"], held_out["undecided"], held_out["undecided_wrong"]
    source = (
        f"Both come from {n:,} answers to {kept}s that were held out in training. A threshold is "
        f"the highest value at which fewer than {share} of the answers within 0.05 of it were "
        "right (of the nearest 20, where fewer are that near); it is 0 where there is none."
    )
    taken = f"{undecided:,} of these answers are undecided, and {wrong:,} of those were wrong."
    if not undecided:
        taken = (
            f"None of these answers is undecided. {held_out['right'] / n:.0%} of them were right."
        )
    elif undecided < n:
        kept_right = held_out["right"] - (undecided - wrong)
        taken += (
            f" {held_out['right'] / n:.0%} of all answers were right, and "
            f"{kept_right / (n - undecided):.0%} of the others."
        )
    return [
        f"`undecided`: {_rule(floor, margin)}. {source}",
        taken,
        _table(held_out["by_confidence"], held_out["by_margin"]),
    ]


def _rule(floor: float, margin: float) -> str:
    if max(floor, margin) > 1:
        return "always; held-out answers were too often wrong even where they were clearest"
    parts = []
    if floor > 0:
        parts.append(f"the top probability is below {floor:.3f}")
    if margin > 0:
        parts.append(f"it is less than {margin:.3f} above the next")
    return ", or ".join(parts) or "never; answers were right often enough everywhere"


def _table(
    by_confidence: Sequence[Mapping[str, float]], by_margin: Sequence[Mapping[str, float]]
) -> str:
    confidence = {one["from"]: one for one in by_confidence}
    margin = {one["from"]: one for one in by_margin}
    rows = [
        "| from | answers with such a top probability | right | answers with such a gap | right |",
        "|---|---|---|---|---|",
    ]
    for start in sorted({*confidence, *margin}):
        cells = [f"{start:.1f} to {start + 0.1:.1f}"]
        for one in (confidence.get(start), margin.get(start)):
            cells += ["", ""] if one is None else [str(one["n"]), f"{one['right'] / one['n']:.0%}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
