"""One file to tags, features and answers: the way that ``classify`` and ``scan`` share.

`read_file` tells the tracks in a file without decoding it, `extract_file` decodes it once and
computes their features, and `analyse_file` does both for a library. What a model makes of features
is an `Answer`; `classify_file` goes all the way, to a `Classification` of each track. Features
travel between processes, models need not: a scan has workers analyse, and answers itself.

Each name is loaded when it is first used: who only reads a library loads no model and no decoder.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.analysis._analyser import Analyser as Analyser
    from earmark.analysis._analyser import answer_of as answer_of
    from earmark.analysis._classification import Classification as Classification
    from earmark.analysis._classification import ClassifiedClip as ClassifiedClip
    from earmark.analysis._classification import classify_file as classify_file
    from earmark.analysis._records import MEASUREMENTS as MEASUREMENTS
    from earmark.analysis._records import Analysis as Analysis
    from earmark.analysis._records import Answer as Answer
    from earmark.analysis._records import AnswerSummary as AnswerSummary
    from earmark.analysis._records import Gaps as Gaps
    from earmark.analysis._records import Part as Part
    from earmark.analysis._tracks import AnalysedTrack as AnalysedTrack
    from earmark.analysis._tracks import SourceTrack as SourceTrack
    from earmark.analysis._tracks import analyse_file as analyse_file
    from earmark.analysis._tracks import extract_file as extract_file
    from earmark.analysis._tracks import read_file as read_file

_HOMES = {
    "MEASUREMENTS": "_records",
    "AnalysedTrack": "_tracks",
    "Analyser": "_analyser",
    "Analysis": "_records",
    "Answer": "_records",
    "AnswerSummary": "_records",
    "Classification": "_classification",
    "ClassifiedClip": "_classification",
    "Gaps": "_records",
    "Part": "_records",
    "SourceTrack": "_tracks",
    "analyse_file": "_tracks",
    "answer_of": "_analyser",
    "classify_file": "_classification",
    "extract_file": "_tracks",
    "read_file": "_tracks",
}

__all__ = [
    "MEASUREMENTS",
    "AnalysedTrack",
    "Analyser",
    "Analysis",
    "Answer",
    "AnswerSummary",
    "Classification",
    "ClassifiedClip",
    "Gaps",
    "Part",
    "SourceTrack",
    "analyse_file",
    "answer_of",
    "classify_file",
    "extract_file",
    "read_file",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"earmark.analysis.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'earmark.analysis' has no attribute {name!r}")
