"""The app as a whole: health, docs, request ids, logs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from photoplay.accounts import Credentials
from photoplay.errors import SettingsError
from photoplay.server import listen, url_of
from photoplay.settings import Settings
from support.inside import Inside, served, wait_until


def test_health_is_told_without_a_key(inside: Inside) -> None:
    answer = inside.client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_server_without_workers_is_not_ready(inside: Inside) -> None:
    answer = inside.client.get("/readyz")
    assert answer.status_code == 503
    told = answer.json()
    assert told["ready"] is False
    assert {name: check["ok"] for name, check in told["checks"].items()} == {
        "database": True,
        "storage": True,
        "worker": False,
    }


def test_a_server_with_a_worker_is_ready_until_its_store_is_gone(tmp_path: Path) -> None:
    with served(Settings(data_dir=tmp_path), role="all") as inside:
        assert inside.client.get("/readyz").json()["ready"] is True
        shutil.rmtree(tmp_path / "artifacts")
        (tmp_path / "artifacts").write_text("a file where the folder was")
        answer = inside.client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["storage"]["ok"]) == (503, False)
        assert inside.client.get("/healthz").status_code == 200


def test_the_docs_need_nothing_from_elsewhere(inside: Inside) -> None:
    page = inside.client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert name in page.text
        assert inside.client.get(f"/docs/static/{name}").status_code == 200


def test_every_route_is_described(inside: Inside) -> None:
    document = inside.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("tags"), (method, path)


def test_a_request_id_is_given_or_kept(inside: Inside) -> None:
    assert inside.client.get("/healthz", headers={"x-request-id": "my-id.1"}).headers["x-request-id"] == "my-id.1"
    for bad in ("a b", "x" * 65, "<script>", ""):
        given = inside.client.get("/healthz", headers={"x-request-id": bad}).headers["x-request-id"]
        assert given != bad
        assert given.isalnum()


def test_secrets_do_not_reach_the_log(inside: Inside, key: Credentials, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        inside.client.get("/v1/jobs", headers={"x-api-key": key.api_key})
        pair = {"clientId": key.client_id, "clientSecret": key.client_secret}
        token = inside.client.post("/api/open/v3/getToken", json=pair).json()["token"]
        wait_until(lambda: "POST /api/open/v3/getToken 200" in caplog.text)
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("photoplay"))
    assert "GET /v1/jobs 200" in ours
    assert key.api_key not in ours
    assert token not in ours


def test_links_begin_with_the_public_url(tmp_path: Path) -> None:
    with served(Settings(data_dir=tmp_path, public_url="https://clips.example.com/base/")) as inside:
        key = inside.runtime.accounts.create("a", "pro", 100)
        head = {"x-api-key": key.api_key}
        made = inside.client.post("/v1/uploads", content=b"x", headers=head).json()
        assert made["url"].startswith("https://clips.example.com/base/artifacts/")
        job = inside.client.post("/v1/jobs", json={"images": [made["url"]]}, headers=head).json()
        assert inside.job(job["id"]).request.images[0].key is not None
        ended = inside.runtime.signer.sign("uploads/x", inside.runtime.clock.now_ms() - 1000)
        stale = f"https://clips.example.com/base/artifacts/{ended}/x"
        answer = inside.client.post("/v1/jobs", json={"images": [stale]}, headers=head)
        assert (answer.status_code, answer.json()["code"]) == (404, "artifact_not_found")


def test_a_port_in_use_is_said_plainly() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1 port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_urls_of_sockets() -> None:
    with listen("127.0.0.1", 0) as socket:
        assert url_of(socket) == f"http://127.0.0.1:{socket.getsockname()[1]}"
    with listen("0.0.0.0", 0) as socket:  # noqa: S104 - what an operator may ask for
        assert url_of(socket) == f"http://127.0.0.1:{socket.getsockname()[1]}"
