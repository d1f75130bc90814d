"""What the database refuses by itself of third parties: a right that no designation in force gives, an act of
one officer alone, a designation that ends and leaves a right behind.
"""

from __future__ import annotations

from sceau.records.refusals import OFFICER_IS_DESK, Refusal, fixed, kept, unchanging

_IS_SIGNED = (
    "EXISTS (SELECT 1 FROM records_designationversion v WHERE v.designation_id = NEW.id"
    " AND v.number = NEW.current_version AND (v.signed_card <> '' OR"
    " (SELECT COUNT(DISTINCT a.officer) FROM records_designationattestation a"
    " WHERE a.version_id = v.id) >= 2))"
)
_CARRIES = (
    "EXISTS (SELECT 1 FROM records_designationversion v"
    " JOIN records_designationversion o ON o.id = v.carries_id"
    " JOIN records_designation d ON d.id = o.designation_id AND d.current_version = o.number"
    " JOIN records_structurechangeline l ON l.thing = 'designation' AND l.reference = d.reference"
    " AND l.answer = 'follow'"
    " JOIN records_structurechange c ON c.id = l.change_id AND c.state IN ('confirmed', 'done')"
    " AND c.structure_id = d.structure_id AND c.successor_id = NEW.structure_id"
    " WHERE v.designation_id = NEW.id AND v.number = NEW.current_version"
    " AND d.third_party_id = NEW.third_party_id"
    " AND (c.kind = 'absorbed' OR (v.products = o.products AND v.names = o.names))"
    ' AND v.may_fill = o.may_fill AND v.may_administer = o.may_administer AND v."until" = o."until")'
)
_MOVED = (
    "EXISTS (SELECT 1 FROM records_structurechange c WHERE c.structure_id = OLD.structure_id"
    " AND c.successor_id = NEW.structure_id AND c.state IN ('confirmed', 'done'))"
)
_LEAVES_A_RIGHT = (
    "EXISTS (SELECT 1 FROM records_designationversion d"
    " JOIN records_habilitationversion v ON v.designation_id = d.id"
    " JOIN records_habilitation h ON h.id = v.habilitation_id AND h.current_version = v.number"
    " WHERE d.designation_id = NEW.id AND h.state <> 'withdrawn')"
)
_MEMBER_LEAVES_A_RIGHT = (
    "EXISTS (SELECT 1 FROM records_habilitation h"
    " JOIN records_habilitationversion v ON h.id = v.habilitation_id AND h.current_version = v.number"
    " JOIN records_designationversion d ON v.designation_id = d.id"
    " JOIN records_designation g ON g.id = d.designation_id"
    " WHERE h.person_id = NEW.person_id AND g.third_party_id = NEW.third_party_id AND h.state <> 'withdrawn')"
)
_DESIGNATED = (
    "EXISTS (SELECT 1 FROM records_designationversion d"
    " JOIN records_designation g ON g.id = d.designation_id AND g.current_version = d.number"
    " JOIN records_habilitation h ON h.id = NEW.habilitation_id AND h.structure_id = g.structure_id"
    " JOIN records_teammember m ON m.third_party_id = g.third_party_id AND m.person_id = h.person_id"
    " WHERE d.id = NEW.designation_id AND g.state = 'active' AND m.state = 'active'"
    " AND d.may_administer)"
)
_CHECKED_TWICE = "(SELECT COUNT(DISTINCT c.officer) FROM records_teamcheck c WHERE c.member_id = NEW.id) >= 2"
_IS_THE_MEMBER = (
    "EXISTS (SELECT 1 FROM records_teammember m JOIN records_person h ON h.id = m.person_id"
    " WHERE m.id = NEW.member_id AND (h.national_id = NEW.officer OR m.proposed_by = NEW.officer))"
)

DESIGNATIONS: tuple[Refusal, ...] = (
    kept("records_thirdparty"),
    fixed("records_thirdparty", "reference"),
    Refusal(
        "thirdparty_stays",
        "records_thirdparty",
        "UPDATE",
        "third party: becomes another structure by a confirmed change only",
        f"NEW.structure_id <> OLD.structure_id AND NOT {_MOVED}",
        asks="records_structurechange",
    ),
    kept("records_teammember"),
    fixed("records_teammember", "reference", "third_party_id", "person_id", "proposed_by", "proposed_at"),
    Refusal(
        "teammember_begins",
        "records_teammember",
        "INSERT",
        "member: begins as proposed",
        "NEW.state <> 'proposed'",
    ),
    Refusal(
        "teammember_two_people",
        "records_teammember",
        "UPDATE",
        "member: admitted by two different officers only",
        f"NEW.state = 'active' AND OLD.state <> 'active' AND NOT {_CHECKED_TWICE}",
        asks="records_teamcheck",
    ),
    Refusal(
        "teammember_leaves_no_right",
        "records_teammember",
        "UPDATE",
        "member: removed, they keep no right of the team",
        f"NEW.state <> 'active' AND OLD.state = 'active' AND {_MEMBER_LEAVES_A_RIGHT}",
        asks="records_designation",
    ),
    Refusal(
        "teammember_ends_once",
        "records_teammember",
        "UPDATE",
        "member: removed and refused are final",
        "OLD.state IN ('removed', 'refused')",
    ),
    *unchanging("records_teamcheck"),
    Refusal(
        "teamcheck_by_desk",
        "records_teamcheck",
        "INSERT",
        "member: checked by an officer of the desk, who is not the member",
        f"NOT {OFFICER_IS_DESK} OR {_IS_THE_MEMBER}",
    ),
    kept("records_designation"),
    fixed(
        "records_designation",
        *("reference", "structure_id", "contract_id", "third_party_id", "made_at"),
    ),
    Refusal(
        "designation_begins",
        "records_designation",
        "INSERT",
        "designation: begins as prepared",
        "NEW.state <> 'prepared' OR NEW.current_version <> 0",
    ),
    Refusal(
        "designation_is_signed",
        "records_designation",
        "UPDATE",
        "designation: stands on an act signed by card or attested by two officers",
        f"NEW.current_version <> OLD.current_version AND NOT {_IS_SIGNED} AND NOT {_CARRIES}",
        asks="records_changegrace",
    ),
    Refusal(
        "designation_versions_grow",
        "records_designation",
        "UPDATE",
        "designation: versions only grow",
        "NEW.current_version < OLD.current_version",
    ),
    Refusal(
        "designation_ends_once",
        "records_designation",
        "UPDATE",
        "designation: ended and declined are final",
        "OLD.state IN ('ended', 'declined')",
    ),
    Refusal(
        "designation_leaves_no_right",
        "records_designation",
        "UPDATE",
        "designation: ended, it leaves no right behind",
        f"NEW.state = 'ended' AND {_LEAVES_A_RIGHT}",
        asks="records_designationversion",
    ),
    *unchanging("records_designationversion"),
    *unchanging("records_designationattestation"),
    Refusal(
        "designation_attested_by_desk",
        "records_designationattestation",
        "INSERT",
        "designation: attested by an officer of the desk only",
        f"NOT {OFFICER_IS_DESK}",
    ),
    Refusal(
        "habilitation_designated",
        "records_habilitationversion",
        "INSERT",
        "habilitation: of a team, by the version in force of a designation only",
        f"NEW.designation_id IS NOT NULL AND NOT {_DESIGNATED}",
        asks="records_designation",
    ),
)
