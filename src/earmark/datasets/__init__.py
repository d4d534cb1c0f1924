"""Tables of features with labels, groups and provenance; one module a corpus."""

from earmark.datasets._corpus import Corpus, corpora, get_corpus
from earmark.datasets._load import load_dataset, parse_dataset
from earmark.datasets._splits import Fold, group_folds, identical_rows, joined_groups, random_folds
from earmark.datasets._table import FeatureTable, segment_id
from earmark.datasets._track import DatasetWarning, Track

__all__ = [
    "Corpus",
    "DatasetWarning",
    "FeatureTable",
    "Fold",
    "Track",
    "corpora",
    "get_corpus",
    "group_folds",
    "identical_rows",
    "joined_groups",
    "load_dataset",
    "parse_dataset",
    "random_folds",
    "segment_id",
]
