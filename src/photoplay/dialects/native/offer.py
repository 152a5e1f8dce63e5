"""What a caller of photoplay's own API can ask for, and with what: models, effects, the account itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from photoplay.catalog import Model
from photoplay.dialects.door import door_of
from photoplay.dialects.native.auth import Calling, documented
from photoplay.dialects.native.wire import DIALECT, Problem
from photoplay.shot import AspectRatio

router = APIRouter(
    prefix="/v1",
    tags=["photoplay"],
    dependencies=documented,
    responses={
        "4XX": {"model": Problem, "description": "A refusal", "content": {"application/problem+json": {}}},
    },
)


class ResolutionOut(BaseModel):
    """A size that a model offers."""

    name: str
    width: int = Field(description="Pixels, in the usual shape; the photo's own shape decides where that is asked")
    height: int


class ModelOut(BaseModel):
    """A model, and what may be asked of it."""

    name: str
    label: str
    description: str
    resolutions: list[ResolutionOut]
    durations_s: list[float] = Field(description="Lengths, in seconds")
    any_duration: bool = Field(description="Whether it also takes what lies between the first and the last length")
    aspect_ratios: list[AspectRatio]
    qualities: list[str]
    max_images: int
    last_image: bool
    effects: bool
    sound: bool
    prompt_limit: int = Field(description="Characters")


class EffectOut(BaseModel):
    """A named animation."""

    name: str = Field(description="What a request says as `effect`")
    label: str
    logo_url: str
    preview_url: str


class Offer(BaseModel):
    """What can be asked for."""

    default_model: str
    models: list[ModelOut]
    effects: list[EffectOut]


class AccountOut(BaseModel):
    """Whose key it is, and what is left."""

    name: str
    plan: str
    credits: int = Field(description="What can be spent")
    credits_held: int = Field(description="Kept back for jobs that are not finished")


@router.get("/catalog", summary="List models and effects")
def read_catalog(request: Request, caller: Calling) -> Offer:
    """The models that this API lists (any other of this server's models can be named too), and every effect."""
    door = door_of(request)
    base_url = door.base_url(request)
    catalog = door.runtime.catalog
    return Offer(
        default_model=catalog.default_model,
        models=[_shown(model) for model in catalog.models(dialect=DIALECT)],
        effects=[
            EffectOut(
                name=effect.slug,
                label=effect.name,
                logo_url=door.effect_link(base_url, effect.slug, "logo.png"),
                preview_url=door.effect_link(base_url, effect.slug, "preview.mp4"),
            )
            for effect in catalog.effects
        ],
    )


@router.get("/account", summary="Read the account of the key")
def read_account(request: Request, caller: Calling) -> AccountOut:
    """The account, its plan, and its credits."""
    balance = door_of(request).runtime.balance(caller.account.id)
    return AccountOut(
        name=caller.account.name, plan=caller.account.plan, credits=balance.available, credits_held=balance.held
    )


def _shown(model: Model) -> ModelOut:
    return ModelOut(
        resolutions=[ResolutionOut(name=size.name, width=size.width, height=size.height) for size in model.resolutions],
        qualities=list(model.qualities),
        last_image=model.last_frame,
        **model.model_dump(
            include={
                "name", "label", "description", "durations_s", "any_duration", "aspect_ratios", "max_images",
                "effects", "sound", "prompt_limit",
            }
        ),
    )  # fmt: skip
