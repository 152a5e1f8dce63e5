"""The ``kling-api`` npm package, unmodified: only its base URL and keys are ours. It speaks nothing but HTTPS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.files import jpeg
from support.node import run_node
from support.server import Server, serving
from support.tls import certificate, https

pytestmark = pytest.mark.server

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'
SCRIPT = """
(async () => {
  const { KlingAPI } = await import('kling-api');
  const [baseUrl, accessKey, secretKey, photo] = process.argv.slice(1).filter((each) => each !== '--');
  const api = new KlingAPI({ accessKey, secretKey, baseUrl });
  const quick = { interval: 100, timeout: 50000, showSpinner: false };
  const told = { health: await api.healthCheck() };
  const one = await api.imageToVideo({
    model_name: 'kling-v1', image: photo, prompt: 'frames=4', mode: 'std', duration: '5', cfg_scale: 0.5,
    external_task_id: 'npm-1',
  });
  told.created = one;
  told.image = await api.waitForVideoResult(one.data.task_id, (id) => api.queryImageToVideoTask(id), quick);
  const several = await api.multiImageToVideo({
    image_list: [{ image: photo }, { image: photo }], prompt: 'frames=4', aspect_ratio: '16:9', duration: '5',
  });
  told.several = await api.waitForVideoResult(
    several.data.task_id, (id) => api.queryMultiImageToVideoTask(id), quick);
  const broken = await api.imageToVideo({ model_name: 'kling-v1', image: photo, prompt: 'fail' });
  told.failed = await api.waitForVideoResult(broken.data.task_id, (id) => api.queryImageToVideoTask(id), quick)
    .then(() => null, (error) => error.message);
  told.refused = await api.queryImageToVideoTask('866168216002236456')
    .then(() => null, (error) => [error.code, error.httpStatus ?? error.status ?? null]);
  const stranger = new KlingAPI({ accessKey, secretKey: 'x'.repeat(32), baseUrl });
  told.stranger = await stranger.queryImageToVideoTask('1').then(() => null, (error) => error.code);
  console.log(JSON.stringify(told));
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("kling") / "data", engines=TINY) as running:
        yield running


def test_the_npm_package(server: Server, tmp_path: Path) -> None:
    key = server.key(plan="business", credits=1000)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(400, 300))
    pem = certificate(tmp_path)
    with https(httpx.URL(server.url).port or 0, pem) as url:
        printed = run_node(SCRIPT, url, key["access_key"], key["secret_key"], str(photo), NODE_EXTRA_CA_CERTS=str(pem))
    told: dict[str, Any] = json.loads(printed)
    assert told["health"] is True
    assert told["created"]["data"]["task_status"] == "submitted"
    for name in ("image", "several"):
        task = told[name]["data"]
        assert (task["task_status"], told[name]["message"]) == ("succeed", "SUCCEED")
        (video,) = task["task_result"]["videos"]
        path = httpx.URL(video["url"]).raw_path.decode()
        assert httpx.get(f"{server.url}{path}").content[4:8] == b"ftyp"
    assert told["image"]["data"]["task_info"] == {"external_task_id": "npm-1"}
    assert told["failed"] == "the tiny engine was told to fail"
    assert told["refused"][0] == 1203
    assert told["stranger"] == 1000
