"""The engine plans by what it sees, and asks the operator's chat API when there is one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from photoplay.engines.base import ChatAccess, RenderRequest
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.types import Photo, SceneMap
from photoplay.shot import MoveKind

ANSWER = "A quiet wall. The camera slowly pans left."


@pytest.fixture
def chat_url() -> Iterator[str]:
    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            allowed = self.headers["authorization"] == "Bearer right"
            body = json.dumps({"choices": [{"message": {"content": ANSWER}}]}).encode() if allowed else b"{}"
            self.send_response(200 if allowed else 401)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Chat) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture
def engine(tmp_path: Path) -> MotionEngine:
    return MotionEngine(tmp_path)


PHOTO = Photo(rgb=np.full((48, 64, 3), 128, np.uint8), digest="x")
WALL = SceneMap(
    digest="x",
    size=(64, 48),
    inverse_depth=np.full((48, 64), 0.3, np.float32),
    matte=np.zeros((48, 64), np.uint8),
    layers=(np.full((48, 64), 255, np.uint8),),
    layer_depths=(0.3,),
    subject=None,
)


def test_the_plan_suits_the_photo(engine: MotionEngine, tmp_path: Path) -> None:
    plan = engine.plan(RenderRequest(images=(tmp_path / "a.png",)), PHOTO, WALL)
    assert [move.kind for move in plan.shot.moves] == [MoveKind.ZOOM], "a wall has no depth to travel in"
    assert plan.extended_prompt is None


def test_extended_by_itself(engine: MotionEngine, tmp_path: Path) -> None:
    plan = engine.plan(RenderRequest(images=(tmp_path / "a.png",), extend_prompt=True), PHOTO, WALL)
    assert "zooms in" in (plan.extended_prompt or "")


def test_extended_by_the_operators_service(engine: MotionEngine, tmp_path: Path, chat_url: str) -> None:
    access = ChatAccess(url=chat_url, key="right", model="any")
    request = RenderRequest(images=(tmp_path / "a.png",), extend_prompt=True, extender=access)
    plan = engine.plan(request, PHOTO, WALL)
    assert plan.extended_prompt == ANSWER
    assert [move.kind for move in plan.shot.moves] == [MoveKind.PAN]
    assert "right" not in repr(request)
    unasked = engine.plan(request.model_copy(update={"extend_prompt": False}), PHOTO, WALL)
    assert unasked.extended_prompt is None


def test_a_service_that_refuses_is_told_of(engine: MotionEngine, tmp_path: Path, chat_url: str) -> None:
    access = ChatAccess(url=chat_url, key="wrong", model="any")
    request = RenderRequest(images=(tmp_path / "a.png",), extend_prompt=True, extender=access)
    plan = engine.plan(request, PHOTO, WALL)
    assert "zooms in" in (plan.extended_prompt or "")
    assert any("401" in note for note in plan.notes)
