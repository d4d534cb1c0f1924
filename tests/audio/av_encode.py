"""Encodes signals with FFmpeg, for what libsndfile cannot write."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from earmark.types import Float32Array


def encode(
    path: Path, y: Float32Array, *, sr: int, codec: str, container: str | None = None
) -> Path:
    """Write a signal [shape=(n,) or (2, n)] and return the path."""
    channels = np.atleast_2d(y)
    layout = "mono" if len(channels) == 1 else "stereo"
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=sr)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        stream.bit_rate = 128_000
        context = stream.codec_context
        if codec == "wavpack":  # of its own accord it would take 8 bits
            context.format = av.AudioFormat("fltp")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(channels), format="fltp", layout=layout
        )
        frame.sample_rate = sr
        frame.pts = 0
        frame.time_base = Fraction(1, sr)
        chunks = av.AudioResampler(
            format=context.format, layout=layout, rate=sr, frame_size=context.frame_size or 1024
        )
        for part in (*chunks.resample(frame), *chunks.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return path


def dominant_frequency(y: Float32Array, *, sr: float) -> float:
    """Return the frequency of the largest bin of the whole signal's spectrum in hertz."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return float(spectrum.argmax() * sr / len(y))
