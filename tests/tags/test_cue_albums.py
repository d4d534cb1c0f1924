"""Which sheet belongs to which file, and what its tracks are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from tool_files import run

from earmark.errors import CueSheetError
from earmark.tags import Tags, cue_album, files_of_cue, sheet_fingerprints


def sheet_of(name: str, *, n: int = 3, performer: str = "The Band", extra: str = "") -> str:
    """Return the sheet of an album whose tracks begin a second apart."""
    tracks = [
        f'  TRACK {at:02} AUDIO\n    TITLE "Song {at}"\n    INDEX 01 00:0{at - 1}:00'
        for at in range(1, n + 1)
    ]
    head = f'PERFORMER "{performer}"\nTITLE "Their Album"\n{extra}FILE "{name}" WAVE\n'
    return head + "\n".join(tracks) + "\n"


def _titles(path: Path, tags: Tags | None = None) -> list[str]:
    return [track.tags.title for track in cue_album(path, tags=tags or Tags()).tracks]


_ALL = ["Song 1", "Song 2", "Song 3"]


@pytest.mark.parametrize(
    ("audio", "named", "sheet"),
    [
        ("album.flac", "album.flac", "album.cue"),
        ("album.flac", "album.wav", "other.cue"),
        ("Album.FLAC", "album.flac", "other.cue"),
        ("album.ape", "D:\\rips\\album.wav", "other.cue"),
        ("album.wv", "/home/x/album", "other.cue"),
        ("album.flac", "CDImage.wav", "album.cue"),
        ("album.flac", "CDImage.wav", "album.flac.cue"),
        ("Café 1.9.flac", "Cafe\u0301 1.9.wav", "other.cue"),
    ],
)
def test_sheet_belongs_to_the_file_it_means(
    tmp_path: Path, audio: str, named: str, sheet: str
) -> None:
    (tmp_path / audio).touch()
    (tmp_path / "unrelated.mp3").touch()
    (tmp_path / sheet).write_text(sheet_of(named))
    assert _titles(tmp_path / audio) == _ALL
    assert _titles(tmp_path / "unrelated.mp3") == []
    assert files_of_cue(tmp_path / sheet) == [str(tmp_path / audio)]
    assert list(sheet_fingerprints([str(tmp_path / audio), str(tmp_path / "unrelated.mp3")])) == [
        str(tmp_path / audio)
    ]


def test_file_a_sheet_names_wins_over_files_like_it(tmp_path: Path) -> None:
    (tmp_path / "album.flac").touch()
    (tmp_path / "album.ape").touch()
    (tmp_path / "album.cue").write_text(sheet_of("album.ape"))
    assert _titles(tmp_path / "album.ape") == _ALL
    assert _titles(tmp_path / "album.flac") == []


def test_the_better_of_two_sheets_is_taken(tmp_path: Path) -> None:
    (tmp_path / "album.flac").touch()
    (tmp_path / "a.cue").write_text(sheet_of("album.wav", performer="By its name"))
    (tmp_path / "b.cue").write_text(sheet_of("album.flac", performer="By its file"))
    assert {t.tags.artist for t in cue_album(tmp_path / "album.flac", tags=Tags()).tracks} == {
        "By its file"
    }


def test_sheet_with_one_file_for_each_track_adds_nothing(tmp_path: Path) -> None:
    text = ""
    for number in (1, 2):
        (tmp_path / f"{number}.flac").touch()
        text += f'FILE "{number}.wav" WAVE\nTRACK 0{number} AUDIO\nINDEX 01 00:00:00\n'
    (tmp_path / "album.cue").write_text(text)
    assert sheet_fingerprints(map(str, tmp_path.glob("*.flac"))) == {}
    assert _titles(tmp_path / "1.flac") == _titles(tmp_path / "2.flac") == []


def test_each_of_two_files_of_several_tracks_is_an_album(tmp_path: Path) -> None:
    text = ""
    for side in "AB":
        (tmp_path / f"Side {side}.wv").touch()
        text += sheet_of(f"Side {side}.wv", n=2).replace("Song", f"{side} song")
    (tmp_path / "album.cue").write_text(text)
    assert _titles(tmp_path / "Side A.wv") == ["A song 1", "A song 2"]
    assert _titles(tmp_path / "Side B.wv") == ["B song 1", "B song 2"]


def test_unusable_sheet_is_a_warning_of_the_file_it_is_called_like(tmp_path: Path) -> None:
    (tmp_path / "album.flac").touch()
    (tmp_path / "album.cue").write_text("TRACK 01 AUDIO\nINDEX 01 99:99:99\n")
    album = cue_album(tmp_path / "album.flac", tags=Tags())
    assert album.tracks == ()
    (warning,) = album.warnings
    assert warning.startswith("cue sheet 'album.cue': INDEX of track 1: '99:99:99' is not a time")
    assert album.fingerprint
    with pytest.raises(CueSheetError, match="99:99:99"):
        files_of_cue(tmp_path / "album.cue")


def test_sheet_that_points_to_an_absent_file_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "song.flac").touch()
    (tmp_path / "album.cue").write_text(sheet_of("album.wav"))
    assert sheet_fingerprints([str(tmp_path / "song.flac")]) == {}
    with pytest.raises(
        CueSheetError, match=r"none of the audio files it names is in its folder: 'album\.wav'"
    ):
        files_of_cue(tmp_path / "album.cue")


def test_tags_come_from_the_sheet_and_then_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "album.flac").touch()
    sheet = sheet_of("album.flac", extra="REM DATE 1971\n").replace(
        'TITLE "Song 2"', 'TITLE "Song 2"\nPERFORMER "A Guest"\nISRC X1\nREM GENRE Jazz'
    )
    (tmp_path / "album.cue").write_text(sheet)
    file = Tags(artist="Not this", genres=("Rock",), year=1999, disc_number=2, ids={"isrc": "FILE"})
    first, second, _ = (
        track.tags for track in cue_album(tmp_path / "album.flac", tags=file).tracks
    )
    assert (first.artist, first.albumartist, first.album) == ("The Band", "The Band", "Their Album")
    assert (first.genres, first.year, first.disc_number) == (("Rock",), 1971, 2)
    assert (first.title, first.track_number, first.ids) == ("Song 1", 1, {})
    assert (second.artist, second.albumartist) == ("A Guest", "The Band")
    assert (second.genres, second.ids) == (("Jazz",), {"isrc": "X1"})


def test_edited_sheet_has_another_fingerprint_and_a_touched_one_has_not(tmp_path: Path) -> None:
    audio, sheet = tmp_path / "album.flac", tmp_path / "album.cue"
    audio.touch()
    sheet.write_text(sheet_of("album.flac"))
    before = sheet_fingerprints([str(audio)])
    os.utime(sheet, ns=(1, 1))
    assert sheet_fingerprints([str(audio)]) == before
    sheet.write_text(sheet_of("album.flac").replace("Song 3", "Another"))
    assert sheet_fingerprints([str(audio)]) != before
    assert cue_album(audio, tags=Tags()).fingerprint == sheet_fingerprints([str(audio)])[str(audio)]


def _flac(path: Path) -> Path:
    soundfile.write(path, np.zeros(3 * 44_100), 44_100)
    return path


def test_sheet_in_a_comment_of_the_file_counts_and_one_beside_it_wins(tmp_path: Path) -> None:
    path = _flac(tmp_path / "album.flac")
    file = FLAC(path)  # type: ignore[no-untyped-call]
    file["cuesheet"] = sheet_of("CDImage.wav").replace("\n", "\r\n")
    file.save()
    album = cue_album(path)
    assert [(track.tags.title, track.start) for track in album.tracks] == [
        ("Song 1", 0.0),
        ("Song 2", 1.0),
        ("Song 3", 2.0),
    ]
    assert album.fingerprint == ""
    (tmp_path / "album.cue").write_text(sheet_of("album.flac").replace("Song", "Piece"))
    assert cue_album(path).tracks[0].tags.title == "Piece 1"


@pytest.mark.skipif(shutil.which("metaflac") is None, reason="metaflac is not installed")
def test_cuesheet_block_of_flac_counts(tmp_path: Path) -> None:
    path = _flac(tmp_path / "album.flac")
    (tmp_path / "x").write_text(sheet_of("album.flac"))
    run("metaflac", f"--import-cuesheet-from={tmp_path / 'x'}", path)
    tracks = cue_album(path, tags=None).tracks
    assert [(track.number, track.start, track.end) for track in tracks] == [
        (1, 0.0, 1.0),
        (2, 1.0, 2.0),
        (3, 2.0, None),
    ]


@pytest.mark.skipif(shutil.which("wavpack") is None, reason="wavpack is not installed")
def test_cuesheet_in_apev2_counts(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(3 * 44_100), 44_100)
    run("wavpack", "-q", tmp_path / "a.wav", "-o", tmp_path / "album.wv")
    tags = APEv2()  # type: ignore[no-untyped-call]
    tags["Cuesheet"] = sheet_of("a.wav")
    tags.save(tmp_path / "album.wv")
    assert [track.tags.title for track in cue_album(tmp_path / "album.wv").tracks] == _ALL


@pytest.mark.parametrize("embedded", [True, False])
def test_sheet_of_a_longer_file_is_a_warning(tmp_path: Path, embedded: bool) -> None:
    """A song in which the sheet of its album is embedded, say."""
    path = tmp_path / "song.flac"
    soundfile.write(path, np.zeros(44_100 // 2), 44_100)
    if embedded:
        file = FLAC(path)  # type: ignore[no-untyped-call]
        file["cuesheet"] = sheet_of("album.wav")
        file.save()
    else:
        (tmp_path / "song.cue").write_text(sheet_of("song.flac"))
    album = cue_album(path)
    assert album.tracks == ()
    assert album.warnings == ("cue sheet: only 1 of its 3 tracks begin within the file",)
    assert bool(album.fingerprint) is not embedded
