"""How much memory something takes at its most."""

from __future__ import annotations

import re
import sys
from contextlib import suppress

__all__ = ["PeakMemory"]


class PeakMemory:
    """Measure by how much the resident memory of this process grows at most in a block.

    On Linux it is measured from the memory in use when the block begins. In a process that has done
    other work before, the block may find memory to use again, and grow less than it would in a
    fresh one. Elsewhere only the most a process ever held is known, which says something only in a
    fresh process.

    Parameters
    ----------
    fresh : bool
        Whether this process has done nothing before.

    Attributes
    ----------
    grown : int or None
        After the block: bytes; None where the system does not tell.

    Examples
    --------
    >>> with PeakMemory(fresh=False) as peak:
    ...     _ = b"x" * 10_000_000
    >>> peak.grown is None or peak.grown > 9_000_000
    True
    """

    def __init__(self, *, fresh: bool) -> None:
        self._fresh = fresh
        self.grown: int | None = None

    def __enter__(self) -> PeakMemory:
        self._before = _peak() if _start_anew() or self._fresh else None
        return self

    def __exit__(self, *_: object) -> None:
        after = _peak()
        if self._before is not None and after is not None:
            self.grown = after - self._before


def _start_anew() -> bool:
    """Have the system forget what this process held before."""
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
        return True
    return False


def _peak() -> int | None:
    """Return the most resident memory this process held, in bytes."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        peak = re.search(r"VmHWM:\s*(\d+) kB", file.read())
        if peak is not None:
            return 1024 * int(peak[1])
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
