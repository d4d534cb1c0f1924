"""How rows are split to be scored."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from earmark.datasets import Fold, Rows, group_folds, joined_groups
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation._resampling import ResamplingUnit
from earmark.types import BoolArray, IntArray

__all__ = [
    "N_FOLDS",
    "PROTOCOLS",
    "InnerGroups",
    "check_folds",
    "check_unseen",
    "clean_rows",
    "inner_groups",
    "protocol_folds",
    "refusals",
    "resampling_units",
    "seen_rows",
]

PROTOCOLS = ("random", "track", "artist", "official", "published3")
"""Names of the protocols, from the most to the least that leaks."""

InnerGroups = Literal["artist", "track", "row"]
"""What a model's own inner folds keep whole."""

N_FOLDS = 5
"""Folds of the protocols that are not published."""

_PARTS: dict[str, tuple[str, ...]] = {
    "official": ("train", "test"),
    "published3": ("0", "1", "2"),
}


def _missing(protocol: str, table: Rows) -> str | None:
    """Say what a table lacks for a protocol, or nothing."""
    if protocol == "artist" and "artist" not in table.groups:
        return "groups['artist']"
    if protocol == "track" and table.unit == "segment" and "track" not in table.groups:
        return "groups['track']"
    if protocol not in _PARTS:
        return None
    if protocol not in table.partitions:
        return f"partitions[{protocol!r}]"
    there = set(table.partitions[protocol].tolist())
    without = [part for part in _PARTS[protocol] if part not in there]
    return f"part {without[0]!r} of partitions[{protocol!r}]" if without else None


def _whole(table: Rows, *names: str) -> IntArray:
    """Give rows that stay together one number: the named groups that there are, and duplicates."""
    groups = [table.groups[name] for name in (*names, "duplicate") if name in table.groups]
    if not groups:
        return np.arange(len(table))
    joined = joined_groups(*groups)
    # Groups that hold whole all that the others do keep their numbers, which decide the folds.
    already = len(np.unique(groups[0])) == len(np.unique(joined))
    return groups[0] if already else joined


def protocol_folds(protocol: str, table: Rows, *, seed: int) -> list[Fold]:
    """Split a table as a protocol says.

    Exact duplicates, ``groups["duplicate"]``, are never on both sides: folds keep them together,
    and a published split trains on no duplicate of a row it tests.

    Parameters
    ----------
    protocol : {"random", "track", "artist", "official", "published3"}
        ``random``: five stratified folds of rows. ``track``: five that keep the segments of a track
        together; the same as ``random`` where rows are tracks. ``artist``: five in which no artist
        is on both sides. ``official``: fit on the parts train and valid of the published split,
        test on the part test. ``published3``: the published three folds.
    table : Rows
        With groups ``"track"`` or ``"artist"``, or the partition of the protocol's name.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold
        In which no row is on both sides, and each is tested at most once.

    Raises
    ------
    ParameterError
        If there is no protocol of that name, or the table lacks what it needs.
    DatasetError
        If the folds cannot be made.
    """
    if protocol not in PROTOCOLS:
        raise ParameterError(f"protocol={protocol!r} is not one of {', '.join(PROTOCOLS)}")
    missing = _missing(protocol, table)
    if missing is not None:
        raise ParameterError(f"protocol={protocol!r} needs {missing} in the table")
    if protocol in _PARTS:
        return _published(protocol, table)
    names = {"random": (), "track": ("track",), "artist": ("artist", "track")}[protocol]
    groups = _whole(table, *names)
    return group_folds(table.labels, groups, n_folds=N_FOLDS, seed=seed)


def _published(protocol: str, table: Rows) -> list[Fold]:
    part = table.partitions[protocol]
    rows = np.arange(len(table))
    if protocol == "official":
        sides = [(rows[np.isin(part, ["train", "valid"])], rows[part == "test"])]
    else:
        parts = _PARTS[protocol]
        sides = [(rows[np.isin(part, parts) & (part != one)], rows[part == one]) for one in parts]
    copies = table.groups.get("duplicate", rows)
    folds = [Fold(train[~np.isin(copies[train], copies[test])], test) for train, test in sides]
    for fold in folds:
        untaught = set(table.labels[fold.test].tolist()) - set(table.labels[fold.train].tolist())
        if untaught:
            raise DatasetError(
                f"class {min(untaught)!r} is tested by the published split and in none of its "
                "training rows"
            )
    return folds


def refusals(table: Rows) -> dict[str, str]:
    """Say which protocols a table does not support, and why.

    Parameters
    ----------
    table : Rows
        The rows.

    Returns
    -------
    dict of str to str
        What it lacks, by protocol.

    Examples
    --------
    >>> table = Rows(
    ...     ids=np.array(["a", "b"]), labels=np.array(["rock", "jazz"]),
    ... )
    >>> refusals(table)["artist"]
    "the table has no groups['artist']"
    """
    lacking = {protocol: _missing(protocol, table) for protocol in PROTOCOLS}
    return {name: f"the table has no {what}" for name, what in lacking.items() if what is not None}


def inner_groups(protocol: str, table: Rows) -> InnerGroups:
    """Return what a model's own folds keep whole under a protocol.

    A model that holds rows out inside its training rows, to stack, to calibrate or to tune, leaks
    there as much as the protocol leaks outside, and no more.

    Parameters
    ----------
    protocol : str
        Name of the protocol.
    table : Rows
        The rows.

    Returns
    -------
    {"artist", "track", "row"}
        ``row`` under ``random``; ``track`` under ``track``; else ``artist`` where artists are
        known. Where rows are tracks, ``row`` stands for ``track``.

    Examples
    --------
    >>> table = Rows(
    ...     ids=np.array(["a", "b"]),
    ...     labels=np.array(["rock", "jazz"]), groups={"artist": np.array([1, 2])},
    ... )
    >>> inner_groups("random", table), inner_groups("official", table)
    ('row', 'artist')
    """
    if protocol == "random":
        return "row"
    if protocol != "track" and "artist" in table.groups:
        return "artist"
    return "track" if table.unit == "segment" else "row"


def resampling_units(protocol: str, table: Rows) -> tuple[ResamplingUnit, IntArray | None]:
    """Return what the intervals of a protocol resample.

    Songs by one artist are right or wrong together. A score that is about music by other artists
    therefore rests on as many observations as there are artists, not songs, and its interval
    resamples artists (a cluster bootstrap; Davison and Hinkley 1997, section 3.8). Where artists
    are on both sides of the split, the score is about other songs by the same artists, and its
    interval resamples tracks.

    Parameters
    ----------
    protocol : str
        Name of the protocol.
    table : Rows
        The rows.

    Returns
    -------
    over : {"artist", "track"}
        ``track`` under ``random`` and ``track`` and where no artists are known, else ``artist``.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with the same number are drawn together: all of an artist, and of the artists who
        share a track or an exact duplicate; None: each row by itself.

    Examples
    --------
    >>> table = Rows(
    ...     ids=np.array(["a", "b"]),
    ...     labels=np.array(["rock", "jazz"]), groups={"artist": np.array([4, 4])},
    ... )
    >>> resampling_units("random", table)
    ('track', None)
    >>> resampling_units("artist", table)
    ('artist', array([4, 4]))
    """
    if protocol not in ("random", "track") and "artist" in table.groups:
        return "artist", _whole(table, "artist", "track")
    return "track", table.groups["track"] if table.unit == "segment" else None


def check_folds(folds: Sequence[Fold], groups: IntArray) -> None:
    """Refuse folds given by hand that tear a group apart or test a row twice.

    Parameters
    ----------
    folds : sequence of Fold
        What to check.
    groups : np.ndarray of int [shape=(n,)]
        Rows with one number must be on one side.

    Raises
    ------
    ParameterError
        If a group, and so a row, is on both sides of a fold; if a row is tested more than once; if
        a side is empty.

    Examples
    --------
    >>> check_folds([Fold(np.array([0, 1]), np.array([2]))], groups=np.array([5, 6, 6]))
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: fold 0: group 6 is on both sides of the split
    """
    for number, fold in enumerate(folds):
        if not len(fold.train) or not len(fold.test):
            raise ParameterError(f"fold {number}: one side of the split is empty")
        both = np.intersect1d(groups[fold.train], groups[fold.test])
        if len(both):
            raise ParameterError(f"fold {number}: group {both[0]} is on both sides of the split")
    rows, times = np.unique(np.concatenate([fold.test for fold in folds]), return_counts=True)
    if (times > 1).any():
        raise ParameterError(f"row {rows[times > 1][0]} is tested more than once")


def check_unseen(ids: npt.NDArray[np.str_], trained_on: Iterable[str], *, model: str) -> None:
    """Refuse to score a model on rows that it was trained on.

    Parameters
    ----------
    ids : np.ndarray of str [shape=(n,)]
        What it would be scored on: tracks, segments of them (``TRACK#NUMBER``), or files, which are
        known by their path and by their name without its ending.
    trained_on : iterable of str
        What it was trained on.
    model : str
        Its name, for the message.

    Raises
    ------
    ParameterError
        If any is in both, in which case the score would measure memory; if it is not known what the
        model was trained on.

    Examples
    --------
    >>> check_unseen(np.array(["a", "b"]), ["b", "c"], model="mine")
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: model='mine' was trained on 1 of the 2 rows, 'b' first. \
Testing it on them would not show how it does on new music. To test it on the other 1, pass \
new_rows=True
    """
    seen = seen_rows(ids, trained_on, model=model)
    if seen.all():
        raise ParameterError(
            f"model={model!r} was trained on all {len(ids)} rows. Testing it on them would not "
            "show how it does on new music"
        )
    if seen.any():
        n_seen = int(seen.sum())
        raise ParameterError(
            f"model={model!r} was trained on {n_seen} of the {len(ids)} rows, "
            f"{str(ids[seen.argmax()])!r} first. Testing it on them would not show how it "
            f"does on new music. To test it on the other {len(ids) - n_seen}, pass new_rows=True"
        )


def seen_rows(ids: npt.NDArray[np.str_], trained_on: Iterable[str], *, model: str) -> BoolArray:
    """Find the rows that a model was trained on.

    Parameters
    ----------
    ids : np.ndarray of str [shape=(n,)]
        Tracks, segments of them (``TRACK#NUMBER``), or files.
    trained_on : iterable of str
        What the model was trained on.
    model : str
        Its name, for the message.

    Returns
    -------
    np.ndarray of bool [shape=(n,)]
        True where the id is one that was trained on. A file that was trained on and is no longer
        at its path counts wherever a file has its name, with or without the ending.

    Raises
    ------
    ParameterError
        If it is not known what the model was trained on.

    Examples
    --------
    >>> seen_rows(np.array(["a", "b"]), ["b", "c"], model="mine").tolist()
    [False, True]
    """
    trained = set(map(_track_of, trained_on))
    if not trained:
        raise ParameterError(f"model={model!r} does not say what it was trained on")
    tracks = [_track_of(one) for one in ids.tolist()]
    moved = {name for one in trained.difference(tracks) for name in _names_of(one)}
    return np.array([one in trained or bool(moved & _names_of(one)) for one in tracks])


def _track_of(row: str) -> str:
    """Return the track that a row is a segment of, or the row."""
    return re.sub(r"(?<=.)#[0-9]+$", "", row)


def _names_of(row: str) -> set[str]:
    """List what a track may be called elsewhere."""
    names = {row}
    names |= {os.path.basename(name) for name in names}
    return names | {os.path.splitext(name)[0] for name in names}


def clean_rows(table: Rows, fold: Fold) -> IntArray:
    """Find the test rows of a fold none of whose artists is in its training rows.

    Parameters
    ----------
    table : Rows
        With groups ``"artist"``.
    fold : Fold
        A published split, which may share artists.

    Returns
    -------
    np.ndarray of int
        Numbers of the rows, in the order of the fold.
    """
    artists = table.groups["artist"]
    return fold.test[~np.isin(artists[fold.test], artists[fold.train])]
