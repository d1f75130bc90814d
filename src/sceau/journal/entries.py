"""What a line of the journal says, and the one way to write it as bytes.

An entry tells what happened (`kind`), when, by whom, to which objects, with which public data and under which
catalogue. Personal data never stand in it: the entry holds their *commitment*, SHA-256 over a salt and the
data, and salt and data are kept beside. So a person's data can be erased, or kept back from an auditor, and
the tree stays whole. Whether a state change may happen is decided elsewhere; salts and times are arguments.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sceau.vocabulary import Finding, Reading, read_ok, read_refused

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]

VERSION = 1
SALT_BYTES = 32
MAX_ENTRY_BYTES = 65_535
"""What one record of a C2SP entry bundle can hold (tlog-tiles): the public log to come needs no rewriting."""

KIND = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
DIGEST = re.compile(r"[0-9a-f]{64}")
MACHINE = re.compile(r"machine:[a-z0-9-]+")
_LARGEST = 2**53 - 1  # beyond it, JSON readers of other languages lose digits
_FIELDS = frozenset(("about", "actor", "at", "catalogue", "commitments", "kind", "public", "v"))


def _refuse_float(text: str) -> None:
    raise ValueError(f"{text} is a floating-point number")


def _read_int(text: str) -> int:
    value = int(text) if len(text) < 18 else _LARGEST + 1
    if abs(value) > _LARGEST:
        raise ValueError(f"{text[:20]} is too large an integer")
    return value


quoted: Callable[[str], str] = json.encoder.encode_basestring
"""A text as JSON writes it."""
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_READER = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float, parse_int=_read_int)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. Raises `ValueError` when it could not be written as it is (a defect of the
    caller).

    `kind` is ``topic.event`` (``order.received``); `at` is timezone-aware; `actor` is the commitment to who
    acted (made by `commit`, disclosed under the name ``actor``) or ``machine:<name>``; `about` holds
    references (``order/2026-000012``), never names of people; `public` is plain data anybody may read;
    `catalogue` is the hex digest of the catalogue in force; `commitments` maps a name to a hex commitment.
    """

    kind: str
    at: datetime
    actor: str
    about: tuple[str, ...] = ()
    public: Mapping[str, Json] = field(default_factory=dict)
    catalogue: str = ""
    commitments: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not KIND.fullmatch(self.kind):
            raise ValueError(f"{self.kind!r} is no kind of entry")
        if self.at.tzinfo is None:
            raise ValueError("the time of an entry needs its zone")
        if not (DIGEST.fullmatch(self.actor) or MACHINE.fullmatch(self.actor)):
            raise ValueError("the actor of an entry is a commitment or a machine")
        if self.catalogue and not DIGEST.fullmatch(self.catalogue):
            raise ValueError("the catalogue of an entry is a digest")
        if not isinstance(self.public, Mapping) or not all(isinstance(name, str) for name in self.about):
            raise ValueError("an entry's public data are a mapping, what it is about is text")
        if not all(DIGEST.fullmatch(value) for value in self.commitments.values()):
            raise ValueError("a commitment of an entry is no digest")

    def committed(self, name: str) -> str | None:
        """The commitment of that name: one of `commitments`, or the actor under ``actor``."""
        if name == "actor":
            return self.actor if DIGEST.fullmatch(self.actor) else None
        return self.commitments.get(name)


def read_entry(line: bytes) -> Reading[Entry]:
    """The entry in these bytes (no newline). Refused when they are not exactly what `encode_entry` writes."""
    try:
        raw = _READER.decode(line.decode())
        if len(line) <= MAX_ENTRY_BYTES and _bytes_of(raw) == line:
            return read_ok(_entry_of(raw))
    except (ValueError, TypeError, KeyError, RecursionError):
        pass  # said below, in one sentence: the line is not one that this system writes
    return read_refused(Finding.error("journal.not-canonical", _excerpt(line)))


def canonical(value: Json) -> bytes:
    """Deterministic JSON: keys sorted by code point, no spaces, UTF-8, no floating point, integers within
    2^53.

    A half of a surrogate pair (which UTF-8 cannot hold, and a machine's JSON can) is written as its JSON
    escape. Raises `ValueError` or `TypeError` for anything else than text, integers, booleans, null, lists
    and mappings.
    """
    return octets_of(spell(value))


def spell(value: Any) -> str:
    """The text of what `canonical` gives the octets of. What is plain at sight needs no writer."""
    kind = type(value)
    if kind is str:
        return quoted(value)
    if value is None:
        return "null"
    if kind is int and -_LARGEST < value < _LARGEST:
        return str(value)
    if kind is list and _TEXT.issuperset(map(type, value)):
        return f"[{','.join(map(quoted, value))}]"
    return _WRITER.encode(_plain(value))


def _bytes_of(plain: Any) -> bytes:
    """The canonical bytes of what is known to be plain (made by `_plain` or by the reader)."""
    return octets_of(_WRITER.encode(plain))


def octets_of(text: str) -> bytes:
    """JSON text as UTF-8."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return joined.encode("utf-8", "backslashreplace")


def commit(data: Json, *, salt: bytes) -> str:
    """The hex commitment to `data`: SHA-256(salt ‖ canonical(data)). The salt is 32 random bytes, new for
    each.
    """
    return commit_to(canonical(data), salt=salt)


def commit_to(text: bytes, *, salt: bytes) -> str:
    """The hex commitment to data of which `text` are the canonical bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(salt + text).hexdigest()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What opens one commitment of the entry at `position`: its name, the salt and the data."""

    position: int
    name: str
    salt: bytes
    data: Json

    def encode(self) -> bytes:
        """One line of ``disclosures.jsonl``, without the newline."""
        return canonical(
            {"position": self.position, "name": self.name, "salt": self.salt.hex(), "data": self.data}
        )


def read_disclosure(line: bytes) -> Reading[Disclosure]:
    """The disclosure in one line of ``disclosures.jsonl``."""
    try:
        raw = _READER.decode(line.decode())
        position, name, salt, data = (raw.pop(key) for key in ("position", "name", "salt", "data"))
        if not raw and type(position) is int and position >= 0 and isinstance(name, str):
            return read_ok(Disclosure(position, name, bytes.fromhex(salt), data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # said below
    return read_refused(Finding.error("journal.disclosure-unreadable", _excerpt(line)))


def _entry_of(raw: Any) -> Entry:
    if not isinstance(raw, dict) or frozenset(raw) != _FIELDS or raw["v"] != VERSION:
        raise ValueError("not the fields of an entry")
    if type(raw["v"]) is not int or type(raw["about"]) is not list or type(raw["commitments"]) is not dict:
        raise TypeError("not the shape of an entry")
    entry = Entry(
        kind=raw["kind"],
        at=datetime.fromisoformat(raw["at"]),
        actor=raw["actor"],
        about=tuple(raw["about"]),
        public=raw["public"],
        catalogue=raw["catalogue"],
        commitments=raw["commitments"],
    )
    if instant_of(entry.at) != raw["at"]:
        raise ValueError("not the way an entry writes its time")
    return entry


def instant_of(at: datetime) -> str:
    """A timezone-aware instant as an entry writes it: UTC, six decimals, ``Z``."""
    return _utc_instant(at) if at.tzinfo is UTC else _spelt_instant(at)


def _spelt_instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_utc_instant = lru_cache(maxsize=256)(_spelt_instant)  # the entries of one batch have one instant


def _plain(value: Any) -> Any:
    """`value` made of what JSON has and everybody reads alike; raises for the rest."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        if _is_flat(value):
            return value
        return {_key(key): item if type(item) is str else _plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        if not value:
            return value
        return [_plain(item) for item in value]
    return _plain_of_kind(value)


_TEXT, _AS_IT_IS = frozenset((str,)), frozenset((str, bool, type(None), int))


def _is_flat(value: dict[Any, Any]) -> bool:
    """Whether `value` is plain already: names with text, no value, or an integer that needs no look."""
    return (
        _TEXT.issuperset(map(type, value))
        and _AS_IT_IS.issuperset(map(type, value.values()))
        and all([one < _LARGEST and one > -_LARGEST for one in value.values() if type(one) is int])
    )


def _plain_of_kind(value: Any) -> Any:
    """The rarer kinds: integers, enumerations, and mappings or sequences of other types."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"{value} is too large an integer for a journal entry: write it as text")
        return int(value)
    if isinstance(value, Mapping):
        return _plain(dict(value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return _plain(list(value))
    raise TypeError(f"{type(value).__name__} has no place in a journal entry")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a key of a journal entry is not text")
    return str(key)


def _excerpt(line: bytes) -> str:
    return line[:60].decode("utf-8", "replace")
