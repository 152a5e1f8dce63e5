"""AKOOL's image2Video wire API (v4, with the v3 calls it needs)."""

from photoplay.dialects.akool.callback import register_callbacks
from photoplay.dialects.akool.routes import dialect

__all__ = ["dialect", "register_callbacks"]
