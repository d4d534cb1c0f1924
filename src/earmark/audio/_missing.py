"""Audio that could not be decoded: where, how long, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from earmark.types import Seconds

__all__ = ["Missing", "is_notable", "missing_sentences"]

_NOTABLE: Seconds = 0.1
"""Missing audio shorter than this in all is not reported: a lost frame or two is inaudible."""

_LISTED = 5
"""More stretches than this are summarised."""


@dataclass(frozen=True)
class Missing:
    """A stretch of a track whose audio could not be decoded.

    Attributes
    ----------
    start : float
        Where it begins, in seconds from the start of the file.
    length : float or None
        Its length in seconds; None if unknown.
    """

    start: Seconds
    length: Seconds | None


def is_notable(stretches: Sequence[Missing]) -> bool:
    """Say whether the stretches are long enough in total to be reported."""
    return any(m.length is None for m in stretches) or (
        sum(m.length or 0 for m in stretches) > _NOTABLE
    )


def _clock(seconds: Seconds, *, digits: int) -> str:
    """Write a position as minutes and seconds."""
    units = round(seconds * 10**digits)
    minutes, rest = divmod(units, 60 * 10**digits)
    width = 2 if digits == 0 else 3 + digits
    return f"{minutes}:{rest / 10**digits:0{width}.{digits}f}"


def _stretch(missing: Missing) -> str:
    if missing.length is None:
        return f"nothing after {_clock(missing.start, digits=0)}"
    digits = 0 if missing.length >= 10 else 1 if missing.length >= 1 else 2
    end = missing.start + missing.length
    return f"{_clock(missing.start, digits=digits)} to {_clock(end, digits=digits)}"


def missing_sentences(stretches: Sequence[Missing]) -> list[str]:
    """Write what is missing: a sentence for each stretch in order, or a summary of many."""
    if len(stretches) <= _LISTED:
        return [
            f"heard in part: {_stretch(m)} could {'' if m.length is None else 'not '}be decoded"
            for m in stretches
        ]
    total = sum(m.length or 0 for m in stretches)
    last = stretches[-1]
    length = f"{total:.1f} s" if total < 60 else _clock(total, digits=0)
    first = _clock(stretches[0].start, digits=0)
    end = _clock(last.start + (last.length or 0), digits=0)
    found = [
        f"heard in part: {length} in {len(stretches)} places between {first} and {end} "
        "could not be decoded"
    ]
    if last.length is None:
        found.append(f"heard in part: {_stretch(last)} could be decoded")
    return found
