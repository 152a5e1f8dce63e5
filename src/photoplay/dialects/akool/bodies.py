"""AKOOL's request and response bodies: names, types and order of the vendor's page and samples.

Sources: the vendor's image2Video v4 page in its three editions, its batch and model pages, and what the vendor's own
demo app sends and reads. Where that app is looser than the pages (``audio_type`` as a string, an empty
``audio_url``), the looser form is accepted. Unknown keys are ignored, as the vendor does.

Not shown by the vendor, chosen here: a failed item carries its reason under ``error``, and so does a finished one whose
file is no longer kept; the two v3 reads answer with the names that were seen in use, in the order of the v4 items.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_COUNT = 10
"""How many videos one batch request may ask for."""
AUDIO_TYPE_NONE = 3
_EXAMPLE_IDS = "68919a464b4dbdd4ab3d3034,6891a07f5d612f78c9204f1c"
_PHOTO = "https://example.com/photo.jpg"
_PROMPT = "Animate this image with smooth camera movement and subtle object motion."


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _off(value: Any) -> Any:
    return False if value is None or value == "" else value


def _silent(value: Any) -> Any:
    return AUDIO_TYPE_NONE if value is None or value == "" else value


def _one(value: Any) -> Any:
    return 1 if value is None or value == "" else value


Optional = Annotated[str, BeforeValidator(_blank)]
"""Text that may be absent, null or empty."""
Flag = Annotated[bool, BeforeValidator(_off)]


class _Body(BaseModel):
    # Numbers where text belongs, and text where numbers belong, are taken as meant.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class _Create(_Body):
    """What both creates take."""

    image_url: str = Field(min_length=1, description="Image URL to be animated")
    prompt: str = Field(description="How to animate the image")
    extend_prompt: Flag = Field(default=False, description="Whether to extend the prompt")
    audio_url: Optional = Field(default="", description="Audio URL, required when audio_type is 2")
    is_premium_model: Flag = Field(default=False, description="Use the premium model (pro plan or above)")
    effect_code: Optional = Field(default="", description="An effect; the prompt is ignored then")
    webhookurl: Optional = Field(default="", description="Callback URL")
    model_name: Optional = Field(default="", description="A model's `value`; the default model when empty")


class CreateBody(_Create):
    """Body of ``createBySourcePrompt``."""

    negative_prompt: str = Field(description="What to avoid in the animation")
    resolution: str = Field(description="720p, 1080p or 4k")
    audio_type: int = Field(description="1 AI generated, 2 the file at audio_url, 3 no audio")
    video_length: int = Field(description="Seconds: 5 or 10 (10 needs the pro plan or above)")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "image_url": _PHOTO,
                    "prompt": _PROMPT,
                    "negative_prompt": "blurry, flickering",
                    "extend_prompt": True,
                    "resolution": "720p",
                    "audio_url": "",
                    "audio_type": 1,
                    "video_length": 5,
                }
            ]
        }
    )


class BatchBody(_Create):
    """Body of ``createBySourcePrompt/batch``. Its page lists no audio; the vendor's app sends the two fields all the
    same, so they count here, and a request without them asks for no sound."""

    negative_prompt: Optional = Field(default="", description="What to avoid in the animation")
    resolution: str = Field(description="A `value` of the model's resolutionList")
    audio_type: Annotated[int, BeforeValidator(_silent)] = Field(
        default=AUDIO_TYPE_NONE, description="1 AI generated, 2 the file at audio_url, 3 no audio"
    )
    video_length: int = Field(description="Seconds: one of the model's durationList")
    last_image_url: Optional = Field(
        default="", description="The image to end on, where the model has supportedLastFrame"
    )
    count: Annotated[int, BeforeValidator(_one)] = Field(
        default=1, ge=1, le=MAX_COUNT, description="How many videos, each of its own"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "image_url": _PHOTO,
                    "prompt": _PROMPT,
                    "negative_prompt": "",
                    "extend_prompt": True,
                    "resolution": "720p",
                    "video_length": 5,
                    "model_name": "AkoolImage2VideoFastV1",
                    "count": 3,
                }
            ]
        }
    )


class AudioBody(_Body):
    """Body of ``updateVideoAudio``. The page calls ``audio_url`` required and then "required when audio_type = 2";
    the latter counts."""

    pre_video_id: str = Field(min_length=1, description="`_id` of a finished video")
    audio_url: Optional = Field(default="", description="Audio URL, required when audio_type is 2")
    audio_type: int = Field(description="1 AI generated, 2 the file at audio_url")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"pre_video_id": "6890830af27dfad2a3e6062d", "audio_url": "", "audio_type": 1}]}
    )


class IdsBody(_Body):
    """Body of ``resultsByIds`` and ``delbyids``: one comma-separated string. An array, or the key ``ids``, is
    refused."""

    ids: str = Field(alias="_ids", min_length=1, strict=True, description="Ids separated by commas")

    model_config = ConfigDict(coerce_numbers_to_str=False, json_schema_extra={"examples": [{"_ids": _EXAMPLE_IDS}]})

    def split(self) -> tuple[str, ...]:
        """The ids, in order, each once."""
        return tuple(dict.fromkeys(part for part in (p.strip() for p in self.ids.split(",")) if part))


class TokenBody(_Body):
    """Body of ``getToken``."""

    client_id: str = Field(alias="clientId", min_length=1, description="`client_id` of the key")
    client_secret: str = Field(
        alias="clientSecret", min_length=1, description="`client_secret` of the key, which is its API key too"
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"clientId": "k3TzvSgfEmq8ad0B", "clientSecret": "Vx0aYqBc7ZPo5mWnTs4RkJ2L"}]}
    )


class CreatedItem(BaseModel):
    """``data`` of a create."""

    create_time: int
    uid: int
    team_id: str
    status: int
    webhook_url: str = Field(serialization_alias="webhookUrl")
    resolution: str
    file_name: str
    effect_name: str
    id: str = Field(serialization_alias="_id")
    image_url: str
    prompt: str
    negative_prompt: str
    extend_prompt: bool
    audio_type: int
    audio_url: str
    deduction_credit: int
    effect_code: str


class BatchItem(BaseModel):
    """An item of a batch create. ``last_image_url`` is there when there is one."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    uid: int
    team_id: str
    status: int
    webhook_url: str = Field(serialization_alias="webhookUrl")
    resolution: str
    file_name: str
    image_url: str
    prompt: str
    negative_prompt: str
    extend_prompt: bool
    deduction_credit: int
    model_name: str
    batch_id: str
    batch_count: int
    last_image_url: str | None = None


class BatchData(BaseModel):
    """``data`` of a batch create. A batch is stored whole or refused whole, so ``errorList`` is empty in an answer."""

    success_list: list[BatchItem] = Field(serialization_alias="successList")
    error_list: list[dict[str, Any]] = Field(default_factory=list, serialization_alias="errorList")


class AudioItem(BaseModel):
    """``data`` of ``updateVideoAudio``."""

    create_time: int
    uid: int
    team_id: str
    update_time: int
    video_duration: float
    webhook_url: str = Field(serialization_alias="webhookUrl")
    resolution: str
    file_name: str
    effect_name: str
    id: str = Field(serialization_alias="_id")
    pre_video_id: str
    image_url: str
    prompt: str
    negative_prompt: str
    extend_prompt: bool
    audio_type: int
    audio_url: str
    deduction_credit: int
    effect_code: str
    status: int
    only_add_audio: bool


class ResultItem(BaseModel):
    """An item of ``resultsByIds``. ``sub_type`` and ``video_url`` are there once it is finished."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    uid: int
    team_id: str
    update_time: int
    sub_type: int | None = None
    video_duration: float
    webhook_url: str = Field(serialization_alias="webhookUrl")
    file_name: str
    effect_name: str
    image_url: str
    prompt: str
    resolution: str
    audio_type: int
    audio_url: str
    deduction_credit: int
    effect_code: str
    video_url: str | None = None
    status: int
    only_add_audio: bool
    error: str | None = None


class ResultData(BaseModel):
    """``data`` of ``resultsByIds``."""

    result: list[ResultItem]


class Refused(BaseModel):
    """A video that was not deleted, and why."""

    id: str = Field(serialization_alias="_id")
    msg: str


class DeleteData(BaseModel):
    """``data`` of ``delbyids``."""

    success_ids: list[str] = Field(serialization_alias="successIds")
    no_permission_items: list[Refused] = Field(serialization_alias="noPermissionItems")


class EffectItem(BaseModel):
    """An item of ``effects``."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    logo: str
    name: str
    video_url: str
    effect_code: str


class EffectData(BaseModel):
    """``data`` of ``effects``."""

    result: list[EffectItem]
    count: int


class ModelResolution(BaseModel):
    """A size that a model offers. ``unit_credit`` is shown by the vendor's app; a clip costs what the catalog says."""

    label: str
    value: str
    width: int
    height: int
    unit_credit: int


class ModelItem(BaseModel):
    """An item of ``aigModel/list``. ``generate_audio`` is null: sound is asked for by ``audio_type``, and free."""

    sort: int
    group: str
    provider: str
    type: int
    label: str
    value: str
    description: str
    resolutions: list[ModelResolution] = Field(serialization_alias="resolutionList")
    is_pro: bool = Field(serialization_alias="isPro")
    generate_audio: dict[str, Any] | None = None
    durations: list[int | float] = Field(serialization_alias="durationList")
    requires_pay: bool = Field(serialization_alias="requiresPay")
    supported_last_frame: bool = Field(serialization_alias="supportedLastFrame")
    supported_extend_prompt: bool = Field(serialization_alias="supportedExtendPrompt")
    max_image_count: int = Field(serialization_alias="maxImageCount")
    max_count: int = Field(serialization_alias="maxCount")


class ContentItem(BaseModel):
    """A video as the two v3 reads tell of it. ``video`` and ``external_video`` are empty until it is finished."""

    id: str = Field(serialization_alias="_id")
    create_time: int
    uid: int
    team_id: str
    update_time: int
    type: int
    credential_id: str = Field(serialization_alias="credentialId")
    video_duration: float
    deduction_credit: int
    video_status: int
    video: str
    external_video: str
    error: str | None = None


class ContentData(BaseModel):
    """``data`` of ``content/video/list``."""

    result: list[ContentItem]


class QuotaData(BaseModel):
    """``data`` of ``quota/info``."""

    credit: int


class _Answer(BaseModel):
    code: int = 1000
    msg: str = "OK"


class CreateAnswer(_Answer):
    """Answer of a create."""

    data: CreatedItem


class BatchAnswer(_Answer):
    """Answer of a batch create."""

    data: BatchData


class AudioAnswer(_Answer):
    """Answer of ``updateVideoAudio``."""

    data: AudioItem


class ResultAnswer(_Answer):
    """Answer of ``resultsByIds``."""

    data: ResultData


class DeleteAnswer(_Answer):
    """Answer of ``delbyids``."""

    msg: str = "Delete successfully"
    data: DeleteData


class EffectAnswer(_Answer):
    """Answer of ``effects``; its ``msg`` is "Success" where the others say "OK"."""

    msg: str = "Success"
    data: EffectData


class ModelAnswer(_Answer):
    """Answer of ``aigModel/list``: ``data`` is an array."""

    data: list[ModelItem]


class ContentAnswer(_Answer):
    """Answer of ``content/video/infobymodelid``."""

    data: ContentItem


class ContentListAnswer(_Answer):
    """Answer of ``content/video/list``."""

    data: ContentData


class QuotaAnswer(_Answer):
    """Answer of ``quota/info``."""

    data: QuotaData


class TokenAnswer(BaseModel):
    """Answer of ``getToken``: the token is at the top level, and there is no ``msg``."""

    code: int = 1000
    token: str


class ErrorAnswer(BaseModel):
    """Any refusal, with HTTP status 200."""

    code: int
    msg: str
