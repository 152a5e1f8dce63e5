"""Finds the effects: every concrete :class:`Effect` in the modules of this package."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from photoplay.engines.motion import effects as package
from photoplay.engines.motion.effects.base import Effect
from photoplay.errors import UnknownEffect


@cache
def effects() -> dict[str, Effect]:
    """All effects by slug, in the order of their slugs.

    Raises:
        ValueError: two effects share a slug, which is a mistake in this package.
    """
    found: dict[str, Effect] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if not issubclass(cls, Effect) or inspect.isabstract(cls) or cls.__module__ != module.__name__:
                continue
            if cls.slug in found:
                raise ValueError(f"two effects are called {cls.slug!r}")
            found[cls.slug] = cls()
    return dict(sorted(found.items()))


def find(slug: str) -> Effect:
    """The effect of that slug.

    Raises:
        UnknownEffect: there is none.
    """
    try:
        return effects()[slug]
    except KeyError:
        raise UnknownEffect(f"there is no effect {slug!r}", field="effect") from None
