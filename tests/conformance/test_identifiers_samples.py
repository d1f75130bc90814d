"""The national identifiers that stand in real certificates are read by our readers, letter for letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from sceau.vocabulary import IdentifierMode, read_person_id, read_structure_id

pytestmark = pytest.mark.samples


def _leaves(samples: Path) -> dict[str, x509.Certificate]:
    paths = [path for path in samples.glob("*.pem") if not path.name.startswith("CA-")]
    return {path.stem: x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted(paths)}


def _values(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(oid)]


def test_the_structure_of_every_real_certificate_is_read(samples: Path) -> None:
    read = 0
    for name, certificate in _leaves(samples).items():
        mode = IdentifierMode.REAL if "-PROD-" in name else IdentifierMode.TEST
        for unit in _values(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME):
            assert read_structure_id(unit, mode=mode).require().text == unit, name
            read += 1
    assert read >= 7


def test_the_holder_of_every_real_card_is_read(samples: Path) -> None:
    cards = {name: card for name, card in _leaves(samples).items() if name.startswith("CARD-")}
    assert len(cards) >= 2
    for name, card in cards.items():
        (holder,) = _values(card, NameOID.COMMON_NAME)
        assert read_person_id(holder, mode=IdentifierMode.TEST).require().text == holder, name
