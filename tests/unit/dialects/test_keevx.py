"""Keevx's dialect without a server: the rules by model, every cell; what jobs look like; errors; the callback."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from photoplay import errors
from photoplay.accounts import Credentials
from photoplay.catalog import Catalog, ImageRules
from photoplay.clock import FixedClock, SystemClock
from photoplay.dialects.keevx import wire
from photoplay.dialects.keevx.callback import writer
from photoplay.dialects.keevx.errors import HTTP, KINDS, TABLE, refusal_of
from photoplay.dialects.keevx.images import check_format, limit_bytes, rules_of_all
from photoplay.errors import (
    ImageFormatUnsupported,
    InvalidField,
    MissingField,
    PromptTooLong,
    TooManyImages,
    UnsupportedValue,
)
from photoplay.jobs.callbacks import JobEvent
from photoplay.jobs.job import Artifact, Job, JobRequest, JobState, MediaRef
from photoplay.settings import Settings
from support import keevx_samples as vendor
from support.files import jpeg

CATALOG = Catalog.load()
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CREDENTIALS = Credentials(
    account_id="acc", key_id="k", name="n", api_key="a", client_id="c", access_key="ak",
    secret_key="sk", webhook_secret=SECRET, created_ms=0,
)  # fmt: skip


def asked(fields: dict[str, Any], unused: wire.Unused = "refuse") -> JobRequest:
    """What a body comes to, as the route makes it."""
    body = wire.CreateBody.model_validate(fields)
    model = CATALOG.model(body.model)
    kind = wire.kind_of(body, model, unused)
    last = wire.ends_on(body, model, kind, unused)
    request = wire.to_request(
        body,
        model=model,
        kind=kind,
        images=[MediaRef(url=url) for _, url in wire.photos(body, kind)],
        last_image=None if last is None else MediaRef(url=last),
        unused=unused,
        client_id="c",
        base_url="http://here",
    )
    CATALOG.quote(request, plan="enterprise")
    return request


def field_of(caught: pytest.ExceptionInfo[errors.PhotoplayError]) -> str | None:
    return caught.value.field


# The rules by model, every cell ----------------------------------------------------------------------------------

EVERY_DURATION_S = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 60, 3600)
EVERY_RESOLUTION = ("720p", "1080p", "4k", "480p", "1440p", "2k", "4K", "720P", "1280x720", " 720p")
EVERY_ASPECT_RATIO = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "auto", "16:9 ", "16x9")
CELLS = [(model, mode) for model in vendor.MODELS for mode in vendor.OFFERED_MODES[model]]


def test_the_catalog_lists_the_vendors_models():
    assert [model.name for model in CATALOG.models(dialect="keevx")] == list(vendor.MODELS)


@pytest.mark.parametrize("duration_s", EVERY_DURATION_S)
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_durations(model, mode, duration_s):
    body = vendor.body(model, mode, duration=duration_s)
    if duration_s in vendor.DURATIONS_S[model, mode]:
        assert asked(body).duration_s == float(duration_s)
    else:
        with pytest.raises(UnsupportedValue) as caught:
            asked(body)
        assert field_of(caught) == "duration_s"


@pytest.mark.parametrize("duration_s", EVERY_DURATION_S)
def test_one_reference_image_is_still_the_mode_of_several(duration_s):
    body = vendor.body("V", "several", reference_images=vendor.REFERENCES[:1], duration=duration_s)
    if duration_s == 8:
        assert len(asked(body).images) == 1
    else:
        with pytest.raises(UnsupportedValue):
            asked(body)


@pytest.mark.parametrize("resolution", EVERY_RESOLUTION)
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_resolutions(model, mode, resolution):
    body = vendor.body(model, mode, aspect_resolution=resolution)
    if resolution in vendor.RESOLUTIONS[model]:
        assert asked(body).resolution == resolution
    else:
        with pytest.raises(UnsupportedValue) as caught:
            asked(body)
        assert field_of(caught) == "aspect_resolution"


@pytest.mark.parametrize("aspect_ratio", EVERY_ASPECT_RATIO)
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_aspect_ratios(model, mode, aspect_ratio):
    body = vendor.body(model, mode, aspect_ratio=aspect_ratio)
    if aspect_ratio in vendor.ASPECT_RATIOS:
        assert asked(body).aspect_ratio == aspect_ratio
    else:
        with pytest.raises(UnsupportedValue) as caught:
            asked(body)
        assert field_of(caught) == "aspect_ratio"


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("references", range(10))
@pytest.mark.parametrize("model", vendor.MODELS)
def test_images(model, references, start):
    urls = [f"https://example.com/ref{number}.jpg" for number in range(references)]
    mode = "start" if start and model != "KL" else "several"
    changes = {"image_url": vendor.IMAGE_URL if start else None, "reference_images": urls}
    body = vendor.body(model, mode if mode in vendor.OFFERED_MODES[model] else "start", **changes)
    takes_start, takes_several = "start" in vendor.OFFERED_MODES[model], "several" in vendor.OFFERED_MODES[model]
    if (start and not takes_start) or (references and not takes_several) or (start and references):
        expected: Any = InvalidField
    elif not start and not references:
        expected = MissingField
    elif references > vendor.MAX_REFERENCES.get(model, 0) and not start:
        expected = TooManyImages
    else:
        request = asked(body)
        assert [image.url for image in request.images] == ([vendor.IMAGE_URL] if start else urls)
        return
    with pytest.raises(expected):
        asked(body)


@pytest.mark.parametrize("sound", [False, True, ...])
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_sound(model, mode, sound):
    body = vendor.body(model, mode, generate_audio=sound)
    if sound is True and not vendor.MAKES_SOUND[model]:
        with pytest.raises(InvalidField) as caught:
            asked(body)
        assert field_of(caught) == "generate_audio"
    else:
        assert asked(body).audio.mode == ("generate" if sound is True else "none")


@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_a_photo_to_end_on_needs_one_to_start_from(model, mode):
    body = vendor.body(model, mode, last_image_url="https://example.com/last.jpg")
    if mode == "start":
        assert asked(body).last_image == MediaRef(url="https://example.com/last.jpg")
    else:
        with pytest.raises(InvalidField) as caught:
            asked(body)
        assert field_of(caught) == "last_image_url"


@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_prompts(model, mode):
    longest = "é" * vendor.MAX_PROMPT_CHARS
    assert asked(vendor.body(model, mode, prompt=longest)).prompt == longest
    with pytest.raises(PromptTooLong):
        asked(vendor.body(model, mode, prompt=longest + "x"))
    for blank in (" ", "\n\t"):
        with pytest.raises(MissingField) as caught:
            asked(vendor.body(model, mode, prompt=blank))
        assert field_of(caught) == "prompt"


@pytest.mark.parametrize("count", [*range(-1, 7), ...])
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_counts(model, mode, count):
    body = vendor.body(model, mode, generate_count=count)
    if count is ... or 1 <= count <= 4:
        assert wire.CreateBody.model_validate(body).generate_count == (1 if count is ... else count)
    else:
        with pytest.raises(ValidationError):
            wire.CreateBody.model_validate(body)


@pytest.mark.parametrize("nothing", [..., None, ""])
@pytest.mark.parametrize("field", vendor.REQUIRED)
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_what_is_required(model, mode, field, nothing):
    with pytest.raises(ValidationError) as caught:
        wire.CreateBody.model_validate(vendor.body(model, mode) | {field: nothing} if nothing is not ... else {
            name: value for name, value in vendor.body(model, mode).items() if name != field
        })  # fmt: skip
    assert [(found["type"], found["loc"]) for found in caught.value.errors()] == [("missing", (field,))]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("model", [1, True, [], {}, ["V"]]),
        ("prompt", [1, True, ["x"], {"text": "x"}]),
        ("aspect_ratio", [1.78, ["16:9"], {}]),
        ("aspect_resolution", [720, ["720p"]]),
        ("duration", ["6", 6.0, 6.5, True, [6], "long", -6, 0, 10**400]),
        ("image_url", [1, ["https://example.com/a.jpg"], {"url": "x"}, True]),
        ("reference_images", ["https://example.com/a.jpg", [1], [None], [["x"]], {"0": "x"}, 1]),
        ("last_image_url", [1, ["x"], True]),
        ("generate_audio", ["true", 1, 0, "yes", [True]]),
        ("generate_count", ["2", 2.0, True, [2], 2.5]),
        ("callback_url", [1, ["https://example.com"], True]),
    ],
)
def test_wrong_types(field, values):
    for value in values:
        if value == []:
            continue
        with pytest.raises(ValidationError) as caught:
            wire.CreateBody.model_validate(vendor.body("V", "start") | {field: value})
        assert caught.value.errors()[0]["loc"][0] == field, value


@pytest.mark.parametrize("nothing", [None, "", []])
@pytest.mark.parametrize(
    "field", ["image_url", "reference_images", "last_image_url", "generate_audio", "generate_count", "callback_url"]
)
def test_nothing_counts_as_absent(field, nothing):
    mode = "several" if field == "image_url" else "start"
    request = asked(vendor.body("V", mode) | {field: nothing})
    assert request == asked(vendor.body("V", mode))


def test_unknown_keys_are_ignored():
    extra = {"seed": "no number", "negative_prompt": 5, "camera": None, "resolution": "1080p", "": 1}
    assert asked(vendor.body("V", "start") | extra) == asked(vendor.body("V", "start"))


def test_what_is_not_used_can_be_ignored_instead():
    url = "https://example.com/x.jpg"
    several = asked(vendor.body("KL", "several", image_url=url, generate_audio=True, last_image_url=url), "ignore")
    assert several == asked(vendor.body("KL", "several"))
    start = asked(vendor.body("S", "start", reference_images=[url] * 9, generate_audio=True), "ignore")
    assert start == asked(vendor.body("S", "start"))
    both = asked(vendor.body("V", "start", reference_images=[url]), "ignore")
    assert [image.url for image in both.images] == [vendor.IMAGE_URL]
    for model, mode, field in (("KL", "several", "reference_images"), ("S", "start", "image_url")):
        other = {"image_url": url, "reference_images": [url]} | {field: ...}
        with pytest.raises(MissingField) as caught:
            asked(vendor.body(model, mode, **other), "ignore")
        assert field_of(caught) == field


def test_other_dialects_meet_the_same_rules_in_the_catalog():
    images = tuple(MediaRef(url=url) for url in vendor.REFERENCES)
    request = JobRequest(images=images, prompt="x", model="V", duration_s=8, aspect_ratio="9:16")
    assert CATALOG.quote(request, plan="free").short_side == 720
    for changes, field in (
        ({"duration_s": 6}, "duration_s"),
        ({"model": "KL", "duration_s": 5, "audio": {"mode": "generate"}}, "audio"),
        ({"model": "S", "images": images[:1], "duration_s": 6, "audio": {"mode": "generate"}}, "audio"),
        ({"model": "KL", "duration_s": 5, "last_image": images[0]}, "last_image"),
    ):
        with pytest.raises(UnsupportedValue) as caught:
            CATALOG.quote(JobRequest.model_validate(request.model_dump() | changes), plan="free")
        assert field_of(caught) == field


# Answers ---------------------------------------------------------------------------------------------------------


def job(state: JobState = JobState.QUEUED, *, request: JobRequest | None = None, **changes: Any) -> Job:
    return Job(
        id="0198" + "a" * 28,
        object_id="b" * 24,
        number="1" * 18,
        account_id="acc",
        state=state,
        request=request or asked(vendor.body("V", "start")),
        credits=20,
        created_ms=1_760_000_000_000,
        updated_ms=1_760_000_000_000,
        **changes,
    )


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (JobState.QUEUED, "PENDING"),
        (JobState.RUNNING, "PROCESSING"),
        (JobState.SUCCEEDED, "SUCCEEDED"),
        (JobState.FAILED, "FAILED"),
        (JobState.CANCELED, "FAILED"),
    ],
)
def test_statuses(state, status):
    assert wire.status_of(job(state)) == status


def test_only_what_failed_has_a_reason():
    assert [wire.reason_of(job(state)) for state in (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED)] == [""] * 3
    assert wire.reason_of(job(JobState.FAILED, error_message="The file is broken.")) == "The file is broken."
    assert wire.reason_of(job(JobState.FAILED))
    assert "canceled" in wire.reason_of(job(JobState.CANCELED))


@pytest.mark.parametrize(
    ("resolution", "aspect_ratio", "size"),
    [
        ("720p", "16:9", (1280, 720)),
        ("720p", "9:16", (720, 1280)),
        ("1080p", "9:16", (1080, 1920)),
        ("4k", "16:9", (3840, 2160)),
    ],
)
def test_the_size_is_told_before_it_is_rendered(resolution, aspect_ratio, size):
    request = asked(vendor.body("V", "start", aspect_resolution=resolution, aspect_ratio=aspect_ratio))
    task = wire.task_of(job(request=request), CATALOG.model("V"), video_url=None, thumbnail_url=None)
    assert (task.width, task.height, task.duration) == (*size, 4)
    assert (task.video_url, task.thumbnail_url) == ("", "")


def test_what_is_not_known_is_zero_and_what_is_rendered_counts():
    other = JobRequest(images=(MediaRef(url="x"),), resolution="720p", duration_s=2.6)
    task = wire.task_of(job(request=other), CATALOG.model("motion"), video_url=None, thumbnail_url=None)
    assert (task.width, task.height, task.duration) == (0, 0, 3)
    gone = wire.task_of(job(), None, video_url=None, thumbnail_url=None)
    assert (gone.width, gone.height) == (0, 0)
    done = job(JobState.SUCCEEDED, width=720, height=1280, duration_s=7.96)
    task = wire.task_of(done, CATALOG.model("V"), video_url="v", thumbnail_url="t")
    assert (task.width, task.height, task.duration, task.video_url, task.thumbnail_url) == (720, 1280, 8, "v", "t")


def test_ids():
    assert wire.task_id(job()) == "i2v-" + job().id
    assert wire.job_ref(wire.task_id(job())) == job().id
    assert wire.job_ref(job().number) == job().number


# Errors ----------------------------------------------------------------------------------------------------------


def every_error(kind: type[errors.PhotoplayError] = errors.PhotoplayError) -> list[type[errors.PhotoplayError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in every_error(child))]


def test_every_error_has_a_code_and_a_status():
    for kind in every_error():
        error = kind("prompt") if issubclass(kind, MissingField | InvalidField | UnsupportedValue) else kind()
        refusal = refusal_of(error, {}, {})
        assert refusal.code in HTTP
        assert refusal.status == HTTP[refusal.code]
        assert refusal.status in (400, 401, 404, 413, 429, 500)
        assert refusal.msg


@pytest.mark.parametrize(
    ("error", "code", "status", "msg"),
    [
        (MissingField("prompt"), 100001, 400, "Parameter error: prompt cannot be empty"),
        (MissingField("image"), 100001, 400, "Parameter error: image_url cannot be empty"),
        (
            InvalidField("body", "the body is not valid JSON"),
            100001,
            400,
            "Parameter error: the body is not valid JSON",
        ),
        (UnsupportedValue("duration_s", "duration_s '7' is no"), 100001, 400, "Parameter error: duration '7' is no"),
        (TooManyImages("Too many.", field="images"), 100001, 400, "Parameter error: Too many."),
        (errors.PlanRequired("No."), 100001, 400, "Parameter error: No."),
        (errors.IdempotencyConflict("Twice."), 100001, 400, "Parameter error: Twice."),
        (errors.CredentialsMissing("No key."), 100002, 401, "Invalid token: No key."),
        (errors.CredentialsInvalid("Bad."), 100002, 401, "Invalid token: Bad."),
        (errors.AccountBlocked("Blocked."), 100002, 401, "Invalid token: Blocked."),
        (errors.JobNotFound("i2v-1"), 100003, 404, "Task not found: i2v-1"),
        (errors.FileTooLarge("Big."), 100004, 413, "Image too large: Big."),
        (errors.UploadTooLarge("Big."), 100004, 413, "Image too large: Big."),
        (PromptTooLong("Long.", field="prompt"), 100005, 400, "Prompt too long: Long."),
        (errors.UrlUnreachable("Away."), 100006, 400, "Image URL unreachable: Away."),
        (errors.UrlForbidden("No."), 100006, 400, "Image URL unreachable: No."),
        (errors.ArtifactNotFound("Ended."), 100006, 400, "Image URL unreachable: Ended."),
        (errors.ImageFormatUnsupported("Gif."), 100007, 400, "Image format unsupported: Gif."),
        (errors.ImageUnreadable("Broken."), 100007, 400, "Image format unsupported: Broken."),
        (errors.InsufficientCredits("Poor."), 429, 429, "Poor."),
        (errors.RateLimited("Fast."), 429, 429, "Fast."),
        (errors.QueueFull("Full."), 429, 429, "Full."),
        (errors.StorageError("Down."), 500, 500, "Down."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_codes(error, code, status, msg):
    assert refusal_of(error, {}, {}) == (code, msg, status)


def test_the_operators_codes_and_statuses():
    error = errors.InsufficientCredits("Poor.")
    assert refusal_of(error, {"insufficient_credits": 100099}, {}) == (100099, "Poor.", 429)
    assert refusal_of(error, {"limit_reached": 100098}, {100098: 402}) == (100098, "Poor.", 402)
    assert refusal_of(PromptTooLong("L"), {}, {100005: 413}).status == 413
    assert refusal_of(errors.JobNotFound("x"), {"insufficient_credits": 1}, {}).code == 100003
    with pytest.raises(errors.SettingsError, match="no_such_code"):
        Settings.load(keevx_codes={"no_such_code": 1})


def test_the_seven_codes_are_all_used():
    assert set(range(100001, 100008)) == set(KINDS) <= set(TABLE.values())


# Images ----------------------------------------------------------------------------------------------------------


def test_formats():
    rules = CATALOG.model("V").image_rules
    for head in (jpeg()[:64], b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 "):
        check_format(head, rules)
        check_format(head, ImageRules())
    for head in (b"GIF89a", b"BM", b"%PDF-", b"", b"plain text", b"\0\0\0\x18ftypmp42", b"II*\0"):
        with pytest.raises(ImageFormatUnsupported, match="taken are JPG, PNG, WebP"):
            check_format(head, rules)
    check_format(b"GIF89a", ImageRules())
    with pytest.raises(ImageFormatUnsupported):
        check_format(b"%PDF-", ImageRules())


def test_limits(tmp_path):
    settings = Settings(data_dir=tmp_path)
    rules = rules_of_all(CATALOG)
    assert set(rules.formats) == {"image/jpeg", "image/png", "image/webp"}
    assert limit_bytes(settings, rules) == 20 * 1024 * 1024
    assert limit_bytes(settings.model_copy(update={"max_upload_bytes": 5000}), rules) == 5000
    assert limit_bytes(settings.model_copy(update={"max_image_bytes": 50 * 2**20}), rules) == 20 * 2**20


# Callback --------------------------------------------------------------------------------------------------------


def artifact(kind: Any, ending: str) -> Artifact:
    return Artifact(kind=kind, key=f"jobs/x/{kind}.{ending}", content_type="x", size_bytes=1, sha256="0" * 64)


def told(job_: Job, event: str, *, sign: bool = True, clock: Any = None) -> Any:
    write = writer(sign=sign, clock=clock or SystemClock())
    return write(job_, JobEvent("e1", event, 1), CREDENTIALS, lambda each: f"http://here/{each.key}")


def done(**changes: Any) -> Job:
    request = asked(vendor.body("V", "start", callback_url="https://example.com/hook"))
    files = (artifact("video", "mp4"), artifact("thumbnail", "webp"))
    return job(**{"state": JobState.SUCCEEDED, "request": request, "artifacts": files, **changes})


def test_the_callback_is_the_vendors():
    sent = told(done(), "succeeded")
    body = json.loads(sent.body)
    assert list(body) == list(vendor.CALLBACK)
    assert list(body["data"]) == list(vendor.CALLBACK["data"])
    assert body == {
        "code": 0,
        "msg": "ok",
        "task_type": "image_to_video",
        "data": {
            "task_id": wire.task_id(done()),
            "status": "SUCCEEDED",
            "video_url": "http://here/jobs/x/video.mp4",
            "thumbnail_url": "http://here/jobs/x/thumbnail.webp",
            "error_message": "",
        },
    }
    assert (sent.url, sent.headers["content-type"]) == ("https://example.com/hook", "application/json")


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELED])
def test_the_callback_of_a_failure(state):
    body = json.loads(told(done(state=state, artifacts=(), error_message="No."), state.value).body)
    assert (body["code"], body["data"]["status"]) == (0, "FAILED")
    assert (body["data"]["video_url"], body["data"]["thumbnail_url"]) == ("", "")
    assert body["data"]["error_message"]


def test_only_the_end_is_told_and_only_to_who_asked():
    for event in ("queued", "running"):
        assert told(done(), event) is None
    assert told(job(JobState.SUCCEEDED), "succeeded") is None


def test_the_signature_is_verified_by_standard_webhooks():
    sent = told(done(), "succeeded")
    assert Webhook(SECRET).verify(sent.body, dict(sent.headers)) == json.loads(sent.body)
    assert sent.headers["webhook-id"] == "e1"
    other = replace(CREDENTIALS, webhook_secret="whsec_" + base64.b64encode(b"x" * 32).decode())
    with pytest.raises(WebhookVerificationError):
        Webhook(other.webhook_secret).verify(sent.body, dict(sent.headers))
    late = told(done(), "succeeded", clock=FixedClock(1_760_000_000_000))
    assert (late.body, late.headers["webhook-id"]) == (sent.body, "e1")
    assert late.headers["webhook-timestamp"] == "1760000000"


def test_the_signature_can_be_left_out():
    assert told(done(), "succeeded", sign=False).headers == {"content-type": "application/json"}
