"""Names that look like others: a slip of the keyboard, a letter that is another's double. Doubts only.

A name typed is compared with the names that the same structure is known by: what it declared, what it had
certified, where its people receive their mail. What is equal to one of them, or lies under it, raises no
doubt [N413 4.2]. Look-alike letters are Unicode's own list [UTS #39], with the pairs that ASCII itself has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import idna

from sceau.vocabulary import Finding, displayed

_MOST_KNOWN = 200
_LONG_ENOUGH = 8  # two slips in less is another name
_SAME_LOOK = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("5", "s"))
_USUAL_SLIPS = {"ww": "www", "wwww": "www", "wwv": "www", "wvw": "www", "vvv": "www"}
_TOP_SLIPS = {
    **dict.fromkeys(("ft", "rf", "f", "frr", "fe", "rr", "gr.fr", "ffr"), "fr"),
    **dict.fromkeys(("con", "cmo", "ocm", "comm", "cm", "om", "co.m", "vom", "xom"), "com"),
    **dict.fromkeys(("ogr", "rog", "orgg", "prg", "og"), "org"),
    **dict.fromkeys(("nte", "ent", "nett", "met"), "net"),
}


def doubts_about(name: str, *, known: Iterable[str], subject: str) -> tuple[Finding, ...]:
    """What is odd about a host, a domain or a mailbox as typed, beside the `known` names of the same
    structure; `subject` is where it was typed. Warnings, each with the name that was perhaps meant.
    """
    typed = _bare(name)
    if not typed or "." not in typed:
        return ()
    mine = [one for one in dict.fromkeys(map(_bare, known)) if "." in one][:_MOST_KNOWN]
    found = [*_slips(typed, subject)]
    if not any(typed == one or typed.endswith(f".{one}") or one.endswith(f".{typed}") for one in mine):
        found += _near(typed, mine, subject)
    return tuple(found)


def _bare(name: str) -> str:
    """The host of a name, in the letters a person sees."""
    host = name.strip().casefold().rpartition("@")[2].rstrip(".")
    try:
        return idna.decode(host) if "xn--" in host else host
    except (idna.IDNAError, UnicodeError):
        return host


def _slips(typed: str, subject: str) -> list[Finding]:
    """A top-level domain, or a « www », that fingers make by themselves."""
    first, _, rest = typed.partition(".")
    before, _, last = typed.rpartition(".")
    found = []
    if last in _TOP_SLIPS:
        meant = f"{before}.{_TOP_SLIPS[last]}"
        found.append(
            Finding.warning("lookalike.top", subject, typed=displayed(typed), meant=displayed(meant))
        )
    if first in _USUAL_SLIPS and "." in rest:
        meant = f"{_USUAL_SLIPS[first]}.{rest}"
        found.append(
            Finding.warning("lookalike.near", subject, typed=displayed(typed), meant=displayed(meant))
        )
    return found


def _near(typed: str, known: Iterable[str], subject: str) -> list[Finding]:
    for one in known:
        tail = ".".join(typed.split(".")[-len(one.split(".")) :])
        shown = {"typed": displayed(typed), "meant": displayed(one)}
        if tail == one or _but_digits(tail) == _but_digits(one):
            continue
        if _skeleton(tail) == _skeleton(one):
            return [Finding.warning("lookalike.same-look", subject, **shown)]
        most = 2 if min(len(tail), len(one)) >= _LONG_ENOUGH else 1
        if _distance(tail, one, most=most) <= most:
            return [Finding.warning("lookalike.near", subject, **shown)]
    return []


def _but_digits(text: str) -> str:
    """Servers are numbered: ``srv1`` beside ``srv2`` is no slip."""
    return "".join("#" if char.isdecimal() else char for char in text)


@lru_cache(maxsize=1_000)
def _skeleton(text: str) -> str:
    """What the eye makes of a name: two names with one skeleton look alike."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    seen = "".join(char if char.isascii() else _latin_double(char) for char in plain)
    for pair, one in _SAME_LOOK:
        seen = seen.replace(pair, one)
    return seen


@lru_cache(maxsize=1_000)
def _latin_double(char: str) -> str:
    """The ASCII letter that a letter of another alphabet looks like; the letter itself when none does."""
    from confusable_homoglyphs import confusables  # late: its table is large, and few names need it

    doubles = confusables.is_confusable(char, greedy=True) or []
    alike = [one["c"].casefold() for found in doubles for one in found["homoglyphs"]]
    return next((one for one in alike if one.isascii() and one.isalnum()), char)


def _distance(first: str, second: str, *, most: int) -> int:
    """Letters put in, left out, changed, or two neighbours swapped; `most` + 1 as soon as it is more."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, char in enumerate(first, start=1):
        earlier, before, row = before, row, [at]
        for to, other in enumerate(second, start=1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (char != other))
            swapped = at > 1 and to > 1 and char == second[to - 2] and first[at - 2] == other
            row.append(min(cost, earlier[to - 2] + 1) if swapped else cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
