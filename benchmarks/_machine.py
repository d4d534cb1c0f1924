"""What a benchmark ran on."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

__all__ = ["machine"]


def machine(*names: str) -> dict[str, str]:
    """Return the processor, and the versions of Python and of the named distributions."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), cpu)
    return {"cpu": cpu, "python": platform.python_version(), **{n: version(n) for n in names}}
