"""Hundreds of prompts in sixteen languages and what becomes of them, by keywords alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.engines.motion.language import plan_from_prompt
from support.plans import Case, cases, difference

TABLE = Path(__file__).with_name("prompts.toml")


@pytest.mark.parametrize("case", cases(TABLE), ids=lambda case: case.prompt)
def test_a_prompt_becomes_its_plan(case: Case) -> None:
    assert difference(plan_from_prompt(case.prompt, case.negative), case.expected) == ""


@pytest.mark.xfail(reason="a known limit of the keywords")
@pytest.mark.parametrize("case", cases(TABLE, "missed"), ids=lambda case: case.prompt)
def test_known_limits(case: Case) -> None:
    assert difference(plan_from_prompt(case.prompt, case.negative), case.expected) == ""
