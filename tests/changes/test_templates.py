"""Templates: what places they make, and what is wrong with those that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from earmark.changes.files._template import FIELDS, Template, template_by
from earmark.errors import ParameterError

WHOLE = {
    "genre": "Jazz",
    "albumartist": "Ann",
    "artist": "Bob",
    "album": "Blue",
    "year": 1959,
    "decade": "1950s",
    "composer": "Cy",
    "disc": 2,
    "track": 3,
    "title": "Song",
    "filename": "old name",
}
USUAL = "{genre}/{albumartist}/{year} {album}/{disc}-{track:02} {title}"


@pytest.mark.parametrize(
    ("template", "missing", "place"),
    [
        (USUAL, (), "Jazz/Ann/1959 Blue/2-03 Song.mp3"),
        (USUAL, ("disc",), "Jazz/Ann/1959 Blue/03 Song.mp3"),
        (USUAL, ("disc", "track"), "Jazz/Ann/1959 Blue/Song.mp3"),
        (USUAL, ("year",), "Jazz/Ann/Blue/2-03 Song.mp3"),
        (USUAL, ("album",), "Jazz/Ann/1959/2-03 Song.mp3"),
        (USUAL, ("year", "album", "albumartist"), "Jazz/Unknown artist/Unknown year/2-03 Song.mp3"),
        ("{album} ({year})/{track} - {title}", ("year",), "Blue/3 - Song.mp3"),
        ("{album} [{year}, {composer}]/{title}", ("composer",), "Blue [1959]/Song.mp3"),
        ("{album} [{year}, {composer}]/{title}", ("year",), "Blue [Cy]/Song.mp3"),
        ("{artist} - {album} - {title}", ("album",), "Bob - Song.mp3"),
        ("{title} ({composer})", ("composer",), "Song.mp3"),
        ("{composer}/{decade}/{filename}", (), "Cy/1950s/old name.mp3"),
        ("{composer}/{filename}", ("composer",), "Unknown composer/old name.mp3"),
        ("{extension}/{title}", (), "mp3/Song.mp3"),
        ("Music/{title}.{extension}", (), "Music/Song.mp3"),
        ("{{{track:02}}} {title}", (), "{03} Song.mp3"),
        ("{track:02}", (), "03.mp3"),
        ("{track:02}", ("track",), "Unknown track.mp3"),
    ],
)
def test_fields_that_are_blank_go_with_the_punctuation_beside_them(
    template: str, missing: tuple[str, ...], place: str
) -> None:
    values: dict[str, Any] = {name: value for name, value in WHOLE.items() if name not in missing}
    assert "/".join(Template(template).place(values, ".mp3")) == place


def test_values_cannot_lead_to_another_folder() -> None:
    values = {"genre": "..", "artist": "AC/DC", "title": "../../a\0b"}
    place = Template("{genre}/{artist}/{title}").place(values, ".MP3")
    assert place == ("Unknown genre", "AC_DC", "_.._.._a b.MP3")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{mood}/{title}", f"'mood' is not a field; the fields are {', '.join(FIELDS)}"),
        ("{}/{title}", "'' is not a field; the fields are"),
        ("{genre/{title}", "expected '}' before end of string"),
        ("{genre!r}/{title}", "'!r' is not allowed here"),
        ("{title:02}", "only track, disc and year take a number of digits, as in {track:02}"),
        ("{track:2}", "only track, disc and year"),
        ("../{title}", "'..' is not a folder or file name that works on every system"),
        ("/{title}", "'' is not a folder or file name"),
        ("{genre}//{title}", "'' is not a folder or file name"),
        ("CON/{title}", "'CON' is not a folder or file name"),
        ("{genre}/", "'' is not a folder or file name"),
        ("{genre}/{artist}", "needs one of {title}, {track}, {filename}"),
        ("", "'' is not a folder or file name"),
    ],
)
def test_template_that_cannot_be_used_is_refused_when_it_is_given(
    template: str, message: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        Template(template)
    assert str(caught.value).startswith(f"template={template!r}: ")
    assert message in str(caught.value)


def test_by_is_a_template_that_keeps_the_name() -> None:
    template = template_by("genre/albumartist")
    assert template.place(WHOLE, ".mp3") == ("Jazz", "Ann", "old name.mp3")
    assert template.fields == {"genre", "albumartist", "filename"}
