"""Instruments made of arithmetic and seeded noise, for `compose.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE = 32_000

Rng = np.random.Generator
Sound = NDArray[np.float64]
Voice = Callable[[Rng, float, float], Sound]  # (rng, hertz, seconds) -> samples
Effect = Callable[[Sound], Sound]
Chord = tuple[float, float, int, tuple[int, ...]]  # (beat, length, root, intervals)

# --- Building blocks ----------------------------------------------------------------------------


def clock(seconds: float) -> Sound:
    """Count the seconds, sample by sample."""
    return np.arange(int(seconds * RATE)) / RATE


def sine(turns: Sound) -> Sound:
    """Turn a phase, in whole turns, into a sine."""
    return np.sin(2 * np.pi * turns)


def band(sound: Sound, low: float = 0, high: float = 0, order: int = 2) -> Sound:
    """Keep what lies between two frequencies; 0 leaves that side open."""
    kinds: tuple[tuple[float, Literal["highpass", "lowpass"]], ...]
    kinds = (low, "highpass"), (high, "lowpass")
    for edge, kind in kinds:
        if 0 < edge < 0.49 * RATE:
            sound = signal.sosfilt(signal.butter(order, edge, kind, fs=RATE, output="sos"), sound)
    return sound


def resonate(sound: Sound, dry: float, *peaks: tuple[float, float, float]) -> Sound:
    """Add resonances (hertz, sharpness, gain): the body of a fiddle, the vowel of a throat."""
    out = dry * sound
    for hz, sharpness, gain in peaks:
        out += gain * signal.lfilter(*signal.iirpeak(hz, sharpness, RATE), sound)
    return out


def swell(time: Sound, attack: float, seconds: float, release: float) -> Sound:
    """Rise, hold until `seconds`, and fall to zero."""
    return np.clip(time / attack, 0, 1) * np.clip((seconds + release - time) / release, 0, 1)


def sung(rng: Rng, hz: float, time: Sound, vibrato: float) -> Sound:
    """Give the phase, in turns, of a tone whose vibrato sets in late, as players do it."""
    wobble = sine(rng.uniform(4.8, 6.0) * time + rng.random())
    return np.cumsum(hz * (1 + vibrato * np.clip(3 * time - 0.4, 0, 1) * wobble)) / RATE


def saw(turns: Sound, hz: float) -> Sound:
    """Draw a sawtooth, its steps rounded (PolyBLEP) so that it does not alias."""
    turn: Sound = turns % 1
    step = hz / RATE
    rise = np.clip(turn / step, 0, 1)
    fall = np.clip((turn - 1) / step, -1, 0)
    return 2 * turn - 1 + (1 - rise) ** 2 - (1 + fall) ** 2


# --- Instruments --------------------------------------------------------------------------------


def pluck(
    rng: Rng, hz: float, seconds: float, bright: float = 0.9, ring: float = 2, damp: float = 0.3
) -> Sound:
    """Pluck a string (Karplus-Strong with fractional tuning) that dies away in `ring` seconds."""
    time, period = clock(seconds + 0.06), RATE / hz - damp
    whole, part = int(period), period % 1
    loop = 0.001 ** (1 / (hz * ring)) * np.convolve([1 - damp, damp], [1 - part, part])
    attack = signal.lfilter([bright], [1, bright - 1], rng.normal(size=whole))[: len(time)]
    burst = np.zeros(len(time))
    burst[: len(attack)] = attack - 0.8 * np.roll(attack, int(0.17 * whole))  # where it is plucked
    out = signal.lfilter([1], np.concatenate([[1], np.zeros(whole - 1), -loop]), burst)
    return np.asarray(out * swell(time, 0.001, seconds, 0.06))


def lead(rng: Rng, hz: float, seconds: float, bend: float = 1, ring: float = 4) -> Sound:
    """Bend a string up to its pitch and shake it, by reading a plucked one at uneven speed."""
    out, time = pluck(rng, hz, seconds, ring=ring), clock(seconds + 0.06)
    speed = 1 + 0.006 * np.clip(2 * time - 0.5, 0, 1) * sine(5.6 * time)
    speed += (2 ** (-bend / 12) - 1) * np.exp(-time / 0.05)
    return np.interp(np.cumsum(speed), np.arange(len(out)), out)


def harpsichord(rng: Rng, hz: float, seconds: float) -> Sound:
    """Pluck a string and the one an octave above it."""
    return pluck(rng, hz, seconds, 0.9, 1.8, 0.2) + pluck(rng, 2 * hz, seconds, 0.5, 1.2, 0.2) / 2


def bowed(rng: Rng, hz: float, seconds: float, players: int = 5, attack: float = 0.07) -> Sound:
    """Bow one fiddle or a section of them."""
    time = clock(seconds + 0.18)
    out = 0.03 * band(rng.normal(size=len(time)), 1500, 6000)  # the hair on the string
    for own in hz * 2 ** rng.normal(0, 0.005, players):
        out += saw(sung(rng, own, time, 0.005) + rng.random(), own) / players**0.5
    body = (290, 3, 0.7), (480, 4, 0.6), (1100, 2, 0.4), (2700, 1.5, 0.3)
    out = resonate(band(out, 0, 900 + 3 * hz, 1), 0.4, *body)
    return out * swell(time, attack, seconds, 0.18)


def wind(rng: Rng, hz: float, seconds: float, edge: float = 3, breath: float = 0.06) -> Sound:
    """Blow a reed: louder is brighter, so the level drives a waveshaper."""
    time = clock(seconds + 0.07)
    level = swell(time, 0.035, seconds, 0.07) * (0.75 + 0.25 * np.exp(-time / 0.12))
    scoop = sung(rng, hz, time, 0.007) - 0.25 * np.exp(-time / 0.03) * hz / 300
    tone = np.tanh((0.6 + edge * level) * sine(scoop) + 0.5) - np.tanh(0.5)
    tone += breath * band(rng.normal(size=len(time)), 900, 6000)
    return resonate(tone, 0.4, (520, 2, 0.8), (1400, 2, 0.7), (3100, 2, 0.4)) * level


def voice(rng: Rng, hz: float, seconds: float, vowel: str = "") -> Sound:
    """Sing a vowel: a buzzing throat through the resonances of a mouth."""
    vowels = {"a": (730, 1150, 2600), "o": (480, 850, 2500), "e": (520, 1850, 2550)}
    first, second, third = vowels[vowel or rng.choice(list(vowels))]
    time = clock(seconds + 0.1)
    throat = band(saw(sung(rng, hz, time, 0.009) - 0.06 * np.exp(-time / 0.05), hz), 0, 3500, 1)
    throat += 0.05 * rng.normal(size=len(time)) * (1 + 6 * np.exp(-time / 0.02))
    mouth = (first, 6, 1), (second, 9, 0.9), (third, 12, 0.8), (3500, 9, 0.6)
    return resonate(throat, 0.03, *mouth) * swell(time, 0.03, seconds, 0.1)


def piano(rng: Rng, hz: float, seconds: float) -> Sound:
    """Hammer two strings, whose stiffness sharpens their upper partials."""
    time = clock(seconds + 0.12)
    out = 0.3 * np.exp(-time / 0.015) * band(rng.normal(size=len(time)), 200, 2500)
    for k in range(1, int(min(14, 9000 / hz)) + 1):
        turns = k * hz * np.sqrt(1 + 0.0004 * k * k) * time
        strength = k**-1.1 * abs(np.sin(0.38 * k)) * np.exp(-time * (0.8 + 0.5 * k))
        out += strength * (sine(turns) + sine(1.0006 * turns + 0.1))
    return out * swell(time, 0.003, seconds, 0.12)


def keys(rng: Rng, hz: float, seconds: float) -> Sound:
    """Play an electric piano (frequency modulation: a body and a short bright tine)."""
    time = clock(seconds + 0.15)
    turns = hz * time + rng.random()
    out = sine(turns + 0.25 * np.exp(-time / 0.5) * sine(turns))
    out += 0.5 * np.exp(-time / 0.12) * sine(turns + 0.15 * sine(7 * turns))
    out *= np.exp(-time / 1.6) * (1 + 0.2 * sine(4.6 * time))
    return out * swell(time, 0.003, seconds, 0.15)


def organ(rng: Rng, hz: float, seconds: float) -> Sound:
    """Draw the bars of an electric organ."""
    time = clock(seconds + 0.03)
    turns = sung(rng, hz, time + 1, 0.003)  # the rotor turns already
    bars = (0.5, 0.6), (1, 1), (1.5, 0.5), (2, 0.7), (3, 0.35), (4, 0.3), (6, 0.2), (8, 0.25)
    out = np.sum([gain * sine(k * turns) for k, gain in bars], axis=0)
    return np.asarray(np.tanh(0.6 * out) * swell(time, 0.004, seconds, 0.03))


def sub(rng: Rng, hz: float, seconds: float) -> Sound:
    """Play a bass that is little more than a sine."""
    time = clock(seconds + 0.05)
    return np.tanh(1.8 * sine(hz * time + rng.random())) * swell(time, 0.006, seconds, 0.05)


def drum(rng: Rng, hz: float, seconds: float) -> Sound:
    """Strike a skin that starts high and settles at its pitch: a kick, a tom."""
    time = clock(4 * seconds)
    skin = sine(hz * time + 0.06 * hz * (1 - np.exp(-time / 0.025))) * np.exp(-time / seconds)
    beater = band(rng.normal(size=len(time)), 1200, 7000) * np.exp(-time / 0.006)
    return (np.tanh(1.8 * skin) + 0.4 * beater) * swell(time, 0.001, 3.5 * seconds, seconds / 2)


def snare(rng: Rng, hz: float, seconds: float, wires: float = 1) -> Sound:
    """Strike a drum with wires below its skin."""
    time = clock(6 * seconds)
    skin = sine(hz * time) + 0.6 * sine(1.73 * hz * time) + 0.3 * sine(2.4 * hz * time)
    rattle = wires * band(rng.normal(size=len(time)), 1000, 7500, 1)
    out = skin * np.exp(-time / (0.6 * seconds)) + rattle * np.exp(-time / seconds)
    return out * swell(time, 0.001, 5 * seconds, seconds)


def cymbal(rng: Rng, hz: float, seconds: float) -> Sound:
    """Strike metal: noise above `hz` and a cluster of partials that fit no scale."""
    time = clock(5 * seconds)
    metal: Sound = sine(hz * rng.uniform(0.5, 2.2, (9, 1)) * time + rng.random((9, 1))).sum(0)
    wash = band(rng.normal(size=len(time)), hz, 11_000) + 0.08 * metal
    decay = 0.65 * np.exp(-time / seconds) + 0.35 * np.exp(-time / (0.15 * seconds))
    return wash * decay * swell(time, 0.001, 4 * seconds, seconds)


def clap(rng: Rng, hz: float, seconds: float) -> Sound:
    """Clap hands, none of them quite together."""
    time = clock(6 * seconds)
    claps: Sound = np.sum([np.exp(-abs(time - at) / 0.004) for at in (0.004, 0.014, 0.025)], axis=0)
    claps += 0.7 * np.exp(-np.maximum(time - 0.025, 0) / seconds) * (time > 0.025)
    claps *= swell(time, 0.002, 5 * seconds, seconds)
    return claps * band(rng.normal(size=len(time)), hz, 5 * hz)


def amplifier(drive: float, low: float = 90, high: float = 4200) -> Effect:
    """Give a valve amplifier and its cabinet; it works four times oversampled against aliasing."""

    def effect(sound: Sound) -> Sound:
        sound = band(sound, low)
        hot = signal.resample_poly(drive * sound / np.std(sound), 4, 1)
        cut = signal.resample_poly(np.tanh(hot + 0.3) - np.tanh(0.3), 1, 4)
        return band(resonate(cut, 0.7, (130, 1.5, 0.4), (2200, 1.5, 0.5)), low, high, 3)

    return effect


def echo(seconds: float) -> Effect:
    """Give a tape echo, duller at every return."""

    def effect(sound: Sound) -> Sound:
        out, tape, gap = sound.copy(), sound, int(seconds * RATE)
        for _ in range(5):
            tape = 0.42 * band(np.concatenate([np.zeros(gap), tape[:-gap]]), 250, 2800, 1)
            out += tape
        return out

    return effect


DOUBLE_BASS = partial(pluck, bright=0.22, ring=2.5, damp=0.45)
BASS_GUITAR = partial(pluck, bright=0.35, ring=2, damp=0.4)
STEEL_STRING = partial(pluck, ring=1.6, damp=0.25)
MUTED = partial(pluck, bright=0.7, ring=0.35, damp=0.4)
OPEN = partial(pluck, ring=5)
