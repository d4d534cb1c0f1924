"""The layout of frames in memory: 32 neighbours side by side.

Every kernel works on 32 neighbours at a time, the *lanes*, in an innermost loop of constant length
that the compiler turns into vector instructions. Frames are processed in groups of 32, in these
layouts. All are flat, and all distances are constants, because the compiler has to see that rows do
not overlap.

*stretches*
    512 rows of 36: row i holds sample i of 35 neighbouring stretches of 512 samples. A frame is
    four stretches, so that what frames t, t + 1, ... need of their h-th quarter is one piece of a
    row, from place h on.
*spectrum*
    1024 rows of 32 for the real parts, then as many for the imaginary ones; lanes are frames.
*tile*
    15 rows of margin, 1056 rows of 32, 15 rows of margin: the magnitudes of bins; lanes are frames.
    Loops along frequency read these.
*blocks*
    33 blocks of 62 rows of 32: rows are frames, 15 of them before and 15 after the group, and lanes
    are neighbouring bins. The loop along time, the harmonic median, reads these.
"""

from __future__ import annotations

__all__ = [
    "BINS",
    "BLOCKS",
    "BLOCK_ROWS",
    "HOP",
    "IMAGINARY",
    "LANES",
    "MARGIN",
    "OVERLAP",
    "POINTS",
    "STRETCHES",
    "TILE_BINS",
]

LANES = 32
HOP = 512
OVERLAP = 4  # frames that cover a sample
STRETCHES = LANES + OVERLAP  # one more than are used, for rows of whole vectors
POINTS = 1024  # complex points of the transform of 2048 real samples
IMAGINARY = POINTS * LANES  # where the imaginary parts begin
BINS = POINTS + 1
BLOCKS = BINS // LANES + 1  # the last holds one bin
MARGIN = 15
BLOCK_ROWS = LANES + 2 * MARGIN
TILE_BINS = BLOCKS * LANES + 2 * MARGIN
