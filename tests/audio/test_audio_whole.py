"""The whole of a file is decoded, whatever its header says, or the stream says what is missing."""

from __future__ import annotations

import random
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
from audio_tools import (
    level,
    reference,
    through_pipe,
    with_ffmpeg,
    write_mp3,
    write_wav,
)
from mutagen.id3 import APIC, ID3, TIT2

from earmark.audio import Missing, audio_digest, info, stream
from earmark.errors import AudioError


def decoded(path: Path) -> tuple[float, list[Missing], list[str]]:
    """Return the length of a file in seconds, what is missing and the warnings."""
    with stream(path, sr=None) as blocks:
        n_samples = sum(map(len, blocks))
    return n_samples / blocks.native_sr, blocks.missing, blocks.warnings


def assert_whole(path: Path, seconds: float, *, says: float | None = None) -> None:
    """Check that all is decoded, without a warning, and that `info` says so."""
    length, missing, warnings = decoded(path)
    assert length == pytest.approx(seconds, abs=0.1)
    assert (missing, warnings) == ([], [])
    assert info(path).duration == pytest.approx(says or seconds, abs=0.1)
    assert len(audio_digest(path)) == 32


def assert_gap(path: Path, whole: float) -> Missing:
    """Check that what FFmpeg cannot decode is silent and warned about; return it."""
    length, missing, warnings = decoded(path)
    lost = sum(stretch.length or 0 for stretch in missing)
    assert length - lost == pytest.approx(reference(path), abs=0.1)
    assert length == pytest.approx(whole, abs=0.1)
    assert len(missing) == len(warnings) == 1
    assert warnings[0].startswith("heard in part: 0:0")
    y, sr = load_quietly(path)
    first, end = (round(at * sr) for at in (missing[0].start, missing[0].start + lost))
    assert not y[first:end].any()
    assert level(y[end : end + sr]) > 0.05
    return missing[0]


def load_quietly(path: Path, **options: float | None) -> tuple[np.ndarray, int]:
    with stream(path, sr=None, **options) as blocks:
        return np.concatenate([*blocks]), blocks.native_sr


def test_vbr_mp3_without_a_xing_header_is_decoded_to_its_end(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", "-V2", "-t")
    assert_whole(path, reference(path))


def test_mp3_whose_xing_header_counts_too_few_frames_is_decoded_to_its_end(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", "-V2")
    content = bytearray(path.read_bytes())
    at = content.index(b"Xing") + 8
    content[at : at + 4] = (50).to_bytes(4, "big")
    path.write_bytes(content)
    assert_whole(path, 6)


def middle_of_a_frame(content: bytes) -> int:
    return content.index(b"\xff\xfb", len(content) // 2) + 100


def test_zeros_in_the_middle_of_an_mp3_are_a_gap_and_not_its_end(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", "-b", "128")
    content = bytearray(path.read_bytes())
    at = middle_of_a_frame(content)
    content[at : at + 4096] = bytes(4096)
    path.write_bytes(content)
    gap = assert_gap(path, 6)
    assert gap.length == pytest.approx(4096 * 8 / 128_000, abs=0.1)
    # A gap of a frame or two is filled too, and not worth a warning.
    content = bytearray(write_mp3(tmp_path / "b.mp3", "-b", "128").read_bytes())
    content[at:at] = bytes(1024)
    path.write_bytes(content)
    assert_whole(path, 6)


def test_tag_in_the_middle_of_an_mp3_is_passed_over(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", "-b", "128")
    tags = ID3()
    tags.add(TIT2(text=["x" * 3000]))
    tags.save(tmp_path / "tag")
    content = path.read_bytes()
    at = middle_of_a_frame(content)
    path.write_bytes(content[:at] + (tmp_path / "tag").read_bytes() + content[at:])
    assert_whole(path, 6)


def test_flipped_bit_does_not_end_a_flac(tmp_path: Path) -> None:
    path = with_ffmpeg(tmp_path / "a.flac", wav=write_wav(tmp_path / "n.wav"))
    whole, _ = load_quietly(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 8
    path.write_bytes(content)
    y, _ = load_quietly(path)
    assert_whole(path, 6)
    changed = np.flatnonzero(y != whole)
    assert np.ptp(changed) < 3 * 4608


def test_lost_frames_of_a_flac_are_a_gap(tmp_path: Path) -> None:
    path = with_ffmpeg(tmp_path / "a.flac", wav=write_wav(tmp_path / "n.wav"))
    whole, sr = load_quietly(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + content[len(content) // 2 + 40_000 :])
    gap = assert_gap(path, 6)
    y, _ = load_quietly(path)
    end = round((gap.start + (gap.length or 0)) * sr) + 1
    np.testing.assert_array_equal(y[end:], whole[end:])
    late, _ = load_quietly(path, offset=4, duration=1)
    np.testing.assert_array_equal(late, y[4 * sr : 5 * sr])


@pytest.mark.parametrize("seconds", ["6", "1.4"])
def test_flac_of_unknown_length_is_decoded_to_its_end(tmp_path: Path, seconds: str) -> None:
    wav = write_wav(tmp_path / "n.wav")
    path = through_pipe(tmp_path / "a.flac", "-t", seconds, "-c:a", "flac", "-f", "flac", wav=wav)
    length, missing, warnings = decoded(path)
    assert length == pytest.approx(float(seconds), abs=0.001)
    assert (missing, warnings) == ([], [])
    assert info(path).duration is None
    assert len(audio_digest(path)) == 32


@pytest.mark.parametrize("size", [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\xf0\xff\x7f"])
def test_wav_whose_writer_did_not_know_its_length_is_whole(tmp_path: Path, size: bytes) -> None:
    content = bytearray(write_wav(tmp_path / "n.wav", duration=2).read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = content[at : at + 4] = size
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert_whole(path, 2)


def test_wav_from_a_pipe_is_whole(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=2)
    assert_whole(through_pipe(tmp_path / "a.wav", "-f", "wav", wav=wav), 2)


@pytest.mark.parametrize("options", [["-b", "128", "-t"], ["-V2", "-t"], ["-b", "128"]])
def test_whole_mp3_with_a_cover_is_not_called_cut_short(tmp_path: Path, options: list[str]) -> None:
    path = write_mp3(tmp_path / "a.mp3", *options)
    tags = ID3()
    tags.add(APIC(data=random.Random(0).randbytes(60_000), mime="image/jpeg", type=3))
    tags.save(path)
    assert_whole(path, reference(path))


@pytest.mark.parametrize("options", [["-b", "128"], ["-V2"], ["-V2", "-t"]])
def test_joined_mp3s_are_both_decoded(tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "joined.mp3"
    parts = [
        write_mp3(tmp_path / f"{name}.mp3", *options, duration=seconds).read_bytes()
        for name, seconds in (("a", 2), ("b", 4))
    ]
    path.write_bytes(b"".join(parts))
    assert_whole(path, reference(path))
    assert info(path).duration == pytest.approx(6, abs=0.2)


def test_joined_mp3s_of_different_rates_are_both_decoded(tmp_path: Path) -> None:
    first = write_mp3(tmp_path / "a.mp3", "-b", "128", duration=2)
    second = write_mp3(tmp_path / "b.mp3", "--resample", "22.05", "-b", "64", duration=4)
    path = tmp_path / "joined.mp3"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    length, missing, _ = decoded(path)
    assert length == pytest.approx(6, abs=0.2)
    assert missing == []


@pytest.mark.parametrize("codec", ["libvorbis", "libopus"])
@pytest.mark.parametrize("other", [[], ["-ar", "24000", "-ac", "1"]])
def test_chained_streams_are_all_decoded(tmp_path: Path, codec: str, other: list[str]) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=3)
    ending = "opus" if codec == "libopus" else "ogg"
    parts = [
        with_ffmpeg(tmp_path / f"{i}.{ending}", "-c:a", codec, *options, wav=wav)
        for i, options in enumerate([[], other, []])
    ]
    path = tmp_path / f"chained.{ending}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert_whole(path, 9)
    y, sr = load_quietly(path)
    for start in (0, 3, 6):
        assert level(y[start * sr : (start + 1) * sr]) > 0.1
    np.testing.assert_array_equal(load_quietly(path, offset=4)[0], y[4 * sr :])
    digests = {audio_digest(each) for each in (path, *parts)}
    path.write_bytes(b"".join(part.read_bytes() for part in parts[:2]))
    assert audio_digest(path) not in digests


@pytest.mark.parametrize("codec", ["libvorbis", "libopus"])
def test_lost_pages_of_an_ogg_are_a_gap(tmp_path: Path, codec: str) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=8)
    path = with_ffmpeg(tmp_path / "a.ogg", "-c:a", codec, wav=wav)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_gap(path, 8)


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("wav", []),
        ("aiff", []),
        ("au", []),
        ("w64", []),
        ("caf", []),
        ("flac", []),
        ("ogg", ["-c:a", "libvorbis"]),
        ("opus", ["-c:a", "libopus"]),
        ("m4a", []),
        ("aac", []),
        ("wma", []),
        ("wv", []),
        ("webm", ["-c:a", "libopus"]),
        ("mka", ["-c:a", "flac"]),
        ("tta", []),
        ("ac3", []),
    ],
)
def test_undamaged_file_gives_no_warning(tmp_path: Path, ending: str, options: list[str]) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=2)
    path = with_ffmpeg(tmp_path / f"a.{ending}", *options, wav=wav)
    length, missing, warnings = decoded(path)
    assert length == pytest.approx(reference(path), abs=0.02)
    assert (missing, warnings) == ([], [])


def decode_or_refuse(path: Path) -> tuple[float, list[Missing], list[str]] | None:
    try:
        info(path)
        return decoded(path)
    except AudioError:
        return None


def damaged(content: bytes, seed: int) -> bytes:
    """Flip bits, cut, blank, take out or put in bytes somewhere."""
    choice = random.Random(seed)
    at, n = choice.randrange(len(content)), choice.choice([16, 1024, 20_000])
    kind = seed % 5
    if kind == 0:
        changed = bytearray(content)
        for _ in range(20):
            changed[choice.randrange(len(content))] ^= 1 << choice.randrange(8)
        return bytes(changed)
    if kind == 1:
        return content[: max(at, 1)]
    if kind == 2:
        return content[:at] + bytes(n) + content[at + n :]
    if kind == 3:
        return content[:at] + content[at + n :]
    return content[:at] + choice.randbytes(n) + content[at:]


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        ("wav", []),
        ("flac", []),
        ("mp3", []),
        ("ogg", ["-c:a", "libvorbis"]),
        ("opus", ["-c:a", "libopus"]),
        ("m4a", []),
        ("aac", []),
        ("wma", []),
        ("wv", []),
        ("webm", ["-c:a", "libopus"]),
    ],
)
def test_damaged_file_is_decoded_as_far_as_ffmpeg_does_or_says_what_is_missing(
    tmp_path: Path, ending: str, options: list[str]
) -> None:
    wav = write_wav(tmp_path / "n.wav", duration=4)
    content = with_ffmpeg(tmp_path / f"whole.{ending}", *options, wav=wav).read_bytes()
    path = tmp_path / f"a.{ending}"
    for seed in range(10):
        path.write_bytes(damaged(content, seed))
        try:
            expected = reference(path)
        except av.error.FFmpegError:  # nothing to compare with: it only has to end
            decode_or_refuse(path)
            continue
        found = decode_or_refuse(path)
        if found is None:
            assert expected < 0.1, seed
            continue
        length, missing, warnings = found
        assert bool(missing) == bool(warnings), seed
        assert abs(length - expected) <= 0.1 or missing, seed
        assert sum(stretch.length or 0 for stretch in missing) < 5, seed
