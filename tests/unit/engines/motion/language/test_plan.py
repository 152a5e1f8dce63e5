"""Conflicts, defaults, speech, sounds, subjects, effects: everything in a plan that is no table row."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.language import SOUND_WORDS, PhotoFacts, plan_from_prompt
from photoplay.shot import LifeKind, Move, MoveKind, Plan, Shot
from support.plans import is_default, steps

FACE = PhotoFacts(aspect=0.8, has_subject=True, faces=1, face_height=0.2, subject_height=0.7, depth=0.5)
CLOSE_FACE = PhotoFacts(aspect=0.8, has_subject=True, faces=1, face_height=0.6, subject_height=1.0, depth=0.5)
WIDE = PhotoFacts(aspect=2.2, regions=("sky", "water"), horizon=0.5, depth=0.8)
TALL = PhotoFacts(aspect=0.6, regions=("sky",), depth=0.6)
WALL = PhotoFacts(aspect=1.5, depth=0.02)


def noted(plan: Plan, words: str) -> bool:
    return any(words in note for note in plan.notes)


class TestConflicts:
    def test_opposites_at_the_same_time_become_a_row(self) -> None:
        plan = plan_from_prompt("zoom in and zoom out")
        assert steps(plan) == [{"zoom+"}, {"zoom-"}]
        assert noted(plan, "contradict")

    def test_opposites_in_a_row_are_no_conflict(self) -> None:
        assert not noted(plan_from_prompt("pan left, then pan right"), "contradict")

    def test_static_beside_a_move(self) -> None:
        plan = plan_from_prompt("static camera and zoom in")
        assert steps(plan) == [{"zoom+"}]
        assert noted(plan, "static")

    def test_dolly_against_zoom_is_a_dolly_zoom(self) -> None:
        assert steps(plan_from_prompt("dolly out while zooming in")) == [{"dolly_zoom-"}]

    def test_asked_and_refused(self) -> None:
        plan = plan_from_prompt("zoom in", "zoom")
        assert steps(plan) != [{"zoom+"}]
        assert noted(plan, "refused")

    def test_the_same_said_twice_is_one_move(self) -> None:
        plan = plan_from_prompt("The camera zooms in. It slowly pushes in closer. Zoom in.")
        assert len(plan.shot.moves) == 1

    def test_more_than_a_clip_holds(self) -> None:
        plan = plan_from_prompt(" then ".join(["zoom in", "pan left"] * 8))
        assert len(plan.shot.moves) == 8
        assert noted(plan, "do not fit")

    def test_no_camera_movement_beats_moves(self) -> None:
        plan = plan_from_prompt("zoom in", "camera movement")
        assert steps(plan) == [{"static"}]
        assert noted(plan, "stays still")

    def test_the_requests_camera_beats_the_prompts(self) -> None:
        shot = Shot(moves=(Move(kind=MoveKind.ROLL, amount=0.5),))
        plan = plan_from_prompt("zoom in, snow falls", shot=shot)
        assert plan.shot == shot
        assert noted(plan, "set by the request")
        assert [life.kind for life in plan.life] == [LifeKind.SNOW]


class TestDefaults:
    @pytest.mark.parametrize("prompt", ["", "   ", "\n", "🙂", "a red house", "cinematic, 4k, masterpiece", "hello"])
    def test_nothing_asked_for(self, prompt: str) -> None:
        plan = plan_from_prompt(prompt)
        assert is_default(plan)
        assert plan.ignored == ()
        assert [move.kind for move in plan.shot.moves] == [MoveKind.DOLLY]
        assert 0 < plan.shot.moves[0].amount < 1

    @pytest.mark.parametrize(
        ("facts", "first"),
        [(FACE, "dolly+"), (CLOSE_FACE, "orbit+"), (WIDE, "truck+"), (TALL, "pedestal+"), (WALL, "zoom+")],
    )
    def test_what_the_photo_offers_decides(self, facts: PhotoFacts, first: str) -> None:
        plan = plan_from_prompt("", facts=facts)
        assert is_default(plan)
        assert first in steps(plan)[0]
        assert sum(abs(move.amount) for move in plan.shot.moves) < 1.5

    def test_the_seed_picks_the_side_of_a_wide_view(self) -> None:
        assert steps(plan_from_prompt("", facts=WIDE, seed=0)) != steps(plan_from_prompt("", facts=WIDE, seed=1))

    def test_refusals_hold_for_the_default_too(self) -> None:
        assert "dolly" not in str(steps(plan_from_prompt("no zoom")))
        everything = "zoom, dolly, truck, orbit, pan, tilt"
        assert steps(plan_from_prompt("", everything)) == [{"static"}]

    def test_motion_of_no_kind_is_livelier(self) -> None:
        plan = plan_from_prompt("dynamic camera movement")
        assert is_default(plan)
        assert plan.shot.moves[0].amount > plan_from_prompt("").shot.moves[0].amount

    def test_an_effect_brings_its_own_camera(self) -> None:
        plan = plan_from_prompt("", effect="squish")
        assert plan.shot == Shot()
        assert plan.effect == "squish"
        assert steps(plan_from_prompt("zoom in", effect="squish")) == [{"zoom+"}]


class TestIgnored:
    @pytest.mark.parametrize(
        "prompt",
        [
            "he runs across the field",
            "the dog jumps",
            "make her dance",
            "the car drives away",
            "Der Hund rennt",
            "男人在跑步",
        ],
    )
    def test_what_cannot_be_done_is_named_not_faked(self, prompt: str) -> None:
        plan = plan_from_prompt(prompt)
        assert plan.ignored == (prompt,)
        assert is_default(plan)
        assert plan.life == ()

    def test_only_the_clause_is_named(self) -> None:
        plan = plan_from_prompt("Slow zoom in, the boy kicks the ball, snow falls")
        assert plan.ignored == ("the boy kicks the ball",)
        assert "snow falls" in plan.understood

    def test_refused_actions_are_not_missed(self) -> None:
        assert plan_from_prompt("he does not run, zoom in").ignored == ()

    def test_descriptions_are_not_ignored_requests(self) -> None:
        plan = plan_from_prompt("A laughing girl holding a cup, standing next to a parked car. Zoom in.")
        assert plan.ignored == ()
        assert {"girl", "cup", "car"} <= set(plan.subject_words)


class TestEffects:
    def test_an_effect_in_the_prompt_is_a_hint_only(self) -> None:
        plan = plan_from_prompt("squish it")
        assert plan.effect is None
        assert plan.ignored == ("squish it",)
        assert noted(plan, "effect squish")

    def test_not_when_it_was_chosen(self) -> None:
        plan = plan_from_prompt("squish it", effect="squish")
        assert plan.ignored == ()
        assert not noted(plan, "sounds like")


class TestSpeech:
    @pytest.mark.parametrize(
        ("prompt", "spoken"),
        [
            ('Speak "Hello there!"', "Hello there!"),
            ("She says “Good morning, world”", "Good morning, world"),
            ("“Come in,” he whispers", "Come in,"),
            ("the man says 'it's late', zoom in", "it's late"),
            ("Elle dit « Bonjour »", "Bonjour"),
            ("Sie sagt „Guten Tag“", "Guten Tag"),
            ("她说：“你好”", "你好"),
            ("彼女は「こんにちは」と言う", "こんにちは"),
            ('Speak "one" and "two"', "one two"),
        ],
    )
    def test_quoted_speech(self, prompt: str, spoken: str) -> None:
        plan = plan_from_prompt(prompt)
        assert plan.speech == spoken
        assert plan.ignored == ()

    @pytest.mark.parametrize(
        "prompt", ['a sign that reads "zoom out"', "a poster with the text “SALE”", 'the book "Snow"']
    )
    def test_what_is_only_written(self, prompt: str) -> None:
        plan = plan_from_prompt(prompt + ", pan left")
        assert plan.speech is None
        assert steps(plan) == [{"pan-"}]
        assert plan.life == ()

    def test_quoted_words_are_no_orders(self) -> None:
        plan = plan_from_prompt('She says "zoom out and let it snow", zoom in')
        assert steps(plan) == [{"zoom+"}]
        assert plan.life == ()

    def test_unclosed_quotes(self) -> None:
        assert plan_from_prompt('She says "zoom in').speech is None


class TestSoundsAndSubjects:
    def test_sounds(self) -> None:
        plan = plan_from_prompt("Rain on the city at night, soft piano, wind; no birds", "music, thunder")
        assert plan.sounds == ("rain", "city", "piano", "wind")
        assert set(plan.sounds) <= set(SOUND_WORDS)

    @pytest.mark.parametrize(
        ("prompt", "sound"),
        [
            ("mit Vogelgezwitscher und Wind", "birds"),
            ("le bruit de la mer", "sea"),
            ("钢琴声", "piano"),
            ("музыка", "music"),
            ("雨の音", "rain"),
        ],
    )
    def test_sounds_in_other_languages(self, prompt: str, sound: str) -> None:
        assert sound in plan_from_prompt(prompt).sounds

    def test_refused_sounds(self) -> None:
        assert plan_from_prompt("waves and music", "music").sounds == ("sea",)

    def test_subjects_are_english_nouns(self) -> None:
        assert plan_from_prompt("two kittens and their mother in a kitchen").subject_words == (
            "cat",
            "mother",
            "kitchen",
        )
        assert "woman" in plan_from_prompt("Eine Frau am Strand").subject_words
        assert "dog" in plan_from_prompt("一只小狗").subject_words


def test_stillness() -> None:
    assert plan_from_prompt("zoom in").life_by_default
    for prompt in (
        "only the camera moves",
        "nothing else moves, slow zoom in",
        "no movement at all",
        "static subject, zoom in",
    ):
        assert not plan_from_prompt(prompt).life_by_default
    assert plan_from_prompt("no camera movement").life_by_default


def test_falling_leaves_say_what_they_become() -> None:
    assert noted(plan_from_prompt("autumn leaves fall"), "petals")


def test_languages_may_be_mixed() -> None:
    plan = plan_from_prompt("Slow zoom in. その後、左にパン。 雪花飘落")
    assert steps(plan) == [{"zoom+"}, {"pan-"}]
    assert [life.kind for life in plan.life] == [LifeKind.SNOW]


@pytest.mark.parametrize(
    ("prompt", "camera", "life"),
    [
        (
            (
                "The camera starts with a close-up of the subject's face, then slowly pulls back to reveal the entire "
                "scene, while the background lights flicker softly."
            ),
            [{"dolly-"}],
            {"fire"},
        ),
        (
            (
                "A woman walks along the beach at sunset, waves crashing, her dress flowing in the wind, slow tracking "
                "shot, golden hour, 4k"
            ),
            [{"truck+"}],
            {"water", "sway"},
        ),
        (
            "Cinematic drone shot over a misty forest at sunrise, camera slowly moving forward, birds flying far off",
            [{"dolly+"}],
            set(),
        ),
        (
            "It's raining and the neon lights flicker, reflections ripple in puddles. Handheld camera walking forward.",
            [{"handheld", "dolly+"}],
            {"rain", "fire", "water"},
        ),
        (
            "Subtle parallax, light dust particles in the air, gentle push in. No shaking, no morphing, no text",
            [{"truck+", "dolly+"}],
            {"dust"},
        ),
    ],
)
def test_prompts_as_people_write_them(prompt: str, camera: list[set[str]], life: set[str]) -> None:
    plan = plan_from_prompt(prompt)
    assert steps(plan) == camera
    assert {one.kind.value for one in plan.life} == life


def test_a_vendors_sample_prompt_is_a_lively_default() -> None:
    plan = plan_from_prompt("Animate this image with smooth camera movement and subtle object motion.")
    assert is_default(plan)
    assert plan.ignored == ()
