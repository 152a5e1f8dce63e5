"""Several photos: every frame belongs to a take, joins hide themselves, memory holds two takes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from photoplay.engines.motion import planes as yuv
from photoplay.engines.motion.animate import Spec
from photoplay.engines.motion.camera import CameraPath, build_rig
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.cues import camera_cues, merged
from photoplay.engines.motion.director import Directions, film
from photoplay.engines.motion.quality import quality_named
from photoplay.engines.motion.sequence import Joined, Span, reveal, share_of, spans, travel_moves
from photoplay.engines.motion.types import Photo, SceneMap
from photoplay.shot import Cue, Move, MoveKind, Plan, Shot
from support.stages import make_stage, textured

SIZE = (160, 90)


@pytest.mark.parametrize(
    ("frames", "fps", "count"), [(120, 24, 1), (120, 24, 3), (42, 12, 7), (13, 24, 2), (360, 60, 5)]
)
def test_takes_cover_the_clip_and_overlap_only_with_their_neighbours(frames: int, fps: int, count: int) -> None:
    found = spans(frames, fps, count)
    assert len(found) == count
    assert found[0].first == 0
    assert found[-1].last == frames
    for index in range(frames):
        seen = [number for number, span in enumerate(found) if span.first <= index < span.last]
        assert 1 <= len(seen) <= 2
        assert seen == list(range(seen[0], seen[0] + len(seen)))
    for before, after in itertools.pairwise(found):
        assert after.first < before.last, "neighbours share a join"


def flat(level: int, frames: int) -> Compositor:
    stage = make_stage(np.full((45, 80, 3), level, np.uint8), SIZE, subject=(0.5, 0.5, 0.3))
    return Compositor(stage, CameraPath(Shot(), build_rig(stage), duration_s=1.0), Spec(*SIZE, 24, frames))


def test_the_far_end_gives_way_first_and_no_take_is_kept_too_long() -> None:
    all_spans = (Span(0, 14), Span(6, 24))
    made: list[int] = []

    def make(number: int) -> Compositor:
        made.append(number)
        return flat((40, 220)[number], all_spans[number].frames)

    joined = Joined(all_spans, make, *SIZE)
    frames = []
    for index in range(24):
        out = yuv.allocate(*SIZE)
        joined.draw_frame(index, out)
        frames.append(out.y.astype(int))
    assert made == [0, 1]
    assert not joined._takes, "all were let go"
    centre = [int(frame[45, 80]) for frame in frames]
    corner = [int(frame[5, 5]) for frame in frames]
    assert centre[0] == pytest.approx(corner[0], abs=1)
    assert centre[-1] == pytest.approx(corner[-1], abs=1)
    assert centre[-1] > centre[0] + 100
    assert all(b >= a - 2 for a, b in itertools.pairwise(centre)), "one way only"
    middle = 9
    assert corner[middle] > centre[middle] + 50, "the subject goes last"
    assert max(b - a for a, b in itertools.pairwise(np.mean(f) for f in frames)) < 60, "no cut"


def test_reveal_begins_with_nothing_and_ends_with_all() -> None:
    nearness = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    assert reveal(nearness, 0.0, 32, 32).max() == 0
    assert reveal(nearness, 1.0, 32, 32).min() == 255


def test_the_camera_gathers_speed_into_a_join_and_spends_it() -> None:
    found = spans(120, 24, 3)
    first, middle, last = (travel_moves(number, found) for number in range(3))
    assert [move.kind for move in first] == [MoveKind.PUSH_THROUGH]
    assert len(middle) == 2
    assert [move.kind for move in last] == [MoveKind.DOLLY]
    assert all(move.amount > 0 for move in (*first, *middle, *last))


def test_a_shared_shot_keeps_its_speed() -> None:
    shot = Shot(moves=(Move(kind=MoveKind.PAN, amount=2.0), Move(kind=MoveKind.HANDHELD, amount=1.0)))
    assert [move.amount for move in share_of(shot, 0.25).moves] == [0.5, 1.0]


def test_a_take_goes_near_to_a_motif_at_the_border() -> None:
    rgb = np.full((300, 600, 3), (150, 190, 230), np.uint8)
    rgb[240:] = textured(600, 60, softness=1.5)
    scene = SceneMap(
        digest="sky",
        size=(600, 300),
        inverse_depth=np.full((300, 600), 0.2, np.float32),
        matte=np.zeros((300, 600), np.uint8),
        layers=(np.full((300, 600), 255, np.uint8),),
        layer_depths=(0.2,),
        subject=None,
    )
    sky = []
    for near in (False, True):
        directions = Directions(Plan(shot=Shot()), Spec(*SIZE, 24, 3), quality_named("std"), near=near)
        luma = film(Photo(rgb, "sky"), scene, directions).compositor.frame(0).y
        sky.append(float((np.abs(np.diff(luma.astype(int), axis=1)).max(axis=1) < 12).mean()))
    assert sky[0] == pytest.approx(0.8, abs=0.05)
    assert sky[1] < 0.7


class TestCues:
    def test_only_fast_moves_are_heard(self) -> None:
        slow, fast = Move(kind=MoveKind.PAN, amount=-1.0), Move(kind=MoveKind.PAN, amount=-1.0, start=0.4, end=0.6)
        assert camera_cues(Shot(moves=(slow,)), 5.0) == ()
        (cue,) = camera_cues(Shot(moves=(fast,)), 5.0)
        assert cue.kind == "whoosh"
        assert cue.pan < 0
        assert cue.at_s + cue.duration_s / 2 == pytest.approx(2.5)

    @pytest.mark.parametrize("kind", [MoveKind.STATIC, MoveKind.HANDHELD, MoveKind.RACK_FOCUS])
    def test_some_are_silent_at_any_speed(self, kind: MoveKind) -> None:
        assert camera_cues(Shot(moves=(Move(kind=kind, amount=4.0, end=0.05),)), 5.0) == ()

    def test_of_two_at_once_the_stronger_stays(self) -> None:
        weak, strong = Cue(at_s=1.0, kind="whoosh", strength=0.7), Cue(at_s=1.1, kind="whoosh", strength=1.2)
        other, later = Cue(at_s=1.05, kind="crack"), Cue(at_s=3.0, kind="whoosh")
        assert merged([later, strong, weak]) == (strong, later)
        assert other in merged([weak, other, strong])
