"""Anybody does anything, through the real verbs and a real database: what is left was granted, and by two.

The witness reads the stored forms itself, as JSON, and knows nothing of the rules.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pytest_django.plugin import DjangoDbBlocker

from sceau.operations import (
    Actor,
    CertificateRequest,
    abandon_order,
    amend_order,
    answer_request,
    approve_order,
    ask_for_more,
    issue_certificate,
    receive_form,
    refuse_order,
    resume_habilitation,
    revoke_certificate,
    seal_journal,
    suspend_habilitation,
    take_order,
    withdraw_habilitation,
)
from sceau.records.models import (
    Certificate,
    Habilitation,
    HabilitationVersion,
    JournalEntry,
    JournalLeaf,
    Order,
    Role,
)
from sceau.vocabulary import Fault, Refused
from tests.instance import (
    ADMINISTRATOR,
    ALICE,
    AUDITOR,
    BRUNO,
    CHLOE,
    REPRESENTATIVE,
    SECOND_ADMINISTRATOR,
    STRANGER,
    Someone,
    csr,
    form,
    make_instance,
    offer,
)
from tests.integration.databases import copy, drop, pointed_at

ACTORS = (ALICE, BRUNO, CHLOE, REPRESENTATIVE, ADMINISTRATOR, SECOND_ADMINISTRATOR, AUDITOR, STRANGER)
OFFERS = (
    offer("serv-ssl"),
    offer("serv-ssl", kind="server", declared="www.chu-exemple.fr"),
    offer("serv-mail", products=["SERV_CONF"], restricted=True),
    offer("org", products=["ORG_SIGN"]),
)
CHANNELS = st.sampled_from(["web", "pdf", "pdf", "desk"])
STOPS = st.sampled_from([ask_for_more, ask_for_more, refuse_order, abandon_order])
PAIRS = st.sampled_from(
    [(BRUNO, CHLOE), (CHLOE, BRUNO), (ALICE, BRUNO), (BRUNO, BRUNO), (REPRESENTATIVE, BRUNO)]
)
somebody = st.sampled_from(ACTORS)
some_offers = st.lists(st.sampled_from(OFFERS), min_size=1, max_size=2)
some_people = st.lists(
    st.sampled_from([ADMINISTRATOR, ALICE, SECOND_ADMINISTRATOR]), min_size=1, max_size=2, unique=True
)
which = st.integers(0, 3)
# Most acts are tried by those who could, or no walk would get far.
an_officer = st.one_of(st.sampled_from([ALICE, BRUNO, CHLOE]), somebody)


class Records(RuleBasedStateMachine):
    """Orders and rights of one database, in anybody's hands."""

    template: dict[str, Any]
    folder: Path
    count = 0
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).count += 1
        self.database = copy(self.template, self.folder, f"walk{self.count}")
        self.pointing = pointed_at(self.database)
        self.pointing.__enter__()
        self.instance = make_instance(self.folder / f"public{self.count}", seed=self.count)
        self.keys = 0

    def teardown(self) -> None:
        reached = type(self).reached
        reached["orders"] += Order.objects.filter(state="accepted").count()
        reached["rights"] += Habilitation.objects.count()
        reached["certificates"] += Certificate.objects.count()
        self.pointing.__exit__(None, None, None)
        drop(self.database)

    def order(self, at: int) -> Order | None:
        orders = list(Order.objects.order_by("-id")[:3])
        return orders[at % len(orders)] if orders else None

    def right(self, at: int) -> Habilitation | None:
        rights = list(Habilitation.objects.order_by("-id")[:4])
        return rights[at % len(rights)] if rights else None

    @staticmethod
    def attempt(act: Any, *args: Any, **kwargs: Any) -> None:
        try:
            act(*args, **kwargs)
        except Refused:
            pass
        except Fault as fault:
            if fault.code == "operations.database-refused":  # our rules let it pass: a defect
                raise

    @rule(
        who=somebody, offers=some_offers, people=some_people, channel=st.sampled_from(["web", "pdf", "desk"])
    )
    def an_order_comes(self, who: Someone, offers: Any, people: list[Someone], channel: str) -> None:
        raw = form(*offers, administrators=tuple(people))
        actor = Actor.system("mail-room") if channel == "pdf" else who.actor
        self.attempt(receive_form, actor, raw=raw, channel=channel)

    @rule(who=an_officer, at=which)
    def somebody_takes(self, who: Someone, at: int) -> None:
        if order := self.order(at):
            self.attempt(take_order, who.actor, reference=order.reference)

    @initialize(offers=some_offers, people=some_people)
    def there_is_an_order(self, offers: Any, people: list[Someone]) -> None:
        self.an_order_comes(REPRESENTATIVE, offers, people, "web")

    @rule(pair=PAIRS, at=which)
    def the_desk_works(self, pair: tuple[Someone, Someone], at: int) -> None:
        first, second = pair
        if order := self.order(at):
            self.somebody_takes(first, at)
            for who in (first, second):
                order.refresh_from_db()
                seen = {"reference": order.reference, "version": order.current_version}
                self.attempt(approve_order, who.actor, **seen)

    @rule(who=an_officer, at=which, behind=st.sampled_from([0, 0, 0, 1]))
    def somebody_approves(self, who: Someone, at: int, behind: int) -> None:
        if order := self.order(at):
            seen = order.current_version - behind
            self.attempt(approve_order, who.actor, reference=order.reference, version=seen)

    @rule(who=somebody, at=which, offers=some_offers, people=some_people, answers=st.booleans())
    def somebody_edits(self, who: Someone, at: int, offers: Any, people: Any, answers: bool) -> None:
        if order := self.order(at):
            edit = {"reference": order.reference, "version": order.current_version}
            edit["raw"] = form(*offers, administrators=tuple(people))
            if answers:
                self.attempt(answer_request, who.actor, text="Voici", **edit)
            else:
                self.attempt(amend_order, who.actor, why="Correction", **edit)

    @rule(
        who=an_officer,
        at=which,
        verb=st.sampled_from([ask_for_more, ask_for_more, refuse_order, abandon_order]),
    )
    def somebody_stops_an_order(self, who: Someone, at: int, verb: Any) -> None:
        if order := self.order(at):
            words = {"text": "Quoi ?"} if verb is ask_for_more else {"reason": "Non"}
            self.attempt(verb, who.actor, reference=order.reference, **words)

    @rule(
        who=an_officer,
        at=which,
        verb=st.sampled_from([suspend_habilitation, resume_habilitation, withdraw_habilitation]),
    )
    def somebody_handles_a_right(self, who: Someone, at: int, verb: Any) -> None:
        if right := self.right(at):
            self.attempt(verb, who.actor, reference=right.reference, reason="Essai")

    @rule(other=somebody, honest=st.integers(0, 3), at=which)
    def somebody_asks_for_a_certificate(self, other: Someone, honest: int, at: int) -> None:
        if right := self.right(at):
            self.keys += 1
            holder = (one for one in ACTORS if one.national_id.text == right.person.national_id)
            who = next(holder) if honest else other
            names = {"SERV_SSL": "www.chu-exemple.fr", "SERV_CONF": "a@chu-exemple.fr"}
            request = CertificateRequest(
                right.product, (names.get(right.product, "DMP"),), csr(f"k{self.keys}"), right.reference
            )
            self.attempt(issue_certificate, who.actor, request, idempotency_key=f"k{self.keys}")

    @rule(who=somebody, at=which, quality=st.sampled_from(["administrator", "desk", "representative"]))
    def somebody_revokes(self, who: Someone, at: int, quality: str) -> None:
        certificates = list(Certificate.objects.order_by("id"))
        if certificates:
            reference = certificates[at % len(certificates)].reference
            self.attempt(
                revoke_certificate, who.actor, reference=reference, reason="superseded", quality=quality
            )

    @rule()
    def the_journal_is_sealed(self) -> None:
        seal_journal()
        assert JournalLeaf.objects.count() == JournalEntry.objects.count()

    @invariant()
    def nobody_accepted_an_order_alone(self) -> None:
        desk = set(Role.objects.filter(quality="desk").values_list("person__national_id", flat=True))
        for order in Order.objects.filter(state="accepted"):
            yeses = order.approvals.filter(version=order.current_version)
            people = set(yeses.values_list("officer", flat=True))
            assert len(people) == 2
            assert people <= desk
            assert order.submitted_by not in people
            for version in order.versions.all():
                raw = json.loads(version.raw)
                cards = {raw["signatory"]["card_number"]}
                cards |= {person["card_number"] for person in raw["administrators"]}
                named = {someone.national_id.text for someone in ACTORS if someone.card in cards}
                assert not people & named

    @invariant()
    def no_right_is_left_that_no_accepted_version_grants(self) -> None:
        for version in HabilitationVersion.objects.select_related("habilitation__person", "order"):
            right = version.habilitation
            assert version.order.state == "accepted"
            assert version.order_version == version.order.current_version
            raw = json.loads(version.order.versions.get(number=version.order_version).raw)
            cards = {person["card_number"] for person in raw["administrators"]}
            assert {someone.national_id.text for someone in ACTORS if someone.card in cards} >= {
                right.person.national_id
            }
            assert any(self.gives(line, right, version) for line in raw["offers"])

    @staticmethod
    def gives(line: dict[str, Any], right: Habilitation, version: HabilitationVersion) -> bool:
        products = line["products"] or ["SERV_SSL"]
        name = (line["declared"] or "").removeprefix("@")
        box = bool(line["restricted"])
        return right.product in products and (name, box) == (version.scope_name, version.scope_restricted)

    @invariant()
    def a_certificate_was_asked_for_by_whose_right_it_is(self) -> None:
        for row in Certificate.objects.select_related("habilitation__person"):
            assert row.habilitation is not None
            assert row.asked_by == row.habilitation.person.national_id
            assert row.state != "intended"
            given = JournalEntry.objects.get(subject=row.reference, kind="certificate.intended")
            stopped = JournalEntry.objects.filter(
                subject=row.habilitation.reference, kind="habilitation.withdrawn", pk__lt=given.pk
            )
            assert not stopped.exists()


def test_no_mix_of_acts_accepts_an_order_alone_or_leaves_a_right_nobody_granted(
    peopled_template: dict[str, Any], tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    Records.template, Records.folder = peopled_template, tmp_path
    budget = settings(
        max_examples=25,
        derandomize=True,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with django_db_blocker.unblock():
        run_state_machine_as_test(Records, settings=budget)
    assert min(Records.reached.values()) >= 5, Records.reached  # the walks did get somewhere
