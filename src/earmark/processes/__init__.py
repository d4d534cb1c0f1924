"""Work in other processes: the only place in the package that starts any.

`map_tasks` maps a function over tasks in workers, on one thread each. A worker that dies costs one
task; it ends when this process does, and leaves Ctrl-C to this process.
"""

from __future__ import annotations

from earmark.processes._cores import usable_cores
from earmark.processes._forking import prepare_workers
from earmark.processes._memory import PeakMemory
from earmark.processes._pool import AHEAD, Pool, map_tasks
from earmark.processes._result import TaskResult

__all__ = [
    "AHEAD",
    "PeakMemory",
    "Pool",
    "TaskResult",
    "map_tasks",
    "prepare_workers",
    "usable_cores",
]
