"""The web page: static files that speak the public HTTP API, as any other client does."""

from photoplay.studio.page import STATIC, mount

__all__ = ["STATIC", "mount"]
