"""A running median by a sorting network that neighbouring windows share.

`scipy.ndimage.median_filter` sorts each window for itself. Yet sixteen neighbouring windows of 31
inputs have 46 different inputs between them, and 16 of those lie in all sixteen. What the
sixteen share is sorted once. Then the outputs are split in halves, again and again; each half

1. sorts the inputs that all *its* windows share and its parent's did not,
2. merges them with the candidates its parent left, and
3. keeps the candidates that can still be the median of one of its windows.

For a group of ``g`` outputs that is ``g`` candidates: of ``c = 32 - g`` shared inputs, the one of
rank ``r`` (from 0) can be the median of 31 only if at most 15 inputs are below it and at most 15
above, that is if ``16 - g <= r <= 15``. At ``g = 1`` one candidate is left: the median.

Each step is a fixed network of comparators (Batcher's odd-even merge, 1968, and the sort made of
it), so the whole is a straight line of minima and maxima without a branch: 16 exact medians from
fewer than 40 operations each, over as many columns at once as an array is wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

__all__ = ["GROUP", "WIDTH", "MedianNetwork", "Step", "median_network", "median_source"]

WIDTH = 31
"""Inputs in a window, centred on the output."""

GROUP = 16
"""Neighbouring outputs of one pass through the network."""


@dataclass(frozen=True)
class Step:
    """One operation of the network: ``out = op(a, b)``, all three numbers of wires."""

    op: Literal["min", "max"]
    a: int
    b: int
    out: int


@dataclass(frozen=True)
class MedianNetwork:
    """A straight line of minima and maxima from the inputs of sixteen windows to their medians.

    The first `n_inputs` wires are the inputs, and window ``i`` consists of the inputs ``i`` to ``i
    + 30``. Each of the `steps` writes a wire of its own; `outputs` are the wires of the medians.
    """

    n_inputs: int
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]


_PADDING = -1
"""The wire of an input larger than any other, which only rounds a merge up to 2^n inputs."""


class _Builder:
    """Adds comparators one by one and numbers the wires they write."""

    def __init__(self, n_inputs: int) -> None:
        self.n_wires = n_inputs
        self.steps: list[Step] = []

    def _compare(self, wires: list[int], low: int, high: int) -> None:
        """Put the smaller of two wires at place `low` and the larger at place `high`."""
        a, b = wires[low], wires[high]
        if b == _PADDING:
            return
        if a == _PADDING:
            wires[low], wires[high] = b, a
            return
        for place, op in ((low, "min"), (high, "max")):
            self.steps.append(Step("min" if op == "min" else "max", a, b, self.n_wires))
            wires[place] = self.n_wires
            self.n_wires += 1

    def _odd_even_merge(self, wires: list[int], start: int, end: int, stride: int) -> None:
        """Merge the two sorted halves of every `stride`-th place from `start` to `end`."""
        double = stride * 2
        if double >= end - start:
            self._compare(wires, start, start + stride)
            return
        self._odd_even_merge(wires, start, end, double)
        self._odd_even_merge(wires, start + stride, end, double)
        for place in range(start + stride, end - stride, double):
            self._compare(wires, place, place + stride)

    def merge(self, a: list[int], b: list[int]) -> list[int]:
        """Return the wires of two sorted lists, sorted."""
        half = 1 << (max(len(a), len(b)) - 1).bit_length()
        wires = [
            *a, *[_PADDING] * (half - len(a)),
            *b, *[_PADDING] * (half - len(b)),
        ]  # fmt: skip
        self._odd_even_merge(wires, 0, 2 * half, 1)
        return wires[: len(a) + len(b)]

    def sort(self, wires: list[int]) -> list[int]:
        """Return unsorted wires, sorted."""
        if len(wires) == 1:
            return wires
        middle = len(wires) // 2
        return self.merge(self.sort(wires[:middle]), self.sort(wires[middle:]))


def _needed(steps: list[Step], outputs: list[int]) -> tuple[Step, ...]:
    """Drop the steps that no output depends on."""
    wanted = set(outputs)
    kept = []
    for step in reversed(steps):
        if step.out in wanted:
            kept.append(step)
            wanted.update((step.a, step.b))
    return tuple(reversed(kept))


@cache
def median_network() -> MedianNetwork:
    """Build the network of sixteen neighbouring medians of 31; see the module's docstring."""
    n_inputs = WIDTH + GROUP - 1
    builder = _Builder(n_inputs)
    outputs = [0] * GROUP

    def shared(first: int, group: int) -> range:
        """Return the inputs that all windows of `group` outputs from `first` on share."""
        return range(first + group - 1, first + WIDTH)

    def descend(first: int, group: int, candidates: list[int]) -> None:
        if group == 1:
            outputs[first] = candidates[0]
            return
        half = group // 2
        known = shared(first, group)
        for child in (first, first + half):
            added = [k for k in shared(child, half) if k not in known]
            merged = builder.merge(candidates, builder.sort(added))
            descend(child, half, merged[half:group])

    descend(0, GROUP, builder.sort(list(shared(0, GROUP))))
    return MedianNetwork(n_inputs, _needed(builder.steps, outputs), tuple(outputs))


def median_source(name: str, *, stride: int) -> str:
    """Write the network as the Python source of a function ``name(S, out, n_groups)``.

    `S` and `out` are flat, with `stride` columns that are neighbours in memory. `S` has 16 *
    `n_groups` + 30 rows, and `out` gets the medians of each 31 neighbouring rows.
    """
    network = median_network()
    lines = [
        f"def {name}(S, out, n_groups):",
        "    for group in range(n_groups):",
        f"        first = group * {GROUP * stride}",
        f"        for i in range(first, first + {stride}):",
    ]
    lines += [f"            w{k} = S[i + {k * stride}]" for k in range(network.n_inputs)]
    lines += [
        f"            w{step.out} = {step.op}(w{step.a}, w{step.b})" for step in network.steps
    ]
    lines += [
        f"            out[i + {k * stride}] = w{wire}" for k, wire in enumerate(network.outputs)
    ]
    return "\n".join(lines) + "\n"
