"""The lives of rights under every act that there is, by any mix of people, in any order: designations and
teams, card continuity, departures, structures that change, suspension and withdrawal, amendments, contracts.

What must hold after every act is told a second time here, from the rows and from what a witness saw; nothing
of it is asked of the rules. `SCEAU_TEST_RIGHTS_MACHINE` (minutes) lets it walk for longer.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sceau.operations import (
    ContractDemand,
    DesignationEnd,
    LineDecision,
    PaperAct,
    PieceEntry,
    accept_designation,
    act_on_contract,
    add_piece,
    amend_designation,
    attest_designation,
    check_member,
    confirm_contract_act,
    confirm_employee,
    create_token,
    decide_departure,
    decline_designation,
    delegation,
    designate,
    end_designation,
    finish_departure,
    issue_certificate,
    key_designation,
    machine,
    preview_contract_act,
    preview_designation_end,
    propose_member,
    refuse_member,
    remove_member,
    set_card_status,
    welcome_card,
)
from sceau.operations.structure_change import (
    GraceEntry,
    LaterDays,
    advance_structure_changes,
    ask_grace,
    decide_grace,
    move_change_days,
)
from sceau.records.models import (
    Amendment,
    ApiToken,
    Certificate,
    ChangeGrace,
    ContractAct,
    Departure,
    DepartureLine,
    Designation,
    DesignationAttestation,
    DesignationVersion,
    Habilitation,
    HabilitationVersion,
    JournalEntry,
    Order,
    OrderVersion,
    StructureChange,
    StructureChangeLine,
    TeamCheck,
    TeamMember,
)
from sceau.registration import StopPlan, TermsEntry
from sceau.vocabulary import Refused
from tests.designations import (
    EDITOR,
    EDITOR_CONTRACT,
    EDITOR_SIRET,
    SECOND_TECHNICIAN,
    TECHNICIAN,
    admitted,
    designated,
    editor_registered,
    terms,
    third_party,
)
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    CONTRACT,
    KEEP_ALL,
    MANDATAIRE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Instance,
    Someone,
    accepted,
    server_request,
)
from tests.integration.test_card_continuity import holder_of
from tests.integration.test_life_machine import KEEP, OFFICERS, PNG, REVOKE, NothingThereError, Witness

PEOPLE = (
    *(ALICE, BRUNO, CHLOE, REPRESENTATIVE, MANDATAIRE, ADMINISTRATOR, SECOND_ADMINISTRATOR),
    *(STRANGER, EDITOR, TECHNICIAN, SECOND_TECHNICIAN),
)
TEAM = (TECHNICIAN, SECOND_TECHNICIAN, CHLOE)
WORDS: tuple[dict[str, Any], ...] = (
    {},
    {"names": ("www.chu-exemple.fr",)},
    {"products": ("SERV_SSL", "ORG_SIGN")},
    {"products": ("ORG_SIGN",)},
    {"may_administer": False},
    {"until": date(2026, 12, 20)},
)
ORDERS = (
    *("submit", "amend", "sign", "take", "approve", "ask", "answer", "refuse", "abandon", "hold", "unhold"),
    *("assign", "release", "replace", "answer_effects", "accept", "accept", "replace_whole"),
)
RIGHTS = ("suspend", "resume", "withdraw", "issue", "issue", "issue_team", "issue_team", "token", "later")
LEAVING = (
    *("leave", "decide", "finish", "stay", "leave_whole", "oppose", "renew", "new_card", "employ"),
    *("dismiss", "employ_at_editor"),
)
TEAMS = (
    *("designate", "accept_designation", "decline_designation", "amend_terms", "amend_terms", "paper"),
    *("attest", "end_designation", "designate_whole", "propose_member", "check_member", "refuse_member"),
    *("team_whole", "remove_member", "decide_team", "finish_team"),
)
CHANGES = (
    *("open_change", "plan", "evidence", "propose", "confirm", "reopen", "drop_change", "advance", "follow"),
    *("change_whole", "change_whole", "move_days", "ask_grace", "decide_grace", "grace_whole"),
)
CONTRACTS = ("contract", "confirm_contract")
_SILENT = {"granted": "active", "suspended": "suspended", "resumed": "active", "withdrawn": "withdrawn"}


class Rights(Witness):
    """Everything done to a structure and to the third party that it designates, and what was seen of it."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self.kept: set[str] = set()
        self.of_editor: set[str] = set()

    def do(self, name: str, who: int, which: int) -> None:
        before = {row.reference: row.state for row in _orders()}
        kept = set(self.kept)
        try:
            with transaction.atomic():
                getattr(self, f"do_{name}")(PEOPLE[who % len(PEOPLE)], which)
            self.done.append(name)
        except (NothingThereError, Refused) as refusal:
            self.kept = kept
            self.refused = getattr(refusal, "findings", ())
        self.check_orders(before)

    def keep(self, certificates: Any, plan: StopPlan) -> None:
        """Somebody decided that these go on without their right."""
        if plan.others.get("certificates") == "keep":
            self.kept |= set(certificates)

    # -- rights

    def do_withdraw(self, who: Someone, which: int) -> None:
        right = Habilitation.objects.get(reference=self.right(which))
        if which % 2 == 0:
            self.keep(_live().filter(habilitation=right).values_list("reference", flat=True), KEEP)
        super().do_withdraw(who, which)

    def do_issue(self, who: Someone, which: int) -> None:
        rights = Habilitation.objects.filter(product="SERV_SSL", state="active")
        own = rights.exclude(person__national_id__in=[one.national_id.text for one in TEAM])
        right = own.order_by("-id").first()
        if right is None:
            raise NothingThereError
        holder = next(one for one in PEOPLE if one.national_id.text == right.person.national_id)
        request = server_request("www.chu-exemple.fr", which=f"m{which}", habilitation=right.reference)
        issue_certificate(holder.actor, request, idempotency_key=f"m{which}-{right.pk}")

    def do_issue_team(self, who: Someone, which: int) -> None:
        people = [one.national_id.text for one in TEAM]
        rights = Habilitation.objects.filter(
            person__national_id__in=people, product="SERV_SSL", state="active"
        )
        right = rights.order_by("-id").first()
        if right is None:
            raise NothingThereError
        holder = next(one for one in TEAM if one.national_id.text == right.person.national_id)
        request = server_request("www.chu-exemple.fr", which=f"t{which}", habilitation=right.reference)
        issue_certificate(holder.actor, request, idempotency_key=f"t{which}-{right.pk}")

    def do_token(self, who: Someone, which: int) -> None:
        right = Habilitation.objects.get(reference=self.right(which))
        holder = next((one for one in PEOPLE if one.national_id.text == right.person.national_id), who)
        create_token(
            holder.actor,
            habilitation=right.reference,
            label=f"m{which}",
            valid_until=machine().clock() + timedelta(days=9),
            terms_accepted=True,
        )

    # -- designations

    def designation(self, *states: str) -> Designation:
        row = Designation.objects.filter(state__in=states).order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def words(self, which: int) -> TermsEntry:
        return terms(**WORDS[which % len(WORDS)])

    def do_designate(self, who: Someone, which: int) -> None:
        designate(who.actor, contract=CONTRACT, third_party=third_party(), terms=self.words(which))

    def do_accept_designation(self, who: Someone, which: int) -> None:
        row = self.designation("offered")
        accept_designation(who.actor, reference=row.reference, version=row.current_version)

    def do_decline_designation(self, who: Someone, which: int) -> None:
        row = self.designation("offered", "prepared")
        decline_designation(who.actor, reference=row.reference, reason="Non")

    def do_amend_terms(self, who: Someone, which: int) -> None:
        row = self.designation("offered", "active")
        entry, plan = self.words(which), REVOKE if which % 2 else KEEP
        effects = delegation.preview_terms(row.reference, terms=entry)
        self.keep(effects.stops.certificates, plan)
        amend_designation(
            who.actor,
            reference=row.reference,
            version=row.current_version,
            terms=entry,
            answer=delegation.TermsAnswer("" if which == 11 else effects.seen, plan),
        )

    def do_paper(self, who: Someone, which: int) -> None:
        day = date(2026, 11, 20)
        entry = PieceEntry("designation", PNG, "acte.png", issued_on=day, contract=CONTRACT)
        piece = add_piece(who.actor, entry).reference
        key_designation(
            who.actor,
            contract=CONTRACT,
            third_party=third_party(),
            terms=self.words(which),
            paper=PaperAct(REPRESENTATIVE.card, day, piece),
        )

    def do_attest(self, who: Someone, which: int) -> None:
        row = self.designation("prepared", "offered", "active")
        version = row.versions.order_by("-number")[0].number
        plan = REVOKE if which % 2 else KEEP
        effects = delegation.preview_version(row.reference, version=version)
        self.keep(effects.stops.certificates, plan)
        answer = delegation.TermsAnswer(effects.seen, plan)
        attest_designation(who.actor, reference=row.reference, version=version, answer=answer)
        self.apart(who)

    def do_end_designation(self, who: Someone, which: int) -> None:
        row = self.designation("active")
        effects, plan = preview_designation_end(row.reference), REVOKE if which % 2 else KEEP
        self.keep(effects.stops.certificates, plan)
        end_designation(who.actor, DesignationEnd(row.reference, "Fin", effects.seen, plan))

    def do_designate_whole(self, who: Someone, which: int) -> None:
        self.do_designate(REPRESENTATIVE, which)
        self.do_accept_designation(EDITOR, which)

    # -- the team

    def do_propose_member(self, who: Someone, which: int) -> None:
        card = TEAM[which % len(TEAM)].card
        propose_member(who.actor, third_party=third_party(), card_number=card, email="e@editeur.fr")

    def member(self, *states: str) -> TeamMember:
        row = TeamMember.objects.filter(state__in=states).order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def do_check_member(self, who: Someone, which: int) -> None:
        row = self.member("proposed")
        check_member(who.actor, reference=row.reference)
        self.apart(who)
        assert row.person.national_id != who.national_id.text, "an officer admitted themselves"

    def do_refuse_member(self, who: Someone, which: int) -> None:
        refuse_member(who.actor, reference=self.member("proposed").reference, reason="Non")

    def do_team_whole(self, who: Someone, which: int) -> None:
        self.do_propose_member(EDITOR, which)
        for officer in OFFICERS:
            with suppress(Refused, NothingThereError), transaction.atomic():
                self.do_check_member(officer, which)

    def do_remove_member(self, who: Someone, which: int) -> None:
        rows = list(TeamMember.objects.filter(state__in=("proposed", "active")).order_by("id"))
        if not rows:
            raise NothingThereError
        row = rows[which % len(rows)]
        remove_member(who.actor, reference=row.reference, reason="Part")

    def left(self) -> Departure:
        row = Departure.objects.filter(state="open", member__isnull=False).order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def do_decide_team(self, who: Someone, which: int) -> None:
        row = self.left()
        answer = ("keep", "hand-over", "revoke")[which % 3]
        to = TEAM[which % 2].national_id.text if answer == "hand-over" else ""
        waiting = row.lines.filter(answer="").values_list("certificate__reference", flat=True)
        decisions = [LineDecision(one, answer, to) for one in waiting]
        decide_departure(who.actor, reference=row.reference, decisions=decisions)

    def do_finish_team(self, who: Someone, which: int) -> None:
        finish_departure(who.actor, reference=self.left().reference)

    def departure(self) -> Departure:
        row = Departure.objects.filter(state="open", member=None).order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    # -- people

    def do_employ_at_editor(self, who: Someone, which: int) -> None:
        officer = OFFICERS[which % 3]
        confirm_employee(who.actor, structure_id=f"3{EDITOR_SIRET}", person=officer.person)
        self.of_editor.add(officer.national_id.text)

    def do_new_card(self, who: Someone, which: int) -> None:
        number = f"26000007{which:02d}"
        with suppress(Refused):  # what it kept of the card before it refused stays
            welcome_card(holder_of(ADMINISTRATOR, number))
        set_card_status(who.actor, number=number, status="valid", reason="Vue")

    def apart(self, who: Someone) -> None:
        """Whoever has just decided on a third party's affair is neither of it nor of its client."""
        assert who.national_id.text not in self.employed | self.of_editor, "decided for their own structure"

    # -- contracts

    def do_contract(self, who: Someone, which: int) -> None:
        number = (CONTRACT, EDITOR_CONTRACT)[which % 2]
        event_ = ("suspend", "resume", "terminate", "resume")[which % 4]
        plan = StopPlan() if event_ == "resume" else KEEP_ALL
        seen = preview_contract_act(number).seen
        act_on_contract(who.actor, ContractDemand(number, event_, "Essai", seen, plan))

    def do_confirm_contract(self, who: Someone, which: int) -> None:
        row = ContractAct.objects.filter(state="asked").order_by("-id").first()
        if row is None:
            raise NothingThereError
        confirm_contract_act(who.actor, reference=row.reference)

    # -- a plan's days

    def dated(self) -> StructureChangeLine:
        lines = StructureChangeLine.objects.filter(
            change__state="confirmed", thing="certificate", done_at=None, revoke_on__isnull=False
        )
        row = lines.order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def do_move_days(self, who: Someone, which: int) -> None:
        line = self.dated()
        day = (line.revoke_on or date(2026, 12, 1)) + timedelta(days=which - 2)
        later = LaterDays((line.reference,), day, "Retard")
        move_change_days(who.actor, reference=line.change.reference, later=later)
        assert line.warned_at is None, "one officer alone, past the day"

    def do_ask_grace(self, who: Someone, which: int) -> None:
        line = self.dated()
        day = (line.revoke_on or date(2026, 12, 1)) + timedelta(days=which)
        entry = GraceEntry((line.reference,), day, "Panne")
        ask_grace(who.actor, reference=line.change.reference, entry=entry)

    def do_decide_grace(self, who: Someone, which: int) -> None:
        row = ChangeGrace.objects.filter(state="asked").order_by("-id").first()
        if row is None:
            raise NothingThereError
        reference = row.line.change.reference
        decide_grace(who.actor, reference=reference, grace=row.reference, granted=which % 3 > 0)
        assert who.national_id.text not in self.employed, "granted to their own structure"

    def do_grace_whole(self, who: Someone, which: int) -> None:
        self.instance.clock.forward(days=3)
        advance_structure_changes()
        self.do_ask_grace(ALICE, 1 + which)
        self.do_decide_grace(BRUNO, 1)

    # -- what must hold

    def check_rights(self) -> None:
        """Every version of every right is given by a text that two officers accepted and that is signed; of
        a team, by a signed act of the structure besides.
        """
        done = set(Amendment.objects.filter(done_at__isnull=False).values_list("amends_id", flat=True))
        rights = list(Habilitation.objects.select_related("person", "structure"))
        texts: dict[int, list[HabilitationVersion]] = {}
        rows = HabilitationVersion.objects.select_related(
            "order", "designation__designation__third_party", "designation__carries"
        )
        for version in rows.order_by("number"):
            texts.setdefault(version.habilitation_id, []).append(version)
        for right in rights:
            versions = texts[right.pk]
            assert [one.number for one in versions] == list(range(1, right.current_version + 1))
            for one in versions:
                assert one.order.state == "accepted"
                text = OrderVersion.objects.get(order=one.order, number=one.order_version)
                assert text.signed_card, "a version without its signed act"
                raw = json.loads(text.raw)
                if one.designation is None:
                    assert self.gives(raw, right), "a right that no version grants"
                else:
                    assert self.designates(raw, right, one), "a right that no designation gives"
            last = versions[-1]
            if right.state == "active" and last.designation is None:
                assert last.order_id not in done, "a right that an amended text gave"
            if right.state != "withdrawn" and last.designation is not None:
                self.check_team_right(right, last.designation)

    def designates(self, raw: dict[str, Any], right: Habilitation, version: HabilitationVersion) -> bool:
        """The client's own text orders a name that holds this one, and the act names product and name."""
        act = version.designation
        assert act is not None
        domain = right.canonical_scope.rsplit(":", 1)[-1]
        declared = {one.get("declared", "") or "-" for one in raw["offers"]}
        held = domain in declared or any(domain.endswith(f".{one}") for one in declared)
        named = not act.names or domain == "-" or any(_under(domain, one) for one in act.names)
        person = act.designation.third_party.members.filter(person=right.person).exclude(state="proposed")
        return (
            held
            and named
            and right.product in act.products
            and act.may_administer
            and person.exists()
            and act.designation.structure_id == right.structure_id
            and self.is_signed(act)
        )

    def is_signed(self, act: DesignationVersion) -> bool:
        if act.carries is not None:
            line = StructureChangeLine.objects.filter(
                thing="designation",
                reference=act.carries.designation.reference,
                answer="follow",
                change__state__in=("confirmed", "done"),
                change__successor=act.designation.structure,
            )
            return line.exists() and self.is_signed(act.carries)
        officers = DesignationAttestation.objects.filter(version=act).values_list("officer", flat=True)
        return bool(act.signed_card) or len(set(officers) & {one.national_id.text for one in OFFICERS}) >= 2

    def check_team_right(self, right: Habilitation, act: DesignationVersion) -> None:
        designation = act.designation
        assert designation.state == "active", "a right under a designation that is not active"
        assert designation.current_version == act.number, "a right of an act that another took the place of"
        member = designation.third_party.members.filter(person=right.person, state="active")
        assert member.exists(), "a right of somebody who is not on the team"

    def check_designations(self) -> None:
        """Nothing live under what is over, and nobody on a team by one officer."""
        over = Designation.objects.filter(state__in=("ended", "declined"))
        present = HabilitationVersion.objects.filter(
            designation__designation__in=over, number=F("habilitation__current_version")
        )
        assert not present.exclude(habilitation__state="withdrawn").exists(), "live under what is over"
        tokens = ApiToken.objects.filter(revoked_at=None, habilitation__state="withdrawn")
        assert not tokens.exists(), "a token of a right that is no more"
        for row in TeamMember.objects.filter(state="active").select_related("person"):
            officers = set(TeamCheck.objects.filter(member=row).values_list("officer", flat=True))
            assert len(officers - {row.person.national_id, row.proposed_by}) >= 2, "admitted alone"

    def check_certificates(self) -> None:
        """A certificate in service stands under a version that grants its name; where the right went, some
        decision keeps it.
        """
        for one in _live().select_related("habilitation", "structure").prefetch_related("names"):
            version = HabilitationVersion.objects.select_related("designation__designation").get(
                habilitation=one.habilitation, number=one.habilitation_version
            )
            for name in one.names.all():
                assert _under(name.value, version.scope_name), "a certificate for a name that nothing grants"
            if one.habilitation is not None and one.habilitation.state == "withdrawn":
                assert self.is_kept(one, version), f"{one.reference} goes on and nobody said so"

    def is_kept(self, one: Certificate, version: HabilitationVersion) -> bool:
        act = version.designation
        line = StructureChangeLine.objects.filter(
            thing="certificate", reference=one.reference, change__state__in=("confirmed", "done")
        )
        last = HabilitationVersion.objects.filter(habilitation=one.habilitation).order_by("-number")[0]
        amended = Amendment.objects.filter(amends=last.order, done_at__isnull=False).first()
        answers = {} if amended is None else amended.plan
        said = answers.get("each", {}).get(one.reference) or answers.get("others", {}).get("certificates")
        return (
            one.reference in self.kept
            or DepartureLine.objects.filter(certificate=one, answer__in=("", "keep", "hand-over")).exists()
            or line.exists()
            or said == "keep"
            or (act is not None and act.designation.ended_as in {"contract", "change", "third-party"})
        )

    def check_graces(self) -> None:
        for row in ChangeGrace.objects.filter(state="granted"):
            assert row.asked_by != row.decided_by
            assert {row.asked_by, row.decided_by} <= {one.national_id.text for one in OFFICERS}

    def check_journal(self) -> None:
        """Every right is as the journal last told of it."""
        told: dict[str, str] = {}
        rows = JournalEntry.objects.filter(kind__startswith="habilitation.").order_by("id")
        for kind, subject in rows.values_list("kind", "subject"):
            state = _SILENT.get(kind.removeprefix("habilitation."))
            if state is not None:
                told[subject] = state
        states = dict(Habilitation.objects.values_list("reference", "state"))
        assert states == {one: told.get(one) for one in states}


def _orders() -> Any:
    return Order.objects.all()


def _live() -> Any:
    return Certificate.objects.filter(
        state__in=("issued", "collected"), revocation=None, not_after__gt=machine().clock()
    ).exclude(habilitation=None)


def _under(name: str, scope: str) -> bool:
    return name == scope or name.endswith(f".{scope}")


_NUMBERS: dict[str, Any] = {"who": st.integers(0, len(PEOPLE) - 1), "which": st.integers(0, 11)}


class Walk(RuleBasedStateMachine):
    """One life, from a structure with its rights, its designated editor and one member of its team."""

    instance: ClassVar[Instance]
    start: ClassVar[datetime]

    def __init__(self) -> None:
        super().__init__()
        self.instance.clock.now = self.start
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.witness = Rights(self.instance)
        for row in _orders():
            self.witness.yes[row.reference] = {(one.officer, one.version) for one in row.approvals.all()}

    def act(self, name: str, who: int, which: int) -> None:
        self.witness.do(name, who, which)
        if self.witness.done[-1:] == [name]:
            event(f"{name}: done")

    @rule(name=st.sampled_from(ORDERS), **_NUMBERS)
    def order(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @rule(name=st.sampled_from(RIGHTS), **_NUMBERS)
    def right(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @rule(name=st.sampled_from(LEAVING), **_NUMBERS)
    def person(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @rule(name=st.sampled_from(TEAMS), **_NUMBERS)
    def team(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @rule(name=st.sampled_from(CHANGES), **_NUMBERS)
    def change(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @rule(name=st.sampled_from(CONTRACTS), **_NUMBERS)
    def contract(self, name: str, who: int, which: int) -> None:
        self.act(name, who, which)

    @invariant()
    def every_right_is_given_by_a_signed_text(self) -> None:
        self.witness.check_rights()

    @invariant()
    def nothing_is_live_under_a_designation_that_is_over(self) -> None:
        self.witness.check_designations()

    @invariant()
    def every_certificate_is_granted_or_kept(self) -> None:
        self.witness.check_certificates()

    @invariant()
    def two_officers_decide_and_nothing_serves_for_what_is_no_more(self) -> None:
        self.witness.check_changes()
        self.witness.check_graces()

    def teardown(self) -> None:
        try:
            self.witness.check_journal()
        finally:
            transaction.set_rollback(True)
            self.whole.__exit__(None, None, None)


def _ready() -> None:
    editor_registered()
    accepted()
    admitted()
    designated()


def test_whatever_is_done_every_right_is_given_and_every_certificate_granted_or_kept(
    instance: Instance,
) -> None:
    _ready()
    walk = type("Walk", (Walk,), {"instance": instance, "start": instance.clock.now})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    short = settings(max_examples=12, stateful_step_count=18, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(walk, settings=short)
    until = time.monotonic() + 60 * float(os.environ.get("SCEAU_TEST_RIGHTS_MACHINE", "0"))
    long = settings(
        short,
        max_examples=25,
        stateful_step_count=40,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
    )
    while time.monotonic() < until:
        run_state_machine_as_test(walk, settings=long)


def test_the_machine_walks_the_whole_of_each_path(instance: Instance) -> None:
    _ready()
    with transaction.atomic():
        witness = Rights(instance)
        for row in _orders():
            witness.yes[row.reference] = {(one.officer, one.version) for one in row.approvals.all()}
        for name, who, which in (
            *(("issue_team", 9, 1), ("amend_terms", 3, 2), ("amend_terms", 3, 4), ("amend_terms", 3, 0)),
            *(("issue_team", 9, 2), ("team_whole", 8, 1), ("remove_member", 8, 0), ("decide_team", 8, 1)),
            *(("finish_team", 8, 0), ("new_card", 0, 3), ("change_whole", 3, 0), ("grace_whole", 0, 5)),
            *(("follow", 3, 0), ("issue_team", 9, 4), ("end_designation", 3, 0)),
        ):
            witness.do(name, who, which)
            assert witness.done[-1:] == [name], (name, witness.refused)
            for check in ("rights", "designations", "certificates", "changes", "graces", "journal"):
                getattr(witness, f"check_{check}")()
        assert Departure.objects.get().state == "done"
        assert ChangeGrace.objects.get().state == "granted"
        assert StructureChange.objects.get().state == "confirmed"
        assert DesignationVersion.objects.filter(carries__isnull=False).count() == 1
        transaction.set_rollback(True)
