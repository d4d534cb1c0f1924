"""What a card says of undecided answers where there are none."""

from __future__ import annotations

from earmark.models._card_doubt import undecided_lines


def test_card_says_in_one_sentence_that_no_answer_is_undecided() -> None:
    rows = [{"from": 0.9, "n": 30, "right": 29}]
    held_out = {
        "n": 30, "right": 29, "undecided": 0, "undecided_wrong": 0,
        "by_confidence": rows, "by_margin": rows,
    }  # fmt: skip
    unsure = {"min_confidence": 0.0, "min_margin": 0.0, "held_out": held_out}
    lines = undecided_lines(unsure, 0.5, "track")
    assert "None of these answers is undecided. 97% of them were right." in lines
    assert "0 of those" not in " ".join(lines)
