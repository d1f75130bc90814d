"""A call as it arrives: headers, body within its limit, parameters, key. Read strictly, or stopped here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sceau.catalogue import Language
from sceau.enrolment.rest.caller import Credentials
from sceau.enrolment.rest.json_text import read_json
from sceau.enrolment.rest.problems import NotServedError, stop
from sceau.enrolment.rest.requests import query_value
from sceau.enrolment.rest.routes import Route
from sceau.enrolment.rest.shapes import BODY, Record, fits, read_shape
from sceau.operations import Actor
from sceau.vocabulary import Finding

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

LONGEST_QUERY = 2_000
_LONGEST_LANGUAGES = 500
_WISH = re.compile(
    r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.ASCII
)
_KEY = re.compile(r'"?([A-Za-z0-9._~-]{1,40})"?', re.ASCII)
_JSON = re.compile(r"application/json(\s*;\s*charset=\"?utf-8\"?)?", re.ASCII | re.IGNORECASE)


@dataclass(slots=True)
class Incoming:
    """A call before it is admitted."""

    route: Route
    method: str
    reference: str
    query: bytes
    headers: dict[bytes, tuple[bytes, ...]]
    shown: Credentials
    instance: str
    language: Language = Language.FRENCH
    body: bytes = b""
    actor: Actor | None = None


def read_language(headers: Iterable[tuple[bytes, bytes]]) -> Language:
    """The language that Accept-Language prefers among ours [RFC 9110 §12.5.4]: English where it stands before
    French, else French. What cannot be read is no wish.
    """
    sent = b",".join(value for name, value in headers if name.lower() == b"accept-language")
    if len(sent) > _LONGEST_LANGUAGES:
        return Language.FRENCH
    wishes: dict[str, float] = {}
    for one in sent.decode("latin-1").split(","):
        wish = _WISH.fullmatch(one)
        if wish:
            wishes.setdefault(wish[1].lower(), float(wish[2] or 1))
    known = [code for code in wishes if code in set(Language) and wishes[code] > 0]
    others = wishes.get("*", 0.0) if Language.FRENCH not in wishes else 0.0
    best = max(known, key=wishes.__getitem__, default=Language.FRENCH.value)  # the first of equals
    return Language(best) if wishes.get(best, 0.0) >= others else Language.FRENCH


def check_body_headers(incoming: Incoming) -> None:
    """JSON and nothing else, sent by a program: a browser always says its origin [ASSURANCE T35]."""
    kinds = incoming.headers.get(b"content-type", ())
    if len(kinds) != 1 or not _JSON.fullmatch(kinds[0].decode("latin-1").strip()):
        raise stop(415, [Finding.error("api.media-type", "Content-Type")])
    if incoming.headers.get(b"content-encoding", (b"identity",)) != (b"identity",):
        raise stop(415, [Finding.error("api.encoding", "Content-Encoding")])
    if b"origin" in incoming.headers:
        raise stop(403, [Finding.error("api.browser", "Origin")])


def announced_length(incoming: Incoming) -> int | None:
    """The length that the call says its body has; None when it does not say."""
    lengths = incoming.headers.get(b"content-length", ())
    if len(lengths) == 1 and len(lengths[0]) < 16 and lengths[0].isdigit():
        return int(lengths[0])
    return None


async def take_body(receive: Receive, limit: int) -> bytes:
    """The body as it comes, never more than `limit` octets of it."""
    kept = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise stop(400, [Finding.error("api.json", BODY)])
        kept += message.get("body", b"")
        if len(kept) > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return bytes(kept)


def too_large(limit: int) -> NotServedError:
    """A body beyond its limit; it is not read further."""
    return stop(413, [Finding.error("api.too-large", BODY, limit=limit)], connection="close")


def read_query(shape: Record | None, query: bytes) -> dict[str, Any]:
    """The parameters of the address, each once and known."""
    if not query:
        return {}
    if shape is None:
        raise stop(400, [Finding.error("api.query", "adresse")])
    try:
        text = query.decode("ascii") if len(query) <= LONGEST_QUERY else "?"
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=10
        )
    except ValueError as error:
        raise stop(400, [Finding.error("api.query", "adresse")]) from error
    known = {field.name: field.shape for field in shape.fields}
    read = {name: query_value(known[name], text) if name in known else text for name, text in pairs}
    if len(read) != len(pairs):
        raise stop(400, [Finding.error("api.query", "adresse")])
    found = read_shape(shape, read, path=BODY)
    if found:
        raise stop(400, found)
    return read


def read_key(incoming: Incoming) -> str:
    """The idempotency key, which a call that changes something must have."""
    given = incoming.headers.get(b"idempotency-key", ())
    if not given:
        raise stop(400, [Finding.error("api.key-missing", "Idempotency-Key")])
    read = _KEY.fullmatch(given[0].decode("latin-1").strip())
    if len(given) != 1 or read is None:
        raise stop(400, [Finding.error("api.key-unreadable", "Idempotency-Key")])
    return read[1]


def read_body(incoming: Incoming) -> dict[str, Any]:
    """The body, of one of the shapes that the route takes."""
    read = read_json(incoming.body)
    if read.value is None:
        raise stop(400, read.findings)
    shape = _shape_of(incoming.route.bodies, read.value)
    if not fits(shape, read.value):
        raise stop(400, read_shape(shape, read.value, path=BODY))
    body: dict[str, Any] = read.value
    return body


def plain_body(sent: bytes, bodies: tuple[Record, ...]) -> dict[str, Any] | None:
    """The body, of one of these shapes; None when it is of none: `read_body` says why."""
    body: dict[str, Any] | None = read_json(sent).value
    return body if body is not None and fits(_shape_of(bodies, body), body) else None


def _shape_of(bodies: tuple[Record, ...], body: dict[str, Any]) -> Record:
    return bodies[1] if len(bodies) > 1 and "requests" in body else bodies[0]
