"""Lists and answers say one thing of every serial, answers come from a responder that is always in time, and
an issuer is answered for before it has issued anything [ASSURANCE F07, F09, F13, F50].
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from sceau.custody import ResponderFolder
from sceau.operations import issue_certificate, publish_crls, refresh_responders, revoke_certificate
from sceau.publication import OcspDesk, OcspReply
from sceau.records import StatusRecords
from sceau.records.models import Certificate, ResponderCertificate
from sceau.status import issuer_identity
from tests.instance import ADMINISTRATOR, AUTHORITY, Instance, accepted, server_request
from tests.publishing import VALID

HASHES = (hashes.SHA1(), hashes.SHA256())


class Answering:
    """The desk of an instance, as the publication process has it, with responders in a real folder."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.responders = ResponderFolder(folder)
        instance.at_another(responders=self.responders)
        refresh_responders()
        several = [facts for generations in instance.machine.issuers.values() for facts in generations]
        self.issuers = {facts.code: x509.load_der_x509_certificate(facts.certificate) for facts in several}
        self.desk = OcspDesk(
            [issuer_identity(facts.code, facts.generation, facts.certificate) for facts in several],
            source=StatusRecords(),
            signer=self.responders.current,
            valid=VALID,
            clock=instance.clock,
        )
        self.desk.refresh()

    def ask(self, serial: int, *, code: str = "el-org", algorithm: hashes.HashAlgorithm = HASHES[0]) -> bytes:
        issuer = self.issuers[code]
        key = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
        if isinstance(algorithm, hashes.SHA256):
            bits = issuer_identity(code, 1, issuer.public_bytes(Encoding.DER)).key_bits
            key = _digest(algorithm, bits)
        name = _digest(algorithm, issuer.subject.public_bytes())
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, algorithm)
        reply = self.desk.quick_reply(builder.build().public_bytes(Encoding.DER))
        return reply.der if isinstance(reply, OcspReply) else self.desk.reply(reply).der

    def read(self, serial: int, *, code: str = "el-org") -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(self.ask(serial, code=code))


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


@pytest.fixture
def answering(instance: Instance, tmp_path: Path) -> Answering:
    return Answering(instance, tmp_path / "responders")


def lint(tool: str, der: bytes, folder: Path) -> tuple[int, str]:
    file = folder / "linted"
    file.write_bytes(der)
    command = [str(Path(sys.executable).parent / tool), "lint", "-s", "WARNING", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_f13_the_list_and_the_answers_agree_on_every_serial_its_date_and_its_reason(
    instance: Instance, answering: Answering
) -> None:
    accepted()
    issued = []
    for number in range(5):
        request = server_request() if number == 0 else server_request(which=f"server{number}")
        issued.append(issue_certificate(ADMINISTRATOR.actor, request, idempotency_key=f"k{number}").line)
        instance.clock.forward(minutes=7)
    for line, reason in ((issued[1], "superseded"), (issued[3], "keyCompromise")):
        revoke_certificate(AUTHORITY.actor, reference=line.reference, reason=reason, quality="authority")
        instance.clock.forward(minutes=7)
    (told,) = (one for one in publish_crls(only=("el-org",)))
    crl = x509.load_der_x509_crl(told.der)
    answering.desk.refresh()
    for row in Certificate.objects.all():
        serial = int(row.serial, 16)
        entry = crl.get_revoked_certificate_by_serial_number(serial)
        read = answering.read(serial)
        assert (read.certificate_status is ocsp.OCSPCertStatus.REVOKED) == (entry is not None)
        if entry is not None:
            assert read.revocation_time_utc == entry.revocation_date_utc
            reasons = [one.value.reason for one in entry.extensions]
            assert reasons == ([] if read.revocation_reason is None else [read.revocation_reason])
    assert len(list(crl)) == 2


def test_f09_a_responder_is_replaced_by_itself_before_two_thirds_of_its_life_and_answers_never_stop(
    instance: Instance, answering: Answering
) -> None:
    """Forty-five days, hour by hour: at no moment does the responder in use have less than a third left."""
    accepted()
    serial = int(
        issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line.serial, 16
    )
    used = set()
    for _ in range(45 * 4):
        refresh_responders()
        read = answering.read(serial)
        (certificate,) = read.certificates
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        now = instance.clock.now
        assert certificate.not_valid_after_utc - now >= life / 3
        assert read.next_update_utc is not None
        assert read.next_update_utc < certificate.not_valid_after_utc
        assert now - read.this_update_utc <= timedelta(hours=1)
        certificate.verify_directly_issued_by(answering.issuers["el-org"])
        used.add(certificate.serial_number)
        instance.clock.forward(hours=6)
    assert len(used) == 3
    assert ResponderCertificate.objects.filter(issuer="el-org").count() == 3


def test_f09_g08_pkilint_has_nothing_to_say_of_the_responder_nor_of_its_answers(
    answering: Answering, tmp_path: Path
) -> None:
    accepted()
    line = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k").line
    serial = int(line.serial, 16)
    answers = [answering.ask(serial, algorithm=algorithm) for algorithm in HASHES]
    revoke_certificate(AUTHORITY.actor, reference=line.reference, reason="keyCompromise", quality="authority")
    answering.desk.refresh()
    answers += [answering.ask(serial, algorithm=algorithm) for algorithm in HASHES]
    answers.append(answering.ask(serial + 1))
    for answer in answers:
        assert lint("lint_ocsp_response", answer, tmp_path) == (0, "")
    (responder,) = ocsp.load_der_ocsp_response(answers[0]).certificates
    pem = responder.public_bytes(Encoding.PEM)
    assert lint("lint_pkix_cert", pem, tmp_path) == (0, "")
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert responder.extensions.get_extension_for_class(x509.OCSPNoCheck)


def test_f50_every_issuer_is_answered_for_before_it_has_issued_anything(answering: Answering) -> None:
    for code in answering.issuers:
        read = answering.read(0x1234567890, code=code)
        assert read.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        assert read.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_f07_every_serial_that_was_signed_has_a_status_the_responders_own_too(answering: Answering) -> None:
    accepted()
    issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    signed = [int(row.serial, 16) for row in Certificate.objects.filter(issuer="el-org")]
    signed += [int(row.serial, 16) for row in ResponderCertificate.objects.filter(issuer="el-org")]
    assert len(signed) == 2
    for serial in signed:
        assert answering.read(serial).certificate_status is ocsp.OCSPCertStatus.GOOD
