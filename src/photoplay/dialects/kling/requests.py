"""From a Kling body to the domain's request, still without its files.

A mode is a quality of the catalog, and the catalog says which size it means; which lengths, shapes, prompts and end
frames a model takes is the catalog's to say too. What only the vendor's own wire knows (which fields exclude each
other, that exactly one axis moves) is checked here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from photoplay.catalog import Catalog, Kind, Model
from photoplay.dialects.door import callback_url
from photoplay.dialects.kling import wire
from photoplay.errors import InvalidField, MissingField, UnsupportedValue
from photoplay.jobs.job import AudioRequest, BrushRequest, JobRequest, MediaRef, Point
from photoplay.shot import PointUnit, Shot
from photoplay.shot_presets import preset, simple_axes

KIND: dict[wire.Endpoint, Kind] = {wire.MULTI_IMAGE: "multi-image-to-video", wire.IMAGE: "image-to-video"}
DEFAULTS: dict[wire.Endpoint, str] = {wire.MULTI_IMAGE: "kling-multi-image", wire.IMAGE: wire.DIALECT}
"""Which of the catalog's defaults is meant when a request names no model."""
USUAL_SIZE = {"std": "720p", "pro": "1080p", "4k": "4k"}
"""Sizes of the modes, for models that do not say so themselves: those of other APIs."""
PENDING = MediaRef(url="pending:")
"""Stands for a file until it is known that the rest of the request is right."""

Origin = Literal["bottom-left", "top-left"]


@dataclass(frozen=True)
class Manner:
    """What an operator can choose, where the vendor's own manner is not certain."""

    strict_duration: bool = False  # a number for ``duration`` is refused
    origin: Origin = "bottom-left"  # of the pixels of trajectories
    film_terms: bool = False  # pan, tilt and zoom mean what they mean in film


@dataclass(frozen=True)
class Files:
    """The files of a request as it names them: (field, URL or base64)."""

    images: Sequence[tuple[str, str]] = field(default=())
    last_image: tuple[str, str] | None = None
    masks: Sequence[tuple[str, str]] = field(default=())

    @property
    def every(self) -> list[tuple[str, str]]:
        """All of them, in the order in which :func:`with_files` takes them back."""
        return [*self.images, *([] if self.last_image is None else [self.last_image]), *self.masks]


def model_of(catalog: Catalog, name: str, endpoint: wire.Endpoint) -> Model:
    """The model that a request means.

    Raises:
        UnknownModel: there is none of that name.
        UnsupportedValue: it is not one of this endpoint.
    """
    model = catalog.model(name or catalog.default_model_of(DEFAULTS[endpoint]))
    if KIND[endpoint] not in model.kinds:
        raise UnsupportedValue("model_name", f"model_name {model.name!r} is not offered by {endpoint}")
    return model


def multi_image_request(
    body: wire.MultiImageBody, model: Model, *, manner: Manner, client_id: str, base_url: str
) -> tuple[JobRequest, Files]:
    """The request of a multi-image create.

    Raises:
        RequestError: a field is not what the API knows.
    """
    files = Files(
        images=[(f"image_list.{index}.image", item.image) for index, item in enumerate(body.image_list)],
    )
    request = _common(body, model, manner, wire.MULTI_IMAGE, client_id=client_id, base_url=base_url)
    update = {"prompt": body.prompt, "aspect_ratio": body.aspect_ratio}
    return _pending(request.model_copy(update=update), files), files


def image_request(
    body: wire.ImageBody, model: Model, *, manner: Manner, client_id: str, base_url: str
) -> tuple[JobRequest, Files]:
    """The request of an image2video create.

    Only an end image: the clip is made of it alone, and ends on it.

    Raises:
        RequestError: a field is not what the API knows, or two exclude each other.
    """
    _check_together(body)
    request = _common(body, model, manner, wire.IMAGE, client_id=client_id, base_url=base_url)
    masks, brushes = _brushes(body, manner)
    files = Files(
        images=[("image", body.image) if body.image else ("image_tail", body.image_tail)],
        last_image=("image_tail", body.image_tail) if body.image_tail else None,
        masks=masks,
    )
    update = {
        "prompt": _words(body, request.duration_s, manner),
        "audio": AudioRequest(mode="generate" if body.sound == "on" else "none"),
        "shot": _shot(body.camera_control, manner),
        "brushes": brushes,
    }
    return _pending(request.model_copy(update=update), files), files


def with_files(request: JobRequest, files: Files, refs: Sequence[MediaRef]) -> JobRequest:
    """The request with its files, which come in the order of :attr:`Files.every`."""
    rest = iter(refs)
    images = tuple(next(rest) for _ in files.images)
    last = None if files.last_image is None else next(rest)
    brushes = tuple(brush.model_copy(update={"mask": next(rest)}) for brush in request.brushes)
    return request.model_copy(update={"images": images, "last_image": last, "brushes": brushes})


def _pending(request: JobRequest, files: Files) -> JobRequest:
    return with_files(request, files, [PENDING for _ in files.every])


def _common(
    body: wire.MultiImageBody | wire.ImageBody,
    model: Model,
    manner: Manner,
    endpoint: wire.Endpoint,
    *,
    client_id: str,
    base_url: str,
) -> JobRequest:
    quality = model.qualities.get(body.mode)
    return JobRequest(
        negative_prompt=body.negative_prompt,
        duration_s=seconds(body.duration, "duration", manner),
        resolution=(None if quality is None else quality.resolution) or USUAL_SIZE[body.mode],
        quality=body.mode,
        model=model.name,
        watermark=body.watermark_info is not None and body.watermark_info.enabled,
        callback_url=callback_url(body.callback_url, "callback_url") if body.callback_url else None,
        external_id=body.external_task_id or None,
        dialect=wire.DIALECT,
        face={"client_id": client_id, "base_url": base_url, "endpoint": endpoint},
    )


def seconds(given: str | float, name: str, manner: Manner) -> float:
    """The length that a text says, or a number where the operator allows one.

    Raises:
        InvalidField: it is neither.
    """
    if not isinstance(given, str) and manner.strict_duration:
        raise InvalidField(name, f"{name} must be a text such as '5'")
    try:
        length_s = float(given)
    except ValueError:
        length_s = math.nan
    if not math.isfinite(length_s) or length_s <= 0:
        raise InvalidField(name, f"{name} must be a number of seconds as text, not {str(given)[:40]!r}")
    return length_s


def _check_together(body: wire.ImageBody) -> None:
    if not body.image and not body.image_tail:
        raise MissingField("image", "image is required: at least one of image and image_tail must be given")
    masks = bool(body.static_mask or body.dynamic_masks)
    ways = {"image_tail": bool(body.image_tail), "dynamic_masks/static_mask": masks}
    ways["camera_control"] = body.camera_control is not None
    used = [name for name, there in ways.items() if there]
    if len(used) > 1:
        raise InvalidField(used[1], f"{' and '.join(used)} cannot be used together")
    for name, given in (("element_list", body.element_list), ("voice_list", body.voice_list)):
        if given:
            raise UnsupportedValue(name, f"{name} is not offered by this server")


def _words(body: wire.ImageBody, duration_s: float, manner: Manner) -> str:
    """The prompt, or the shots of several as one: each for its time, one after the other."""
    if not body.multi_shot or not body.multi_prompt:
        return body.prompt
    shots = sorted(body.multi_prompt, key=lambda shot: shot.index)
    lengths_s = [seconds(shot.duration, "multi_prompt.duration", manner) for shot in shots]
    if not math.isclose(sum(lengths_s), duration_s):
        raise InvalidField("multi_prompt", "multi_prompt: the durations of the shots must add up to duration")
    told = [
        f"{shot.prompt.strip().rstrip('.')} for {length_s:g} seconds"
        for shot, length_s in zip(shots, lengths_s, strict=True)
    ]
    return ", then ".join(told)


def _shot(control: wire.CameraControl | None, manner: Manner) -> Shot | None:
    if control is None:
        return None
    axes = {} if control.config is None else {name: value for name, value in control.config if value != 0}
    if control.type != "simple":
        if axes:
            raise InvalidField("camera_control.config", "camera_control.config is used only with the type simple")
        return preset(control.type)
    if len(axes) != 1:
        raise InvalidField("camera_control.config", "camera_control.config: exactly one value must not be 0")
    return simple_axes(**axes, film_terms=manner.film_terms)


def _brushes(body: wire.ImageBody, manner: Manner) -> tuple[list[tuple[str, str]], tuple[BrushRequest, ...]]:
    unit: PointUnit = "pixels_up" if manner.origin == "bottom-left" else "pixels"
    masks: list[tuple[str, str]] = []
    brushes: list[BrushRequest] = []
    if body.static_mask:
        masks.append(("static_mask", body.static_mask))
        brushes.append(BrushRequest(mask=PENDING))
    for index, moving in enumerate(body.dynamic_masks or ()):
        masks.append((f"dynamic_masks.{index}.mask", moving.mask))
        way = tuple(Point(x=point.x, y=point.y) for point in moving.trajectories)
        brushes.append(BrushRequest(mask=PENDING, trajectory=way, unit=unit))
    return masks, tuple(brushes)
