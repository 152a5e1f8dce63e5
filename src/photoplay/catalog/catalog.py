"""The catalog: what this server offers, and what a request to it comes to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sized
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, Self

from photoplay.catalog.files import DEFAULTS, Tables, read_tables
from photoplay.catalog.plans import MAX_CLIP_S, PLAN_NAMES, Plan, includes
from photoplay.catalog.schema import MAX_SHAPE, MAX_SIDE, MIN_SIDE, Effect, Kind, Model, Prices, Quote, Row
from photoplay.errors import (
    PlanRequired,
    PromptTooLong,
    SettingsError,
    TooManyImages,
    UnknownEffect,
    UnknownModel,
    UnsupportedValue,
)

DEFAULT_DIALECT = "native"
SOUND_POOL = "sound"
_GRACE_S = 0.25
"""By which a finished clip may be longer than its price's row: engines end on a whole frame, and the sound of a clip of
5 s costs what a vendor's own sample says, 5 credits, although that clip lasts 5.063 s."""
_SIZE = re.compile(r"([0-9]{2,5})x([0-9]{2,5})")


class Sound(Protocol):
    """What pricing needs to know of the sound that is asked for."""

    @property
    def mode(self) -> str: ...


class Request(Protocol):
    """What pricing needs to know of a request; :class:`photoplay.jobs.job.JobRequest` is one."""

    @property
    def model(self) -> str: ...
    @property
    def images(self) -> Sized: ...
    @property
    def last_image(self) -> object | None: ...
    @property
    def prompt(self) -> str: ...
    @property
    def negative_prompt(self) -> str: ...
    @property
    def effect(self) -> str | None: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def resolution(self) -> str: ...
    @property
    def aspect_ratio(self) -> str: ...
    @property
    def fps(self) -> int | None: ...
    @property
    def quality(self) -> str: ...
    @property
    def audio(self) -> Sound: ...
    @property
    def audio_of(self) -> str | None: ...
    @property
    def brushes(self) -> Sized: ...
    @property
    def shot(self) -> object | None: ...


class Catalog:
    """The models, effects, prices and plans of one server. Immutable."""

    def __init__(self, tables: Tables, *, limits: bool = True) -> None:
        """Checks the tables. ``limits`` False lifts what plans forbid.

        Raises:
            SettingsError: an entry is wrong, or names another that does not exist; file and key are named.
        """
        plans = tables.read("plans", Plan, name_key="name")
        for name in (*plans, *PLAN_NAMES):
            if name not in PLAN_NAMES or name not in plans:
                raise SettingsError(f"{tables.origin(('plans', name))}: plans are {', '.join(PLAN_NAMES)}, all of them")
        self._limits = limits
        self._plans = plans if limits else {name: plan.lifted() for name, plan in plans.items()}
        self._prices = tables.read("prices", Prices, name_key=None)
        self._models = tables.read("models", Model, name_key="name")
        self._effects = tables.read("effects", Effect, name_key="slug")
        self._defaults = dict(tables.defaults)
        for model in self._models.values():
            _check_prices(model, self._prices, tables.origin(("models", model.name), ("prices", model.prices)))
        self._by_code = _by_code(self._effects, tables)
        for dialect, name in self._defaults.items():
            if name not in self._models:
                origin = tables.origin((DEFAULTS, dialect), ("models", name))
                raise SettingsError(f"{origin}: defaults.{dialect}: no model {name!r}")

    @classmethod
    def load(cls, path: Path | None = None, *, limits: bool = True) -> Self:
        """The catalog that comes with photoplay, changed by the operator's file ``path``.

        Raises:
            SettingsError: a file cannot be read or an entry is wrong; file and key are named.
        """
        return cls(read_tables(path), limits=limits)

    # Reading -----------------------------------------------------------------------------------------------------

    def plan(self, name: str) -> Plan:
        """The plan of that name, one of :data:`PLAN_NAMES`."""
        return self._plans[name]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every plan, from the least to the most."""
        return tuple(self._plans[name] for name in PLAN_NAMES)

    def model(self, name: str) -> Model:
        """The model of that name.

        Raises:
            UnknownModel: there is none.
        """
        model = self._models.get(name)
        if model is None:
            raise UnknownModel(f"There is no model {name[:80]!r}.", field="model")
        return model

    def models(self, kind: Kind | None = None, *, dialect: str | None = None) -> tuple[Model, ...]:
        """The models, in the order of the catalog: of one kind only, listed by one dialect only."""
        return tuple(
            model
            for model in self._models.values()
            if (kind is None or kind in model.kinds) and (dialect is None or dialect in model.dialects)
        )

    @property
    def default_model(self) -> str:
        """Name of the model that is meant when a request names none."""
        return self.default_model_of(DEFAULT_DIALECT)

    def default_model_of(self, dialect: str) -> str:
        """Name of the model that a dialect means when a request names none."""
        name = self._defaults.get(dialect) or self._defaults.get(DEFAULT_DIALECT)
        return name or next(iter(self._models), "")

    def effect(self, code_or_slug: str) -> Effect:
        """The effect of that code or slug.

        Raises:
            UnknownEffect: there is none.
        """
        effect = self._by_code.get(code_or_slug)
        if effect is None:
            raise UnknownEffect(f"There is no effect {code_or_slug[:80]!r}.", field="effect")
        return effect

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every effect, in the order of the catalog."""
        return tuple(self._effects.values())

    @property
    def prices(self) -> Mapping[str, Prices]:
        """Every price table by name."""
        return MappingProxyType(self._prices)

    def pools(self, *, engines: Collection[str] = (), models: Collection[str] = ()) -> tuple[str, ...]:
        """The pools of workers that make the clips of these models, or of these engines. Of neither: all there are.

        New sound for old pictures needs no engine and takes a moment, so every worker makes it, beside its clips.

        Raises:
            UnknownModel: there is no such model.
            SettingsError: no model has such an engine.
        """
        chosen = [self.model(name) for name in models] or [
            model for model in self.models() if not engines or model.engine in engines
        ]
        unknown = set(engines) - {model.engine for model in self.models()}
        if unknown:
            raise SettingsError(f"no model of the catalog has the engine {min(unknown)!r}")
        return tuple(sorted({SOUND_POOL} | {model.pool or model.engine for model in chosen}))

    # Pricing -----------------------------------------------------------------------------------------------------

    def quote(self, request: Request, *, plan: str) -> Quote:
        """Checks a request against what is offered to an account of ``plan``, and prices it.

        For new sound on an old picture (``audio_of``) only the length counts: give that of the old clip.

        Raises:
            UnknownModel, UnknownEffect, UnsupportedValue: there is no such thing; ``field`` names it.
            TooManyImages, PromptTooLong: more than the model takes.
            PlanRequired: there is, but not for this plan.
        """
        model = self.model(request.model)
        prices = self._prices[model.prices]
        effect = None if request.effect is None else self._effect_for(model, request.effect)
        _check_words(model, request)
        if request.audio_of is None:
            _check_choices(model, request)
            short_side, size, rows = _size_of(model, prices, request.resolution.strip().lower())
            quality = model.qualities[request.quality]
            self._check_plan(model, request, plan)
        else:
            if not 0 < request.duration_s <= MAX_CLIP_S:
                raise UnsupportedValue("duration_s")
            short_side, size, rows = model.resolutions[0].short_side, None, prices.audio
            quality = next(iter(model.qualities.values()))
        return Quote(
            model=model.name,
            engine=model.engine,
            pool=SOUND_POOL if request.audio_of is not None else model.pool or model.engine,
            quality=quality.engine_quality,
            credits=_cost(rows, request.duration_s if request.audio_of is None else request.duration_s - _GRACE_S),
            duration_s=request.duration_s,
            short_side=short_side,
            size=size,
            fps=model.default_fps if request.fps is None else request.fps,
            effect=None if effect is None else effect.slug,
            image_rules=model.image_rules,
            retention_s=model.retention_s,
        )

    def _effect_for(self, model: Model, name: str) -> Effect:
        effect = self.effect(name)
        if not model.effects or effect.engine != model.engine:
            raise UnsupportedValue("effect", f"The model {model.name} does not offer the effect {effect.name}.")
        return effect

    def _check_plan(self, model: Model, request: Request, plan: str) -> None:
        if not self._limits:
            return
        terms = self.plan(plan)
        if not includes(plan, model.plan):
            raise PlanRequired(f"The model {model.name} needs the plan {model.plan} or above.", field="model")
        if model.qualities[request.quality].premium and not terms.premium:
            needed = next((other.name for other in self.plans if other.premium), "no plan there is")
            raise PlanRequired(f"The quality {request.quality} needs the plan {needed} or above.", field="quality")
        long_clip = model.long_clip
        if long_clip is not None and request.duration_s > long_clip.over_s and not includes(plan, long_clip.plan):
            raise PlanRequired(
                f"Clips longer than {long_clip.over_s:g} s need the plan {long_clip.plan} or above.",
                field="duration_s",
            )
        if request.duration_s > terms.max_duration_s:
            raise PlanRequired(
                f"The plan {plan} includes clips of up to {terms.max_duration_s:g} s.", field="duration_s"
            )


def _check_words(model: Model, request: Request) -> None:
    for field, text in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt)):
        if len(text) > model.prompt_limit:
            raise PromptTooLong(
                f"{field} has {len(text)} characters; the model {model.name} takes {model.prompt_limit}.", field=field
            )


def _check_choices(model: Model, request: Request) -> None:
    if len(request.images) > model.max_images:
        raise TooManyImages(f"The model {model.name} takes {model.max_images} image(s).", field="images")
    if request.last_image is not None and not model.last_frame:
        raise UnsupportedValue("last_image", f"The model {model.name} takes no last image.")
    check_duration(model, request.duration_s, "multi-image-to-video" if len(request.images) > 1 else "image-to-video")
    if request.audio.mode != "none" and not model.sound:
        raise UnsupportedValue("audio", f"The model {model.name} makes no sound.")
    if request.aspect_ratio not in model.aspect_ratios:
        raise _unsupported("aspect_ratio", request.aspect_ratio, model.aspect_ratios)
    if request.quality not in model.qualities:
        raise _unsupported("quality", request.quality, model.qualities)
    if request.last_image is not None and not model.qualities[request.quality].last_frame:
        raise UnsupportedValue(
            "last_image", f"The model {model.name} takes no last image with the quality {request.quality}."
        )
    if request.brushes and not model.brushes:
        raise UnsupportedValue("brushes", f"The model {model.name} takes no motion brushes.")
    if request.shot is not None and not model.camera:
        raise UnsupportedValue("shot", f"The model {model.name} takes no camera but that of the prompt.")
    if request.fps is not None and not model.takes_fps(request.fps):
        raise _unsupported("fps", str(request.fps), [str(fps) for fps in model.fps], between=model.any_fps)


def check_duration(model: Model, duration_s: float, kind: Kind) -> None:
    """Whether the model makes clips of that length, of that kind.

    Raises:
        UnsupportedValue: it does not; the message says which it makes.
    """
    if model.takes_duration(duration_s, kind):
        return
    if kind == "multi-image-to-video" and model.multi_durations_s:
        raise _unsupported("duration_s", f"{duration_s:g}", [f"{each:g}" for each in model.multi_durations_s])
    lengths_s = list(model.durations_s) if model.shortest_s is None else [model.shortest_s, *model.durations_s]
    raise _unsupported("duration_s", f"{duration_s:g}", [f"{each:g}" for each in lengths_s], between=model.any_duration)


def _size_of(model: Model, prices: Prices, asked: str) -> tuple[int, tuple[int, int] | None, tuple[Row, ...]]:
    """The short side, the exact size if one is fixed, and the price rows of a resolution."""
    for resolution in model.resolutions:
        if resolution.name == asked:
            size = (resolution.width, resolution.height) if resolution.exact else None
            return resolution.short_side, size, prices.video[resolution.name]
    match = _SIZE.fullmatch(asked) if model.any_size else None
    if match is None:
        raise _unsupported("resolution", asked, [resolution.name for resolution in model.resolutions])
    width, height = int(match[1]), int(match[2])
    short_side = min(width, height)
    larger = sorted((r for r in model.resolutions if r.short_side >= short_side), key=lambda r: r.short_side)
    if short_side < MIN_SIDE or short_side > MAX_SIDE or not larger:
        largest = max(resolution.short_side for resolution in model.resolutions)
        raise UnsupportedValue("resolution", f"The short side must have {MIN_SIDE} to {largest} pixels.")
    if width % 2 or height % 2:
        raise UnsupportedValue("resolution", "Width and height must be even.")
    if max(width, height) > MAX_SHAPE * short_side:
        raise UnsupportedValue("resolution", f"No side may be longer than {MAX_SHAPE:g} times the other.")
    return short_side, (width, height), prices.video[larger[0].name]


def _cost(rows: tuple[Row, ...], duration_s: float) -> int:
    """Credits of the shortest row that holds the clip; a clip beyond the last row costs by its length."""
    for row in rows:
        if duration_s <= row.up_to_s:
            return row.credits
    last = rows[-1]
    return -(-int(last.credits * duration_s * 1000) // int(last.up_to_s * 1000))


def _unsupported(
    field: str, value: str, offered: Mapping[str, object] | list[str] | tuple[str, ...], *, between: bool = False
) -> UnsupportedValue:
    names = list(offered)
    words = f"{names[0]} to {names[-1]}" if between else ", ".join(names)
    return UnsupportedValue(field, f"{field} {value[:40]!r} is not offered; it can be {words}.")


def _check_prices(model: Model, tables: Mapping[str, Prices], origin: str) -> None:
    """Every clip that the model offers must have a price."""
    prices = tables.get(model.prices)
    if prices is None:
        raise SettingsError(f"{origin}: models.{model.name}.prices: there is no price table {model.prices!r}")
    for resolution in model.resolutions:
        rows = prices.video.get(resolution.name)
        if rows is None:
            raise SettingsError(f"{origin}: models.{model.name}: prices.{model.prices} has no {resolution.name}")
        if rows[-1].up_to_s < model.durations_s[-1]:
            raise SettingsError(
                f"{origin}: models.{model.name}: prices.{model.prices}.{resolution.name} ends before "
                f"{model.durations_s[-1]:g} s"
            )


def _by_code(effects: Mapping[str, Effect], tables: Tables) -> dict[str, Effect]:
    found = dict(effects)
    for slug, effect in effects.items():
        if found.get(effect.code, effect) is not effect:
            raise SettingsError(f"{tables.origin(('effects', slug))}: effects.{slug}.code: {effect.code!r} is taken")
        found[effect.code] = effect
    return found
