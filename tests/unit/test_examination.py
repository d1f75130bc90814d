"""The examination of an order: each check, what makes it green, amber or red, and with which words."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sceau.catalogue import RegisterState, RegisterSubject, load_catalogue
from sceau.registration import (
    AttestedVisa,
    Card,
    CardStatus,
    CheckKind,
    ContractFacts,
    ContractPartyFacts,
    ContractState,
    Declared,
    Examination,
    ExtractFacts,
    GivenApproval,
    HolderAddress,
    HolderLetter,
    KnownCard,
    Leave,
    LeaveForm,
    LeaveState,
    Light,
    Mandate,
    Officer,
    OrderEvent,
    OrderFacts,
    OrderRecords,
    Party,
    Person,
    RegisterFact,
    RegisterFacts,
    SignatoryQuality,
    decide_approval,
    decide_structure,
    declared_of,
    examine_order,
    grant,
    parties_of,
    read_form,
)
from sceau.vocabulary import (
    CardNumber,
    Finding,
    Finess,
    HostName,
    IdentifierMode,
    PersonId,
    Postcode,
    Refused,
    RppsRang,
    Siret,
    StructureId,
    errors,
)

CATALOGUE = load_catalogue()
SIRET = "18751275100020"
SIGNATORY, ADMINISTRATOR, SECOND, UNKNOWN = "2500000001", "2600000001", "2600000002", "2600000009"

RAW: dict[str, Any] = {
    "edition": "N413",
    "structure": {
        "name": "Centre hospitalier de l'Exemple",
        "siret": SIRET,
        "finess": "",
        "rpps_rangs": [],
        "postcode": "69003",
        "commune": "Lyon",
        "takes_charge": False,
    },
    "contract": {"number": "C-2026-0012"},
    "signatory": {
        "quality": "representative",
        "surname": "Désirée",
        "given_names": "Élodie",
        "phone": "01 23 45 67 89",
        "email": "elodie@chu-exemple.fr",
        "card_number": SIGNATORY,
    },
    "visa": {"date": "24/11/2026", "signed": True, "stamped": True},
    "usage": {"description": "Serveur", "editor": "Éditeur", "solution": "Logiciel"},
    "offers": [
        {
            "offer": "serv-ssl",
            "products": [],
            "kind": "domain",
            "declared": "chu-exemple.fr",
            "restricted": None,
            "owner": "structure",
            "letter": None,
        }
    ],
    "administrators": [
        {
            "card_number": ADMINISTRATOR,
            "surname": "LEFEVRE",
            "given_names": "Jean-Noël",
            "phone": "01 23 45 67 89",
            "email": "jn@chu-exemple.fr",
        }
    ],
    "declarations": {"terms": True, "exact": True},
}


def person(number: str, surname: str) -> Person:
    return Person(PersonId("3", "690000001", number), surname, "Prénom", "Personnel santé ou social")


def card(number: str, holder: Person, type_: str, status: CardStatus = CardStatus.VALID) -> KnownCard:
    return KnownCard(Card(CardNumber(number), type_, status, holder.national_id), holder)


DIRECTOR, TECHNICIAN = person("DIR", "Désirée"), person("ADM", "Lefèvre")
CARDS = {SIGNATORY: card(SIGNATORY, DIRECTOR, "CDE"), ADMINISTRATOR: card(ADMINISTRATOR, TECHNICIAN, "CPA")}
TODAY = date(2026, 11, 24)
SINCE = Mandate(date(2026, 1, 1), None, frozenset({"sign"}))
CONTRACT = ContractFacts(
    number="C-2026-0012",
    state=ContractState.ACTIVE,
    structure_id=StructureId("3", SIRET),
    structure_name="Centre hospitalier de l'Exemple",
    parties=(
        ContractPartyFacts(SignatoryQuality.REPRESENTATIVE, SIGNATORY, "Desiree", "Elodie", "a", SINCE),
        ContractPartyFacts(SignatoryQuality.MANDATAIRE, SECOND, "Mandat", "Marc", "", SINCE),
    ),
    address=HolderAddress("69003", "Lyon"),
)
EXTRACT = ExtractFacts(
    piece="PIE-1",
    name="CENTRE HOSPITALIER DE L'EXEMPLE",
    siret=SIRET,
    legal_form="Établissement public de santé",
    postcode="69003",
    commune="LYON",
    issued_on=date(2026, 11, 2),
    valid_until=date(2027, 2, 2),
)
ATTESTED = AttestedVisa("PIE-2", 1, is_present=True)
_SIRENE, _CARDS = "SIRENE du 02/11/2026", "Annuaire des cartes du 02/11/2026"
REGISTERS = RegisterFacts(
    loaded={RegisterSubject.ESTABLISHMENT: _SIRENE, RegisterSubject.CARD: _CARDS},
    numbers={
        (RegisterSubject.ESTABLISHMENT, SIRET): RegisterFact(
            _SIRENE, RegisterSubject.ESTABLISHMENT, SIRET, RegisterState.OPEN, name="CH DE L EXEMPLE"
        )
    },
    cards={
        number: RegisterFact(
            _CARDS, RegisterSubject.CARD, number, RegisterState.VALID, name=name, category=type_
        )
        for number, name, type_ in ((SIGNATORY, "DESIREE", "CDE"), (ADMINISTRATOR, "LEFEVRE", "CPA"))
    },
    people={},
)
RECORDS = OrderRecords(CONTRACT, CARDS, attested=ATTESTED, extract=EXTRACT, registers=REGISTERS, day=TODAY)


def changed(path: str, value: Any) -> dict[str, Any]:
    raw = deepcopy(RAW)
    at: Any = raw
    *steps, last = (int(step) if step.isdecimal() else step for step in path.split("."))
    for step in steps:
        at = at[step]
    at[last] = value
    return raw


def examined(raw: dict[str, Any] = RAW, records: OrderRecords = RECORDS) -> Examination:
    form = read_form(raw, catalogue=CATALOGUE, mode=IdentifierMode.TEST)
    return examine_order(form, records, catalogue=CATALOGUE)


def found(examination: Examination, kind: str) -> tuple[Light, set[str]]:
    (check,) = (check for check in examination.checks if check.kind == kind)
    return check.light, {finding.code for finding in check.findings}


def test_an_order_in_which_all_is_well_is_green_with_its_evidence() -> None:
    examination = examined()
    assert {check.light for check in examination.checks} == {Light.GREEN}
    assert [check.kind for check in examination.checks] == list(CheckKind)
    assert examination.reds == examination.ambers == ()
    for check in examination.checks:
        for finding in check.findings:
            assert CATALOGUE.say(finding).text
        assert CATALOGUE.text(f"check.{check.kind}")


def test_a_form_that_cannot_be_read_has_one_check() -> None:
    (check,) = examined(changed("structure.siret", "18751275100021")).checks
    assert (check.kind, check.light) == (CheckKind.FORM, Light.RED)


@pytest.mark.parametrize(
    ("path", "value", "kind", "light", "code"),
    [
        ("visa.signed", False, "visa", "red", "order.visa-not-signed"),
        ("visa.stamped", False, "visa", "amber", "order.visa-not-stamped"),
        ("offers.0.kind", None, "scopes", "red", "order.scope-kind-open"),
        ("signatory.surname", "Autre", "signatory", "amber", "order.signatory-name"),
        ("signatory.quality", "mandataire", "signatory", "amber", "order.signatory-quality"),
        ("signatory.card_number", "2500000009", "signatory", "red", "order.signatory-not-in-contract"),
        (
            "administrators.0.card_number",
            "2600000009",
            "administrators",
            "red",
            "order.administrator-unknown",
        ),
        ("administrators.0.surname", "Autre", "administrators", "amber", "order.administrator-name"),
        ("structure.name", "Autre nom", "structure", "green", "order.structure-read"),
    ],
)
def test_what_the_form_says_makes_a_check(path: str, value: Any, kind: str, light: str, code: str) -> None:
    seen, codes = found(examined(changed(path, value)), kind)
    assert seen == light
    assert code in codes


@pytest.mark.parametrize("state", [state for state in ContractState if state is not ContractState.ACTIVE])
def test_only_a_contract_in_force_lets_order(state: ContractState) -> None:
    records = replace(RECORDS, contract=replace(CONTRACT, state=state))
    assert found(examined(records=records), "contract")[0] is Light.RED


def test_an_unknown_contract_leaves_the_signatory_unchecked() -> None:
    examination = examined(records=replace(RECORDS, contract=None))
    assert found(examination, "contract") == (Light.RED, {"order.contract-unknown"})
    assert found(examination, "signatory") == (Light.RED, {"order.signatory-unchecked"})


@pytest.mark.parametrize(
    ("type_", "status", "light"),
    [
        ("CPS", CardStatus.VALID, Light.GREEN),
        ("CDE", CardStatus.VALID, Light.GREEN),
        ("CDA", CardStatus.VALID, Light.GREEN),
        ("CPE_NOMINATIVE", CardStatus.VALID, Light.RED),
        ("CPA", CardStatus.VALID, Light.RED),
        ("CPE_SERVICE", CardStatus.VALID, Light.RED),
        *(("CDE", status, Light.RED) for status in CardStatus if status is not CardStatus.VALID),
    ],
)
def test_decision_15_a_representative_signs_with_a_director_s_or_a_professional_s_card(
    type_: str, status: CardStatus, light: Light
) -> None:
    cards = CARDS | {SIGNATORY: card(SIGNATORY, DIRECTOR, type_, status)}
    assert found(examined(records=replace(RECORDS, cards=cards)), "signatory")[0] is light


@pytest.mark.parametrize("type_", sorted(CATALOGUE.cards))
@pytest.mark.parametrize("status", list(CardStatus))
def test_an_administrator_s_card_is_nominative_eligible_and_valid(type_: str, status: CardStatus) -> None:
    cards = CARDS | {ADMINISTRATOR: card(ADMINISTRATOR, TECHNICIAN, type_, status)}
    light, codes = found(examined(records=replace(RECORDS, cards=cards)), "administrators")
    row = CATALOGUE.cards[type_]
    is_good = row.nominative and row.eligible and status is CardStatus.VALID
    assert (light is Light.GREEN) == is_good
    assert ("order.administrator-service-card" in codes) == (not row.nominative)


def test_a_renewed_card_of_a_person_the_contract_names_signs() -> None:
    contract = replace(CONTRACT, parties=(replace(CONTRACT.parties[0], person_id=DIRECTOR.national_id.text),))
    cards = CARDS | {"2500000007": card("2500000007", DIRECTOR, "CDE")}
    raw = changed("signatory.card_number", "2500000007")
    assert (
        found(examined(raw, replace(RECORDS, contract=contract, cards=cards)), "signatory")[0] is Light.GREEN
    )
    stranger = CARDS | {"2500000007": card("2500000007", TECHNICIAN, "CDE")}
    assert (
        found(examined(raw, replace(RECORDS, contract=contract, cards=stranger)), "signatory")[0] is Light.RED
    )


def test_a_signatory_whose_card_the_register_does_not_know_orders_nothing() -> None:
    cards = {ADMINISTRATOR: CARDS[ADMINISTRATOR]}
    assert found(examined(records=replace(RECORDS, cards=cards)), "signatory") == (
        Light.RED,
        {"order.signatory-card-unknown"},
    )


def test_the_structure_is_compared_with_what_is_known() -> None:
    form = read_form(RAW, catalogue=CATALOGUE).require()
    structure = decide_structure(declared_of(form), catalogue=CATALOGUE).require()
    known = replace(RECORDS, structure=replace(structure, name="CENTRE HOSPITALIER DE L'EXEMPLE"))
    assert found(examined(records=known), "structure")[0] is Light.GREEN
    other = replace(RECORDS, structure=replace(structure, name="Clinique"))
    assert "order.structure-name-differs" in found(examined(records=other), "structure")[1]
    contract = replace(CONTRACT, structure_id=StructureId("3", "35600000000048"))
    assert (
        "order.beneficiary-differs"
        in found(examined(records=replace(RECORDS, contract=contract)), "structure")[1]
    )


def leave(**changes: Any) -> Leave:
    kept: dict[str, Any] = {
        "reference": "ACC-1",
        "form": LeaveForm.PAPER,
        "state": LeaveState.STANDING,
        "name": HostName("chu-exemple.fr"),
        "whole": True,
        "products": frozenset(),
        "begins": date(2026, 1, 1),
        "signed": True,
        "id_copy": True,
    }
    return Leave(**kept | changes)


ON_FORM = {"received": True, "signed": True, "id_copy": True, "purpose": ""}
RECEIVED, OTHER = LeaveState.RECEIVED, HolderLetter.VERIFIED_OTHER_DOMAIN


@pytest.mark.parametrize(
    ("leaves", "light", "code", "standing"),
    [
        ([leave()], "green", "order.letter-whole", HolderLetter.VERIFIED),
        (
            [leave(form=LeaveForm.DNS, signed=False, id_copy=False)],
            "green",
            "order.leave-by-dns",
            HolderLetter.VERIFIED,
        ),
        ([], "red", "order.letter-missing", HolderLetter.MISSING),
        ([leave(name=HostName("autre.fr"))], "red", "order.letter-missing", OTHER),
        ([leave(name=HostName("www.chu-exemple.fr"))], "red", "order.letter-missing", OTHER),
        (
            [leave(state=RECEIVED, signed=False)],
            "red",
            "order.letter-unsigned",
            HolderLetter.RECEIVED_UNSIGNED,
        ),
        (
            [leave(state=RECEIVED, id_copy=False)],
            "red",
            "order.letter-no-id-copy",
            HolderLetter.RECEIVED_NO_ID_COPY,
        ),
        ([leave(state=RECEIVED)], "red", "order.letter-unverified", HolderLetter.RECEIVED_UNVERIFIED),
        (
            [leave(products=frozenset({"SERV_SIGN"}))],
            "red",
            "order.letter-other-use",
            HolderLetter.VERIFIED_OTHER_USE,
        ),
        (
            [leave(state=LeaveState.WITHDRAWN)],
            "red",
            "order.letter-withdrawn",
            HolderLetter.VERIFIED_THEN_WITHDRAWN,
        ),
        ([leave(ends=date(2026, 11, 23))], "red", "order.letter-ended", HolderLetter.VERIFIED_THEN_ENDED),
        (
            [leave(state=LeaveState.WITHDRAWN), leave(reference="ACC-2")],
            "green",
            "order.letter-whole",
            HolderLetter.VERIFIED,
        ),
    ],
)
def test_another_holder_gives_leave_by_what_is_on_file(
    leaves: list[Leave], light: str, code: str, standing: HolderLetter
) -> None:
    raw = changed("offers.0.letter", ON_FORM)
    raw["offers"][0]["owner"] = "holder"
    records = replace(RECORDS, leaves=tuple(leaves))
    assert found(examined(raw, records), "domain-right") == (light, {code})
    form = read_form(raw, catalogue=CATALOGUE).require()
    (given,) = granted(form, leaves=tuple(leaves))
    assert given.holder_letter is standing
    assert (given.leave != "") == bool(leaves)


def test_what_the_form_says_of_a_letter_opens_nothing_without_the_letter() -> None:
    raw = changed("offers.0.letter", ON_FORM)
    raw["offers"][0]["owner"] = "holder"
    assert found(examined(raw), "domain-right") == ("red", {"order.letter-missing"})


def test_the_use_that_the_requester_states_is_compared_by_people() -> None:
    raw = changed("offers.0.letter", ON_FORM | {"purpose": "DMP"})
    raw["offers"][0]["owner"] = "holder"
    records = replace(RECORDS, leaves=(leave(),))
    assert found(examined(raw, records), "domain-right") == (
        "amber",
        {"order.letter-whole", "order.letter-purpose"},
    )


MANDATE = Mandate(date(2026, 3, 1), date(2026, 11, 23), frozenset({"sign"}))


@pytest.mark.parametrize(
    ("mandate", "code"),
    [
        (MANDATE, "order.signatory-mandate-past"),
        (replace(MANDATE, begins=date(2026, 11, 25), ends=None), "order.signatory-mandate-past"),
        (replace(MANDATE, ends=None, powers=frozenset({"file"})), "order.signatory-no-power"),
        (None, "order.signatory-no-mandate"),
    ],
)
def test_who_signs_has_the_power_to_on_the_day_of_the_visa(mandate: Mandate | None, code: str) -> None:
    contract = replace(CONTRACT, parties=(replace(CONTRACT.parties[0], mandate=mandate),))
    assert found(examined(records=replace(RECORDS, contract=contract)), "signatory") == ("red", {code})
    raw = changed("visa.date", "23/11/2026")
    if mandate is MANDATE:
        assert found(examined(raw, replace(RECORDS, contract=contract)), "signatory")[0] is Light.GREEN


def test_of_two_mandates_the_one_of_the_day_of_the_visa_is_looked_at() -> None:
    past = replace(CONTRACT.parties[0], mandate=MANDATE)
    renewed = replace(past, mandate=replace(MANDATE, begins=date(2026, 11, 24), ends=None))
    for parties in ((past, renewed), (renewed, past)):
        contract = replace(CONTRACT, parties=parties)
        assert found(examined(records=replace(RECORDS, contract=contract)), "signatory")[0] is Light.GREEN


def test_a_signature_on_paper_is_on_a_piece_that_an_officer_looked_at() -> None:
    assert found(examined(records=replace(RECORDS, attested=None)), "visa") == (
        "amber",
        {"order.visa-without-piece"},
    )
    before = replace(RECORDS, attested=replace(ATTESTED, is_present=False))
    assert found(examined(records=before), "visa") == ("amber", {"order.visa-attested-before"})


@pytest.mark.parametrize(
    ("changes", "light", "code"),
    [
        ({}, "green", "extract.agrees"),
        ({"name": "Centre Hospitalier de l’Exemple"}, "green", "extract.agrees"),
        ({"name": "CENTRE HOSPITALIER DE L'EXEMPLE GROUPE"}, "amber", "extract.name-near"),
        ({"name": "CLINIQUE DU PARC"}, "red", "extract.name-differs"),
        ({"siret": "35600000000048"}, "red", "extract.siret-differs"),
        ({"valid_until": date(2026, 11, 23)}, "amber", "extract.too-old"),
        ({"valid_until": date(2026, 11, 24)}, "green", "extract.agrees"),
        ({"postcode": "75001", "commune": "PARIS"}, "amber", "extract.place-differs"),
    ],
)
def test_the_structure_is_compared_with_its_extract(changes: dict[str, Any], light: str, code: str) -> None:
    records = replace(RECORDS, extract=replace(EXTRACT, **changes))
    assert found(examined(records=records), "extract") == (light, {code})


def test_without_an_extract_what_was_not_compared_is_said() -> None:
    assert found(examined(records=replace(RECORDS, extract=None)), "extract") == (
        "amber",
        {"extract.missing"},
    )


def test_the_postcode_is_that_of_the_contracts_holder_who_may_be_another() -> None:
    holder = replace(
        CONTRACT,
        structure_id=StructureId("3", "35600000000048"),
        structure_name="Groupement",
        address=HolderAddress("75001", "Paris"),
    )
    elsewhere = replace(RECORDS, contract=holder)
    assert found(examined(records=elsewhere), "extract") == (
        "amber",
        {"extract.not-the-holders-place"},
    )
    raw = changed("structure.postcode", "75001")
    raw["structure"]["commune"] = "Paris"
    assert found(examined(raw, elsewhere), "extract") == ("green", {"extract.agrees"})


def granted(form: Any, holders: dict[str, PersonId] | None = None, leaves: tuple[Leave, ...] = ()) -> Any:
    structure = decide_structure(declared_of(form), catalogue=CATALOGUE).require()
    known = {ADMINISTRATOR: TECHNICIAN.national_id} if holders is None else holders
    return grant(form, structure=structure, holders=known, catalogue=CATALOGUE, leaves=leaves, day=TODAY)


def test_decision_17_a_right_is_granted_for_each_person_product_and_scope_once() -> None:
    raw = deepcopy(RAW)
    raw["administrators"].append(dict(RAW["administrators"][0], card_number=SECOND))
    mail = {"kind": "mail", "declared": "@chu-exemple.fr", "restricted": True, "owner": "structure"}
    raw["offers"] += [
        dict(RAW["offers"][0], kind="subdomain"),  # the same names in other words
        {"offer": "serv-mail", "products": ["SERV_CONF"], "letter": None, **mail},
        {"offer": "org"},
    ]
    form = read_form(raw, catalogue=CATALOGUE).require()
    holders = {ADMINISTRATOR: TECHNICIAN.national_id, SECOND: DIRECTOR.national_id}
    grants = granted(form, holders)
    assert [(given.card.text, given.product) for given in grants] == [
        (number, product)
        for number in (ADMINISTRATOR, SECOND)
        for product in ("SERV_SSL", "SERV_CONF", "ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF")
    ]
    assert [given.scope.restricted if given.scope else None for given in grants[:3]] == [False, True, None]


def test_what_is_not_understood_gives_no_right() -> None:
    form = read_form(changed("offers.0.kind", None), catalogue=CATALOGUE).require()
    with pytest.raises(Refused, match="scope-kind-open"):
        granted(form)
    with pytest.raises(Refused, match="administrator-unknown"):
        granted(read_form(RAW, catalogue=CATALOGUE).require(), {})


def test_the_parties_of_a_form_are_found_even_when_it_cannot_be_read() -> None:
    raw = changed("structure.siret", "rien")
    raw["signatory"]["card_number"] = "25 0000-0001"
    raw["administrators"].append("n'importe quoi")
    parties = parties_of(raw, submitter="8123", contract=CONTRACT)
    assert parties == (
        Party("submitter", person_id="8123"),
        Party("signatory", card_number=SIGNATORY),
        Party("administrator", card_number=ADMINISTRATOR),
        Party("contract", card_number=SIGNATORY),
        Party("contract", card_number=SECOND),
    )
    nothings: list[Any] = [None, 7, [], {}, {"signatory": 3, "administrators": 4}, {"administrators": [None]}]
    for nothing in nothings:
        assert parties_of(nothing, submitter="", contract=None) == ()


FACTS = OrderFacts(
    "CMD", 2, (Party("signatory", card_number="1"),), (GivenApproval("a", 2), GivenApproval("b", 1))
)


def approval(who: str, *, version: int = 2, desk: bool = True, cards: str = "9") -> set[str]:
    try:
        decide_approval(
            FACTS, Officer(who, frozenset(cards), is_desk=desk, card="9"), version=version, reds=()
        )
    except Refused as refused:
        return {finding.code for finding in errors(refused.findings)}
    return set()


def test_the_second_different_officer_accepts() -> None:
    second = Officer("b", frozenset("9"), is_desk=True, card="9")
    assert decide_approval(FACTS, second, version=2, reds=()) is OrderEvent.ACCEPT
    fresh = replace(FACTS, approvals=())
    assert decide_approval(fresh, second, version=2, reds=()) is OrderEvent.APPROVE


def test_every_reason_against_an_approval_is_said() -> None:
    assert approval("a") == {"order.already-approved"}
    assert approval("c", version=1) == {"order.version-changed"}
    assert approval("c", cards="1") == {"order.own-order"}
    assert approval("a", version=1, desk=False, cards="1") == {
        "order.already-approved",
        "order.version-changed",
        "order.own-order",
        "order.not-desk",
    }


def test_a_red_check_refuses_with_everything_else() -> None:
    red = Finding.error("order.visa-not-signed", "visa.signed")
    officer = Officer("c", frozenset(), is_desk=False)
    with pytest.raises(Refused) as caught:
        decide_approval(FACTS, officer, version=2, reds=(red,))
    assert {finding.code for finding in caught.value.findings} == {
        "order.card-needed",
        "order.not-desk",
        "order.visa-not-signed",
    }


@pytest.mark.parametrize("cards", ["", "9"])
def test_an_officer_without_a_card_in_hand_approves_nothing(cards: str) -> None:
    officer = Officer("c", frozenset(cards), is_desk=True)
    with pytest.raises(Refused) as caught:
        decide_approval(FACTS, officer, version=2, reds=())
    assert [finding.code for finding in caught.value.findings] == ["order.card-needed"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"siret": Siret(SIRET), "finess": Finess("690000005")}, "1690000005"),
        ({"siret": Siret(SIRET), "rpps_rangs": (RppsRang("99700367909006"),)}, f"3{SIRET}"),
        ({"rpps_rangs": (RppsRang("99700367909006"),)}, "499700367909006"),
    ],
)
def test_finess_goes_before_siret_and_siret_before_the_practice(numbers: dict[str, Any], text: str) -> None:
    declared = Declared("Structure", postcode=Postcode("69003"), commune="Lyon", **numbers)
    structure = decide_structure(declared, catalogue=CATALOGUE).require()
    assert structure.structure_id.text == text
    assert structure.department == "Rhône (69)"


def test_everything_a_structure_lacks_is_said_at_once() -> None:
    reading = decide_structure(Declared("  "), catalogue=CATALOGUE)
    assert {finding.code for finding in reading.findings} == {
        "order.structure-name",
        "order.structure-number",
        "order.structure-place",
    }
    long = Declared("x" * 201, siret=Siret(SIRET), postcode=Postcode("69003"), commune="Lyon")
    assert decide_structure(long, catalogue=CATALOGUE).value is None


def facts_with(**changes: Any) -> OrderRecords:
    """The records, with the register's word on the structure changed."""
    (where, fact) = next(iter(REGISTERS.numbers.items()))
    return replace(RECORDS, registers=replace(REGISTERS, numbers={where: replace(fact, **changes)}))


@pytest.mark.parametrize(
    ("changes", "light", "code"),
    [
        ({}, Light.GREEN, "register.structure-agrees"),
        ({"state": RegisterState.CLOSED, "since": "2026-10-01"}, Light.AMBER, "register.structure-closed"),
        ({"state": RegisterState.MERGED, "successor": "1"}, Light.AMBER, "register.structure-merged"),
        ({"name": "CENTRE HOSPITALIER"}, Light.AMBER, "register.name-near"),
        ({"name": "CLINIQUE VOISINE"}, Light.AMBER, "register.name-differs"),
        ({"name": ""}, Light.AMBER, "register.structure-nameless"),
    ],
)
def test_what_a_register_says_otherwise_is_a_question_never_a_refusal(
    changes: dict[str, Any], light: Light, code: str
) -> None:
    examination = examined(records=facts_with(**changes))
    seen, codes = found(examination, "registers")
    assert (seen, examination.reds) == (light, ())
    assert code in codes
    said = [CATALOGUE.say(finding).text for check in examination.checks for finding in check.findings]
    assert any("SIRENE du 02/11/2026" in sentence for sentence in said)


def test_without_any_register_the_desk_is_told_what_was_not_compared() -> None:
    examination = examined(records=replace(RECORDS, registers=RegisterFacts({}, {}, {}, {})))
    assert found(examination, "registers") == (Light.AMBER, {"register.none-loaded"})
    assert examination.reds == ()


def test_a_register_that_is_not_loaded_is_named() -> None:
    only_cards = replace(REGISTERS, loaded={RegisterSubject.CARD: _CARDS}, numbers={})
    assert (
        "register.not-loaded"
        in found(examined(records=replace(RECORDS, registers=only_cards)), "registers")[1]
    )
    only_sirene = replace(REGISTERS, loaded={RegisterSubject.ESTABLISHMENT: _SIRENE}, cards={})
    codes = found(examined(records=replace(RECORDS, registers=only_sirene)), "registers")[1]
    assert codes == {"register.structure-agrees", "register.cards-not-loaded"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": RegisterState.REVOKED}, "register.card-not-valid"),
        ({"state": RegisterState.EXPIRED}, "register.card-not-valid"),
        ({"name": "DUPONT"}, "register.card-holder"),
        ({"category": "CDA"}, "register.card-type"),
        (None, "register.card-unknown"),
    ],
)
def test_a_card_that_the_directory_has_otherwise_is_a_question(
    changes: dict[str, Any] | None, code: str
) -> None:
    cards = dict(REGISTERS.cards)
    if changes is None:
        del cards[ADMINISTRATOR]
    else:
        cards[ADMINISTRATOR] = replace(cards[ADMINISTRATOR], **changes)
    examination = examined(records=replace(RECORDS, registers=replace(REGISTERS, cards=cards)))
    seen, codes = found(examination, "registers")
    assert (seen, examination.reds) == (Light.AMBER, ())
    assert code in codes


@pytest.mark.parametrize(
    ("loaded", "people", "code"),
    [
        (False, {}, "register.professionals-not-loaded"),
        (True, {}, "register.professional-unknown"),
        (True, {"state": RegisterState.ACTIVE, "name": "LEFEVRE"}, "register.professional-agrees"),
        (True, {"state": RegisterState.ACTIVE, "name": "DUPONT"}, "register.professional-name"),
        (True, {"state": RegisterState.DEPARTED}, "register.professional-departed"),
    ],
)
def test_a_professional_is_looked_up_in_the_directory(
    loaded: bool, people: dict[str, Any], code: str
) -> None:
    doctor = Person(PersonId("8", "99700041983"), "Lefèvre", "Jean-Noël", "Médecin", 10)
    number, source = doctor.national_id.text, "Annuaire Santé du 02/11/2026"
    known = {number: RegisterFact(source, RegisterSubject.PROFESSIONAL, number, **people)} if people else {}
    everything = dict(REGISTERS.loaded) | ({RegisterSubject.PROFESSIONAL: source} if loaded else {})
    records = replace(
        RECORDS,
        cards=CARDS | {ADMINISTRATOR: card(ADMINISTRATOR, doctor, "CPS")},
        registers=replace(REGISTERS, loaded=everything, people=known),
    )
    assert code in found(examined(records=records), "registers")[1]


def test_a_finess_is_told_legal_or_geographic_and_compared_with_the_siret() -> None:
    finess, source = "690000005", "FINESS du 20/11/2026"
    raw = changed("structure.finess", finess)
    for subject, other, expected in (
        (RegisterSubject.SITE, SIRET, "register.site-finess"),
        (RegisterSubject.ENTITY, SIRET[:9], "register.legal-finess"),
        (RegisterSubject.SITE, "35600000000048", "register.numbers-differ"),
    ):
        said = RegisterFact(source, subject, finess, RegisterState.OPEN, name="CH DE L EXEMPLE", other=other)
        registers = replace(
            REGISTERS,
            loaded=dict(REGISTERS.loaded) | {subject: source},
            numbers=dict(REGISTERS.numbers) | {(subject, finess): said},
        )
        assert expected in found(examined(raw, replace(RECORDS, registers=registers)), "registers")[1]
