"""The scores that a model's card shows: every protocol that its training data supports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from earmark.datasets import Rows, warn_about_dataset
from earmark.evaluation._protocols import PROTOCOLS, refusals
from earmark.evaluation._resampling import Estimate, Intervals
from earmark.evaluation._results import Run
from earmark.evaluation._score import Unsure
from earmark.evaluation._scoring import Candidate, Split, score_split
from earmark.records import Record
from earmark.types import Progress
from earmark.wording import counted

__all__ = ["Score", "card_scores", "card_splits", "tracks_as_artists"]

_FEW_TRACKS = 20

AnyRows = TypeVar("AnyRows", bound=Rows)


@dataclass(frozen=True)
class Score(Record):
    """Scores under one protocol.

    Attributes
    ----------
    protocol : str
        Which.
    n : int
        Tracks scored.
    n_folds : int
        Fits; 1 where the split is a published one.
    seed : int or None
        Of the folds.
    accuracy, macro_f1, calibration_error : Estimate
        Each with its 95 % bootstrap interval.
    calibration_error_by_chance : float
        The 95th percentile of the calibration errors of a simulated model that is calibrated
        perfectly: one below it is no evidence of a fault.
    mean_confidence : float
        Mean probability given to the answer, to be compared with the accuracy.
    sure : float
        Share of the tracks that are not "unsure".
    sure_accuracy : float or None
        Accuracy on those; None where there is none.
    unfamiliar : float
        Share of the tracks that are "unfamiliar".
    intervals : Intervals
        How the intervals were made.
    """

    protocol: str
    n: int
    n_folds: int
    seed: int | None
    accuracy: Estimate
    macro_f1: Estimate
    calibration_error: Estimate
    calibration_error_by_chance: float
    mean_confidence: float
    sure: float
    sure_accuracy: float | None
    unfamiliar: float
    intervals: Intervals

    @classmethod
    def of(cls, run: Run, *, seeded: bool = True) -> Score:
        """Return the short form of a run.

        Parameters
        ----------
        run : Run
            One model under one protocol.
        seeded : bool
            Whether its folds depend on a seed, which those of a published split do not.

        Returns
        -------
        Score
            The score for the manifest of a model.
        """
        metrics = run.metrics
        # A model without thresholds of its own is sure of every answer.
        unsure = run.unsure or Unsure(1.0, metrics.accuracy.value, 0.0)
        return cls(
            protocol=run.protocol,
            n=run.n,
            n_folds=run.n_folds,
            seed=run.seed if seeded else None,
            accuracy=metrics.accuracy,
            macro_f1=metrics.macro_f1,
            calibration_error=metrics.calibration_error,
            calibration_error_by_chance=metrics.calibration_error_by_chance,
            mean_confidence=metrics.mean_confidence,
            sure=unsure.sure,
            sure_accuracy=unsure.sure_accuracy,
            unfamiliar=unsure.unfamiliar,
            intervals=run.intervals,
        )


def card_splits(table: Rows, *, seed: int, published: Rows | None = None) -> list[Split]:
    """Deal rows as every protocol that they support says.

    Parameters
    ----------
    table : Rows
        All rows.
    seed : int
        Of the folds.
    published : Rows or None
        The rows of ``published3``, where others chose them; None takes those of `table`.

    Returns
    -------
    list of Split
        ``artist_inner``, where choices are made, comes first.

    Raises
    ------
    DatasetError
        If folds cannot be made.
    """
    lacking = refusals(table)
    if table.unit == "track":
        lacking["track"] = "rows are tracks: its folds are those of random"
    splits = []
    if not {"artist", "official"} & set(lacking):
        learnt_from = table.select(table.partitions["official"] != "test")
        splits.append(Split.deal("artist", learnt_from, seed=seed, name="artist_inner"))
    for protocol in PROTOCOLS:
        if protocol not in lacking:
            chosen = protocol == "published3" and published is not None
            rows = published if chosen and published is not None else table
            splits.append(Split.deal(protocol, rows, seed=seed))
    return splits


def card_scores(
    candidate: Candidate, splits: list[Split], *, progress: Progress | None = None
) -> tuple[dict[str, Score], list[Run]]:
    """Score a model on each split, in this process.

    Parameters
    ----------
    candidate : Candidate
        The model; everything that learns is fitted again in each fold.
    splits : list of Split
        As `card_splits` deals them.
    progress : callable or None
        Called with the splits done, their number and one more for the fit to all rows, and the
        name of the next.

    Returns
    -------
    scores : dict of str to Score
        By name of the split; ``official_artist_clean`` is the part of the published test list none
        of whose artists is trained on.
    runs : list of Run
        The same in full.
    """
    scores: dict[str, Score] = {}
    runs: list[Run] = []
    for done, split in enumerate(splits):
        if progress is not None:
            progress(done, len(splits) + 1, split.name)
        for run in score_split(candidate, split):
            scores[run.protocol] = Score.of(run, seeded=split.protocol != "official")
            runs.append(run)
    if progress is not None:
        progress(len(splits), len(splits) + 1, "all rows")
    return scores, runs


def tracks_as_artists(table: AnyRows, *, n_folds: int) -> AnyRows:
    """Let the tracks of genres that have too few artists stand for artists, and warn of it.

    Parameters
    ----------
    table : Rows
        All rows.
    n_folds : int
        Artists that a genre needs.

    Returns
    -------
    Rows
        The same with other groups ``"artist"``. An artist who is in another genre as well stays
        whole.

    Warns
    -----
    DatasetWarning
        If a genre has too few artists, or too few tracks for a reliable score.
    """
    tracks = table.groups.get("track", np.arange(len(table)))
    known = table.groups.get("artist", tracks)
    artists = known.copy()
    for genre in table.classes:
        rows = np.flatnonzero(table.labels == genre)
        n_artists, n_tracks = (len(np.unique(group[rows])) for group in (known, tracks))
        if "artist" in table.groups and n_artists < n_folds:
            alone = rows[~np.isin(known[rows], known[table.labels != genre])]
            artists[alone] = artists.max() + 1 + tracks[alone]
            warn_about_dataset(
                f"genre {genre!r} has {counted(n_artists, 'artist')}: its scores show "
                "how well other songs by them are recognised, not how well the genre is"
            )
        if n_tracks < _FEW_TRACKS:
            warn_about_dataset(
                f"genre {genre!r} has {counted(n_tracks, 'track')}: {_FEW_TRACKS} or "
                "more are needed for a reliable score"
            )
    if "artist" not in table.groups:
        return table
    return replace(table, groups={**table.groups, "artist": artists})
