"""Kling's wire: bodies to requests, jobs to answers, errors to codes, callbacks to bytes. No server."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from photoplay import errors
from photoplay.accounts import Credentials
from photoplay.catalog import Catalog
from photoplay.clock import FixedClock, SystemClock
from photoplay.dialects.kling import callback, images, requests, wire
from photoplay.dialects.kling import errors as codes
from photoplay.jobs.callbacks import JobEvent
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef
from photoplay.shot import MoveKind
from support import kling_samples as samples

PHOTO = "https://example.com/a.jpg"
LENIENT = requests.Manner()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def asked(catalog: Catalog, manner: requests.Manner = LENIENT, **body: Any) -> tuple[JobRequest, requests.Files]:
    parsed = wire.ImageBody.model_validate({"image": PHOTO, **body})
    model = requests.model_of(catalog, parsed.model_name, wire.IMAGE)
    return requests.image_request(parsed, model, manner=manner, client_id="c", base_url="http://here")


def multi(catalog: Catalog, **body: Any) -> tuple[JobRequest, requests.Files]:
    given = {"image_list": [{"image": PHOTO}], "prompt": "x", **body}
    parsed = wire.MultiImageBody.model_validate(given)
    model = requests.model_of(catalog, parsed.model_name, wire.MULTI_IMAGE)
    return requests.multi_image_request(parsed, model, manner=LENIENT, client_id="c", base_url="http://here")


# Bodies ----------------------------------------------------------------------------------------------------------


def test_the_vendors_multi_image_body(catalog: Catalog) -> None:
    request, files = multi(catalog, **samples.MULTI_IMAGE_BODY)
    assert [text for _, text in files.every] == [item["image"] for item in samples.MULTI_IMAGE_BODY["image_list"]]
    assert (request.model, request.quality, request.resolution) == ("kling-v1-6", "pro", "1080p")
    assert (request.prompt, request.negative_prompt) == ("They walk towards each other.", "blur")
    assert (request.duration_s, request.aspect_ratio, request.watermark) == (10.0, "9:16", True)
    assert (request.callback_url, request.external_id) == ("https://hooks.example.com/kling", "my-task-1")
    assert (request.dialect, request.audio.mode) == ("kling", "none")
    assert request.face == {"client_id": "c", "base_url": "http://here", "endpoint": "multi-image2video"}


def test_the_vendors_defaults(catalog: Catalog) -> None:
    request, _ = multi(catalog)
    assert (request.model, request.quality, request.resolution) == ("kling-v1-6", "std", "720p")
    assert (request.duration_s, request.aspect_ratio, request.watermark) == (5.0, "16:9", False)
    request, _ = asked(catalog)
    assert (request.model, request.aspect_ratio, request.audio.mode) == ("kling-v1", "auto", "none")
    assert (request.callback_url, request.external_id, request.shot, request.brushes) == (None, None, None, ())


def test_stray_keys_are_ignored(catalog: Catalog) -> None:
    assert multi(catalog, **samples.STRAY_KEYS) == multi(catalog)
    assert asked(catalog, model="kling-v3", aspect_ratio=17)[0].model == "kling-v1"


@pytest.mark.parametrize("nothing", ["", None])
def test_empty_is_absent(catalog: Catalog, nothing: str | None) -> None:
    names = (
        "model_name", "negative_prompt", "duration", "watermark_info", "callback_url", "external_task_id", "image_tail",
        "prompt", "sound", "cfg_scale", "mode", "static_mask", "dynamic_masks", "camera_control", "multi_shot",
        "multi_prompt", "element_list", "voice_list",
    )  # fmt: skip
    assert asked(catalog, **dict.fromkeys(names, nothing)) == asked(catalog)
    same = ("model_name", "negative_prompt", "duration", "watermark_info", "mode", "aspect_ratio", "callback_url")
    assert multi(catalog, **dict.fromkeys(same, nothing)) == multi(catalog)


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_list": []},
        {"image_list": [{"image": PHOTO}] * 5},
        {"image_list": [PHOTO]},
        {"image_list": [{"image": 3}]},
        {"image_list": {"image": PHOTO}},
        {"prompt": ""},
        {"prompt": 5},
        {"mode": "4k"},
        {"mode": "max"},
        {"aspect_ratio": "4:3"},
        {"duration": True},
        {"duration": ["5"]},
        {"watermark_info": {"enabled": "yes"}},
        {"watermark_info": True},
        {"external_task_id": "x" * 201},
        {"external_task_id": 7},
        {"callback_url": 1},
    ],
    ids=str,
)
def test_multi_image_bodies_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        wire.MultiImageBody.model_validate({"image_list": [{"image": PHOTO}], "prompt": "x", **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": 1},
        {"sound": "loud"},
        {"sound": True},
        {"cfg_scale": 1.1},
        {"cfg_scale": "0.5"},
        {"mode": "premium"},
        {"static_mask": {"mask": PHOTO}},
        {"dynamic_masks": [{"mask": PHOTO, "trajectories": [{"x": 1, "y": 1}]}]},
        {"dynamic_masks": [{"mask": PHOTO, "trajectories": [{"x": 1, "y": 1}] * 78}]},
        {"dynamic_masks": [{"mask": PHOTO, "trajectories": [{"x": 1}, {"x": 1, "y": 1}]}]},
        {"dynamic_masks": [{"mask": PHOTO, "trajectories": [{"x": 1, "y": float("nan")}, {"x": 1, "y": 1}]}]},
        {"dynamic_masks": [{"mask": PHOTO, "trajectories": [{"x": 1, "y": 1}] * 2}] * 7},
        {"dynamic_masks": [{"trajectories": [{"x": 1, "y": 1}] * 2}]},
        {"camera_control": {"type": "crane"}},
        {"camera_control": {"type": "simple", "config": {"zoom": 10.5}}},
        {"camera_control": {"type": "simple", "config": {"pan": "5"}}},
        {"camera_control": "simple"},
        {"multi_shot": "true"},
        {"multi_prompt": [{"index": 1, "prompt": "x" * 513, "duration": "5"}]},
        {"multi_prompt": [{"index": 1, "prompt": "x", "duration": "5"}] * 7},
    ],
    ids=str,
)
def test_image_bodies_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        wire.ImageBody.model_validate({"image": PHOTO, **wrong})


def test_the_schema_has_examples_that_are_valid() -> None:
    for body in (wire.MultiImageBody, wire.ImageBody):
        examples = body.model_json_schema()["examples"]
        assert examples
        for example in examples:
            body.model_validate(example)


# Requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "length_s"), [("5", 5.0), ("10", 10.0), (5, 5.0), (10.0, 10.0), ("7.5", 7.5)])
def test_durations(catalog: Catalog, given: str | float, length_s: float) -> None:
    assert asked(catalog, duration=given)[0].duration_s == length_s


@pytest.mark.parametrize("given", ["five", "nan", "inf", "-5", "0", 0, -1, "5s"])
def test_durations_that_are_none(catalog: Catalog, given: str | float) -> None:
    with pytest.raises(errors.InvalidField) as caught:
        asked(catalog, duration=given)
    assert caught.value.field == "duration"


def test_a_strict_server_wants_text(catalog: Catalog) -> None:
    strict = requests.Manner(strict_duration=True)
    assert asked(catalog, strict, duration="5")[0].duration_s == 5.0
    with pytest.raises(errors.InvalidField):
        asked(catalog, strict, duration=5)


@pytest.mark.parametrize(
    ("config", "kind", "amount"),
    [
        ({"horizontal": 5}, MoveKind.TRUCK, 1.0),
        ({"vertical": -10}, MoveKind.PEDESTAL, -2.0),
        ({"pan": 5}, MoveKind.TILT, 1.0),
        ({"tilt": 5, "pan": 0}, MoveKind.PAN, 1.0),
        ({"roll": 2.5}, MoveKind.ROLL, 0.5),
        ({"zoom": 5}, MoveKind.ZOOM, -1.0),
    ],
    ids=str,
)
def test_the_six_axes(catalog: Catalog, config: dict[str, float], kind: MoveKind, amount: float) -> None:
    shot = asked(catalog, camera_control={"type": "simple", "config": config})[0].shot
    assert shot is not None
    assert [(move.kind, move.amount) for move in shot.moves] == [(kind, pytest.approx(amount))]


def test_film_terms(catalog: Catalog) -> None:
    shot = asked(catalog, requests.Manner(film_terms=True), camera_control={"config": {"pan": 5}})[0].shot
    assert shot is not None
    assert [move.kind for move in shot.moves] == [MoveKind.PAN]


@pytest.mark.parametrize("name", ["down_back", "forward_up", "right_turn_forward", "left_turn_forward"])
def test_the_four_presets(catalog: Catalog, name: str) -> None:
    shot = asked(catalog, camera_control={"type": name, "config": {"zoom": 0}})[0].shot
    assert shot is not None
    assert len(shot.moves) == 2


@pytest.mark.parametrize(
    "control",
    [
        {"type": "simple"},
        {"type": "simple", "config": {"zoom": 0}},
        {"type": "simple", "config": {"zoom": 1, "pan": 1}},
        {"type": "down_back", "config": {"zoom": 1}},
    ],
    ids=str,
)
def test_exactly_one_axis(catalog: Catalog, control: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidField):
        asked(catalog, camera_control=control)


def test_the_vendors_motion_brush(catalog: Catalog) -> None:
    request, files = asked(catalog, **samples.IMAGE_BODY)
    still, moving = request.brushes
    assert (still.trajectory, still.unit) == ((), "share")
    assert ([(point.x, point.y) for point in moving.trajectory], moving.unit) == ([(279, 219), (417, 65)], "pixels_up")
    assert [field for field, _ in files.every] == ["image", "static_mask", "dynamic_masks.0.mask"]
    refs = [MediaRef(url=f"https://e.com/{index}") for index in range(3)]
    whole = requests.with_files(request, files, refs)
    assert (whole.images, [brush.mask for brush in whole.brushes]) == ((refs[0],), refs[1:])
    other = asked(catalog, requests.Manner(origin="top-left"), **samples.IMAGE_BODY)[0]
    assert other.brushes[1].unit == "pixels"


def test_first_and_last_image(catalog: Catalog) -> None:
    request, files = asked(catalog, image_tail="https://e.com/z.jpg")
    refs = [MediaRef(url="https://e.com/1"), MediaRef(url="https://e.com/2")]
    whole = requests.with_files(request, files, refs)
    assert (whole.images, whole.last_image) == ((refs[0],), refs[1])
    only, files = asked(catalog, image="", image_tail="https://e.com/z.jpg")
    assert [text for _, text in files.every] == ["https://e.com/z.jpg"] * 2
    assert only.last_image is not None


@pytest.mark.parametrize(
    "both",
    [
        {"image_tail": PHOTO, "static_mask": PHOTO},
        {"image_tail": PHOTO, "camera_control": {"type": "down_back"}},
        {"static_mask": PHOTO, "camera_control": {"type": "down_back"}},
        {"image": "", "image_tail": ""},
        {"element_list": [{"element_id": 1}]},
        {"voice_list": [{"voice_id": "1"}]},
    ],
    ids=str,
)
def test_what_does_not_go_together(catalog: Catalog, both: dict[str, Any]) -> None:
    with pytest.raises(errors.RequestError):
        asked(catalog, **both)


def test_several_shots_follow_each_other(catalog: Catalog) -> None:
    shots = [{"index": 2, "prompt": "pan right.", "duration": "3"}, {"index": 1, "prompt": "zoom in", "duration": "2"}]
    request, _ = asked(catalog, model_name="kling-v3", multi_shot=True, multi_prompt=shots, prompt="unused")
    assert request.prompt == "zoom in for 2 seconds, then pan right for 3 seconds"
    assert asked(catalog, multi_shot=False, multi_prompt=shots, prompt="used")[0].prompt == "used"
    with pytest.raises(errors.InvalidField, match="add up"):
        asked(catalog, multi_shot=True, multi_prompt=shots[:1])


def test_models_come_from_the_catalog(catalog: Catalog) -> None:
    with pytest.raises(errors.UnsupportedValue):
        multi(catalog, model_name="kling-v1")
    with pytest.raises(errors.UnknownModel):
        asked(catalog, model_name="kling-v99")
    names = [model.name for model in catalog.models(dialect="kling")]
    assert names == [
        "kling-v1", "kling-v1-5", "kling-v1-6", "kling-v2-master", "kling-v2-1", "kling-v2-1-master",
        "kling-v2-5-turbo", "kling-v2-6", "kling-v3",
    ]  # fmt: skip
    for name in names:
        request, _ = asked(catalog, model_name=name, sound="on")
        assert catalog.quote(request, plan="free").fps == 30
        assert request.audio.mode == "generate"


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"model_name": "kling-v1", "duration": "7"}, False),
        ({"model_name": "kling-v2-1", "duration": "7"}, True),
        ({"model_name": "kling-v3", "duration": "16"}, False),
        ({"model_name": "kling-v1-6", "mode": "4k"}, False),
        ({"model_name": "kling-v3", "mode": "4k"}, True),
        ({"model_name": "kling-v1-6", "mode": "std", "image_tail": PHOTO}, False),
        ({"model_name": "kling-v1-6", "mode": "pro", "image_tail": PHOTO}, True),
        ({"model_name": "kling-v1", "mode": "std", "image_tail": PHOTO}, True),
        ({"prompt": "x" * 2501}, False),
        ({"prompt": "x" * 2500, "negative_prompt": "y" * 2500}, True),
        ({"negative_prompt": "x" * 2501}, False),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_each_model_can(catalog: Catalog, fields: dict[str, Any], fits: bool) -> None:
    request, _ = asked(catalog, **fields)
    if fits:
        catalog.quote(request, plan="pro")
        return
    with pytest.raises(errors.RequestError):
        catalog.quote(request, plan="pro")


def test_units_are_in_the_price_table(catalog: Catalog) -> None:
    units = {
        (mode, length): catalog.quote(multi(catalog, mode=mode, duration=length)[0], plan="pro").credits
        for mode in ("std", "pro")
        for length in ("5", "10")
    }
    assert units == {("std", "5"): 30, ("std", "10"): 60, ("pro", "5"): 50, ("pro", "10"): 100}


# Images ----------------------------------------------------------------------------------------------------------


def test_base64_is_read_forgivingly() -> None:
    text = base64.encodebytes(b"hello world, this is long enough to be broken into several lines, really").decode()
    assert images.decoded(text, "image").startswith(b"hello world")
    assert images.decoded("aGVsbG8", "image") == b"hello"


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,aGVsbG8=", "no base64!", "ftp://example.com/a.jpg", "a", "===="]
)
def test_what_is_no_base64(text: str) -> None:
    with pytest.raises(errors.InvalidField, match="File is not in a valid base64 format"):
        images.decoded(text, "image")


# Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (errors.SignatureInvalid(), 1000, 401),
        (errors.CredentialsMissing(), 1001, 401),
        (errors.CredentialsInvalid(), 1002, 401),
        (errors.TokenNotYetValid(), 1003, 401),
        (errors.TokenExpired(), 1004, 401),
        (errors.AccountBlocked(), 1100, 429),
        (errors.InsufficientCredits(), 1102, 429),
        (errors.PlanRequired(), 1103, 403),
        (errors.InvalidField("body"), 1200, 400),
        (errors.InvalidField("mode"), 1201, 400),
        (errors.MissingField("prompt"), 1201, 400),
        (errors.PromptTooLong(), 1201, 400),
        (errors.TooManyImages(), 1201, 400),
        (errors.ExternalIdTaken(), 1201, 400),
        (errors.UploadTooLarge(), 1201, 400),
        (codes.WrongMethod(), 1202, 404),
        (errors.UnknownModel(), 1203, 404),
        (errors.JobNotFound(), 1203, 404),
        (codes.NotOffered(), 1203, 404),
        (errors.RateLimited(), 1302, 429),
        (errors.ConcurrencyExceeded(), 1303, 429),
        (errors.QueueFull(), 1303, 429),
        (errors.StorageError(), 5000, 500),
        (errors.EngineUnavailable(), 5001, 503),
        (errors.RenderTimeout(), 5002, 504),
    ],
    ids=lambda value: type(value).__name__,
)
def test_codes(error: errors.PhotoplayError, code: int, status: int) -> None:
    assert codes.code_for(error, {}) == code
    assert codes.STATUS[code] == status


def test_every_code_of_ours_has_a_status() -> None:
    assert set(codes.TABLE.values()) <= set(codes.STATUS)


def test_an_operators_codes() -> None:
    assert codes.code_for(errors.UnknownModel(), {"unknown_model": 1201}) == 1201
    assert codes.code_for(errors.InvalidField("body"), {"invalid_field": 1300}) == 1300


def test_the_vendors_words() -> None:
    assert codes.message_of(errors.InsufficientCredits("30 credits are needed")) == "Account balance not enough"
    for limit in (errors.ConcurrencyExceeded("x"), errors.QueueFull("y")):
        assert codes.message_of(limit) == "parallel task over resource pack limit"
    assert codes.message_of(errors.UnsupportedValue("duration_s", "duration_s '7' is not offered")) == (
        "duration '7' is not offered"
    )
    assert codes.message_of(errors.InvalidField("mode", "no")) == "no"


# Answers ---------------------------------------------------------------------------------------------------------


VIDEO = Artifact(
    kind="video", key="jobs/j/video.mp4", content_type="video/mp4", size_bytes=1, sha256="0" * 64, duration_s=5.0
)


def job(state: JobState, **changes: Any) -> Job:
    request = JobRequest(
        images=(MediaRef(url=PHOTO),),
        callback_url="https://example.com/hook",
        external_id=changes.pop("external_id", "mine"),
    )
    return Job(
        id="1" * 32,
        object_id="2" * 24,
        number="3" * 18,
        account_id="a",
        state=state,
        request=request,
        credits=20,
        duration_s=5.1,
        created_ms=1_760_000_000_000,
        updated_ms=1_760_000_000_500,
        artifacts=(VIDEO,) if state is JobState.SUCCEEDED else (),
        **changes,
    )


@pytest.mark.parametrize(
    ("state", "status", "units"),
    [
        (JobState.QUEUED, "submitted", None),
        (JobState.RUNNING, "processing", None),
        (JobState.SUCCEEDED, "succeed", "20"),
        (JobState.FAILED, "failed", "0"),
        (JobState.CANCELED, "failed", "0"),
    ],
)
def test_states(state: JobState, status: str, units: str | None) -> None:
    url = "http://here/a.mp4" if state is JobState.SUCCEEDED else None
    task = wire.task_of(job(state), url=url, watermark_url=None)
    assert (task.task_status, task.final_unit_deduction) == (status, units)
    assert len(task.task_result.videos) == (state is JobState.SUCCEEDED)
    assert bool(task.task_status_msg) == (status == "failed")


def test_videos_say_their_length_as_text() -> None:
    (video,) = wire.videos_of(job(JobState.SUCCEEDED), url="u", watermark_url=None)
    assert video.model_dump() == {"id": "11111111-1111-1111-1111-111111111111", "url": "u", "duration": "5.1"}
    (video,) = wire.videos_of(job(JobState.SUCCEEDED), url="u", watermark_url="w")
    assert list(video.model_dump()) == ["id", "url", "watermark_url", "duration"]


def test_why_a_task_failed() -> None:
    told = job(JobState.FAILED, error_code="image_too_small", error_message="the image has 338x191 pixels")
    assert wire.status_message(told) == "Image pixel is invalid"
    told = job(JobState.FAILED, error_code="url_unreachable", error_message="The URL could not be fetched.")
    assert wire.status_message(told) == "The URL could not be fetched."


def test_no_external_id_is_an_empty_text() -> None:
    assert wire.created(job(JobState.QUEUED, external_id=None)).task_info.external_task_id == ""


# Callback --------------------------------------------------------------------------------------------------------


CREDENTIALS = Credentials(
    key_id="k",
    account_id="a",
    name="n",
    client_id="c" * 16,
    api_key="k" * 24,
    access_key="x" * 32,
    secret_key="y" * 32,
    webhook_secret="whsec_" + base64.b64encode(bytes(range(32))).decode(),
    created_ms=0,
)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED])
def test_every_change_is_told_and_signed(state: JobState) -> None:
    event = JobEvent(id="event-1", name=state.value, created_ms=1)
    told = callback.writer(SystemClock())(
        job(state), event, CREDENTIALS, lambda artifact: f"http://here/{artifact.key}"
    )
    assert told is not None
    body = Webhook(CREDENTIALS.webhook_secret).verify(told.body, dict(told.headers))
    assert (told.url, told.headers["webhook-id"]) == ("https://example.com/hook", "event-1")
    assert told.headers["content-type"] == "application/json; charset=utf-8"
    assert body["task_status"] == wire.STATUS_OF[state]
    assert list(body) == list(samples.CALLBACK)
    if state is JobState.SUCCEEDED:
        assert samples.shape(body) == samples.shape(samples.CALLBACK)
        assert body["task_result"]["videos"][0]["url"] == "http://here/jobs/j/video.mp4"
    with pytest.raises(WebhookVerificationError):
        Webhook(CREDENTIALS.webhook_secret).verify(told.body.replace(b"task", b"tusk"), dict(told.headers))


def test_nobody_is_told_without_a_url() -> None:
    silent = job(JobState.QUEUED)
    silent = silent.model_copy(update={"request": silent.request.model_copy(update={"callback_url": None})})
    event = JobEvent(id="e", name="queued", created_ms=1)
    assert callback.writer(FixedClock())(silent, event, CREDENTIALS, lambda _: "") is None


def test_the_vendors_signature_vector() -> None:
    given = samples.SIGNED
    when = datetime.fromtimestamp(int(given["timestamp_s"]), UTC)
    assert Webhook(str(given["secret"])).sign(str(given["id"]), when, str(given["body"])) == given["signature"]
    json.loads(str(given["body"]))
