"""Files with several tags that say a genre: all of them are changed, and all given back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen import apev2, asf, id3
from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm
from test_id3_frames import frame
from test_id3_frames import id3 as id3_tag
from tool_files import make_file, run, write_sound

from earmark.audio import audio_digest
from earmark.tags import (
    GenreState,
    other_tags,
    preview_genres,
    read_genre_state,
    read_tags,
    restore_genre_state,
    write_genres,
)

OLD = "Swing"
_V1 = b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(60, b"\0") + b"1997" + bytes(30)
ape: Any = apev2
frames: Any = id3
kinds: Any = asf


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


def chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def wav(path: Path, *chunks: bytes, size: int | None = None, audio_size: int | None = None) -> Path:
    """Write a WAV file of some chunks and 0.2 s of audio, whose sizes may be told falsely."""
    samples = np.random.default_rng(0).integers(-9000, 9000, 8820).astype("<i2").tobytes()
    form = bytes.fromhex("0100010044ac000088580100 0200 1000")
    audio = b"data" + (len(samples) if audio_size is None else audio_size).to_bytes(4, "little")
    body = b"WAVE" + chunk(b"fmt ", form) + b"".join(chunks) + audio + samples
    length = len(body) if size is None else size
    path.write_bytes(b"RIFF" + length.to_bytes(4, "little") + body)
    return path


def info(genre: str | None, *, title: str = "Title") -> bytes:
    """Return a list of texts."""
    said = b"" if genre is None else chunk(b"IGNR", genre.encode() + b"\0")
    return chunk(b"LIST", b"INFO" + chunk(b"INAM", title.encode() + b"\0") + said)


def info_genres(path: Path) -> list[str]:
    """Return every genre in the lists of texts, read in a way that is not ours."""
    content, found = path.read_bytes(), []
    at = content.find(b"IGNR")
    while at >= 0:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        found.append(content[at + 8 : at + 8 + size].rstrip(b"\0").decode())
        at = content.find(b"IGNR", at + 8)
    return found


def changed_and_back(
    song: Path, look: Callable[[], object], *, before: object, after: object, exact: bool = True
) -> None:
    """Write a genre and take it back; nothing else may change, neither way."""
    content, state = song.read_bytes(), read_genre_state(song)
    digest, others = audio_digest(song), other_tags(song)
    assert look() == before
    assert preview_genres(song, ["Hip-Hop"]) == ("Hip-Hop",)
    assert song.read_bytes() == content
    write_genres(song, ["Hip-Hop"])
    assert read_tags(song).genres == ("Hip-Hop",)
    assert look() == after
    assert (audio_digest(song), other_tags(song)) == (digest, others)
    restore_genre_state(song, GenreState.from_dict(state.to_dict()))
    assert read_genre_state(song) == state
    assert (audio_digest(song), other_tags(song)) == (digest, others)
    assert look() == before
    if exact:
        assert song.read_bytes() == content


def test_wav_genre_goes_into_info_and_id3(tmp_path: Path) -> None:
    song = wav(tmp_path / "a.wav", info(OLD), chunk(b"id3 ", id3_tag(frame(b"TCON", b"\0Swing"))))

    def look() -> object:
        return info_genres(song), mutagen.File(song)["TCON"].genres

    changed_and_back(song, look, before=([OLD], [OLD]), after=(["Hip-Hop"], ["Hip-Hop"]))


@pytest.mark.parametrize(("genre", "before"), [(OLD, [OLD]), (None, [])])
def test_wav_with_info_alone_gets_the_genre_in_both(
    tmp_path: Path, genre: str | None, before: list[str]
) -> None:
    song = wav(tmp_path / "a.wav", info(genre))
    changed_and_back(song, lambda: info_genres(song), before=before, after=["Hip-Hop"])
    write_genres(song, ["Hip-Hop"])
    assert mutagen.File(song)["TCON"].genres == ["Hip-Hop"]


def test_wav_with_two_lists_of_texts_gets_the_genre_in_each(tmp_path: Path) -> None:
    song = wav(tmp_path / "a.wav", info(OLD), info("Bop", title="Other"))
    changed_and_back(
        song, lambda: info_genres(song), before=[OLD, "Bop"], after=["Hip-Hop", "Hip-Hop"]
    )


def test_several_genres_are_one_text_of_info(tmp_path: Path) -> None:
    song = wav(tmp_path / "a.wav", info(OLD))
    assert write_genres(song, ["Jazz", "Bop"]) == ("Jazz", "Bop")
    assert info_genres(song) == ["Jazz; Bop"]


def test_damaged_list_of_texts_with_a_genre_is_refused(tmp_path: Path) -> None:
    broken = chunk(b"LIST", b"INFOIGNR" + (900).to_bytes(4, "little") + b"Swing\0")
    song = wav(tmp_path / "a.wav", broken)
    with pytest.raises(Exception, match="its LIST INFO chunk is damaged"):
        preview_genres(song, ["Jazz"])
    song = wav(tmp_path / "b.wav", broken.replace(b"IGNR", b"INAM"))
    changed_and_back(song, lambda: info_genres(song), before=[], after=[])


@pytest.mark.parametrize(
    ("size", "audio_size"),
    [
        *((0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (None, 0), (36, 0)),
        *((None, 90_000), (95_000, 90_000)),
    ],
)
def test_wav_that_tells_its_length_falsely_is_written(
    tmp_path: Path, size: int | None, audio_size: int
) -> None:
    song = wav(tmp_path / "a.wav", info(OLD), size=size, audio_size=audio_size)
    at = song.read_bytes().index(b"data")
    head, audio = song.read_bytes()[at : at + 8], song.read_bytes()[at + 8 :]
    changed_and_back(song, lambda: info_genres(song), before=[OLD], after=["Hip-Hop"])
    write_genres(song, ["Hip-Hop"])
    content = song.read_bytes()
    assert content.endswith(head + audio)  # audio of no known length stays the last
    assert content.index(b"id3 ") < content.index(b"data")
    assert read_tags(song).title == "Title"


def test_wav_without_its_last_byte_gets_it_neither_way(tmp_path: Path) -> None:
    song = wav(tmp_path / "a.wav", info(OLD))
    content = song.read_bytes()[:-1]
    at = content.index(b"data")
    size = (len(content) - at - 8).to_bytes(4, "little")
    whole = (len(content) - 8).to_bytes(4, "little")
    song.write_bytes(b"RIFF" + whole + content[8 : at + 4] + size + content[at + 8 :])
    changed_and_back(song, lambda: info_genres(song), before=[OLD], after=["Hip-Hop"])


def test_rf64_is_read_and_written(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    source, song = write_sound(tmp_path / "source.wav", seconds=0.2), tmp_path / "a.wav"
    tags = ["-metadata", "title=Title", "-metadata", f"genre={OLD}"]
    run("ffmpeg", "-v", "error", "-i", source, *tags, "-rf64", "always", song)
    assert song.read_bytes().startswith(b"RF64")
    assert (read_tags(song).title, read_tags(song).genres) == ("Title", (OLD,))
    changed_and_back(song, lambda: info_genres(song), before=[OLD], after=["Hip-Hop"])
    write_genres(song, ["Hip-Hop"])
    content = song.read_bytes()
    assert int.from_bytes(content[20:28], "little") == len(content) - 8
    assert soundfile.info(song).frames == soundfile.info(source).frames


def with_second_comments(song: Path, *, genre: str | None) -> Path:
    """Put another block of comments behind the first of a FLAC file."""
    comments = [b"TITLE=Second"] + ([] if genre is None else [b"genre=" + genre.encode()])
    block = (4).to_bytes(4, "little") + b"prog" + len(comments).to_bytes(4, "little")
    block += b"".join(len(one).to_bytes(4, "little") + one for one in comments)
    content = song.read_bytes()
    at = 4
    while content[at] & 0x7F != 4:
        at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    stop = at + 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    assert not content[at] & 0x80
    new = b"\x04" + len(block).to_bytes(3, "big") + block
    song.write_bytes(content[:stop] + new + content[stop:])
    return song


@pytest.mark.parametrize("genre", ["Bop", None])
def test_flac_with_two_blocks_of_comments_gets_the_genre_in_both(
    tmp_path: Path, sources: Path, genre: str | None
) -> None:
    song = with_second_comments(make_file("flac of flac", tmp_path, sources=sources), genre=genre)
    assert (read_tags(song).title, read_tags(song).genres) == ("Söng", (OLD,))

    def look() -> object:
        content = song.read_bytes().upper()
        return [content.count(f"GENRE={one}".encode().upper()) for one in (OLD, "Bop", "Hip-Hop")]

    before = [1, int(genre is not None), 0]
    changed_and_back(song, look, before=before, after=[0, 0, 2])


def test_genre_is_read_from_the_second_block_where_the_first_has_none(
    tmp_path: Path, sources: Path
) -> None:
    song = make_file("flac of flac", tmp_path, sources=sources)
    file = mutagen.File(song)
    del file["genre"]
    file.save()
    assert read_tags(with_second_comments(song, genre="Bop")).genres == ("Bop",)


@pytest.mark.parametrize("kind", ["flac of flac", "ogg of oggenc", "opus of opusenc"])
def test_id3_in_front_of_files_that_have_other_tags(
    kind: str, tmp_path: Path, sources: Path
) -> None:
    song = make_file(kind, tmp_path, sources=sources)
    bare = song.read_bytes()
    head = id3_tag(frame(b"TIT2", b"\0Other") + frame(b"TCON", b"\0Bop") + frame(b"TCOM", b"\0C"))
    song.write_bytes(head + bare)
    tags = read_tags(song)
    assert (tags.title, tags.genres, tags.composer) == ("Söng", (OLD,), "C")

    def look() -> object:
        return frames.ID3(song)["TCON"].genres

    exact = "of o" not in kind
    changed_and_back(song, look, before=["Bop"], after=["Hip-Hop"], exact=exact)
    write_genres(song, ["Hip-Hop"])
    song.write_bytes(song.read_bytes()[len(head) :])
    assert mutagen.File(song)["genre"][0] == "Hip-Hop"


@pytest.mark.parametrize("kind", ["wv of wavpack", "mpc of mpcenc", "ape", "flac of flac"])
def test_id3v1_behind_other_tags_says_the_same(kind: str, tmp_path: Path, sources: Path) -> None:
    song = make_file(kind, tmp_path, sources=sources)
    song.write_bytes(song.read_bytes() + _V1 + b"\x11")
    changed_and_back(song, lambda: song.read_bytes()[-1], before=17, after=7)
    assert write_genres(song, ["My Own"]) == ("My Own",)
    assert song.read_bytes()[-1] == 255


def test_mp3_with_all_three_kinds_of_tags(tmp_path: Path, sources: Path) -> None:
    song = make_file("mp3 of lame", tmp_path, sources=sources)
    item = ape.APEv2()
    item["Artist"], item["Genre"] = "The Bänd", "Bop"
    item.save(song)
    song.write_bytes(song.read_bytes() + _V1 + b"\x11")

    def look() -> object:
        return frames.ID3(song)["TCON"].genres, str(ape.APEv2(song)["Genre"]), song.read_bytes()[-1]

    before, after = ([OLD], "Bop", 17), (["Hip-Hop"], "Hip-Hop", 7)
    changed_and_back(song, look, before=before, after=after, exact=False)


def test_apev2_with_gains_alone_gets_no_genre(tmp_path: Path, sources: Path) -> None:
    song = make_file("mp3 of lame, ID3v2 only", tmp_path, sources=sources)
    item = ape.APEv2()
    item["REPLAYGAIN_TRACK_GAIN"] = "-7 dB"
    item.save(song)
    changed_and_back(
        song, lambda: "Genre" in ape.APEv2(song), before=False, after=False, exact=False
    )


def test_mp3_named_by_apev2_alone_gets_no_id3(tmp_path: Path) -> None:
    song = write_sound(tmp_path / "a.mp3", seconds=0.5)
    item = ape.APEv2()
    item["Artist"] = "The Bänd"
    item.save(song)
    changed_and_back(song, lambda: "Genre" in ape.APEv2(song), before=False, after=True)
    write_genres(song, ["Hip-Hop"])
    assert not song.read_bytes().startswith(b"ID3")
    assert read_tags(song).artist == "The Bänd"


def test_two_id3v2_tags_in_a_row(tmp_path: Path, sources: Path) -> None:
    song = make_file("mp3 of lame, ID3v2 only", tmp_path, sources=sources)
    first = id3_tag(frame(b"TIT2", b"\0Song") + frame(b"TCON", b"\0Bop"))
    song.write_bytes(first + song.read_bytes())

    def look() -> object:
        content = song.read_bytes()
        return [content.count(one) for one in (b"Bop", OLD.encode(), b"Hip-Hop")]

    before = look()
    assert isinstance(before, list)
    changed_and_back(
        song, look, before=before, after=[before[0] - 1, before[1] - 1, 2], exact=False
    )


def test_aac_behind_id3_is_read_and_written(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    source, song = write_sound(tmp_path / "source.wav", seconds=0.3), tmp_path / "a.aac"
    tags = ["-metadata", "title=Title", "-metadata", f"genre={OLD}"]
    run("ffmpeg", "-v", "error", "-i", source, *tags, "-c:a", "aac", "-write_id3v2", "1", song)
    assert (read_tags(song).title, read_tags(song).genres) == ("Title", (OLD,))
    changed_and_back(
        song, lambda: frames.ID3(song)["TCON"].genres, before=[OLD], after=["Hip-Hop"], exact=False
    )


def test_aiff_whose_id3_lacks_its_last_byte(tmp_path: Path, sources: Path) -> None:
    song = make_file("aiff of ffmpeg", tmp_path, sources=sources)
    song.write_bytes(song.read_bytes()[:-1])
    tags = read_tags(song)
    assert tags.genres == (OLD,)
    changed_and_back(song, lambda: b"Swing" in song.read_bytes(), before=True, after=False)


def free_form(text: str) -> Any:
    make: Any = MP4FreeForm
    return make(text.encode(), AtomDataType.UTF8)


@pytest.mark.parametrize("name", ["GENRE", "Genre"])
@pytest.mark.parametrize("beside", [True, False])
def test_mp4_with_a_free_form_genre_is_written(
    tmp_path: Path, sources: Path, name: str, beside: bool
) -> None:
    song = make_file("m4a of ffmpeg", tmp_path, sources=sources)
    open_mp4: Any = MP4
    file = open_mp4(song)
    key = f"----:com.apple.iTunes:{name}"
    file[key] = [free_form("Bop")]
    if not beside:
        del file["\xa9gen"]
    file.save()

    def look() -> object:
        tags = open_mp4(song)
        return [bytes(one).decode() for one in tags[key]], tags.get("\xa9gen")

    before = (["Bop"], [OLD] if beside else None)
    changed_and_back(song, look, before=before, after=(["Hip-Hop"], ["Hip-Hop"]), exact=False)


@pytest.mark.parametrize("beside", [True, False])
def test_wma_with_a_genre_number_is_written(tmp_path: Path, sources: Path, beside: bool) -> None:
    song = make_file("wma of ffmpeg", tmp_path, sources=sources)
    file = kinds.ASF(song)
    file["WM/GenreID"] = ["(17)"]
    if not beside:
        del file["WM/Genre"]
    file.save()
    assert read_tags(song).genres == ((OLD,) if beside else ("Rock",))

    def look() -> object:
        tags = kinds.ASF(song)
        return [[str(one) for one in tags.get(key, [])] for key in ("WM/GenreID", "WM/Genre")]

    before = [["(17)"], [OLD] if beside else []]
    changed_and_back(song, look, before=before, after=[[], ["Hip-Hop"]], exact=False)


def test_wma_whose_attributes_are_in_the_second_list_alone(tmp_path: Path, sources: Path) -> None:
    song = make_file("wma of ffmpeg", tmp_path, sources=sources)
    file = kinds.ASF(song)
    file.clear()
    file["WM/Genre"] = [kinds.ASFUnicodeAttribute("Bop", language=0, stream=1)]
    file.save()
    kind = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
    content = song.read_bytes()
    song.write_bytes(content.replace(kind, bytes(16)))  # no list of the first kind at all
    assert read_tags(song).genres == ("Bop",)
    changed_and_back(song, lambda: read_tags(song).genres, before=("Bop",), after=("Hip-Hop",))
