"""A real SMTP server takes our mails: what arrives, what is refused, what nobody knows, and signatures."""

from __future__ import annotations

import socket
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from sceau.operations import Fate, Letter
from sceau.site.environment import place_of
from sceau.site.mail import mailer_of
from sceau.site.postman import Envelope, MailSigner, SmtpPostman, signer_of
from sceau.vocabulary import Fault
from tests.postal import smtp_server

SENDER = "sceau@autorite.example"
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def letter(**changes: str) -> Letter:
    said = {
        "to": "karim@chu-exemple.fr",
        "subject": "Certificat prêt à retirer : www.chu-exemple.fr",
        "text": "Bonjour,\n\n.Une ligne qui commence par un point, « accentuée ».\n" + "x" * 1500 + "\n",
        "html": "<!DOCTYPE html><html lang='fr'><body><p>Prêt</p></body></html>",
        "message_id": "abc@autorite.example",
    }
    return Letter(**(said | changes), at=AT)


def test_a_server_takes_a_mail_as_it_was_written() -> None:
    with smtp_server() as (address, received):
        delivery = SmtpPostman(address, Envelope(SENDER)).deliver(letter())
    assert delivery.fate is Fate.ACCEPTED
    mail = received.mails[0]
    assert mail["Subject"] == "Certificat prêt à retirer : www.chu-exemple.fr"
    assert mail["Message-ID"] == "<abc@autorite.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == letter().text
    assert "<p>Prêt</p>" in html.get_content()
    assert max(len(line) for line in received.octets[0].split(b"\r\n")) <= 998


def test_an_unknown_address_is_refused_and_a_busy_server_asked_again() -> None:
    with smtp_server() as (address, received):
        postman = SmtpPostman(address, Envelope(SENDER))
        received.refused.add("parti@chu-exemple.fr")
        bad = postman.deliver(letter(to="parti@chu-exemple.fr"))
        received.reply_to_data = "451 busy"
        busy = postman.deliver(letter())
        received.reply_to_data = "554 no thanks"
        spam = postman.deliver(letter())
    assert (bad.fate, bad.address_is_bad) == (Fate.REFUSED, True)
    assert busy.fate is Fate.LATER
    assert (spam.fate, spam.address_is_bad) == (Fate.REFUSED, False)
    assert postman.deliver(letter()).fate is Fate.LATER  # nobody listens any more


@pytest.mark.parametrize(("replies", "fate"), [(3, Fate.LATER), (5, Fate.UNKNOWN)])
def test_a_line_that_breaks_is_unknown_only_after_the_end_was_sent(replies: int, fate: Fate) -> None:
    """Greeting, EHLO, MAIL, RCPT, DATA: a server that then goes silent may have taken the mail."""

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as lines:
            for number, reply in enumerate((b"220 a", b"250 a", b"250 b", b"250 c", b"354 d")[:replies]):
                peer.sendall(reply + b"\r\n")
                if number < replies - 1:
                    lines.readline()
            if replies == 5:
                for line in lines:
                    if line == b".\r\n":
                        return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        address = f"smtp+plain://127.0.0.1:{listener.getsockname()[1]}"
        delivery = SmtpPostman(address, Envelope(SENDER)).deliver(letter())
        thread.join()
    assert delivery.fate is fate


def test_nothing_goes_in_the_clear_to_another_machine() -> None:
    delivery = SmtpPostman("smtp+plain://mail.example:25", Envelope(SENDER)).deliver(letter())
    assert delivery.fate is Fate.LATER
    assert "en clair" in delivery.reply


@given(st.text(max_size=40), st.sampled_from("\r\n\x0b\x0c\x1c\x85\u2028\u2029"), st.text(max_size=40))
def test_t38_no_value_slips_a_header_in(before: str, line_break: str, after: str) -> None:
    for field in ("to", "subject", "message_id"):
        hostile = letter(**{field: f"{before}{line_break}Bcc: vole@ailleurs.example{after}"})
        try:
            octets = Envelope(SENDER).octets(hostile)
        except ValueError:
            continue
        head = octets.partition(b"\r\n\r\n")[0]
        names = [line.partition(b":")[0].lower() for line in head.splitlines() if line[:1] not in b" \t"]
        assert b"bcc" not in names


def signer(folder: Path) -> tuple[MailSigner, Path, Path]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité de test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(SENDER)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "mail.pem", folder / "mail.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    found = signer_of({"SCEAU_MAIL_CERTIFICATE": str(pem), "SCEAU_MAIL_KEY": str(private)})
    assert found is not None
    return found, pem, private


def verify(mail: Path, pem: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["openssl", "cms", "-verify", "-in", mail, "-CAfile", pem, "-purpose", "any"],
        capture_output=True,
        check=False,
    )


def test_a_signed_mail_is_verified_by_openssl_and_an_altered_one_is_not(tmp_path: Path) -> None:
    found, pem, _ = signer(tmp_path)
    with smtp_server() as (address, received):
        assert SmtpPostman(address, Envelope(SENDER, found)).deliver(letter()).fate is Fate.ACCEPTED
    mail = tmp_path / "mail.eml"
    mail.write_bytes(received.octets[0])
    good = verify(mail, pem)
    assert good.returncode == 0, good.stderr
    assert received.mails[0].get_content_type() == "multipart/signed"
    assert received.mails[0]["Subject"] == letter().subject
    mail.write_bytes(received.octets[0].replace(b"<p>Pr", b"<p>Qr"))
    assert verify(mail, pem).returncode != 0


def test_a_key_that_is_not_the_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, pem, _ = signer(tmp_path / "a")
    _, _, private = signer(tmp_path / "b")
    with pytest.raises(Fault):
        signer_of({"SCEAU_MAIL_CERTIFICATE": str(pem), "SCEAU_MAIL_KEY": str(private)})


def certified(key: Any, subject: str, above: tuple[x509.Certificate, Any] | None) -> x509.Certificate:
    """A certificate of `subject`: an authority's, or a mailbox's when the subject is one."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    is_mailbox, (issuer, signing) = "@" in subject, above or (None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=not is_mailbox, path_length=None), critical=True)
    )
    if is_mailbox:
        mailbox = x509.SubjectAlternativeName([x509.RFC822Name(subject)])
        builder = builder.add_extension(mailbox, critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    return builder.sign(signing, hashes.SHA256())


def test_a_code_is_signed_as_every_mail_and_its_authority_goes_along(tmp_path: Path) -> None:
    """The reader knows the root alone, and the purpose is asked for."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    root = certified(keys[0], "Racine", None)
    authority = certified(keys[1], "Autorité", (root, keys[0]))
    own = certified(keys[2], SENDER, (authority, keys[1]))
    pem, private, trusted = tmp_path / "mail.pem", tmp_path / "mail.key", tmp_path / "root.pem"
    encoding = serialization.Encoding.PEM
    pem.write_bytes(own.public_bytes(encoding) + authority.public_bytes(encoding))
    trusted.write_bytes(root.public_bytes(encoding))
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(keys[2].private_bytes(encoding, form, plain))
    settings = {"SCEAU_MAIL_CERTIFICATE": str(pem), "SCEAU_MAIL_KEY": str(private)}
    with smtp_server() as (address, received):
        place = place_of({"SCEAU_DATA": str(tmp_path)})
        mailer = mailer_of(place, settings | {"SCEAU_SMTP": address, "SCEAU_MAIL_FROM": SENDER})
        assert mailer is not None
        mailer(to="claire@exemple.fr", subject="Votre code", text="Le code est 123456.\n")
    mail = tmp_path / "code.eml"
    mail.write_bytes(received.octets[0])
    command = ["openssl", "cms", "-verify", "-in", str(mail), "-CAfile", str(trusted)]
    good = subprocess.run([*command, "-purpose", "smimesign"], capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    assert b"123456" in good.stdout
    assert received.mails[0]["To"] == "claire@exemple.fr"
