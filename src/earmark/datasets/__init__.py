"""Rows (labels, groups, provenance) with their values; one module for each corpus."""

from earmark.datasets._corpus import Corpus, corpora, get_corpus
from earmark.datasets._examples import spectrogram_examples
from earmark.datasets._files import numbered
from earmark.datasets._load import load_dataset, parse_dataset
from earmark.datasets._rows import Rows, RowUnit, segment_id
from earmark.datasets._splits import Fold, group_folds, identical_rows, joined_groups, random_folds
from earmark.datasets._table import ArrayTable, Examples, FeatureTable
from earmark.datasets._track import Track
from earmark.datasets._values import ArrayValues, MappedValues, Values
from earmark.datasets._warnings import DatasetWarning, dataset_warnings_to, warn_about_dataset

__all__ = [
    "ArrayTable",
    "ArrayValues",
    "Corpus",
    "DatasetWarning",
    "Examples",
    "FeatureTable",
    "Fold",
    "MappedValues",
    "RowUnit",
    "Rows",
    "Track",
    "Values",
    "corpora",
    "dataset_warnings_to",
    "get_corpus",
    "group_folds",
    "identical_rows",
    "joined_groups",
    "load_dataset",
    "numbered",
    "parse_dataset",
    "random_folds",
    "segment_id",
    "spectrogram_examples",
    "warn_about_dataset",
]
