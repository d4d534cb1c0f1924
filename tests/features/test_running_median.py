"""The sorting network gives every median, and nothing else; so do the kernels made of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import scipy.ndimage
from librosa_reference import mirrored, mirrored_medians, parts

from earmark.features import _loop, _pass
from earmark.features._layout import BINS, BLOCK_ROWS, BLOCKS, LANES, MARGIN
from earmark.features._median import GROUP, WIDTH, median_network
from earmark.features._pass import spectral_pass
from earmark.features._separation import filter_time, median
from earmark.testing import music_like
from earmark.types import Float32Array, FloatArray, Int32Array

ZERO, ONE = 0, 1
SR = 22_050


def scipy_median(S: Float32Array) -> Float32Array:
    filtered: Float32Array = scipy.ndimage.median_filter(S, size=(WIDTH, 1), mode="reflect")
    return filtered


def kernel_medians(S: Float32Array) -> Float32Array:
    """Send a matrix [shape=(n, 32)], mirrored at its ends, through the compiled network."""
    n_groups = -(-len(S) // GROUP)
    rows = np.zeros((GROUP * n_groups + 2 * MARGIN, LANES), dtype=np.float32)
    rows[: len(S) + 2 * MARGIN] = mirrored(S)
    out = np.zeros((GROUP * n_groups, LANES), dtype=np.float32)
    median(rows.view(np.int32).reshape(-1), out.view(np.int32).reshape(-1), n_groups)
    return out[: len(S)]


def assert_same_bits(found: Float32Array, expected: Float32Array) -> None:
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()


def magnitudes(n_rows: int, n_columns: int, *, ties: bool = False) -> Float32Array:
    """Return numbers that are not negative: their bits are ordered as they are."""
    rng = np.random.default_rng(n_rows)
    if ties:
        return rng.integers(0, 4, (n_rows, n_columns)).astype(np.float32)
    return rng.random((n_rows, n_columns), dtype=np.float32)


@pytest.mark.parametrize("height", [*range(1, 71), 127, 128, 129, 1025, 1056])
@pytest.mark.parametrize("ties", [False, True])
def test_kernel_equals_the_definition_at_every_height(height: int, ties: bool) -> None:
    S = magnitudes(height, LANES, ties=ties)
    assert_same_bits(kernel_medians(S), mirrored_medians(S))


# From 4 on: where the window is more than eight times as long as the axis, SciPy 1.17 reads memory
# that nobody wrote and gives now one median and now another.
@pytest.mark.parametrize("height", [*range(4, 71), 127, 128, 129, 1025, 1056])
@pytest.mark.parametrize("ties", [False, True])
def test_kernel_equals_scipy_at_every_height(height: int, ties: bool) -> None:
    S = magnitudes(height, LANES, ties=ties)
    assert_same_bits(kernel_medians(S), scipy_median(S))


@pytest.mark.parametrize(
    "column",
    [
        np.zeros(50),
        np.full(50, 7.5),
        np.arange(50),
        np.arange(50)[::-1],
        np.arange(50) % 7,
        np.eye(1, 50, 20)[0],
        np.repeat([0.0, 1.0], 25),
        np.logspace(-44, 38, 50),
        np.repeat([1.0, np.inf], 25),
    ],
    ids=[
        "zero",
        "constant",
        "rising",
        "falling",
        "saw",
        "spike",
        "step",
        "all-magnitudes",
        "infinity",
    ],
)
def test_kernel_equals_scipy_on_shapes(column: FloatArray) -> None:
    rolled = [np.roll(column, lane) for lane in range(LANES)]
    S = np.stack(rolled, axis=1).astype(np.float32)
    assert_same_bits(kernel_medians(S), scipy_median(S))


@pytest.mark.parametrize("n_groups", [0, 1, 2, 7])
def test_kernel_orders_integers_and_writes_its_rows_only(n_groups: int) -> None:
    rng = np.random.default_rng(n_groups)
    limits = np.iinfo(np.int32)
    n_rows = GROUP * n_groups
    S = rng.integers(limits.min, limits.max, (n_rows + 30, LANES), dtype=np.int32)
    before = S.copy()
    out: Int32Array = np.full((n_rows + 3, LANES), 5, dtype=np.int32)
    median(S.reshape(-1), out.reshape(-1), n_groups)
    expected = scipy.ndimage.median_filter(S, size=(WIDTH, 1))[MARGIN : MARGIN + n_rows]
    np.testing.assert_array_equal(out[:n_rows], expected)
    np.testing.assert_array_equal(out[n_rows:], 5)
    np.testing.assert_array_equal(S, before)


def in_blocks(S: Float32Array, rows: int) -> Float32Array:
    """Lay frames [shape=(n, 1025)] out in blocks of 32 bins."""
    blocks = np.zeros((BLOCKS, rows, LANES), dtype=np.float32)
    wide = np.zeros((len(S), BLOCKS * LANES), dtype=np.float32)
    wide[:, :BINS] = S
    blocks[:, : len(S)] = wide.reshape(len(S), BLOCKS, LANES).transpose(1, 0, 2)
    return blocks


def out_of_blocks(blocks: Float32Array, n: int) -> Float32Array:
    return blocks.transpose(1, 0, 2).reshape(blocks.shape[1], -1)[:n, :BINS]


def medians_along_time(blocks: Float32Array) -> Float32Array:
    """Return the medians [shape=(32, 1025)] of the 32 frames in the middle of blocks."""
    out = np.zeros((BLOCKS, LANES, LANES), dtype=np.float32)
    filter_time(blocks.reshape(-1).view(np.int32), out.reshape(-1).view(np.int32))
    return out_of_blocks(out, LANES)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 15, 16, 17, 31, 32])
def test_filter_time_equals_the_definition(n: int) -> None:
    S = magnitudes(n, BINS)
    found = medians_along_time(in_blocks(mirrored(S), BLOCK_ROWS))
    assert_same_bits(found[:n], mirrored_medians(S))


class Recorder:
    """Keeps the medians that a pass makes its masks of."""

    def __init__(self, separate: Callable[..., None]) -> None:
        self.separate = separate
        self.along_time: list[Float32Array] = []
        self.along_frequency: list[Float32Array] = []

    def __call__(self, start: int, total: int, *others: Float32Array) -> None:
        blocks, percussive = others[6], others[7]
        n = min(LANES, total - start)
        self.along_time.append(medians_along_time(blocks)[:n])
        self.along_frequency.append(percussive.reshape(-1, LANES).T[:n, :BINS].copy())
        self.separate(start, total, *others)


def clip_of(n_frames: int) -> Float32Array:
    """Return a clip of so many frames, of any length that has them."""
    n_samples = 512 * (n_frames - 1) + 37 * n_frames % 512
    return music_like(duration=max(1, n_samples) / SR, bpm=150, seed=n_frames)


# The borders of groups, and a segment of 3 s.
AT_BORDERS = [*range(78, 82), *range(95, 99), *range(110, 114), *range(127, 131)]


@pytest.mark.parametrize("n_frames", [*range(1, 20), *range(30, 50), *AT_BORDERS, 300, 384])
def test_medians_of_a_pass_equal_scipy(n_frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(_loop.separate)
    monkeypatch.setattr(_loop, "separate", recorder)
    monkeypatch.setattr(
        _pass, "measure_frames", _loop.measure_frames.py_func
    )  # the loop, not compiled
    S = spectral_pass(clip_of(n_frames), sr=SR).magnitudes
    assert S.shape == (n_frames, BINS)
    expected = mirrored_medians(S) if n_frames < 4 else scipy_median(S)
    assert_same_bits(np.concatenate(recorder.along_time), expected)
    assert_same_bits(np.concatenate(recorder.along_frequency), scipy_median(S.T).T)


@pytest.mark.parametrize("n_frames", [*range(1, 71), *AT_BORDERS])
def test_parts_equal_librosa(n_frames: int) -> None:
    y = clip_of(n_frames)
    found = spectral_pass(y, sr=SR).parts
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=2048 is too large", UserWarning)
        expected = parts(y)
    for (mean, variance), part in zip(found, expected, strict=True):
        assert variance == pytest.approx(part.var(dtype=np.float64), rel=1e-5)
        atol = 1e-6 * max(float(part.std()), 1e-6)
        assert mean == pytest.approx(part.mean(dtype=np.float64), abs=atol)


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
