"""What the names of files and folders say where tags are absent."""

from __future__ import annotations

import pytest

from earmark.changes.files._path_names import PathNames, album_folder, is_numbered, path_names


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("03 - Title", {"track": 3, "title": "Title"}),
        ("03. Title", {"track": 3, "title": "Title"}),
        ("03.Title", {"track": 3, "title": "Title"}),
        ("3) Title", {"track": 3, "title": "Title"}),
        ("03 Title", {"track": 3, "title": "Title"}),
        ("03_Some_Title", {"track": 3, "title": "Some Title"}),
        ("2-03 Title", {"track": 3, "disc": 2, "title": "Title"}),
        ("2-03 - Title", {"track": 3, "disc": 2, "title": "Title"}),
        ("01. Artist - Title", {"track": 1, "artist": "Artist", "title": "Title"}),
        ("Artist - Title", {"artist": "Artist", "title": "Title"}),
        ("Artist \u2013 Title", {"artist": "Artist", "title": "Title"}),
        ("Artist - 07 - Title", {"artist": "Artist", "track": 7, "title": "Title"}),
        (
            "Artist - Album - 07 - Title",
            {"artist": "Artist", "album": "Album", "track": 7, "title": "Title"},
        ),
        ("99 Luftballons", {"title": "99 Luftballons"}),
        ("1979", {"title": "1979"}),
        ("50-50", {"track": 50, "title": "50"}),
        ("Jay-Z", {"title": "Jay-Z"}),
        ("A - B - C", {"title": "A - B - C"}),
        ("00 Intro", {"title": "Intro"}),
    ],
)
def test_names_of_files_say_track_artist_and_title(name: str, wanted: dict[str, object]) -> None:
    assert path_names(f"/music/{name}.mp3", roots=["/music"]) == PathNames(**wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("Artist/Album/03 - T", ("Artist", "Artist", "Album", None, None)),
        ("Jazz/Ann/03 - T", ("", "", "", None, None)),
        ("Hip Hop/Ann/03 - T", ("", "", "", None, None)),
        ("Jazz/Artist/Album/03 - T", ("Artist", "Artist", "Album", None, None)),
        ("Artist/Album (1999)/03 - T", ("Artist", "Artist", "Album", 1999, None)),
        ("Artist/1999 - Album/03 - T", ("Artist", "Artist", "Album", 1999, None)),
        ("Artist/[1999] Album/03 - T", ("Artist", "Artist", "Album", 1999, None)),
        ("Artist - Album (1999)/03 - T", ("Artist", "Artist", "Album", 1999, None)),
        ("Artist - 1999 - Album/03 - T", ("Artist", "Artist", "Album", 1999, None)),
        ("Artist/Album/CD2/03 - T", ("Artist", "Artist", "Album", None, 2)),
        ("Artist/Album/Disc 02 (Live)/03 - T", ("Artist", "Artist", "Album", None, 2)),
        ("Artist/1999/03 - T", ("Artist", "Artist", "1999", None, None)),
        ("VA/Album/03 - Bob - T", ("Bob", "Various Artists", "Album", None, None)),
        ("Various Artists/Album/03 - T", ("", "Various Artists", "Album", None, None)),
        ("Artist/Album/03 - Artist - T", ("Artist", "Artist", "Album", None, None)),
        # Of these it cannot be said what they are.
        ("Album/03 - T", ("", "", "", None, None)),
        ("Artist/Album/T", ("", "", "", None, None)),
        ("03 - T", ("", "", "", None, None)),
        # Made for want of better names, by an earlier plan.
        ("Jazz/Unknown artist/03 - T", ("", "", "", None, None)),
        ("Unsure/Ann/03 - T", ("", "", "", None, None)),
    ],
)
def test_names_of_folders_say_artist_album_year_and_disc(
    path: str, wanted: tuple[object, ...]
) -> None:
    names = path_names(f"/home/me/music/{path}.flac", roots=["/home/me/music"])
    assert (names.artist, names.albumartist, names.album, names.year, names.disc) == wanted
    assert (names.title, names.track) == ("T", None if path.endswith("/T") else 3)


def test_title_with_a_dash_is_whole_in_the_folder_of_an_artist() -> None:
    names = path_names("/music/Ann/Blue/03 - Song - Live.mp3", roots=["/music"])
    assert (names.artist, names.title) == ("Ann", "Song - Live")


def test_folders_outside_of_what_was_scanned_say_nothing() -> None:
    names = path_names("/home/me/music/03 - T.mp3", roots=["/home/me/music", "/other"])
    assert names == PathNames(title="T", track=3)
    assert path_names("/home/me/03 - T.mp3") == PathNames(title="T", track=3)


def test_numbers_without_a_zero_count_beside_files_that_have_one() -> None:
    folder = "/music/a"
    assert is_numbered(f"{folder}/01 Title.mp3")
    assert not is_numbered(f"{folder}/10 Title.mp3")
    assert path_names(f"{folder}/10 Title.mp3", numbered={folder}).track == 10
    assert path_names(f"{folder}/10 Title.mp3").track is None


def test_discs_of_an_album_are_in_one_folder() -> None:
    assert album_folder("/m/Blue/CD 1/a.mp3") == ("/m/Blue", 1)
    assert album_folder("/m/Discovery/a.mp3") == ("/m/Discovery", None)
    assert album_folder("/m/CD/a.mp3") == ("/m/CD", None)
