"""The command line. Modules here import nothing heavy until a command runs, so that ``--help`` is quick."""

from photoplay.cli.app import app, main

__all__ = ["app", "main"]
