"""photoplay's own HTTP API: jobs, uploads, artifacts, health."""

from photoplay.dialects.native.callback import register_callbacks
from photoplay.dialects.native.dialect import dialect

__all__ = ["dialect", "register_callbacks"]
