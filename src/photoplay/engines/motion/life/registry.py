"""Finds the kinds of life: every concrete :class:`LifeForm` in the modules of this package, and picks what fits."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Container
from functools import cache

from photoplay.engines.motion import life as package
from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.life.base import LifeForm
from photoplay.engines.motion.types import Stage
from photoplay.shot import LifeKind, Plan


@cache
def life_forms() -> dict[LifeKind, LifeForm]:
    """All kinds of life there are.

    Raises:
        ValueError: two modules make the same kind, which is a mistake in this package.
    """
    found: dict[LifeKind, LifeForm] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if not issubclass(cls, LifeForm) or inspect.isabstract(cls) or cls.__module__ != module.__name__:
                continue
            for kind in cls.kinds:
                if kind in found:
                    raise ValueError(f"two modules make {kind.value}")
                found[kind] = cls()
    return found


def animators(
    stage: Stage,
    plan: Plan,
    spec: Spec,
    *,
    only: Container[LifeKind] | None = None,
    skip: Container[LifeKind] = (),
) -> list[Animator]:
    """The life of a take: what the plan asks for, and what fits the photo unless the plan says no.

    What the plan asks for with strength 0 is left out even where it would fit. ``only`` and ``skip``: the kinds that
    are looked at, where a stage holds several subjects that live each by itself.
    """
    asked = {one.kind: one.strength for one in plan.life}
    made: list[Animator] = []
    for kind, form in sorted(life_forms().items(), key=lambda item: item[1].order):
        if kind in skip or (only is not None and kind not in only):
            continue
        strength = asked.get(kind)
        if strength is None:
            if not plan.life_by_default:
                continue
            strength = form.by_default(kind, stage, plan)
        if strength <= 0.0:
            continue
        animator = form.prepare(kind, stage, spec, strength, asked=kind in asked)
        if animator is not None:
            made.append(animator)
    return made
