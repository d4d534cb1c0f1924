"""From samples to numbers: feature sets, their registry and their fingerprints.

`extract` computes any of them from one spectral pass. The modules, and the librosa functions that
they equal:

==============  ============================================================================
module          librosa
==============  ============================================================================
``_pass``       the whole of a clip
``_loop``       the order in which all is done: ``stft``, ``decompose.hpss``, ``istft``
``_layout``     the layout of frames in memory
``_fft``        ``scipy.fft.rfft`` and ``irfft``, of 32 frames at once
``_frames``     ``feature.spectral_centroid``, ``spectral_bandwidth``, ``spectral_rolloff``,
                ``melspectrogram``, ``piptrack``, ``chroma_stft``
``_separation`` ``decompose.hpss``, ``util.softmask``, ``istft``
``_statistics`` ``numpy.mean`` and ``numpy.var``
``_signal``     ``feature.rms``, ``zero_crossing_rate``
``_median``     ``scipy.ndimage.median_filter``, which ``decompose.hpss`` calls
``_filters``    ``filters.mel``, ``filters.chroma``, ``hz_to_octs``
``_chroma``     ``estimate_tuning``
``_cepstrum``   ``power_to_db``, ``feature.mfcc``
``_rhythm``     ``onset.onset_strength``, ``feature.tempogram``, ``beat.beat_track``
``_contrast``   ``feature.spectral_contrast``
``_logmel``     ``feature.melspectrogram`` and ``power_to_db(ref=np.max)``
==============  ============================================================================
"""

from earmark.features._bands import BANDS, band_statistics
from earmark.features._cache import cache_folder, is_compiled
from earmark.features._contrast import CONTRAST
from earmark.features._echonest import ECHONEST8
from earmark.features._extract import extract
from earmark.features._gtzan57 import GTZAN57, gtzan57
from earmark.features._gtzan943 import GTZAN943
from earmark.features._logmel import LOGMEL, LOGMEL_GTZAN
from earmark.features._segments import (
    SAME_RECORDING,
    SEGMENT_BANDS,
    quantise_segments,
    recording_likeness,
)
from earmark.features._sets import FeatureSet, feature_sets, get_feature_set, register

__all__ = [
    "BANDS",
    "CONTRAST",
    "ECHONEST8",
    "GTZAN57",
    "GTZAN943",
    "LOGMEL",
    "LOGMEL_GTZAN",
    "SAME_RECORDING",
    "SEGMENT_BANDS",
    "FeatureSet",
    "band_statistics",
    "cache_folder",
    "extract",
    "feature_sets",
    "get_feature_set",
    "gtzan57",
    "is_compiled",
    "quantise_segments",
    "recording_likeness",
    "register",
]
