"""The embedded engine: photo in, silent video out, on the CPU, without a generative model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from photoplay.engines.base import Capability, ChatAccess, ProgressSink, RenderRequest, RenderResult
from photoplay.engines.motion import brush, heap
from photoplay.engines.motion import photo as photos
from photoplay.engines.motion.animate import Animator, Spec
from photoplay.engines.motion.change import Change, Through, make_change, veil
from photoplay.engines.motion.compositor import Compositor
from photoplay.engines.motion.cues import merged
from photoplay.engines.motion.director import Directions, Take, film, fitted_luma
from photoplay.engines.motion.effects import registry as effects
from photoplay.engines.motion.effects.base import Effect
from photoplay.engines.motion.ensemble.words import without_addresses
from photoplay.engines.motion.fit import choose_output
from photoplay.engines.motion.language import Extender, PhotoFacts, extend_plan, plan_from_prompt, shared_meaning
from photoplay.engines.motion.morph import FLOW_SIDE, Bend, correspond, morph_spans
from photoplay.engines.motion.place import Opening, PhotoPlace, Place
from photoplay.engines.motion.quality import Quality, quality_named
from photoplay.engines.motion.render import FrameSource, render_frames
from photoplay.engines.motion.scene import analyze
from photoplay.engines.motion.scene_cache import SceneCache
from photoplay.engines.motion.sequence import Joined, Span, share_of, spans, travel_moves
from photoplay.engines.motion.stage_cache import StageCache
from photoplay.engines.motion.types import F32, Photo, SceneMap, Stage
from photoplay.errors import PhotoplayError, RenderFailed, UnsupportedValue
from photoplay.media.encode import FrameBuffer, VideoWriter
from photoplay.media.provenance import metadata
from photoplay.media.watermark import Watermark
from photoplay.models import weights
from photoplay.shot import Cue, ImageUse, Plan, Shot

SCENE_SHARE = 0.15  # of the progress: understanding the photo
LEAST_FRAMES_A_PHOTO = 6
LARGE_FRAME = 1920 * 1920  # pixels of a frame beyond which memory is short and milliseconds are not


@dataclass
class _Diary:
    """What is learnt while takes are made: it ends up in the result."""

    cues: list[Cue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shot: Shot | None = None  # as filmed, where that is one shot

    def add(self, take: Take, scene: SceneMap, at_s: float = 0.0) -> None:
        self.cues += [cue.model_copy(update={"at_s": cue.at_s + at_s}) for cue in take.cues]
        self.notes += [*scene.notes, *take.notes]


class MotionEngine:
    """Renders photos with camera moves, life and effects. Implements :class:`photoplay.engines.base.Engine`."""

    name = "motion"

    def __init__(self, models_dir: Path, cache_dir: Path | None = None) -> None:
        """``models_dir``: weights; what is missing makes scenes plainer. ``cache_dir``: scenes are kept there."""
        self._models_dir = models_dir
        present = _present(models_dir)
        self._cache = None if cache_dir is None else SceneCache(cache_dir, variant=present)
        self._stages = None if cache_dir is None else StageCache(cache_dir / "stages", variant=present)
        self._seen: dict[str, SceneMap] = {}  # of several images, which are looked at before they are filmed

    def capability(self) -> Capability:
        """Always available; the detail names the weights that are missing."""
        missing = [
            one.name for one in weights.available() if one.default and weights.find(one.name, self._models_dir) is None
        ]
        detail = f"missing weights make scenes plainer: {', '.join(missing)}" if missing else ""
        return Capability(name=self.name, available=True, detail=detail)

    def scene(self, photo: Photo) -> SceneMap:
        """The scene of a photo, from the cache if it is there."""
        if photo.digest in self._seen:
            return self._seen[photo.digest]
        found = None if self._cache is None else self._cache.get(photo.digest)
        if found is not None:
            return found
        made = analyze(photo, self._models_dir)
        # What a later clip will read, so that the first clip of a photo has the same bytes as the next.
        return made if self._cache is None else self._cache.put_later(made)

    def opening(self, request: RenderRequest) -> Opening:
        """What the clip begins with: the photo; or, of several, the scene they make together or the first of them."""
        if len(request.images) == 1:
            place = self._photo_place(request, request.images[0])
            shape = choose_output(place.photo.size, request.short_side, request.aspect_ratio, request.size)
            return Opening(place, shape, first_size=place.photo.size)
        from photoplay.engines.motion.ensemble import party, words  # what one photo does not need

        def look_at(index: int) -> tuple[Photo, SceneMap]:
            photo = _photo(request, request.images[index])
            self._seen[photo.digest] = self.scene(photo)
            return photo, self._seen[photo.digest]

        made = party.assemble(
            len(request.images),
            look_at,
            words.wishes(request.prompt),
            short_side=request.short_side,
            aspect_ratio=request.aspect_ratio,
            size=request.size,
            seed=request.seed,
        )
        uses = made.uses
        if request.last_image is not None:
            uses = (*uses, ImageUse(number=len(request.images) + 1, role="last_frame"))
        if made.party is not None:
            return Opening(made.party, made.party.output, made.alone, uses, made.first_size)
        first = self._photo_place(request, request.images[0])
        shape = choose_output(first.photo.size, request.short_side, request.aspect_ratio, request.size)
        return Opening(first, shape, made.alone[1:], uses, made.first_size)

    def plan_for(self, request: RenderRequest, opening: Opening) -> Plan:
        """What is understood of a request for what it opens with."""
        plan = self._planned(request, opening.place.facts)
        return plan.model_copy(update={"images": opening.uses}) if opening.uses else plan

    def plan(self, request: RenderRequest, photo: Photo, scene: SceneMap) -> Plan:
        """What is understood of a request for a photo."""
        return self._planned(request, PhotoPlace(photo, scene).facts)

    def _planned(self, request: RenderRequest, facts: PhotoFacts) -> Plan:
        prompt = request.prompt if len(request.images) == 1 else without_addresses(request.prompt)
        plan = plan_from_prompt(
            prompt,
            request.negative_prompt,
            facts=facts,
            duration_s=request.duration_s,
            shot=request.shot,
            effect=request.effect,
            seed=request.seed,
            meaning=shared_meaning(),
            still_by_default=bool(request.brushes),
            take=request.take,
        )
        if request.extend_prompt:
            plan = extend_plan(
                plan,
                prompt,
                facts,
                negative_prompt=request.negative_prompt,
                duration_s=request.duration_s,
                seed=request.seed,
                take=request.take,
                extender=None if request.extender is None else _chat(request.extender),
                meaning=shared_meaning(),
            )
        return plan

    def render(self, request: RenderRequest, work_dir: Path, progress: ProgressSink) -> RenderResult:
        """See :meth:`photoplay.engines.base.Engine.render`."""
        try:
            return self._render(request, work_dir, _Rising(progress))
        except PhotoplayError:
            raise
        except MemoryError as error:
            raise RenderFailed("there was not enough memory to render this clip") from error
        except (cv2.error, ValueError, ArithmeticError, LookupError, TypeError, OSError) as error:
            # The rim of the engine: whatever a strange photo provokes in numeric code is a failed render.
            raise RenderFailed(f"the clip could not be rendered ({type(error).__name__})") from error
        finally:
            self._seen.clear()
            for cache in (self._cache, self._stages):
                if cache is not None:
                    cache.settle()

    def _render(self, request: RenderRequest, work_dir: Path, progress: ProgressSink) -> RenderResult:
        quality = quality_named(request.quality)
        effect = None if request.effect is None else effects.find(request.effect)
        frames = max(1, round(request.duration_s * request.fps))
        if request.last_image is not None and request.brushes:
            raise UnsupportedValue("brushes", "motion brushes cannot be joined with a last frame")
        progress(0.0, "scene")
        opening = self.opening(request)
        takes = 1 + len(opening.alone) + (request.last_image is not None)
        if takes > 1 and takes * LEAST_FRAMES_A_PHOTO > frames:
            raise UnsupportedValue("duration", f"a clip of {frames} frames is too short for {takes} images in turn")
        width, height = opening.output
        spec = Spec(width, height, request.fps, frames, request.seed)
        progress(0.5 * SCENE_SHARE, "scene")
        plan = self.plan_for(request, opening)
        brushes = self._brushes(request, opening)
        diary = _Diary()
        source: FrameSource
        first = opening.place
        if opening.alone or (request.last_image is not None and not isinstance(first, PhotoPlace)):
            source = self._several(request, opening, plan, spec, quality, effect, diary)
        elif request.last_image is not None and isinstance(first, PhotoPlace):
            source = self._arriving(
                request, request.last_image, (first.photo, first.scene), plan, spec, quality, effect, diary
            )
        else:
            take = first.film(Directions(plan, spec, quality, effect, brushes=brushes, stages=self._stages))
            diary.add(take, first.scene)
            diary.shot = take.shot
            source = take.compositor
            del take
        del first, opening
        if spec.width * spec.height > LARGE_FRAME:
            heap.give_back()
        progress(SCENE_SHARE, "frames")
        video = work_dir / "video.mp4"
        marked = work_dir / "watermarked.mp4" if request.watermark else None

        def on_frame(done: int) -> None:
            progress(SCENE_SHARE + (1.0 - SCENE_SHARE) * done / frames, "frames")

        _write(source, spec, quality, video, marked, on_frame)
        notes = tuple(dict.fromkeys(diary.notes))
        if diary.shot is not None:
            plan = plan.model_copy(update={"shot": diary.shot})
        return RenderResult(
            video=video,
            watermarked=marked,
            width=width,
            height=height,
            fps=request.fps,
            frames=frames,
            plan=plan.model_copy(update={"notes": tuple(dict.fromkeys((*plan.notes, *notes)))}),
            cues=merged(diary.cues),
            notes=notes,
        )

    def _arriving(
        self,
        request: RenderRequest,
        last: Path,
        first: tuple[Photo, SceneMap],
        plan: Plan,
        spec: Spec,
        quality: Quality,
        effect: Effect | None,
        diary: _Diary,
    ) -> FrameSource:
        """From the photo to ``last_image``: by flow where they show much the same, by travel otherwise.

        From a photo to itself it is one take, which ends on the photo instead of beginning with it.
        """
        photo = _photo(request, last)
        if photo.digest == first[0].digest:
            only = film(*first, Directions(plan, spec, quality, effect, arrive=True, stages=self._stages))
            diary.add(only, first[1])
            diary.shot = only.shot
            return only.compositor
        both = (first, (photo, self.scene(photo)))
        lumas = [fitted_luma(*one, (spec.width, spec.height), FLOW_SIDE) for one in both]
        same = correspond(lumas[0], lumas[1])
        if same is None:
            diary.notes.append("the two images show too little alike to bend into one another: they dissolve instead")
            opening = Opening(PhotoPlace(*first), (spec.width, spec.height))
            changes = make_change(*both, spec)
            return self._several(request, opening, plan, spec, quality, effect, diary, changes)
        shares = morph_spans(spec.frames, request.take)
        still = plan.model_copy(update={"shot": Shot()})
        diary.shot = still.shot
        if plan.shot.moves:
            diary.notes.append("the camera holds still while one image becomes the other")
        takes: list[Compositor] = []
        for number, (flow, span) in enumerate(zip((same.there, same.back), shares, strict=True)):

            def bend(stage: Stage, flow: F32 = flow, span: Span = span, number: int = number) -> Animator:
                return Bend(stage, flow, span, spec.frames, arriving=number == 1, take=request.take)

            own = Spec(spec.width, spec.height, spec.fps, span.frames, spec.seed)
            directions = Directions(
                still,
                own,
                quality,
                effect if number == 0 else None,
                more=[bend],
                arrive=number == 1,
                stages=self._stages,
            )
            take = film(*both[number], directions)
            diary.add(take, both[number][1], span.first / spec.fps)
            takes.append(take.compositor)
        return Joined(shares, takes.__getitem__, spec.width, spec.height, by_depth=False)

    def _several(
        self,
        request: RenderRequest,
        opening: Opening,
        plan: Plan,
        spec: Spec,
        quality: Quality,
        effect: Effect | None,
        diary: _Diary,
        changes: Change | None = None,
    ) -> Joined:
        """One take a place, joined; with a ``last_image`` the clip ends exactly on it, by ``changes`` if given."""
        paths = [request.images[index] for index in opening.alone]
        if request.last_image is not None:
            paths.append(request.last_image)
        shares = changes.spans if changes else spans(spec.frames, spec.fps, 1 + len(paths))
        first: list[Place] = [opening.place]

        def make(number: int) -> Compositor:
            place = first.pop() if number == 0 else self._photo_place(request, paths[number - 1])
            span, arrive = shares[number], request.last_image is not None and number == len(paths)
            own = Spec(spec.width, spec.height, spec.fps, span.frames, spec.seed + number)
            directions = Directions(
                plan.model_copy(update={"shot": share_of(plan.shot, span.frames / spec.frames)}),
                own,
                quality,
                effect if number == 0 else None,
                extra_moves=changes.moves(number) if changes else travel_moves(number, shares),
                more=[partial(Through, change=changes, number=number)] if changes else (),
                arrive=arrive,
                stages=self._stages,
                near=number > 0 and not arrive,
            )
            take = place.film(directions)
            diary.add(take, place.scene, span.first / spec.fps)
            return take.compositor

        if changes is None:
            return Joined(shares, make, spec.width, spec.height)
        return Joined(shares, make, spec.width, spec.height, order=partial(veil, seed=spec.seed))

    def _photo_place(self, request: RenderRequest, path: Path) -> PhotoPlace:
        photo = _photo(request, path)
        return PhotoPlace(photo, self.scene(photo))

    def _brushes(self, request: RenderRequest, opening: Opening) -> list[brush.Masked]:
        """The brushes' masks, painted on the first image.

        Raises:
            UnsupportedValue: the first image is not in the clip as something that could be moved.
        """
        if not request.brushes:
            return []
        if opening.alone:
            raise UnsupportedValue("brushes", "motion brushes need images that make one scene; these are shown in turn")
        size = opening.first_size
        return [brush.read(one, size, request.max_pixels) for one in request.brushes]


class _Rising:
    """Passes progress on, never falling."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink = sink
        self._highest = 0.0

    def __call__(self, progress: float, doing: str) -> None:
        self._highest = max(self._highest, min(1.0, progress))
        self._sink(self._highest, doing)


def _photo(request: RenderRequest, path: Path) -> Photo:
    return photos.load(path, request.max_pixels, min_side=request.min_side, max_shape=request.max_shape)


def _chat(access: ChatAccess) -> Extender:
    """The extender at the operator's chat API; its HTTP client is loaded by the clips that ask for it only."""
    from photoplay.engines.motion.language.remote import ChatExtender

    return ChatExtender.of(access)


def _present(models_dir: Path) -> str:
    """The weights at hand: a scene seen with others is another scene."""
    return ",".join(one.name for one in weights.available() if weights.find(one.name, models_dir) is not None)


def _write(
    source: FrameSource,
    spec: Spec,
    quality: Quality,
    video: Path,
    marked: Path | None,
    on_frame: Callable[[int], None],
) -> None:
    def writer_to(path: Path) -> VideoWriter:
        return VideoWriter(
            path,
            spec.width,
            spec.height,
            spec.fps,
            crf=quality.crf,
            preset=quality.preset,
            metadata=metadata(MotionEngine.name),
        )

    if marked is None:
        with writer_to(video) as writer:
            render_frames(source, spec.frames, writer, on_frame=on_frame)
        return
    mark = Watermark(spec.width, spec.height)
    with writer_to(video) as writer, writer_to(marked) as second:

        def also(buffer: FrameBuffer) -> None:
            copy = second.lease()
            for target, plane in ((copy.y, buffer.y), (copy.u, buffer.u), (copy.v, buffer.v)):
                np.copyto(target, plane)
            mark.apply(copy.y, copy.u, copy.v)
            second.submit(copy)

        render_frames(source, spec.frames, writer, on_frame=on_frame, also=also)
