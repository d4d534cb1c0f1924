"""A finished model asked, as it is, about rows it was not trained on."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.evaluation._answers import Cost, HeldOut, spread
from earmark.evaluation._contenders import Packaged
from earmark.evaluation._protocols import check_unseen, seen_rows
from earmark.evaluation._results import Run
from earmark.evaluation._runs import FoldAnswer, make_run
from earmark.models import is_decided
from earmark.types import IntArray

__all__ = ["KNOWN_ARTISTS", "UNSEEN", "PackagedRows", "packaged_rows", "packaged_runs"]

UNSEEN = "unseen"
"""Name of the score of a finished model on rows it was not trained on."""

KNOWN_ARTISTS = "unseen_known_artists"
"""Name of its score on new rows by artists that it was trained on."""


@dataclass(frozen=True)
class PackagedRows:
    """The rows of a dataset, from the point of view of a finished model.

    Attributes
    ----------
    seen : np.ndarray of int
        Rows it was trained on, and exact copies of those.
    new : np.ndarray of int
        The other rows, without those in `known_artists`.
    known_artists : np.ndarray of int
        Other rows by artists of rows it was trained on.
    artists_known : bool
        Whether the dataset says which rows are by one artist.
    """

    seen: IntArray
    new: IntArray
    known_artists: IntArray
    artists_known: bool

    @property
    def counts(self) -> dict[str, int | bool]:
        """How many rows there are of each kind."""
        return {
            "trained_on": len(self.seen),
            UNSEEN: len(self.new),
            KNOWN_ARTISTS: len(self.known_artists),
            "artists_known": self.artists_known,
        }


def packaged_rows(contender: Packaged, table: FeatureTable, *, new_rows: bool) -> PackagedRows:
    """Find the rows that a finished model may be tested on.

    Parameters
    ----------
    contender : Packaged
        The model.
    table : FeatureTable
        All rows.
    new_rows : bool
        Whether to leave out those it was trained on, instead of refusing.

    Returns
    -------
    PackagedRows
        Every row, in one of three parts.

    Raises
    ------
    ParameterError
        If it was trained on a row and `new_rows` is false, if no row is new, or if it does not say
        what it was trained on.
    """
    trained_on = contender.model.manifest["training"].get("ids", ())
    if not new_rows:
        check_unseen(table.ids, trained_on, model=contender.name)
    seen = seen_rows(table.ids, trained_on, model=contender.name)
    if "duplicate" in table.groups:
        copies = table.groups["duplicate"]
        seen |= np.isin(copies, copies[seen])
    if seen.all():
        raise ParameterError(
            f"model={contender.name!r} was trained on all {len(table)} rows: none is new"
        )
    known = np.zeros(len(table), dtype=bool)
    if "artist" in table.groups:
        artists = table.groups["artist"]
        known = ~seen & np.isin(artists, artists[seen])
    new = np.flatnonzero(~seen & ~known)
    return PackagedRows(np.flatnonzero(seen), new, np.flatnonzero(known), "artist" in table.groups)


def packaged_runs(
    contender: Packaged,
    table: FeatureTable,
    parts: PackagedRows,
    classes: tuple[str, ...],
    seed: int,
) -> list[Run]:
    """Ask a finished model about new rows.

    Parameters
    ----------
    contender : Packaged
        The model.
    table : FeatureTable
        All rows.
    parts : PackagedRows
        Which of them are new.
    classes : tuple of str
        Genres in the order of the probabilities of the results.
    seed : int
        For the record.

    Returns
    -------
    list of Run
        Under ``unseen`` and ``unseen_known_artists``, whichever have rows.

    Raises
    ------
    ParameterError
        If the model does not know a genre of the new rows.
    """
    found = []
    for protocol, rows in ((UNSEEN, parts.new), (KNOWN_ARTISTS, parts.known_artists)):
        if len(rows):
            held_out = _ask(contender, table, rows)
            answer = FoldAnswer(
                spread(held_out, contender.model.classes, classes),
                model_bytes=contender.model.n_bytes,
            )
            found.append(make_run(protocol, table, [answer], classes=classes, seed=seed, n_folds=0))
    return found


def _ask(contender: Packaged, table: FeatureTable, rows: IntArray) -> HeldOut:
    model = contender.model
    labels = table.labels[rows].tolist()
    unknown = sorted(set(labels) - set(model.classes))
    if unknown:
        raise ParameterError(
            f"model={contender.name!r} does not know the genre {unknown[0]!r} of the dataset"
        )
    start = time.perf_counter()
    prediction = model.predict(table.X[rows], fingerprint=table.fingerprint)
    asked = time.perf_counter() - start
    place = {genre: number for number, genre in enumerate(model.classes)}
    return HeldOut(
        rows=rows,
        y=np.array([place[label] for label in labels], dtype=np.int64),
        probabilities=prediction.probabilities,
        predicted=prediction.probabilities.argmax(axis=1),
        confident=is_decided(
            prediction.probabilities,
            min_confidence=model.min_confidence,
            min_margin=model.min_margin,
        ),
        familiar=prediction.distance <= model.max_distance,
        cost=Cost(0.0, asked, None),
    )
