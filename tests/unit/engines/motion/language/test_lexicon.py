"""The word tables: complete, well formed, and told apart."""

from __future__ import annotations

import pytest

from photoplay.engines.motion.language import grammar, plan_from_prompt
from photoplay.engines.motion.language.clause import LIFE_NOUNS
from photoplay.engines.motion.language.lexicon import LANGUAGES, data, language_of, match, phrases, table, verb_forms
from photoplay.engines.motion.language.manner import FACTORS
from photoplay.engines.motion.language.mentions import SOUND_WORDS
from photoplay.engines.motion.language.tokens import Mark, fold, tokenize
from photoplay.shot import LifeKind

OTHERS = {
    "camera",
    "plain",
    "style",
    "neg",
    "then",
    "first",
    "last",
    "after",
    "while",
    "and",
    "or",
    "but",
    "throughout",
    "purpose",
    "only",
    "everything",
    "very",
    "half",
    "double",
    "ken_burns",
    "somemove",
    "flow",
    "sway",
    "waft",
    "fall",
    "flicker",
    "make",
    "alive",
    "action",
    "state",
    "say",
    "written",
    "still",
    "onlycamera",
    "order",
    "desc.smile",
}


def known(concept: str) -> bool:
    bare = concept.removeprefix("hint.")
    return (
        concept in OTHERS
        or concept in FACTORS
        or concept in LIFE_NOUNS
        or concept in grammar.VERBS
        or concept in grammar.DIRECTIONS
        or concept.startswith("effect.")
        or grammar.concept_move(bare) is not None
        or (concept.startswith("life.") and LifeKind(concept[5:]) is not None)
    )


@pytest.mark.parametrize("language", [*LANGUAGES, "film"])
def test_every_concept_is_known(language: str) -> None:
    unknown = {c for key in data(language)["concepts"] for c in key.split("&") if not known(c)}
    assert unknown == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_main_words(language: str) -> None:
    concepts = {c for key in data(language)["concepts"] for c in key.split("&")}
    needed = {
        "camera",
        "neg",
        "then",
        "and",
        "while",
        "slow",
        "fast",
        "slight",
        "strong",
        "left",
        "right",
        "up",
        "down",
        "zoom",
        "zoom+",
        "zoom-",
        "pan",
        "tilt",
        "dolly+",
        "dolly-",
        "orbit",
        "handheld",
        "static",
        "move",
        "turn",
        "action",
        "say",
        "life.snow",
        "life.rain",
        "life.sway",
        "life.water",
        "life.clouds",
        "life.smoke",
        "life.fire",
        "life.blink",
        "life.smile",
        "life.petals",
    }
    assert needed - concepts == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sounds_are_named_as_in_english(language: str) -> None:
    assert set(data(language)["sounds"]) <= {*SOUND_WORDS, "plain"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the camera slowly zooms in", "en"),
        ("die Kamera schwenkt nach links", "de"),
        ("la caméra recule lentement", "fr"),
        ("la cámara se mueve hacia la derecha", "es"),
        ("la telecamera si avvicina al viso", "it"),
        ("de camera beweegt langzaam naar rechts", "nl"),
        ("kamera powoli obraca się w lewo", "pl"),
        ("a câmera gira ao redor da mulher", "pt"),
        ("kamera yavaşça sola dönüyor", "tr"),
        ("камера движется вперёд", "ru"),
        ("الكاميرا تتحرك ببطء", "ar"),
        ("镜头慢慢推近", "zh"),
        ("鏡頭慢慢推近", "zh"),
        ("カメラがゆっくり近づく", "ja"),
        ("카메라가 천천히 다가간다", "ko"),
        ("กล้องค่อยๆ ซูมเข้า", "th"),
        ("zoom in", "en"),
        ("xqzt vrrk", "en"),
        ("", "en"),
        ("12345 !!!", "en"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert language_of(tokenize(text)) == language


def test_the_longest_phrase_is_meant() -> None:
    words = table("en")

    def concepts(text: str) -> list[tuple[str, ...]]:
        return [hit.concepts for hit in match(tokenize(text), words)]

    assert concepts("dolly zoom") == [("dolly_zoom+",)]
    assert concepts("frying pan") == [("plain",)]
    assert ("dolly+",) in concepts("push in")


def test_spelling_does_not_matter() -> None:
    for prompt in ("ZOOM OUT", "Zoom-Out", "ｚｏｏｍ ｏｕｔ", "zoom  out!!!", "zoom\tout"):
        (move,) = plan_from_prompt(prompt).shot.moves
        assert move.amount == -1.0, prompt
    assert fold("Ścięcie") == fold("SCIECIE")
    assert fold("ÇALIŞ") == fold("calis")


def test_english_verb_forms() -> None:
    assert verb_forms("pan") == ["pan", "pans", "panning", "panned"]
    assert verb_forms("glide") == ["glide", "glides", "gliding", "glided"]
    assert verb_forms("carry") == ["carry", "carries", "carrying", "carried"]
    assert verb_forms("push") == ["push", "pushes", "pushing", "pushed"]
    assert verb_forms("zoom") == ["zoom", "zooms", "zooming", "zoomed"]


def test_tokens_know_their_place() -> None:
    text = "Zoom in, 2.5x — für 3 Sekunden; 镜头!"
    for token in tokenize(text):
        assert fold(text[token.start : token.end]).strip() or token.mark is Mark.COMMA
        if token.mark in {Mark.WORD, Mark.CHAR}:
            assert fold(text[token.start : token.end]) == token.text
    assert [t.span.length_s for t in tokenize(text) if t.span] == [3.0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_written_once(language: str) -> None:
    for key, text in data(language)["concepts"].items():
        found = phrases(text)
        assert found, key
        assert all("  " not in phrase for phrase in found)
