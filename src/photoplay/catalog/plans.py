"""Plans: how much of the server an account may use. The table is ``plans.toml``; an operator's file may change it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

PLAN_NAMES = ("free", "starter", "pro", "pro-max", "business", "enterprise")
"""Every plan there is, from the least to the most."""

MAX_CLIP_S = 60.0
"""Longest clip that any plan allows, in seconds: what engines take."""


class Plan(BaseModel):
    """What one plan allows. ``None`` means no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    requests_per_minute: int | None = Field(ge=1)  # of all routes together
    concurrent_jobs: int | None = Field(ge=1)  # of one account, rendering or next in line to
    queued_jobs: int | None = Field(ge=0)  # of one account, waiting beyond those
    max_duration_s: float = Field(gt=0, le=MAX_CLIP_S)  # longest clip of any model
    premium: bool  # whether premium qualities may be used
    weight: int = Field(ge=1, le=60)  # turns at a busy queue, relative to an account of weight 1

    def lifted(self) -> Self:
        """The same plan without any limit but its weight."""
        return self.model_copy(
            update={
                "requests_per_minute": None,
                "concurrent_jobs": None,
                "queued_jobs": None,
                "max_duration_s": MAX_CLIP_S,
                "premium": True,
            }
        )


def includes(plan: str, needed: str) -> bool:
    """Whether an account of ``plan`` may use what needs ``needed``: the same plan or a larger one."""
    return PLAN_NAMES.index(plan) >= PLAN_NAMES.index(needed)
