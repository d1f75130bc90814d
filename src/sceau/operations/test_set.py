"""Test certificates for relying parties: one that holds, one revoked, one ended, under an ordinary right.

No flag, no profile and no way in of their own [ASSURANCE F24]: the authority's operator orders and is granted
a habilitation for its own names like anybody, its administrator makes a token for it, card in hand, and these
are the certificates of that right. The token is refused what it would be refused anywhere. Private keys are
forgotten as soon as they have signed the request: nobody can use these certificates for anything but a look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sceau.custody import request_and_forget
from sceau.operations.collection import hand_over
from sceau.operations.ground import CertificateRequest
from sceau.operations.issuance import issue_certificate
from sceau.operations.machine import Actor, machine
from sceau.operations.revocation import revoke_certificate
from sceau.operations.shelf_files import replace_on_shelf
from sceau.operations.structures import identifier_mode
from sceau.operations.tokens import admit_token
from sceau.records import CertificateLine, certificate_file, certificates_under
from sceau.records.models import Certificate
from sceau.records.models import Person as PersonRow
from sceau.registration import Person, is_test_subject
from sceau.vocabulary import Finding, Refused, Term, read_person_id

FOLDER = "ESSAI"
_RENEWED_BEFORE = timedelta(days=60)
_REASON = "superseded"
_KEY = "test-set-"
_MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class TestSetOrder:
    """What to keep: certificates of `product` for `names`, under the one right of the token `secret`. For a
    product that names a person, `holder` is the test subject that the desk confirmed (national identifier).
    """

    __test__ = False

    secret: str
    product: str
    names: tuple[str, ...]
    holder: str = ""


@dataclass(frozen=True, slots=True)
class TestSet:
    """The test certificates of one issuing key. `ended` is None until the one made for a day has ended."""

    __test__ = False

    holding: CertificateLine
    revoked: CertificateLine
    ended: CertificateLine | None


def keep_test_set(order: TestSetOrder) -> TestSet:
    """See that the generation that issues `product` now has its test certificates, and publish them.

    Issues at most three, the third for a day only: when that is over, it is the ended one. Raises `Refused`
    as the token, the warrant or the gate refuses; `Fault` when the signer failed: what was made before
    stays, and the next call goes on.
    """
    actor = admit_token(order.secret)
    at = machine().clock()
    issuer = machine().issuer_of(order.product, at=at)
    lines = _made_before(actor, order.product, at)
    mine = [one for one in lines if (one.issuer, one.generation) == (issuer.code, issuer.generation)]
    lasting = [one for one in mine if one.not_after > at + _RENEWED_BEFORE]
    hold = [one for one in lasting if one.standing == "in-service"] or [_issue(actor, order)]
    revoked = next((one for one in lasting if one.standing == "revoked"), None)
    if revoked is None:
        spare = hold[1] if len(hold) > 1 else _issue(actor, order)  # an earlier try may have left one
        revoked = revoke_certificate(
            actor, reference=spare.reference, reason=_REASON, quality="administrator"
        ).line
    ended = next((one for one in mine if one.standing == "expired"), None)
    if ended is None and all(one in lasting or one.standing == "revoked" for one in mine):
        _issue(actor, order, term=Term.DAY)
    found = TestSet(hold[0], revoked, ended)
    _publish(found)
    return found


def _made_before(actor: Actor, product: str, at: datetime) -> list[CertificateLine]:
    """The test certificates of the right, newest first: no other certificate of it is shown, or revoked."""
    ours = Certificate.objects.filter(
        habilitation__reference=actor.within, product=product, idempotency_key__startswith=_KEY
    )
    references = set(ours.values_list("reference", flat=True))
    found = certificates_under(actor.within, at=at, limit=_MOST_LOOKED_AT)
    return [one for one in found if one.reference in references]


def _issue(actor: Actor, order: TestSetOrder, *, term: Term = Term.WHOLE) -> CertificateLine:
    request = CertificateRequest(
        product=order.product,
        names=order.names,
        csr=request_and_forget(),
        habilitation=actor.within,
        holder=_subject_of(order),
        term=term,
    )
    key = f"{_KEY}{machine().random(16).hex()}"
    issued = issue_certificate(actor, request, idempotency_key=key)
    return hand_over(actor, reference=issued.line.reference, terms_accepted=True).line


def _subject_of(order: TestSetOrder) -> Person | None:
    """The test subject, as the records know it; a person is none [ASSURANCE F24]."""
    if not order.holder:
        return None
    national_id = read_person_id(order.holder, mode=identifier_mode()).require()
    if not is_test_subject(national_id):
        raise Refused([Finding.error("right.test-subject-real", national_id.text)])
    row = PersonRow.objects.filter(national_id=national_id.text).first()
    if row is None:
        raise Refused([Finding.error("operations.person-unknown", national_id.text)])
    return row.facts()


def _publish(found: TestSet) -> None:
    """Put the certificates on the public shelf, under names that say what to expect of them."""
    for word, line in (("valide", found.holding), ("revoque", found.revoked), ("expire", found.ended)):
        if line is None:
            continue
        file = certificate_file(line.reference, at=machine().clock())
        if file is None or not file.der:
            raise Refused([Finding.error("certificate.unknown", line.reference)])
        name = f"{line.issuer}-g{line.generation}-{word}.cer"
        path = machine().shelf / FOLDER / name
        if not path.is_file() or path.read_bytes() != file.der:
            replace_on_shelf(path, file.der)
