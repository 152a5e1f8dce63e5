"""Web pages of other origins call the APIs from a browser: what the browser asks first, and what it lets them read."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from photoplay.errors import SettingsError
from photoplay.settings import Settings
from support.inside import Inside, served

CREATE = "/api/open/v4/image2Video/createBySourcePrompt"
PAGE = "https://app.example.com"


def asked_first(client: httpx.Client, path: str, origin: str = PAGE, method: str = "POST") -> httpx.Response:
    """A browser's question before a request that carries a key."""
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "content-type,x-api-key,authorization,idempotency-key",
    }
    return client.options(path, headers=headers)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (CREATE, "POST"),
        ("/api/open/v3/faceswap/quota/info", "GET"),
        ("/v1/jobs", "POST"),
        ("/v1/videos/video_1", "DELETE"),
        ("/v1/image_to_video", "POST"),
        ("/v1/videos/image2video", "POST"),
    ],
)
def test_any_page_may_call_with_a_key(inside: Inside, path: str, method: str) -> None:
    answer = asked_first(inside.client, path, method=method)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"]
    assert "x-api-key" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers  # no cookies


def test_a_page_can_read_answers_and_refusals(inside: Inside) -> None:
    for path in ("/healthz", "/api/open/v3/faceswap/quota/info", "/v1/jobs", "/nowhere"):
        answer = inside.client.get(path, headers={"origin": PAGE})
        assert answer.headers["access-control-allow-origin"] == "*", path
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in inside.client.get("/healthz").headers  # not asked from a page


def test_an_operator_names_the_origins(tmp_path: Path) -> None:
    with served(Settings(data_dir=tmp_path, cors_origins=f"{PAGE}, https://other.example.com")) as inside:
        assert asked_first(inside.client, CREATE).headers["access-control-allow-origin"] == PAGE
        stranger = asked_first(inside.client, CREATE, origin="https://evil.example.com")
        assert stranger.status_code == 400
        assert "access-control-allow-origin" not in stranger.headers


def test_an_operator_turns_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOPLAY_CORS_ORIGINS", "none")
    with served(Settings.load(data_dir=tmp_path)) as inside:
        answer = inside.client.get("/healthz", headers={"origin": PAGE})
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert asked_first(inside.client, CREATE).status_code == 405


def test_origins_are_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cors_origins"):
        Settings.load(data_dir=tmp_path, cors_origins=[7])
