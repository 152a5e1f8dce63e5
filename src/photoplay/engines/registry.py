"""Engines by name. An engine is loaded only when it is asked for, in the render process.

An engine is named by ``module:attribute``; the attribute is called with the folder of the model weights and gives
an :class:`~photoplay.engines.base.Engine`. Operators add their own with the setting ``engines``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from photoplay.engines.base import Engine
from photoplay.errors import EngineUnavailable

BUILT_IN: Mapping[str, str] = {"motion": "photoplay.engines.motion.engine:MotionEngine"}


def load(
    name: str, models_dir: Path, extra: Mapping[str, str] | None = None, *, cache_dir: Path | None = None
) -> Engine:
    """The engine of that name. ``extra`` names engines beside, or instead of, the built-in ones.

    ``cache_dir``: where the built-in engine may keep what it understood of a photo; None: nowhere.

    Raises:
        EngineUnavailable: there is none of that name, or it cannot be imported here.
    """
    known = {**BUILT_IN, **(extra or {})}
    place = known.get(name)
    if place is None:
        raise EngineUnavailable(f"There is no engine {name!r} on this server.")
    module_name, _, attribute = place.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise EngineUnavailable(f"The engine {name!r} cannot be loaded on this server: {error}") from error
    if place == BUILT_IN["motion"]:
        return cast("Engine", factory(models_dir, cache_dir))
    return cast("Engine", factory(models_dir))
