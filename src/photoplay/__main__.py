"""``python -m photoplay``."""

from photoplay.cli import main

main()
