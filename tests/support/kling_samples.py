"""The vendor's samples, as facts: every field of its pages, with values of the types shown. Texts are shortened.

The body's fields and rules are those of the multi-image page; the answers are its envelope with the fields that the
newer pages add.
"""

from __future__ import annotations

from typing import Any

MULTI_IMAGE_BODY: dict[str, Any] = {
    "model_name": "kling-v1-6",
    "image_list": [{"image": "https://images.example.com/one.jpg"}, {"image": "https://images.example.com/two.png"}],
    "prompt": "They walk towards each other.",
    "negative_prompt": "blur",
    "mode": "pro",
    "duration": "10",
    "aspect_ratio": "9:16",
    "watermark_info": {"enabled": True},
    "callback_url": "https://hooks.example.com/kling",
    "external_task_id": "my-task-1",
}
# Keys that clients send along although this call does not list them.
STRAY_KEYS: dict[str, Any] = {"image_tail": "", "cfg_scale": 0.5, "model": "kling-v1", "sound": 7, "whatever": {"a": 1}}

IMAGE_BODY: dict[str, Any] = {
    "model_name": "kling-v1",
    "mode": "pro",
    "duration": "5",
    "image": "https://images.example.com/raw_image_0.jpg",
    "prompt": "The astronaut stood up and walked away",
    "cfg_scale": 0.5,
    "static_mask": "https://images.example.com/static_mask.png",
    "dynamic_masks": [
        {
            "mask": "https://images.example.com/dynamic_mask_1.png",
            "trajectories": [{"x": 279, "y": 219}, {"x": 417, "y": 65}],
        }
    ],
}

CREATE_ANSWER: dict[str, Any] = {
    "code": 0,
    "message": "SUCCEED",
    "request_id": "3dc0e6f4",
    "data": {
        "task_id": "866168216002236456",
        "task_info": {"external_task_id": "my-task-1"},
        "task_status": "submitted",
        "created_at": 1722769557708,
        "updated_at": 1722769557708,
    },
}
TASK: dict[str, Any] = {
    "task_id": "866168216002236456",
    "task_status": "succeed",
    "task_status_msg": "",
    "task_info": {"external_task_id": "my-task-1"},
    "task_result": {
        "videos": [
            {
                "id": "string",
                "url": "https://images.example.com/a.mp4",
                "watermark_url": "https://images.example.com/b.mp4",
                "duration": "5.1",
            }
        ]
    },
    "watermark_info": {"enabled": False},
    "final_unit_deduction": "2",
    "created_at": 1722769557708,
    "updated_at": 1722769557708,
}
TASK_ANSWER: dict[str, Any] = {"code": 0, "message": "SUCCEED", "request_id": "3dc0e6f4", "data": TASK}
LIST_ANSWER: dict[str, Any] = {"code": 0, "message": "SUCCEED", "request_id": "3dc0e6f4", "data": [TASK]}
CALLBACK: dict[str, Any] = {
    "task_id": "866168216002236456",
    "task_status": "succeed",
    "task_status_msg": "",
    "created_at": 1722769557708,
    "updated_at": 1722769557708,
    "final_unit_deduction": "2",
    "final_balance_deduction": {"quota": "", "list_price": ""},
    "task_info": {"external_task_id": "my-task-1"},
    "task_result": {"videos": [{"id": "string", "url": "https://images.example.com/a.mp4", "duration": "5.1"}]},
}
COSTS_ANSWER: dict[str, Any] = {
    "code": 0,
    "message": "SUCCEED",
    "request_id": "3dc0e6f4",
    "data": {
        "code": 0,
        "msg": "success",
        "resource_pack_subscribe_infos": [
            {
                "resource_pack_name": "string",
                "resource_pack_id": "string",
                "resource_pack_type": "decreasing_total",
                "total_quantity": 200.0,
                "remaining_quantity": 118.0,
                "purchase_time": 1726124664368,
                "effective_time": 1726124664368,
                "invalid_time": 1727366400000,
                "status": "online",
            }
        ],
    },
}
ERROR: dict[str, Any] = {"code": 1201, "message": "string", "request_id": "3dc0e6f4"}

# The vendor's own vector: a webhook signed as its page shows.
SIGNED = {
    "secret": "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=",
    "id": "9876543210",
    "timestamp_s": 1781080794,
    "body": '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,'
    '"update_time":1781080794151}',
    "signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
}


def shape(value: Any) -> Any:
    """The names and types of a JSON value, in the order of a sample; an array by its first item."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
