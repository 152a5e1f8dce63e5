"""Every wire API as one row: how a job is made, read, listed and deleted there, and what its answers mean.

A further wire API is one more row in :data:`FACES`; the tests that use the table then hold it to what the others do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from photoplay.accounts import Credentials
from photoplay.jobs.job import Job

PHOTO_URL = "https://images.example.com/photo.jpg"
QUEUED, RUNNING, SUCCEEDED, FAILED, GONE = "queued", "running", "succeeded", "failed", "gone"


@dataclass(frozen=True)
class Face:
    """One wire API.

    ``ref`` is what it calls a job, ``answered`` what a create's answer calls it. ``state`` reads an answer: one of the
    words above, and the URL of the video if the answer has one. ``listed`` gives the refs of a list. Calls that
    the vendor does not have are ``None``.
    """

    name: str
    path: str
    body: Callable[[str], dict[str, Any]]  # for a prompt
    ref: Callable[[Job], str]
    answered: Callable[[dict[str, Any]], str]
    read: Callable[[httpx.Client, str], httpx.Response]
    state: Callable[[dict[str, Any]], tuple[str, str | None]]
    list: Callable[[httpx.Client], httpx.Response] | None = None
    listed: Callable[[dict[str, Any]], list[str]] = lambda _: []
    delete: Callable[[httpx.Client, str], httpx.Response] | None = None
    varying: tuple[str, ...] = ()  # of an answer: what is new in each
    good_codes: tuple[Any, ...] = (None,)  # of an answer's ``code``

    def __str__(self) -> str:
        return self.name

    def create(self, client: httpx.Client, prompt: str, **headers: str) -> httpx.Response:
        """Asks for a job."""
        return client.post(self.path, json=self.body(prompt), headers=headers)

    def good(self, answer: httpx.Response) -> bool:
        """Whether it is no refusal."""
        if not answer.is_success:
            return False
        body = answer.json() if answer.content else {}
        return body.get("code") in self.good_codes

    def same(self, answer: httpx.Response) -> tuple[int, str]:
        """What is the same in an answer that is given again."""
        body = {name: value for name, value in answer.json().items() if name not in self.varying}
        return answer.status_code, json.dumps(body, sort_keys=True)


def as_caller(client: httpx.Client, key: Credentials) -> httpx.Client:
    """A client of the same server that calls with a key. Every wire API takes it in this form."""
    return httpx.Client(base_url=client.base_url, headers={"authorization": f"Bearer {key.api_key}"}, timeout=30)


def _native_state(body: dict[str, Any]) -> tuple[str, str | None]:
    return {"canceled": FAILED}.get(body["state"], body["state"]), body["video_url"]


def _openai_state(body: dict[str, Any]) -> tuple[str, str | None]:
    words = {"queued": QUEUED, "in_progress": RUNNING, "completed": SUCCEEDED, "failed": FAILED}
    return words[body["status"]], None


def _akool_state(body: dict[str, Any]) -> tuple[str, str | None]:
    item = body["data"]["result"][0]
    return {1: QUEUED, 2: RUNNING, 3: SUCCEEDED, 4: FAILED}[item["status"]], item.get("video_url")


def _kling_state(body: dict[str, Any]) -> tuple[str, str | None]:
    task = body["data"]
    words = {"submitted": QUEUED, "processing": RUNNING, "succeed": SUCCEEDED, "failed": FAILED}
    videos = (task.get("task_result") or {}).get("videos") or []
    return words[task["task_status"]], videos[0]["url"] if videos else None


def _keevx_state(body: dict[str, Any]) -> tuple[str, str | None]:
    task = body["data"]
    state = str(task["status"]).lower()
    words = {"pending": QUEUED, "queued": QUEUED, "processing": RUNNING, "running": RUNNING}
    return words.get(state, state), task.get("video_url") or None


V4 = "/api/open/v4/image2Video"

FACES = (
    Face(
        name="native",
        path="/v1/jobs",
        body=lambda prompt: {"images": [PHOTO_URL], "prompt": prompt},
        ref=lambda job: job.id,
        answered=lambda body: str(body["id"]),
        read=lambda client, ref: client.get(f"/v1/jobs/{ref}"),
        state=_native_state,
        list=lambda client: client.get("/v1/jobs"),
        listed=lambda body: [job["id"] for job in body["jobs"]],
        delete=lambda client, ref: client.delete(f"/v1/jobs/{ref}"),
        varying=("queue_position", "eta_s"),
    ),
    Face(
        name="openai",
        path="/v1/videos",
        body=lambda prompt: {"prompt": prompt, "input_reference": {"image_url": PHOTO_URL}},
        ref=lambda job: f"video_{job.id}",
        answered=lambda body: str(body["id"]),
        read=lambda client, ref: client.get(f"/v1/videos/{ref}"),
        state=_openai_state,
        list=lambda client: client.get("/v1/videos"),
        listed=lambda body: [video["id"] for video in body["data"]],
        delete=lambda client, ref: client.delete(f"/v1/videos/{ref}"),
    ),
    Face(
        name="akool",
        path=f"{V4}/createBySourcePrompt",
        body=lambda prompt: {
            "image_url": PHOTO_URL, "prompt": prompt, "negative_prompt": "", "resolution": "720p", "audio_type": 3,
            "video_length": 5,
        },
        ref=lambda job: job.object_id,
        answered=lambda body: str(body["data"]["_id"]),
        read=lambda client, ref: client.post(f"{V4}/resultsByIds", json={"_ids": ref}),
        state=_akool_state,
        list=lambda client: client.get("/api/open/v3/content/video/list"),
        listed=lambda body: [item["_id"] for item in body["data"]["result"]],
        delete=lambda client, ref: client.post(f"{V4}/delbyids", json={"_ids": ref}),
        good_codes=(1000,),
    ),
    Face(
        name="kling",
        path="/v1/videos/image2video",
        body=lambda prompt: {"model_name": "kling-v1-6", "image": PHOTO_URL, "prompt": prompt},
        ref=lambda job: job.number,
        answered=lambda body: str(body["data"]["task_id"]),
        read=lambda client, ref: client.get(f"/v1/videos/image2video/{ref}"),
        state=_kling_state,
        list=lambda client: client.get("/v1/videos/image2video"),
        listed=lambda body: [task["task_id"] for task in body["data"]],
        varying=("request_id",),
        good_codes=(0,),
    ),
    Face(
        name="keevx",
        path="/v1/image_to_video",
        body=lambda prompt: {
            "model": "V", "image_url": PHOTO_URL, "prompt": prompt, "duration": 4, "aspect_resolution": "720p",
            "aspect_ratio": "16:9",
        },
        ref=lambda job: f"i2v-{job.id}",
        answered=lambda body: str(body["data"]["task_ids"][0]),
        read=lambda client, ref: client.get(f"/v1/image_to_video/{ref}"),
        state=_keevx_state,
        good_codes=(0,),
    ),
)  # fmt: skip
