"""Makes audio files with the programs that people use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
import soundfile

from earmark.testing import music_like
from earmark.types import Float32Array

SR = 44_100


def run(*command: str | Path, output: Path | None = None) -> None:
    """Run a program, or skip the test if it is not installed."""
    name = str(command[0])
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True)
    if output is not None:
        output.write_bytes(done.stdout)


def write_wav(path: Path, *, duration: float = 6, sr: int = SR, channels: int = 2) -> Path:
    """Write loud noise in the first third, a tone in the rest: bit rates that differ."""
    t = np.arange(round(duration * sr)) / sr
    y = 0.3 * np.sin(2764 * t)
    n = len(y) // 3
    y[:n] = music_like(duration=duration, sr=sr)[:n] + 0.3 * np.random.default_rng(0).uniform(
        -1, 1, n
    )
    soundfile.write(path, np.stack([y] * channels, axis=1).clip(-1, 1), sr)
    return path


def write_mp3(path: Path, *options: str, duration: float = 6) -> Path:
    """Write an MP3 with LAME."""
    wav = write_wav(path.with_suffix(".lame.wav"), duration=duration)
    run("lame", "--quiet", *options, wav, path)
    return path


def with_ffmpeg(path: Path, *options: str, wav: Path) -> Path:
    """Write a file with FFmpeg."""
    run("ffmpeg", "-v", "error", "-y", "-i", wav, *options, path)
    return path


def through_pipe(path: Path, *options: str, wav: Path) -> Path:
    """Write a file as FFmpeg writes one that it cannot go back in."""
    run("ffmpeg", "-v", "error", "-i", wav, *options, "-", output=path)
    return path


def reference(path: Path) -> float:
    """Return the seconds that FFmpeg decodes, going on after errors."""
    total = 0.0
    with av.open(str(path), metadata_errors="replace") as container:
        stream = container.streams.audio[0]
        for _ in range(100):
            try:
                for packet in container.demux(stream):
                    try:
                        frames = packet.decode()
                    except av.error.FFmpegError:
                        continue
                    total += sum(frame.samples / frame.sample_rate for frame in frames)
                break
            except av.error.FFmpegError:
                continue
    return total


def level(y: Float32Array) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))
