"""Where a job's sound comes from: the engine, the operator's pipeline, or ourselves; and what the job says of it."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from photoplay.jobs.job import AudioRequest, JobState
from photoplay.media.audio import read_audio
from support.tiny_sound import pitch_hz, sound_server

RATE = 48_000
SOUND = AudioRequest(mode="generate")


def heard_hz(farm, job) -> float:
    """The loudest frequency of a finished job's clip."""
    assert job.state is JobState.SUCCEEDED, job.error_message
    samples = read_audio(farm.video(job), 30.0)
    # Whoever made it, every clip is equally loud.
    assert pyloudnorm.Meter(RATE).integrated_loudness(samples.astype(np.float64)) == pytest.approx(-16, abs=1)
    assert np.abs(samples).max() < 10 ** (-1 / 20)
    return float(np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) * RATE / len(samples))


def test_an_operators_pipeline_makes_the_ambience_where_the_engine_made_no_sound(farm):
    farm.worker(text_to_audio="support.tiny_sound:TinySound")
    prompt = "frames=16 a waterfall"
    jobs = [farm.submit(text, audio=SOUND) for text in (prompt, "frames=16 soundtrack=733", "frames=16 speak")]
    neural, own, narrated = (farm.wait(job) for job in jobs)
    assert heard_hz(farm, neural) == pytest.approx(pitch_hz(prompt), abs=2)
    assert heard_hz(farm, own) == pytest.approx(733, abs=2)
    assert narrated.state is JobState.SUCCEEDED
    assert any(note.startswith("the narration was left out:") for note in narrated.notes)


def test_an_operators_server_makes_the_ambience(farm):
    prompt = "frames=16 a purring cat"
    with sound_server() as server:
        farm.worker(text_to_audio=server.url, text_to_audio_key="k", text_to_audio_model="tiny")
        done = farm.wait(farm.submit(prompt, audio=SOUND))
        assert heard_hz(farm, done) == pytest.approx(pitch_hz(prompt), abs=2)
        server.status = 500
        composed = farm.wait(farm.submit(prompt, audio=SOUND))
    assert [(body["input"], body["audio_length"], body["model"]) for body in server.asked] == [
        (prompt, 2.0, "tiny")
    ] * 2
    assert server.headers[0]["authorization"] == "Bearer k"
    assert abs(heard_hz(farm, composed) - pitch_hz(prompt)) > 2
    assert any("composed instead" in note for note in composed.notes)
