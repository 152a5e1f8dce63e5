"""The vendor's own Node client, unmodified: only its base URL and key are ours. Every call it has for videos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photoplay.media.video import probe
from support.files import jpeg
from support.node import run_node
from support.server import Server, serving

pytestmark = pytest.mark.server

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'

HEAD = """
const OpenAI = require('openai');
const fs = require('node:fs');
const folder = process.argv[1];
const client = new OpenAI({baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 1});
const photo = () => fs.createReadStream(`${folder}/photo.jpg`);
async function finished(video) {
  while (video.status === 'queued' || video.status === 'in_progress') {
    const {data, response} = await client.videos.retrieve(video.id).withResponse();
    const wait = Number(response.headers.get('openai-poll-after-ms') ?? 100);
    video = data;
    if (video.status === 'queued' || video.status === 'in_progress') {
      if (!(wait > 0)) throw new Error('the server does not say when to ask again');
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, 200)));
    }
  }
  return video;
}
async function refusal(promise) {
  try { await promise; } catch (error) {
    return {name: error.constructor.name, status: error.status, code: error.code, param: error.param, type: error.type,
            message: error.message};
  }
  throw new Error('it was not refused');
}
const told = {};
(async () => {
"""
TAIL = """
  process.stdout.write(JSON.stringify(told));
})().catch((error) => { console.error(error); process.exit(1); });
"""

WHOLE_WAY = """
  const created = await client.videos.create({
    model: 'sora-2', prompt: 'frames=12', seconds: '4', size: '1280x720', input_reference: photo()});
  told.created = created;
  const first = await finished(created);
  told.first = first;
  for (const variant of ['video', 'thumbnail', 'spritesheet']) {
    const response = await client.videos.downloadContent(first.id, {variant});
    fs.writeFileSync(`${folder}/${variant}`, Buffer.from(await response.arrayBuffer()));
    told[variant] = response.headers.get('content-type');
  }
  const whole = await client.videos.downloadContent(first.id);
  told.whole = (await whole.blob()).size;
  const url = 'data:image/jpeg;base64,' + fs.readFileSync(`${folder}/photo.jpg`).toString('base64');
  const named = await finished(await client.videos.create({prompt: 'zoom', input_reference: {image_url: url}}));
  told.named = named.status;
  const remixed = await client.videos.remix(first.id, {prompt: 'frames=6'});
  told.remixed = remixed;
  told.remix_status = (await finished(remixed)).status;
  told.listed = [];
  for await (const video of client.videos.list({limit: 1, order: 'asc'})) told.listed.push(video.id);
  const page = await client.videos.list({limit: 2});
  told.page = {ids: page.data.map((video) => video.id), has_more: page.has_more, last_id: page.last_id};
  told.deleted = await client.videos.delete(first.id);
  told.gone = await refusal(client.videos.retrieve(first.id));
  told.ids = [first.id, named.id, remixed.id];
"""

REFUSALS = """
  told.no_photo = await refusal(client.videos.create({prompt: 'a cat on a piano'}));
  told.seconds = await refusal(client.videos.create({prompt: 'x', seconds: '5', input_reference: photo()}));
  told.key = await refusal(new OpenAI({baseURL: process.env.BASE_URL, apiKey: 'wrong'}).videos.list());
  told.edit = await refusal(client.videos.edit({prompt: 'x', video: photo()}));
  told.extend = await refusal(client.videos.extend({prompt: 'x', seconds: '4', video: photo()}));
  told.character = await refusal(client.videos.createCharacter({name: 'x', video: photo()}));
  told.no_character = await refusal(client.videos.getCharacter('char_x'));
  told.unknown = await refusal(client.videos.downloadContent('video_unknown'));
  const failed = await finished(await client.videos.create({prompt: 'fail', input_reference: photo()}));
  told.failed = failed;
  told.of_failed = await refusal(client.videos.remix(failed.id, {prompt: 'again'}));
"""

AGAIN = """
  const options = {idempotencyKey: 'the same', headers: {'Idempotency-Key': 'the same'}};
  const one = await client.videos.create({prompt: 'zoom', input_reference: photo()}, options);
  const other = await client.videos.create({prompt: 'zoom', input_reference: photo()}, options);
  told.same = one.id === other.id;
  told.conflict = await refusal(client.videos.create({prompt: 'something else', input_reference: photo()}, options));
  await finished(one);
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("openai-node") / "data", engines=TINY) as running:
        yield running


def told_by(server: Server, folder: Path, script: str, prefix: str = "/v1") -> dict[str, Any]:
    (folder / "photo.jpg").write_bytes(jpeg())
    key = server.key(plan="business", credits=1000)
    output = run_node(HEAD + script + TAIL, str(folder), BASE_URL=server.url + prefix, API_KEY=key["api_key"])
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.mark.parametrize("prefix", ["/v1", "/proxy/openai/v1"])
def test_from_photo_to_files_remix_list_and_delete(server: Server, tmp_path: Path, prefix: str) -> None:
    told = told_by(server, tmp_path, WHOLE_WAY, prefix)
    assert (told["created"]["status"], told["created"]["object"]) == ("queued", "video")
    first = told["first"]
    assert (first["status"], first["progress"], first["error"]) == ("completed", 100, None)
    assert (first["model"], first["seconds"], first["prompt"]) == ("sora-2", "4", "frames=12")
    video = probe(tmp_path / "video")
    assert (video.frames, video.has_audio) == (12, True)
    assert [told[name] for name in ("video", "thumbnail", "spritesheet")] == ["video/mp4", "image/webp", "image/webp"]
    assert (tmp_path / "thumbnail").read_bytes()[8:12] == (tmp_path / "spritesheet").read_bytes()[8:12] == b"WEBP"
    assert told["whole"] == (tmp_path / "video").stat().st_size
    assert (told["named"], told["remix_status"]) == ("completed", "completed")
    ids = told["ids"]
    assert told["remixed"]["remixed_from_video_id"] == ids[0]
    assert told["listed"] == ids
    assert told["page"] == {"ids": ids[:0:-1], "has_more": True, "last_id": ids[1]}
    assert told["deleted"] == {"id": ids[0], "object": "video.deleted", "deleted": True}
    assert (told["gone"]["name"], told["gone"]["code"]) == ("NotFoundError", "video_not_found")


def test_refusals_are_the_clients_own_errors(server: Server, tmp_path: Path) -> None:
    told = told_by(server, tmp_path, REFUSALS)
    assert told["no_photo"]["name"] == "BadRequestError"
    assert "animates images" in told["no_photo"]["message"]
    assert (told["no_photo"]["param"], told["no_photo"]["code"]) == ("input_reference", "missing_required_parameter")
    assert (told["seconds"]["status"], told["seconds"]["param"]) == (400, "seconds")
    assert told["key"]["name"] == "AuthenticationError"
    for name in ("edit", "extend", "character", "no_character"):
        assert told[name]["status"] == 400, name
        assert "animates photos" in told[name]["message"]
    assert told["unknown"]["name"] == "NotFoundError"
    assert (told["failed"]["status"], told["failed"]["error"]["code"]) == ("failed", "render_failed")
    assert told["of_failed"]["code"] == "video_state"


def test_a_create_that_is_sent_twice_makes_one_video(server: Server, tmp_path: Path) -> None:
    told = told_by(server, tmp_path, AGAIN)
    assert told["same"] is True
    assert (told["conflict"]["status"], told["conflict"]["code"]) == (400, "idempotency_conflict")
