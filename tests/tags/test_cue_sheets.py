"""Cue sheets: what they say, in whatever encoding and shape rippers leave them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import CueSheetError
from earmark.tags._cue import CueSheet, parse_cue

SHEET = """REM GENRE "Progressive Rock"
REM DATE 1971
REM DISCID 7F0A3B0B
REM COMMENT "ExactAudioCopy v1.0"
CATALOG 0077774644020
PERFORMER "The Bänd"
TITLE "An Album"
FILE "An Album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "The "First" Song"
    PERFORMER "The Bänd"
    ISRC GBAYE0000351
    INDEX 01 00:00:32
  TRACK 02 AUDIO
    TITLE "Second"
    PERFORMER "A Guest"
    REM GENRE Jazz
    FLAGS DCP
    INDEX 00 05:01:00
    INDEX 01 05:03:15
    INDEX 02 06:00:00
  TRACK 03 AUDIO
    TITLE Unquoted title
    PREGAP 00:02:00
    INDEX 01 123:59:74
"""


def test_sheet_says_where_tracks_begin_and_what_they_are() -> None:
    sheet = parse_cue(SHEET)
    (file,) = sheet.files
    assert file.name == "An Album.wav"
    assert [track.number for track in file.tracks] == [1, 2, 3]
    starts = [32 / 75, 303 + 15 / 75, 123 * 60 + 59 + 74 / 75]
    assert [track.start for track in file.tracks] == starts
    assert [track.end for track in file.tracks] == [*starts[1:], None]
    assert [track.fields["title"] for track in file.tracks] == [
        'The "First" Song',
        "Second",
        "Unquoted title",
    ]
    assert file.tracks[0].fields["isrc"] == "GBAYE0000351"
    assert file.tracks[1].fields["performer"] == "A Guest"
    assert file.tracks[1].fields["genre"] == "Jazz"
    assert sheet.fields["genre"] == "Progressive Rock"
    assert (sheet.fields["date"], sheet.fields["performer"]) == ("1971", "The Bänd")
    assert sheet.warnings == ()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_sheet_is_read_in_any_encoding(encoding: str, line_end: str) -> None:
    sheet = parse_cue(SHEET.replace("\n", line_end).encode(encoding))
    assert sheet == parse_cue(SHEET)


def test_japanese_sheet_is_read_as_shift_jis() -> None:
    text = SHEET.replace("The Bänd", "はっぴいえんど").replace("Second", "風をあつめて")
    sheet = parse_cue(text.encode("cp932"))
    assert sheet.fields["performer"] == "はっぴいえんど"
    assert sheet.files[0].tracks[1].fields["title"] == "風をあつめて"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('FILE "a b.wav" WAVE', "a b.wav"),
        ("FILE a b.ape WAVE", "a b.ape"),
        ("FILE a.mp3 MP3", "a.mp3"),
        ('FILE "D:\\Rips\\CD 1\\a.wav"', "D:\\Rips\\CD 1\\a.wav"),
        ("file 'a'.aiff AIFF", "'a'.aiff"),
        ('FILE "unclosed.wav', "unclosed.wav"),
    ],
)
def test_name_of_the_file_is_taken_as_rippers_write_it(line: str, name: str) -> None:
    assert parse_cue(f"{line}\nTRACK 01 AUDIO\nINDEX 01 00:00:00").files[0].name == name


def test_track_belongs_to_the_file_of_its_first_index() -> None:
    """Gaps at the ends of the files before: how EAC writes one file per track."""
    sheet = parse_cue(
        'FILE "1.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 03:20:00\n'
        'FILE "2.wav" WAVE\nINDEX 01 00:00:00\n'
    )
    assert [[track.number for track in file.tracks] for file in sheet.files] == [[1], [2]]
    assert sheet.files[0].tracks[0].end is None


def test_track_of_data_ends_the_one_before_and_is_none_itself() -> None:
    sheet = parse_cue(
        "TRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 03:00:00\n"
        "TRACK 03 MODE1/2352\nINDEX 00 06:00:00\nINDEX 01 06:02:00"
    )
    tracks = sheet.files[0].tracks
    assert [(track.number, track.start, track.end) for track in tracks] == [
        (1, 0.0, 180.0),
        (2, 180.0, 360.0),
    ]


def test_track_without_a_first_index_is_left_out_with_a_warning() -> None:
    sheet = parse_cue(
        "TRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nTRACK 03 AUDIO\nINDEX 01 01:00:00"
    )
    assert [track.number for track in sheet.files[0].tracks] == [1, 3]
    assert sheet.warnings == ("track 2 has no INDEX 01 and is left out",)


def test_disc_of_99_tracks_is_read() -> None:
    lines = [f"TRACK {n:02} AUDIO\nINDEX 01 {n // 2:02}:{n % 2 * 30:02}:00" for n in range(1, 100)]
    assert len(parse_cue("\n".join(lines)).files[0].tracks) == 99


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no track"),
        ("\0" * 40, "names no track"),
        ('FILE "a.wav" WAVE', "names no track"),
        ("TRACK 01 MODE1/2352\nINDEX 01 00:00:00", "names no track"),
        ("INDEX 01 00:00:00", "before the first TRACK"),
        ("TRACK one AUDIO", "not the number and kind of a track"),
        ("TRACK 01 AUDIO\nINDEX 01 00:60:00", "'00:60:00' is not a time"),
        ("TRACK 01 AUDIO\nINDEX 01 00:00:75", "'00:00:75' is not a time"),
        ("TRACK 01 AUDIO\nINDEX 01 -1:00:00", "'-1:00:00' is not a time"),
        ("TRACK 01 AUDIO\nINDEX x 00:00:00", "'x' is not a number"),
        (
            "TRACK 01 AUDIO\nINDEX 01 02:00:00\nTRACK 02 AUDIO\nINDEX 01 01:00:00",
            "track 2 does not begin after track 1",
        ),
        (
            "TRACK 01 AUDIO\nINDEX 01 02:00:00\nTRACK 01 AUDIO\nINDEX 01 03:00:00",
            "two of its tracks have one number",
        ),
        ("TRACK 01 AUDIO\nINDEX 01 00:00:00\n" + "x" * (1 << 20), "too long"),
    ],
)
def test_unusable_sheet_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(CueSheetError, match=reason) as caught:
        parse_cue(text, path="a.cue")
    assert caught.value.path == "a.cue"


_WORDS = st.sampled_from(
    [
        *("FILE", "TRACK", "INDEX", "TITLE", "PERFORMER", "REM", "PREGAP", "AUDIO", "WAVE", '"'),
        *("01", "02", "00", "99", "1000", "00:00:00", "03:20:74", "9:9:9", "-1", "a.wav", "\n"),
        *("\n", "\n", "GENRE", "DATE", "\t", "\0", "\ufeff", "ä", "\ud800", "²", "٣"),
    ]
)


@given(st.one_of(st.text(), st.binary(), st.lists(_WORDS, max_size=60).map(" ".join)))
def test_anything_gives_a_sheet_or_the_typed_error(content: str | bytes) -> None:
    try:
        sheet = parse_cue(content, path="a.cue")
    except CueSheetError:
        return
    assert isinstance(sheet, CueSheet)
    assert any(file.tracks for file in sheet.files)
    for file in sheet.files:
        for track, after in zip(file.tracks, file.tracks[1:], strict=False):
            assert track.end is not None
            assert track.start < track.end <= after.start
