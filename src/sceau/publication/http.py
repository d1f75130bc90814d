"""What comes in and what goes out of the public server, whatever server software carries it.

Plain values, and the few rules of HTTP that a read-only shelf needs: HEAD, conditional requests,
caching, refusals in French. No cookie, no redirect, nothing that depends on who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_PLAIN = "text/plain; charset=utf-8"
_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "cross-origin"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request. `path` is percent-decoded and begins with a slash; header names are in lower case. `wire` is
    what makes the request this one on the wire: a GET's path as it was sent, or a POST's body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    wire: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


def text_answer(status: int, sentence: str, *headers: tuple[str, str]) -> Answer:
    """A refusal in one French sentence."""
    return _complete(status, _PLAIN, (sentence + "\n").encode(), (("cache-control", "no-store"), *headers))


def content_answer(content_type: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    """A body that was asked for."""
    return _complete(200, content_type, body, headers)


def http_date(at: datetime) -> str:
    """IMF-fixdate [RFC 9110 §5.6.7]."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def conditional(question: Question, answer: Answer) -> Answer:
    """The answer, or 304 without body when the asker has it already; without body for HEAD [RFC 9110
    §13.2].
    """
    if (
        question.method in ("GET", "HEAD")
        and answer.status == 200
        and _is_fresh(question, dict(answer.headers))
    ):
        kept = tuple((name, value) for name, value in answer.headers if not name.startswith("content-"))
        return Answer(304, kept)
    return replace(answer, body=b"") if question.method == "HEAD" else answer


def _is_fresh(question: Question, headers: Mapping[str, str]) -> bool:
    etags = question.headers.get("if-none-match")
    if etags is not None:
        held = {etag.strip().removeprefix("W/") for etag in etags.split(",")}
        return "*" in held or headers.get("etag") in held
    since, modified = question.headers.get("if-modified-since"), headers.get("last-modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _complete(status: int, content_type: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Answer:
    own = (("content-type", content_type), ("content-length", str(len(body))))
    return Answer(status, own + headers + _ALWAYS, body)
