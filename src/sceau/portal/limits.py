"""How often the same address may try something costly or guessable, within this process.

A brake, not a wall: the verbs hold the limits that count (codes), in the database.
"""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest


def too_often(request: HttpRequest, what: str, *, per_minute: int) -> bool:
    """Count this try; whether it is one too many for this minute."""
    address = request.META.get("REMOTE_ADDR") or "?"
    minute = _minute()
    key = f"brake:{what}:{address}:{minute}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) > per_minute
    except ValueError:  # evicted between the two calls
        return False


def _minute() -> int:
    from sceau.operations import machine

    return int(machine().clock().timestamp() // 60)
