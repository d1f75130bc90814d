"""The lives of orders and rights under every act that there is, by any mix of people, in any order: no order
is accepted alone, no right serves that no signed text gives, and what stopped a right is never gone round.

What must hold is told a second time, from what a witness saw: who said yes to which text without being
refused, and what the texts themselves say. Nothing of it is asked of the rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sceau.operations import (
    Actor,
    Hold,
    LineDecision,
    PieceEntry,
    StructureEntry,
    abandon_order,
    add_piece,
    amend_grants,
    amend_order,
    answer_amendment,
    answer_request,
    approve_order,
    ask_for_more,
    assign_order,
    confirm_employee,
    decide_departure,
    drop_departure,
    end_employment,
    finish_departure,
    hold_order,
    issue_certificate,
    machine,
    open_departure,
    preview_amendment,
    receive_form,
    refuse_order,
    release_order,
    resume_habilitation,
    set_card_status,
    sign_order,
    suspend_habilitation,
    take_order,
    unhold_order,
    withdraw_habilitation,
)
from sceau.operations.structure_change import (
    ChangeEntry,
    ThingAnswer,
    advance_structure_changes,
    answer_structure_change,
    attach_change_evidence,
    confirm_structure_change,
    drop_structure_change,
    open_structure_change,
    propose_structure_change,
    reopen_structure_change,
    start_following,
)
from sceau.records.models import (
    Amendment,
    Approval,
    Card,
    Certificate,
    Departure,
    Habilitation,
    HabilitationVersion,
    Order,
    OrderVersion,
    StructureChange,
)
from sceau.registration import CardStatus, StopPlan
from sceau.vocabulary import Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    BRUNO,
    CHLOE,
    CONTRACT,
    MANDATAIRE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    SIRET,
    STRANGER,
    Instance,
    Someone,
    form,
    offer,
    server_request,
)

PEOPLE = (ALICE, BRUNO, CHLOE, REPRESENTATIVE, MANDATAIRE, ADMINISTRATOR, SECOND_ADMINISTRATOR, STRANGER)
OFFICERS = (ALICE, BRUNO, CHLOE)
OLD = f"3{SIRET}"
TEXTS = (
    ((offer("serv-ssl"),), (ADMINISTRATOR,)),
    ((offer("serv-ssl"),), (ADMINISTRATOR, SECOND_ADMINISTRATOR)),
    ((offer("serv-ssl", kind="server", declared="www.chu-exemple.fr"),), (SECOND_ADMINISTRATOR,)),
    ((offer("serv-ssl"), offer("org", products=["ORG_SIGN"])), (ADMINISTRATOR,)),
)
KEEP, REVOKE = StopPlan(others={"certificates": "keep"}), StopPlan(others={"certificates": "revoke"})
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64

LOOSE = (
    *("submit", "amend", "sign", "take", "approve", "ask", "answer", "refuse", "abandon", "hold", "unhold"),
    *("assign", "release", "replace", "answer_effects", "suspend", "resume", "withdraw", "leave", "decide"),
    *("finish", "stay", "oppose", "renew", "employ", "dismiss", "issue", "later", "open_change", "plan"),
    *("evidence", "propose", "confirm", "reopen", "drop_change", "advance", "follow"),
)
WHOLE = ("accept", "accept", "accept", "replace_whole", "leave_whole", "change_whole", "issue")
ACTS = st.tuples(
    st.one_of(st.sampled_from(LOOSE), st.sampled_from(WHOLE)),
    st.integers(0, len(PEOPLE) - 1),
    st.integers(0, 11),
)


class NothingThereError(Exception):
    """There is no such thing to act on yet."""


class Witness:
    """Everything done to one structure, and what was seen of it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.yes: dict[str, set[tuple[str, int]]] = {}
        self.employed: set[str] = set()
        self.done: list[str] = []
        self.refused: object = ()

    def do(self, name: str, who: int, which: int) -> None:
        before = {row.reference: row.state for row in Order.objects.all()}
        try:
            with transaction.atomic():
                getattr(self, f"do_{name}")(PEOPLE[who], which)
            self.done.append(name)
        except NothingThereError:
            return
        except Refused as refusal:
            self.refused = refusal.findings
        self.check(before)

    # -- orders

    def order(self, which: int) -> Order:
        rows = list(Order.objects.order_by("-id")[:4])
        if not rows:
            raise NothingThereError
        return rows[which % len(rows)]

    def do_submit(self, who: Someone, which: int) -> None:
        offers, administrators = TEXTS[which % len(TEXTS)]
        receive_form(who.actor, raw=form(*offers, administrators=administrators), channel="web")

    def do_amend(self, who: Someone, which: int) -> None:
        order = self.order(which)
        offers, administrators = TEXTS[(which // 3) % len(TEXTS)]
        amend_order(
            who.actor,
            reference=order.reference,
            version=order.current_version - which % 2,
            raw=form(*offers, administrators=administrators),
            why="Correction",
        )

    def do_sign(self, who: Someone, which: int) -> None:
        order = self.order(which)
        sign_order(who.actor, reference=order.reference, version=order.current_version)

    def do_take(self, who: Someone, which: int) -> None:
        take_order(who.actor, reference=self.order(which).reference)

    def do_approve(self, who: Someone, which: int) -> None:
        order = self.order(which)
        self.say_yes(who, order.reference, order.current_version - (which == 7))

    def say_yes(self, who: Someone, reference: str, version: int) -> None:
        approve_order(who.actor, reference=reference, version=version)
        person = who.national_id.text
        assert person not in self.employed, "an officer of the structure said yes"
        self.yes.setdefault(reference, set()).add((person, version))

    def do_ask(self, who: Someone, which: int) -> None:
        ask_for_more(who.actor, reference=self.order(which).reference, text="Précisez")

    def do_answer(self, who: Someone, which: int) -> None:
        order = self.order(which)
        answer_request(who.actor, reference=order.reference, version=order.current_version, text="Voici")

    def do_refuse(self, who: Someone, which: int) -> None:
        refuse_order(who.actor, reference=self.order(which).reference, reason="Non")

    def do_abandon(self, who: Someone, which: int) -> None:
        abandon_order(who.actor, reference=self.order(which).reference)

    def do_hold(self, who: Someone, which: int) -> None:
        hold_order(who.actor, reference=self.order(which).reference, hold=Hold("Attend", event="text"))

    def do_unhold(self, who: Someone, which: int) -> None:
        unhold_order(who.actor, reference=self.order(which).reference)

    def do_assign(self, who: Someone, which: int) -> None:
        to = PEOPLE[which % len(PEOPLE)].national_id.text
        assign_order(who.actor, reference=self.order(which).reference, to=to)

    def do_release(self, who: Someone, which: int) -> None:
        release_order(who.actor, reference=self.order(which).reference)

    def do_accept(self, who: Someone, which: int) -> None:
        self.do_submit(REPRESENTATIVE, which)
        self.decide(Order.objects.order_by("-id")[0].reference)

    def decide(self, reference: str) -> None:
        for officer in OFFICERS:
            with suppress(Refused), transaction.atomic():
                take_order(officer.actor, reference=reference)
                break
        found = preview_amendment(reference)
        if found is not None:
            self.answer(reference, KEEP)
        for officer in OFFICERS:
            with suppress(Refused), transaction.atomic():
                version = Order.objects.get(reference=reference).current_version
                self.say_yes(officer, reference, version)

    # -- amendments

    def do_replace(self, who: Someone, which: int) -> None:
        offers, administrators = TEXTS[which % len(TEXTS)]
        raw = form(*offers, administrators=administrators)
        amend_grants(who.actor, amends=self.order(which).reference, raw=raw)

    def do_answer_effects(self, who: Someone, which: int) -> None:
        self.answer(self.order(which).reference, REVOKE if which % 2 else KEEP, who)

    def answer(self, reference: str, plan: StopPlan, who: Someone | None = None) -> None:
        found = preview_amendment(reference)
        version = Order.objects.get(reference=reference).current_version
        for officer in [who] if who else OFFICERS:
            with suppress(Refused) if who is None else transaction.atomic(), transaction.atomic():
                seen = "" if found is None else found.seen
                answer_amendment(officer.actor, reference=reference, version=version, seen=seen, plan=plan)
                return

    def do_replace_whole(self, who: Someone, which: int) -> None:
        base = Order.objects.filter(state="accepted").order_by("-id").first()
        if base is None:
            raise NothingThereError
        offers, administrators = TEXTS[which % len(TEXTS)]
        raw = form(*offers, administrators=administrators)
        file = amend_grants(REPRESENTATIVE.actor, amends=base.reference, raw=raw)
        self.decide(file.line.reference)

    # -- rights

    def right(self, which: int) -> str:
        rows = list(Habilitation.objects.order_by("-id")[:6])
        if not rows:
            raise NothingThereError
        return rows[which % len(rows)].reference

    def do_suspend(self, who: Someone, which: int) -> None:
        suspend_habilitation(who.actor, reference=self.right(which), reason="Doute", plan=KEEP)

    def do_resume(self, who: Someone, which: int) -> None:
        resume_habilitation(who.actor, reference=self.right(which), reason="Levé")

    def do_withdraw(self, who: Someone, which: int) -> None:
        plan = REVOKE if which % 2 else KEEP
        withdraw_habilitation(who.actor, reference=self.right(which), reason="Fin", plan=plan)

    def do_issue(self, who: Someone, which: int) -> None:
        right = Habilitation.objects.filter(product="SERV_SSL", state="active").order_by("-id").first()
        if right is None:
            raise NothingThereError
        theirs = [one for one in PEOPLE if one.national_id.text == right.person.national_id]
        holder = who if which == 11 else theirs[0]
        request = server_request("www.chu-exemple.fr", which=f"m{which}", habilitation=right.reference)
        issue_certificate(holder.actor, request, idempotency_key=f"m{which}-{right.pk}")

    # -- people and cards

    def do_leave(self, who: Someone, which: int) -> None:
        leaver = (ADMINISTRATOR, SECOND_ADMINISTRATOR)[which % 2]
        open_departure(who.actor, person_id=leaver.national_id.text, structure_id=OLD, reason="Part")

    def departure(self) -> Departure:
        row = Departure.objects.filter(state="open").order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def do_decide(self, who: Someone, which: int) -> None:
        row = self.departure()
        waiting = row.lines.filter(answer="").values_list("certificate__reference", flat=True)
        answer = ("keep", "revoke")[which % 2]
        decide_departure(
            who.actor, reference=row.reference, decisions=[LineDecision(one, answer) for one in waiting]
        )

    def do_finish(self, who: Someone, which: int) -> None:
        row = self.departure()
        if finish_departure(who.actor, reference=row.reference).state == "done":
            theirs = Habilitation.objects.filter(person=row.person, structure=row.structure)
            assert not theirs.exclude(state="withdrawn").exists(), "a right outlived its holder's departure"

    def do_stay(self, who: Someone, which: int) -> None:
        drop_departure(who.actor, reference=self.departure().reference, reason="Reste")

    def do_leave_whole(self, who: Someone, which: int) -> None:
        self.do_leave(REPRESENTATIVE, which)
        self.do_decide(REPRESENTATIVE, which)
        self.do_finish(REPRESENTATIVE, which)

    def do_oppose(self, who: Someone, which: int) -> None:
        card = (ADMINISTRATOR, SECOND_ADMINISTRATOR, BRUNO)[which % 3].card
        set_card_status(Actor.system("t"), number=card, status=CardStatus.REVOKED, reason="Perdue")

    def do_renew(self, who: Someone, which: int) -> None:
        Card.objects.filter(status="revoked").update(status="valid")  # found again: its holder goes on

    def do_employ(self, who: Someone, which: int) -> None:
        officer = OFFICERS[which % 3]
        confirm_employee(who.actor, structure_id=OLD, person=officer.person)
        self.employed.add(officer.national_id.text)

    def do_dismiss(self, who: Someone, which: int) -> None:
        officer = OFFICERS[which % 3].national_id.text
        end_employment(who.actor, structure_id=OLD, person_id=officer)
        self.employed.discard(officer)

    def do_later(self, who: Someone, which: int) -> None:
        self.instance.clock.forward(hours=which + 1)

    # -- the structure's own change

    def change(self) -> StructureChange:
        row = StructureChange.objects.exclude(state__in=("done", "dropped")).order_by("-id").first()
        if row is None:
            raise NothingThereError
        return row

    def do_open_change(self, who: Someone, which: int) -> None:
        kind = ("renamed", "absorbed", "closed")[which % 3]
        becomes = None if kind == "closed" else NEW_IDENTITY
        today = machine().clock().date()
        open_structure_change(who.actor, ChangeEntry(OLD, kind, today, "Extrait", becomes))

    def do_evidence(self, who: Someone, which: int) -> None:
        row = self.change()
        piece = add_piece(who.actor, PieceEntry("kbis", PNG, "k.png", date(2026, 11, 20), contract=CONTRACT))
        attach_change_evidence(who.actor, reference=row.reference, piece=piece.reference)

    def do_plan(self, who: Someone, which: int) -> None:
        row = self.change()
        first = machine().clock().date() + timedelta(days=2)
        last = first + timedelta(days=5)
        usual = {
            "contract": "terminate" if row.kind == "closed" else "follow",
            "order": "abandon",
            "right": "withdraw" if row.kind == "closed" or which % 4 == 3 else "follow",
            "designation": "end" if row.kind == "closed" or which % 3 == 1 else "follow",
            "certificate": "revoke" if row.kind == "closed" or which % 2 else "replace",
        }
        answers = [
            ThingAnswer(
                line.thing,
                line.reference,
                usual[line.thing],
                first if usual[line.thing] == "replace" else None,
                last if line.thing == "certificate" else None,
            )
            for line in row.lines.filter(answer="")
        ]
        answer_structure_change(who.actor, reference=row.reference, answers=answers)

    def do_propose(self, who: Someone, which: int) -> None:
        row = self.change()
        propose_structure_change(who.actor, reference=row.reference, version=row.version)

    def do_confirm(self, who: Someone, which: int) -> None:
        row = self.change()
        confirm_structure_change(who.actor, reference=row.reference, version=row.version)
        assert who.national_id.text not in self.employed, "an officer of the structure confirmed its change"

    def do_reopen(self, who: Someone, which: int) -> None:
        reopen_structure_change(who.actor, reference=self.change().reference, reason="À revoir")

    def do_drop_change(self, who: Someone, which: int) -> None:
        drop_structure_change(who.actor, reference=self.change().reference, reason="Erreur")

    def do_advance(self, who: Someone, which: int) -> None:
        self.instance.clock.forward(days=which)
        advance_structure_changes()

    def do_follow(self, who: Someone, which: int) -> None:
        row = StructureChange.objects.filter(state="confirmed").order_by("-id").first()
        base = Order.objects.filter(state="accepted").order_by("-id").first()
        if row is None or base is None:
            raise NothingThereError
        raw = start_following(REPRESENTATIVE.actor, reference=row.reference, order=base.reference)
        file = amend_grants(REPRESENTATIVE.actor, amends=base.reference, raw=raw)
        self.decide(file.line.reference)
        advance_structure_changes()

    def do_change_whole(self, who: Someone, which: int) -> None:
        with suppress(Refused), transaction.atomic():
            self.do_open_change(REPRESENTATIVE, which)
        steps: tuple[Callable[[Someone, int], None], ...] = (self.do_evidence, self.do_plan)
        for step in steps:
            step(REPRESENTATIVE, which)
        self.do_propose(ALICE, which)
        self.do_confirm(BRUNO, which)
        if which % 2:
            self.do_follow(who, which)

    # -- what must hold

    def check(self, before: dict[str, str]) -> None:
        self.check_orders(before)
        self.check_rights()
        self.check_changes()

    def check_orders(self, before: dict[str, str]) -> None:
        for order in Order.objects.all():
            was = before.get(order.reference, "received")
            assert was not in {"accepted", "refused", "abandoned"} or was == order.state
            if order.state == "accepted":
                said = self.yes.get(order.reference, set())
                people = {who for who, version in said if version == order.current_version}
                assert len(people) >= 2, "accepted alone"
                assert people <= {one.national_id.text for one in OFFICERS}
                rows = Approval.objects.filter(order=order, version=order.current_version)
                assert set(rows.values_list("officer", flat=True)) == people

    def check_rights(self) -> None:
        done = set(Amendment.objects.filter(done_at__isnull=False).values_list("amends_id", flat=True))
        for right in Habilitation.objects.select_related("person"):
            versions = list(HabilitationVersion.objects.filter(habilitation=right).order_by("number"))
            assert [one.number for one in versions] == list(range(1, right.current_version + 1))
            for one in versions:
                assert one.order.state == "accepted"
                text = OrderVersion.objects.get(order=one.order, number=one.order_version)
                assert text.signed_card, "a version without its signed act"
                assert self.gives(json.loads(text.raw), right), "a right that no version grants"
            if right.state == "active":
                assert versions[-1].order_id not in done, "a right that an amended text gave"

    def gives(self, raw: dict[str, Any], right: Habilitation) -> bool:
        cards = set(Card.objects.filter(person=right.person).values_list("number", flat=True))
        named = {one["card_number"] for one in raw["administrators"]}
        scopes = {one.get("declared", "") or "-" for one in raw["offers"]}
        domain = right.canonical_scope.rsplit(":", 1)[-1]
        return bool(cards & named) and domain in scopes

    def check_changes(self) -> None:
        for row in StructureChange.objects.filter(state__in=("confirmed", "done")):
            assert row.proposed_by != row.confirmed_by
            assert {row.proposed_by, row.confirmed_by} <= {one.national_id.text for one in OFFICERS}
            if row.applied_at is not None and row.successor_id != row.structure_id:
                left = Habilitation.objects.filter(structure=row.structure, state="active")
                assert not left.exists(), "a right serves for an identity that is no more"
            if row.state == "done":
                assert not row.lines.filter(done_at=None).exists()
        for certificate in Certificate.objects.exclude(habilitation=None):
            kept = HabilitationVersion.objects.filter(
                habilitation=certificate.habilitation_id, number=certificate.habilitation_version or 0
            )
            assert kept.exists()


NEW_IDENTITY = StructureEntry(
    name="Centre hospitalier du Nouvel Exemple", postcode="69003", commune="Lyon", siret="18751275100038"
)


def test_whatever_is_done_no_order_is_accepted_alone_and_no_right_serves_that_nothing_gives(
    instance: Instance,
) -> None:
    now = instance.clock.now

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(acts=st.lists(ACTS, min_size=4, max_size=14))
    def walk(acts: list[tuple[str, int, int]]) -> None:
        instance.clock.now = now
        with transaction.atomic():
            witness = Witness(instance)
            for name, who, which in acts:
                witness.do(name, who, which)
            for name in set(witness.done):
                event(f"{name}: done")
            transaction.set_rollback(True)

    walk()


def test_the_whole_of_each_path_is_walked_by_the_machine(instance: Instance) -> None:
    with transaction.atomic():
        witness = Witness(instance)
        for name, who, which in (
            *(("accept", 3, 1), ("issue", 5, 1), ("replace_whole", 3, 3), ("leave_whole", 3, 0)),
            *(("accept", 3, 1), ("issue", 5, 2), ("suspend", 0, 0), ("resume", 0, 0)),
            *(("change_whole", 3, 9), ("advance", 0, 11)),
        ):
            witness.do(name, who, which)
            assert witness.done[-1:] == [name], witness.refused
        assert Amendment.objects.filter(done_at__isnull=False).count() == 2
        assert Departure.objects.get().state == "done"
        assert StructureChange.objects.get().state == "done"
        assert Habilitation.objects.filter(structure__siret="18751275100038", state="active").exists()
        transaction.set_rollback(True)
