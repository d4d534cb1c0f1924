"""What there is to do for each file: nothing, a look, an answer from what is kept, or listening."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from earmark.files import file_state
from earmark.library import KnownFile

__all__ = ["Place", "ScanPlan", "find_moves", "make_plan"]

Place: TypeAlias = tuple[str, int]
"""A file, and the number of a track in its cue sheet; 0 where the file is one track."""


@dataclass(frozen=True)
class ScanPlan:
    """What there is to do.

    Attributes
    ----------
    listen : tuple of str
        Files that must be listened to.
    examine : tuple of str
        New and changed files whose audio may be known from elsewhere.
    answer : tuple of KnownFile
        Files that are as they were, to be answered or placed anew from what is kept of them.
    unchanged : tuple of KnownFile
        Files that are as they were, those of `answer` included.
    failed_before : tuple of KnownFile
        Files that could not be listened to and are as they were.
    gone : set of int
        Numbers of tracks whose files are gone.
    """

    listen: tuple[str, ...] = ()
    examine: tuple[str, ...] = ()
    answer: tuple[KnownFile, ...] = ()
    unchanged: tuple[KnownFile, ...] = ()
    failed_before: tuple[KnownFile, ...] = ()
    gone: set[int] = field(default_factory=set)


def _is_gone(path: str) -> bool:
    """Tell whether nothing is there; of what may not be looked at, nobody knows."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def make_plan(
    files: Sequence[str],
    known: Sequence[KnownFile],
    roots: Sequence[str],
    *,
    needed: frozenset[str],
    model_sha256: str,
    vectors_id: str,
    retry_failed: bool,
    sheets: Mapping[str, str] = MappingProxyType({}),
) -> ScanPlan:
    """Compare the files that were found below `roots` with those the library knows.

    `needed` are the fingerprints of the feature sets to be kept of each file; `model_sha256` and
    `vectors_id` identify the model and the space to be used. `sheets` maps files that have a cue
    sheet beside them to what tells whether it is still the same. `retry_failed` is whether to try
    again what failed before.
    """
    there: dict[str, list[KnownFile]] = {}
    for one in known:
        if not one.missing:
            there.setdefault(one.path, []).append(one)
    listen: list[str] = []
    strange: list[str] = []
    unchanged: list[KnownFile] = []
    failed: list[KnownFile] = []
    answer: list[KnownFile] = []
    for path in files:
        tracks = there.get(path, [])  # several where the file has a cue sheet
        seen = (file_state(path), sheets.get(path, ""))
        bad = [one for one in tracks if one.failed]
        good = [one for one in tracks if not one.failed]
        if not tracks or seen[0] is None or any((t.state, t.cue_sheet) != seen for t in tracks):
            strange.append(path)
        elif (bad and retry_failed) or not all(needed <= one.fingerprints for one in good):
            listen.append(path)
        else:
            failed += bad
            unchanged += good
            current = (model_sha256, vectors_id)
            answer += [one for one in good if (one.answered_by, one.placed_by) != current]
    found = set(files)
    looked = tuple(os.path.join(root, "") for root in roots if os.path.lexists(root))
    unseen = [one for tracks in there.values() for one in tracks if one.path not in found]
    gone = {one.id for one in unseen if one.path.startswith(looked) and _is_gone(one.path)}
    # Whether a strange file is a known one, its audio tells; that is asked only where one is gone
    # or has changed, since nothing else can have become it.
    if any(one.missing for one in known) or any(path in there for path in strange):
        ask = True
    else:
        ask = bool(gone) or (bool(strange) and any(_is_gone(one.path) for one in unseen))
    return ScanPlan(
        listen=tuple(listen if ask else [*listen, *strange]),
        examine=tuple(strange if ask else ()),
        answer=tuple(answer),
        unchanged=tuple(unchanged),
        failed_before=tuple(failed),
        gone=gone,
    )


def find_moves(
    digests: Mapping[Place, bytes], known: Sequence[KnownFile], plan: ScanPlan
) -> dict[Place, int]:
    """Recognise tracks in new or changed files by their audio.

    Maps path and number in a cue sheet to the number of the track it is: that of its own place if
    the audio is the same; otherwise a track whose file no longer exists or holds other audio now.
    """
    kept = {one.id for one in (*plan.unchanged, *plan.failed_before)}
    free: dict[bytes, list[KnownFile]] = {}
    for one in known:
        if one.digest is not None and one.id not in kept:
            free.setdefault(one.digest, []).append(one)
    found: dict[Place, int] = {}
    taken: set[int] = set()
    looked = {path for path, _ in digests}
    for own_place in (True, False):
        for place, digest in digests.items():
            if place in found:
                continue
            for one in free.get(digest, ()):
                home = (one.path, one.part) == place
                if one.id in taken or (own_place and not home):
                    continue
                if not own_place and not (one.missing or home or _left(one, digests, looked)):
                    continue
                found[place] = one.id
                taken.add(one.id)
                break
    return found


def _left(one: KnownFile, digests: Mapping[Place, bytes], looked: Collection[str]) -> bool:
    """Tell whether a track is no longer at its place; `digests` has all of a file looked at."""
    if one.path in looked:
        return digests.get((one.path, one.part)) != one.digest
    return _is_gone(one.path)
