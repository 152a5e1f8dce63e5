"""Links between hosts are cut in the middle of work, and healed."""

from __future__ import annotations

import contextlib
import hashlib
import time

import httpx
import psutil
import pytest
import sqlalchemy as sa

from photoplay.db.tables import ledger
from photoplay.jobs.executors import TTL_S
from support.server import wait_for

from .conftest import CREDITS, Cluster, submit, until

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

CLIP = "frames=24 delay=0.25"
UPLOAD_TIMEOUT_S = 180.0


def entries(cluster: Cluster, job_id: str) -> list[str]:
    """What the ledger says of a job."""
    query = sa.select(ledger.c.kind).where(ledger.c.job_id == job_id).order_by(ledger.c.id)
    with cluster.runtime.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def test_a_worker_whose_link_is_cut_is_replaced_and_comes_back(cluster: Cluster) -> None:
    """Cut in mid-render: the other host's worker makes the clip, once. Healed: the first one harms nothing, and works."""
    with cluster.serve(cluster.first).running() as server, server.client(cluster.api_key) as client:
        away, here = cluster.worker(cluster.second), cluster.worker(cluster.first)
        with here.held():  # so that the other one takes the job
            job = submit(client, CLIP)
            child = psutil.Process(until(lambda: _child(cluster, job["id"]), why="no render"))
            until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["progress"] > 0.15, why="no progress")

        cluster.second.cut()
        cut_s = time.monotonic()
        until(lambda: cluster.running_on(job["id"]) == here.executor_id, why="nobody took the job over")
        taken_over_s = time.monotonic() - cut_s
        measured("taken_over_after_s", taken_over_s)
        assert taken_over_s > TTL_S - 5.0  # not before its lease was over: it might have come back
        done = wait_for(client, job["id"])
        measured("finished_after_s", time.monotonic() - cut_s)
        assert done["state"] == "succeeded", cluster.logs()
        before = {file["kind"]: _sha256(file["url"]) for file in done["files"]}

        cluster.second.heal()
        healed_s = time.monotonic()
        until(lambda: away.executor_id in {e.id for e in cluster.runtime.register.all()}, why="it did not come back")
        measured("back_after_s", time.monotonic() - healed_s)
        until(lambda: _is_gone(child), why="it renders on for nobody")
        here.stop()
        second = submit(client, "frames=4")
        assert wait_for(client, second["id"], timeout_s=240)["state"] == "succeeded", cluster.logs()
        measured("works_again_after_s", time.monotonic() - healed_s)
        assert cluster.running_on(second["id"]) == away.executor_id

        runs = [(run.step, run.executor_id) for run in cluster.runtime.steplog.of(job["id"])]
        assert [executor for step, executor in runs if step == "render"] == [away.executor_id, here.executor_id]
        assert [executor for step, executor in runs if step == "publish"] == [here.executor_id]
        again = client.get(f"/v1/jobs/{job['id']}").json()
        assert (again["state"], again["updated_at"]) == ("succeeded", done["updated_at"])
        assert {file["kind"]: _sha256(file["url"]) for file in again["files"]} == before
        stored = {artifact.key for artifact in cluster.runtime.store.load(job["id"]).artifacts}
        assert set(cluster.runtime.storage.list(f"jobs/{job['id']}")) == stored
        assert [entries(cluster, each["id"]) for each in (job, second)] == [["hold", "capture"]] * 2
        assert cluster.checked() == (CREDITS - job["credits"] - second["credits"], 0)


def test_reads_go_on_where_the_store_is_out_of_reach(cluster: Cluster) -> None:
    """Only the API's host loses the store: it reads, signs links and takes jobs; what needs the store is refused."""
    with (
        cluster.serve(cluster.first).running() as server,
        server.client(cluster.api_key) as client,
        httpx.Client(headers={"x-api-key": cluster.api_key}, base_url=server.url, timeout=UPLOAD_TIMEOUT_S) as patient,
    ):
        cluster.worker(cluster.second)
        job = submit(client, "frames=4")
        wait_for(client, job["id"])
        photo = client.post("/v1/uploads", files={"file": ("photo.jpg", b"\xff\xd8\xff and more")}).json()["url"]

        cluster.first.lose(cluster.s3_address)
        asked_s = time.monotonic()
        shown = client.get(f"/v1/jobs/{job['id']}")
        measured("read_after_s", time.monotonic() - asked_s)
        assert shown.status_code == 200
        link = shown.json()["video_url"]
        assert f"//{cluster.s3_address}:" in link
        assert httpx.get(link, timeout=30).content[4:8] == b"ftyp"  # the client is within its reach
        assert [each["id"] for each in client.get("/v1/jobs").json()["jobs"]] == [job["id"]]
        made = client.post("/v1/jobs", json={"images": [photo], "prompt": "frames=4"})
        assert made.status_code == 201, made.text
        assert wait_for(client, made.json()["id"])["state"] == "succeeded", cluster.logs()
        asked_s = time.monotonic()
        refused = patient.post("/v1/uploads", files={"file": ("photo.jpg", b"\xff\xd8\xff and more")})
        measured("refused_after_s", time.monotonic() - asked_s)
        assert refused.status_code == 500, refused.text
        assert refused.json()["code"] == "storage_error"
        ready = patient.get("/readyz")
        assert ready.status_code == 503
        assert [name for name, check in ready.json()["checks"].items() if not check["ok"]] == ["storage"]
        assert client.get("/healthz").status_code == 200

        cluster.first.find(cluster.s3_address)
        last = submit(client, "frames=4")
        assert wait_for(client, last["id"])["state"] == "succeeded", cluster.logs()
        assert client.get("/readyz").status_code == 200
        assert cluster.checked() == (CREDITS - 3 * job["credits"], 0)


def measured(name: str, seconds: float) -> None:
    """For whoever runs these with ``pytest -s``: the documentation quotes it."""
    print(f"{name}: {seconds:.1f} s")


def _child(cluster: Cluster, job_id: str) -> int | None:
    return next((run.child_pid for run in cluster.runtime.steplog.of(job_id) if run.step == "render"), None)


def _is_gone(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


def _sha256(url: str) -> str:
    return hashlib.sha256(httpx.get(url, timeout=30).content).hexdigest()
