"""What there is to do for each file: nothing, a look, an answer from what is kept, or listening."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from earmark.library import KnownFile
from earmark.workflows._listening import file_state

__all__ = ["ScanPlan", "find_moves", "make_plan"]


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
    space_sha256: str,
    retry_failed: bool,
) -> ScanPlan:
    """Compare files with what the library knows of them.

    Parameters
    ----------
    files : sequence of str
        What was found.
    known : sequence of KnownFile
        All that the library knows.
    roots : sequence of str
        Where was looked.
    needed : frozenset of str
        Fingerprints of the feature sets that must be kept of a file.
    model_sha256, space_sha256 : str
        By what it must be answered, and placed.
    retry_failed : bool
        Whether to listen again to what failed.

    Returns
    -------
    ScanPlan
        What there is to do.
    """
    there = {one.path: one for one in known if not one.missing}
    listen: list[str] = []
    strange: list[str] = []
    unchanged: list[KnownFile] = []
    failed: list[KnownFile] = []
    answer: list[KnownFile] = []
    for path in files:
        one = there.get(path)
        state = file_state(path)
        if one is None or one.state != state or state is None:
            strange.append(path)
        elif one.failed and retry_failed:
            listen.append(path)
        elif one.failed:
            failed.append(one)
        elif not needed <= one.fingerprints:
            listen.append(path)
        else:
            unchanged.append(one)
            if (one.answered_by, one.placed_by) != (model_sha256, space_sha256):
                answer.append(one)
    found = set(files)
    looked = tuple(os.path.join(root, "") for root in roots if os.path.lexists(root))
    unseen = [one for one in there.values() if one.path not in found]
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
    digests: Mapping[str, bytes], known: Sequence[KnownFile], plan: ScanPlan
) -> dict[str, int]:
    """Recognise files by their audio.

    Parameters
    ----------
    digests : mapping of str to bytes
        Of files that are new or changed, by path.
    known : sequence of KnownFile
        All that the library knows.
    plan : ScanPlan
        What was found.

    Returns
    -------
    dict of str to int
        By path, the number of the track it is. A file is the track of its own place if the audio
        is the same; else one that is gone, or whose place holds other audio now.
    """
    kept = {one.id for one in (*plan.unchanged, *plan.failed_before)}
    free: dict[bytes, list[KnownFile]] = {}
    for one in known:
        if one.digest is not None and one.id not in kept:
            free.setdefault(one.digest, []).append(one)
    found: dict[str, int] = {}
    taken: set[int] = set()
    for own_place in (True, False):
        for path, digest in digests.items():
            if path in found:
                continue
            for one in free.get(digest, ()):
                home = one.path == path
                if one.id in taken or (own_place and not home):
                    continue
                if not own_place and not (one.missing or home or _left(one, digests)):
                    continue
                found[path] = one.id
                taken.add(one.id)
                break
    return found


def _left(one: KnownFile, digests: Mapping[str, bytes]) -> bool:
    """Tell whether a track is no longer at its place."""
    if one.path in digests:
        return digests[one.path] != one.digest
    return _is_gone(one.path)
