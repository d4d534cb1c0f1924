"""What processes that fit models find loaded. Nothing here may start threads."""

from __future__ import annotations

from contextlib import suppress

from sklearn.dummy import DummyClassifier

import earmark.evaluation
import earmark.models.export
import earmark.models.recipe  # noqa: F401
from earmark.errors import MissingExtraError
from earmark.models.families import FAMILIES, get_family

__all__: list[str] = []

# scikit-learn asks of every argument whether it is of one of several abstract classes, and Python's
# first look through their subclasses takes a tenth of a second: a hundred folds would each spend
# it, and report it as theirs.
DummyClassifier(strategy="prior").fit([[0.0], [1.0]], [0, 1])

for _name in FAMILIES:
    with suppress(MissingExtraError):
        get_family(_name)
