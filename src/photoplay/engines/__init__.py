"""Engines: what renders. Each implements :class:`photoplay.engines.base.Engine`."""
