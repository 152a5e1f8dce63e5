"""The vendor's samples, as facts: field names in order, with values of the shown types and the shown constants.

Long texts are shortened; URLs of the vendor's hosts are replaced. What counts is names, types and presence.
"""

from __future__ import annotations

from typing import Any

PROMPT = "Animate this image with smooth camera movement and subtle object motion."
IMAGE_URL = "https://images.example.com/1753772478686-9524.png"
AUDIO_URL = "https://images.example.com/1753772497950-9213-audio.mp3"
WEBHOOK_URL = "http://localhost:3000/demo"

CREATE_BODY: dict[str, Any] = {
    "image_url": IMAGE_URL,
    "prompt": PROMPT,
    "negative_prompt": "blurry, distorted hands",
    "extend_prompt": True,
    "resolution": "4k",
    "audio_url": AUDIO_URL,
    "audio_type": 2,
    "video_length": 10,
    "is_premium_model": True,
    "effect_code": "squish_89244231312",
    "webhookurl": WEBHOOK_URL,
}

CREATE_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "OK",
    "data": {
        "create_time": 1754362985482,
        "uid": 101400,
        "team_id": "6805fb69e92d9edc7ca0b409",
        "status": 1,
        "webhookUrl": WEBHOOK_URL,
        "resolution": "4k",
        "file_name": "Image2Video_Animate this image with .mp4",
        "effect_name": "Squish",
        "_id": "689174694b4dbdd4ab3d28c9",
        "image_url": IMAGE_URL,
        "prompt": PROMPT,
        "negative_prompt": "blurry, distorted hands",
        "extend_prompt": True,
        "audio_type": 2,
        "audio_url": AUDIO_URL,
        "deduction_credit": 60,
        "effect_code": "squish_89244231312",
    },
}

UNFINISHED_ITEM: dict[str, Any] = {
    "_id": "6891a2295d612f78c9204f77",
    "create_time": 1754374697629,
    "uid": 101400,
    "team_id": "6805fb69e92d9edc7ca0b409",
    "update_time": 1754374394023,
    "video_duration": 5.063,
    "webhookUrl": WEBHOOK_URL,
    "file_name": "Image2Video_Animate this image with .mp4",
    "effect_name": "Squish",
    "image_url": IMAGE_URL,
    "prompt": PROMPT,
    "resolution": "4k",
    "audio_type": 2,
    "audio_url": AUDIO_URL,
    "deduction_credit": 5,
    "effect_code": "squish_89244231312",
    "status": 1,
    "only_add_audio": True,
}

FINISHED_ITEM: dict[str, Any] = {
    "_id": "6891abe782f7cd2a890c44ba",
    "create_time": 1754377191100,
    "uid": 101400,
    "team_id": "6805fb69e92d9edc7ca0b409",
    "sub_type": 1501,
    "video_duration": 5.063,
    "webhookUrl": WEBHOOK_URL,
    "file_name": "Image2Video_Animate this image with .mp4",
    "effect_name": "Squish",
    "update_time": 1754377293090,
    "image_url": IMAGE_URL,
    "prompt": PROMPT,
    "resolution": "4k",
    "audio_type": 2,
    "audio_url": AUDIO_URL,
    "deduction_credit": 30,
    "effect_code": "squish_89244231312",
    "video_url": "https://videos.example.com/1754377291791-1423.mp4",
    "status": 3,
    "only_add_audio": False,
}

RESULTS_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "OK",
    "data": {"result": [UNFINISHED_ITEM, FINISHED_ITEM]},
}

EFFECTS_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "Success",
    "data": {
        "result": [
            {
                "_id": "687632b95a0f52799eeed701",
                "create_time": 1752576694502,
                "logo": "https://static.example.com/Squish.png",
                "name": "Squish",
                "video_url": "https://static.example.com/Squish.mp4",
                "effect_code": "squish_89244231312",
            },
            {
                "_id": "687632ba5a0f52799eeed887",
                "create_time": 1752576694502,
                "logo": "https://static.example.com/Cakeify.png",
                "name": "Cakeify",
                "video_url": "https://static.example.com/Cakeify.mp4",
                "effect_code": "cakeify_24743216",
            },
            {
                "_id": "687632bc5a0f52799eeed929",
                "create_time": 1752576694502,
                "logo": "https://static.example.com/Samurai.png",
                "name": "Samurai",
                "video_url": "https://static.example.com/Samurai.mp4",
                "effect_code": "samurai_99757865",
            },
        ],
        "count": 10,
    },
}

TOKEN_ANSWER: dict[str, Any] = {"code": 1000, "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.x"}

QUOTA_ANSWER: dict[str, Any] = {"code": 1000, "msg": "OK", "data": {"credit": 7}}

# Of the batch page --------------------------------------------------------------------------------

BATCH_BODY: dict[str, Any] = {
    "image_url": IMAGE_URL,
    "prompt": PROMPT,
    "negative_prompt": "blurry, distorted hands",
    "extend_prompt": True,
    "resolution": "720p",
    "video_length": 5,
    "model_name": "seedance-1-0-lite-i2v-250428",
    "count": 3,
}

BATCH_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "OK",
    "data": {
        "successList": [
            {
                "_id": "689174694b4dbdd4ab3d28c9",
                "create_time": 1754362985482,
                "uid": 101400,
                "team_id": "6805fb69e92d9edc7ca0b409",
                "status": 1,
                "webhookUrl": "",
                "resolution": "720p",
                "file_name": "Image2Video_Animate this image with .mp4",
                "image_url": IMAGE_URL,
                "prompt": PROMPT,
                "negative_prompt": "blurry, distorted hands",
                "extend_prompt": True,
                "deduction_credit": 5,
                "model_name": "seedance-1-0-lite-i2v-250428",
                "batch_id": "1754362985482_101400",
                "batch_count": 3,
            }
        ],
        "errorList": [],
    },
}

# Of the image2Video page --------------------------------------------------------------------------------

AUDIO_BODY: dict[str, Any] = {
    "pre_video_id": "6890830af27dfad2a3e6062d",
    "audio_url": AUDIO_URL,
    "audio_type": 2,
}

AUDIO_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "OK",
    "data": {
        "create_time": 1754374697629,
        "uid": 101400,
        "team_id": "6805fb69e92d9edc7ca0b409",
        "update_time": 1754374394023,
        "video_duration": 5.063,
        "webhookUrl": WEBHOOK_URL,
        "resolution": "4k",
        "file_name": "Image2Video_Animate this image with .mp4",
        "effect_name": "Squish",
        "_id": "6891a2295d612f78c9204f77",
        "pre_video_id": "6891a07f5d612f78c9204f1c",
        "image_url": IMAGE_URL,
        "prompt": PROMPT,
        "negative_prompt": "",
        "extend_prompt": False,
        "audio_type": 2,
        "audio_url": AUDIO_URL,
        "deduction_credit": 5,
        "effect_code": "squish_89244231312",
        "status": 1,
        "only_add_audio": True,
    },
}

STILL_PROCESSING = "video resource is processing, please try again later"

DELETE_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "Delete successfully",
    "data": {
        "successIds": ["6882f4c10529ae771e71531d"],
        "noPermissionItems": [{"_id": "6881cd86618fa41c89557b0c", "msg": STILL_PROCESSING}],
    },
}

# Of the model page --------------------------------------------------------------------------------

MODEL_ANSWER: dict[str, Any] = {
    "code": 1000,
    "msg": "OK",
    "data": [
        {
            "sort": 100,
            "group": "akool",
            "provider": "akool",
            "type": 1501,
            "label": "Akool Image2Video Fast V1",
            "value": "AkoolImage2VideoFastV1",
            "description": "A fast model.",
            "resolutionList": [
                {"label": "720p", "value": "720p", "width": 1280, "height": 720, "unit_credit": 5},
                {"label": "1080p", "value": "1080p", "width": 1920, "height": 1080, "unit_credit": 10},
                {"label": "4k", "value": "4k", "width": 3840, "height": 2160, "unit_credit": 20},
            ],
            "isPro": False,
            "generate_audio": None,
            "durationList": [5, 10],
            "requiresPay": False,
            "supportedLastFrame": False,
            "supportedExtendPrompt": False,
            "maxImageCount": 1,
            "maxCount": 10,
        }
    ],
}
