"""A plan survives being written, edited and read; what is wrong in it is named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.changes.tags import TagPlan, TagRow, Threshold
from earmark.errors import ParameterError, PlanError
from earmark.files import FileState

ROWS = (
    TagRow("/m/a.mp3", "write", ("Jazz",), (), 0.912, "", FileState(5, 1_700_000_000_000_000_007)),
    TagRow("/m/b.mp3", "keep", (), ("Rock", "Pop; or so"), None, "has a genre", None),
)
PLAN = TagPlan(ROWS, Threshold(0.7, 0.9, 0.6), "gtzan943", 0.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.csv"
    PLAN.write(path)
    return path


def test_plan_is_read_as_written(path: Path) -> None:
    assert TagPlan.read(path) == PLAN


def test_lines_can_be_deleted_and_edited(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[1] == "action,genres,now,confidence,why,seen,content,path"
    assert lines[2] == "write,Jazz,,0.912,,5 bytes at 1700000000.000000007,,/m/a.mp3"
    assert lines[3] == "keep,,Rock; Pop\\; or so,,has a genre,,,/m/b.mp3"
    edited = lines[2].replace("Jazz", "My Own; Second")
    # As spreadsheets write it: with a mark at the start, other line ends, and cells filled up.
    path.write_text(
        "\ufeff" + "\r\n".join([lines[0] + ",,,,,", "", lines[1], edited, ",,,,,,"]),
        encoding="utf-8",
        newline="",
    )
    (row,) = TagPlan.read(path).rows
    assert row.genres == ("My Own", "Second")


ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff\n\t\\;\"',\r\0"),
    min_size=1,
)
GENRES = st.lists(ANY_TEXT.map(str.strip).filter(lambda t: t and "\0" not in t), max_size=3)


@given(name=ANY_TEXT, genres=GENRES, now=GENRES, size=st.integers(0), mtime=st.integers(0))
def test_any_name_survives(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    genres: list[str],
    now: list[str],
    size: int,
    mtime: int,
) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.csv"
    action = "write" if genres else "keep"
    row = TagRow(
        "/" + name.replace("\0", ""),
        action,
        tuple(genres),
        tuple(now),
        None,
        "",
        FileState(size, mtime),
    )
    TagPlan((row,), Threshold(0.5)).write(path)
    assert TagPlan.read(path).rows == (row,)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3 or any(mark in "".join(lines) for mark in "\u2028\u2029")


def with_cell(path: Path, line: int, column: str, value: str) -> None:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    rows[line - 1][rows[1].index(column)] = value
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize(
    ("line", "column", "value", "message"),
    [
        (3, "action", "wirte", r"line 3, column 'action': 'wirte': must be write or keep"),
        (3, "genres", " ", r"line 3, column 'genres': ' ': no genre to write"),
        (4, "genres", "a\\q", r"line 4, column 'genres': .* is not an escape"),
        (4, "path", "a\\", r"line 4, column 'path': .* a backslash twice"),
        (4, "path", "", r"line 4, column 'path': '': not the full path of a file"),
        (4, "path", "m/b.mp3", r"line 4, column 'path': 'm/b.mp3': not the full path of a file"),
        (4, "path", "/m/a.mp3", r"line 4, column 'path': '/m/a.mp3' is already in line 3"),
        (3, "seen", "1,7E+18", r"line 3, column 'seen': '1,7E\+18': not of the form"),
        (3, "seen", "", r"line 3, column 'seen': '': not of the form"),
        (3, "confidence", "0,9", r"line 3, column 'confidence': '0,9': not a number"),
        (3, "genres", "a\\u0000", "a genre cannot hold a null character"),
    ],
)
def test_bad_cell_is_named(path: Path, line: int, column: str, value: str, message: str) -> None:
    with_cell(path, line, column, value)
    with pytest.raises(PlanError, match=message):
        TagPlan.read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not a plan"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"path,genre\n", "it is not a plan"),
        (b"earmark.tag-plan/9,{}\n", "it is earmark.tag-plan/9; this release reads"),
        (b"earmark.tag-plan/1\n", "line 1, column 2 is damaged"),
        (b'earmark.tag-plan/1,"{}"\n', "line 1, column 2 is damaged"),
        (b'earmark.tag-plan/1,"{""threshold"": 1}"\n', "line 2, with the names"),
        (b'earmark.tag-plan/1,"{""threshold"": 1}"\na,b\n', "line 2: column 'action' is missing"),
        (b'earmark.tag-plan/1,"{""thr', "it is not CSV"),
        (
            b'earmark.tag-plan/1,"{""threshold"": 1}"\naction,genres,now,seen,path\nkeep\n',
            "line 3 has 1 fields, not 5",
        ),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "plan.csv").write_bytes(content)
    with pytest.raises(PlanError, match=message):
        TagPlan.read(tmp_path / "plan.csv")


def test_missing_plan_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no such file"):
        TagPlan.read(tmp_path / "plan.csv")


def test_file_that_is_there_is_not_overwritten_unasked(path: Path) -> None:
    with pytest.raises(ParameterError, match="already exists"):
        PLAN.write(path)
    TagPlan((), Threshold(0.1)).write(path, overwrite=True)
    assert TagPlan.read(path).rows == ()
    assert [entry.name for entry in path.parent.iterdir()] == ["plan.csv"]
