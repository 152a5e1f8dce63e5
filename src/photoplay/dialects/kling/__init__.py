"""Kling's image-to-video wire API (the generation that names its model in ``model_name``)."""

from photoplay.dialects.kling.callback import register_callbacks
from photoplay.dialects.kling.routes import dialect

__all__ = ["dialect", "register_callbacks"]
