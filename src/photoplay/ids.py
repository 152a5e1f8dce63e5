"""Identifiers.

A job has one primary id and two aliases, because the wire APIs we speak disagree on what an id looks
like and any job can be read through any of them:

* ``id``: a UUIDv7 as 32 lower-case hex digits: sorts by creation time, so queues stay first-in-first-out.
* ``object_id``: 24 hex digits, the first 8 are the creation second (the shape MongoDB calls ObjectId).
* ``number``: 18 decimal digits: milliseconds since 2023-01-01 in the high part, random bits in the low part.

Ids are not secrets: every read is checked against the caller's account.
"""

from __future__ import annotations

import re
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_NUMBER_EPOCH_MS = 1_672_531_200_000  # 2023-01-01T00:00:00Z
_NUMBER_RANDOM_BITS = 18
_NUMBER_FLOOR = 10**17  # keeps every number at 18 digits

_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX24 = re.compile(r"[0-9a-f]{24}")
_DEC18 = re.compile(r"[0-9]{18}")


def job_id(now_ms: int) -> str:
    """A new UUIDv7 (RFC 9562), 32 hex digits."""
    value = (now_ms & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return f"{value:032x}"


def first_job_id(since_ms: int) -> str:
    """What no id made at that millisecond or later is below, and no earlier one is above."""
    return f"{min(max(since_ms, 0), 2**48 - 1):012x}{'0' * 20}"


def object_id(now_ms: int) -> str:
    """A new 24-digit hex id whose first 8 digits are the second of ``now_ms``."""
    return f"{now_ms // 1000:08x}{secrets.token_hex(8)}"


def number_id(now_ms: int) -> str:
    """A new 18-digit decimal id that rises with time."""
    value = ((now_ms - _NUMBER_EPOCH_MS) << _NUMBER_RANDOM_BITS) | secrets.randbits(_NUMBER_RANDOM_BITS)
    return str(_NUMBER_FLOOR + value % (9 * _NUMBER_FLOOR))


def is_job_id(text: str) -> bool:
    """Whether ``text`` has the shape of a primary job id."""
    return _HEX32.fullmatch(text) is not None


def is_object_id(text: str) -> bool:
    """Whether ``text`` has the shape of an object id."""
    return _HEX24.fullmatch(text) is not None


def is_number_id(text: str) -> bool:
    """Whether ``text`` has the shape of a number id."""
    return _DEC18.fullmatch(text) is not None


def token(length: int) -> str:
    """``length`` random letters and digits, fit for a secret (5.95 bits a character)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
