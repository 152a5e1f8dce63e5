"""The video room's front door: everything about video files in one import."""

from __future__ import annotations

from photoplay.media.colour import alpha_to_420, rgb_to_yuv420, yuv420_to_rgb
from photoplay.media.encode import FrameBuffer, VideoWriter
from photoplay.media.mux import mux
from photoplay.media.probe import VideoInfo, contact_sheet, probe, read_frames, spritesheet, thumbnail

__all__ = [
    "FrameBuffer",
    "VideoInfo",
    "VideoWriter",
    "alpha_to_420",
    "contact_sheet",
    "mux",
    "probe",
    "read_frames",
    "rgb_to_yuv420",
    "spritesheet",
    "thumbnail",
    "yuv420_to_rgb",
]
