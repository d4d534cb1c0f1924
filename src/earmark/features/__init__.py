"""From samples to numbers: feature sets, their registry and their fingerprints.

Where the steps are, and the librosa function each equals:

=================  =========================================================================
module             librosa
=================  =========================================================================
``_spectrum``      ``stft``, ``istft``, ``fft_frequencies``
``_filters``       ``filters.mel``, ``filters.chroma``, ``hz_to_octs``
``_spectral``      ``feature.spectral_centroid``, ``spectral_bandwidth``, ``spectral_rolloff``,
                   ``rms``, ``zero_crossing_rate``, ``melspectrogram``, ``mfcc``, ``power_to_db``
``_chroma``        ``piptrack``, ``estimate_tuning``, ``feature.chroma_stft``
``_median``        ``scipy.ndimage.median_filter``, which ``decompose.hpss`` calls
``_hpss``          ``decompose.hpss``, ``util.softmask``
``_rhythm``        ``onset.onset_strength``, ``feature.tempogram``, ``beat.beat_track``
=================  =========================================================================
"""

from earmark.features._gtzan57 import GTZAN57, gtzan57
from earmark.features._sets import FeatureSet, feature_sets, get_feature_set, register

__all__ = ["GTZAN57", "FeatureSet", "feature_sets", "get_feature_set", "gtzan57", "register"]
