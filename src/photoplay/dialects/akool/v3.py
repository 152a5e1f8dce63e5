"""AKOOL's v3 calls that image2Video's programs need: the token, the balance, and two older ways to read videos.

The two reads are not on the vendor's image2Video page. Programs in use call them and read ``video``, ``external_video``
and ``video_status`` there (1 to 4, as everywhere); the list's frame (``data.result``) is that of the v4 reads.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from photoplay.dialects.akool import bodies, wire
from photoplay.dialects.akool import errors as codes
from photoplay.dialects.akool.access import DOCUMENTED, Calling
from photoplay.dialects.akool.answers import ok
from photoplay.dialects.door import Door, door_of
from photoplay.errors import JobNotFound
from photoplay.jobs.job import Job

V3 = "/api/open/v3"
MAX_PAGES = 100_000
MAX_SIZE = 100

router = APIRouter()


@router.post(f"{V3}/getToken", response_model=bodies.TokenAnswer, summary="Get a token")
def get_token(request: Request, body: bodies.TokenBody) -> JSONResponse:
    """A bearer token for a client id and secret. It lasts more than a year."""
    token = door_of(request).runtime.tokens.issue_token(body.client_id, body.client_secret)
    return ok(bodies.TokenAnswer(token=token))


@router.get(
    f"{V3}/faceswap/quota/info",
    response_model=bodies.QuotaAnswer,
    dependencies=DOCUMENTED,
    summary="Read the credit balance",
)
def quota(request: Request, caller: Calling) -> JSONResponse:
    """Credits that can be spent now; what running jobs hold is not among them."""
    balance = door_of(request).runtime.balance(caller.account.id)
    return ok(bodies.QuotaAnswer(data=bodies.QuotaData(credit=balance.available)))


@router.get(
    f"{V3}/content/video/infobymodelid",
    response_model=bodies.ContentAnswer,
    dependencies=DOCUMENTED,
    summary="Read a video (older way)",
)
def info(
    request: Request,
    caller: Calling,
    video_model_id: Annotated[str, Query(description="`_id` of the video", examples=["68919a464b4dbdd4ab3d3034"])],
) -> JSONResponse:
    """One video. `data.video` is its link once `data.video_status` is 3."""
    door = door_of(request)
    try:
        job = door.runtime.service.get(caller.account.id, video_model_id.strip())
    except JobNotFound as error:
        raise JobNotFound(codes.NO_SUCH_VIDEO) from error
    return ok(bodies.ContentAnswer(data=_item(door, request, caller, job)))


@router.get(
    f"{V3}/content/video/list",
    response_model=bodies.ContentListAnswer,
    dependencies=DOCUMENTED,
    summary="List videos (older way)",
)
def videos(
    request: Request,
    caller: Calling,
    page: Annotated[int, Query(ge=1, le=MAX_PAGES, description="From 1")] = 1,
    size: Annotated[int, Query(ge=1, le=MAX_SIZE, description="Videos a page")] = 10,
) -> JSONResponse:
    """The account's videos, the newest first, whichever API they were made through."""
    door = door_of(request)
    found = door.runtime.service.list(caller.account.id, limit=size, offset=(page - 1) * size)
    items = [_item(door, request, caller, job) for job in found.jobs]
    return ok(bodies.ContentListAnswer(data=bodies.ContentData(result=items)))


def _item(door: Door, request: Request, caller: Calling, job: Job) -> bodies.ContentItem:
    link = door.artifact_link(door.base_url(request), job, "video", stem=job.object_id)
    return wire.content_item(job, caller.account, video_url=link)
