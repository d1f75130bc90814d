"""What a form's pages and fields show, as far as it can be told: part of the child process that opens PDFs.

Loaded by `pdf_child`, never imported by the service. A field's look is told as text only where its letters
are what they seem: a font without odd codes, the programs of embedded ones named by digest for the service to
know or not. Everything else is told as unknown, and nobody takes it for seen.
"""

from __future__ import annotations

import hashlib
from typing import Any

MOST_INSTRUCTIONS = 5_000
_SHOWN = {"Tj", "TJ", "'", '"'}


def warm_up() -> None:
    """Have the library load what it loads late, while files can still be opened."""
    from pikepdf import Pdf, Stream, parse_content_stream

    with Pdf.new() as pdf:
        parse_content_stream(Stream(pdf, b"BT ET"))
    b"a".decode("cp1252")


def contents_of(pdf: Any) -> list[str]:
    """The digest of what each page draws by itself (hex SHA-256)."""
    found = []
    for page in pdf.pages:
        digest = hashlib.sha256()
        for stream in _streams(page.obj.get("/Contents")):
            digest.update(stream.read_bytes().strip() + b"\n")
        found.append(digest.hexdigest())
    return found


def _streams(value: Any) -> list[Any]:
    from pikepdf import Array, Stream

    if isinstance(value, Array):
        return [each for each in value if isinstance(each, Stream)]
    return [value] if isinstance(value, Stream) else []


def strangers_on(pdf: Any) -> int:
    """How many annotations lie on the pages that are no field of the form."""
    return sum(
        1
        for page in pdf.pages
        for annotation in page.obj.get("/Annots", [])
        if str(annotation.get("/Subtype")) not in ("/Widget", "/Link")
    )


def look_of(widget: Any, fonts: set[str]) -> str | bool | None:
    """The text that a widget shows; None without a look (the viewer makes one), False when it can't be
    told.
    """
    from pikepdf import Stream

    look = widget.get("/AP", {}).get("/N")
    if not isinstance(look, Stream):
        return None
    try:
        return _text_of(look, fonts)
    except Exception:  # a look that cannot be read is one that cannot be told
        return False


def _text_of(look: Any, fonts: set[str]) -> str | bool:
    from pikepdf import parse_content_stream

    known = look.get("/Resources", {}).get("/Font", {})
    plain, said = False, bytearray()
    for count, instruction in enumerate(parse_content_stream(look)):
        operator = str(instruction.operator)
        if count > MOST_INSTRUCTIONS or operator in ("Do", "INLINE IMAGE", "Tr", "sh"):
            return False
        if operator == "Tf":
            plain = _is_plain(known.get(str(instruction.operands[0])), fonts)
        elif operator in _SHOWN:
            if not plain:
                return False
            said += _bytes_of(instruction.operands[-1])
    return said.decode("cp1252", "replace")


def _bytes_of(operand: Any) -> bytes:
    from pikepdf import Array, String

    if isinstance(operand, Array):
        return b"".join(bytes(each) for each in operand if isinstance(each, String))
    return bytes(operand)


def _is_plain(font: Any, fonts: set[str]) -> bool:
    """Whether the codes from 32 to 126 are ASCII in this font; the digest of its program is noted."""
    from pikepdf import Array, Dictionary, Stream

    if not isinstance(font, Dictionary) or str(font.get("/Subtype")) not in ("/Type1", "/TrueType"):
        return False
    encoding = font.get("/Encoding")
    if isinstance(encoding, Dictionary):
        changes = encoding.get("/Differences")
        if isinstance(changes, Array) and not _is_beyond_ascii(changes):
            return False
    descriptor = font.get("/FontDescriptor")
    if isinstance(descriptor, Dictionary):
        for key in ("/FontFile", "/FontFile2", "/FontFile3"):
            program = descriptor.get(key)
            if isinstance(program, Stream):
                fonts.add(hashlib.sha256(program.read_bytes()).hexdigest())
    return True


def _is_beyond_ascii(changes: Any) -> bool:
    code = 0
    for each in changes:
        if isinstance(each, int) or str(each).isdigit():
            code = int(each)
            continue
        if 32 <= code <= 126 and str(each) not in _ASCII_NAMES.get(code, ()):
            return False
        code += 1
    return True


# Fillers list some codes of ASCII again, under the names that they have anyway.
_ASCII_NAMES = {39: ("/quotesingle",), 96: ("/grave",)}
