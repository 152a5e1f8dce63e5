"""The vendor's own Python client, unmodified: only its base URL and key are ours. Every call it has for videos."""

from __future__ import annotations

import asyncio
import base64
import io
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from photoplay.media.video import probe
from support.files import jpeg
from support.server import Server, serving

pytestmark = [
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning"),  # of the vendor's own service
]

TINY = '{"motion": "support.tiny_engine:TinyEngine"}'
PHOTO = ("photo.jpg", jpeg(), "image/jpeg")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("openai") / "data"
    with serving(data_dir, engines=TINY, allowed_networks="127.0.0.1/32") as running:
        yield running


def client_of(server: Server, key: dict[str, str]) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{server.url}/v1", api_key=key["api_key"], webhook_secret=key["webhook_secret"], timeout=60
    )


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with client_of(server, server.key(plan="business", credits=10_000)) as made:
        yield made


@pytest.fixture
def fresh(server: Server) -> dict[str, str]:
    """The key of an account that has no videos yet."""
    return server.key(plan="business", credits=1000)


def test_from_photo_to_files(client: openai.OpenAI, tmp_path: Path) -> None:
    video = client.videos.create_and_poll(
        model="sora-2", prompt="frames=12", seconds="4", size="1280x720", input_reference=PHOTO
    )
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert (video.object, video.model, video.seconds, video.prompt) == ("video", "sora-2", "4", "frames=12")
    assert video.completed_at is not None
    assert video.expires_at is not None
    client.videos.download_content(video.id).write_to_file(tmp_path / "video.mp4")
    told = probe(tmp_path / "video.mp4")
    assert (told.frames, told.has_audio) == (12, True)
    with client.videos.with_streaming_response.download_content(video.id, variant="video") as streamed:
        streamed.stream_to_file(tmp_path / "streamed.mp4")
    assert (tmp_path / "streamed.mp4").read_bytes() == (tmp_path / "video.mp4").read_bytes()
    thumbnail = client.videos.download_content(video.id, variant="thumbnail")
    with Image.open(io.BytesIO(thumbnail.read())) as image:
        assert (image.format, image.size) == ("WEBP", (64, 48))
    assert thumbnail.response.headers["content-type"] == "image/webp"
    sheets = [client.videos.download_content(video.id, variant="spritesheet").read() for _ in range(2)]
    assert sheets[0] == sheets[1]
    with Image.open(io.BytesIO(sheets[0])) as image:
        assert (image.format, image.size) == ("WEBP", (5 * 64, 5 * 48))


def test_photos_that_are_named(client: openai.OpenAI) -> None:
    url = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    by_url = client.videos.create_and_poll(prompt="zoom", extra_body={"input_reference": {"image_url": url}})
    file = client.files.create(file=PHOTO, purpose="vision")
    by_file = client.videos.create_and_poll(prompt="zoom", extra_body={"input_reference": {"file_id": file.id}})
    assert [video.status for video in (by_url, by_file)] == ["completed", "completed"], (by_url.error, by_file.error)


def test_remix_list_and_delete(server: Server, fresh: dict[str, str]) -> None:
    with client_of(server, fresh) as client:
        remix_list_and_delete(client)


def remix_list_and_delete(client: openai.OpenAI) -> None:
    first = client.videos.create_and_poll(prompt="frames=4", input_reference=PHOTO)
    second = client.videos.remix(first.id, prompt="frames=6")
    assert (second.remixed_from_video_id, second.prompt, second.status) == (first.id, "frames=6", "queued")
    second = client.videos.poll(second.id)
    assert second.status == "completed", second.error
    third = client.videos.create_and_poll(prompt="frames=4 fail", input_reference=PHOTO)
    assert third.status == "failed"
    assert third.error is not None
    assert third.error.code == "render_failed"
    made = [first.id, second.id, third.id]
    assert [video.id for video in client.videos.list(limit=1, order="asc")] == made
    assert [video.id for video in client.videos.list(limit=2)] == made[::-1]
    page = client.videos.list(limit=2, after=third.id)
    assert ([video.id for video in page.data], page.has_more, page.last_id) == ([second.id, first.id], False, first.id)
    gone = client.videos.delete(first.id)
    assert (gone.id, gone.object, gone.deleted) == (first.id, "video.deleted", True)
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(first.id)
    assert client.videos.retrieve(second.id).remixed_from_video_id == first.id


def test_the_asynchronous_client(server: Server, fresh: dict[str, str]) -> None:
    async def use() -> tuple[str, list[str], bytes]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/proxy/openai/v1", api_key=fresh["api_key"]) as client:
            video = await client.videos.create_and_poll(prompt="zoom", input_reference=PHOTO)
            listed = [each.id async for each in client.videos.list(limit=1)]
            content = await client.videos.download_content(video.id)
            return video.id, listed, content.read()

    video_id, listed, data = asyncio.run(use())
    assert listed == [video_id]
    assert data[4:8] == b"ftyp"


def test_refusals_are_the_clients_own_exceptions(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="a cat on a piano")
    assert "animates images" in caught.value.message
    assert (caught.value.code, caught.value.param) == ("missing_required_parameter", "input_reference")
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", seconds="5", input_reference=PHOTO)  # type: ignore[arg-type]  # that is the test
    assert caught.value.param == "seconds"
    with pytest.raises(openai.NotFoundError):
        client.videos.create(prompt="x", model="sora-99", input_reference=PHOTO)
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content("video_unknown")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").videos.list()
    poor = server.key(credits=1)
    with pytest.raises(openai.RateLimitError) as limited:
        client.with_options(api_key=poor["api_key"]).videos.create(prompt="x", input_reference=PHOTO)
    assert limited.value.code == "insufficient_quota"
    slow = client.videos.create(prompt="frames=4 delay=1", input_reference=PHOTO)
    for refused in (client.videos.delete, client.videos.download_content):
        with pytest.raises(openai.BadRequestError) as caught:
            refused(slow.id)
        assert caught.value.code == "video_not_ready"
    assert client.videos.poll(slow.id).status == "completed"


def test_what_is_not_offered_says_so(client: openai.OpenAI) -> None:
    calls = [
        lambda: client.videos.edit(prompt="x", video=("a.mp4", b"a video")),
        lambda: client.videos.extend(prompt="x", seconds="4", video=("a.mp4", b"a video")),
        lambda: client.videos.create_character(name="x", video=PHOTO),
        lambda: client.videos.get_character("char_x"),
    ]
    for call in calls:
        with pytest.raises(openai.BadRequestError, match="animates photos"):
            call()


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert {"sora-2", "sora-2-pro"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("sora-2").owned_by == "openai"


def test_the_webhook_is_one_that_the_client_unwraps(client: openai.OpenAI) -> None:
    got: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put((self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        hook = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        expected = []
        for prompt, kind in (("zoom", "video.completed"), ("fail", "video.failed")):
            video = client.videos.create(prompt=prompt, input_reference=PHOTO, extra_body={"callback_url": hook})
            body, headers = got.get(timeout=60)
            event: Any = client.webhooks.unwrap(body, headers)
            expected.append((event.type, event.data.id))
            assert expected[-1] == (kind, video.id)
            with pytest.raises(openai.InvalidWebhookSignatureError):
                client.webhooks.unwrap(body.replace(b"video.", b"movie."), headers)
        receiver.shutdown()
        thread.join()
