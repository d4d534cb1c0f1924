"""The transform of 32 frames at once equals SciPy's of each."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from earmark.features._fft import (
    forward,
    inverse,
    load_stretches,
    magnitudes,
    mask_spectrum,
    tables,
)
from earmark.features._layout import (
    BINS,
    BLOCKS,
    HOP,
    IMAGINARY,
    LANES,
    MARGIN,
    OVERLAP,
    POINTS,
    STRETCHES,
    TILE_BINS,
)
from earmark.features._spectrum import N_FFT, WINDOW, framed
from earmark.types import Complex64Array, Float32Array

SIGNALS = ("noise", "impulse", "constant", "faint", "loud")


def signal(name: str) -> Float32Array:
    n = (LANES + OVERLAP - 1) * HOP
    y = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    match name:
        case "impulse":
            y[:] = 0
            y[5000] = 1
        case "constant":
            y[:] = 0.5
        case "faint":
            y *= np.float32(1e-12)
        case "loud":
            y *= np.float32(1e9)
    return y


def transformed(y: Float32Array) -> Float32Array:
    stretches = np.zeros(HOP * STRETCHES, dtype=np.float32)
    load_stretches(y, 0, stretches)
    Z = np.full(2 * IMAGINARY, np.nan, dtype=np.float32)
    forward(stretches, tables().window, tables().wave, Z)
    return Z


def expected(y: Float32Array) -> Complex64Array:
    """Return ``scipy.fft.rfft`` of the windowed frames [shape=(32, 1025)]."""
    D: Complex64Array = scipy.fft.rfft(framed(y) * WINDOW.astype(np.float64), axis=1)
    return D


@pytest.mark.parametrize("name", SIGNALS)
def test_forward_equals_the_transform_of_even_and_odd_samples(name: str) -> None:
    y = signal(name)
    windowed = framed(y) * WINDOW.astype(np.float64)
    wanted = scipy.fft.fft(windowed[:, 0::2] + 1j * windowed[:, 1::2], axis=1)
    Z = transformed(y).reshape(2, POINTS, LANES)
    found = (Z[0] + 1j * Z[1])[tables().place].T
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("name", SIGNALS)
def test_magnitudes_equal_scipy(name: str) -> None:
    y = signal(name)
    tile = np.full(TILE_BINS * LANES, -1, dtype=np.float32)
    magnitudes(transformed(y), tables().half_wave, tables().place, tile)
    rows = tile.reshape(TILE_BINS, LANES)
    wanted = np.abs(expected(y)).T
    found = rows[MARGIN : MARGIN + BINS]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * wanted.max())
    assert (rows[:MARGIN] == -1).all()
    assert (rows[MARGIN + BINS :] == -1).all()


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("kind", ["ones", "zeros", "random", "one bin"])
def test_mask_and_inverse_equal_scipy(name: str, kind: str) -> None:
    y = signal(name)
    mask = np.zeros((LANES, BLOCKS * LANES), dtype=np.float32)
    match kind:
        case "ones":
            mask[:] = 1
        case "random":
            mask[:] = np.random.default_rng(1).random(mask.shape)
        case "one bin":
            mask[np.arange(LANES), np.linspace(0, BINS - 1, LANES).astype(int)] = 1
    Z = transformed(y)
    frames = np.zeros((N_FFT, STRETCHES), dtype=np.float32)
    t = tables()
    mask_spectrum(Z, t.half_wave, t.place, np.ascontiguousarray(mask.T).reshape(-1))
    inverse(Z, t.window, t.wave, frames.reshape(-1))
    wanted = scipy.fft.irfft(expected(y) * mask[:, :BINS], n=N_FFT, axis=1) * WINDOW
    atol = 1e-6 * np.abs(y).max()
    np.testing.assert_allclose(frames[:, OVERLAP:].T, wanted, rtol=0, atol=atol)
    assert not frames[:, :OVERLAP].any()


def test_stretches_after_the_end_are_silent() -> None:
    y = np.arange(1, 3 * HOP + 1, dtype=np.float32)
    stretches = np.full((HOP, STRETCHES), np.nan, dtype=np.float32)
    load_stretches(y, 1, stretches.reshape(-1))
    np.testing.assert_array_equal(stretches[:, :2], y[HOP:].reshape(2, HOP).T)
    assert not stretches[:, 2 : STRETCHES - 1].any()
