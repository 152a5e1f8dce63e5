"""OpenAI's dialect without a server: what bodies come to, what jobs look like, and the webhook."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from photoplay import errors
from photoplay.accounts import Credentials
from photoplay.catalog import Catalog
from photoplay.clock import SystemClock
from photoplay.dialects.inbox import data_of
from photoplay.dialects.openai import wire
from photoplay.dialects.openai.callback import writer
from photoplay.dialects.openai.content import byte_range
from photoplay.dialects.openai.errors import TABLE, message_of, param_of, refusal_of
from photoplay.dialects.openai.routes import answer, poll_after_ms
from photoplay.errors import InvalidField, MissingField, UnsupportedValue
from photoplay.jobs.callbacks import JobEvent
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef

CATALOG = Catalog.load()
SORA = CATALOG.model("sora-2")
SECOND = 1_758_941_485
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def asked(model: str = "sora-2", **fields: Any) -> JobRequest:
    body = wire.CreateBody.model_validate({"prompt": "zoom in", **fields})
    return wire.to_request(body, model=CATALOG.model(model), client_id="c", base_url="http://here")


def job(state: JobState = JobState.QUEUED, *, request: JobRequest | None = None, **changes: Any) -> Job:
    return Job(
        id="0198" + "a" * 28,
        object_id="b" * 24,
        number="1" * 18,
        account_id="acc",
        state=state,
        request=request or asked(),
        credits=16,
        created_ms=SECOND * 1000 + 500,
        updated_ms=SECOND * 1000 + 900_000,
        **changes,
    )


# Requests --------------------------------------------------------------------------------------------------------


def test_the_vendors_defaults():
    request = asked()
    assert (request.model, request.duration_s, request.resolution) == ("sora-2", 4.0, "720x1280")
    assert (request.audio.mode, request.fps, request.seed, request.aspect_ratio) == ("generate", None, None, "auto")
    assert request.dialect == "openai"
    quote = CATALOG.quote(request, plan="free")
    assert (quote.size, quote.credits) == ((720, 1280), 16)


@pytest.mark.parametrize("seconds", ["8", 8, "8.0", " 8 "])
def test_seconds_may_be_text_or_number(seconds):
    assert asked(seconds=seconds).duration_s == 8.0


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"seconds": "5"}, UnsupportedValue, "seconds"),
        ({"seconds": "long"}, InvalidField, "seconds"),
        ({"seconds": "nan"}, InvalidField, "seconds"),
        ({"seconds": "inf"}, InvalidField, "seconds"),
        ({"size": "640x480"}, UnsupportedValue, "size"),
        ({"size": "720p"}, UnsupportedValue, "size"),
        ({"width": 640}, MissingField, "height"),
        ({"height": 640}, MissingField, "width"),
        ({"aspect_ratio": "5:1"}, UnsupportedValue, "aspect_ratio"),
    ],
)
def test_values_that_are_not_offered(fields, error, field):
    with pytest.raises(error) as caught:
        asked(**fields)
    assert caught.value.field == field


def test_the_message_names_what_is_offered():
    with pytest.raises(UnsupportedValue, match="'4', '8', '12'"):
        asked(seconds="5")
    with pytest.raises(UnsupportedValue, match="'1792x1024'"):
        asked(size="1x1")


def test_the_extra_fields_are_heeded():
    request = asked(
        seed="7", negative_prompt="shaky", width="832", height="480", fps="16", num_frames="81",
        generate_sound="false", size="1280x720", seconds="4", guidance_scale=5, lora={"name": "x"},
    )  # fmt: skip
    assert (request.seed, request.negative_prompt, request.resolution) == (7, "shaky", "832x480")
    assert (request.fps, request.duration_s, request.audio.mode) == (16, 81 / 16, "none")
    assert round(request.duration_s * 16) == 81
    quote = CATALOG.quote(request, plan="free")
    assert (quote.size, quote.fps) == ((832, 480), 16)


def test_frames_without_a_rate_use_the_models():
    assert asked(num_frames=48).duration_s == 48 / SORA.default_fps


def test_a_shape_without_a_size_takes_720p():
    request = asked(aspect_ratio="21:9")
    assert (request.resolution, request.aspect_ratio) == ("720p", "21:9")
    assert CATALOG.quote(request, plan="free").short_side == 720


def test_the_photos_own_shape_can_be_asked_for():
    request = asked(aspect_ratio="auto")
    assert (request.resolution, request.aspect_ratio) == ("720p", "auto")


def test_empty_form_fields_are_absent():
    assert asked(seconds="", size="", seed="", fps="", generate_sound="", negative_prompt="").duration_s == 4.0


@pytest.mark.parametrize(
    "fields",
    [{"seed": -1}, {"seed": "x"}, {"fps": 0}, {"num_frames": 0}, {"width": -2}, {"generate_sound": "perhaps"}],
    ids=str,
)
def test_wrong_types_are_refused(fields):
    with pytest.raises(ValidationError):
        asked(**fields)


@pytest.mark.parametrize("fields", [{}, {"prompt": ""}, {"prompt": None}])
def test_a_prompt_is_needed(fields):
    with pytest.raises(ValidationError):
        wire.CreateBody.model_validate(fields)


def test_other_models_keep_their_own_rules():
    motion = asked("motion", seconds="7", size="640x480")
    assert CATALOG.quote(motion, plan="free").size == (640, 480)
    assert (asked("motion").resolution, asked("motion").duration_s) == ("720p", 4.0)
    assert asked("AkoolImage2VideoFastV1").duration_s == 5.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("https://e.com/a.jpg", [wire.Reference(image_url="https://e.com/a.jpg")]),
        ({"image_url": "https://e.com/a.jpg"}, [wire.Reference(image_url="https://e.com/a.jpg")]),
        ({"image_url": "", "file_id": "file-1"}, [wire.Reference(file_id="file-1")]),
        ('{"file_id": "file-1"}', [wire.Reference(file_id="file-1")]),
        ([{"file_id": "a"}, {"file_id": "b"}], [wire.Reference(file_id="a"), wire.Reference(file_id="b")]),
    ],
    ids=str,
)
def test_references(value, expected):
    for name in ("input_reference", "image_reference"):
        assert wire.references(wire.CreateBody.model_validate({"prompt": "x", name: value})) == expected


@pytest.mark.parametrize(
    "value", [{}, {"image_url": 5}, {"image_url": "a", "file_id": "b"}, 5, True, [[]], "{broken", {"url": "x"}], ids=str
)
def test_references_in_another_shape(value):
    with pytest.raises(InvalidField):
        wire.references(wire.CreateBody.model_validate({"prompt": "x", "input_reference": value}))


def test_data_urls():
    packed = base64.b64encode(b"\xff\xd8\xffphoto").decode()
    assert data_of(f"data:image/jpeg;base64,{packed}", "x", max_chars=99) == b"\xff\xd8\xffphoto"
    assert (
        data_of(f"DATA:;charset=x;BASE64,{packed[:4]}\n {packed[4:].rstrip('=')}", "x", max_chars=99)
        == b"\xff\xd8\xffphoto"
    )
    for bad in ("data:image/jpeg,abc", f"data:image/jpeg;base64,{packed}é", "data:", "data:;base64,a"):
        with pytest.raises(InvalidField):
            data_of(bad, "x", max_chars=99)
    with pytest.raises(InvalidField, match="longer than"):
        data_of("data:;base64," + "A" * 99, "x", max_chars=99)


# Remix -----------------------------------------------------------------------------------------------------------


def test_a_remix_keeps_everything_but_the_words():
    photo = MediaRef(url="https://e.com/a.jpg")
    origin = asked(seed=7, size="1280x720", callback_url="https://e.com/hook").model_copy(
        update={"images": (photo,), "external_id": "mine"}
    )
    source = job(JobState.SUCCEEDED, request=origin)
    again = wire.to_remix(source, wire.RemixBody(prompt="zoom out"), origin=origin, client_id="d", base_url="http://b")
    changed = {"prompt", "external_id", "face"}
    assert again.model_dump(exclude=changed) == origin.model_dump(exclude=changed)
    assert (again.prompt, again.external_id) == ("zoom out", None)
    assert wire.video_of(job(request=again), SORA).remixed_from_video_id == wire.video_id(source)


def test_a_remix_does_not_call_back_another_dialects_receiver():
    origin = JobRequest(callback_url="https://e.com/hook", dialect="akool", face={"remixed_from": "x"})
    source = job(JobState.SUCCEEDED, request=origin)
    assert wire.video_of(source, None).remixed_from_video_id is None
    body = wire.RemixBody(prompt="zoom out")
    assert wire.to_remix(source, body, origin=origin, client_id="d", base_url="b").callback_url is None
    body = wire.RemixBody(prompt="zoom out", callback_url="https://e.com/mine")
    assert wire.to_remix(source, body, origin=origin, client_id="d", base_url="b").callback_url == body.callback_url


# Answers ---------------------------------------------------------------------------------------------------------

REQUIRED = {
    "id": str, "object": str, "model": str, "status": str, "progress": int, "created_at": int,
    "completed_at": int | None, "expires_at": int | None, "prompt": str | None, "size": str, "seconds": str,
    "remixed_from_video_id": str | None, "error": dict | None,
}  # fmt: skip
"""Every key that the vendor's description requires, with its type."""


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.DELETED])
def test_every_key_is_always_there(state):
    times = {} if state.live else {"finished_ms": SECOND * 1000 + 60_000, "expires_ms": SECOND * 1000 + 90_000}
    shown = wire.video_of(job(state, **times), SORA).model_dump(mode="json")
    assert set(shown) >= set(REQUIRED)
    for name, kind in REQUIRED.items():
        assert isinstance(shown[name], kind), name
    assert shown["object"] == "video"
    assert shown["created_at"] == SECOND
    assert (shown["size"], shown["seconds"], shown["model"]) == ("720x1280", "4", "sora-2")


@pytest.mark.parametrize(
    ("state", "progress", "status", "shown"),
    [
        (JobState.QUEUED, 0.0, "queued", 0),
        (JobState.RUNNING, 0.337, "in_progress", 33),
        (JobState.RUNNING, 1.0, "in_progress", 99),
        (JobState.SUCCEEDED, 1.0, "completed", 100),
        (JobState.EXPIRED, 1.0, "completed", 100),
        (JobState.FAILED, 0.5, "failed", 50),
        (JobState.CANCELED, 0.0, "failed", 0),
    ],
)
def test_status_and_progress(state, progress, status, shown):
    video = wire.video_of(job(state, progress=progress), SORA)
    assert (video.status, video.progress) == (status, shown)
    assert (video.error is None) == (status != "failed")


def test_an_error_tells_why():
    failed = job(JobState.FAILED, error_code="url_unreachable", error_message="The URL could not be fetched.")
    assert wire.video_of(failed, SORA).error == wire.VideoError(
        code="url_unreachable", message="The URL could not be fetched."
    )
    canceled = wire.video_of(job(JobState.CANCELED), SORA).error
    assert canceled is not None
    assert canceled.code == "job_canceled"


def test_times_are_seconds():
    done = job(JobState.SUCCEEDED, finished_ms=SECOND * 1000 + 60_999, expires_ms=SECOND * 1000 + 90_000)
    video = wire.video_of(done, SORA)
    assert (video.completed_at, video.expires_at) == (SECOND + 60, SECOND + 90)
    assert wire.video_of(job(JobState.EXPIRED), SORA).expires_at == SECOND + 900


def test_sizes_of_other_dialects_videos():
    motion = CATALOG.model("motion")
    assert wire.video_of(job(request=JobRequest(resolution="1080p")), motion).size == "1920x1080"
    assert wire.video_of(job(request=JobRequest(resolution="1080p"), width=1080, height=810), motion).size == "1080x810"
    assert wire.video_of(job(request=JobRequest(resolution="1080p", duration_s=2.5)), None).size == "1080p"


def test_new_sound_is_as_long_as_its_picture():
    video = wire.video_of(job(JobState.SUCCEEDED, request=JobRequest(audio_of="x"), duration_s=7.5), None)
    assert video.seconds == "7.5"


def test_ids_go_both_ways():
    assert wire.job_ref(wire.video_id(job())) == job().id
    assert wire.job_ref(job().object_id) == job().object_id


# Errors ----------------------------------------------------------------------------------------------------------


def every_error(cls: type[errors.PhotoplayError]) -> list[type[errors.PhotoplayError]]:
    return [cls, *(leaf for sub in cls.__subclasses__() for leaf in every_error(sub))]


def test_every_error_has_a_status():
    for cls in every_error(errors.PhotoplayError):
        refusal = refusal_of(cls)
        assert 400 <= refusal.status < 600
        assert refusal.status not in (408, 409), "the vendor's clients would send it again"
    assert refusal_of(errors.TokenExpired) == TABLE[errors.AccessError]


def test_the_error_object():
    said = answer(errors.PromptTooLong("prompt has 40000 characters.", field="prompt"), None)
    assert said.status_code == 400
    assert json.loads(bytes(said.body)) == {
        "error": {
            "message": "prompt has 40000 characters.",
            "type": "invalid_request_error",
            "param": "prompt",
            "code": "string_above_max_length",
        }
    }
    nothing = json.loads(bytes(answer(errors.PhotoplayError("x"), 500).body))["error"]
    assert nothing == {"message": "x", "type": "server_error", "param": None, "code": None}


def test_fields_are_called_what_the_caller_calls_them():
    error = errors.UnsupportedValue("duration_s", "duration_s '5' is not offered.")
    assert (param_of(error), message_of(error)) == ("seconds", "seconds '5' is not offered.")
    assert param_of(errors.JobNotFound()) is None


def test_headers_say_when_to_come_back():
    assert answer(errors.RateLimited(retry_after_s=2.2), None).headers["retry-after"] == "3"
    assert answer(errors.InsufficientCredits(), None).headers["x-should-retry"] == "false"
    assert answer(errors.CredentialsInvalid(), None).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("eta_s", "after_ms"), [(None, 1000), (0.0, 500), (20.0, 2000), (9000.0, 5000)])
def test_when_to_poll(eta_s, after_ms):
    assert poll_after_ms(eta_s) == after_ms


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None), ("bytes=0-3", (0, 4)), ("bytes=5-", (5, 10)), ("bytes=-4", (6, 10)), ("bytes=-40", (0, 10)),
        ("bytes=8-99", (8, 10)), ("bytes=10-", (10, 10)), ("bytes=10-12", (10, 10)), ("bytes=-0", (10, 10)),
        ("bytes=20-30", (10, 10)), ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=5-2", None), ("bytes=0-1,4-5", None), ("items=0-1", None), ("bytes=-", None), ("bytes=x-", None),
    ],
)  # fmt: skip
def test_byte_ranges(header, span):
    assert byte_range(header, 10) == span


# Webhooks --------------------------------------------------------------------------------------------------------


KEY = Credentials(
    key_id="k", account_id="acc", name="n", client_id="c", api_key="a", access_key="b", secret_key="s",
    webhook_secret=SECRET, created_ms=0,
)  # fmt: skip
VIDEO = Artifact(kind="video", key="jobs/x/video.mp4", content_type="video/mp4", size_bytes=1, sha256="0" * 64)


def told(name: JobState, **fields: Any):
    request = asked(callback_url="https://e.com/hook", **fields)
    event = JobEvent(id="0199" + "c" * 28, name=name.value, created_ms=SECOND * 1000 + 1)
    return writer(SystemClock())(job(name, request=request, artifacts=(VIDEO,)), event, KEY, lambda artifact: "link")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (JobState.SUCCEEDED, "video.completed"),
        (JobState.FAILED, "video.failed"),
        (JobState.CANCELED, "video.failed"),
    ],
)
def test_the_webhook_is_the_vendors_event_and_verifies(state, kind):
    delivery = told(state)
    event = Webhook(SECRET).verify(delivery.body, dict(delivery.headers))
    assert event == {
        "id": delivery.headers["webhook-id"],
        "object": "event",
        "created_at": SECOND,
        "type": kind,
        "data": {"id": wire.video_id(job())},
    }
    assert event["id"].startswith("evt_")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(delivery.body.replace(b"video.", b"movie."), dict(delivery.headers))


def test_what_is_not_told():
    assert told(JobState.RUNNING) is None
    assert told(JobState.QUEUED) is None
    event = JobEvent(id="x", name="succeeded", created_ms=0)
    assert writer(SystemClock())(job(JobState.SUCCEEDED), event, KEY, lambda artifact: "") is None
