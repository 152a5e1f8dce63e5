"""Effects are found, not listed; and every one of them keeps the rules of effects."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.effects.registry import effects, find
from photoplay.errors import UnknownEffect


def test_effects_are_found_by_slug() -> None:
    found = effects()
    assert list(found) == sorted(found)
    for slug, effect in found.items():
        assert isinstance(effect, Effect)
        assert effect.slug == slug
        assert find(slug) is effect
        assert effect.name
        assert effect.description.endswith(".")


def test_there_is_none_of_that_name() -> None:
    with pytest.raises(UnknownEffect):
        find("no-such-effect")
