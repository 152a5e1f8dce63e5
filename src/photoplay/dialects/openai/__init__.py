"""OpenAI's Videos wire API, with the two calls around it that its clients make: files and models."""

from photoplay.dialects.openai.callback import register_callbacks
from photoplay.dialects.openai.routes import dialect

__all__ = ["dialect", "register_callbacks"]
