"""What each durable step does. Every step may be run again from its start, by another worker on another machine.

A step takes and returns small JSON: storage keys, never local paths. It leaves nothing that a second run would
trip over: files are stored under names made from the job's id and the run's, states change by guarded statements.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError

from photoplay.catalog import ImageRules
from photoplay.engines.base import RenderRequest, RenderResult
from photoplay.errors import (
    AudioUnreadable,
    FileTooLarge,
    ImageFormatUnsupported,
    ImageUnreadable,
    InputError,
    RenderCrashed,
    RenderFailed,
    StorageError,
)
from photoplay.jobs.child import ChildAbandoned, ChildLimits, run_child
from photoplay.jobs.extender import extender_of
from photoplay.jobs.job import PHASE_SPANS, Artifact, MediaRef, Phase
from photoplay.jobs.lifecycle import Lifecycle
from photoplay.jobs.neural_sound import text_to_audio_of
from photoplay.jobs.service import storage_prefixes
from photoplay.jobs.spares import Spares
from photoplay.jobs.steplog import StepLog
from photoplay.jobs.store import JobStore, Picture, WorkOrder
from photoplay.jobs.timelimit import time_limit
from photoplay.media.fetch import Fetcher
from photoplay.media.sniff import SNIFF_BYTES, sniff
from photoplay.settings import Settings
from photoplay.shot import Brush, Plan
from photoplay.sound.hearing import with_heard
from photoplay.storage import Storage

log = logging.getLogger("photoplay.steps")

MAX_VIDEO_BYTES = 2 * 1024**3
CHILD_TRIES = 2  # a crash may be bad luck (another process took the memory); two in a row are not
_CONTENT = {
    "video": ("mp4", "video/mp4"),
    "watermarked": ("mp4", "video/mp4"),
    "thumbnail": ("webp", "image/webp"),
}

Json = dict[str, Any]
_P = ParamSpec("_P")
_R = TypeVar("_R")
# How long a step waits for a store or database that is away, in seconds a try: rendering again would cost more.
PATIENCE_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
DISK_PATIENCE_S = (2.0, 5.0, 10.0, 20.0, 30.0)  # the same for a child whose disk is full


async def patiently(work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """What ``work`` gives, run on a thread; tried again for a while when the store or the database is away."""
    for delay_s in PATIENCE_S:
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        except (StorageError, OperationalError) as error:
            log.warning("%s; tried again in %g s", _brief(error), delay_s)
            await asyncio.sleep(delay_s)
    return await asyncio.to_thread(work, *args, **kwargs)


def _brief(error: StorageError | OperationalError) -> str:
    """The error without the statement and its values: they may hold what a caller wrote."""
    return error.message if isinstance(error, StorageError) else str(error.orig)


async def unless_away(work: Callable[_P, bool], *args: _P.args, **kwargs: _P.kwargs) -> bool:
    """What ``work`` says, or yes when the database is away: a render is not given up for that."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OperationalError as error:
        log.warning("the database is away: %s", _brief(error))
        return True


@dataclass(frozen=True)
class Tools:
    """What the steps work with."""

    settings: Settings
    store: JobStore
    lifecycle: Lifecycle
    steplog: StepLog
    storage: Storage
    fetcher: Fetcher
    executor_id: str
    wake_notifier: Callable[[], None]


class Steps:
    """The steps of one worker."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        settings = tools.settings
        self._spares = Spares(
            settings.data_dir / "work" / tools.executor_id,
            models_dir=settings.resolved_models_dir,
            # Of the engine that comes with us: what an operator's own would load is not known.
            renderers=0 if "motion" in settings.engines else min(settings.spare_renderers, settings.slots),
        )

    def stop(self) -> None:
        """Lets go of what is kept for later steps."""
        self._spares.stop()

    def at_work(self) -> AbstractContextManager[None]:
        """Around all the steps of a job."""
        return self._spares.at_work()

    # gather ------------------------------------------------------------------------------------------------------

    async def gather(self, job_id: str) -> Json:
        """Fetches what the request names by URL. Returns the storage key of every input."""
        tools = self._tools
        self._spares.prepare("sound")
        # False for a job that is taken up again; `_step` then finds out whether it still runs.
        await patiently(tools.lifecycle.begin, job_id, tools.executor_id)
        async with self._step(job_id, Phase.GATHER) as run:
            request = run.order.job.request
            images = [self._image(run, ref, f"image-{index}") for index, ref in enumerate(request.images)]
            masks = [self._image(run, brush.mask, f"mask-{index}") for index, brush in enumerate(request.brushes)]
            last = [] if request.last_image is None else [self._image(run, request.last_image, "last")]
            sound = [] if request.audio.file is None else [self._sound(run, request.audio.file)]
            keys = await asyncio.gather(*images, *masks, *last, *sound)
            parts = iter(keys)
            return {
                "images": [next(parts) for _ in images],
                "masks": [next(parts) for _ in masks],
                "last_image": next(parts) if last else None,
                "sound": next(parts) if sound else None,
            }

    async def _image(self, run: _Run, ref: MediaRef, name: str) -> str:
        rules = run.image_rules
        max_bytes = min(rules.max_bytes or sys.maxsize, self._tools.settings.max_image_bytes)
        key, content_type = await self._input(run, ref, name, max_bytes)
        if content_type is None:
            raise ImageUnreadable(f"{_called(ref)} is not an image")
        if not content_type.startswith("image/"):
            raise ImageFormatUnsupported(f"{_called(ref)} is not an image of a format this server reads")
        if rules.formats and content_type not in rules.formats:
            taken = ", ".join(rules.formats)
            raise ImageFormatUnsupported(f"{_called(ref)} is {content_type}; the model takes {taken}")
        return key

    async def _sound(self, run: _Run, ref: MediaRef) -> str:
        key, content_type = await self._input(run, ref, "sound", self._tools.settings.max_audio_bytes)
        if content_type is not None and content_type.startswith("image/"):
            raise AudioUnreadable(f"{_called(ref)} is an image, not sound")
        return key

    async def _input(self, run: _Run, ref: MediaRef, name: str, max_bytes: int) -> tuple[str, str | None]:
        """The storage key and the type, by its first bytes, of a file the caller gave."""
        storage = self._tools.storage
        if ref.key is not None:
            stored = await patiently(storage.stat, ref.key)
            if stored.size_bytes > max_bytes:
                raise FileTooLarge(f"{_called(ref)} is larger than {max_bytes} bytes.")
            head = await patiently(lambda key: b"".join(storage.stream(key, length=SNIFF_BYTES)), ref.key)
            return ref.key, sniff(head)
        if ref.url is None:
            raise InputError("a file is named neither by a URL nor by an upload")
        path = run.work_dir / name
        await patiently(self._tools.fetcher.fetch_to, ref.url, path, max_bytes=max_bytes)
        key = f"{run.work_prefix}/{name}"
        await patiently(storage.keep_file, key, path)
        with path.open("rb") as file:
            return key, sniff(file.read(SNIFF_BYTES))

    # render ------------------------------------------------------------------------------------------------------

    async def render(self, job_id: str, inputs: Json) -> Json:
        """Renders the silent picture in a child process. Returns the storage keys of what it made."""
        async with self._step(job_id, Phase.RENDER) as run:
            source = run.order.job.request.audio_of
            if source is not None:
                return await self._borrow(run, source)
            request = await self._render_request(run, inputs)
            told = await self._child(
                run,
                {
                    "task": "render",
                    "engine": run.order.quote["engine"],
                    "engines": dict(self._tools.settings.engines),
                    "models_dir": str(self._tools.settings.resolved_models_dir),
                    "cache_dir": str(self._tools.settings.scenes_dir) if self._tools.settings.scene_cache_s else None,
                    "request": request.model_dump(mode="json"),
                },
            )
            result = RenderResult.model_validate(told)
            return await self._keep(run, result)

    async def _render_request(self, run: _Run, inputs: Json) -> RenderRequest:
        request, quote = run.order.job.request, run.order.quote
        images = [await self._local(run, key, f"image-{n}") for n, key in enumerate(inputs["images"])]
        masks = [await self._local(run, key, f"mask-{n}") for n, key in enumerate(inputs["masks"])]
        last = inputs["last_image"]
        size = quote.get("size")
        return RenderRequest(
            images=tuple(images),
            last_image=None if last is None else await self._local(run, last, "last"),
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            extend_prompt=request.extend_prompt,
            extender=extender_of(self._tools.settings),
            effect=quote["effect"],
            shot=request.shot,
            brushes=tuple(
                Brush(mask=str(mask), trajectory=brush.trajectory, unit=brush.unit)
                for mask, brush in zip(masks, request.brushes, strict=True)
            ),
            duration_s=request.duration_s,
            short_side=quote["short_side"],
            aspect_ratio=request.aspect_ratio,
            size=None if size is None else (size[0], size[1]),
            fps=quote["fps"],
            seed=run.order.seed,
            take=request.take,
            quality=quote["quality"],
            watermark=request.watermark,
            max_pixels=self._tools.settings.max_image_pixels,
            min_side=run.image_rules.min_side,
            max_shape=run.image_rules.max_shape,
        )

    async def _keep(self, run: _Run, result: RenderResult) -> Json:
        """Stores what the engine made, and what it told of it."""
        kept: Json = {}
        for name, path in (
            ("video", result.video),
            ("watermarked", result.watermarked),
            ("soundtrack", result.soundtrack),
        ):
            if path is None:
                kept[name] = None
                continue
            if run.work_dir.resolve() not in path.resolve().parents:
                raise RenderFailed("the engine wrote outside its folder")
            kept[name] = f"{run.work_prefix}/silent-{name}{path.suffix}"
            await patiently(self._tools.storage.keep_file, kept[name], path)
        await patiently(
            self._tools.store.picture,
            run.job_id,
            Picture(
                plan=with_heard(result.plan) if run.order.job.request.audio.mode == "generate" else result.plan,
                cues=result.cues,
                scene=result.scene,
                width=result.width,
                height=result.height,
                fps=result.fps,
                duration_s=result.duration_s,
                notes=result.notes,
            ),
        )
        return kept

    async def _borrow(self, run: _Run, source: str) -> Json:
        """The picture of another job of the same account, for which only new sound is made."""
        tools = self._tools
        found = await patiently(tools.store.find, run.order.job.account_id, source)
        order = None if found is None else await patiently(tools.store.order, found.id)
        video = None if order is None else order.job.artifact("video")
        if order is None or video is None:
            raise InputError("the clip that was to get new sound is gone")
        job = order.job
        await patiently(
            tools.store.picture,
            run.job_id,
            Picture(
                plan=job.plan or Plan(),
                cues=order.cues,
                scene=order.scene,
                width=job.width or 0,
                height=job.height or 0,
                fps=job.fps or 0,
                duration_s=job.duration_s or 0.0,
                notes=job.notes,
            ),
        )
        marked, small = job.artifact("watermarked"), job.artifact("thumbnail")
        return {
            "video": video.key,
            "watermarked": None if marked is None else marked.key,
            "soundtrack": None,
            "thumbnail": None if small is None else small.key,
        }

    # sound -------------------------------------------------------------------------------------------------------

    async def sound(self, job_id: str, inputs: Json, picture: Json) -> list[Json]:
        """Gives the picture its sound and stores the finished files. Returns them as artifacts."""
        async with self._step(job_id, Phase.SOUND) as run:
            job = run.order.job
            access = text_to_audio_of(self._tools.settings) if job.request.audio.mode == "generate" else None
            local = {
                name: None if key is None else str(await self._lent(run, key, f"silent-{name}"))
                for name, key in picture.items()
            }
            file = None if inputs["sound"] is None else str(await self._lent(run, inputs["sound"], "sound"))
            told = await self._child(
                run,
                {
                    "task": "sound",
                    "video": local["video"],
                    "watermarked": local["watermarked"],
                    "thumbnail": local.get("thumbnail"),
                    "sound": {
                        "mode": job.request.audio.mode,
                        "plan": (job.plan or Plan()).model_dump(mode="json"),
                        "cues": [cue.model_dump(mode="json") for cue in run.order.cues],
                        "prompt": job.request.prompt,
                        "duration_s": job.duration_s,
                        "seed": run.order.seed,
                        "file": file,
                        "models_dir": str(self._tools.settings.resolved_models_dir),
                        "engine_soundtrack": local["soundtrack"],
                        "scene": run.order.scene,
                        "text_to_audio": None if access is None else access.model_dump(mode="json"),
                    },
                },
            )
            if told["notes"]:
                await patiently(self._tools.store.remark, job_id, told["notes"])
            return [await self._publishable(run, kind, about) for kind, about in told["files"].items()]

    async def _publishable(self, run: _Run, kind: str, about: Mapping[str, Any]) -> Json:
        ending, content_type = _CONTENT[kind]
        key = f"{run.results_prefix}/{kind}.{ending}"
        await patiently(self._tools.storage.keep_file, key, Path(about["path"]), content_type)
        job = run.order.job
        picture = kind != "thumbnail"
        return {
            "kind": kind,
            "key": key,
            "content_type": content_type,
            "size_bytes": about["size_bytes"],
            "sha256": about["sha256"],
            "width": job.width if picture else None,
            "height": job.height if picture else None,
            "duration_s": job.duration_s if picture else None,
        }

    # publish, fail, notify -----------------------------------------------------------------------------------------

    async def publish(self, job_id: str, files: list[Json]) -> Json:
        """Ends the job: files, state, credits and outbox in one transaction. Then removes what was only for work."""
        async with self._step(job_id, Phase.PUBLISH, may_be_over=True):
            done = await patiently(
                self._tools.lifecycle.succeed, job_id, [Artifact.model_validate(file) for file in files]
            )
            await patiently(self._tidy, job_id)
            return {"published": done is not None}

    async def fail(self, job_id: str, code: str, message: str) -> Json:
        """Ends the job without a clip, and gives its credits back."""
        failed = await patiently(self._tools.lifecycle.fail, job_id, code, message)
        if failed is not None:
            log.info("job %s failed in %s: %s: %s", job_id, failed.phase, code, message)
        await patiently(self._tidy, job_id)
        return {"failed": failed is not None}

    async def notify(self, job_id: str) -> Json:
        """Has the callbacks sent now that wait in the outbox since the job's end. Waits for none of them."""
        async with self._step(job_id, Phase.NOTIFY, may_be_over=True):
            self._tools.wake_notifier()
            return {}

    def _tidy(self, job_id: str) -> None:
        """Removes working files, and results that are not the job's: of runs that broke off, or of a canceled job."""
        results, work = storage_prefixes(job_id)
        storage = self._tools.storage
        storage.delete_prefix(work)
        job = self._tools.store.load(job_id)
        if job is None or not (job.state.live or job.artifacts):
            storage.delete_prefix(results)
        elif not job.state.live:
            for key in set(storage.list(results)) - {artifact.key for artifact in job.artifacts}:
                storage.delete(key)

    # Shared ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _step(self, job_id: str, phase: Phase, *, may_be_over: bool = False) -> AsyncIterator[_Run]:
        """Enters a phase: takes the running job over, logs the step, and gives it a folder of its own."""
        tools = self._tools
        ours = await patiently(tools.store.enter, job_id, phase, PHASE_SPANS[phase][0], tools.executor_id)
        order = await patiently(tools.store.order, job_id)
        if order is None or not (ours or may_be_over):
            raise ChildAbandoned
        entry = await patiently(tools.steplog.entered, job_id, phase.value, tools.executor_id)
        with await patiently(self._folder, job_id) as folder:
            started_ms = order.job.started_ms
            ran_s = 0.0 if started_ms is None else (tools.store.clock.now_ms() - started_ms) / 1000
            async with time_limit(tools.settings, phase, ran_s):
                yield _Run(job_id=job_id, phase=phase, order=order, entry=entry, work_dir=Path(folder))
        await patiently(tools.steplog.left, entry)

    def _folder(self, job_id: str) -> tempfile.TemporaryDirectory[str]:
        """A new folder to work in, which goes when its block ends."""
        work_root = self._tools.settings.data_dir / "work" / self._tools.executor_id
        try:
            work_root.mkdir(parents=True, exist_ok=True)
            return tempfile.TemporaryDirectory(dir=work_root, prefix=f"{job_id}-", ignore_cleanup_errors=True)
        except OSError as error:
            raise StorageError(f"there is no folder to work in: {error.strerror}") from error

    async def _child(self, run: _Run, task: Json) -> Json:
        """What the child makes of the task. While the disk has no room for it, it is tried again for a while."""
        for delay_s in DISK_PATIENCE_S:
            try:
                return await self._child_run(run, task)
            except StorageError as error:
                log.warning("job %s: %s; tried again in %g s", run.job_id, error.message, delay_s)
                await asyncio.sleep(delay_s)
            if not await unless_away(self._tools.store.held_by, run.job_id, self._tools.executor_id):
                raise ChildAbandoned
        return await self._child_run(run, task)

    async def _child_run(self, run: _Run, task: Json) -> Json:
        tools = self._tools
        low, high = PHASE_SPANS[run.phase]

        async def progress(share: float) -> None:
            if not await unless_away(tools.store.progress, run.job_id, low + (high - low) * share, tools.executor_id):
                raise ChildAbandoned

        async def still_ours() -> bool:
            return await unless_away(tools.store.held_by, run.job_id, tools.executor_id)

        async def started(pid: int) -> None:
            await patiently(tools.steplog.child, run.entry, pid)

        limits = ChildLimits(
            timeout_s=tools.settings.render_timeout_s,
            memory_bytes=tools.settings.render_memory_bytes,
            file_bytes=MAX_VIDEO_BYTES,
        )
        for left in reversed(range(CHILD_TRIES)):
            try:
                return await run_child(
                    task,
                    take=self._take_for(task),
                    work_dir=run.work_dir,
                    limits=limits,
                    progress=progress,
                    still_ours=still_ours,
                    started=started,
                )
            except RenderCrashed:
                if left == 0:
                    raise
                log.warning("job %s: the %s process crashed, trying again", run.job_id, run.phase.value)
        raise AssertionError("the last try returned or raised")

    def _take_for(self, task: Json) -> Callable[[Path], Awaitable[Process]] | None:
        """How the child of a task is got, where one may be ready for it."""
        if task["task"] == "sound":
            return partial(self._spares.take, "sound")
        return partial(self._spares.take, "render") if task["engine"] == "motion" else None

    async def _local(self, run: _Run, key: str, name: str) -> Path:
        """A copy of a stored file in the run's folder."""
        path = run.work_dir / f"in-{name}{Path(key).suffix}"
        await patiently(self._tools.storage.fetch_to, key, path)
        return path

    async def _lent(self, run: _Run, key: str, name: str) -> Path:
        """As :meth:`_local`, to be read only: it may be the stored file itself."""
        path = run.work_dir / f"in-{name}{Path(key).suffix}"
        stored = await patiently(self._tools.storage.local_path, key)
        if stored is not None:
            try:
                os.link(stored, path)  # a link: the clip may be deleted meanwhile
            except OSError as error:
                log.debug("%s is copied: %s", key, error.strerror)  # another disk, or one without links
            else:
                return path
        return await self._local(run, key, name)


@dataclass(frozen=True)
class _Run:
    """One run of one step."""

    job_id: str
    phase: Phase
    order: WorkOrder
    entry: int
    work_dir: Path

    # Every run of a step stores under a name of its own. A worker that was cut off, replaced and then let in again
    # may have a file on its way still: it must not land on the one that its replacement has stored or published.

    @property
    def results_prefix(self) -> str:
        """Where this run stores what the job's owner is to have."""
        return f"{storage_prefixes(self.job_id)[0]}/{self.entry}"

    @property
    def work_prefix(self) -> str:
        """Where this run stores what later steps need."""
        return f"{storage_prefixes(self.job_id)[1]}/{self.entry}"

    @property
    def image_rules(self) -> ImageRules:
        """What images the job's model takes."""
        return ImageRules.model_validate(self.order.quote.get("image_rules") or {})


def _called(ref: MediaRef) -> str:
    return f"The file {ref.name!r}" if ref.name else "The file"
