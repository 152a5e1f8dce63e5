"""Keevx's samples and rules, as facts of the vendor's page and skill.

URLs of the vendor's hosts are replaced. What counts is names, types, presence and order.
"""

from __future__ import annotations

from typing import Any

IMAGE_URL = "https://example.com/start_frame.jpg"
REFERENCES = ["https://example.com/ref1.jpg", "https://example.com/ref2.jpg"]

# The page shows it twice, the second time under the rules by model.
CREATE_BODY: dict[str, Any] = {
    "model": "V",
    "prompt": "A running golden retriever, sunny meadow, high quality, cinematic feel",
    "image_url": IMAGE_URL,
    "aspect_ratio": "16:9",
    "aspect_resolution": "1080p",
    "duration": 6,
    "generate_audio": True,
    "generate_count": 1,
    "callback_url": "https://your-server.com/callback",
}

# The example that the page's list of parameters gives for each.
EXAMPLES: dict[str, Any] = {
    "model": "V",
    "prompt": "A golden retriever running in the grass, sunny day, cinematic lighting",
    "aspect_ratio": "16:9",
    "aspect_resolution": "1080p",
    "duration": 6,
    "image_url": IMAGE_URL,
    "reference_images": REFERENCES,
    "generate_audio": True,
    "generate_count": 1,
    "callback_url": "https://your-server.com/callback",
}

REQUIRED = ("model", "prompt", "aspect_ratio", "aspect_resolution", "duration")

CREATE_ANSWER: dict[str, Any] = {
    "code": 0,
    "msg": "ok",
    "data": {"task_ids": ["i2v-d6b6472bcf724d0399e06d1390cb964e", "i2v-fc654817587e435e937f1e1b80366c00"]},
}

CALLBACK: dict[str, Any] = {
    "code": 0,
    "msg": "ok",
    "task_type": "image_to_video",
    "data": {
        "task_id": "i2v-d6b6472bcf724d0399e06d1390cb964e",
        "status": "SUCCEEDED",
        "video_url": "https://storage.example.com/image-to-video/9966750584897124421/sample_0.mp4",
        "thumbnail_url": "https://storage.example.com/veo/i2v-d6b6472bcf724d0399e06d1390cb964e.webp",
        "error_message": "",
    },
}

TASK_ANSWER: dict[str, Any] = {
    "code": 0,
    "msg": "ok",
    "data": {
        "task_id": "i2v-d6b6472bcf724d0399e06d1390cb964e",
        "status": "SUCCEEDED",
        "video_url": "https://storage.example.com/sample_0.mp4",
        "thumbnail_url": "https://storage.example.com/sample_0.webp",
        "error_message": "",
        "duration": 8,
        "width": 720,
        "height": 1280,
    },
}

UPLOAD_ANSWER: dict[str, Any] = {
    "code": 0,
    "success": True,
    "message": {"global": "success"},
    "result": {"url": "https://storage.example.com/photo.jpg", "fileId": "f-1", "fileName": "photo.jpg"},
}

ERROR_ANSWER: dict[str, Any] = {"code": 100001, "msg": "Parameter error: prompt cannot be empty"}

# The rules by model. A mode is which images a request brings.
MODES = ("start", "several")
MODELS = ("V", "KL", "S")
OFFERED_MODES: dict[str, tuple[str, ...]] = {"V": ("start", "several"), "KL": ("several",), "S": ("start",)}
DURATIONS_S: dict[tuple[str, str], tuple[int, ...]] = {
    ("V", "start"): (4, 6, 8),
    ("V", "several"): (8,),
    ("KL", "several"): (5, 10),
    ("S", "start"): (6, 8, 12),
}
RESOLUTIONS: dict[str, tuple[str, ...]] = {"V": ("720p", "1080p", "4k"), "KL": ("720p", "1080p"), "S": ("720p",)}
ASPECT_RATIOS = ("16:9", "9:16")
MAX_REFERENCES: dict[str, int] = {"V": 3, "KL": 7}
MAKES_SOUND: dict[str, bool] = {"V": True, "KL": False, "S": False}
MAX_PROMPT_CHARS = 1000


def body(model: str, mode: str, **changes: Any) -> dict[str, Any]:
    """A body that keeps the rules, but for ``changes``; ``...`` leaves a field out."""
    images = {"start": {"image_url": IMAGE_URL}, "several": {"reference_images": REFERENCES}}[mode]
    usual = {
        "model": model,
        "prompt": "Slow zoom in.",
        "aspect_ratio": "16:9",
        "aspect_resolution": "720p",
        "duration": DURATIONS_S[model, mode][0] if (model, mode) in DURATIONS_S else 6,
    }
    return {name: value for name, value in (usual | images | changes).items() if value is not ...}
