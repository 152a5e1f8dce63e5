"""The extended prompt, by photoplay itself and by a chat API."""

from __future__ import annotations

import json

import httpx
import pytest

from photoplay.engines.motion.language import PhotoFacts, extend_plan, plan_from_prompt
from photoplay.engines.motion.language.remote import MAX_ANSWER_BYTES, ChatExtender
from photoplay.errors import ExtenderFailed
from photoplay.shot import LifeKind, Move, MoveKind, Plan

PORTRAIT = PhotoFacts(
    aspect=0.8, has_subject=True, subject_kind="person", subject_height=0.9, faces=1, face_height=0.3, depth=0.6,
    regions=("sky", "foliage"), luminance=0.5, contrast=0.2, warmth=0.1, outdoor=0.8, light_x=0.6, light_y=-0.7,
)  # fmt: skip
LAKE = PhotoFacts(aspect=2.0, regions=("sky", "water"), horizon=0.5, luminance=0.2, night=True, depth=0.7, outdoor=0.9)


def extended(prompt: str, facts: PhotoFacts, negative: str = "") -> Plan:
    return extend_plan(plan_from_prompt(prompt, negative, facts=facts), prompt, facts, negative_prompt=negative)


class TestBuiltIn:
    def test_it_names_what_is_seen_and_every_move_and_life(self) -> None:
        plan = extended("slow zoom in, then pan left, her hair blows", PORTRAIT)
        text = plan.extended_prompt or ""
        assert text.startswith("slow zoom in, then pan left, her hair blows.")
        for words in (
            "One person",
            "outdoors",
            "open sky",
            "warm light",
            "above right",
            "zooms in",
            "then pans left",
            "sway",
        ):
            assert words in text
        assert {life.kind for life in plan.life} >= {LifeKind.SWAY, LifeKind.BLINK, LifeKind.BREATHING}

    def test_it_adds_the_life_that_is_seen(self) -> None:
        plan = extended("", LAKE)
        assert {life.kind for life in plan.life} == {LifeKind.CLOUDS, LifeKind.WATER}
        assert "water flows" in (plan.extended_prompt or "")
        assert "Low light" in (plan.extended_prompt or "")

    def test_refused_life_stays_refused(self) -> None:
        plan = extended("no clouds moving", LAKE, negative="waves")
        assert all(life.strength == 0 for life in plan.life)
        assert "There is no" in (plan.extended_prompt or "")

    def test_stillness_is_kept(self) -> None:
        plan = extended("static camera, nothing else moves", LAKE)
        assert plan.life == ()
        assert "Nothing else moves" in (plan.extended_prompt or "")
        assert "perfectly still" in (plan.extended_prompt or "")

    def test_nothing_known_says_nothing_made_up(self) -> None:
        assert extended("", PhotoFacts()).extended_prompt == "The camera moves closer."

    def test_a_long_prompt_leaves_room(self) -> None:
        text = extended("zoom in on the red door, " * 200, PORTRAIT).extended_prompt or ""
        assert len(text) <= 2500
        assert text.endswith("sky.") or "light" in text

    def test_several_faces_and_named_subjects(self) -> None:
        crowd = PhotoFacts(has_subject=True, faces=4, subject_height=0.6, subject_x=0.2, outdoor=0.1)
        assert "A group of 4 people stands out on the left indoors" in (extended("", crowd).extended_prompt or "")
        assert "The dog" in (extended("my dog", PhotoFacts(has_subject=True, subject_height=0.6)).extended_prompt or "")


class Says:
    def __init__(self, text: str) -> None:
        self.text = text

    def extend(self, prompt: str, facts: PhotoFacts, plan: Plan) -> str:
        return self.text


class Fails:
    def extend(self, prompt: str, facts: PhotoFacts, plan: Plan) -> str:
        raise ExtenderFailed("the prompt service answered 503")


class TestOtherExtenders:
    def test_its_text_is_used_and_read(self) -> None:
        text = "A portrait at dusk. The camera slowly orbits to the left while rain falls."
        plan = extend_plan(plan_from_prompt(""), "", PORTRAIT, extender=Says(text))
        assert plan.extended_prompt == text
        assert [move.kind for move in plan.shot.moves] == [MoveKind.ORBIT]
        assert LifeKind.RAIN in {life.kind for life in plan.life}

    def test_the_callers_camera_stays(self) -> None:
        plan = plan_from_prompt("zoom out")
        after = extend_plan(plan, "zoom out", PORTRAIT, extender=Says("The camera pans left."))
        assert after.shot == plan.shot

    def test_the_callers_refusals_stay(self) -> None:
        plan = plan_from_prompt("", "rain")
        after = extend_plan(plan, "", LAKE, negative_prompt="rain", extender=Says("Rain falls. Zoom in."))
        assert {life.kind: life.strength for life in after.life}[LifeKind.RAIN] == 0

    def test_failure_falls_back_with_a_note(self) -> None:
        plan = extend_plan(plan_from_prompt("zoom in"), "zoom in", PORTRAIT, extender=Fails())
        assert "zooms in" in (plan.extended_prompt or "")
        assert any("answered 503" in note for note in plan.notes)

    def test_a_novel_is_cut(self) -> None:
        plan = extend_plan(plan_from_prompt(""), "", PORTRAIT, extender=Says("zoom in " * 2000))
        assert len(plan.extended_prompt or "") <= 2500


def chat(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> ChatExtender:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ChatExtender("https://chat.example/v1/", key="k-secret", model="m", transport=httpx.MockTransport(handle))


def says(content: object) -> httpx.Response:
    return httpx.Response(200, json={"choices": [{"message": {"role": "assistant", "content": content}}]})


class TestChat:
    def test_what_is_sent(self) -> None:
        seen: list[httpx.Request] = []
        plan = plan_from_prompt("zoom in, no rain")
        assert chat(says("A calm shot."), seen).extend("zoom in, no rain", PORTRAIT, plan) == "A calm shot."
        (request,) = seen
        assert str(request.url) == "https://chat.example/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer k-secret"
        body = json.loads(request.content)
        assert body["model"] == "m"
        material = json.loads(body["messages"][1]["content"])
        assert material["prompt"] == "zoom in, no rain"
        assert material["understood_camera"] == "zoom in"
        assert material["must_not_appear"] == ["rain"]
        assert material["photo"]["in_view"] == ["sky", "foliage"]

    def test_full_addresses_are_kept_and_no_key_sends_none(self) -> None:
        seen: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return says("ok then")

        url = "http://127.0.0.1:9/v1/chat/completions"
        ChatExtender(url, transport=httpx.MockTransport(handle)).extend("", PORTRAIT, Plan())
        assert str(seen[0].url) == url
        assert "authorization" not in seen[0].headers

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ("<think>hmm, zoom out?</think>A slow zoom in.", "A slow zoom in."),
            ("```text\nA slow zoom in.\n```", "A slow zoom in."),
            ('"A slow zoom in."', "A slow zoom in."),
        ],
    )
    def test_wrappings_come_off(self, content: str, text: str) -> None:
        assert chat(says(content)).extend("", PORTRAIT, Plan()) == text

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(500, text="no"),
            httpx.Response(401, json={"error": "k-secret is wrong"}),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"choices": []}),
            httpx.Response(200, json=[1]),
            says(None),
            says(""),
            says("<think>only thoughts</think>"),
            httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1)),
            httpx.ConnectError("refused by k-secret"),
            httpx.ReadTimeout("slow"),
        ],
    )
    def test_bad_answers_fail_plainly(self, answer: httpx.Response | Exception) -> None:
        with pytest.raises(ExtenderFailed) as caught:
            chat(answer).extend("zoom in", PORTRAIT, Plan())
        assert "k-secret" not in caught.value.message

    def test_a_bad_address(self) -> None:
        with pytest.raises(ExtenderFailed):
            ChatExtender("nonsense").extend("", PORTRAIT, Plan())


def test_the_plan_is_never_changed_in_place() -> None:
    plan = Plan(shot=plan_from_prompt("zoom in").shot)
    before = plan.model_dump()
    extend_plan(plan, "", LAKE)
    assert plan.model_dump() == before
    assert Move(kind=MoveKind.ZOOM) in plan.shot.moves
