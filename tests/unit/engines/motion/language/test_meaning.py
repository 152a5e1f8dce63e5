"""Nearest meaning: when it is asked, when it is loaded, when it stays silent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from photoplay.engines.motion.language import SentenceMeaning, plan_from_prompt, shared_meaning
from photoplay.engines.motion.language.grammar import ALONE, concept_move
from photoplay.engines.motion.language.lexicon import data
from photoplay.shot import LifeKind
from support.plans import is_default, steps


class Oracle:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self, label: str | None) -> None:
        self.label = label
        self.asked: list[str] = []

    def labels(self, clauses: Sequence[str]) -> list[str | None]:
        self.asked.extend(clauses)
        return [self.label for _ in clauses]


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "slow zoom in on the lighthouse",
        "pan left, snow falls, no camera shake",
        "A woman with unusual feathery earrings sits in a gazebo. Slow dolly in.",
        "the dog jumps",
        "cinematic, 4k, masterpiece",
        "镜头缓缓推进，雪花飘落",
    ],
)
def test_nobody_asks_when_keywords_cover_the_prompt(prompt: str) -> None:
    oracle = Oracle("zoom+")
    plan_from_prompt(prompt, meaning=oracle)
    assert oracle.asked == []


def test_what_keywords_do_not_know_is_asked_at_once() -> None:
    oracle = Oracle("orbit")
    plan = plan_from_prompt("examine the sculpture from everywhere", meaning=oracle)
    assert oracle.asked == ["examine the sculpture from everywhere"]
    assert steps(plan) == [{"orbit+"}]
    assert plan.understood == ("examine the sculpture from everywhere",)


def test_manner_and_negation_stay_with_the_clause() -> None:
    slow = plan_from_prompt("very slowly embiggen the gizmo", meaning=Oracle("zoom+")).shot.moves[0]
    assert 0 < slow.amount < 0.7
    plan = plan_from_prompt("without embiggening the gizmo", meaning=Oracle("zoom+"))
    assert is_default(plan)
    assert all(move.kind.value not in {"zoom", "dolly"} for move in plan.shot.moves)


@pytest.mark.parametrize("label", [None, "none"])
def test_not_understood_changes_nothing(label: str | None) -> None:
    plan = plan_from_prompt("the gizmo is quite frabjous", meaning=Oracle(label))
    assert plan == plan_from_prompt("the gizmo is quite frabjous")
    assert is_default(plan)


def test_an_action_is_ignored_aloud_and_life_lives() -> None:
    assert plan_from_prompt("the gizmo frabs the bandersnatch", meaning=Oracle("action")).ignored
    plan = plan_from_prompt("vapour leaves the samovar", meaning=Oracle("life.smoke"))
    assert LifeKind.SMOKE in {life.kind for life in plan.life}


def test_every_label_has_examples_enough_and_a_use() -> None:
    examples: dict[str, list[str]] = data("examples")
    for label, texts in examples.items():
        assert len(texts) >= 6, label
        assert len(texts) == len(set(texts)), label
        known = concept_move(label) or ALONE.get(label) or label in {"action", "none"} or LifeKind(label[5:])
        assert known, label


def fake_load() -> object:
    """A stand-in encoder: bags of letters, as unit vectors of 26."""

    def encode(texts: list[str]) -> np.ndarray:
        rows = [[float(text.lower().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
        return np.array(rows, np.float32)

    return encode


def test_loading_waits_for_the_first_clause() -> None:
    loads: list[int] = []

    def load() -> object:
        loads.append(1)
        return fake_load()

    meaning = SentenceMeaning(load)  # type: ignore[arg-type]  # the stand-in returns a plain array
    assert not meaning.loaded
    plan_from_prompt("slow zoom in, snow falls", meaning=meaning)
    assert meaning.labels([]) == []
    assert loads == []
    meaning.labels(["zoom in"])
    meaning.labels(["get a tighter view of the face"])
    assert loads == [1]
    assert meaning.loaded


def test_examples_themselves_are_understood() -> None:
    meaning = shared_meaning()
    assert meaning is not None
    names, scores = meaning.scores(["get a tighter view of the face", "the dog jumps over the fence"])
    assert scores.shape == (2, len(names))
    assert meaning.labels(["walk in a ring around the statue"]) == ["orbit"]
    assert meaning.labels(["qwx zzkp 123 vrrt"])[0] in {None, "none"}
    assert meaning.labels(["x" * 5000, ""])[1] in {None, "none"}
