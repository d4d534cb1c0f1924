"""Words in plots."""

from __future__ import annotations

from earmark.figures._plots import plot_text, shorten


def test_long_names_are_cut() -> None:
    assert shorten("jazz") == "jazz"
    assert shorten("a genre with a very long name") == "a genre with a very l…"


def test_tags_and_entities_are_escaped() -> None:
    assert plot_text("R&B <b>") == "R&amp;B &lt;b&gt;"
