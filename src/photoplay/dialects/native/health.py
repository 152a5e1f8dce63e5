"""Whether this server is alive and ready."""

from collections.abc import Callable

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from photoplay import __version__
from photoplay.dialects.door import Door, door_of
from photoplay.errors import ArtifactNotFound, StorageError

router = APIRouter(tags=["health"])
_PROBE_KEY = "health/probe"  # never written: asking for it tells whether the store answers


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"
    version: str = __version__


class Check(BaseModel):
    """One thing that a ready server needs."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether clips can be asked for here, and made."""

    ready: bool
    checks: dict[str, Check] = Field(description="database, storage, worker")


@router.get("/healthz", summary="Tell whether the process is alive")
async def healthz() -> Health:
    """Answers as long as the process does; looks at nothing else."""
    return Health()


@router.get(
    "/readyz",
    summary="Tell whether clips can be made",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready"}},
)
def readyz(request: Request) -> JSONResponse:
    """200 when the database and the store answer and some worker renders; 503 with what is wrong otherwise."""
    door = door_of(request)
    checks = {name: check(door) for name, check in CHECKS.items()}
    state = Readiness(ready=all(check.ok for check in checks.values()), checks=checks)
    return JSONResponse(state.model_dump(), status_code=200 if state.ready else 503)


def _database(door: Door) -> Check:
    try:
        with door.runtime.engine.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))
    except sa.exc.SQLAlchemyError:
        return Check(ok=False, detail="the database does not answer")
    return Check(ok=True, detail="answers")


def _storage(door: Door) -> Check:
    try:
        door.runtime.storage.stat(_PROBE_KEY)
    except ArtifactNotFound:
        return Check(ok=True, detail="answers")
    except StorageError as error:
        return Check(ok=False, detail=error.message)
    return Check(ok=True, detail="answers")


def _worker(door: Door) -> Check:
    try:
        seen = [worker.seen_ms for worker in door.runtime.register.all()]
    except sa.exc.SQLAlchemyError:
        return Check(ok=False, detail="unknown: the database does not answer")
    fresh = sum(seen_ms > door.clock.now_ms() - door.runtime.settings.executor_ttl_s * 1000 for seen_ms in seen)
    return Check(ok=fresh > 0, detail=f"{fresh} alive" if fresh else "no worker is alive")


CHECKS: dict[str, Callable[[Door], Check]] = {"database": _database, "storage": _storage, "worker": _worker}
