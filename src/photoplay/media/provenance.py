"""What a clip says of its own making, in the MP4's metadata.

The keys are those that the MP4 muxer writes as iTunes atoms, so common players and probes show them. Nothing
here names the caller, the prompt or the photo.
"""

from __future__ import annotations

from photoplay import __version__


def metadata(engine: str) -> dict[str, str]:
    """Metadata for a clip that ``engine`` animated from a still photo."""
    return {
        "title": "Animated photo",
        "comment": "Synthetic motion: animated from a still photo. Not a recording.",
        "description": f"Animated from a still photo by photoplay {__version__} ({engine} engine).",
        "synopsis": f"photoplay/{__version__} engine={engine} source=still-photo synthetic=true",
    }
