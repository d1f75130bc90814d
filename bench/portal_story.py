"""What the portal's bench has the verbs make, so that pages have something to show: an order accepted and one
that waits, a draft, a certificate, a token, a third party with its team, a departure, runs of revocation.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from bench.sceau_api import PRODUCT, actor_of

_CODE = "Banc-2026-portail"
_CONTRACT, _EDITOR = "C-2026-0001", "C-2026-0003"


def begin() -> dict[str, str]:
    """Before the database is filled: the references of an order, its right, its certificate."""
    from sceau.cli.demo_story import FORM
    from sceau.operations import approve_order, open_draft, receive_form, take_order

    form: dict[str, Any] = deepcopy(FORM)
    file = receive_form(actor_of("marchand"), raw=form, channel="web", idempotency_key="bench")
    reference, version = file.line.reference, file.line.version
    take_order(actor_of("leroux"), reference=reference)
    for officer in ("leroux", "moreau"):
        approve_order(actor_of(officer), reference=reference, version=version)
    form["offers"] = [form["offers"][0] | {"declared": "ch-trois-vallees-bis.fr"}]
    waits = receive_form(actor_of("marchand"), raw=form, channel="web", idempotency_key="bench-2")
    open_draft(actor_of("marchand"), raw=form, origin="blank")
    return {"order": reference, "waits": waits.line.reference, **_certificate()}


def _certificate() -> dict[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    from sceau.cli.demo_story import HOST
    from sceau.operations import (
        CertificateRequest,
        TokenLimits,
        collect_certificate,
        create_token,
        issue_certificate,
        machine,
    )
    from sceau.records import habilitations_of

    benali, at = actor_of("benali"), machine().clock()
    rights = habilitations_of(benali.person_id, at=at)
    right = next(line.reference for line in rights if line.product == PRODUCT)
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    wanted = CertificateRequest(PRODUCT, (HOST,), csr=csr.public_bytes(Encoding.PEM), habilitation=right)
    issued = issue_certificate(benali, wanted, idempotency_key="bench").line.reference
    collect_certificate(benali, reference=issued, terms_accepted=True, code=_CODE, code_again=_CODE)
    create_token(
        benali,
        habilitation=right,
        label="banc",
        valid_until=at + timedelta(days=30),
        terms_accepted=True,
        limits=TokenLimits(1_000),
    )
    return {"certificate": issued, "right": right, "person": benali.person_id}


def go_on(colleague: str) -> dict[str, str]:
    """Once it is filled: a third party and its team, the departure of `colleague`, runs of revocation."""
    from sceau.operations import (
        RunRequest,
        accept_designation,
        check_member,
        designate,
        machine,
        open_departure,
        prepare_run,
        propose_member,
        register_third_party,
    )
    from sceau.records import contract_line
    from sceau.registration import TermsEntry

    party = register_third_party(actor_of("leroux"), contract=_EDITOR, kind="editor").reference
    terms = TermsEntry((PRODUCT,), may_fill=True, may_administer=True, until=date(2027, 12, 31))
    given = designate(actor_of("marchand"), contract=_CONTRACT, third_party=party, terms=terms).line
    accept_designation(actor_of("renaud"), reference=given.reference, version=given.version)
    member = propose_member(
        actor_of("renaud"), third_party=party, card_number="2600900306", email="equipe@editeur-du-banc.fr"
    ).reference
    for officer in ("leroux", "moreau"):
        check_member(actor_of(officer), reference=member)
    found: dict[str, str] = {"designation": given.reference, "party": party}
    line = contract_line(_CONTRACT, at=machine().clock())
    if line is None:
        raise LookupError(_CONTRACT)
    structure = line.structure.national_id
    for kind, subject, officer, quality in (
        ("contract", _CONTRACT, "leroux", "desk"),
        ("administrator", colleague, "leroux", "desk"),
        ("issuer", "el-org/1", "dubois", "authority"),
    ):
        asked = RunRequest(
            title=f"Exercice : {kind}",
            kind=kind,
            reason="cessationOfOperation",
            quality=quality,
            explanation="Exercice du banc.",
            subject=subject,
        )
        found[f"run-{kind}"] = prepare_run(actor_of(officer), asked).line.reference
    left = open_departure(
        actor_of("marchand"), person_id=colleague, structure_id=structure, reason="Exercice du banc"
    )
    return {**found, "departure": left.reference, "structure": structure}


def filled(data: Any, count: int) -> dict[str, Any]:
    """The whole: the verbs, the fleet, the verbs again. What addresses to ask for, by name."""
    from bench.fleet import fill_fleet

    known = begin()
    fill_fleet(data, count, right=known["right"], person=known["person"])
    return known | go_on("39" + f"{999_995:08d}" + "/ADM") | {"contract": _CONTRACT}
