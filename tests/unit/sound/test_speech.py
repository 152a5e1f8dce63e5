"""Narration: what is read, when, how fast; and what is said when nothing can be spoken."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photoplay.errors import WeightsCorrupt
from photoplay.models.weights import entry
from photoplay.sound import speech
from photoplay.sound.dsp import RATE

VOICE_HZ = 22_050
IDS = {sign: [number] for number, sign in enumerate("_^$ ,.!?abcdefghijklmnopqrstuvwxyzˈ")}
WORD_S = 0.4


class Network:
    """Stands for the neural voice: a tone as long as what it reads, at the pace it is asked for."""

    def __init__(self) -> None:
        self.fed: list[dict[str, np.ndarray]] = []

    def run(self, _outputs: None, fed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.fed.append(fed)
        length = int(fed["input"].size * 0.04 * float(fed["scales"][1]) * VOICE_HZ)
        return [0.3 * np.sin(np.arange(length) * 0.1).astype(np.float32).reshape(1, 1, 1, -1)]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A voice that is installed, and a phonemizer that spells."""
    made = Network()
    monkeypatch.setattr(speech, "_unable", lambda text, models_dir: None)
    monkeypatch.setattr(speech, "_load", lambda models_dir, seed: speech.Voice(made, IDS, VOICE_HZ, "en-us"))
    monkeypatch.setattr(speech, "_phonemes", lambda clause, language: clause.lower())
    return made


def spoken(words: str, duration_s: float) -> speech.Narration:
    return speech.narrated(words, int(duration_s * RATE), None, 1)


def span_s(sound: np.ndarray) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return float(loud[0]) / RATE, float(loud[-1]) / RATE


def test_words_start_after_a_breath_and_end_before_the_clip(network: Network) -> None:
    made = spoken("hello there", 5.0)
    assert made.sound is not None
    assert made.sound.shape == (5 * RATE,)
    start, end = span_s(made.sound)
    assert start == pytest.approx(0.35, abs=0.03)
    assert end < 4.7
    assert made.notes == ()
    assert [float(fed["scales"][1]) for fed in network.fed] == [1.0]


def test_longer_words_are_spoken_faster(network: Network) -> None:
    made = spoken("a sentence that is a little too long for it", 3.3)
    assert made.sound is not None
    assert span_s(made.sound)[1] < 3.3
    assert made.notes == ()
    assert 0.7 < float(network.fed[-1]["scales"][1]) < 1.0


def test_words_that_never_fit_lose_their_end_and_it_is_said(network: Network) -> None:
    made = spoken("one two three four five six seven eight nine ten eleven twelve", 1.0)
    assert made.sound is not None
    assert span_s(made.sound)[1] <= 1.0
    assert any("end was left out" in note for note in made.notes)
    read = "".join(next(sign for sign, ids in IDS.items() if ids == [int(i)]) for i in network.fed[-1]["input"][0])
    assert "one" in read.replace("_", "")
    assert "twelve" not in read.replace("_", "")


def test_clauses_keep_their_marks() -> None:
    assert speech.clauses("Hello there, friend! How are you?  ... ") == ["Hello there,", "friend!", "How are you?"]
    assert speech.clauses("no mark") == ["no mark"]
    assert speech.clauses("one。two，three") == ["one.", "two,", "three"]
    assert speech.clauses("?!") == []


def test_each_clause_is_read_on_its_own_and_pauses_follow_the_marks(network: Network) -> None:
    made = spoken("one, two. three", 6.0)
    assert len(network.fed) == 3
    assert made.sound is not None
    quiet = np.abs(made.sound[: int(span_s(made.sound)[1] * RATE)]).reshape(-1)[int(0.5 * RATE) :] < 1e-4
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]]))))[::2] / RATE
    assert sum(runs > 0.1) == 2


def test_phonemes_become_what_the_network_reads() -> None:
    assert speech.phoneme_ids("ab", IDS) == [1, IDS["a"][0], 0, IDS["b"][0], 0, 2]
    assert speech.phoneme_ids("aß", IDS) == [1, IDS["a"][0], 0, 2]  # unknown signs are skipped


def install(models: Path, config: str | None = None) -> None:
    """Files of the right size: what ``find`` looks at."""
    for name in (speech.VOICE, speech.VOICE_CONFIG):
        path = entry(name).path(models)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(entry(name).size_bytes)
    if config is not None:
        entry(speech.VOICE_CONFIG).path(models).write_text(config.ljust(entry(speech.VOICE_CONFIG).size_bytes))


def phonemizer(folder: Path, script: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / speech.PHONEMIZER
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_what_is_missing_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(words: str, models: Path | None) -> str:
        made = speech.narrated(words, RATE, models, 1)
        assert made.sound is None
        (note,) = made.notes
        assert note.startswith("the narration was left out: ")
        return note

    assert "no voice" in reason("hello", None)
    assert "no voice" in reason("hello", tmp_path)
    assert "English" in reason("你好，世界", tmp_path)
    assert "no words" in reason("...", tmp_path)
    install(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert "espeak-ng" in reason("hello", tmp_path)


def test_words_reach_the_phonemizer_as_text_never_as_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phonemizer(tmp_path / "bin", 'printf "%s " "$@" > "$(dirname "$0")/args"; cat')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert speech._phonemes("--help; rm x!", "en-us") == "--help; rm x!!"
    assert (tmp_path / "bin" / "args").read_text() == "-q --ipa -v en-us --stdin "


def test_marks_of_other_languages_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phonemizer(tmp_path / "bin", 'printf "(fr)bɔ̃ʒuʁ(en)\\n həlˈoʊ\\n"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert speech._phonemes("bonjour hello,", "en-us") == "bɔ̃ʒuʁ həlˈoʊ,"


@pytest.mark.parametrize("config", ["{", "[]", json.dumps({"phoneme_id_map": {"a": [1]}})])
def test_a_voice_that_cannot_be_read_is_an_error(tmp_path: Path, config: str) -> None:
    install(tmp_path, config)
    with pytest.raises(WeightsCorrupt):
        speech._load(tmp_path, 1)


def test_very_long_texts_are_cut(network: Network) -> None:
    made: Any = spoken("word " * 2000, 4.0)
    assert made.sound is not None
    assert made.notes
