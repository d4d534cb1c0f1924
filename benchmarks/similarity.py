"""Measure how well what sounds alike is found, and by what one recording is known again.

    python benchmarks/similarity.py [--seeds 5] [--data ../shared/data] [--into RESULTS]

Scores both spaces that ship and two that are simpler by five artist folds of GTZAN: a song of the
fold held out is asked about, what can be found are the other songs of that fold, the query's artist
is left out, and all that learns is fitted on the other folds. Measures by what segments tell that
two files hold one recording: exact duplicates and songs that GTZAN holds twice, cuts and other
encodings of its excerpts, and pairs of different songs. Writes ``similarity.json`` and
``similarity.md``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from earmark.audio import load
from earmark.datasets import FeatureTable, Fold, group_folds, gtzan, load_dataset
from earmark.evaluation import (
    Likeness,
    Retrieval,
    Split,
    by_segments,
    by_vectors,
    mean_difference,
    retrieve,
    tracks_of,
)
from earmark.features import SAME_RECORDING, SEGMENT_BANDS, extract, recording_likeness
from earmark.features._segments import quantise_segments
from earmark.identity import same_sound
from earmark.models._space_fitting import unit
from earmark.models._transform import fit_transform
from earmark.models.recipe import fit_space, load_space_recipe
from earmark.types import AudioArray, Float32Array, FloatArray
from earmark.workflows.spaces import load_space_rows

NAMES = ("random", "timbre", "discriminant analysis", "style")
Song = npt.NDArray[np.uint8]


def _random(fold: Fold) -> Likeness:
    rng = np.random.default_rng(int(fold.test[0]))
    scores = rng.random((len(fold.test), len(fold.test)))
    return lambda song, asked: np.where(asked, scores[song], -np.inf)


def likenesses(
    tracks: FeatureTable, segments: FeatureTable
) -> dict[str, Callable[[Fold], Likeness]]:
    """Return what is compared, each fitted to the training rows of a fold."""
    style, timbre = load_space_recipe("style"), load_space_recipe("timbre")
    _, numbers = tracks_of(segments)

    def by_style(fold: Fold) -> Likeness:
        return by_vectors(fit_space(style, tracks.select(fold.train)).embed(tracks.X[fold.test]))

    def by_timbre(fold: Fold) -> Likeness:
        fitted = fit_space(timbre, segments.select(np.isin(numbers, fold.train)))
        rows = np.flatnonzero(np.isin(numbers, fold.test))
        songs = np.searchsorted(fold.test, numbers[rows])
        return by_segments(fitted.embed(segments.X[rows]), songs)

    def by_discriminants(fold: Fold) -> Likeness:
        transform = fit_transform(
            tracks.X[fold.train],
            function="log",
            patterns=style.log_columns,
            names=tracks.names,
            clip=style.clip,
        )
        Z = transform(tracks.X)
        lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.6)
        lda.fit(Z[fold.train], tracks.labels[fold.train])
        directions: FloatArray = lda.scalings_[:, : len(tracks.classes) - 1]
        return by_vectors(unit((Z[fold.test] - Z[fold.train].mean(axis=0)) @ directions))

    return dict(zip(NAMES, (_random, by_timbre, by_discriminants, by_style), strict=True))


def split_of(tracks: FeatureTable, *, n_folds: int, seed: int) -> Split:
    """Deal the artists into folds, as the protocol ``artist`` does for five."""
    folds = group_folds(tracks.labels, tracks.groups["artist"], n_folds=n_folds, seed=seed)
    return Split("artist", tracks, folds, seed, "artist")


def measure_spaces(data: Path, seeds: range) -> dict[str, Any]:
    """Score everything under several folds."""
    dataset = f"gtzan:{data / 'gtzan'}"
    tracks = load_dataset(dataset, feature_set="gtzan943")
    segments = load_space_rows(dataset, load_space_recipe("timbre"))
    if not np.array_equal(tracks_of(segments)[0].labels, tracks.labels):
        raise SystemExit("segments and tracks are not of the same excerpts in the same order")
    found: dict[str, Any] = {}
    at_seed_0: dict[str, Retrieval] = {}
    for name, likeness in likenesses(tracks, segments).items():
        runs = [retrieve(split_of(tracks, n_folds=5, seed=s), likeness) for s in seeds]
        three = retrieve(split_of(tracks, n_folds=3, seed=0), likeness)
        at_seed_0[name] = runs[0]
        found[name] = {
            **runs[0].to_dict(),
            "genre_precision_by_seed": [float(run.precision.mean()) for run in runs],
            "of_ceiling_by_seed": [float(r.precision.sum() / r.ceiling.sum()) for r in runs],
            "three_folds": three.to_dict(),
            "by_genre": {
                genre: {
                    "precision": float(
                        runs[0].precision[tracks.labels[runs[0].songs] == genre].mean()
                    ),
                    "ceiling": float(runs[0].ceiling[tracks.labels[runs[0].songs] == genre].mean()),
                }
                for genre in tracks.classes
            },
        }
        print(name, found[name]["genre_precision"], file=sys.stderr)
    style, timbre = at_seed_0["style"], at_seed_0["timbre"]
    difference = mean_difference(style.precision, timbre.precision, groups=style.artists)
    return {
        "n": len(tracks),
        "spaces": found,
        "style_less_timbre": {
            "value": difference.value,
            "low": difference.low,
            "high": difference.high,
        },
    }


def encoded(y: AudioArray, sr: int, *, bit_rate: int) -> Float32Array:
    """Encode a signal as MP3 and decode it again."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=sr)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        samples = np.clip(np.asarray(y) * 32_767, -32_768, 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = sr
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    buffer.seek(0)
    with av.open(buffer, "r") as source:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=sr)
        frames = [
            part.to_ndarray()[0] for f in source.decode(audio=0) for part in resampler.resample(f)
        ]
    return np.concatenate(frames).astype(np.float32)


def _bands(y: AudioArray, sr: int) -> Song:
    signal = np.ascontiguousarray(y, dtype=np.float32)
    return extract(signal, sr=sr, sets=(SEGMENT_BANDS.name,))[SEGMENT_BANDS.name].T


Pair = tuple[float, bool]
"""Likeness, and whether the rule of `earmark.recommend` says that it is one recording."""


def _compare(first: Song, second: Song) -> Pair:
    return recording_likeness(first, second), same_sound(first, second)


def copies(folder: Path) -> dict[str, list[Pair]]:
    """Compare whole excerpts with copies of themselves."""
    made: dict[str, Callable[[AudioArray, int], AudioArray]] = {
        "a third as loud": lambda y, sr: y * 0.3,
        "MP3 at 128 kbit/s": lambda y, sr: encoded(y, sr, bit_rate=128_000),
        "MP3 at 64 kbit/s": lambda y, sr: encoded(y, sr, bit_rate=64_000),
        "MP3 at 32 kbit/s": lambda y, sr: encoded(y, sr, bit_rate=32_000),
        "begun 0.05 s later": lambda y, sr: y[sr // 20 :],
        "begun 0.5 s later": lambda y, sr: y[sr // 2 :],
        "begun 1.5 s later": lambda y, sr: y[3 * sr // 2 :],
        "begun 3 s later": lambda y, sr: y[3 * sr :],
        "its first 20 s": lambda y, sr: y[: 20 * sr],
    }
    found: dict[str, list[Pair]] = {name: [] for name in made}
    for path in sorted(folder.glob("*.flac")):
        y, sr = load(path)
        song = _bands(y, int(sr))
        for name, change in made.items():
            found[name].append(_compare(song, _bands(change(y, int(sr)), int(sr))))
    return found


def _summary(pairs: list[Pair]) -> dict[str, float]:
    values = np.array([likeness for likeness, _ in pairs])
    return {
        "n": len(pairs),
        "least": float(values.min()),
        "median": float(np.median(values)),
        "largest": float(values.max()),
        "at_or_above": int((values >= SAME_RECORDING).sum()),
        "same_sound": sum(same for _, same in pairs),
    }


def measure_recordings(data: Path) -> dict[str, Any]:
    """Measure the likeness of pairs that are one recording, and of pairs that are not."""
    table = load_dataset(f"gtzan:{data / 'gtzan'}", feature_set="bands", faulty=True)
    tracks, numbers = tracks_of(table)
    ids = [one.rpartition("#")[0] for one in tracks.ids.tolist()]
    songs = [quantise_segments(table.X[numbers == number]) for number in range(len(ids))]
    artists, copies_of = tracks.groups["artist"], tracks.groups["duplicate"]
    place = {name: number for number, name in enumerate(ids)}
    titles = {
        t.id: (t.artist.lower(), t.title.lower()) for t in gtzan.CORPUS.tracks(data / "gtzan")
    }
    kinds: dict[str, list[Pair]] = {
        kind: []
        for kind in ("exact duplicates", "one title by one artist", "one artist", "other artists")
    }
    nearest: list[tuple[float, str, str]] = []
    for i in range(len(ids)):
        for j in range(i + 1, len(ids)):
            pair = _compare(songs[i], songs[j])
            if copies_of[i] == copies_of[j]:
                kind = "exact duplicates"
            elif titles[ids[i]] == titles[ids[j]] and titles[ids[i]][1]:
                kind = "one title by one artist"
            else:
                kind = "one artist" if artists[i] == artists[j] else "other artists"
                nearest.append((pair[0], ids[i], ids[j]))
            kinds[kind].append(pair)
    beginnings = []
    for path in sorted((data / "gtzan/audio/first_15_20s").glob("*.flac")):
        if path.stem in place:
            y, sr = load(path)
            beginnings.append(_compare(_bands(y, int(sr)), songs[place[path.stem]]))
    kinds["first 15 to 20 s as audio, and the archive"] = beginnings
    kinds |= copies(data / "gtzan/audio/full_30s")
    return {
        "threshold": SAME_RECORDING,
        "pairs": {kind: _summary(pairs) for kind, pairs in kinds.items()},
        "nearest_others": [[a, b, round(v, 3)] for v, a, b in sorted(nearest, reverse=True)[:30]],
    }


def _interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def report(result: dict[str, Any]) -> list[str]:
    """Write what was measured as Markdown."""
    spaces, recordings = result["spaces"], result["recordings"]
    style = spaces["style"]
    lines = [
        "# What sounds alike",
        "",
        f"GTZAN, {result['n']} excerpts, five artist folds: a song is asked about, the other songs "
        "of its fold can be found, its artist is left out, everything is fitted on the other "
        "folds. Brackets: 95 % bootstrap over artists (2000 resamples, seed 0) for the folds of "
        f"seed 0; then the mean over the folds of {len(result['seeds'])} seeds. Since a fold may "
        f"hold few songs of a genre by other artists, the most there could be is "
        f"{style['ceiling']:.3f}.",
        "",
        "| space | genre precision at 5 | mean over seeds | of what could be | three folds "
        "| same artist at 5 | artist before genre |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in spaces.items():
        lines.append(
            f"| {name} | {_interval(found['genre_precision'])} | "
            f"{np.mean(found['genre_precision_by_seed']):.3f} | "
            f"{np.mean(found['of_ceiling_by_seed']):.2f} | "
            f"{_interval(found['three_folds']['genre_precision'])} | "
            f"{_interval(found['same_artist'])} | {_interval(found['artist_first'])} |"
        )
    lines += [
        "",
        f"`style` less `timbre`, paired: {_interval(result['style_less_timbre'])}. With three "
        f"folds the most there could be is {style['three_folds']['ceiling']:.3f}. *Same artist at "
        "5* leaves nobody out: the share of the artist's songs among the five nearest, of the most "
        "there could be. *Artist before genre*: how often a song of the artist is nearer than one "
        "of the same genre by another (0.5 by chance).",
        "",
        "| genre | style | timbre | the most there could be |",
        "|---|---|---|---|",
    ]
    for genre, found in style["by_genre"].items():
        other = spaces["timbre"]["by_genre"][genre]["precision"]
        lines.append(
            f"| {genre} | {found['precision']:.3f} | {other:.3f} | {found['ceiling']:.3f} |"
        )
    lines += [
        "",
        "## One recording",
        "",
        "`recording_likeness` of segments of 3 s, all 1000 excerpts but the corrupt one. Exact "
        "duplicates are those of the index; excerpts of one title by one artist are the same "
        "beginning, another place or another version of a song; copies are made of the ten whole "
        "excerpts.",
        "",
        f"| pairs | n | least | median | largest | {recordings['threshold']} or more "
        "| by `same_sound` |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, found in recordings["pairs"].items():
        lines.append(
            f"| {kind} | {found['n']} | {found['least']:.3f} | {found['median']:.3f} | "
            f"{found['largest']:.3f} | {found['at_or_above']} | {found['same_sound']} |"
        )
    lines += ["", "The likest pairs that are neither duplicates nor of one title:", ""]
    lines += [f"- {a}, {b}: {value:.3f}" for a, b, value in recordings["nearest_others"]]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("EARMARK_DATA", "../shared/data"))
    parser.add_argument("--into", default="benchmarks/results")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    data, seeds = Path(arguments.data), range(arguments.seeds)
    result = {
        "schema": "earmark.benchmark.similarity/1",
        "protocol": "artist, five folds; candidates of the query's fold, its artist left out",
        "k": 5,
        "seeds": list(seeds),
        **measure_spaces(data, seeds),
        "recordings": measure_recordings(data),
    }
    into = Path(arguments.into)
    into.mkdir(parents=True, exist_ok=True)
    (into / "similarity.json").write_text(json.dumps(result, indent=1) + "\n")
    lines = report(result)
    (into / "similarity.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
