"""The catalog that comes with photoplay: what it offers, what it refuses, and what things cost."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoplay.catalog import PLAN_NAMES, Catalog
from photoplay.engines.base import RenderRequest
from photoplay.engines.motion.effects.registry import effects
from photoplay.errors import (
    PlanRequired,
    PromptTooLong,
    RequestError,
    TooManyImages,
    UnknownEffect,
    UnknownModel,
    UnsupportedValue,
)
from photoplay.jobs.job import JobRequest, MediaRef

AKOOL = "AkoolImage2VideoFastV1"
PHOTO = MediaRef(url="https://example.com/photo.jpg")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def asked(**fields: Any) -> JobRequest:
    return JobRequest(**{"images": (PHOTO,), **fields})


def cost(catalog: Catalog, plan: str = "enterprise", **fields: Any) -> int:
    return catalog.quote(asked(**fields), plan=plan).credits


@pytest.mark.parametrize(
    ("resolution", "five", "ten"), [("720p", 20, 40), ("1080p", 25, 50), ("4k", 30, 60), ("4K", 30, 60)]
)
def test_the_vendors_rate_table(catalog: Catalog, resolution: str, five: int, ten: int) -> None:
    assert cost(catalog, model=AKOOL, resolution=resolution, duration_s=5) == five
    assert cost(catalog, model=AKOOL, resolution=resolution, duration_s=10) == ten


@pytest.mark.parametrize(
    ("duration_s", "credits"), [(0.1, 5), (5, 5), (5.063, 5), (5.3, 10), (10, 10), (10.063, 10), (15, 15), (30, 30)]
)
def test_sound_alone_costs_by_its_length(catalog: Catalog, duration_s: float, credits: int) -> None:
    request = JobRequest(audio_of="0" * 32, duration_s=duration_s, model=AKOOL)
    assert catalog.quote(request, plan="free").credits == credits


@pytest.mark.parametrize("duration_s", [0, -1, math.nan, math.inf, 61])
def test_sound_of_no_length(catalog: Catalog, duration_s: float) -> None:
    with pytest.raises(UnsupportedValue):
        catalog.quote(JobRequest(audio_of="0" * 32, duration_s=duration_s), plan="free")


def test_motion_costs_the_row_that_holds_the_clip(catalog: Catalog) -> None:
    assert [cost(catalog, duration_s=d) for d in (1, 4.5, 5, 5.5, 10, 12.25, 15)] == [20, 20, 20, 40, 40, 60, 60]
    assert cost(catalog, resolution="480p") == 10


def test_a_size_between_two_names_costs_the_larger(catalog: Catalog) -> None:
    quote = catalog.quote(asked(resolution="1000x800"), plan="pro")
    assert (quote.credits, quote.short_side, quote.size) == (25, 800, (1000, 800))
    assert cost(catalog, resolution="1280x720") == 20


def test_a_named_size_leaves_the_shape_to_the_photo(catalog: Catalog) -> None:
    quote = catalog.quote(asked(resolution="4k"), plan="pro")
    assert (quote.short_side, quote.size) == (2160, None)


@pytest.mark.parametrize(
    "resolution",
    ["", "8k", "720", "100x100", "720x", "721x1280", "x", "99999x99999", "5000x1000", "200x300", "4000x2400", "720P60"],
)
def test_sizes_that_are_not_offered(catalog: Catalog, resolution: str) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        catalog.quote(asked(resolution=resolution), plan="enterprise")
    assert caught.value.field == "resolution"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration_s", 7),
        ("duration_s", 5.5),
        ("duration_s", 0),
        ("duration_s", -5),
        ("duration_s", math.nan),
        ("resolution", "480p"),
        ("resolution", "1280x720"),
        ("aspect_ratio", "16:9"),
        ("fps", 30),
        ("quality", "ultra"),
        ("last_image", PHOTO),
    ],
)
def test_what_the_vendors_model_does_not_offer(catalog: Catalog, field: str, value: object) -> None:
    with pytest.raises(UnsupportedValue) as caught:
        catalog.quote(asked(model=AKOOL, **{field: value}), plan="enterprise")
    assert caught.value.field == field


def test_the_message_says_what_is_offered(catalog: Catalog) -> None:
    with pytest.raises(UnsupportedValue, match="5, 10"):
        catalog.quote(asked(model=AKOOL, duration_s=7), plan="pro")
    with pytest.raises(UnsupportedValue, match="1 to 15"):
        catalog.quote(asked(duration_s=16), plan="enterprise")


@pytest.mark.parametrize(
    ("model", "size", "credits"),
    [
        ("sora-2", "720x1280", (16, 32, 48)),
        ("sora-2", "1792x1024", (20, 40, 60)),
        ("sora-2-pro", "1280x720", (48, 96, 144)),
        ("sora-2-pro", "1024x1792", (80, 160, 240)),
    ],
)
def test_sizes_and_lengths_of_the_sora_models(
    catalog: Catalog, model: str, size: str, credits: tuple[int, ...]
) -> None:
    quotes = [catalog.quote(asked(model=model, resolution=size, duration_s=s), plan="pro") for s in (4, 8, 12)]
    assert tuple(quote.credits for quote in quotes) == credits
    assert {quote.size for quote in quotes} == {tuple(int(side) for side in size.split("x"))}
    assert {quote.quality for quote in quotes} == {"pro" if model == "sora-2-pro" else "std"}


def test_a_model_may_take_clips_shorter_than_it_lists(catalog: Catalog) -> None:
    assert cost(catalog, model="sora-2", duration_s=0.5) == 16
    with pytest.raises(UnsupportedValue, match=r"0\.5 to 12"):
        catalog.quote(asked(model="sora-2", duration_s=0.4), plan="pro")


def test_frames_a_second(catalog: Catalog) -> None:
    assert catalog.quote(asked(), plan="free").fps == 24
    assert catalog.quote(asked(fps=29), plan="free").fps == 29
    for fps in (15, 61, 0, -1):
        with pytest.raises(UnsupportedValue):
            catalog.quote(asked(fps=fps), plan="free")


def test_limits_of_words_and_images(catalog: Catalog) -> None:
    limit = catalog.model("motion").prompt_limit
    catalog.quote(asked(prompt="é" * limit), plan="free")
    for field in ("prompt", "negative_prompt"):
        with pytest.raises(PromptTooLong) as caught:
            catalog.quote(asked(**{field: "x" * (limit + 1)}), plan="free")
        assert caught.value.field == field
    with pytest.raises(TooManyImages):
        catalog.quote(asked(model="sora-2", images=(PHOTO, PHOTO)), plan="free")


def test_unknown_models_and_effects(catalog: Catalog) -> None:
    with pytest.raises(UnknownModel):
        catalog.quote(asked(model="sora-99"), plan="free")
    with pytest.raises(UnknownEffect):
        catalog.quote(asked(effect="explode"), plan="free")
    with pytest.raises(UnknownEffect):
        catalog.effect("")


# Plans -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", PLAN_NAMES)
def test_ten_seconds_of_the_vendors_model_need_pro(catalog: Catalog, plan: str) -> None:
    catalog.quote(asked(model=AKOOL, duration_s=5), plan=plan)
    if plan in ("free", "starter"):
        with pytest.raises(PlanRequired, match="pro") as caught:
            catalog.quote(asked(model=AKOOL, duration_s=10), plan=plan)
        assert caught.value.field == "duration_s"
    else:
        catalog.quote(asked(model=AKOOL, duration_s=10), plan=plan)


@pytest.mark.parametrize("model", ["motion", AKOOL])
@pytest.mark.parametrize("plan", PLAN_NAMES)
def test_premium_needs_pro(catalog: Catalog, plan: str, model: str) -> None:
    request = asked(model=model, quality="premium")
    if plan in ("free", "starter"):
        with pytest.raises(PlanRequired, match="pro"):
            catalog.quote(request, plan=plan)
    else:
        assert catalog.quote(request, plan=plan).quality == "premium"


def test_a_plan_has_a_longest_clip(catalog: Catalog) -> None:
    catalog.quote(asked(duration_s=10), plan="free")
    with pytest.raises(PlanRequired, match="10 s"):
        catalog.quote(asked(duration_s=11), plan="free")
    catalog.quote(asked(duration_s=15), plan="pro")


def test_without_limits_every_plan_has_everything() -> None:
    lifted = Catalog.load(limits=False)
    request = asked(model=AKOOL, duration_s=10, quality="premium")
    assert lifted.quote(request, plan="free").credits == 40
    free = lifted.plan("free")
    assert (free.requests_per_minute, free.concurrent_jobs, free.queued_jobs, free.premium) == (None, None, None, True)
    assert free.weight == Catalog.load().plan("free").weight


def test_a_larger_plan_never_has_less(catalog: Catalog) -> None:
    assert [plan.name for plan in catalog.plans] == list(PLAN_NAMES)
    for field in ("requests_per_minute", "concurrent_jobs", "queued_jobs", "max_duration_s", "premium", "weight"):
        values = [getattr(plan, field) for plan in catalog.plans]
        assert values == sorted(values)


# Effects and lists -----------------------------------------------------------------------------------------------


def test_the_vendors_effects(catalog: Catalog) -> None:
    known = {effect.code: (effect.slug, effect.name, effect.object_id, effect.created_ms) for effect in catalog.effects}
    assert known["squish_89244231312"] == ("squish", "Squish", "687632b95a0f52799eeed701", 1752576694502)
    assert known["cakeify_24743216"] == ("cakeify", "Cakeify", "687632ba5a0f52799eeed887", 1752576694502)
    assert known["samurai_99757865"] == ("samurai", "Samurai", "687632bc5a0f52799eeed929", 1752576694502)


def test_an_effect_by_code_or_slug(catalog: Catalog) -> None:
    assert catalog.effect("squish") is catalog.effect("squish_89244231312")
    assert catalog.quote(asked(effect="squish_89244231312", model=AKOOL), plan="free").effect == "squish"


def test_every_effect_is_one_that_its_engine_has(catalog: Catalog) -> None:
    offered = {effect.slug for effect in catalog.effects if effect.engine == "motion"}
    assert offered <= set(effects())


def test_default_models(catalog: Catalog) -> None:
    assert catalog.default_model == "motion"
    assert catalog.default_model_of("akool") == AKOOL
    assert catalog.default_model_of("openai") == "sora-2"
    assert catalog.default_model_of("something-new") == "motion"


def test_models_by_kind_and_dialect(catalog: Catalog) -> None:
    names = [model.name for model in catalog.models(dialect="akool")]
    assert names == [AKOOL, "seedance-1-0-lite-i2v-250428"]
    assert {model.name for model in catalog.models("image-to-video")} >= {"motion", AKOOL}
    assert catalog.models("text-to-video", dialect="akool") == ()


# What is offered can be rendered ---------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    model=st.sampled_from(["motion", AKOOL]),
    resolution=st.sampled_from(["480p", "720p", "1080p", "1440p", "4k", "0x0"])
    | st.tuples(st.integers(0, 9000), st.integers(0, 9000)).map(lambda size: f"{size[0]}x{size[1]}"),
    duration_s=st.floats(allow_nan=True) | st.sampled_from([1.0, 5.0, 10.0, 15.0]),
    fps=st.none() | st.integers(-10, 100),
    plan=st.sampled_from(PLAN_NAMES),
    quality=st.sampled_from(["std", "pro", "premium", ""]),
)
def test_every_quote_is_one_that_engines_take(
    catalog: Catalog, model: str, resolution: str, duration_s: float, fps: int | None, plan: str, quality: str
) -> None:
    request = asked(model=model, resolution=resolution, duration_s=duration_s, fps=fps, quality=quality)
    try:
        quote = catalog.quote(request, plan=plan)
    except (RequestError, PlanRequired):
        return
    assert quote.credits > 0
    RenderRequest(
        images=("photo.png",), duration_s=quote.duration_s, short_side=quote.short_side, size=quote.size, fps=quote.fps
    )
