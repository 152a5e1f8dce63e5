"""Keevx's image-to-video wire API, with the upload that its clients make before."""

from photoplay.dialects.keevx.callback import register_callbacks
from photoplay.dialects.keevx.routes import dialect

__all__ = ["dialect", "register_callbacks"]
