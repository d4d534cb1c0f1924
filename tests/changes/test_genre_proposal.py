"""Which genres would be written for an answer, without a file or a library."""

from __future__ import annotations

from typing import Any

import pytest

from earmark.changes.tags import TagPolicy, propose_genres
from earmark.errors import ParameterError

ANSWER = {"rock": 0.02, "hiphop": 0.7, "jazz": 0.28}


@pytest.mark.parametrize(
    ("given", "genres", "why"),
    [
        ({}, ("Hip-Hop",), ""),
        ({"threshold": 0.7}, ("Hip-Hop",), ""),
        ({"threshold": 0.71}, ("Hip-Hop",), "below the threshold"),
        ({"unsure": "undecided"}, ("Hip-Hop",), "not sure: between hiphop and jazz"),
        ({"unsure": "unfamiliar"}, ("Hip-Hop",), "not like any music I know"),
        ({"probabilities": {}}, (), "not analysed"),
        ({"probabilities": {}, "unsure": "silent"}, (), "silent"),
        ({"current": ["Soul"]}, ("Hip-Hop",), "has a genre"),
        ({"current": ["Soul"], "policy": TagPolicy(replace=True)}, ("Hip-Hop",), ""),
        ({"current": ["Other"]}, ("Hip-Hop",), ""),
        ({"current": ["Mine"], "policy": TagPolicy(treat_as_empty=("mine",))}, ("Hip-Hop",), ""),
        ({"current": ["Hip-Hop"]}, ("Hip-Hop",), "already has this genre"),
        ({"current": ["Blues"], "current_is_default": True}, ("Hip-Hop",), ""),
        ({"correction": "Swing", "probabilities": {}}, ("Swing",), ""),
        ({"correction": "Swing", "unsure": "silent"}, ("Swing",), ""),
        ({"policy": TagPolicy(max_genres=3)}, ("Hip-Hop", "Jazz"), ""),
        ({"policy": TagPolicy(max_genres=3, also=0)}, ("Hip-Hop", "Jazz", "Rock"), ""),
        ({"policy": TagPolicy(names={"hiphop": "Rap"})}, ("Rap",), ""),
        ({"policy": TagPolicy(names={"hiphop": ""})}, (), "your names file leaves this genre out"),
    ],
)
def test_proposal_follows_from_its_arguments(
    given: dict[str, Any], genres: tuple[str, ...], why: str
) -> None:
    arguments = {"probabilities": dict(ANSWER), "threshold": 0.5, **given}
    before = dict(arguments["probabilities"])
    proposal = propose_genres(arguments.pop("probabilities"), **arguments)
    assert (proposal.genres, proposal.why) == (genres, why)
    assert before == given.get("probabilities", ANSWER)


def test_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="max_genres=0 must be 1 or more"):
        propose_genres(ANSWER, threshold=0.5, policy=TagPolicy(max_genres=0))
