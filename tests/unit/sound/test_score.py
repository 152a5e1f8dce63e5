"""What is heard for what is said and seen."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest

from photoplay.engines.motion.language.mentions import SOUND_WORDS
from photoplay.shot import Cue, Ease, Life, LifeKind, Move, MoveKind, Plan, Shot
from photoplay.sound.beds import BEDS
from photoplay.sound.events import EVENTS
from photoplay.sound.lexicon import meanings_of, mentions, refused, spoken_away
from photoplay.sound.music.styles import styles
from photoplay.sound.request import SoundRequest
from photoplay.sound.score import Score, read
from photoplay.sound.wishes import MusicWish, wished


def score(prompt: str = "", duration_s: float = 5.0, **more: Any) -> Score:
    return read(SoundRequest(prompt=prompt, duration_s=duration_s, **more))


def beds(found: Score) -> list[str]:
    return [bed.kind for bed in found.beds]


def events(found: Score) -> list[str]:
    return [event.kind for event in found.events]


# words ------------------------------------------------------------------------------------------------------------


def test_every_meaning_in_the_word_list_exists() -> None:
    words = tomllib.loads(resources.files("photoplay.sound").joinpath("words.toml").read_text(encoding="utf-8"))
    named = {m for section in ("named", "place", "mood") for key in words[section] for m in key.split()}
    named |= {m for text in words["sounds"].values() for m in text.split()}
    for meaning in named:
        kind, _, name = meaning.partition(":")
        assert (
            (kind == "bed" and name in BEDS)
            or (kind == "event" and name in {*EVENTS, "hooves"})
            or (kind == "music" and (not name or name in styles()))
        ), meaning


def test_every_sound_word_of_the_prompt_language_is_understood() -> None:
    assert [word for word in SOUND_WORDS if not meanings_of(word)] == []


def test_words_are_whole_words_and_may_be_refused() -> None:
    assert [m.meaning for m in mentions("training a brainy rainbow")] == []
    assert {m.meaning for m in mentions("heavy rain, no music")} == {"bed:rain"}
    assert "music" in refused("a calm lake without any background music")
    assert "bed:rain" not in refused("no wind. rain falls")


def test_spoken_words_are_not_heard_as_sounds() -> None:
    assert "rain" not in spoken_away('She says "the rain in Spain"', None)
    assert "rain" not in spoken_away("She says the rain in Spain softly", "the rain in Spain")
    assert beds(score('A woman in a library says "listen to the waves"')) == ["room_tone"]


# beds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("gentle wind in the trees", ["wind", "forest"]),
        ("waves at a beach", ["sea", "gulls"]),
        ("a storm over the sea", ["storm", "sea"]),
        ("rain on a street", ["rain", "city"]),
        ("a coffee shop", ["cafe"]),
        ("an astronaut drifts in space", ["space"]),
        ("a diver at a coral reef", ["underwater"]),
    ],
)
def test_places_and_weather(prompt: str, expected: list[str]) -> None:
    assert beds(score(prompt)) == expected


def test_what_a_bed_holds_is_not_added_again_and_there_are_never_more_than_three() -> None:
    assert "rain" not in beds(score("a storm with rain and wind"))
    assert len(beds(score("rain, river, fire, crowd, birds, traffic, wind"))) == 3


def test_first_named_is_loudest() -> None:
    first, second = score("fire crackles by the river").beds
    assert (first.kind, second.kind) == ("fire", "river")
    assert first.level_db > second.level_db


def test_sound_words_from_other_languages_arrive_by_the_plan() -> None:
    assert beds(score("下雨的街道", plan=Plan(sounds=("rain", "city")))) == ["rain", "city"]


def test_life_in_the_picture_is_heard_and_its_absence_too() -> None:
    assert beds(score("", plan=Plan(life=(Life(kind=LifeKind.FIRE),)))) == ["fire"]
    still = Plan(life=(Life(kind=LifeKind.RAIN, strength=0),))
    assert "rain" not in beds(score("rain", plan=still))


def test_strength_of_life_shapes_the_bed() -> None:
    strong = score("", plan=Plan(life=(Life(kind=LifeKind.RAIN, strength=2.0),))).beds[0]
    assert (strong.kind, strong.strength) == ("rain", 2.0)


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ({"regions": {"water": 0.3, "sky": 0.4}}, "sea"),
        ({"regions": {"water": 0.3, "foliage": 0.3}}, "lake"),
        ({"regions": {"foliage": 0.4}}, "forest"),
        ({"regions": {"foliage": 0.4}, "night": True}, "night"),
        ({"regions": {"fire": 0.05}}, "fire"),
        ({"regions": {"sky": 0.6}}, "wind"),
    ],
)
def test_the_photo_itself_suggests_a_bed(scene: dict[str, Any], expected: str) -> None:
    assert beds(score("slow zoom in", scene=scene))[0] == expected


def test_words_go_before_what_the_photo_shows() -> None:
    assert beds(score("a street", scene={"regions": {"sky": 0.6}})) == ["city"]


def test_nonsense_in_the_scene_does_no_harm() -> None:
    assert score("x", scene={"regions": "many", "luminance": 0.2}).beds


# events -----------------------------------------------------------------------------------------------------------


def test_cues_are_kept_to_the_moment_and_unknown_ones_are_named() -> None:
    cues = (
        Cue(at_s=1.25, kind="squish", pan=0.5, strength=0.8),
        Cue(at_s=2.0, kind="yodel"),
        Cue(at_s=9.0, kind="pop"),
    )
    found = score("", cues=cues)
    (event,) = found.events
    assert (event.kind, event.at_s, event.pan, event.strength, event.locked) == ("squish", 1.25, 0.5, 0.8, True)
    assert any("yodel" in note for note in found.notes)


def test_named_events_without_a_cue_are_placed_inside_the_clip() -> None:
    for duration_s in (3.0, 5.0, 10.0):
        found = score("thunder, a dog barks", duration_s)
        assert {"thunder", "bark"} <= set(events(found))
        assert all(0 < event.at_s < duration_s for event in found.events)
        assert not any(event.locked for event in found.events)


def test_a_cue_is_not_doubled_by_a_word() -> None:
    assert events(score("thunder", cues=(Cue(at_s=1.0, kind="thunder"),))).count("thunder") == 1


def test_a_heart_goes_on_beating_and_hooves_gallop() -> None:
    assert events(score("a heartbeat", 5.0)).count("heartbeat") >= 5
    assert events(score("hooves on the road", 5.0)).count("thud") >= 9


FAST = Move(kind=MoveKind.ZOOM, amount=1.5, start=0.4, end=0.6)


def test_fast_moves_whoosh_when_they_are_fastest() -> None:
    (event,) = score("", plan=Plan(shot=Shot(moves=(FAST,)))).events
    assert event.kind == "whoosh"
    assert event.at_s + event.duration_s / 2 == pytest.approx(2.5, abs=0.01)
    late = FAST.model_copy(update={"ease": Ease.IN})
    (event,) = score("", plan=Plan(shot=Shot(moves=(late,)))).events
    assert event.at_s + event.duration_s / 2 > 2.8


def test_slow_moves_do_not_and_cues_of_the_engine_stand_for_all() -> None:
    slow = Shot(moves=(Move(kind=MoveKind.DOLLY, amount=1.0), Move(kind=MoveKind.HANDHELD, amount=4.0)))
    assert events(score("", plan=Plan(shot=slow))) == []
    cued = score("", plan=Plan(shot=Shot(moves=(FAST,))), cues=(Cue(at_s=1.0, kind="pop"),))
    assert events(cued) == ["pop"]


# music ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("sad piano music", "piano"),
        ("a knight rides, epic music", "epic"),
        ("lofi beat", "lofi"),
        ("jazz in a bar", "jazz"),
        ("with an orchestra", "cinematic"),
    ],
)
def test_music_that_is_asked_for(prompt: str, style: str) -> None:
    music = score(prompt).music
    assert music is not None
    assert (music.style, music.level_db) == (style, 0.0)


def test_beds_step_back_for_music_that_is_asked_for() -> None:
    assert score("rain").beds[0].level_db == 0
    assert score("rain and piano").beds[0].level_db < -6


def test_music_fills_in_where_nothing_else_fits_only() -> None:
    assert score("slow zoom in").music is not None
    assert score("rain").music is None
    assert score("a heartbeat").music is None
    assert score("slow zoom in, no music").music is None


def test_a_mood_brings_music_behind_the_place() -> None:
    found = score("romantic evening by the sea")
    assert found.music is not None
    assert found.music.style == "romantic"
    assert found.music.level_db < 0


def test_an_effect_has_its_music_and_leaves_its_moments_to_its_cues() -> None:
    found = score("", plan=Plan(effect="squish"), cues=(Cue(at_s=1.0, kind="squish"),))
    assert found.music is not None
    assert found.music.style == "playful"
    assert events(found) == ["squish"]


def test_the_picture_chooses_the_manner() -> None:
    sunny = score("", scene={"luminance": 0.8, "warmth": 0.2, "outdoor": 0.55, "colourfulness": 0.6})
    gloomy = score("", scene={"luminance": 0.1, "warmth": -0.2})
    assert sunny.music is not None
    assert gloomy.music is not None
    assert sunny.music.bright > gloomy.music.bright
    assert sunny.music.style != gloomy.music.style


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("slow zoom in, upbeat music", {"energy": 1.0}),
        ("fast zoom in, slow piano", {"energy": 0.0}),
        ("fast zoom in", {}),
        ("jazz at 128 bpm", {"bpm": 128.0}),
        ("music, 999 beats per minute", {"bpm": 200.0}),
        ("a piano piece in E flat minor", {"tonic": 3, "minor": True}),
        ("a piano piece in C sharp minor", {"tonic": 1, "minor": True}),
        ("strings in B♭ major", {"tonic": 10, "minor": False}),
        ("orchestra in a major key", {"minor": False}),
        ("a minor detail in a major city", {}),
        ("A minor crack appears", {}),
        ("sad piano music", {"bright": 0.08}),
        ("cheerful music", {"bright": 0.92}),
    ],
)
def test_tempo_key_and_mood_of_music(prompt: str, expected: dict[str, Any]) -> None:
    assert wished(prompt) == MusicWish(**expected)


def test_wishes_reach_the_music() -> None:
    music = score("slow pan, upbeat jazz in D minor at 140 bpm").music
    assert music is not None
    assert (music.style, music.energy, music.bpm, music.tonic, music.minor) == ("jazz", 1.0, 140.0, 2, True)


def test_speech_is_handed_on() -> None:
    assert score("", plan=Plan(speech="Hello")).speech == "Hello"
