"""Where the operator's prompt extender is, out of the settings."""

from __future__ import annotations

from photoplay.engines.base import ChatAccess
from photoplay.settings import Settings


def extender_of(settings: Settings) -> ChatAccess | None:
    """The chat API that extends prompts; None when the operator has named none and the engine does it by itself."""
    if settings.extend_prompt_url is None:
        return None
    return ChatAccess(
        url=settings.extend_prompt_url,
        key=settings.extend_prompt_key,
        model=settings.extend_prompt_model,
        timeout_s=settings.extend_prompt_timeout_s,
    )
