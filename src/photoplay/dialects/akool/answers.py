"""How an answer of AKOOL's API is written."""

from fastapi.responses import JSONResponse
from pydantic import BaseModel


def ok(answer: BaseModel, *, nulls: bool = False) -> JSONResponse:
    """An answer under the names of the wire. What is ``None`` is left out, unless ``nulls`` belong to it."""
    return JSONResponse(answer.model_dump(mode="json", by_alias=True, exclude_none=not nulls))
