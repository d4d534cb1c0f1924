"""Gaps are found by time stamps, and said in words."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.audio import Missing
from earmark.audio._missing import is_notable, missing_sentences
from earmark.audio._timeline import Timeline

SR = 1000


def play(
    stamps: list[float | None],
    *,
    damage_before: int | None = None,
    promised: int | None = None,
    continuous: bool = True,
) -> tuple[str, list[Missing]]:
    """Put blocks of 100 samples at the stamps given; tell for each 100 what came out."""
    timeline = Timeline(sr=SR, promised=promised, continuous=continuous)
    out = []
    for i, stamp in enumerate(stamps):
        if i == damage_before:
            timeline.note_damage()
        out += timeline.push(np.full((100, 2), 1, dtype=np.float32), stamp)
    out += timeline.finish()
    y = np.concatenate(out)
    assert timeline.done == len(y)
    return "".join("#" if part.any() else "." for part in y.reshape(-1, 100, 2)), timeline.missing


def test_blocks_that_follow_each_other_are_passed_on() -> None:
    assert play([0, 100, 200]) == ("###", [])
    assert play([5000, 5100, 5203]) == ("###", [])  # time may begin anywhere, and be rounded
    assert play([None, None, None]) == ("###", [])


def test_jump_is_filled_with_silence() -> None:
    found = play([0, 100, 500, 600, 700, 800])
    assert found == ("##...####", [Missing(0.2, 0.3)])


def test_jump_without_damage_is_left_alone_where_time_stamps_may_jump() -> None:
    stamps: list[float | None] = [0, 100, 500, 600, 700, 800]
    assert play(stamps, continuous=False) == ("######", [])
    assert play(stamps, continuous=False, damage_before=2)[0] == "##...####"


@pytest.mark.parametrize("lie", [9000, 150, -9000])
def test_time_stamp_that_lies_is_not_believed(lie: float) -> None:
    assert play([0, 100, 200 + lie, 300, 400, 500], damage_before=2) == ("######", [])


def test_jump_beyond_the_end_is_not_believed() -> None:
    stamps: list[float | None] = [0, 100, 9000, 9100, 9200, 9300]
    assert play(stamps, promised=1000) == ("######", [])
    assert len(play(stamps, promised=9400)[0]) == 94


def test_jump_at_the_end_is_believed() -> None:
    assert play([0, 100, 500]) == ("##...#", [Missing(0.2, 0.3)])


def test_two_jumps_in_a_row() -> None:
    found, missing = play([0, 300, 700, 800, 900, 1000])
    assert found == "#..#...####"
    assert missing == [Missing(0.1, 0.2), Missing(0.4, 0.3)]


def test_each_stretch_has_its_sentence() -> None:
    assert missing_sentences([Missing(15, 45), Missing(61.25, 0.5), Missing(70, None)]) == [
        "heard in part: 0:15 to 1:00 could not be decoded",
        "heard in part: 1:01.25 to 1:01.75 could not be decoded",
        "heard in part: nothing after 1:10 could be decoded",
    ]


def test_many_stretches_are_summed_up() -> None:
    found = missing_sentences([*(Missing(i, 0.1) for i in range(300)), Missing(310, None)])
    assert found == [
        "heard in part: 30.0 s in 301 places between 0:00 and 5:10 could not be decoded",
        "heard in part: nothing after 5:10 could be decoded",
    ]


def test_stretches_count_if_they_are_long_enough_in_total() -> None:
    assert not is_notable([Missing(3.0, 0.02)])
    assert is_notable([Missing(3.0, 0.02)] * 6)
