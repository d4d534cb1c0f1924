"""Eight audio features the Echo Nest gave of 13,129 tracks of the Free Music Archive.

They came with the FMA data set (Defferrard and others 2017). How they were computed is not known:
they cannot be computed from audio. Expected in a folder: ``echonest_genre.csv``, the eight features
joined with genre, artist and split of the tracks.
"""

from __future__ import annotations

import os

from earmark.datasets._corpus import Corpus
from earmark.datasets._files import Row, floats, provenance_of
from earmark.datasets._rows import Rows, RowUnit
from earmark.datasets._splits import identical_rows
from earmark.datasets._table import FeatureTable
from earmark.datasets._track import Track
from earmark.datasets.fma import CITATION, LICENCE, read_metadata
from earmark.errors import ParameterError
from earmark.features import ECHONEST8
from earmark.types import FloatArray, PathName

__all__ = ["CITATION", "CORPUS", "LICENCE"]

_FILE = "echonest_genre.csv"
_N_TRACKS = 13_129


def _read(folder: PathName) -> tuple[list[Track], FloatArray]:
    """Read tracks and features; copies are those whose eight features are all equal."""
    rows: list[Row] = []
    path = os.path.join(folder, _FILE)
    found = read_metadata(path, rows, columns=ECHONEST8.names, n_rows=_N_TRACKS)
    X = floats(path, rows, ECHONEST8.names, key="track_id")
    return [
        Track(
            id=track.id,
            label=track.label,
            title=track.title,
            groups={**track.groups, "duplicate": int(copy)},
            partitions={"official": track.partitions["official"]},
        )
        for track, copy in zip(found, identical_rows(X), strict=True)
    ], X


def _tracks(folder: PathName) -> list[Track]:
    """Read what is known of the 13,129 tracks, of which 3,774 have no genre."""
    return _read(folder)[0]


def _read_table(
    folder: PathName,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    unit: RowUnit | None = None,
) -> FeatureTable:
    """Read the eight features of the 9,355 tracks with a genre; rows equal in all are copies."""
    if feature_set not in (None, ECHONEST8.name):
        raise ParameterError(f"feature_set={feature_set!r}: echonest has {ECHONEST8.name} only")
    if unit not in (None, "track"):
        raise ParameterError(f"unit={unit!r}: a row of echonest is a track")
    found, X = _read(folder)
    labelled = [bool(track.label) for track in found]
    left_out = f"{labelled.count(False)} tracks without a genre"
    sources = provenance_of(CORPUS.title, CITATION, folder, (_FILE,), left_out=left_out)
    rows = Rows.of_tracks([track for track in found if track.label], provenance=sources)
    return FeatureTable.of_rows(rows, X[labelled], ECHONEST8)


CORPUS = Corpus(
    name="echonest",
    title="FMA, Echo Nest features",
    size="9,355 tracks with a genre of 13,129; 12 genres",
    expects="a folder with echonest_genre.csv",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "genres are very uneven: from 3,892 tracks (Rock) to 17 (Experimental); the official test "
        "part holds one track of Classical",
        "3,774 tracks have no genre: left out",
        "how the features were computed is not known: they cannot be computed from audio",
        "the three social features of the published study are not in the file",
    ),
    files={_FILE: "d249348592764fb51fd40537bd45f6f66953f9611c020ce9eac17bff4e658bd3"},
    feature_sets=(ECHONEST8.name,),
    tracks=_tracks,
    read_table=_read_table,
)
