"""The part of a model card about undecided answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.wording import counted

__all__ = ["undecided_lines"]


def undecided_lines(unsure: Mapping[str, Any], accuracy: float, kept: str) -> list[str]:
    """Write in paragraphs when answers are undecided, and the counts behind that.

    ``accuracy`` is the share of answers that should be right, ``kept`` is what was held out:
    ``artist`` or ``track``.
    """
    floor, margin = unsure["min_confidence"], unsure.get("min_margin", 0.0)
    held_out = unsure.get("held_out")
    share = "half" if accuracy == 0.5 else f"{accuracy:.0%}"
    if held_out is None:
        return [f"`undecided`: {_rule(floor, margin)}."]
    n, undecided, wrong = held_out["n"], held_out["undecided"], held_out["undecided_wrong"]
    source = (
        f"Both thresholds come from {counted(n, 'answer')} about {kept}s that were held out in "
        f"training. A threshold is the highest value at which fewer than {share} of the answers "
        "within 0.05 of it were right (of the nearest 20, if fewer are that close); it is 0 if "
        "there is no such value."
    )
    right = f"{held_out['right'] / n:.0%}"
    if not undecided:
        result = f"None of these answers is undecided. {right} of them were right."
    else:
        result = counted(undecided, "of these answers is", "of these answers are")
        result += f" undecided, and {counted(wrong, 'of those was', 'of those were')} wrong."
        if undecided < n:
            others = (held_out["right"] - (undecided - wrong)) / (n - undecided)
            result += f" {right} of all answers were right, and {others:.0%} of the decided ones."
    return [
        f"`undecided`: {_rule(floor, margin)}. {source}",
        result,
        _table(held_out["by_confidence"], held_out["by_margin"]),
    ]


def _rule(floor: float, margin: float) -> str:
    if max(floor, margin) > 1:
        return "always; even the clearest held-out answers were wrong too often"
    parts = []
    if floor > 0:
        parts.append(f"the top probability is below {floor:.3f}")
    if margin > 0:
        parts.append(f"it is less than {margin:.3f} above the second")
    return ", or ".join(parts) or "never; answers were right often enough at every confidence"


def _table(
    by_confidence: Sequence[Mapping[str, float]], by_margin: Sequence[Mapping[str, float]]
) -> str:
    confidence = {row["from"]: row for row in by_confidence}
    margin = {row["from"]: row for row in by_margin}
    rows = [
        "| from | answers with this top probability | right | answers with this gap | right |",
        "|---|---|---|---|---|",
    ]
    for start in sorted({*confidence, *margin}):
        cells = [f"{start:.1f} to {start + 0.1:.1f}"]
        for row in (confidence.get(start), margin.get(start)):
            cells += ["", ""] if row is None else [str(row["n"]), f"{row['right'] / row['n']:.0%}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
