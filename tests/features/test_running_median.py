"""The sorting network gives every median, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.ndimage

from earmark.features._median import GROUP, WIDTH, median_network, running_median
from earmark.types import Float32Array

ZERO, ONE = 0, 1


def scipy_median(S: Float32Array) -> Float32Array:
    filtered: Float32Array = scipy.ndimage.median_filter(S, size=(WIDTH, 1), mode="reflect")
    return filtered


def assert_equals_scipy(S: Float32Array) -> None:
    found, expected = running_median(S), scipy_median(S)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.tobytes() == expected.tobytes()


def mirrored_medians(S: Float32Array) -> Float32Array:
    """Take the median of each window by itself, the mirrored rows being looked up one by one."""
    n = len(S)
    place = np.arange(-15, n + 15) % (2 * n)
    mirrored = S[np.where(place < n, place, 2 * n - 1 - place)]
    return np.stack([np.sort(mirrored[i : i + WIDTH], axis=0)[15] for i in range(n)])


@pytest.mark.parametrize("height", range(1, 71))
@pytest.mark.parametrize("ties", [False, True])
def test_every_height_equals_the_definition(height: int, ties: bool) -> None:
    rng = np.random.default_rng(height)
    S = (rng.integers(0, 4, (height, 7)) if ties else rng.random((height, 7))).astype(np.float32)
    assert running_median(S).tobytes() == mirrored_medians(S).tobytes()


# From 4 on: where the window is more than eight times as long as the axis, SciPy 1.17 reads memory
# that nobody wrote and gives now one median and now another.
@pytest.mark.parametrize("height", range(4, 71))
@pytest.mark.parametrize("ties", [False, True])
def test_every_height_equals_scipy(height: int, ties: bool) -> None:
    rng = np.random.default_rng(1000 + height)
    S = rng.integers(0, 4, (height, 7)) if ties else rng.random((height, 7))
    assert_equals_scipy(S.astype(np.float32))


@pytest.mark.parametrize("width", [1, 2, 31, 255, 256, 257, 512, 513, 1025])
@pytest.mark.parametrize("height", [4, 15, 16, 17, 46, 130])
def test_every_width_equals_scipy(height: int, width: int) -> None:
    S = np.random.default_rng(width).standard_normal((height, width)).astype(np.float32)
    assert_equals_scipy(S)


@pytest.mark.parametrize(
    "S",
    [
        np.zeros((50, 3)),
        np.full((50, 3), 7.5),
        np.arange(150).reshape(50, 3),
        -np.arange(150).reshape(50, 3),
        np.arange(150).reshape(50, 3) % 7,
        np.eye(50, 3),
        np.repeat([[0.0], [1.0]], 25, axis=0),
        np.logspace(-44, 38, 50).reshape(50, 1),
    ],
    ids=["zero", "constant", "rising", "falling", "saw", "spikes", "step", "all magnitudes"],
)
def test_shapes_equal_scipy(S: Float32Array) -> None:
    assert_equals_scipy(S.astype(np.float32))


def test_transposed_and_read_only_input_equals_scipy() -> None:
    S = np.random.default_rng(0).random((40, 60), dtype=np.float32).T
    S.flags.writeable = False
    before = S.copy()
    assert_equals_scipy(S)
    np.testing.assert_array_equal(S, before)


def through_network(inputs: Float32Array) -> Float32Array:
    """Send columns of inputs [shape=(46, n)] through the network [shape=(16, n)]."""
    network = median_network()
    wires = dict(enumerate(inputs))
    for step in network.steps:
        operation = np.minimum if step.op == "min" else np.maximum
        wires[step.out] = operation(wires[step.a], wires[step.b])
    return np.stack([wires[wire] for wire in network.outputs])


def window_medians(inputs: Float32Array) -> Float32Array:
    windows = np.lib.stride_tricks.sliding_window_view(inputs, WIDTH, axis=0)
    medians: Float32Array = np.median(windows, axis=-1)
    return medians


def test_steps_only_read_wires_that_are_written() -> None:
    network = median_network()
    assert network.n_inputs == WIDTH + GROUP - 1 == 46
    written = set(range(network.n_inputs))
    for step in network.steps:
        assert {step.a, step.b} <= written
        assert step.out not in written
        written.add(step.out)
    assert len(network.outputs) == GROUP
    assert set(network.outputs) <= written


def test_network_passes_every_run_of_ones() -> None:
    place = np.arange(46)
    runs = np.array([(place >= i) & (place < j) for i in range(47) for j in range(i, 47)])
    patterns = np.concatenate([runs, ~runs]).T.astype(np.float32)
    np.testing.assert_array_equal(through_network(patterns), window_medians(patterns))


@pytest.mark.parametrize("density", [0.3, 0.45, 0.5, 0.55, 0.7])
def test_network_passes_random_zeros_and_ones(density: float) -> None:
    rng = np.random.default_rng(round(100 * density))
    patterns = (rng.random((46, 50_000)) < density).astype(np.float32)
    np.testing.assert_array_equal(through_network(patterns), window_medians(patterns))


def test_network_passes_every_rotation_of_a_permutation() -> None:
    order = np.random.default_rng(1).permutation(46).astype(np.float32)
    inputs = np.stack([np.roll(order, shift) for shift in range(46)], axis=1)
    np.testing.assert_array_equal(through_network(inputs), window_medians(inputs))


class Decisions:
    """Boolean functions as reduced ordered decision diagrams: equal functions, equal numbers."""

    def __init__(self, n_variables: int) -> None:
        self.n_variables = n_variables
        self.nodes = [(n_variables, ZERO, ZERO), (n_variables, ONE, ONE)]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._combined: dict[tuple[bool, int, int], int] = {}

    def node(self, variable: int, low: int, high: int) -> int:
        if low == high:
            return low
        key = (variable, low, high)
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self.nodes.append(key)
        return self._numbers[key]

    def combine(self, a: int, b: int, *, is_or: bool) -> int:
        if a == b:
            return a
        if a > b:
            a, b = b, a
        if a == ZERO:
            return b if is_or else ZERO
        if a == ONE:
            return ONE if is_or else b
        key = (is_or, a, b)
        if key not in self._combined:
            (u, a_low, a_high), (v, b_low, b_high) = self.nodes[a], self.nodes[b]
            if u > v:
                a_low = a_high = a
            elif v > u:
                b_low = b_high = b
            low = self.combine(a_low, b_low, is_or=is_or)
            high = self.combine(a_high, b_high, is_or=is_or)
            self._combined[key] = self.node(min(u, v), low, high)
        return self._combined[key]

    def at_least(self, count: int, variables: range) -> int:
        """Return the function that at least so many of the variables are true."""
        level = [ONE if needed == 0 else ZERO for needed in range(count + 1)]
        for variable in reversed(variables):
            level = [
                self.node(variable, level[needed], level[max(0, needed - 1)])
                for needed in range(count + 1)
            ]
        return level[count]


def test_network_is_proved_by_the_zero_one_principle() -> None:
    # A network of minima and maxima is right for all inputs if it is for all of zeros and ones
    # (Knuth, The Art of Computer Programming 3, 5.3.4). There the minimum is "and" and the
    # maximum "or", so every output is a boolean function of the 46 inputs, which has to be "at
    # least 16 of the window's 31 are one". All 2^46 inputs are thus covered.
    network = median_network()
    decisions = Decisions(network.n_inputs)
    wires = {k: decisions.node(k, ZERO, ONE) for k in range(network.n_inputs)}
    for step in network.steps:
        wires[step.out] = decisions.combine(wires[step.a], wires[step.b], is_or=step.op == "max")
    outputs = [wires[wire] for wire in network.outputs]
    assert outputs == [decisions.at_least(16, range(i, i + WIDTH)) for i in range(GROUP)]
    assert all(a != b for a, b in pairwise(outputs))  # sixteen functions, not a constant
