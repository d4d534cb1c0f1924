"""Files to features: one file clip by clip, and many at once, none of which stops another."""

from earmark.extraction._parallel import map_files, usable_cores
from earmark.extraction._tracks import MIN_TRACK_S, TrackFeatures, extract_track

__all__ = ["MIN_TRACK_S", "TrackFeatures", "extract_track", "map_files", "usable_cores"]
