"""What a JSON value must look like, declared once: the same declaration reads it and describes it in OpenAPI.

Decides form only: types, lengths, choices, nothing missing, nothing unknown. What a value means is decided
by the rooms that own the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sceau.vocabulary import Finding, displayed

MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A text of `shortest` to `longest` characters; `lines`: several lines may be. `nullable`: in answers."""

    about: str
    longest: int
    shortest: int = 1
    choices: tuple[str, ...] = ()
    lines: bool = False
    example: str = ""
    format: str = ""
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false, and nothing that looks like it."""

    about: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, both ends included."""

    about: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Several:
    """A list."""

    about: str
    of: Shape
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a record."""

    name: str
    shape: Shape
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An object: these members and no others. `name` is its name in OpenAPI."""

    name: str
    about: str
    fields: tuple[Field, ...]
    nullable: bool = False


Shape = Text | Flag | Whole | Several | Record


def read_shape(shape: Shape, value: Any, *, path: str) -> tuple[Finding, ...]:
    """Everything that keeps `value` from having this shape; empty when it has."""
    found: list[Finding] = []
    _look(shape, value, path, found)
    return tuple(found[:MOST_FINDINGS])


def fits(shape: Shape, value: Any) -> bool:
    """Whether `value` has this shape: what `read_shape` finds nothing in, without the words."""
    known = _CHECKS.get(id(shape))
    if known is None or known[0] is not shape:
        known = _CHECKS[id(shape)] = (shape, _check_of(shape))
    return known[1](value)


_Check = Callable[[Any], bool]
_CHECKS: dict[int, tuple[Shape, _Check]] = {}


def _check_of(shape: Shape) -> _Check:
    """The shape as one function, made once."""
    match shape:
        case Text():
            return _text_check(shape)
        case Flag():
            return lambda value: type(value) is bool
        case Whole():
            least, most = shape.least, shape.most
            return lambda value: type(value) is int and least <= value <= most
        case Several():
            of, fewest, many = _check_of(shape.of), shape.least, shape.most
            return lambda value: type(value) is list and fewest <= len(value) <= many and all(map(of, value))
        case Record():
            return _record_check(shape)


def _text_check(shape: Text) -> _Check:
    shortest, longest, choices, lines = shape.shortest, shape.longest, frozenset(shape.choices), shape.lines

    def check(value: Any) -> bool:
        if type(value) is not str:
            return value is None and nullable
        return (
            shortest <= len(value) <= longest
            and _is_plain(value, lines=lines)
            and (not choices or value in choices)
        )

    nullable = shape.nullable
    return check


def _record_check(shape: Record) -> _Check:
    known = {field.name: _check_of(field.shape) for field in shape.fields}
    required, nullable = frozenset(field.name for field in shape.fields if field.required), shape.nullable

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return value is None and nullable
        if not value.keys() >= required:
            return False
        for name, one in value.items():
            judge = known.get(name)
            if judge is None or not judge(one):
                return False
        return True

    return check


def _look(shape: Shape, value: Any, path: str, found: list[Finding]) -> None:
    if len(found) >= MOST_FINDINGS:
        return
    if value is None and isinstance(shape, Text | Record) and shape.nullable:
        return
    match shape:
        case Text():
            _look_at_text(shape, value, path, found)
        case Flag():
            if not isinstance(value, bool):
                found.append(Finding.error("api.field-type", path, wanted="true ou false"))
        case Whole():
            _look_at_whole(shape, value, path, found)
        case Several():
            _look_at_list(shape, value, path, found)
        case Record():
            _look_at_record(shape, value, path, found)


def _look_at_text(shape: Text, value: Any, path: str, found: list[Finding]) -> None:
    if not isinstance(value, str):
        found.append(Finding.error("api.field-type", path, wanted="un texte"))
    elif not shape.shortest <= len(value) <= shape.longest:
        found.append(Finding.error("api.field-length", path, shortest=shape.shortest, longest=shape.longest))
    elif not _is_plain(value, lines=shape.lines):
        found.append(Finding.error("api.field-text", path))
    elif shape.choices and value not in shape.choices:
        found.append(
            Finding.error("api.field-choice", path, given=displayed(value), choices=", ".join(shape.choices))
        )


def _look_at_whole(shape: Whole, value: Any, path: str, found: list[Finding]) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        found.append(Finding.error("api.field-type", path, wanted="un nombre entier"))
    elif not shape.least <= value <= shape.most:
        found.append(Finding.error("api.field-number", path, least=shape.least, most=shape.most))


def _look_at_list(shape: Several, value: Any, path: str, found: list[Finding]) -> None:
    if not isinstance(value, list):
        found.append(Finding.error("api.field-type", path, wanted="une liste"))
        return
    if not shape.least <= len(value) <= shape.most:
        found.append(Finding.error("api.list-length", path, least=shape.least, most=shape.most))
        return
    for at, one in enumerate(value):
        _look(shape.of, one, f"{path}.{at}", found)


def _look_at_record(shape: Record, value: Any, path: str, found: list[Finding]) -> None:
    if not isinstance(value, dict):
        found.append(Finding.error("api.field-type", path, wanted="un objet"))
        return
    known = {field.name: field for field in shape.fields}
    prefix = f"{path}." if path != BODY else ""
    for name in list(value)[:MOST_FINDINGS]:
        if name not in known:
            found.append(Finding.error("api.field-unknown", f"{prefix}{displayed(name)}"))
    for name, field in known.items():
        if name in value:
            _look(field.shape, value[name], f"{prefix}{name}", found)
        elif field.required:
            found.append(Finding.error("api.field-missing", f"{prefix}{name}"))


BODY = "corps"
"""How the whole body of a request is named in a finding."""


def _is_plain(text: str, *, lines: bool) -> bool:
    """No lone surrogate and no control character: neither a database nor a screen takes them."""
    if text.isascii():
        return not text.encode("ascii").translate(None, _PLAIN_IN_LINES if lines else _PLAIN)
    return (_HIDDEN_IN_LINES if lines else _HIDDEN).search(text) is None


_PLAIN = bytes(range(0x20, 0x7F))
_PLAIN_IN_LINES = _PLAIN + b"\t\n\r"
_HIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HIDDEN_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def schema_of(shape: Shape) -> dict[str, Any]:
    """The shape as JSON Schema (2020-12), as OpenAPI 3.1 has it; records by reference."""
    match shape:
        case Text():
            return _text_schema(shape)
        case Flag():
            return {"type": "boolean", "description": shape.about}
        case Whole():
            return {
                "type": "integer",
                "minimum": shape.least,
                "maximum": shape.most,
                "description": shape.about,
            }
        case Several():
            return {
                "type": "array",
                "items": schema_of(shape.of),
                "minItems": shape.least,
                "maxItems": shape.most,
                "description": shape.about,
            }
        case Record():
            reference = {"$ref": f"#/components/schemas/{shape.name}"}
            return {"oneOf": [reference, {"type": "null"}]} if shape.nullable else reference


def _text_schema(shape: Text) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": ["string", "null"] if shape.nullable else "string",
        "minLength": shape.shortest,
        "maxLength": shape.longest,
        "description": shape.about,
    }
    if shape.choices:
        schema["enum"] = list(shape.choices)
    if shape.format:
        schema["format"] = shape.format
    if shape.example:
        schema["examples"] = [shape.example]
    return schema


def record_schema(record: Record) -> dict[str, Any]:
    """The full schema of one record."""
    return {
        "type": "object",
        "description": record.about,
        "properties": {field.name: schema_of(field.shape) for field in record.fields},
        "required": [field.name for field in record.fields if field.required],
        "additionalProperties": False,
    }


def records_in(shape: Shape) -> Mapping[str, Record]:
    """Every record that `shape` is made of, by name."""
    match shape:
        case Several():
            return records_in(shape.of)
        case Record():
            inner: dict[str, Record] = {shape.name: shape}
            for field in shape.fields:
                inner.update(records_in(field.shape))
            return inner
        case _:
            return {}
