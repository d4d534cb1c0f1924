"""From files to samples: find, decode, resample, cut into clips, and identify recordings."""

from earmark.audio._clips import CLIP_S, SEGMENT_S, Clip, clip_bounds, clips
from earmark.audio._digest import audio_digest
from earmark.audio._find import AUDIO_SUFFIXES, find_audio
from earmark.audio._missing import Missing
from earmark.audio._stream import AudioInfo, AudioStream, AudioWarning, info, load, stream

__all__ = [
    "AUDIO_SUFFIXES",
    "CLIP_S",
    "SEGMENT_S",
    "AudioInfo",
    "AudioStream",
    "AudioWarning",
    "Clip",
    "Missing",
    "audio_digest",
    "clip_bounds",
    "clips",
    "find_audio",
    "info",
    "load",
    "stream",
]
