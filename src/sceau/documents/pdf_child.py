"""What opens a PDF that a stranger sent: a process of its own, poor in everything, that only says what it
saw.

Run as a script by `sandbox`, never imported by the service: it knows nothing of Sceau, reads the file from
its standard input and writes one JSON value to its standard output. It decides nothing; it lists the form's
fields as they are and everything active that it met. Limits are set before a single byte is looked at:
memory, processor time, no file, no socket, no core.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Any

MEMORY = 384 * 1024 * 1024
PROCESSOR_SECONDS = 5
MOST_OBJECTS = 50_000
MOST_FIELDS = 1_000
MOST_DEPTH = 32
LONGEST_TEXT = 5_000
LONGEST_SCRIPT = 500
MOST_HAZARDS = 50
MOST_PAGES_TOLD = 20

# By name: in this house, an attribute `objects` is a Django manager, and a test keeps those out of here.
_indirect_objects = attrgetter("objects")

_HARMLESS_WARNINGS = ("reported number of objects", "xref entry for the xref stream itself is missing")
_HARMLESS_ACTIONS = {"/URI", "/GoTo", "/Named"}
_DANGEROUS_ACTIONS = {
    "/Launch",
    "/GoToR",
    "/GoToE",
    "/ImportData",
    "/SubmitForm",
    "/Rendition",
    "/Movie",
    "/Sound",
}
_RICH_MEDIA = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
_PUSH_BUTTON, _RADIO = 1 << 16, 1 << 15


def limit() -> None:
    """Give up memory, time, core files and writing to files, for good."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def close_the_doors() -> None:
    """No further descriptor: neither a file nor a socket can be opened from here on."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


class TooMuchError(Exception):
    """More objects, fields or depth than any form has."""


def inspect(data: bytes) -> dict[str, Any]:
    """What the file is: its pages, fields and hazards, or the one word that says why it can't be told."""
    import pikepdf

    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                return {"error": "encrypted"}
            if len(_indirect_objects(pdf)) > MOST_OBJECTS:
                return {"error": "too-much"}
            fonts: set[str] = set()
            found = {
                "pages": len(pdf.pages),
                "hazards": list(_first(_hazards(pdf), MOST_HAZARDS)),
                "fields": list(_fields(pdf, fonts)),
                "contents": _looks().contents_of(pdf) if len(pdf.pages) <= MOST_PAGES_TOLD else [],
                "strangers": _looks().strangers_on(pdf),
                "fonts": sorted(fonts)[:MOST_HAZARDS],
            }
            return {"error": "damaged"} if _is_damaged(pdf.get_warnings()) else found
    except pikepdf.PasswordError:
        return {"error": "encrypted"}
    except (TooMuchError, RecursionError, MemoryError):
        return {"error": "too-much"}
    except Exception as problem:  # whatever a library says of a hostile file, it is one of three things
        return {"error": _why(data, str(problem)), "detail": type(problem).__name__}


def _is_damaged(warnings: list[Any]) -> bool:
    """Whether something is wrong with the file, but for what fillers that append a revision often leave
    behind, and nothing is read from.
    """
    return any(not any(words in str(one) for words in _HARMLESS_WARNINGS) for one in warnings)


def _why(data: bytes, said: str) -> str:
    """Opening an encrypted file needs a source of chance, that is a descriptor, which there no longer is."""
    if "bad_alloc" in said:
        return "too-much"
    return "encrypted" if b"/Encrypt" in data else "damaged"


def _first(values: Iterator[Any], most: int) -> Iterator[Any]:
    for _, value in zip(range(most), values, strict=False):
        yield value


# --- what could act ---------------------------------------------------------------------------------------


def _hazards(pdf: Any) -> Iterator[dict[str, str]]:
    """Everything active or hidden: each direct dictionary of each object is looked at, and none is
    followed.
    """
    from pikepdf import Array, Dictionary, Stream

    seen = 0
    for root in _indirect_objects(pdf):
        stack = [(root, 0)]
        while stack:
            value, depth = stack.pop()
            seen += 1
            if seen > 20 * MOST_OBJECTS or depth > 10 * MOST_DEPTH:
                raise TooMuchError
            if isinstance(value, Stream | Dictionary):
                items = dict(value.items())
                yield from _hazards_of(items)
                children = list(items.values())
            elif isinstance(value, Array):
                children = list(value)
            else:
                continue
            stack += [(child, depth + 1) for child in children if _is_direct(child)]


def _is_direct(value: Any) -> bool:
    return not getattr(value, "is_indirect", False)


def _hazards_of(items: dict[str, Any]) -> Iterator[dict[str, str]]:
    if "/JS" in items or str(items.get("/S")) == "/JavaScript":
        yield {"kind": "javascript", "detail": _script(items.get("/JS"))}
    for key in ("/A", "/Next", "/OpenAction"):
        name = _action(items.get(key))
        if name and name not in _HARMLESS_ACTIONS and name != "/JavaScript":
            yield {"kind": "launch" if name == "/Launch" else "action", "detail": name}
    if str(items.get("/S")) in _DANGEROUS_ACTIONS:
        yield {"kind": "launch" if str(items["/S"]) == "/Launch" else "action", "detail": str(items["/S"])}
    yield from _automatic(items.get("/AA"))
    if "/EF" in items or "/EmbeddedFiles" in items or str(items.get("/Type")) == "/EmbeddedFile":
        yield {"kind": "embedded-file", "detail": ""}
    if "/XFA" in items:
        yield {"kind": "xfa", "detail": ""}
    if str(items.get("/Subtype")) in _RICH_MEDIA and "/Rect" in items:
        yield {"kind": "rich-media", "detail": str(items["/Subtype"])}


def _automatic(additional: Any) -> Iterator[dict[str, str]]:
    """Actions that start by themselves; their scripts are listed with all scripts."""
    from pikepdf import Dictionary

    if isinstance(additional, Dictionary):
        for action in dict(additional.items()).values():
            name = _action(action)
            if name != "/JavaScript":
                yield {"kind": "automatic-action", "detail": name}


def _action(value: Any) -> str:
    """The name of an action, empty for what is none (a destination, nothing)."""
    from pikepdf import Dictionary

    return str(value.get("/S", "")) if isinstance(value, Dictionary) else ""


def _script(value: Any) -> str:
    from pikepdf import String

    return str(value)[:LONGEST_SCRIPT] if isinstance(value, String) else "(flux)"


# --- what was filled in -----------------------------------------------------------------------------------


def _fields(pdf: Any, fonts: set[str]) -> Iterator[dict[str, Any]]:
    """The terminal fields of the form, in the order of the file, under their full names."""
    from pikepdf import Array, Dictionary

    form = pdf.Root.get("/AcroForm")
    roots = form.get("/Fields") if isinstance(form, Dictionary) else None
    top = list(roots) if isinstance(roots, Array) else []
    stack: list[tuple[Any, str, dict[str, Any], int]] = [(node, "", {}, 0) for node in reversed(top)]
    count = 0
    while stack:
        node, prefix, inherited, depth = stack.pop()
        count += 1
        if count > MOST_FIELDS or depth > MOST_DEPTH:
            raise TooMuchError
        if not isinstance(node, Dictionary):
            continue
        name = _joined(prefix, node.get("/T"))
        known = {key: node.get(key, inherited.get(key)) for key in ("/FT", "/V", "/Ff", "/Opt")}
        kids = [kid for kid in _kids(node) if isinstance(kid, Dictionary)]
        below = [kid for kid in kids if "/T" in kid]
        if below:
            stack += [(kid, name, known, depth + 1) for kid in reversed(below)]
        else:
            yield _field(name, known, kids or [node], fonts)


def _kids(node: Any) -> list[Any]:
    from pikepdf import Array

    kids = node.get("/Kids")
    return list(kids) if isinstance(kids, Array) else []


def _joined(prefix: str, name: Any) -> str:
    own = "" if name is None else _text(name)[:LONGEST_TEXT]
    return f"{prefix}.{own}" if prefix and own else prefix or own


def _field(name: str, known: dict[str, Any], widgets: list[Any], fonts: set[str]) -> dict[str, Any]:
    kind, flags = str(known["/FT"] or ""), known["/Ff"]
    flags = int(flags) if isinstance(flags, int) or str(flags).isdigit() else 0
    field: dict[str, Any] = {"name": name, "kind": "other", "value": None}
    if kind in ("/Tx", "/Ch"):
        text = _text(known["/V"])
        field |= {"kind": "text", "value": text[:LONGEST_TEXT], "cut": len(text) > LONGEST_TEXT}
        field["looks"] = [_looks().look_of(widget, fonts) for widget in widgets[:MOST_DEPTH]]
    elif kind == "/Sig":
        field |= {"kind": "signature", "value": "" if known["/V"] is None else "signed"}
    elif kind == "/Btn" and not flags & _PUSH_BUTTON:
        field |= {"kind": "radio" if flags & _RADIO else "box", "value": _state(known["/V"])}
        field["widgets"] = [_widget(widget) for widget in sorted(widgets, key=_place)]
    return field


def _widget(widget: Any) -> dict[str, Any]:
    """A box on the page: the states it can show, but off, and the one it shows."""
    from pikepdf import Dictionary

    normal = widget.get("/AP", {}).get("/N")
    states = [key.removeprefix("/") for key in dict(normal.items())] if isinstance(normal, Dictionary) else []
    return {"states": [state for state in states if state != "Off"], "shown": _state(widget.get("/AS"))}


def _place(widget: Any) -> tuple[float, float]:
    """Left to right, then top to bottom, as a reader of the page would count them."""
    try:
        box = [float(value) for value in widget.get("/Rect", [])]
        return (round(min(box[0], box[2]), 1), -round(max(box[1], box[3]), 1))
    except (TypeError, ValueError, IndexError):
        return (0.0, 0.0)


def _state(value: Any) -> str | None:
    """The name of a state without its slash; some fillers write it as a text."""
    if value is None:
        return None
    return str(value).removeprefix("/")[:LONGEST_TEXT]


def _text(value: Any) -> str:
    """A text value: PDFDocEncoding or UTF, in a string or in a stream."""
    from pikepdf import Name, Stream, String

    if isinstance(value, Stream):
        return str(String(value.read_bytes()))
    if isinstance(value, String):
        return str(value)
    return str(value).removeprefix("/") if isinstance(value, Name) else ""


@lru_cache(maxsize=1)
def _looks() -> Any:
    """The other half of this script, which is no module that could be imported here."""
    path = Path(__file__).with_name("look_child.py")
    spec = importlib.util.spec_from_file_location("look_child", path)
    if spec is None or spec.loader is None:
        raise OSError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Limits first, then the library, then the file."""
    limit()
    import pikepdf

    _looks().warm_up()
    pikepdf.new().close()  # whatever it loads late is loaded while files can still be opened
    data = sys.stdin.buffer.read()
    close_the_doors()
    sys.stdout.buffer.write(json.dumps(inspect(data)).encode())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
