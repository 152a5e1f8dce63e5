"""How much is understood of prompts that no rule was written for."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.engines.motion.language import Meaning, SentenceMeaning, plan_from_prompt, shared_meaning
from support.plans import cases, difference

HELD_OUT = cases(Path(__file__).with_name("heldout.toml"))


@pytest.fixture(scope="module")
def meaning() -> SentenceMeaning:
    shared = shared_meaning()
    assert shared is not None
    return shared


def accuracy(meaning: Meaning | None) -> tuple[float, list[str]]:
    wrong = [
        f"{case.prompt}: {found}"
        for case in HELD_OUT
        if (found := difference(plan_from_prompt(case.prompt, case.negative, meaning=meaning), case.expected))
    ]
    return 1 - len(wrong) / len(HELD_OUT), wrong


def test_keywords_alone() -> None:
    share, wrong = accuracy(None)
    assert share >= 0.88, "\n".join(wrong)


def test_with_meaning(meaning: SentenceMeaning) -> None:
    share, wrong = accuracy(meaning)
    assert share >= 0.9, "\n".join(wrong)


def test_meaning_is_worth_its_cost(meaning: SentenceMeaning) -> None:
    """Paraphrases without one word of the trade: keywords know few of them, meaning most."""
    paraphrases = cases(Path(__file__).with_name("paraphrases.toml"))
    known = {True: 0, False: 0}
    for case in paraphrases:
        for used in known:
            plan = plan_from_prompt(case.prompt, meaning=meaning if used else None)
            known[used] += difference(plan, case.expected) == ""
    assert known[True] >= 0.8 * len(paraphrases)
    assert known[True] > known[False] * 1.3
