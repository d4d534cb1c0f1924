"""Options of ``earmark similar`` and ``earmark playlist``, and what both print."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from earmark.cli._options import option
from earmark.cli._output import shortened, stdout

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.recommend import LeftOut

__all__ = [
    "IncludeUnfamiliarOption",
    "MinLengthOption",
    "MinLikenessOption",
    "PerArtistOption",
    "captions_of",
    "print_left_out",
]

MinLengthOption = Annotated[
    float, option("--min-length SECONDS", "Leave out tracks shorter than this.", min=0)
]
IncludeUnfamiliarOption = Annotated[
    bool, option("--include-unfamiliar", "Include music unlike any the model knows.")
]
MinLikenessOption = Annotated[
    float | None,
    option(
        "--min-likeness NUMBER",
        "Leave out songs whose likeness is below this, from 0 to 1 (0 to keep all).",
        min=0,
        max=1,
        show_default="0.1 for style, 0.65 for timbre",
    ),
]
PerArtistOption = Annotated[
    int,
    option(
        "--per-artist N",
        "Maximum number of songs by one artist (0 for any number). Exceeded only if too few "
        "songs are left.",
        min=0,
    ),
]


def captions_of(tracks: Sequence[LibraryTrack]) -> list[str]:
    """Return what tracks are called, with the folder where two are called the same."""
    times = Counter(track.caption for track in tracks)
    captions = []
    for track in tracks:
        folder = os.path.basename(os.path.dirname(track.path))
        suffix = f" ({folder})" if times[track.caption] > 1 and folder else ""
        captions.append(shortened(track.caption + suffix))
    return captions


def print_left_out(left_out: LeftOut, *, min_length: float) -> None:
    """Print how many tracks were left out, why, and how to include them, if any were."""
    reasons = (
        (left_out.short, f"shorter than {min_length:g} s (--min-length 0)"),
        (left_out.unfamiliar, "unfamiliar (--include-unfamiliar)"),
        (left_out.unlike, "too unlike the query (--min-likeness 0)"),
        (left_out.silent, "silent"),
    )
    parts = [f"{count:,} {reason}" for count, reason in reasons if count]
    if parts:
        stdout().print(f"Left out: {', '.join(parts)}", style="dim")
