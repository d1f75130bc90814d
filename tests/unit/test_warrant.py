"""The warrant: whose right, whose card, whose certificate; and the subject it leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sceau.catalogue import load_catalogue
from sceau.registration import (
    Card,
    CardStatus,
    Channel,
    ConfirmedMailbox,
    ContractState,
    EmployeeSubject,
    Habilitation,
    HabilitationStatus,
    HolderLetter,
    HolderSource,
    NamedHolder,
    Person,
    ProfessionalSubject,
    Scope,
    ScopeKind,
    Structure,
    StructureSubject,
    Warrant,
    own_card_warrant,
    warrant_for,
)
from sceau.vocabulary import (
    ApplicationName,
    HostName,
    Mailbox,
    PersonId,
    Refused,
    StructureId,
    read_card_number,
    read_siret,
)

CATALOGUE = load_catalogue()
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NUMBER = read_card_number("2800000001").require()
SIRET = read_siret("35600000049837").require()
ANNE = Person(
    PersonId("8", "99700041983"), "MARTIN", "Anne", "Mme", profession_code=10, specialities=("SM54",)
)
PAUL = Person(PersonId("3", "0B0057881", "CPET0002"), "DURAND", "Paul", "M")
HOSPITAL = Structure("CHU EXEMPLE", StructureId("1", "690000001"), "Rhône (69)", "69001", "LYON", siret=SIRET)
CARD = Card(NUMBER, "CPS", CardStatus.VALID, ANNE.national_id)
SERVER = Habilitation(
    reference="H-1",
    version=3,
    status=HabilitationStatus.APPROVED,
    person_id=ANNE.national_id,
    structure=HOSPITAL,
    product="SERV_SSL",
    scope=Scope(ScopeKind.DOMAIN, HostName("mon-domaine.fr")),
    contract=ContractState.ACTIVE,
    holder_letter=HolderLetter.NOT_NEEDED,
)
MAIL = replace(SERVER, product="SERV_S/MIME", scope=Scope(ScopeKind.MAIL, HostName("mon-domaine.fr")))
PRO = replace(MAIL, product="PRO_SIGN")
ORG = replace(SERVER, product="ORG_AUTH_CLI", scope=None)
HOLDER = NamedHolder(PAUL, HOSPITAL.structure_id, HolderSource.REGISTER)
CONFIRMED = ConfirmedMailbox(Mailbox("a.martin", HostName("medecin.mssante.fr")), AT - timedelta(minutes=2))


def ask(habilitation: Habilitation, *names: str, **changes: Any) -> Warrant:
    facts: dict[str, Any] = {
        "person": ANNE,
        "card": CARD,
        "product": habilitation.product,
        "at": AT,
    } | changes
    return warrant_for(habilitation=habilitation, names=names, catalogue=CATALOGUE, **facts)


def ask_own(**changes: Any) -> Warrant:
    facts: dict[str, Any] = {
        "person": ANNE,
        "card": CARD,
        "product": "PS_SIGN",
        "mailbox": CONFIRMED,
        "at": AT,
    }
    facts |= changes
    return own_card_warrant(catalogue=CATALOGUE, **facts)


def refused(call: Any) -> set[str]:
    with pytest.raises(Refused) as refusal:
        call()
    return {finding.code for finding in refusal.value.findings if finding.severity == "error"}


def test_a_server_s_warrant_names_the_structure_and_the_first_host() -> None:
    warrant = ask(SERVER, "WWW.mon-domaine.fr.", "mon-domaine.fr")
    assert warrant == Warrant(
        product="SERV_SSL",
        channel=Channel.FORM_413,
        asked_by=ANNE.national_id,
        card=NUMBER,
        habilitation=("H-1", 3),
        subject=StructureSubject("Rhône (69)", "CHU EXEMPLE", HOSPITAL.structure_id, "www.mon-domaine.fr"),
        names=(HostName("www.mon-domaine.fr"), HostName("mon-domaine.fr")),
        at=AT,
    )


def test_an_organisation_s_common_name_is_its_application() -> None:
    warrant = ask(ORG, "INSI-AUTO")
    assert isinstance(warrant.subject, StructureSubject)
    assert warrant.subject.common_name == "INSI-AUTO"
    assert warrant.names == (ApplicationName("INSI-AUTO"),)


def test_an_application_may_be_named_like_a_server_since_it_never_becomes_a_san() -> None:
    """[decision 13; seen in a real certificate]"""
    assert ask(ORG, "tops.demo.asipsante.fr").names == (ApplicationName("tops.demo.asipsante.fr"),)


def test_a_mail_server_s_common_name_is_its_mailbox_or_never_a_cut_one() -> None:
    short = ask(MAIL, "cachet@mon-domaine.fr").subject
    long = ask(MAIL, f"{'a' * 60}@mon-domaine.fr").subject
    assert isinstance(short, StructureSubject)
    assert isinstance(long, StructureSubject)
    assert short.common_name == "cachet@mon-domaine.fr"
    assert long.common_name == "mon-domaine.fr"


def test_a_mailbox_of_64_characters_is_a_common_name_and_of_65_is_not() -> None:
    for count, expected in ((49, "a" * 49 + "@mon-domaine.fr"), (50, "mon-domaine.fr")):
        subject = ask(MAIL, f"{'a' * count}@mon-domaine.fr").subject
        assert isinstance(subject, StructureSubject)
        assert subject.common_name == expected


def test_a_mailbox_confirmed_in_the_same_second_is_confirmed() -> None:
    assert ask_own(mailbox=replace(CONFIRMED, confirmed_at=AT))


def test_a_pro_certificate_names_its_holder_within_the_structure() -> None:
    warrant = ask(PRO, "p.durand@mon-domaine.fr", holder=HOLDER)
    assert warrant.subject == EmployeeSubject(
        "Rhône (69)", "CHU EXEMPLE", HOSPITAL.structure_id, PAUL.national_id, "DURAND", "Paul", "M", None
    )
    assert warrant.asked_by == ANNE.national_id


def test_a_holder_may_be_known_to_work_under_another_number_of_the_structure() -> None:
    assert ask(PRO, "p.durand@mon-domaine.fr", holder=replace(HOLDER, works_for=StructureId.of(SIRET)))


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        (None, "right.holder-missing"),
        (replace(HOLDER, works_for=StructureId("1", "690000002")), "right.holder-elsewhere"),
        (replace(HOLDER, source=HolderSource.UNCONFIRMED), "right.holder-unconfirmed"),
    ],
)
def test_a_pro_holder_is_named_employed_and_confirmed(holder: NamedHolder | None, code: str) -> None:
    """[decision 14]"""
    assert refused(lambda: ask(PRO, "p.durand@mon-domaine.fr", holder=holder)) == {code}


def test_a_server_names_nobody() -> None:
    assert refused(lambda: ask(SERVER, "www.mon-domaine.fr", holder=HOLDER)) == {"right.holder-needless"}


@pytest.mark.parametrize("state", [state for state in HabilitationStatus if state != "approved"])
def test_a_habilitation_that_is_not_in_force_gives_nothing(state: HabilitationStatus) -> None:
    assert len(refused(lambda: ask(replace(SERVER, status=state), "www.mon-domaine.fr"))) == 1


def test_a_contract_that_ended_and_a_letter_withdrawn_are_looked_at_now_and_not_when_the_form_came() -> None:
    """[ASSURANCE F31]"""
    lapsed = replace(
        SERVER, contract=ContractState.EXPIRED, holder_letter=HolderLetter.VERIFIED_THEN_WITHDRAWN
    )
    assert refused(lambda: ask(lapsed, "www.mon-domaine.fr")) == {
        "right.contract-expired",
        "right.letter-withdrawn",
    }


def test_a_term_is_past_at_its_very_second() -> None:
    until = replace(SERVER, valid_until=AT)
    assert refused(lambda: ask(until, "www.mon-domaine.fr")) == {"right.term-past"}
    assert ask(replace(SERVER, valid_until=AT + timedelta(seconds=1)), "www.mon-domaine.fr")


def test_the_habilitation_of_another_is_not_yours() -> None:
    other = replace(SERVER, person_id=PAUL.national_id)
    assert refused(lambda: ask(other, "www.mon-domaine.fr")) == {"right.not-yours"}


def test_the_card_of_another_opens_nothing() -> None:
    card = replace(CARD, person_id=PAUL.national_id)
    assert refused(lambda: ask(SERVER, "www.mon-domaine.fr", card=card)) == {"right.card-of-another"}
    assert refused(lambda: ask_own(card=card)) == {"right.card-of-another"}


def test_a_service_card_and_a_lost_one_open_nothing() -> None:
    card = replace(CARD, type="CPE_SERVICE", status=CardStatus.LOST)
    assert refused(lambda: ask(SERVER, "www.mon-domaine.fr", card=card)) == {
        "right.service-card",
        "right.card-lost",
    }


def test_another_product_than_the_habilitation_s_is_refused() -> None:
    assert "right.product-not-habilitated" in refused(
        lambda: ask(SERVER, "a@mon-domaine.fr", product="SERV_SIGN")
    )
    assert "right.ps-not-on-form" in refused(lambda: ask(SERVER, "a@mon-domaine.fr", product="PS_SIGN"))
    assert "right.product-unknown" in refused(lambda: ask(SERVER, "www.mon-domaine.fr", product="?"))


def test_a_name_outside_is_refused_with_every_other_reason() -> None:
    lapsed = replace(SERVER, contract=ContractState.TERMINATED)
    found = refused(lambda: ask(lapsed, "www.mon-domaine.fr", "evil.fr", person=PAUL))
    assert found == {"right.contract-terminated", "scope.outside", "right.not-yours", "right.card-of-another"}


def test_no_name_and_two_applications_are_refused() -> None:
    assert refused(lambda: ask(SERVER)) == {"names.none"}
    assert refused(lambda: ask(ORG)) == {"names.none"}
    assert refused(lambda: ask(ORG, "A", "B")) == {"names.one-application"}


def test_a_professional_s_own_card_gives_a_warrant_without_any_form() -> None:
    warrant = ask_own()
    assert warrant.habilitation is None
    assert warrant.channel is Channel.PS_DIRECT
    assert warrant.names == (CONFIRMED.mailbox,)
    assert warrant.subject == ProfessionalSubject(ANNE.national_id, "MARTIN", "Anne", "Mme", 10, ("SM54",))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"card": replace(CARD, type="CPE_NOMINATIVE")}, "right.not-an-own-card"),
        ({"card": replace(CARD, status=CardStatus.EXPIRED)}, "right.card-expired"),
        ({"person": replace(ANNE, profession_code=None)}, "right.no-profession"),
        ({"mailbox": None}, "right.mailbox-missing"),
        (
            {"mailbox": replace(CONFIRMED, confirmed_at=AT + timedelta(seconds=1))},
            "right.mailbox-unconfirmed",
        ),
        (
            {"mailbox": replace(CONFIRMED, confirmed_at=AT - timedelta(days=366, seconds=1))},
            "right.mailbox-stale",
        ),
        ({"product": "PRO_SIGN"}, "right.form-needed"),
        ({"product": "SERV_SSL"}, "right.form-needed"),
        ({"product": "SERV_SSL"}, "right.mailbox-needless"),
    ],
)
def test_an_own_card_warrant_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code in refused(lambda: ask_own(**changes))


def test_a_mailbox_confirmed_a_year_ago_still_serves() -> None:
    assert ask_own(mailbox=replace(CONFIRMED, confirmed_at=AT - timedelta(days=366)))


def test_a_warrant_is_given_at_an_aware_utc_time() -> None:
    with pytest.raises(ValueError, match="UTC"):
        ask(SERVER, "www.mon-domaine.fr", at=AT.replace(tzinfo=None))
