"""PEM armour [RFC 7468] around DER, both ways, for the files that custody writes for people and programs."""

from __future__ import annotations

import base64


def pem(label: str, der: bytes) -> bytes:
    """`der` in lines of 64 characters between its armour."""
    text = base64.b64encode(der)
    lines = b"\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label.encode(), lines, label.encode())
