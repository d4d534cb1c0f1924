"""Files are named by templates, out of tags, or out of the names of files and folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from organise_helpers import know, planned, write_song

from earmark.changes import apply_plan
from earmark.changes.files._safe_names import is_safe_name
from earmark.changes.files._template import FIELDS, Template
from earmark.errors import ParameterError
from earmark.library import Library, open_library

TEMPLATE = "{genre}/{albumartist}/{year} {album}/{disc}-{track:02} {title}"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


def targets(library: Library, into: Path, **policy: Any) -> list[str]:
    policy.setdefault("template", TEMPLATE)
    return [row.target for row in planned(library, into, **policy).rows]


def test_files_are_named_by_a_template(library: Library, tmp_path: Path, into: Path) -> None:
    tags = {"album": "Blue", "albumartist": "Ann", "artist": "Bob", "year": 1959}
    for disc in (1, 2):
        path = write_song(tmp_path / "Blue" / f"{disc}.MP3", b"%d" % disc)
        numbers = {"track_number": 3, "disc_number": disc, "composer": "Cy"}
        know(library, path, title=f"Song {disc}", **numbers, **tags)
    assert targets(library, into) == [
        "Jazz/Ann/1959 Blue/1-03 Song 1.MP3",
        "Jazz/Ann/1959 Blue/2-03 Song 2.MP3",
    ]
    assert targets(library, into, template="{composer}/{extension}/{artist} - {title}") == [
        "Cy/mp3/Bob - Song 1.MP3",
        "Cy/mp3/Bob - Song 2.MP3",
    ]


def test_disc_is_left_out_where_the_album_has_one(
    library: Library, tmp_path: Path, into: Path
) -> None:
    tags = {"album": "Blue", "artist": "Ann", "title": "So", "track_number": 3, "disc_number": 1}
    know(library, write_song(tmp_path / "a.mp3"), **tags)
    assert targets(library, into) == ["Jazz/Ann/Blue/03 So.mp3"]


def test_blanks_are_filled_in_from_names_of_files_and_folders(
    library: Library, tmp_path: Path, into: Path
) -> None:
    root = tmp_path / "music"
    for name in ("Ann/Blue (1959)/03 - So.flac", "Bob - Red/CD2/01 Song.mp3", "Cy - Solo.ogg"):
        know(library, write_song(root / name, name.encode()))
    know(library, write_song(root / "Ann/Blue (1959)/04 - x.flac"), title="Mine", artist="Me")
    assert targets(library, into, roots=(str(root),)) == [
        "Jazz/Ann/1959 Blue/03 So.flac",
        "Jazz/Ann/1959 Blue/04 Mine.flac",
        "Jazz/Bob/Red/2-01 Song.mp3",
        "Jazz/Cy/Unknown year/Solo.ogg",
    ]
    assert targets(library, into, template="", by="artist", roots=(str(root),)) == [
        "Ann/03 - So.flac",
        "Me/04 - x.flac",
        "Bob/01 Song.mp3",
        "Cy/Cy - Solo.ogg",
    ]


def test_numbers_that_an_older_library_lacks_are_read_from_the_file(
    library: Library, tmp_path: Path, into: Path
) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(441), 44_100)
    file = mutagen.File(path)
    file.update({"TRACKNUMBER": ["7/9"], "TITLE": ["So"], "COMPOSER": ["Cy"]})
    file.save()
    know(library, path, title="So")
    assert targets(library, into, template="{composer}/{track:02} {title}") == ["Cy/07 So.flac"]


def test_template_is_checked_when_it_is_given(library: Library, into: Path) -> None:
    with pytest.raises(ParameterError, match=r"'mood' is not a field; the fields are genre, art"):
        planned(library, into, template="{mood}/{title}")
    with pytest.raises(ParameterError, match=r"by and template cannot be combined. Choose one"):
        planned(library, into, template="{title}", by="genre")


def test_songs_of_one_name_collide_the_first_by_path_wins(
    library: Library, tmp_path: Path, into: Path
) -> None:
    for number in (2, 1):
        path = write_song(tmp_path / f"{number}.mp3", b"%d" % number)
        know(library, path, title="Same", artist="Ann")
    rows = planned(library, into, template="{artist}/{title}").rows
    assert [(Path(row.path).name, row.action, row.why) for row in rows] == [
        ("1.mp3", "link", ""),
        ("2.mp3", "keep", "another file will be placed there"),
    ]


@pytest.mark.parametrize("by", ["artist", "decade/artist"])
def test_file_that_was_moved_is_known_by_where_it_was(
    library: Library, tmp_path: Path, into: Path, by: str
) -> None:
    root = tmp_path / "music"
    know(library, write_song(root / "Ann" / "Blue" / "03 - So.mp3"), year=1987)
    policy = {"by": by, "mode": "move", "roots": (str(root), str(into))}
    (place,) = [row.target for row in planned(library, into, **policy).rows]
    assert place.endswith("Ann/03 - So.mp3")
    assert apply_plan(library, planned(library, into, **policy)).count("placed") == 1
    (row,) = planned(library, into, **policy).rows
    assert (row.target, row.why) == (place, "it is already there")


@given(
    st.lists(st.sampled_from([*(f"{{{name}}}" for name in FIELDS), "-", " ", "(", "/", "x"])),
    st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=300) | st.integers(0, 9999)),
)
def test_every_place_is_safe_on_every_system(pieces: list[str], values: dict[str, Any]) -> None:
    try:
        template = Template("".join([*pieces, "{title}"]))
    except ParameterError:
        return
    values = {
        name: value
        for name, value in values.items()
        if isinstance(value, str) or name in ("track", "disc", "year")
    }
    place = template.place(values, ".mp3")
    assert all(map(is_safe_name, place))
    assert place[-1].endswith(".mp3")
