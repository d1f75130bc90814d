"""Form 413 through its one reader: what is read, what is asked of the desk, what is refused, always all at
once.
"""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest

from sceau.catalogue import load_catalogue
from sceau.registration import (
    Form413,
    NameOwner,
    Scope,
    ScopeKind,
    SignatoryQuality,
    open_questions,
    read_form,
)
from sceau.vocabulary import Reading, Severity, read_host_name

CATALOGUE = load_catalogue()
DOMAIN = read_host_name("chu-exemple.fr").require()

WEB: dict[str, Any] = {
    "edition": "web",
    "structure": {
        "name": "Centre hospitalier de l'Exemple",
        "siret": "187 512 751 00020",
        "finess": "",
        "rpps_rangs": [],
        "postcode": "69003",
        "commune": "Lyon",
        "takes_charge": False,
    },
    "contract": {"number": "C-2026-0012"},
    "signatory": {
        "quality": "representative",
        "surname": "Désirée-Müller",
        "given_names": "Élodie Anne",
        "phone": "01 23 45 67 89",
        "email": "elodie@chu-exemple.fr",
        "card_number": "2500634598",
    },
    "visa": {"date": "24/11/2026", "signed": True, "stamped": True},
    "usage": {"description": "DMP\r\net MSSanté", "editor": "Éditeur & Cie", "solution": "Logiciel"},
    "offers": [
        {
            "offer": "serv-ssl",
            "products": [],
            "kind": "domain",
            "declared": "CHU-Exemple.fr",
            "restricted": None,
            "owner": "structure",
            "letter": None,
        },
        {
            "offer": "serv-mail",
            "products": ["SERV_CONF", "SERV_S/MIME"],
            "kind": "mail",
            "declared": "@chu-exemple.fr",
            "restricted": False,
            "owner": "holder",
            "letter": {"received": True, "signed": True, "id_copy": True, "purpose": "messagerie"},
        },
        {"offer": "org"},
    ],
    "administrators": [
        {
            "card_number": "2600301752",
            "surname": "LEFÈVRE",
            "given_names": "Jean-Noël",
            "phone": "+33 6 12 34 56 78",
            "email": "jn.lefevre@chu-exemple.fr",
        }
    ],
    "declarations": {"terms": True, "exact": True},
}


def read(raw: Any) -> Reading[Form413]:
    return read_form(raw, catalogue=CATALOGUE)


def changed(path: str, value: Any, base: dict[str, Any] = WEB) -> dict[str, Any]:
    raw = copy.deepcopy(base)
    *steps, last = path.split(".")
    at: Any = raw
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return raw


def problems(raw: Any, severity: Severity = Severity.ERROR) -> list[tuple[str, str]]:
    return [(f.code, f.subject) for f in read(raw).findings if f.severity is severity]


def test_a_complete_form_is_read_into_types() -> None:
    form = read(WEB).require()
    assert form.structure.siret is not None
    assert form.structure.siret.text == "18751275100020"
    assert form.structure.postcode is not None
    assert form.structure.commune == "Lyon"
    assert form.signatory.quality is SignatoryQuality.REPRESENTATIVE
    assert form.signatory.person.surname == "Désirée-Müller"
    assert form.visa.signed_on == date(2026, 11, 24)
    assert form.usage.description == "DMP\net MSSanté"
    ssl, mail, org = form.offers
    assert ssl.scope == Scope(ScopeKind.DOMAIN, DOMAIN)
    assert ssl.products == ("SERV_SSL",)
    assert mail.scope == Scope(ScopeKind.MAIL, DOMAIN, restricted=False)
    assert mail.products == ("SERV_S/MIME", "SERV_CONF")
    assert mail.owner is NameOwner.HOLDER
    assert org.scope is None
    assert org.products == ("ORG_AUTH_CLI", "ORG_SIGN", "ORG_CONF")
    assert not any(line.is_open for line in form.offers)
    assert form.administrators[0].phone is not None
    assert form.administrators[0].phone.e164 == "+33612345678"


def test_a_complete_form_leaves_no_question_to_the_desk() -> None:
    assert open_questions(read(WEB).findings) == ()


def test_the_canonical_raw_form_reads_back_to_the_same_form() -> None:
    form = read(WEB).require()
    raw = json.loads(json.dumps(form.as_raw()))
    assert read(raw).require() == form
    assert read(raw).require().as_raw() == form.as_raw()


def test_everything_wrong_is_said_at_once_each_under_its_path() -> None:
    raw = copy.deepcopy(WEB)
    raw["structure"]["siret"] = "18751275100021"
    raw["structure"]["postcode"] = "6900"
    raw["signatory"]["email"] = "elodie"
    raw["signatory"]["card_number"] = "123"
    raw["offers"][0]["declared"] = "mon_domaine.fr"
    raw["offers"][1]["restricted"] = "false"
    raw["administrators"][0]["phone"] = "12"
    raw["declarations"]["terms"] = False
    subjects = {subject for _, subject in problems(raw)}
    assert subjects >= {
        "structure.siret",
        "structure.postcode",
        "signatory.email",
        "signatory.card_number",
        "offers.0.declared",
        "offers.1.restricted",
        "administrators.0.phone",
        "declarations.terms",
    }


@pytest.mark.parametrize(
    "path",
    [
        "structure.name",
        "structure.postcode",
        "structure.commune",
        "signatory.quality",
        "signatory.surname",
        "signatory.given_names",
        "signatory.card_number",
        "usage.description",
        "offers.0.offer",
        "offers.0.kind",
        "offers.0.declared",
        "offers.1.restricted",
        "administrators.0.card_number",
        "administrators.0.surname",
        "administrators.0.given_names",
        "administrators.0.phone",
        "administrators.0.email",
        "declarations.terms",
        "declarations.exact",
    ],
)
@pytest.mark.parametrize("nothing", [None, ""])
def test_what_the_edition_asks_for_and_is_missing_is_refused(path: str, nothing: Any) -> None:
    if nothing == "" and path in {"declarations.terms", "declarations.exact", "offers.1.restricted"}:
        nothing = None
    assert problems(changed(path, nothing)) == [("form.required", path)]


def test_what_is_required_is_what_the_help_beside_the_field_says() -> None:
    """One truth for the star on the page and for the refusal (the visa is the desk's to attest)."""
    required = {key for key, field in CATALOGUE.help.items() if field.required}
    asked = {subject for _, subject in problems({"edition": "web", "offers": [{}], "administrators": [{}]})}
    generic = {".".join(step for step in subject.split(".") if not step.isdecimal()) for subject in asked}
    visa = {"visa.date", "visa.signed", "visa.stamped"}
    assert required - visa - {"offers.kind", "offers.declared"} == generic - {"structure"}


@pytest.mark.parametrize("path", ["contract.number", "usage.editor", "usage.solution", "signatory.phone"])
def test_what_nobody_asks_for_may_be_missing(path: str) -> None:
    assert problems(changed(path, "")) == []


def test_the_structure_needs_one_of_its_numbers() -> None:
    assert problems(changed("structure.siret", "")) == [("form.no-identifier", "structure")]


def test_a_structure_that_takes_charge_of_patients_needs_its_finess() -> None:
    assert problems(changed("structure.takes_charge", True)) == [("form.finess-needed", "structure.finess")]


def test_without_finess_somebody_must_say_whether_patients_are_taken_charge_of() -> None:
    assert problems(changed("structure.takes_charge", None)) == []
    assert ("form.takes-charge-open", "structure.takes_charge") in problems(
        changed("structure.takes_charge", None), Severity.WARNING
    )


def test_a_radiology_practice_may_order_with_its_rpps_rang_only() -> None:
    raw = changed("structure.siret", "")
    raw["structure"]["rpps_rangs"] = ["99700367909006", "", "99700367909006"]
    assert problems(raw) == []
    assert ("form.number-twice", "structure.rpps_rangs.2") in problems(raw, Severity.WARNING)
    assert len(read(raw).require().structure.rpps_rangs) == 1


def test_a_wrong_identifier_counts_as_written_and_is_said_once() -> None:
    assert problems(changed("structure.siret", "18751275100021")) == [
        ("siret.check-digit", "structure.siret")
    ]


def test_a_commune_that_is_not_at_its_postcode_is_doubted_and_not_refused() -> None:
    raw = changed("structure.commune", "Marseille")
    assert problems(raw) == []
    assert ("commune.not-at-postcode", "structure.commune") in problems(raw, Severity.WARNING)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("structure", "x"),
        ("structure", []),
        ("structure.name", 12),
        ("structure.siret", 18751275100020),
        ("structure.rpps_rangs", "99700367909006"),
        ("structure.takes_charge", "true"),
        ("structure.takes_charge", 1),
        ("signatory", None),
        ("signatory.quality", ["representative"]),
        ("offers", {"offer": "org"}),
        ("offers.0", "serv-ssl"),
        ("offers.0.declared", ["chu-exemple.fr"]),
        ("offers.0.kind", True),
        ("offers.1.restricted", 0),
        ("offers.1.restricted", ""),
        ("offers.1.letter", "oui"),
        ("offers.0.products", "SERV_SSL"),
        ("administrators.0", None),
        ("administrators", "x"),
        ("declarations.terms", "oui"),
        ("visa.date", 20261124),
        ("visa.signed", "x"),
    ],
)
def test_a_value_of_the_wrong_type_is_never_taken_for_another(path: str, value: Any) -> None:
    found = problems(changed(path, value))
    assert found
    assert all(subject.startswith(path.split(".", maxsplit=1)[0]) for _, subject in found)


@pytest.mark.parametrize("raw", [None, [], "form", 12, b"{}", True])
def test_what_is_no_form_at_all_is_said_to_be_none(raw: Any) -> None:
    assert problems(raw) == [("form.not-a-form", "form")]


def test_an_empty_form_says_everything_that_it_lacks() -> None:
    codes = {code for code, _ in problems({})}
    assert codes >= {"form.edition-unknown", "form.no-identifier", "form.no-offer", "form.no-administrator"}


@pytest.mark.parametrize("where", ["", "structure.", "offers.0.", "administrators.0.", "offers.1.letter."])
def test_an_unknown_key_is_refused_wherever_it_is(where: str) -> None:
    assert problems(changed(f"{where}restrited", True)) == [("form.unknown-key", f"{where}restrited")]


def test_an_unknown_key_with_traps_in_it_is_shown_harmless() -> None:
    found = problems(changed("a\u202eb\x1b[2J", True))
    assert found == [("form.unknown-key", "a\\u202eb\\u001b[2J")]


def test_an_edition_that_nobody_described_is_refused() -> None:
    assert problems(changed("edition", "1999")) == [("form.edition-unknown", "edition")]


# --- offers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offer", ["ps"])
def test_a_professionals_own_products_are_not_ordered_by_form(offer: str) -> None:
    raw = changed("offers.2", {"offer": offer})
    assert problems(raw) == [("form.ps-with-card", "offers.2.offer")]
    finding = next(f for f in read(raw).findings if f.code == "form.ps-with-card")
    assert "carte CPS" in CATALOGUE.say(finding).text


def test_a_professionals_product_inside_another_offer_is_refused_with_the_same_sentence() -> None:
    assert problems(changed("offers.2.products", ["PS_AUTH"])) == [("form.ps-with-card", "offers.2.products")]


def test_a_product_of_another_offer_or_of_none_is_refused() -> None:
    assert problems(changed("offers.2.products", ["SERV_SSL"])) == [
        ("form.product-elsewhere", "offers.2.products")
    ]
    assert problems(changed("offers.2.products", ["ORG"])) == [("form.product-unknown", "offers.2.products")]
    assert problems(changed("offers.2.products", [None])) == [("form.product-unknown", "offers.2.products")]


def test_an_unknown_offer_is_refused() -> None:
    assert problems(changed("offers.2.offer", "serv")) == [("form.offer-unknown", "offers.2.offer")]


def test_at_least_one_offer_and_one_administrator_are_needed() -> None:
    assert problems(changed("offers", [])) == [("form.no-offer", "offers")]
    assert problems(changed("administrators", [])) == [("form.no-administrator", "administrators")]


def test_org_takes_no_name() -> None:
    raw = changed("offers.2.declared", "chu-exemple.fr")
    raw["offers"][2]["kind"] = "domain"
    raw["offers"][2]["restricted"] = False
    assert problems(raw) == [
        ("form.no-name-needed", "offers.2.kind"),
        ("form.no-name-needed", "offers.2.declared"),
    ]


@pytest.mark.parametrize(
    ("offer", "kind"), [("serv-ssl", "mail"), ("serv-mail", "domain"), ("pro", "server")]
)
def test_the_kind_fits_the_offer(offer: str, kind: str) -> None:
    line = {
        "offer": offer,
        "kind": kind,
        "declared": "chu-exemple.fr",
        "restricted": True,
        "owner": "structure",
    }
    assert ("form.kind-not-for-offer", "offers.0.kind") in problems(changed("offers.0", line))


def test_mail_offers_need_no_kind_said() -> None:
    line = {"offer": "pro", "declared": "@chu-exemple.fr", "restricted": True, "owner": "structure"}
    form = read(changed("offers.0", line)).require()
    assert form.offers[0].scope == Scope(ScopeKind.MAIL, DOMAIN, restricted=True)


@pytest.mark.parametrize(
    "declared", ["fr", "asso.fr", "*.chu-exemple.fr", "10.0.0.1", "localhost", "chu_x.fr"]
)
def test_a_name_that_is_no_ones_to_declare_is_refused_under_its_path(declared: str) -> None:
    found = problems(changed("offers.0.declared", declared))
    assert found
    assert {subject for _, subject in found} == {"offers.0.declared"}


def test_a_kind_that_does_not_fit_its_name_is_a_question_for_the_desk() -> None:
    reading = read(changed("offers.0.declared", "app.chu-exemple.fr"))
    assert reading.value is not None
    assert [f.code for f in open_questions(reading.findings)] == ["scope.not-a-domain"]


def test_the_same_offer_for_the_same_name_is_counted_once() -> None:
    raw = changed("offers.2", copy.deepcopy(WEB["offers"][0]))
    assert len(read(raw).require().offers) == 2
    assert ("form.offer-twice", "offers.2.offer") in problems(raw, Severity.WARNING)


def test_an_offer_may_be_ordered_for_several_names() -> None:
    raw = changed("offers.2", {**WEB["offers"][0], "declared": "autre-exemple.fr"})
    assert len(read(raw).require().offers) == 3


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        (None, "form.letter-missing"),
        ({"received": False, "signed": True, "id_copy": True, "purpose": ""}, "form.letter-missing"),
        ({"received": True, "signed": False, "id_copy": True, "purpose": ""}, "form.letter-unsigned"),
        ({"received": True, "signed": True, "id_copy": False, "purpose": ""}, "form.letter-no-id-copy"),
    ],
)
def test_a_name_of_another_holder_asks_for_the_whole_letter(letter: Any, code: str) -> None:
    reading = read(changed("offers.1.letter", letter))
    assert [f.code for f in open_questions(reading.findings)] == [code]


def test_an_owner_that_nobody_named_is_a_question() -> None:
    reading = read(changed("offers.0.owner", ""))
    assert [f.code for f in open_questions(reading.findings)] == ["form.owner-open"]


# --- editions ---------------------------------------------------------------------------------------------


def paper(edition: str) -> dict[str, Any]:
    raw = copy.deepcopy(WEB)
    raw["edition"] = edition
    raw["offers"] = [raw["offers"][0]]
    return raw


def test_the_notices_edition_does_not_say_the_kind_and_the_desk_is_asked() -> None:
    raw = changed("offers.0.kind", None, paper("N413"))
    reading = read(raw)
    line = reading.require().offers[0]
    assert line.is_open
    assert (line.kind, line.scope, line.declared) == (None, None, "chu-exemple.fr")
    assert [f.code for f in open_questions(reading.findings)] == ["form.kind-open"]
    assert read(reading.require().as_raw()).require() == reading.require()


def test_an_open_kind_does_not_let_a_bad_name_through() -> None:
    raw = changed("offers.0.kind", None, paper("N413"))
    raw["offers"][0]["declared"] = "asso.fr"
    assert [subject for _, subject in problems(raw)] == ["offers.0.declared"]


def test_an_edition_with_the_box_must_say_whether_it_is_ticked() -> None:
    for edition in ("N413", "web"):
        raw = changed("offers.0", {**WEB["offers"][1], "restricted": None}, paper(edition))
        assert problems(raw) == [("form.required", "offers.0.restricted")]


def test_an_edition_without_the_box_stays_restricted_until_the_desk_has_asked() -> None:
    raw = changed("offers.0", {**WEB["offers"][1], "restricted": None}, paper("2024-03"))
    reading = read(raw)
    line = reading.require().offers[0]
    assert line.restricted is None
    assert line.scope == Scope(ScopeKind.MAIL, DOMAIN, restricted=True)
    assert line.is_open
    assert "form.restriction-open" in [f.code for f in open_questions(reading.findings)]
    answered = changed("offers.0.restricted", False, raw)
    assert read(answered).require().offers[0].scope == Scope(ScopeKind.MAIL, DOMAIN, restricted=False)


def test_what_an_edition_lacks_is_completed_at_the_desk() -> None:
    raw = paper("2024-03")
    raw["structure"].update(postcode="", commune="")
    raw["contract"]["number"] = ""
    reading = read(raw)
    form = reading.require()
    assert (form.structure.postcode, form.structure.commune) == (None, "")
    questions = [(f.code, f.subject) for f in open_questions(reading.findings)]
    assert ("form.to-complete", "structure.postcode") in questions
    assert ("form.to-complete", "structure.commune") in questions
    assert ("form.contract-missing", "contract.number") in questions
    assert read(form.as_raw()).require() == form


def test_the_notices_edition_has_no_place_for_declarations_and_quality() -> None:
    raw = paper("N413")
    del raw["declarations"]
    raw["signatory"]["quality"] = ""
    reading = read(raw)
    assert reading.require().declarations.terms is None
    assert reading.require().signatory.quality is None
    questions = {(f.code, f.subject) for f in open_questions(reading.findings)}
    assert questions >= {
        ("form.to-complete", "declarations.terms"),
        ("form.to-complete", "declarations.exact"),
        ("form.to-complete", "signatory.quality"),
    }


def test_the_holder_of_a_private_practice_needs_no_contract() -> None:
    raw = changed("contract.number", "")
    assert "form.contract-missing" in [f.code for f in read(raw).findings]
    raw["signatory"]["quality"] = "holder"
    assert "form.contract-missing" not in [f.code for f in read(raw).findings]


def test_a_domain_and_a_server_on_the_form_that_asks_for_one_are_a_contradiction() -> None:
    raw = paper("2024-03")
    raw["offers"].append({**raw["offers"][0], "kind": "server", "declared": "www.autre-exemple.fr"})
    assert problems(raw) == [("form.domain-and-server", "offers.1.declared")]
    raw["edition"] = "web"
    assert problems(raw) == []


def test_a_placeholder_left_on_the_form_is_no_answer() -> None:
    raw = changed("offers.0.declared", "XXX.fr", paper("2024-03"))
    assert problems(raw) == [("form.template-left", "offers.0.declared")]


def test_a_usage_left_as_printed_is_asked_about() -> None:
    text = "Hub Santé : raccordement entre un logiciel et le Hub Santé"
    reading = read(changed("usage.description", text, paper("2024-03")))
    assert reading.require().usage.description == text
    assert "form.template-kept" in [f.code for f in open_questions(reading.findings)]


def test_a_name_beside_an_unticked_box_is_kept_and_not_ordered() -> None:
    raw = paper("2024-03")
    raw["offers"].append({"offer": "pro", "kind": "mail", "declared": "@chu-exemple.fr", "ticked": False})
    reading = read(raw)
    form = reading.require()
    assert [line.offer for line in form.offers] == ["serv-ssl"]
    assert [line.offer for line in form.not_ordered] == ["pro"]
    assert "form.offer-not-ticked" in [f.code for f in open_questions(reading.findings)]
    assert read(form.as_raw()).require() == form


def test_only_unticked_offers_are_no_offer_at_all() -> None:
    raw = changed("offers.0.ticked", False, paper("2024-03"))
    assert ("form.no-offer", "offers") in problems(raw)


def test_a_paper_form_has_four_lines_for_administrators_and_practices() -> None:
    raw = paper("2024-03")
    raw["administrators"] = [
        {**raw["administrators"][0], "card_number": f"260030175{n}", "email": f"a{n}@chu-exemple.fr"}
        for n in range(5)
    ]
    raw["structure"]["rpps_rangs"] = [""] * 5
    assert problems(raw) == [
        ("form.too-many", "structure.rpps_rangs"),
        ("form.too-many", "administrators"),
    ]


def test_an_unsigned_form_is_readable_and_its_visa_is_the_desks_to_attest() -> None:
    raw = changed("visa", None)
    reading = read(raw)
    assert reading.require().visa.signed_on is None
    assert [f.code for f in open_questions(reading.findings)] == [
        "form.visa-undated",
        "form.visa-to-attest",
        "form.visa-to-attest",
    ]


@pytest.mark.parametrize("day", ["31/02/2026", "2026-13-01", "demain", "24/11/26", "２４/11/2026"])
def test_a_day_that_is_in_no_calendar_is_refused(day: str) -> None:
    assert problems(changed("visa.date", day)) == [("form.date", "visa.date")]


# --- people -----------------------------------------------------------------------------------------------


def second(**changes: str) -> dict[str, Any]:
    raw = copy.deepcopy(WEB)
    raw["administrators"].append({**raw["administrators"][0], **changes})
    return raw


def test_the_same_administrator_twice_is_counted_once() -> None:
    raw = second()
    assert len(read(raw).require().administrators) == 1
    assert ("form.administrator-twice", "administrators.1.card_number") in problems(raw, Severity.WARNING)


def test_one_card_under_two_names_is_refused() -> None:
    assert problems(second(surname="Martin")) == [("form.card-two-names", "administrators.1.card_number")]


def test_one_administrator_with_two_contacts_is_refused_until_one_is_chosen() -> None:
    assert problems(second(surname="Lefevre", email="autre@chu-exemple.fr")) == [
        ("form.administrator-two-contacts", "administrators.1.card_number")
    ]


def test_the_signatory_may_be_an_administrator_too() -> None:
    same = {**WEB["signatory"]}
    same.pop("quality")
    same["surname"] = "DESIREE MULLER"
    same["email"] = "astreinte@chu-exemple.fr"
    assert problems(changed("administrators.0", same)) == []


def test_the_signatorys_card_under_another_name_is_refused() -> None:
    assert problems(changed("administrators.0.card_number", "2500634598")) == [
        ("form.card-two-names", "administrators.0.card_number")
    ]


@pytest.mark.parametrize(
    "name", ["R2D2", "Dupont;DROP", "=cmd()", "Иванов", "--", "a\x00b", "Du\u200bpont", "<b>"]
)
def test_what_no_card_could_carry_is_no_name(name: str) -> None:
    found = problems(changed("administrators.0.surname", name))
    assert [subject for _, subject in found] == ["administrators.0.surname"]


@pytest.mark.parametrize(
    "name", ["O’Brien", "d'Hérouville", "Saint-Exupéry", "Núñez", "Müller", "Ngọc Ánh", "de la Tour"]
)
def test_the_names_that_people_have_are_read(name: str) -> None:
    assert read(changed("administrators.0.surname", name)).require().administrators[0].surname == name


def test_text_is_trimmed_composed_and_its_spaces_run_together() -> None:
    raw = changed("structure.name", "  Clinique\u00a0 de l\u2019E\u0301toile ")
    assert read(raw).require().structure.name == "Clinique de l’Étoile"


@pytest.mark.parametrize("text", ["a\nb", "a\x1bb", "a\u202eb", "a\u2028b", "\ud800"])
def test_one_line_holds_nothing_that_hides_or_breaks(text: str) -> None:
    assert problems(changed("structure.name", text)) == [("form.hidden-character", "structure.name")]


def test_texts_that_nobody_would_write_are_refused_unread() -> None:
    assert problems(changed("structure.name", "x" * 1_000_000)) == [("form.too-long", "structure.name")]
    assert problems(changed("usage.description", "x" * 5_000)) == [("form.too-long", "usage.description")]


def test_every_finding_of_a_wholly_wrong_form_has_its_french_sentence() -> None:
    raw = {
        "edition": "2024-03",
        "structure": {"name": "", "takes_charge": True, "x": 1},
        "signatory": {"quality": "roi", "card_number": "1"},
        "visa": {"date": "hier"},
        "usage": {"description": 1},
        "offers": [
            {"offer": "ps"},
            {"offer": "serv-mail", "declared": "@fr"},
            {"offer": "zz", "ticked": False},
        ],
        "administrators": [{"surname": "4"}],
        "declarations": {"terms": False, "exact": False},
    }
    for finding in read(raw).findings:
        sentence = CATALOGUE.say(finding)
        assert "(non précisé)" not in sentence.text + sentence.remedy, finding


def test_the_editions_are_those_that_the_raw_form_may_name() -> None:
    assert set(load_catalogue().editions) == {"web", "N413", "2024-03", "2026-11"}
