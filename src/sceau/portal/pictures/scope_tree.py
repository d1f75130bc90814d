"""What a scope covers and what it does not, as a small tree of names, with the name that somebody tries.

Every mark of the tree is the rule's own answer (`Scope.holds`, `decide_name`), asked for examples made from
the declared name.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from sceau.portal.language import page_catalogue
from sceau.portal.pictures.canvas import LINE, NARROW, Picture, Spot, box, line, shortened, words
from sceau.portal.typography import typeset
from sceau.registration import Scope, ScopeKind, decide_name
from sceau.vocabulary import HostName, Mailbox, read_host_name

_INDENT, _LEFT, _TOP = 14, 8, 4
_ROW = LINE + 8
_LETTER = 8  # how wide a letter of the fixed font is


@dataclass(frozen=True, slots=True)
class Branch:
    """One name of the tree: how deep it stands, whether it is covered, whether it is the one tried."""

    text: str
    depth: int
    covered: bool
    tried: bool = False


@dataclass(frozen=True, slots=True)
class ScopeTree:
    """The tree, its picture, and what the rule says of the name tried (nothing when none was)."""

    branches: tuple[Branch, ...]
    picture: Picture
    tried: str = ""
    covered: bool = False
    said: tuple[tuple[str, str], ...] = ()


def scope_tree(scope: Scope, tried: str = "") -> ScopeTree:
    """The tree of `scope`, with the name `tried` at its place when it can be read as one."""
    reading = decide_name(scope, tried) if tried else None
    branches = _branches(scope, _place_of(scope, tried))
    said = [page_catalogue().say(one) for one in reading.findings] if reading else []
    return ScopeTree(
        branches=branches,
        picture=_picture(scope, branches),
        tried=tried,
        covered=reading is not None and reading.value is not None,
        said=tuple((typeset(one.text), typeset(one.remedy)) for one in said),
    )


def _branches(scope: Scope, tried: tuple[str, HostName] | None) -> tuple[Branch, ...]:
    mail = scope.kind is ScopeKind.MAIL
    shown = {
        name: (f"…@{name}" if mail else name, False) for name in _examples(scope, tried[1] if tried else None)
    }
    if tried is not None:
        shown[tried[1].text] = (tried[0], True)
    order = sorted(shown, key=lambda name: name.split(".")[::-1])
    return tuple(
        Branch(shown[name][0], _depth(name, order), _holds(scope, name), shown[name][1]) for name in order
    )


def _examples(scope: Scope, tried: HostName | None) -> set[str]:
    """The declared name, what stands above it, below it and beside it; and the way to the name tried."""
    name = scope.name.text
    parent = name.partition(".")[2]
    first = "www" if scope.kind is not ScopeKind.MAIL else "messagerie"
    examples = {name, f"{first}.{name}", f"serveur.service.{name}", f"autre-{name}"}
    if scope.kind is not ScopeKind.MAIL or parent:
        examples.add(parent)
    if tried is not None and tried.lies_under(scope.name):
        way = tried.text
        while way != name:
            examples.add(way)
            way = way.partition(".")[2]
    if scope.kind is ScopeKind.MAIL and "." not in parent:
        examples.discard(parent)
    return examples


def _place_of(scope: Scope, tried: str) -> tuple[str, HostName] | None:
    """What was typed, and the host that it stands at; None when it is no name."""
    value = decide_name(scope, tried).value if tried else None
    if isinstance(value, Mailbox):
        return value.text, value.domain
    if isinstance(value, HostName):
        return value.text, value
    _, _, domain = tried.rpartition("@")
    read = read_host_name(domain) if tried else None
    return None if read is None or read.value is None else (shortened(tried, 60), read.value)


def _depth(name: str, names: list[str]) -> int:
    return sum(name != other and name.endswith(f".{other}") for other in names)


def _holds(scope: Scope, name: str) -> bool:
    value = read_host_name(name).value
    return value is not None and scope.holds(value)


def _picture(scope: Scope, branches: tuple[Branch, ...]) -> Picture:
    shapes = []
    for number, one in enumerate(branches):
        x, y = _LEFT + one.depth * _INDENT, _TOP + number * _ROW
        width = NARROW - x - _LEFT
        look = f"{'good' if one.covered else 'bad'}{' tried' if one.tried else ''}"
        if one.depth:
            above = max(row for row in range(number) if branches[row].depth == one.depth - 1)
            shapes.append(line(Spot(x - 8, _TOP + above * _ROW + LINE + 4), Spot(x - 8, y + 12)))
            shapes.append(line(Spot(x - 8, y + 12), Spot(x, y + 12)))
        shapes.append(box(Spot(x, y, width, LINE + 4), look))
        mark = "✓" if one.covered else "✗"
        shapes.append(words(Spot(x + 8, y + 17), mark, f"mark {'good' if one.covered else 'bad'}"))
        shapes.append(words(Spot(x + 26, y + 17), shortened(one.text, (width - 32) // _LETTER), "mono"))
    title = _("Ce que couvre %(name)s, et ce qu’il ne couvre pas. Le tableau dit la même chose.")
    return Picture("arbre", title % {"name": scope.declared}, _TOP + len(branches) * _ROW, tuple(shapes))
