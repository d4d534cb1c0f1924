"""From notes in text to a stereo mix, for `compose.py`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from instruments import RATE, Chord, Effect, Sound, Voice, band, clock, swell
from scipy import signal

# --- Sequencer ----------------------------------------------------------------------------------

SEED = 20

LOUD = {"X": 1.0, "x": 0.65, "o": 0.3}  # the marks of a rhythm; any other is a rest
QUALITIES = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14), "maj9": (0, 4, 7, 11, 14), "13": (0, 4, 10, 14, 21),
    "7b9": (0, 4, 7, 10, 13), "7#5": (0, 4, 8, 10), "dim": (0, 3, 6), "5": (0, 7),
}  # fmt: skip


def pitch(name: str) -> int:
    """Turn a name such as `c4`, `f#3` or `Bb` into a MIDI number (or a pitch class)."""
    letter, rest = name[0].lower(), name[1:]
    octave = 12 * (int(rest[-1]) + 1) if rest[-1:].isdigit() else 0
    return "c d ef g a b".index(letter) + rest.count("#") - rest.count("b") + octave


def chart(text: str, start: float = 0) -> list[Chord]:
    """Read bars of four beats such as `Cm9 | F13 Bb7`; the chords of a bar share it."""
    tune = []
    for bar, symbols in enumerate(text.split("|")):
        share = 4 / len(symbols.split())
        for k, symbol in enumerate(symbols.split()):
            cut = 2 if symbol[1:2] in ("b", "#") else 1
            root, shape = pitch(symbol[:cut]) % 12, QUALITIES[symbol[cut:]]
            tune.append((start + 4 * bar + k * share, share, root, shape))
    return tune


def near(classes: Iterable[int], centre: int) -> list[int]:
    """Place pitch classes in the octave about a centre, so that chords move by small steps."""
    return sorted(centre - 6 + (c - centre + 6) % 12 for c in classes)


class Song:
    """A stereo timeline in beats.

    Parameters
    ----------
    bpm, beats
        The tempo and the length.
    swing, grid
        The first half of every `grid` beats takes the share `swing` of it: 0.5 is straight.
    tail
        The seconds left to ring after the last beat.
    """

    def __init__(
        self, bpm: float, beats: float, swing: float = 0.5, grid: float = 1, tail: float = 2.5
    ) -> None:
        self.beat, self.swing, self.grid = 60 / bpm, swing, grid
        self.rng = np.random.default_rng(SEED)
        self.samples = int(RATE * (self.beat * beats + tail))
        self.parts: list[Part] = []

    def seconds(self, beat: float) -> float:
        """Say when a beat falls."""
        whole, rest = divmod(beat / self.grid, 1)
        late = 2 * rest * self.swing if rest < 0.5 else 1 - 2 * (1 - rest) * (1 - self.swing)
        return self.beat * self.grid * (whole + late)

    def master(
        self, loud: float, room: float = 1.2, high: float = 1e4, fade: float = 1.5, hiss: int = -60
    ) -> Sound:
        """Mix the parts, add the room and the tape, and bring it all to a loudness in dB."""
        mix, wet = np.zeros((2, self.samples)), np.zeros(self.samples)
        for part in self.parts:
            sound = part.mixed()
            mix += np.sqrt([[(1 - part.pan) / 2], [(1 + part.pan) / 2]]) * sound
            wet += part.wet * sound
        time = clock(room)
        for k in range(2):  # a room of its own for each ear makes it wide
            space = band(self.rng.normal(size=len(time)), 200, 5000, 1) * np.exp(-6.9 * time / room)
            space[: RATE // 80] = 0
            mix[k] += signal.fftconvolve(wet, space / np.sqrt(np.sum(space**2)))[: self.samples]
            mix[k] += 10 ** (hiss / 20) * np.std(mix[k]) * self.rng.normal(size=self.samples)
        mix = band(mix, 28, high)
        mix *= 10 ** (loud / 20) / np.std(mix)
        time = np.arange(self.samples) / RATE
        return (0.76 * np.tanh(mix / 0.76) * swell(time, 0.01, time[-1] - fade, fade) ** 1.5).T


class Part:
    """One player in a song.

    Parameters
    ----------
    song, voice
        Where the part belongs, and what plays it.
    level
        The loudness in dB while the part sounds, before the whole is brought to its own.
    pan, wet
        The place from -1 (left) to 1 (right), and the share sent into the room.
    effect
        Changes all that was played, as an amplifier does.
    feel
        The spread, in seconds, by which the notes come early or late.
    """

    def __init__(
        self, song: Song, voice: Voice, level: float, pan: float = 0, wet: float = 0.12,
        effect: Effect | None = None, feel: float = 0.005,
    ) -> None:  # fmt: skip
        self.song, self.voice, self.level, self.feel = song, voice, level, feel
        self.pan, self.wet, self.effect = pan, wet, effect
        self.sound = np.zeros(song.samples)
        song.parts.append(self)

    def mixed(self) -> Sound:
        """Give all that was played, through the effect and at its level."""
        sound = self.effect(self.sound) if self.effect else self.sound
        power: Sound = (sound[: len(sound) // 800 * 800].reshape(-1, 800) ** 2).mean(axis=1)
        heard = float(np.sqrt(power[power > 0.01 * power.max()].mean()))  # silence does not count
        return sound * 10 ** (self.level / 20) / heard

    def hit(self, beat: float, hz: float, seconds: float, loud: float = 1) -> None:
        """Play one sound, a little early or late and never twice equally loud."""
        tone = self.voice(self.song.rng, hz, seconds) * loud * self.song.rng.uniform(0.82, 1)
        first = int(RATE * max(0, self.song.seconds(beat) + self.song.rng.normal(0, self.feel)))
        room = self.sound[first : first + len(tone)]
        room += tone[: len(room)]

    def chord(
        self, beat: float, notes: Sequence[int], length: float, loud: float = 1, strum: float = 0
    ) -> None:
        """Play MIDI notes together, or one after the other `strum` beats apart."""
        seconds = self.song.seconds(beat + length) - self.song.seconds(beat)
        for k, note in enumerate(notes):
            self.hit(beat + k * strum, 440 * 2 ** ((note - 69) / 12), seconds, loud)

    def line(self, beat: float, text: str, loud: float = 1, up: int = 0) -> None:
        """Play a melody such as `c4/.5 e4 r/1`; a length holds until the next one is given."""
        length = 1.0
        for token in text.replace("|", " ").split():
            name, _, given = token.partition("/")
            length = float(given or length)
            if name != "r":
                self.chord(beat, [pitch(name) + up], 0.95 * length, loud)
            beat += length

    def riff(self, tune: Iterable[Chord], figure: str, low: int, loud: float = 1) -> None:
        """Repeat steps above each root, such as `0/.5 7 0+7/1`; `low` is the lowest root."""
        for start, total, root, _ in tune:
            beat, length = start, 1.0
            for token in itertools.cycle(figure.split()):
                names, _, given = token.partition("/")
                length = float(given or length)
                if beat + length > start + total:
                    break
                if names != "r":
                    base = low + (root - low) % 12
                    notes = [base + int(step) for step in names.split("+")]
                    self.chord(beat, notes, 0.95 * length, loud)
                beat += length

    def comp(
        self, tune: Iterable[Chord], rhythm: str, centre: int, length: float, step: float = 0.5,
        strum: float = 0, root: int = 0,
    ) -> None:  # fmt: skip
        """Play the chords to a rhythm of marks; `root` 1 leaves their roots to the bass."""
        for start, total, base, shape in tune:
            notes = near([base + i for i in shape[root:]], centre)
            for k in range(round(start / step), round((start + total) / step)):
                if loud := LOUD.get(rhythm[k % len(rhythm)]):
                    self.chord(k * step, notes, length, loud, strum)

    def hits(self, beat: float, rhythm: str, hz: float, seconds: float, step: float = 0.25) -> None:
        """Play a drum to a rhythm of marks."""
        for k, mark in enumerate(rhythm):
            if loud := LOUD.get(mark):
                self.hit(beat + k * step, hz * self.song.rng.uniform(0.98, 1.02), seconds, loud)
