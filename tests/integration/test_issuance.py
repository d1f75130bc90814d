"""From a right to a certificate in service."""

from __future__ import annotations

from cryptography import x509

from sceau.operations import collect_certificate, issue_certificate, publish_crls, revoke_certificate, seal_journal
from tests.instance import ADMINISTRATOR, Instance, accepted, offer, server_request


def test_a_server_certificate_goes_from_right_to_revocation(instance: Instance) -> None:
    accepted(offer("serv-ssl"))
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k1")
    assert issued.line.standing == "to-collect"
    read = x509.load_der_x509_certificate(issued.der)
    assert read.serial_number == int(issued.line.serial, 16)
    collected = collect_certificate(
        ADMINISTRATOR.actor, reference=issued.line.reference, terms_accepted=True, code="s3cret-code", code_again="s3cret-code"
    )
    assert collected.line.standing == "in-service"
    revoked = revoke_certificate(
        ADMINISTRATOR.actor, reference=issued.line.reference, reason="superseded", quality="administrator"
    )
    assert revoked.line.standing == "revoked"
    lists = publish_crls()
    assert [line.entries for line in lists] == [1, 0]
    head = seal_journal()
    assert head is not None
