"""How an answer of this door goes out: its JSON, its headers, and the whole of it as octets.

The headers are named once, for the careful path (pairs, as ASGI wants them) and for the short way (octets).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError

from sceau.catalogue import Language
from sceau.enrolment.rest.answers import written
from sceau.enrolment.rest.calls import Reply
from sceau.enrolment.rest.problems import Problem, defect, problem_of
from sceau.vocabulary import Fault

log = logging.getLogger("sceau.enrolment")

Pairs = Sequence[tuple[bytes, bytes]]

_NAMED = "urn:uuid:"
_STATUS = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode("ascii") for one in HTTPStatus}
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def new_instance() -> str:
    """A call's own name: a random UUID as a URN [RFC 9562 §5.4]."""
    drawn = os.urandom(16).hex()
    return (
        f"{_NAMED}{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{_VARIANT[drawn[16]]}{drawn[17:20]}-{drawn[20:]}"
    )


def as_json(value: Any) -> bytes:
    """One line of JSON, UTF-8."""
    return written(value) + b"\n"


def guards_of(hsts: int) -> Pairs:
    """What every answer says, whatever it is; `hsts` in seconds."""
    found = [
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"vary", b"Accept-Language"),
    ]
    if hsts:
        found.append((b"strict-transport-security", b"max-age=%d" % hsts))
    return found


def body_of(reply: Reply) -> bytes:
    """The body, written out."""
    return reply.raw if reply.raw is not None else as_json(reply.body)


def headers_of(reply: Reply, *, instance: str, size: int) -> list[tuple[bytes, bytes]]:
    """What this answer says of itself; `size` is its body's, in octets."""
    named = _named(reply, instance=instance, size=size)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]


def _named(reply: Reply, *, instance: str, size: int) -> list[tuple[str, str]]:
    own = [("x-request-id", instance.removeprefix(_NAMED))]
    if reply.status != 204:
        own += (("content-type", reply.content_type), ("content-length", str(size)))
    return own + list(reply.headers.items()) if reply.headers else own


def whole(reply: Reply, *, instance: str, guards: bytes) -> tuple[bytes, bytes]:
    """The status line, and all that follows the headers of the server: an answer as it goes over the wire.
    `guards` are those of `guards_of`, as `lines_of` writes them.
    """
    body = body_of(reply)
    named = _named(reply, instance=instance, size=len(body))
    text = "".join([f"{name}: {value}\r\n" for name, value in named])
    return _STATUS[reply.status], b"%b%b\r\n%b" % (guards, text.encode("latin-1"), body)


def lines_of(pairs: Pairs) -> bytes:
    """Headers as octets."""
    return b"".join([b"%b: %b\r\n" % pair for pair in pairs])


def no(error: Exception, *, instance: str, language: Language) -> Reply:
    """The answer to what was raised; what the operator should know is written down under the call's name."""
    problem = _problem_of(error, instance)
    return Reply(
        problem.status,
        problem.document(instance, language),
        content_type="application/problem+json",
        headers={**problem.headers, "content-language": language},
    )


def _problem_of(error: Exception, instance: str) -> Problem:
    problem = problem_of(error)
    if problem is None:
        log.error("no answer to %s", instance, exc_info=error)
        return defect()
    if isinstance(error, Fault | OperationalError | InterfaceError):
        log.warning("fault in %s: %s", instance, error)
    return problem
