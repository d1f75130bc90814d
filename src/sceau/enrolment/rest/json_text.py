"""JSON as it is read at this door: one value, UTF-8, no key twice, no number that is none. Else refused.

Two readers of a loose text may see two requests (a key given twice, an odd surrogate); here there is one
reading or none [ASSURANCE T31, T55].
"""

from __future__ import annotations

import json
from typing import Any

from sceau.vocabulary import Finding, Reading, displayed, read_ok, read_refused

_LONGEST_NUMBER = 18


class _LooseError(ValueError):
    """The text is JSON for others, not for us."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.code)


def read_json(body: bytes) -> Reading[Any]:
    """The object in `body`. Numbers with a point or an exponent are refused: nothing here is one."""
    try:
        text = body.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return read_refused(Finding.error("api.json-utf8", "corps"))
    try:
        value = _READER.decode(text)
    except _LooseError as loose:
        return read_refused(loose.finding)
    except RecursionError:
        return read_refused(Finding.error("api.json-depth", "corps"))
    except ValueError:
        return read_refused(Finding.error("api.json", "corps"))
    if not isinstance(value, dict):
        return read_refused(Finding.error("api.field-type", "corps", wanted="un objet"))
    return read_ok(value)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _LooseError(Finding.error("api.json-key-twice", displayed(twice)))
    return read


def _no_constant(text: str) -> Any:
    raise _LooseError(Finding.error("api.json-number", displayed(text)))


def _no_float(text: str) -> Any:
    raise _LooseError(Finding.error("api.json-number", displayed(text)))


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _LooseError(Finding.error("api.json-number", displayed(text)))
    return int(text)


_READER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_no_constant, parse_float=_no_float, parse_int=_whole
)
