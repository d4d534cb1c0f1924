"""Write genres into the tags of files."""

from earmark.changes.tags._plan import TagPlan, TagRow, make_tag_plan
from earmark.changes.tags._proposal import (
    GenreProposal,
    TagPolicy,
    Threshold,
    model_threshold,
    propose_genres,
)
from earmark.changes.tags._writing import WriteGenres

__all__ = [
    "GenreProposal",
    "TagPlan",
    "TagPolicy",
    "TagRow",
    "Threshold",
    "WriteGenres",
    "make_tag_plan",
    "model_threshold",
    "propose_genres",
]
