"""A text-to-audio server: what it is asked, what its answer becomes, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from photoplay.errors import AudioUnreadable, RenderFailed
from photoplay.sound import SoundRequest, render_soundtrack
from photoplay.sound.dsp import RATE
from photoplay.sound.neural import generated, load
from photoplay.sound.request import AudioAccess
from support.tiny_sound import SoundServer, pitch_hz, sound_server


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with sound_server() as running:
        yield running


def loudest_hz(sound: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound[0]))) * RATE / sound.shape[1])


@pytest.mark.parametrize("ending", ["", "/", "/audio/generate"])
def test_it_is_asked_and_heard(server: SoundServer, ending: str) -> None:
    access = AudioAccess(source=server.url + ending, key="k", model="stable-audio")
    sound = generated(load(access), "a purring cat", 2.0, 7)
    assert sound.shape[1] == pytest.approx(2 * RATE, abs=RATE // 100)
    assert loudest_hz(sound) == pytest.approx(pitch_hz("a purring cat"), abs=2)
    assert server.asked == [
        {
            "input": "a purring cat",
            "audio_length": 2.0,
            "seed": 7,
            "response_format": "wav",
            "model": "stable-audio",
        }
    ]
    assert server.headers[0]["authorization"] == "Bearer k"


def test_no_key_and_no_model_are_not_sent(server: SoundServer) -> None:
    generated(load(AudioAccess(source=server.url)), "x", 1.0, 7)
    assert "model" not in server.asked[0]
    assert "authorization" not in server.headers[0]


def test_refusals_and_rubbish_are_failures(server: SoundServer) -> None:
    pipeline = load(AudioAccess(source=server.url, key="secret"))
    server.status = 503
    with pytest.raises(RenderFailed, match="503"):
        generated(pipeline, "x", 1.0, 7)
    server.status, server.broken = 200, True
    with pytest.raises(AudioUnreadable):
        generated(pipeline, "x", 1.0, 7)


def test_a_server_that_is_not_there_is_not_named() -> None:
    with sound_server() as gone:
        url = gone.url
    with pytest.raises(RenderFailed, match="could not be reached") as caught:
        generated(load(AudioAccess(source=url, timeout_s=2)), "x", 1.0, 7)
    assert url not in str(caught.value)


def test_an_empty_prompt_is_described(server: SoundServer, tmp_path: Path) -> None:
    scene = {"regions": {"water": 0.5}}
    made = render_soundtrack(
        SoundRequest(duration_s=1.0, scene=scene, text_to_audio=AudioAccess(source=server.url)), tmp_path
    )
    assert made.heard == ("neural sound",)
    assert server.asked[0]["input"] == "the sound of lake"


def test_its_failure_costs_no_sound(server: SoundServer, tmp_path: Path) -> None:
    server.status = 500
    made = render_soundtrack(
        SoundRequest(prompt="rain", duration_s=1.0, text_to_audio=AudioAccess(source=server.url)), tmp_path
    )
    assert made.heard == ("bed rain",)
    assert any("composed instead" in note for note in made.notes)
