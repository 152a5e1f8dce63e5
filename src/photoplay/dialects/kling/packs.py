"""An account's credits as the vendor counts them: a resource pack with units in it."""

from __future__ import annotations

from photoplay.accounts import Account
from photoplay.dialects.kling import wire
from photoplay.jobs.runtime import Runtime

NEVER_MS = 4_102_444_800_000
"""2100-01-01: credits do not end here, but clients want a time at which a pack does."""


def packs_of(runtime: Runtime, account: Account) -> list[wire.ResourcePack]:
    """The account's one pack: all that it was ever granted, and what it can spend now."""
    left = runtime.balance(account.id).available
    return [
        wire.ResourcePack(
            resource_pack_name=f"photoplay {account.plan}",
            resource_pack_id=account.object_id,
            resource_pack_type="decreasing_total",
            total_quantity=runtime.issued(account.id),
            remaining_quantity=left,
            purchase_time=account.created_ms,
            effective_time=account.created_ms,
            invalid_time=NEVER_MS,
            status="online" if left > 0 else "runOut",
        )
    ]
