"""The few DER shapes [X.690 §8] that custody writes by itself: an element, a sequence, a bit string."""

from __future__ import annotations


def element(tag: int, content: bytes) -> bytes:
    """One element in definite form."""
    count = len(content)
    size = (count.bit_length() + 7) // 8
    head = bytes((count,)) if count < 128 else bytes((128 | size,)) + count.to_bytes(size)
    return bytes((tag,)) + head + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of what is encoded already."""
    return element(0x30, b"".join(parts))


def bits(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return element(0x03, b"\0" + content)
