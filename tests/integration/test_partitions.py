"""A partition end to end: decided when the certificate is made, written in it, its list where it says."""

from __future__ import annotations

from dataclasses import replace

from cryptography import x509

from sceau.operations import issue_certificate, publish_crls, revoke_certificate
from sceau.records.models import Certificate, Revocation
from sceau.status import partition_at
from tests.instance import ADMINISTRATOR, NOON, Instance, accepted, server_request


def test_a_certificate_is_made_in_the_partition_of_its_day_and_revoked_on_the_list_it_names(
    instance: Instance,
) -> None:
    (facts,) = instance.machine.issuers["el-org"]
    issuers = {**instance.machine.issuers, "el-org": (replace(facts, partitions=5),)}
    instance.machine = instance.at_another(issuers=issuers)
    accepted()
    issued = issue_certificate(ADMINISTRATOR.actor, server_request(), idempotency_key="k")
    row = Certificate.objects.get(reference=issued.line.reference)
    assert row.partition == partition_at(NOON, partitions=5)
    read = x509.load_der_x509_certificate(bytes(row.der or b""))
    (point,) = read.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (address,) = list(point.full_name or ())
    publish_crls(only=("el-org",))
    revoke_certificate(
        ADMINISTRATOR.actor, reference=row.reference, reason="superseded", quality="administrator"
    )
    assert Revocation.objects.get().partition == row.partition
    made = publish_crls(only=("el-org",), due_only=True)
    assert [(line.partition, line.entries) for line in made] == [(None, 1), (row.partition, 1)]
    path = instance.machine.shelf / address.value.removeprefix("http://localhost:8480/")
    assert path.read_bytes() == made[1].der
    assert x509.load_der_x509_crl(made[1].der).get_revoked_certificate_by_serial_number(read.serial_number)
