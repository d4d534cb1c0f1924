"""What a task on Ray does with its files, without a cluster."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import soundfile

from earmark.extraction import bytes_to_batch, file_to_rows
from earmark.features import get_feature_set
from earmark.testing import noise

pytest.importorskip("ray")

SR = 22_050


@pytest.mark.filterwarnings("ignore")
def test_task_gives_the_rows_and_failures_of_its_files(tmp_path: Path) -> None:
    from earmark.extraction._ray import _Extract

    good, bad = tmp_path / "good.wav", tmp_path / "bad.mp3"
    soundfile.write(good, noise(duration=1.5, sr=SR), SR)
    bad.write_text("no music\n" * 99)
    paths = [str(good), str(bad), f"file://{good}"]
    found = _Extract(["gtzan57"], "track")(pa.table({"path": paths}))
    assert found.column("path").to_pylist() == paths
    batches = [bytes_to_batch(rows) for rows in found.column("rows").to_pylist()]
    sets = [get_feature_set("gtzan57")]
    assert batches[0].equals(file_to_rows(str(good), sets=sets, unit="track"))
    assert batches[1].column("code").to_pylist() == ["no-audio"]
    assert batches[2].num_rows == 1
