"""Files that go while somebody downloads them."""

from __future__ import annotations

import hashlib
import os

from photoplay.accounts import Credentials
from photoplay.errors import JobNotFound
from support.inside import Inside

SIZE_BYTES = 32 * 1024 * 1024  # far more than lies between the two ends of a connection


def test_a_download_that_has_begun_comes_whole_although_the_file_is_removed(embedded: Inside) -> None:
    key: Credentials = embedded.runtime.accounts.create("tester", "business", 1000)
    head = {"authorization": f"Bearer {key.api_key}"}
    body = {"images": ["https://images.example.com/photo.jpg"]}
    job = embedded.client.post("/v1/jobs", json=body, headers=head).json()
    data = os.urandom(SIZE_BYTES)
    embedded.finish(job["id"], data=data)
    path = f"/v1/jobs/{job['id']}/artifacts/video"
    with embedded.client.stream("GET", path, headers=head) as answer:
        pieces = answer.iter_bytes(1024 * 1024)
        digest = hashlib.sha256(next(pieces))
        embedded.runtime.service.delete(key.account_id, job["id"])
        assert list(embedded.runtime.storage.list(f"jobs/{job['id']}")) == []
        for piece in pieces:
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(data).digest()
    gone = embedded.client.get(path, headers=head)
    assert (gone.status_code, gone.json()["code"]) == (404, JobNotFound.code)
