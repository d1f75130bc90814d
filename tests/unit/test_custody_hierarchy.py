"""The ceremony: authorities laid out as the real ones, keys closed, nothing written over; cards, TLS."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12
from cryptography.x509.oid import ExtensionOID

from sceau.catalogue import load_catalogue
from sceau.custody import (
    CardOrder,
    CardPress,
    Employer,
    Hierarchy,
    ResponderFolder,
    SignerFolder,
    create_head_key,
    create_hierarchy,
    ensure_tls,
    fingerprint,
    make_passphrase_file,
    open_head_key,
    passphrase_from_descriptor,
    passphrase_from_file,
    public_path,
)
from sceau.custody.authorities import life_of
from sceau.custody.keys import make_private_key
from sceau.custody.software import SoftwareKeyStore
from sceau.identity import CardTrust, RevocationPolicy, read_card
from sceau.status import ResponderOrder, build_responder_tbs, signed_der
from sceau.vocabulary import Fault
from tests.status_kit import NOW, make_pki

CATALOGUE = load_catalogue()
DEVELOPMENT = CATALOGUE.environments["development"]
PASSPHRASE = b"x" * 43


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hierarchy]:
    data = tmp_path_factory.mktemp("instance")
    hierarchy = create_hierarchy(
        data, PASSPHRASE, catalogue=CATALOGUE, environment=DEVELOPMENT, at=NOW - timedelta(days=1)
    )
    return data, hierarchy


def read(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def test_every_authority_of_the_catalogue_is_made_under_its_parent(made: tuple[Path, Hierarchy]) -> None:
    _, hierarchy = made
    assert {one.issuer.code for one in hierarchy.authorities} == set(CATALOGUE.issuers)
    for one in hierarchy.authorities:
        parent = hierarchy[one.issuer.parent or one.issuer.code]
        certificate = read(one.certificate)
        certificate.verify_directly_issued_by(read(parent.certificate))
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value.path_length == (None if one.issuer.parent is None else 0)
        assert one.certificate == (made[0] / "public" / "AC" / f"{one.issuer.file}-DEV.cer").read_bytes()


def test_an_issuing_authority_ends_before_its_root(made: tuple[Path, Hierarchy]) -> None:
    _, hierarchy = made
    root, issuing = read(hierarchy["root-el"].certificate), read(hierarchy["el-org"].certificate)
    assert root.not_valid_after_utc - issuing.not_valid_after_utc == timedelta(days=1)
    assert issuing.not_valid_before_utc.hour == 0


def test_a_root_made_on_a_leap_day_has_an_end() -> None:
    life = life_of(CATALOGUE.issuers["root-el"], at=datetime(2028, 2, 29, 5, tzinfo=UTC), parent=None)
    assert (life.begins.date().isoformat(), life.ends.date().isoformat()) == ("2028-02-29", "2048-02-28")


def test_serials_have_the_form_of_the_real_ones_and_enough_chance(made: tuple[Path, Hierarchy]) -> None:
    serials = [read(one.certificate).serial_number for one in made[1].authorities]
    assert all(serial.bit_length() <= 18 * 8 and serial >> 128 == 0x1120 for serial in serials)
    assert len({serial & (1 << 128) - 1 for serial in serials}) == len(serials)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("sample", "code", "where"),
    [
        ("CA-ROOT-EL", "root-el", "production"),
        ("CA-ROOT-FO", "root-fo", "production"),
        ("CA-EL-ORG", "el-org", "production"),
        ("CA-EL-PP", "el-pp", "production"),
        ("CA-ST-ORG", "st-org", "production"),
        ("CA-FO-PP", "fo-pp", "production"),
        ("CA-TEST-ROOT-EL", "root-el", "test"),
        ("CA-TEST-EL-ORG", "el-org", "test"),
        ("CA-TEST-ST-PP", "st-pp", "test"),
    ],
)
def test_an_authority_is_laid_out_as_the_real_one(samples: Path, sample: str, code: str, where: str) -> None:
    real = x509.load_pem_x509_certificate((samples / f"{sample}.pem").read_bytes())
    pki = make_pki(code, kind="rsa:2048", at=datetime(2013, 6, 25, 10, tzinfo=UTC), where=where)
    ours = read(pki.issuing.certificate if CATALOGUE.issuers[code].parent else pki.root.certificate)
    assert ours.subject.public_bytes() == real.subject.public_bytes()
    assert ours.issuer.public_bytes() == real.issuer.public_bytes()
    assert ours.not_valid_before_utc == real.not_valid_before_utc
    assert ours.not_valid_after_utc == real.not_valid_after_utc
    own_key = {ExtensionOID.SUBJECT_KEY_IDENTIFIER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER}
    seen = {one.oid: (one.critical, one.value) for one in real.extensions if one.oid not in own_key}
    assert {one.oid: (one.critical, one.value) for one in ours.extensions if one.oid not in own_key} == seen
    assert {one.oid for one in ours.extensions} == {one.oid for one in real.extensions}


def test_keys_are_encrypted_closed_and_open_with_the_passphrase_alone(made: tuple[Path, Hierarchy]) -> None:
    data, hierarchy = made
    folder = SignerFolder(data / "signer")
    for file in folder.keys.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    store = SoftwareKeyStore(folder.keys, PASSPHRASE)
    key = store.open("el-org-g1")
    assert key.public_key == hierarchy["el-org"].key.public_key
    with pytest.raises(Fault, match=r"keys\.locked"):
        SoftwareKeyStore(folder.keys, b"wrong").open("el-org-g1")
    with pytest.raises(Fault, match=r"keys\.missing"):
        store.open("el-org-g2")
    with pytest.raises(Fault, match=r"keys\.no-passphrase"):
        SoftwareKeyStore(folder.keys, b"")


@pytest.mark.parametrize("kind", ["rsa:2048", "ec:P-256", "ec:P-384"])
@pytest.mark.parametrize("random_passphrase", [True, False])
def test_openssl_opens_our_keys_too(tmp_path: Path, kind: str, random_passphrase: bool) -> None:
    store = SoftwareKeyStore(tmp_path, "clé de sûreté".encode(), random_passphrase=random_passphrase)
    made = store.create("k", kind)
    done = subprocess.run(
        [
            "openssl",
            "pkey",
            "-in",
            str(tmp_path / "k.pem"),
            "-passin",
            "pass:clé de sûreté",
            "-pubout",
            "-outform",
            "DER",
        ],
        check=True,
        capture_output=True,
    )
    assert done.stdout == made.public_key
    assert store.open("k").public_key == made.public_key


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    store = SoftwareKeyStore(tmp_path, b"x")
    store.create("k", "ec:P-256")
    before = (tmp_path / "k.pem").read_bytes()
    with pytest.raises(Fault, match=r"folder\.file-exists"):
        store.create("k", "ec:P-256")
    assert (tmp_path / "k.pem").read_bytes() == before


@pytest.mark.parametrize("kind", ["rsa:1024", "rsa:8192", "ec:P-521", "ed25519", "", "rsa"])
def test_keys_of_other_kinds_are_not_made(kind: str) -> None:
    with pytest.raises(Fault, match=r"keys\.kind"):
        make_private_key(kind)


def test_a_hierarchy_is_made_once(made: tuple[Path, Hierarchy]) -> None:
    with pytest.raises(Fault, match=r"hierarchy\.exists"):
        create_hierarchy(made[0], PASSPHRASE, catalogue=CATALOGUE, environment=DEVELOPMENT, at=NOW)


def test_a_ceremony_that_was_cut_is_begun_again_in_development_and_looked_at_elsewhere(
    tmp_path: Path,
) -> None:
    test = CATALOGUE.environments["test"].moved(publication="http://igc.example.fr")
    for environment in (DEVELOPMENT, test):
        data = tmp_path / environment.code
        folder = SignerFolder(data / "signer")
        folder.make()
        SoftwareKeyStore(folder.keys, PASSPHRASE).create("root-el-g1", "ec:P-256")
        if environment is DEVELOPMENT:
            create_hierarchy(data, PASSPHRASE, catalogue=CATALOGUE, environment=environment, at=NOW)
            assert folder.contents.exists()
        else:
            with pytest.raises(Fault, match=r"folder\.file-exists"):
                create_hierarchy(data, PASSPHRASE, catalogue=CATALOGUE, environment=environment, at=NOW)
            assert not folder.contents.exists()


def test_the_signers_folder_tells_what_it_holds_and_where_it_publishes(made: tuple[Path, Hierarchy]) -> None:
    folder = SignerFolder(made[0] / "signer")
    assert folder.environment(CATALOGUE) == DEVELOPMENT.moved(ocsp=DEVELOPMENT.ocsp, ldap="")
    facts = {one.code: one for one in folder.facts(CATALOGUE)}
    assert facts["el-org"].certificate == made[1]["el-org"].certificate
    assert facts["el-org"].generation == 1
    with pytest.raises(Fault, match=r"signer\.no-hierarchy"):
        SignerFolder(made[0] / "nowhere").held()


def test_the_chain_is_published_whole(made: tuple[Path, Hierarchy]) -> None:
    shelf = made[0] / "public" / "AC"
    stem = "Chaine_de_certification-IGC-Sante-DEV"
    bundle = pkcs7.load_der_pkcs7_certificates((shelf / f"{stem}.p7b").read_bytes())
    everyone = {one.certificate for one in made[1].authorities}
    assert {one.public_bytes(Encoding.DER) for one in bundle} == everyone
    pems = x509.load_pem_x509_certificates((shelf / f"{stem}.pem").read_bytes())
    assert {one.public_bytes(Encoding.DER) for one in pems} == everyone


def test_a_place_on_the_shelf_is_the_path_of_the_address() -> None:
    assert str(public_path("http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-EL-ORG-TEST.cer")) == (
        "AC TEST/ACI-EL-ORG-TEST.cer"
    )
    for address in ("http://a.fr/", "http://a.fr/AC/../../etc", "http://a.fr/%2e%2e/x"):
        with pytest.raises(ValueError, match="no place"):
            public_path(address)


def test_a_fingerprint_is_as_openssl_prints_it(made: tuple[Path, Hierarchy]) -> None:
    path = made[0] / "public" / "AC" / "ACR-EL-DEV.cer"
    done = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", str(path), "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip().endswith(fingerprint(path.read_bytes()))


# Test cards

DOCTOR = CardOrder(
    type="CPS",
    number="2600000108",
    national_id="899700041983",
    title="Médecin",
    surname="EXEMPLE",
    given_names="GÉRALDINE",
    profession_code=10,
)
EMPLOYEE = CardOrder(
    type="CPE_NOMINATIVE",
    number="2600000207",
    national_id="30B0057881/CPET0002",
    title="Personnel santé ou social",
    surname="ADMINISTRATIF",
    given_names="CHARLES",
    employer=Employer("Paris (75)", "HOPITAL EXEMPLE", "10B0057881"),
)
SERVICE = CardOrder(
    type="CPE_SERVICE",
    number="2600000306",
    national_id="30B0057881/000000018",
    title="Carte de service santé ou social",
    pseudonym="EMPLOYE000000018",
    employer=Employer("Paris (75)", "HOPITAL EXEMPLE", "10B0057881"),
)


@pytest.fixture(scope="module")
def press(made: tuple[Path, Hierarchy]) -> CardPress:
    return CardPress(made[0], PASSPHRASE, catalogue=CATALOGUE, environment=DEVELOPMENT)


def trust(hierarchy: Hierarchy) -> CardTrust:
    return CardTrust(
        roots=(hierarchy["root-st"].certificate, hierarchy["root-fo"].certificate),
        issuers=(hierarchy["st-pp"].certificate, hierarchy["fo-pp"].certificate),
        test_allowed=True,
    )


@pytest.mark.parametrize(
    ("order", "family", "employer"),
    [(DOCTOR, ("CPS",), None), (EMPLOYEE, ("CDE", "CPE_NOMINATIVE"), "10B0057881")],
)
def test_a_test_card_opens_the_door_as_its_holders(
    made: tuple[Path, Hierarchy],
    press: CardPress,
    order: CardOrder,
    family: tuple[str, ...],
    employer: str | None,
) -> None:
    card = press.press(order, at=NOW)
    reading = read_card(card.certificate, trust=trust(made[1]), at=NOW, policy=RevocationPolicy.TOLERANT)
    holder = reading.require()
    assert holder.national_id.text == order.national_id
    assert holder.card_number.text == order.number
    assert (holder.surname, holder.given_names, holder.title) == (
        order.surname,
        order.given_names,
        order.title,
    )
    assert holder.profession_code == order.profession_code
    assert holder.card_types == family
    assert holder.test
    assert (holder.structure_id.text if holder.structure_id else None) == employer


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (SERVICE, "card.service-card"),
        (CardOrder("CPF", "2600000405", "899700041983", "Étudiant", "EN FORMATION", "PAUL"), "card.cpf"),
    ],
)
def test_cards_that_must_not_open_it_do_not(
    made: tuple[Path, Hierarchy], press: CardPress, order: CardOrder, code: str
) -> None:
    card = press.press(order, at=NOW)
    reading = read_card(card.certificate, trust=trust(made[1]), at=NOW, policy=RevocationPolicy.TOLERANT)
    assert code in [finding.code for finding in reading.findings]
    assert reading.value is None


def test_a_card_past_its_end_and_a_software_certificate_do_not_open_it(
    made: tuple[Path, Hierarchy], press: CardPress
) -> None:
    expired = press.press(DOCTOR, at=NOW - timedelta(days=3), days=2)
    look_alike = press.press_look_alike(DOCTOR, at=NOW)
    for card, code in ((expired, "card.expired"), (look_alike, "card.unknown-issuer")):
        reading = read_card(card.certificate, trust=trust(made[1]), at=NOW, policy=RevocationPolicy.TOLERANT)
        assert code in [finding.code for finding in reading.findings]
    assert read(look_alike.certificate).subject == read(press.press(DOCTOR, at=NOW).certificate).subject


@pytest.mark.samples
@pytest.mark.parametrize(
    ("sample", "order"), [("CARD-CPS-AUTH-TEST-2018-RPPS", DOCTOR), ("CARD-CPE-AUTH-TEST-2017", EMPLOYEE)]
)
def test_a_card_is_laid_out_as_the_real_one(
    samples: Path, press: CardPress, sample: str, order: CardOrder
) -> None:
    real = x509.load_pem_x509_certificate((samples / f"{sample}.pem").read_bytes())
    ours = read(press.press(order, at=NOW).certificate)
    assert [{one.oid for one in rdn} for rdn in ours.subject.rdns] == [
        {one.oid for one in rdn} for rdn in real.subject.rdns
    ]
    no_directory = {ExtensionOID.FRESHEST_CRL}  # a development instance has no LDAP directory
    wanted = [one.oid for one in real.extensions if one.oid not in no_directory]
    assert [one.oid for one in ours.extensions] == wanted
    same = (
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        x509.ObjectIdentifier("1.2.250.1.71.1.2.5"),
        x509.ObjectIdentifier("1.2.250.1.71.1.2.2"),
    )
    for oid in same:
        mine, theirs = ours.extensions.get_extension_for_oid(oid), real.extensions.get_extension_for_oid(oid)
        assert (mine.critical, mine.value) == (theirs.critical, theirs.value)
    policy = ours.extensions.get_extension_for_class(x509.CertificatePolicies).value[0]
    theirs_policy = real.extensions.get_extension_for_class(x509.CertificatePolicies).value[0]
    assert policy.policy_identifier == theirs_policy.policy_identifier


def test_a_card_is_written_for_browsers_and_for_curl(press: CardPress) -> None:
    card = press.press(DOCTOR, at=NOW)
    pem, p12 = press.write(card, "medecin")
    assert pem.stat().st_mode & 0o777 == 0o600
    key, certificate, others = pkcs12.load_key_and_certificates(p12.read_bytes(), b"carte")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate is not None
    assert certificate.public_bytes(Encoding.DER) == card.certificate
    assert [one.public_bytes(Encoding.DER) for one in others] == [card.issuer]
    assert len(x509.load_pem_x509_certificates(pem.read_bytes())) == 2


def test_f24_cards_are_pressed_in_development_only(made: tuple[Path, Hierarchy]) -> None:
    for environment in (CATALOGUE.environments["production"], CATALOGUE.environments["test"]):
        with pytest.raises(Fault, match=r"cards\.not-here"):
            CardPress(made[0], PASSPHRASE, catalogue=CATALOGUE, environment=environment)


# TLS, responders, head key, passphrases


def test_the_tls_authority_may_name_this_machine_and_nothing_else(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path / "tls", at=NOW, names=["poste.example.fr"])
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.excluded_subtrees is None
    named = [str(name.value) for name in constraints.value.permitted_subtrees or []]
    assert named == ["localhost", "127.0.0.1/32", "::1/128", "poste.example.fr"]
    server, above = x509.load_pem_x509_certificates(files.chain.read_bytes())
    server.verify_directly_issued_by(above)
    assert files.key.stat().st_mode & 0o777 == 0o600
    command = ["openssl", "verify", "-attime", str(int(NOW.timestamp())), "-x509_strict"]
    command += ["-purpose", "sslserver", "-verify_hostname", "localhost"]
    command += ["-CAfile", str(files.authority), str(files.chain)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_tls_files_stay_until_their_end_is_near_and_keep_their_authority(tmp_path: Path) -> None:
    first = ensure_tls(tmp_path / "tls", at=NOW).chain.read_bytes()
    authority = (tmp_path / "tls" / "ca.pem").read_bytes()
    assert ensure_tls(tmp_path / "tls", at=NOW + timedelta(days=300)).chain.read_bytes() == first
    assert ensure_tls(tmp_path / "tls", at=NOW + timedelta(days=340)).chain.read_bytes() != first
    assert (tmp_path / "tls" / "ca.pem").read_bytes() == authority


def test_a_responders_key_waits_for_its_certificate_and_then_takes_its_place(tmp_path: Path) -> None:
    pki = make_pki()
    folder = ResponderFolder(tmp_path / "responders")
    assert folder.current("el-org", 1) is None
    assert folder.is_due("el-org", 1, at=NOW)
    seen: list[bytes] = []
    for serial in (1, 2):
        spki = folder.new_key("el-org", 1)
        order = ResponderOrder(spki, serial, NOW, 30, pki.certificate.not_valid_after_utc)
        folder.install("el-org", 1, pki.sign(build_responder_tbs(order, issuer=pki.identity)))
        responder = folder.current("el-org", 1)
        assert responder is not None
        seen.append(responder.certificate)
        key = read(responder.certificate).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(responder.sign(b"data"), b"data", ec.ECDSA(hashes.SHA256()))
    assert len(set(seen)) == 2
    assert not folder.is_due("el-org", 1, at=NOW + timedelta(days=14))
    assert folder.is_due("el-org", 1, at=NOW + timedelta(days=16))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "responders").iterdir())
    again = ResponderFolder(tmp_path / "responders").current("el-org", 1)
    assert again is not None
    assert again.certificate == seen[-1]


def test_a_certificate_for_another_key_is_not_installed(tmp_path: Path) -> None:
    pki = make_pki()
    folder = ResponderFolder(tmp_path / "responders")
    with pytest.raises(Fault, match=r"responder\.no-key"):
        folder.install("el-org", 1, pki.issuing.certificate)
    folder.new_key("el-org", 1)
    with pytest.raises(Fault, match=r"responder\.other-key"):
        folder.install("el-org", 1, pki.issuing.certificate)
    assert folder.current("el-org", 1) is None


def test_the_journals_key_is_made_once_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal-head.key"
    with pytest.raises(Fault, match=r"keys\.missing"):
        open_head_key(path)
    key = create_head_key(path)
    assert open_head_key(path).public_key() == key.public_key()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Fault, match=r"folder\.file-exists"):
        create_head_key(path)


def test_a_passphrase_file_must_be_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    drawn = make_passphrase_file(path)
    assert len(drawn) >= 43
    assert passphrase_from_file(path) == drawn
    path.chmod(0o640)
    with pytest.raises(Fault, match=r"keys\.open-passphrase"):
        passphrase_from_file(path)
    with pytest.raises(Fault, match=r"keys\.no-passphrase"):
        passphrase_from_file(tmp_path / "nowhere")


@pytest.mark.parametrize(("raw", "value"), [(b"abc\n", b"abc"), (b"abc", b"abc"), (b"a b\r\n", b"a b")])
def test_a_passphrase_comes_by_a_descriptor_without_its_newline(raw: bytes, value: bytes) -> None:
    import os

    reading, writing = os.pipe()
    os.write(writing, raw)
    os.close(writing)
    assert passphrase_from_descriptor(reading) == value


@pytest.mark.parametrize("raw", [b"", b"\n", b"x" * 1100])
def test_no_passphrase_and_an_endless_one_are_refused(raw: bytes) -> None:
    import os

    reading, writing = os.pipe()
    os.write(writing, raw)
    os.close(writing)
    with pytest.raises(Fault, match=r"keys\.no-passphrase"):
        passphrase_from_descriptor(reading)


def test_what_a_forged_signature_gives_is_noticed_when_read_back() -> None:
    from sceau.custody.authorities import check_made

    pki = make_pki()
    tbs = read(pki.issuing.certificate).tbs_certificate_bytes
    forged = signed_der(tbs, pki.issuing.key.sign(tbs))
    with pytest.raises(InvalidSignature):
        check_made(forged, pki.root.certificate)
