"""The Fourier transform of 32 frames at once, and its inverse.

Real frames of 2048 samples are transformed as 1024 complex points, the even samples being their
real and the odd ones their imaginary parts; one more step parts the two again (`_split`). The
transform of 1024 = 4^5 points is the textbook's: five passes of butterflies of four, in place
(radix-4, decimation in frequency). It leaves point k at the place whose number is k's with its five
base-4 digits reversed; the inverse goes back the same way, so that nothing is ever sorted.

A library transforms one frame after another, and has to find parallel work within it. Here the
lanes are frames, every butterfly is done for 32 frames at once, and the first and the last pass,
with four points a hop apart, also do the window and the overlap of frames.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from earmark.features._kernel import inner_kernel
from earmark.features._layout import (
    HOP,
    IMAGINARY,
    LANES,
    MARGIN,
    OVERLAP,
    POINTS,
    STRETCHES,
)
from earmark.features._spectrum import N_FFT
from earmark.types import Float32Array, IntArray

__all__ = [
    "Tables",
    "forward",
    "inverse",
    "load_stretches",
    "magnitudes",
    "mask_spectrum",
    "tables",
]

_f4 = np.float32
_QUARTER = POINTS // 4
# The same in rows: places of the second, third and fourth point of a butterfly of the first pass.
_Q1, _Q2, _Q3 = _QUARTER * LANES, 2 * _QUARTER * LANES, 3 * _QUARTER * LANES
# Hops in rows of stretches.
_H1, _H2, _H3 = HOP * STRETCHES, 2 * HOP * STRETCHES, 3 * HOP * STRETCHES
_BELOW = POINTS - 1
"""ANDing a place with this shows the compiler that it is not negative."""


class Tables(NamedTuple):
    """Constants of every transform: the Hann window, roots of unity, and the order of the points.

    `window` has 2048 values, `wave` and `half_wave` hold cosine and sine of ``2 pi k / 1024`` and
    ``2 pi k / 2048``, and point k of a transform is at ``place[k]``.
    """

    window: Float32Array
    wave: Float32Array
    half_wave: Float32Array
    place: IntArray


def _wave(n: int, period: int) -> Float32Array:
    angle = 2 * np.pi * np.arange(n) / period
    return np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Compute the tables once."""
    k, place = np.arange(POINTS), np.zeros(POINTS, dtype=np.int64)
    for _ in range(5):
        place, k = 4 * place + k % 4, k // 4
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return Tables(
        window.astype(np.float32), _wave(POINTS, POINTS), _wave(POINTS // 2 + 1, N_FFT), place
    )


@inner_kernel
def load_stretches(padded: Float32Array, first: int, stretches: Float32Array) -> None:
    """Lay out 35 stretches of 512 samples, from number `first` on, silence after the end."""
    for s in range(STRETCHES - 1):
        start = (first + s) * HOP
        if start + HOP <= len(padded):
            samples = padded[start : start + HOP]
            for i in range(HOP):
                stretches[i * STRETCHES + s] = samples[i]
        else:
            for i in range(HOP):
                stretches[i * STRETCHES + s] = _f4(0)


@inner_kernel
def _first_pass(
    stretches: Float32Array, window: Float32Array, wave: Float32Array, Z: Float32Array
) -> None:
    """Window the frames and do the butterflies of points 256 apart, which are hops apart."""
    for m in range(_QUARTER):
        c1, s1 = wave[m, 0], wave[m, 1]
        c2, s2 = wave[2 * m, 0], wave[2 * m, 1]
        c3, s3 = wave[3 * m, 0], wave[3 * m, 1]
        even, odd = 2 * m, 2 * m + 1
        we0, we1, we2, we3 = (
            window[even],
            window[even + HOP],
            window[even + 2 * HOP],
            window[even + 3 * HOP],
        )
        wo0, wo1, wo2, wo3 = (
            window[odd],
            window[odd + HOP],
            window[odd + 2 * HOP],
            window[odd + 3 * HOP],
        )
        for lane in range(LANES):
            e, o, i = even * STRETCHES + lane, odd * STRETCHES + lane, m * LANES + lane
            ar, ai = we0 * stretches[e], wo0 * stretches[o]
            br, bi = we1 * stretches[e + 1], wo1 * stretches[o + 1]
            cr, ci = we2 * stretches[e + 2], wo2 * stretches[o + 2]
            dr, di = we3 * stretches[e + 3], wo3 * stretches[o + 3]
            pr, pi, qr, qi = ar + cr, ai + ci, br + dr, bi + di
            Z[i], Z[i + IMAGINARY] = pr + qr, pi + qi
            ur, ui = pr - qr, pi - qi
            Z[i + _Q2], Z[i + _Q2 + IMAGINARY] = ur * c2 + ui * s2, ui * c2 - ur * s2
            pr, pi, qr, qi = ar - cr, ai - ci, bi - di, dr - br
            ur, ui = pr + qr, pi + qi
            Z[i + _Q1], Z[i + _Q1 + IMAGINARY] = ur * c1 + ui * s1, ui * c1 - ur * s1
            ur, ui = pr - qr, pi - qi
            Z[i + _Q3], Z[i + _Q3 + IMAGINARY] = ur * c3 + ui * s3, ui * c3 - ur * s3


def _forward_pass(quarter: int):  # type: ignore[no-untyped-def]  # what a kernel is, numba knows
    """Make the pass of butterflies with points `quarter` apart."""
    step, q1, q2, q3 = (
        _QUARTER // quarter,
        quarter * LANES,
        2 * quarter * LANES,
        3 * quarter * LANES,
    )

    @inner_kernel
    def butterflies(Z: Float32Array, wave: Float32Array) -> None:
        for start in range(0, POINTS, 4 * quarter):
            for k in range(quarter):
                c1, s1 = wave[k * step, 0], wave[k * step, 1]
                c2, s2 = wave[2 * k * step, 0], wave[2 * k * step, 1]
                c3, s3 = wave[3 * k * step, 0], wave[3 * k * step, 1]
                for i in range((start + k) * LANES, (start + k + 1) * LANES):
                    ar, ai = Z[i], Z[i + IMAGINARY]
                    br, bi = Z[i + q1], Z[i + q1 + IMAGINARY]
                    cr, ci = Z[i + q2], Z[i + q2 + IMAGINARY]
                    dr, di = Z[i + q3], Z[i + q3 + IMAGINARY]
                    pr, pi, qr, qi = ar + cr, ai + ci, br + dr, bi + di
                    Z[i], Z[i + IMAGINARY] = pr + qr, pi + qi
                    ur, ui = pr - qr, pi - qi
                    Z[i + q2], Z[i + q2 + IMAGINARY] = ur * c2 + ui * s2, ui * c2 - ur * s2
                    pr, pi, qr, qi = ar - cr, ai - ci, bi - di, dr - br
                    ur, ui = pr + qr, pi + qi
                    Z[i + q1], Z[i + q1 + IMAGINARY] = ur * c1 + ui * s1, ui * c1 - ur * s1
                    ur, ui = pr - qr, pi - qi
                    Z[i + q3], Z[i + q3 + IMAGINARY] = ur * c3 + ui * s3, ui * c3 - ur * s3

    return butterflies


def _inverse_pass(quarter: int):  # type: ignore[no-untyped-def]
    """Make the pass that undoes `_forward_pass`, times four."""
    step, q1, q2, q3 = (
        _QUARTER // quarter,
        quarter * LANES,
        2 * quarter * LANES,
        3 * quarter * LANES,
    )

    @inner_kernel
    def butterflies(Z: Float32Array, wave: Float32Array) -> None:
        for start in range(0, POINTS, 4 * quarter):
            for k in range(quarter):
                c1, s1 = wave[k * step, 0], wave[k * step, 1]
                c2, s2 = wave[2 * k * step, 0], wave[2 * k * step, 1]
                c3, s3 = wave[3 * k * step, 0], wave[3 * k * step, 1]
                for i in range((start + k) * LANES, (start + k + 1) * LANES):
                    ar, ai = Z[i], Z[i + IMAGINARY]
                    ur, ui = Z[i + q1], Z[i + q1 + IMAGINARY]
                    br, bi = ur * c1 - ui * s1, ui * c1 + ur * s1
                    ur, ui = Z[i + q2], Z[i + q2 + IMAGINARY]
                    cr, ci = ur * c2 - ui * s2, ui * c2 + ur * s2
                    ur, ui = Z[i + q3], Z[i + q3 + IMAGINARY]
                    dr, di = ur * c3 - ui * s3, ui * c3 + ur * s3
                    pr, pi, qr, qi = ar + cr, ai + ci, br + dr, bi + di
                    Z[i], Z[i + IMAGINARY] = pr + qr, pi + qi
                    Z[i + q2], Z[i + q2 + IMAGINARY] = pr - qr, pi - qi
                    pr, pi, qr, qi = ar - cr, ai - ci, di - bi, br - dr
                    Z[i + q1], Z[i + q1 + IMAGINARY] = pr + qr, pi + qi
                    Z[i + q3], Z[i + q3 + IMAGINARY] = pr - qr, pi - qi

    return butterflies


_forward_64, _forward_16, _forward_4, _forward_1 = (_forward_pass(q) for q in (64, 16, 4, 1))
_inverse_1, _inverse_4, _inverse_16, _inverse_64 = (_inverse_pass(q) for q in (1, 4, 16, 64))


@inner_kernel
def forward(
    stretches: Float32Array, window: Float32Array, wave: Float32Array, Z: Float32Array
) -> None:
    """Transform 32 windowed frames of `stretches` into `Z`, [shape=(2 * 1024 * 32,)].

    The even samples are the real part and the odd samples the imaginary part of one transform; its
    points are in the order of `Tables.place`.
    """
    _first_pass(stretches, window, wave, Z)
    _forward_64(Z, wave)
    _forward_16(Z, wave)
    _forward_4(Z, wave)
    _forward_1(Z, wave)


@inner_kernel
def magnitudes(
    Z: Float32Array, half_wave: Float32Array, place: IntArray, tile: Float32Array
) -> None:
    """Write ``|X|`` of 32 frames, `np.abs` of `librosa.stft`, into `tile` within its margins.

    With E and O the transforms of the even and the odd samples, ``Z[k] = E[k] + i O[k]``, and
    ``X[k] = E[k] + exp(-2 pi i k / 2048) O[k]``, ``X[1024 - k] = conj(E[k] - ... O[k])``.
    """
    half = _f4(0.5)
    for k in range(POINTS // 2 + 1):
        at = (place[k] & _BELOW) * LANES
        mirrored = (place[(POINTS - k) & _BELOW] & _BELOW) * LANES
        c, s = half_wave[k, 0], half_wave[k, 1]
        low = tile[(MARGIN + k) * LANES : (MARGIN + k + 1) * LANES]
        high = tile[(MARGIN + POINTS - k) * LANES : (MARGIN + POINTS - k + 1) * LANES]
        for lane in range(LANES):
            ar, ai = Z[at + lane], Z[at + lane + IMAGINARY]
            br, bi = Z[mirrored + lane], Z[mirrored + lane + IMAGINARY]
            er, ei = half * (ar + br), half * (ai - bi)
            our, oui = half * (ai + bi), half * (br - ar)
            wr, wi = our * c + oui * s, oui * c - our * s
            xr, xi = er + wr, ei + wi
            low[lane] = np.sqrt(xr * xr + xi * xi)
            xr, xi = er - wr, ei - wi
            high[lane] = np.sqrt(xr * xr + xi * xi)


@inner_kernel
def mask_spectrum(
    Z: Float32Array, half_wave: Float32Array, place: IntArray, mask: Float32Array
) -> None:
    """Multiply each bin of 32 frames by `mask` [(1056 * 32,)] in `Z`, written by `forward`.

    With a and d half the sum and half the difference of ``mask[k]`` and ``mask[1024 - k]``, and w =
    ``exp(-2 pi i k / 2048)``: ``E' = a E + d w O`` and ``O' = a O + d conj(w) E``.
    """
    half = _f4(0.5)
    for k in range(POINTS // 2 + 1):
        at = (place[k] & _BELOW) * LANES
        mirrored = (place[(POINTS - k) & _BELOW] & _BELOW) * LANES
        c, s = half_wave[k, 0], half_wave[k, 1]
        low = mask[k * LANES : (k + 1) * LANES]
        high = mask[(POINTS - k) * LANES : (POINTS - k + 1) * LANES]
        for lane in range(LANES):
            ar, ai = Z[at + lane], Z[at + lane + IMAGINARY]
            br, bi = Z[mirrored + lane], Z[mirrored + lane + IMAGINARY]
            er, ei = half * (ar + br), half * (ai - bi)
            our, oui = half * (ai + bi), half * (br - ar)
            m, n = low[lane], high[lane]
            a, d = half * (m + n), half * (m - n)
            fr = a * er + d * (our * c + oui * s)
            fi = a * ei + d * (oui * c - our * s)
            gr = a * our + d * (er * c - ei * s)
            gi = a * oui + d * (ei * c + er * s)
            Z[at + lane], Z[at + lane + IMAGINARY] = fr - gi, fi + gr
            Z[mirrored + lane], Z[mirrored + lane + IMAGINARY] = fr + gi, gr - fi


@inner_kernel
def _last_pass(
    Z: Float32Array, window: Float32Array, wave: Float32Array, frames: Float32Array
) -> None:
    """Do the butterflies of points 256 apart, and window the frames."""
    scale = _f4(1 / POINTS)
    for m in range(_QUARTER):
        c1, s1 = wave[m, 0], wave[m, 1]
        c2, s2 = wave[2 * m, 0], wave[2 * m, 1]
        c3, s3 = wave[3 * m, 0], wave[3 * m, 1]
        even, odd = 2 * m, 2 * m + 1
        we0, wo0 = scale * window[even], scale * window[odd]
        we1, wo1 = scale * window[even + HOP], scale * window[odd + HOP]
        we2, wo2 = scale * window[even + 2 * HOP], scale * window[odd + 2 * HOP]
        we3, wo3 = scale * window[even + 3 * HOP], scale * window[odd + 3 * HOP]
        for lane in range(LANES):
            i = m * LANES + lane
            e, o = even * STRETCHES + OVERLAP + lane, odd * STRETCHES + OVERLAP + lane
            ar, ai = Z[i], Z[i + IMAGINARY]
            ur, ui = Z[i + _Q1], Z[i + _Q1 + IMAGINARY]
            br, bi = ur * c1 - ui * s1, ui * c1 + ur * s1
            ur, ui = Z[i + _Q2], Z[i + _Q2 + IMAGINARY]
            cr, ci = ur * c2 - ui * s2, ui * c2 + ur * s2
            ur, ui = Z[i + _Q3], Z[i + _Q3 + IMAGINARY]
            dr, di = ur * c3 - ui * s3, ui * c3 + ur * s3
            pr, pi, qr, qi = ar + cr, ai + ci, br + dr, bi + di
            frames[e], frames[o] = we0 * (pr + qr), wo0 * (pi + qi)
            frames[e + _H2], frames[o + _H2] = we2 * (pr - qr), wo2 * (pi - qi)
            pr, pi, qr, qi = ar - cr, ai - ci, di - bi, br - dr
            frames[e + _H1], frames[o + _H1] = we1 * (pr + qr), wo1 * (pi + qi)
            frames[e + _H3], frames[o + _H3] = we3 * (pr - qr), wo3 * (pi - qi)


@inner_kernel
def inverse(
    Z: Float32Array, window: Float32Array, wave: Float32Array, frames: Float32Array
) -> None:
    """Transform 32 frames back and window them: ``window * ifft(...)``, overwriting `Z`.

    `frames` [shape=(2048 * 36,)] gets a row for each sample of the frames, from place 4 on.
    """
    _inverse_1(Z, wave)
    _inverse_4(Z, wave)
    _inverse_16(Z, wave)
    _inverse_64(Z, wave)
    _last_pass(Z, window, wave, frames)
