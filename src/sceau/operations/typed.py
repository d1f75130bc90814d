"""What people type into an act besides forms: reasons, notes, keys. Bounded, and nothing hidden in it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from sceau.vocabulary import Finding, Refused

LONGEST_TEXT = 4_000
LONGEST_FORM = 256 * 1024
LONGEST_KEY = 64


def read_text(value: str, *, subject: str, required: bool = True) -> str:
    """A text of several lines, trimmed, NFC. Refused: empty when required, too long, control characters."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if not text and required:
        raise Refused([Finding.error("operations.text-missing", subject)])
    if len(text) > LONGEST_TEXT:
        raise Refused([Finding.error("operations.text-too-long", subject, longest=LONGEST_TEXT)])
    if any(_is_hidden(character) for character in text):
        raise Refused([Finding.error("operations.text-hidden", subject)])
    return text


def read_key(value: str) -> str | None:
    """An idempotency key: up to 64 visible ASCII characters; None when there is none."""
    if not value:
        return None
    is_visible = value.isascii() and value.isprintable() and " " not in value
    if len(value) > LONGEST_KEY or not is_visible:
        raise Refused([Finding.error("operations.key-unreadable", "idempotency_key")])
    return value


_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Mapping[str, Any]) -> str:
    """Deterministic JSON, as versions are kept and digested. Refused when it cannot be kept as text."""
    try:
        text = _WRITER.encode(value)
        size = len(text.encode())
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused([Finding.error("order.form-unkeepable", "form")]) from error
    if size > LONGEST_FORM or "\\u0000" in text:
        raise Refused([Finding.error("order.form-unkeepable", "form")])
    return text


def digest_of(text: str) -> str:
    """Hex SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _is_hidden(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
