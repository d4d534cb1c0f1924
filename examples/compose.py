"""Compose and render eight short pieces, one per style, as example music for Earmark.

Every piece is an original composition, synthesised from arithmetic and seeded noise alone: no
recording and no melody of an existing work is used. The pieces are dedicated to the public domain
(CC0 1.0), and the tags of each file say so.

    python examples/compose.py [--only STYLE] [--into FOLDER]
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile as sf
from instruments import (
    BASS_GUITAR,
    DOUBLE_BASS,
    MUTED,
    OPEN,
    RATE,
    STEEL_STRING,
    Sound,
    amplifier,
    band,
    bowed,
    clap,
    cymbal,
    drum,
    echo,
    harpsichord,
    keys,
    lead,
    organ,
    piano,
    pluck,
    snare,
    sub,
    voice,
    wind,
)
from sequencer import Part, Song, chart, near

COMPRESSION = 0.87  # of the Vorbis encoder: 0 is the best sound, 1 the smallest file


# --- The pieces ---------------------------------------------------------------------------------


def classical() -> Sound:
    """Play a little fugue in D minor: alto, soprano and bass enter in turn, then go home."""
    song = Song(86, 48, tail=3)
    subject = "d4/1 f4/.5 e4 d4 c#4 d4/1 | bb4/.5 a4 g4 bb4 a4 g4 f4 e4 |"
    alto = Part(song, bowed, -18, 0.1, 0.5, feel=0.012)
    alto.line(0, subject + "c4/.5 d4 e4/1 f4/.5 d4 c4/1 | a3/.5 d4 f4/1 g#4 e4")
    alto.line(16, "a4/2 g4/.5 e4 a4/1 | g4 d4 e4 c#4 | a4 f4 g4/.5 f#4 g4 d4 | g4/1 e4 f4/.5 e4")
    alto.line(31, "f4/.5 c4 | f4/1 d4 e4/.5 d4 e4 bb3 | e4/1 c#4 a4 g4 | a4 bb4 a4 g4 | f#4/4")
    soprano = Part(song, bowed, -16, -0.4, 0.5, feel=0.012)
    soprano.line(8, subject, up=7)
    soprano.line(16, "f5/.5 g5 a5/1 bb5/.5 g5 f5/1 | d5/.5 g5 bb5/1 e5/.5 a5 g5/1")
    soprano.line(24, "f5/.5 e5 d5 a4 bb4/1 d5 | e5/.5 d5 c5 g4 a4/1 c5 | d5/.5 c5 bb4 f4 g4/1 bb4")
    soprano.line(36, "a4/.5 c#5 e5 g5 f5 e5 d5 c#5 | f5 e5 d5 g5 e5 d5 c#5/1 | d5/4", 1.1)
    bass = Part(song, partial(bowed, players=3), -17, 0.45, 0.4, feel=0.012)
    bass.line(16, subject, up=-12)
    bass.line(24, "d3/1 f3 g3 g2 | c3 e3 f3 f2 | bb2 d3 e3 g3 | a2/4 | f3/1 g3 a3 a2 | d3/4", 1.1)
    bass.line(44, "d2/4")
    bars = "Dm A Dm Dm | Gm Gm A A | Am E Am Am | Dm Dm E E | Dm A Dm Dm | Gm Gm A A | Dm Gm | C F"
    tune = chart(bars + "| Bb Edim | A A7 | Dm Gm A A7 | D")
    continuo = Part(song, harpsichord, -23, -0.1, 0.4, feel=0.01)
    continuo.riff(tune, "0/1", 38, 0.8)
    continuo.comp(tune[:8], "x", 62, 1, 1, strum=0.04)
    continuo.comp(tune[-1:], "X...", 62, 4, 1, strum=0.06)
    for beat, length, root, shape in tune[8:-1]:  # broken chords once the second voice is in
        notes = near([root + i for i in shape], 65)
        for k in range(int(4 * length)):
            continuo.chord(beat + k / 4, [notes[(0, 1, 2, 1)[k % 4]]], 0.3, 0.7)
    return song.master(-20, room=2.4, high=8000, fade=2.5)


def jazz() -> Sound:
    """Play as a swing quartet: an intro, a tenor chorus, a piano chorus and a last chord."""
    song = Song(152, 80, swing=0.65, tail=1.2)
    chorus = "Bbmaj9 | G7b9 | Cm9 | F13 | Ebmaj9 | Ebm9 Ab13 | Dm9 G7b9 | Cm9 F13"
    tune, last = chart(f"Cm9 | F13 | {chorus} | {chorus} | Cm9 F13"), chart("Bbmaj9", 76)
    bass = Part(song, DOUBLE_BASS, -16, 0.05, 0.1, feel=0.008)
    for (beat, length, root, shape), follow in itertools.pairwise(tune + last):
        low, goal = near([root], 34)[0], near([follow[2]], 34)[0]
        walk = [low, *(low + shape[1 + k % 2] for k in range(int(length) - 2))]
        for k, note in enumerate([*walk, goal + song.rng.choice([-1, 1])]):  # lead into the next
            bass.chord(beat + k, [note], 0.97, 1 - 0.2 * (k % 2))
    bass.line(76, "bb1/4")
    hands = Part(song, piano, -22, 0.4, 0.2, feel=0.01)
    hands.comp(tune, "x..o......x........x..o.x......x", 62, 0.8, root=1)
    hands.comp(last, "x.......", 65, 4, strum=0.06)
    solo = "d5/.5 c5 bb4 a4 f4 a4 c5 d5 | b4 d5 f5 ab5 g5 f5 d5 b4 | c5 eb5 g5 bb5 a5 g5 f5 eb5 |"
    solo += "d5 c5 a4 gb4 f4/1 r | r/.5 g4 bb4 d5 f5/1 eb5/.5 d5 | gb5 f5 eb5 db5 c5 eb5 gb5 ab5 |"
    hands.line(40, solo + "a5/1 f5/.5 e5 d5 b4 ab4 f4 | eb4 g4 bb4 d5 c5 a4 bb4/1", 2.2)
    tenor = Part(song, partial(wind, edge=1.8, breath=0.08), -16, -0.25, 0.25, feel=0.012)
    tenor.line(8, "r/.5 f4 a4 c5/1 d5/.5 a4/1 | ab4/.5 b4 d5/1 f5/.5 d5/1.5 | eb5 d5/.5 c5 bb4")
    tenor.line(19, "g4/1 | a4/.5 g4 eb4 d4/1.5 r/1 | r/.5 bb4 d5 f5/1 g5/.5 d5/1 | gb5 f5/.5 eb5")
    tenor.line(30, "c5/1 bb4 | a4/.5 c5 e5 f5 ab4 b4 d5/1 | eb5/.5 c5 a4 g4 f4/1 r")
    tenor.line(72, "eb4/.5 g4 bb4 c5 a4 g4 eb4 f4 | d4/4")
    Part(song, cymbal, -30, 0.3).hits(0, "x.xo" + "Xxx." * 18 + "X", 4200, 0.4, 0.5)
    Part(song, cymbal, -36, -0.3).hits(0, "..x." * 38, 6500, 0.04, 0.5)
    brush = Part(song, partial(snare, wires=1.6), -28, -0.1, 0.2, feel=0.01)
    brush.hits(8, "...o...x.o....o.....x..o..o..oxx" * 4, 190, 0.07, 0.5)
    Part(song, drum, -25).hits(0, "o.x." * 38 + "x", 62, 0.1, 0.5)
    return song.master(-18, high=7500, hiss=-50)


def blues() -> Sound:
    """Play a shuffle in E: a turnaround, twelve bars of question and answer, a ninth to end on."""
    song = Song(103, 56, swing=0.665, tail=1)
    tune = chart("B7 | E7 | A7 | E7 | E7 | A7 | A7 | E7 | E7 | B7 | A7 | E7 | B7")
    bass = Part(song, BASS_GUITAR, -15, 0, 0.05)
    bass.riff(tune, "0/1 4 7/.5 7 9/1", 28)
    bass.line(52, "e1/4")
    rhythm = Part(song, OPEN, -19, -0.4, effect=amplifier(1, high=3500))
    rhythm.riff(tune[1:], "0+7/.5 0+7 0+9 0+9 0+7 0+7 0+10 0+9", 40)
    solo = Part(song, lead, -15, 0.15, 0.3, amplifier(2.2, high=3800))
    solo.line(0, "b4/.5 a4 f#4 a4 b4 bb4 a4 f#4 | r/1 b4/.5 d5 e5/1 d5/.5 b4 | a4 g4 a4/1.5 r", 0.9)
    solo.line(12, "r/.5 e4 g4 g#4 b4/1 d5/.5 b4 | e5/2 r | g5/.5 e5 d5 c#5 e5/1 a4")
    solo.line(24, "r/1 c5/.5 c#5 e5/1 d5/.5 a4 | b4/1.5 g4/.5 e4/1 r | r b4/.5 bb4 a4 g4 e4/1")
    solo.line(36, "f#5/1 d#5/.5 b4 a4/1 f#4 | e5 c#5/.5 a4 g4/1 e4 | e5/.5 d5 b4 bb4 a4 g4 e4/1")
    solo.line(48, "b3/.5 d#4 f#4 a4 b4/1 r | e5/4")
    upright = Part(song, piano, -22, 0.45, 0.15, feel=0.009)
    upright.comp(tune[1:], ".....x....x..xo.", 60, 0.4)
    upright.comp(chart("E9", 52), "x.......", 62, 4, strum=0.05)
    Part(song, cymbal, -31, 0.3).hits(0, "XoxoXoxo" * 13 + "X", 5200, 0.15, 0.5)
    Part(song, snare, -21, -0.05, 0.2).hits(0, "..X...X." * 12 + "x.X..xXX", 185, 0.1, 0.5)
    Part(song, drum, -18).hits(0, "X...X..x" * 13 + "X", 55, 0.14, 0.5)
    return song.master(-15, high=7500, hiss=-48)


def metal() -> Sound:
    """Play a gallop in E minor, a chorus of twin leads over double kicks, a half-time collapse."""
    song = Song(172, 92, tail=2)
    gallop = "e2/.5 e2/.25 e2 e2/.5 e2/.25 e2 e2/.5 e2/.25 e2 r/1"
    chorus = chart("E5 | E5 | C5 | D5 | E5 | G5 | A5 | B5", 32)
    end = chart("E5 | F5 G5 | E5", 80)
    for side in (-0.85, 0.85):  # both guitars play it all, never quite alike
        palm = Part(song, MUTED, -17, side, 0.05, amplifier(9, high=4800))
        chords = Part(song, OPEN, -15, side, 0.08, amplifier(9, high=4800))
        for bar, up in itertools.product((0, 8, 16, 24, 64, 72), (0, 7)):
            palm.line(bar, f"{gallop} {gallop}", up=up)
            chords.line(bar, "r/3 g2/.5 f#2 r/3 bb2/.5 a2", up=up)
        chords.riff(chorus, "0+7+12/1.5 0+7+12 0+7+12/1", 40)
        chords.riff(end, "0+7+12/2", 40)
    bass = Part(song, BASS_GUITAR, -16, 0, 0, amplifier(2, 40, 2500))
    bass.riff(chart("E5 | E5 | E5 | E5 | E5 | E5", 8), "0/.5 0/.25 0", 28)
    bass.riff(chorus + chart("E5 | E5 | E5 | E5", 64) + end, "0/.5", 28)
    first = Part(song, lead, -16, -0.35, 0.3, amplifier(6))
    first.line(32, "b4/1 e5/.5 f#5 g5/1 f#5/.5 e5 | b5/3 a5/.5 g5 | e5/1.5 g5 c6/1 | a5 f#5 d5/2")
    second = Part(song, lead, -17, 0.35, 0.3, amplifier(6))
    second.line(32, "g4/1 b4/.5 d5 e5/1 d5/.5 b4 | g5/3 f#5/.5 e5 | c5/1.5 e5 g5/1 | f#5 d5 a4/2")
    for player, up in ((first, 0), (second, -12)):
        player.line(48, "g5/.5 f#5 e5 b4 e5 f#5 g5 b5 | d6/2 b5 | c6/1 a5 e6 c6 | b5/4", up=up)
    kick, snr = Part(song, drum, -14, 0, 0.03), Part(song, snare, -14, 0, 0.15)
    kick.hits(8, "X.xxX.xxX.xxX.x." * 6 + "Xxxx" * 32 + "X.xxX.xxX.xxX.x." * 4, 60, 0.09)
    kick.hits(80, "X.....x.X.xx....X...x...X.x.xxxxX", 60, 0.09)
    snr.hits(8, "....X.......X..." * 5 + "....X...X.x.XxXX" + "..X." * 32, 210, 0.11)
    snr.hits(64, "........X......." * 5 + "........X...XXXXX", 210, 0.12)
    crash = Part(song, cymbal, -24, 0.3, 0.1)
    crash.hits(8, "X.x.x.x.x.x.x.x." * 3 + "Xxxxxxxx" * 4 * 2 + "X.x.x.x." * 4, 4300, 0.25, 0.5)
    crash.hits(80, "X.x.X.x.X", 3200, 1, 1)
    return song.master(-13.5, room=0.9, high=9500, fade=1.5)


def disco() -> Sound:
    """Play four on the floor: the groove, strings over it, a breakdown, and everyone home."""
    song = Song(119, 68, tail=1)
    tune, last = chart(" | ".join(["Fmaj9 | G13 | Em7 | Am9"] * 4)), chart("Am9", 64)
    Part(song, drum, -14, 0, 0.02).hits(0, "X..." * 40 + "." * 32 + "X..." * 17, 58, 0.12)
    Part(song, clap, -22, 0.05, 0.25).hits(4, "....X..." * 30, 1200, 0.06)
    Part(song, snare, -20, 0, 0.2).hits(4, "....X..." * 28 + "x.xxX.xxXxXxXXXX", 200, 0.09)
    Part(song, cymbal, -27, 0.25, 0.05).hits(0, "..X." * 64, 6000, 0.08)
    Part(song, cymbal, -32, -0.3, 0.05).hits(8, "xoxo" * 56, 8000, 0.025)
    Part(song, cymbal, -27, 0.1, 0.2).hits(0, "X....", 3800, 0.9, 16)
    Part(song, cymbal, -27, 0.1, 0.2).hits(16, "XXXX", 3800, 0.9, 16)
    bass = Part(song, BASS_GUITAR, -13, 0, 0)
    bass.riff(tune, "0/.5 12 0 12 0 12 0/.25 7 12/.5", 28)
    bass.riff(last, "0/4", 28)
    chuck = Part(song, MUTED, -21, 0.5, 0.1)
    chuck.comp(tune, "x.oxo.xox.oxx.xo", 66, 0.18, 0.25, strum=0.015)
    rhodes = Part(song, keys, -20, -0.4, 0.15)
    rhodes.comp(tune[4:], "x..x..x...x.x...", 60, 0.5, 0.25)
    rhodes.comp(last, "x...", 60, 4, 1)
    strings = Part(song, bowed, -16, -0.2, 0.4, feel=0.012)
    theme = "r/.5 c5 e5 g5 a5/1 g5/.5 e5 | f5/1.5 e5/.5 d5/1 b4 | r/.5 b4 d5 e5 g5/1 f#5/.5 d5 |"
    climb = "a5/1.5 g5/.5 e5/1 c5 | b5/1.5 a5/.5 g5/1 d5 | g5/.5 f#5 e5 d5 b4/1 d5 | a5/4"
    for up in (0, 12):
        strings.line(16, theme + "e5/2 a4/.25 b4 c5 d5 e5 f5 g5 g#5 |" + climb, 0.8, up)
        strings.line(48, theme + "e5/1 g5 a4/.25 b4 c5 d5 e5 f5 g5 g#5 | a5/4", 1, up)
    Part(song, partial(bowed, attack=0.25), -22, 0.3, 0.4).comp(tune[4:] + last, "x...", 64, 3.9, 1)
    choir = Part(song, partial(voice, vowel="a"), -19, 0.2, 0.4, feel=0.015)
    choir.comp(tune[8:], "...x..x....x....", 69, 0.7, 0.25)
    return song.master(-15, room=1.3, high=10_000)


def hiphop() -> Sound:
    """Play a dusty two-bar loop with its crackle, then boom-bap drums, a sub and chopped voices."""
    song = Song(91, 52, swing=0.58, grid=0.5, tail=1)
    rhodes = Part(song, keys, -18, -0.15, 0.25, partial(band, low=180, high=4000))
    horn = Part(song, partial(wind, edge=1.5), -20, 0.25, 0.5, partial(band, low=180, high=3200))
    low, hat = Part(song, sub, -15, 0, 0), Part(song, cymbal, -21, 0.2, 0.03)
    kick, snr = Part(song, drum, -13, 0, 0.02), Part(song, snare, -11, 0, 0.12)
    chops = Part(song, voice, -13, 0.1, 0.15)
    for beat in range(0, 48, 8):
        bars = chart("Dm9 | Bbmaj9 A7#5", beat)
        rhodes.comp(bars, "x.....x...x.....", 62, 1.6, 0.25, strum=0.02, root=1)
        horn.line(beat, "r/1.5 a4/.5 c5 d5 f5/1 | e5/.5 d5 a4/1 r/.5 g4 c#5/1", 0.9)
        if beat:
            low.riff(bars, "0/.75 r/.5 0/.25 r/.5", 30)
            hat.hits(beat, "X.x.X.xoX.x.X.xx" * 2, 6500, 0.04)
            half = slice(17 if beat == 32 else 32)  # the drums leave room for one bar
            kick.hits(beat, "X......x.xX.....X.x....x.X.x...."[half], 52, 0.16)
            snr.hits(beat, "....X.......X..o....X..o....X..."[half], 175, 0.11)
        for k, mark in enumerate("x.xx.xx.x.xx.x..x.x.xxx.xx.x.x.." if beat >= 16 else ""):
            if mark == "x":
                note = 45 + song.rng.choice([0, 2, 3, 5, 7]) - 3 * (k % 16 > 11)
                chops.chord(beat + k / 4, [note], song.rng.uniform(0.2, 0.45))
    rhodes.comp(chart("Dm9", 48), "x...", 62, 4, 1, strum=0.05)
    low.line(48, "d2/3")
    crackle = Part(song, snare, -38, 0, 0)
    for beat in np.cumsum(song.rng.exponential(0.12, 400)):
        crackle.hit(beat, 3000, 0.001, song.rng.exponential())
    return song.master(-15, room=0.8, hiss=-50)


def reggae() -> Sound:
    """Play one drop: a deep bass, off-beat guitar and organ, a melodica through tape echo."""
    song = Song(75, 46, swing=0.55, grid=0.5, tail=0.5)
    tune = chart("Am7 | Am7 | Dm7 | Am7 | F | G | Am7 | G | Am7 | Dm7 | G", 2)
    Part(song, snare, -18, 0, 0.3).hits(0, "x.ooX.xxX.XX", 230, 0.08, 1 / 6)
    bass = Part(song, partial(pluck, bright=0.12, ring=3, damp=0.48), -11, 0, 0, feel=0.008)
    bass.riff(tune, "0/.75 0/.25 r/.5 7 12 10/.25 7 r/.5 0", 28)
    Part(song, STEEL_STRING, -18, 0.4, 0.15).comp(tune, ".X", 67, 0.22, strum=0.01)
    Part(song, organ, -21, -0.4, 0.15).comp(tune, ".oxo", 60, 0.2, 0.25)
    Part(song, piano, -22, 0.15, 0.2).comp(tune, ".x", 64, 0.25)
    Part(song, drum, -14, 0, 0.02).hits(2, ".x" * 22, 50, 0.16, 1)
    Part(song, snare, -18, 0.1, 0.3).hits(2, ".X" * 22, 420, 0.035, 1)
    Part(song, cymbal, -26, -0.25, 0.05).hits(2, "x.xoX.xo" * 22, 6500, 0.04)
    melodica = Part(song, partial(wind, edge=4, breath=0.1), -17, -0.1, 0.25, echo(0.6))
    melodica.line(6, "r/1 e5/.5 d5/.25 c5 a4/1 r | f5/.75 e5/.25 d5/.5 c5 a4/1 r | c5/.5 e5 g5/.75")
    melodica.line(16, "e5/.25 a4/1 r/1.25 a4/.5 c5 f5 e5/1 c5 | d5/.75 b4/.25 g4/1 r/2 | a4/.5 c5")
    melodica.line(27, "e5/1.5 d5/.5 c5/1 | b4/.5 d5 g4/1 r/2 | e5/.75 e5/.25 d5/.5 c5 a4/2")
    singers = Part(song, partial(voice, vowel="o"), -19, 0.25, 0.35, feel=0.015)
    singers.comp(tune[4:], "x.....x.", 64, 1.4)
    return song.master(-16, room=1.5, high=9500, fade=5, hiss=-52)


def country() -> Sound:
    """Play boom-chick in G: a fiddle takes the first half, a picked guitar the second."""
    song = Song(116, 68, tail=1)
    tune = chart("G | G | C | G | G | Em | A7 | D7 | G | G7 | C | C | G | D7 | G | G")
    last = chart("G", 64)
    bass = Part(song, DOUBLE_BASS, -15, 0, 0.05)
    bass.riff(tune, "0/1 r -5 r", 33)
    bass.riff(last, "0/4", 31)
    guitar = Part(song, STEEL_STRING, -19, -0.4, 0.1)
    guitar.comp(tune, "..Xo", 62, 0.6, strum=0.02)
    guitar.comp(last, "X...", 62, 4, 1, strum=0.03)
    banjo = Part(song, partial(pluck, ring=0.5, damp=0.2), -20, 0.45, 0.1)
    for beat, length, root, shape in tune:
        roll = [*near([root + i for i in shape[:3]], 65), 69 if root in (2, 9) else 67]
        for k in range(int(4 * length)):
            banjo.chord(beat + k / 4, [roll[(0, 2, 1, 3, 2, 0, 1, 3)[k % 8]]], 0.3, 1 - k % 2 / 3)
    fiddle = Part(song, partial(bowed, players=1, attack=0.04), -15, -0.15, 0.2, feel=0.01)
    fiddle.line(0, "d5/1 b4/.5 d5 g5/1 d5 | e5/.5 d5 b4 a4 g4/2 | e5/1 e5/.5 g5 a5 g5 e5/1 | d5/3")
    fiddle.line(16, "b4/.5 c5 d5 e5 g5/1 b5 | b5/.5 a5 g5/1 e5/2 | c#5/.5 e5 g5 a5 e5/1 c#5 | d5/2")
    fiddle.line(48, "b4/2 d5 | c5 a4 | b4 e5 | d5 g5 | g5/4", 0.7)
    twang = Part(song, partial(lead, bend=0.3, ring=2), -15, 0.15, 0.15, amplifier(0.8))
    twang.line(32, "g4/.5 b4 d5 b4 e5/1 d5 | f5/.5 d5 b4 g4 b4/1 d5 | c5/.5 e5 g5 e5 a5/1 g5")
    twang.line(44, "e5/.5 d5 c5 a4 g4/2 | b4/.5 bb4 b4 d5 g5/1 e5 | f#5/.5 e5 d5 c5 a4/1 f#4")
    twang.line(56, "g4/.5 a4 b4 d5 g5/2 | d5/.5 b4 a4 g4 e4 f#4 g4/1 | g3/4")
    Part(song, partial(bowed, players=2, attack=0.3), -22, 0.3, 0.35).comp(tune, "x...", 67, 3.8, 1)
    train = "oox.ooxo" * 28 + "oox.oxxXXxXxXXXXX"
    Part(song, partial(snare, wires=1.5), -23, 0, 0.1).hits(4, train, 200, 0.06)
    Part(song, drum, -17).hits(0, "X.......x......." * 16 + "X", 58, 0.12)
    return song.master(-16, high=9000, hiss=-54)


PIECES: dict[Callable[[], Sound], str] = {
    classical: "Morning Fugue",
    jazz: "Lamplight",
    blues: "Wet Shoes",
    metal: "Ironmonger",
    disco: "Mirrorball",
    hiphop: "Dust Jacket",
    reggae: "Low Tide",
    country: "Gatepost",
}


def write(path: Path, tags: dict[str, str], sound: Sound) -> None:
    """Write a stereo piece as Ogg Vorbis, with its tags."""
    with sf.SoundFile(path, "w", RATE, 2, "VORBIS", None, "OGG", True, COMPRESSION) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        for block in np.array_split(sound, len(sound) // RATE):  # the encoder dislikes long ones
            file.write(block)


def main() -> None:
    """Render the pieces that are asked for."""
    parser = argparse.ArgumentParser(description="Render the example music as Ogg Vorbis.")
    parser.add_argument("--only", choices=[piece.__name__ for piece in PIECES], help="one style")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "audio")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    for piece, title in PIECES.items():
        style = piece.__name__
        if options.only in (None, style):
            path = options.into / f"{style}_{title.lower().replace(' ', '_')}.ogg"
            tags = {"title": title, "artist": "Earmark examples", "genre": style}
            tags["license"] = "https://creativecommons.org/publicdomain/zero/1.0/"
            sound = piece()
            write(path, tags | {"comment": "Synthetic; CC0"}, sound)
            kilobytes = path.stat().st_size / 1000
            print(f"{path.name:28}{len(sound) / RATE:5.1f} s {kilobytes:5.0f} kB", flush=True)


if __name__ == "__main__":
    main()
