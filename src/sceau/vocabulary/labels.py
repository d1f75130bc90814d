"""Internationalised labels: U-labels to A-labels by IDNA 2008, strictly, and what a reader would see.

Nothing is ever mapped to ASCII (no full width, no Kelvin sign, no ideographic full stop): a label is valid
as written or refused. Whether a name is *somebody's* is not decided here.
"""

from __future__ import annotations

import unicodedata

import idna

from sceau.vocabulary.findings import Finding, Reading, read_ok, read_refused
from sceau.vocabulary.spelling import displayed

# What may be registered directly under the French top-level domains [AFNIC naming policy, IDN annex].
_FRENCH_TLDS = frozenset({"fr", "re", "pm", "tf", "wf", "yt"})
_FRENCH_LETTERS = frozenset("ßàáâãäåæçèéêëìíîïñòóôõöùúûüýÿœ")
_EAST_ASIAN = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
)
_INVISIBLE_JOINERS = frozenset("\u200c\u200d")


def a_label_of(labels: list[str], about: str) -> Reading[str]:
    """The dotted name with each non-ASCII label as its A-label [RFC 5891 §4]; ASCII labels as they are."""
    mapped: list[str] = []
    found: list[Finding] = []
    for label in labels:
        try:
            mapped.append(label if label.isascii() else _encode(label))
        except (idna.IDNAError, UnicodeError, ValueError):
            found.append(Finding.error("host.idna", about, label=displayed(label)))
    return read_refused(*found) if found else read_ok(".".join(mapped))


def check_a_label(label: str, about: str) -> tuple[Finding, ...]:
    """An ``xn--`` label must decode to a valid U-label that encodes back to itself [RFC 5891 §5.4]."""
    try:
        written = idna.ulabel(label)
        same = not written.isascii() and _encode(written) == label
    except (idna.IDNAError, UnicodeError, ValueError):
        same = False
    if not same:
        return (Finding.error("host.bad-a-label", about, label=displayed(label)),)
    if len(_scripts(written)) > 1:
        return (Finding.warning("host.mixed-scripts-below", about, label=label, written=displayed(written)),)
    return ()


def check_written_label(label: str, about: str, *, registered_under: str | None) -> tuple[Finding, ...]:
    """What people would see of a declared label: mixed alphabets refused, a foreign one told to the desk.

    `registered_under` is the top-level domain when the label is the one registered under it, else None.
    """
    if not label.startswith("xn--"):
        return ()
    written = idna.ulabel(label)
    scripts = _scripts(written)
    shown = {"label": label, "written": displayed(written)}
    if len(scripts) > 1:
        return (Finding.error("host.mixed-scripts", about, **shown),)
    if registered_under in _FRENCH_TLDS and not _is_french(written):
        return (Finding.error("host.not-registrable", about, tld=registered_under, **shown),)
    if scripts - {"LATIN"}:
        return (Finding.warning("host.foreign-script", about, **shown),)
    if "ß" in written:
        return (Finding.warning("host.sharp-s", about, **shown),)
    return ()


def _encode(label: str) -> str:
    if _INVISIBLE_JOINERS & set(label):
        raise ValueError("invisible joiner")
    return idna.alabel(label).decode("ascii")


def _is_french(written: str) -> bool:
    return all(char.isascii() or char in _FRENCH_LETTERS for char in written)


def _scripts(written: str) -> set[str]:
    """The alphabets of the letters, by the first word of their Unicode names; digits and marks have none."""
    scripts = set()
    for char in written:
        if unicodedata.category(char)[0] != "L":
            continue
        first = unicodedata.name(char, "UNKNOWN").split()[0]
        scripts.add("EAST-ASIAN" if first in _EAST_ASIAN else first)
    return scripts
