"""The real weight files load in the runtimes that are installed and answer as their authors say they do.

``make test`` pulls them first; where that was not done (or the optional ones are not there), there is nothing to test.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import skimage.data
from PIL import Image

from photoplay.engines.motion import matte, nets
from photoplay.engines.motion.onnx_parts import Part
from photoplay.models.weights import entry, find, verify
from photoplay.settings import Settings

MODELS = Settings.load().resolved_models_dir
PHOTOS = Path(skimage.data.__file__).parent


def weights(name: str) -> Path:
    path = find(name, MODELS)
    if path is None:
        pytest.skip(f"weights {name} are not installed (make setup)")
    verify(entry(name), path)
    return path


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    with Image.open(PHOTOS / "astronaut.png") as image:
        return np.asarray(image.convert("RGB"))


def blob(rgb: np.ndarray, side: int) -> np.ndarray:
    small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None])


def tflite(path: Path) -> cv2.dnn.Net:
    # The new engine of OpenCV 5 drops all but one output of these files.
    return cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def test_u2netp_finds_the_person(astronaut: np.ndarray) -> None:
    net = session(weights("u2netp"))
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    image = (blob(astronaut, 320)[0] / 255 - mean[:, None, None]) / deviation[:, None, None]
    first, second = (
        net.run(None, {net.get_inputs()[0].name: image[None].astype(np.float32)})[0][0, 0] for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first[160:300, 60:200].mean() > 0.9  # the suit
    assert first[:60, 230:].mean() < 0.3  # the wall


@pytest.mark.parametrize("size", [(320, 320), (320, 240), (192, 320)])
def test_u2netp_in_parts_says_what_it_says_as_a_whole(astronaut: np.ndarray, size: tuple[int, int]) -> None:
    path = weights("u2netp")
    image = matte._net_input(astronaut, size)
    if size == (320, 320):
        whole = session(path)
    else:  # the file itself takes no other shape
        whole = nets.onnx_part(path, Part((("input.1", image.shape),), ("1961", "1959")))
    all_answers = dict(zip((one.name for one in whole.get_outputs()), whole.run(None, {"input.1": image}), strict=True))
    net = matte._net(*size)
    beginning, end = nets.onnx_part(path, net.beginning), nets.onnx_part(path, net.end)
    assert beginning is not None
    assert end is not None
    early, *handed_on = beginning.run(None, {"input.1": image})
    last = end.run(None, dict(zip(net.handed_on, handed_on, strict=True)))[0]
    assert early.shape == last.shape == (1, 1, size[1], size[0])
    assert np.array_equal(early, all_answers["1961"])
    assert np.array_equal(last, all_answers["1959"])
    assert float(np.abs(early - last).mean()) > 0.001  # two answers, not the same one twice


def test_u2netp_sees_the_same_in_another_shape() -> None:
    path = weights("u2netp")
    with Image.open(PHOTOS / "coffee.png") as image:
        wide = np.asarray(image.convert("RGB"))
    seen = matte.look(wide, MODELS)
    assert seen is not None
    assert seen.shape == (240, 320)
    square = session(path).run(["1959"], {"input.1": matte._net_input(wide, (320, 320))})[0][0, 0]
    there = cv2.resize(square, (320, 240), interpolation=cv2.INTER_AREA) > 0.5
    assert ((seen > 0.5) & there).sum() > 0.98 * ((seen > 0.5) | there).sum()


def test_a_part_that_the_network_has_not_is_no_network() -> None:
    path = weights("u2netp")
    assert nets.onnx_part(path, Part(matte._net(320, 320).beginning.inputs, ("nothing",))) is None
    assert nets.onnx_part(path, Part((("947", (1, 64, 320, 320)),), ("853",))) is None  # made of other values


def test_face_box_finds_the_face_and_no_other(astronaut: np.ndarray) -> None:
    net = tflite(weights("face_box"))
    net.setInput(blob(astronaut, 128) / 127.5 - 1)
    boxes, logits = net.forward(["regressors", "classificators"])
    assert boxes.shape == (1, 896, 16)
    best = int(np.argmax(logits[0, :, 0]))
    assert logits[0, best, 0] > 2
    # The first 512 anchors are the centres of a 16 x 16 grid, two in each cell.
    assert best < 512
    column, row = best // 2 % 16, best // 2 // 16
    x, y = boxes[0, best, :2] / 128 + ((column + 0.5) / 16, (row + 0.5) / 16)
    assert abs(x - 0.43) < 0.05
    assert abs(y - 0.21) < 0.06
    with Image.open(PHOTOS / "coffee.png") as image:
        net.setInput(blob(np.asarray(image.convert("RGB")), 128) / 127.5 - 1)
    assert float(net.forward(["regressors", "classificators"])[1].max()) < 0


def test_face_mesh_is_sure_of_a_face_only(astronaut: np.ndarray) -> None:
    net = tflite(weights("face_mesh"))
    sure = []
    for part in (astronaut[20:220, 125:325], astronaut[300:500, 0:200]):
        net.setInput(blob(part, 192) / 255)
        points, score = net.forward(["conv2d_21", "conv2d_31"])
        sure.append(float(score.ravel()[0]))
        assert points.size == 468 * 3
        if len(sure) == 1:
            mesh = points.reshape(468, 3)
            assert mesh[:, :2].min() > 0
            assert mesh[:, :2].max() < 192
            assert mesh[10, 1] < mesh[1, 1] < mesh[152, 1]  # forehead, nose tip, chin
    assert sure[0] > 5 > sure[1]


def test_fastdepth_answers(astronaut: np.ndarray) -> None:
    net = session(weights("fastdepth"))
    (depth,) = net.run(None, {net.get_inputs()[0].name: blob(astronaut, 224) / 255})
    assert depth.shape == (1, 1, 224, 224)
    assert np.isfinite(depth).all()
    assert depth.std() > 0.01
