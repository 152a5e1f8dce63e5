"""The video room's front door: everything about video files in one import."""

from __future__ import annotations

from photoplay.media.colour import alpha_to_420, rgb_to_yuv420, yuv420_to_rgb
from photoplay.media.encode import FrameBuffer, VideoWriter

__all__ = ["FrameBuffer", "VideoWriter", "alpha_to_420", "rgb_to_yuv420", "yuv420_to_rgb"]
