"""French spacing: no line may begin with a colon, a question mark or a closing quote. Changes no word."""

from __future__ import annotations

import re

_BEFORE = re.compile(r" (?=[:;?!»%](?:\s|$))")
_AFTER = re.compile(r"(?<=«) ")


def typeset(text: str) -> str:
    """`text` with unbreakable spaces where French wants them."""
    return _AFTER.sub("\u00a0", _BEFORE.sub("\u00a0", text))
