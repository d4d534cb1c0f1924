"""Tables of features with labels, groups and provenance; one module a corpus."""

from earmark.datasets._splits import Fold, group_folds, random_folds
from earmark.datasets._table import FeatureTable

__all__ = ["FeatureTable", "Fold", "group_folds", "random_folds"]
