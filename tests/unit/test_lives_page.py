"""The page that draws the lives is made from the tables: `docs/lives.md` says what the code does.

To make it anew after a change of a table: ``python -m tests.unit.test_lives_page``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sceau.certification import CERTIFICATE_LIFE
from sceau.registration import (
    CHANGE_LIFE,
    CONTRACT_LIFE,
    DEPARTURE_LIFE,
    DESIGNATION_LIFE,
    DRAFT_LIFE,
    HABILITATION_LIFE,
    LEAVE_LIFE,
    MEMBER_LIFE,
    ORDER_LIFE,
)
from sceau.status import RUN_LIFE
from sceau.vocabulary import Life

PAGE = Path(__file__).parents[2] / "docs" / "lives.md"
INTRODUCTION = """# Lives

A contract, an order, a habilitation, a leave and a certificate each have a life: a table of
(state, event) → state in the room that owns the noun. From the table come the constraint in the
database, the buttons a page may show, the state machines of `tests/property/test_lives.py`, and this
page, which a test keeps equal to the code. *Expired* is never a state: it is the date's. Who may bring
an event about is a rule of its own.
"""
WORDS = {
    "contract": (
        "Contract",
        "`registration.CONTRACT_LIFE`. Not begun and expired are its dates'. Only an act that was decided "
        "(`stops.toml` says by how many officers) brings an event about, and it answers first for "
        "everything that it stops. A contract that is not in force makes its rights unusable without "
        "changing them. Terminated is for ever.",
    ),
    "leave": (
        "Leave",
        "`registration.LEAVE_LIFE`: what the holder of a domain name gives leave for, by letter or by a "
        "record in the DNS. `lapse`: the record is gone, or has been silent for too long; it may come "
        "back. Withdrawn and refused are for ever. A right that rests on a leave serves only while it "
        "stands.",
    ),
    "draft": (
        "Order being written",
        "`registration.DRAFT_LIFE`. What its owner types, step by step; nothing of it is an act before it is "
        "sent. `entrust` puts section 4 in a named person's or a designated team's hands, `give-back` is "
        "theirs, `take-back` and all the rest the owner's. `drop`: deleted by its owner, or erased by "
        "time (`drafts.toml`). What is "
        "over keeps nothing of what was typed.",
    ),
    "order": (
        "Order",
        "`registration.ORDER_LIFE`. `approve` is one officer's yes to one version; the yes of a "
        "second, different one is `accept`. `amend` makes a further version, and what was approved "
        "before no longer counts.",
    ),
    "habilitation": (
        "Habilitation",
        "`registration.HABILITATION_LIFE`. `extend` is a further version, from another accepted "
        "order; it does not lift a suspension. An accepted order that amends another extends what its text "
        "gives again and withdraws what it no longer gives. Withdrawn is for ever: a new right needs a new "
        "order.",
    ),
    "departure": (
        "Departure",
        "`registration.DEPARTURE_LIFE`: an administrator leaves a structure. The rights are suspended when "
        "it opens and withdrawn when it is finished, once every certificate on its list has a decision "
        "(keep, hand over, revoke); it may be left and taken up again in between. `drop`: it was a mistake. "
        "Of somebody removed from a third party's team the rights are gone already: the list is handed over "
        "within the team, and is never dropped.",
    ),
    "change": (
        "Structure's change",
        "`registration.CHANGE_LIFE`: a structure closes, is absorbed, or changes its identifiers or name. "
        "Open, everything it holds gets its answer, in as many goes as it takes; one officer proposes the "
        "plan, a second, different one confirms the very same. Confirmed, each thing is done on its day, by "
        "the clockwork, until nothing is left (`finish`). Nothing was changed by one that is dropped.",
    ),
    "designation": (
        "Designation",
        "`registration.DESIGNATION_LIFE`: a structure designates a third party ([third-parties.md]"
        "(third-parties.md)). `sign`: the structure's act is whole, by its signatory's card or by the "
        "attestation of two officers. `amend` is a further version. Not in force past its last day, or while "
        "a contract of either side is not. Ended and declined are for ever, and leave no right behind.",
    ),
    "member": (
        "Member of a team",
        "`registration.MEMBER_LIFE`: somebody of a third party's team. `check` is one officer's yes; that of "
        "a second, different one is `admit`. Removed, they hold no right of the team any more.",
    ),
    "certificate": (
        "Certificate",
        "`certification.CERTIFICATE_LIFE`. The intent (serial and exact bytes) is stored before the "
        "signer is asked. `presumed`: nobody knows whether it was signed, so it is held to be, and is"
        " revoked. `abandoned`: the signer signed nothing and says so. Revocation is no state but a "
        "separate, final fact.",
    ),
    "revocation run": (
        "Revocation run",
        "`status.RUN_LIFE`. Many certificates ended for one cause ([mass-revocation.md](mass-revocation.md))."
        " `start` is the yes of the last officer needed; no slice is done but while it is running.",
    ),
}


def page() -> str:
    lives: tuple[Life[Any, Any], ...] = (
        CONTRACT_LIFE,
        DRAFT_LIFE,
        ORDER_LIFE,
        HABILITATION_LIFE,
        LEAVE_LIFE,
        DEPARTURE_LIFE,
        CHANGE_LIFE,
        DESIGNATION_LIFE,
        MEMBER_LIFE,
        CERTIFICATE_LIFE,
        RUN_LIFE,
    )
    parts = [INTRODUCTION]
    for life in lives:
        title, words = WORDS[life.noun]
        parts.append(f"\n## {title}\n\n{words}\n\n```mermaid\n{life.mermaid()}```\n")
    return "".join(parts)


def test_the_page_of_the_lives_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
