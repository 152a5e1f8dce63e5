"""What effects look like: logo and preview clip, made by the engine when somebody first asks for them.

They are kept in the artifact store under ``effects/<slug>/``, are the same bytes wherever they are made, and never
end. Making one takes some seconds in a render child; one is made at a time, so that asking for all of them at
once does not take the machine away from the jobs.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from photoplay.errors import ArtifactNotFound
from photoplay.jobs.child import ChildLimits, run_child
from photoplay.settings import Settings
from photoplay.storage import Storage

PREVIEW_FILES: Mapping[str, str] = {"logo.png": "image/png", "preview.mp4": "video/mp4"}
"""Name and type of each file of a preview."""
_TIMEOUT_S = 120.0
_MAX_FILE_BYTES = 64 * 1024**2

log = logging.getLogger(__name__)


def preview_key(slug: str, filename: str) -> str:
    """Where a file of an effect's preview is kept in the artifact store."""
    return f"effects/{slug}/{filename}"


class Previews:
    """Makes previews that are missing. Belongs to one event loop."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._turn = asyncio.Semaphore(1)
        self._making: dict[str, asyncio.Task[None]] = {}

    async def ensure(self, slug: str) -> None:
        """Returns when the preview of that effect is in the store.

        Raises:
            RequestError: the engine has no such effect.
            RenderError: it could not be made.
        """
        if await asyncio.to_thread(self.has, slug):
            return
        task = self._making.get(slug)
        if task is None:
            task = asyncio.create_task(self._make(slug))
            self._making[slug] = task
            task.add_done_callback(lambda _: self._making.pop(slug, None))
        await asyncio.shield(task)  # whoever asked may go away; the others still want it

    def has(self, slug: str) -> bool:
        """Whether every file of the preview is in the store."""
        try:
            for filename in PREVIEW_FILES:
                self._storage.stat(preview_key(slug, filename))
        except ArtifactNotFound:
            return False
        return True

    async def close(self) -> None:
        """Stops what is being made."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, slug: str) -> None:
        async with self._turn:
            root = self._settings.data_dir / "tmp"
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=root, prefix="preview-", ignore_cleanup_errors=True) as folder:
                told = await run_child(
                    {"task": "preview", "slug": slug, "models_dir": str(self._settings.resolved_models_dir)},
                    work_dir=Path(folder),
                    limits=ChildLimits(
                        timeout_s=_TIMEOUT_S,
                        memory_bytes=self._settings.render_memory_bytes,
                        file_bytes=_MAX_FILE_BYTES,
                    ),
                    progress=_unheeded,
                    still_ours=_always,
                )
                for filename, content_type in PREVIEW_FILES.items():
                    path = Path(told["files"][filename])
                    await asyncio.to_thread(self._storage.put_file, preview_key(slug, filename), path, content_type)
        log.info("made the preview of the effect %s", slug)


async def _unheeded(_share: float) -> None:
    """Progress that nobody is told of."""


async def _always() -> bool:
    """A preview is nobody else's work."""
    return True
