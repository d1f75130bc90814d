"""A second opinion on an authority's certificate: OpenSSL's, a program that shares no line with what made it.

It verifies the chain strictly and reads the certificate; what it reads is compared with what we meant. A
difference stops the ceremony.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sceau.certification import ml_dsa_kind
from sceau.custody.authorities import Authority, certificate_pem, fingerprint
from sceau.custody.keys import ECDSA_SHA384, RSA_SHA256, algorithm_of
from sceau.status import check_crl_signature
from sceau.vocabulary import Fault, errors

_SECONDS = 30
_UNSEEN = "ML-DSA : cet OpenSSL ne sait pas vérifier cette signature, qui l'est par cryptography seul"
_ML_DSA_OIDS = {
    "ml-dsa-44": "2.16.840.1.101.3.4.3.17",
    "ml-dsa-65": "2.16.840.1.101.3.4.3.18",
    "ml-dsa-87": "2.16.840.1.101.3.4.3.19",
}


def openssl_version() -> str:
    """What the program says it is. Raises `Fault` (``ceremony.no-openssl``) when there is none."""
    return _openssl("version").strip()


def cross_check(made: Authority, above: bytes, *, at: datetime) -> str:
    """Have OpenSSL verify `made` under `above` (itself for a root) and compare; says what it saw, in a line.

    Raises `Fault` (``ceremony.cross-check``), naming every part that differs.
    """
    blind = _is_ml_dsa(made.certificate, above) and not _knows_ml_dsa()
    with tempfile.TemporaryDirectory(prefix="sceau-") as place:
        file, root = Path(place) / "made.pem", Path(place) / "above.pem"
        file.write_bytes(certificate_pem(made.certificate))
        root.write_bytes(certificate_pem(above))
        moment = str(int(max(at, _begins(made.certificate)).timestamp()))
        strict = ("-x509_strict", "-check_ss_sig", "-attime", moment)
        verified = "" if blind else _openssl("verify", *strict, "-no-CApath", "-CAfile", str(root), str(file))
        shown = _openssl("x509", "-in", str(file), "-noout", "-text", "-serial", "-fingerprint", "-sha256")
        public = "" if blind else _openssl("x509", "-in", str(file), "-noout", "-pubkey")
    meant = _meant(made, above)
    differing = [part for part, pattern in meant.items() if not re.search(pattern, shown)]
    spki = x509.load_der_x509_certificate(made.certificate).public_key()
    ours = spki.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if not blind and public.strip() != ours.strip():
        differing.append("public key")
    if differing or not (blind or ": OK" in verified):
        raise Fault("ceremony.cross-check", retryable=False, detail=", ".join(differing) or verified)
    if blind:
        return f"openssl x509 : {len(meant)} lectures comparées, aucune différence ; {_UNSEEN}"
    count = len(meant) + 2
    return f"openssl verify -x509_strict : OK ; {count} lectures comparées, aucune différence"


def check_list(crl: bytes, above: bytes) -> str:
    """Have OpenSSL verify a list under its authority's certificate; says what it saw. `Fault` as above."""
    if _is_ml_dsa(above) and not _knows_ml_dsa():
        if errors(check_crl_signature(crl, above)):
            raise Fault("ceremony.cross-check", retryable=False, detail="crl")
        return _UNSEEN
    with tempfile.TemporaryDirectory(prefix="sceau-") as place:
        file, root = Path(place) / "list.crl", Path(place) / "above.pem"
        file.write_bytes(crl)
        root.write_bytes(certificate_pem(above))
        form = ("-inform", "DER", "-in", str(file), "-noout")
        said = _openssl("crl", *form, "-CAfile", str(root), "-crlnumber", merged=True)
    if "verify OK" not in said:
        raise Fault("ceremony.cross-check", retryable=False, detail=said[-400:])
    return "openssl crl -CAfile : verify OK"


def file_digest(data: bytes) -> str:
    """Hex SHA-256, as `sha256sum` prints it."""
    return hashlib.sha256(data).hexdigest()


def _begins(certificate: bytes) -> datetime:
    return x509.load_der_x509_certificate(certificate).not_valid_before_utc


def _meant(made: Authority, above: bytes) -> dict[str, str]:
    """What OpenSSL's text has to show, part by part, as patterns."""
    read = x509.load_der_x509_certificate(made.certificate)
    parent = x509.load_der_x509_certificate(above)
    path = "" if made.issuer.path_length is None else f", pathlen:{made.issuer.path_length}"
    public = read.public_key()
    size = public.curve.key_size if isinstance(public, ec.EllipticCurvePublicKey) else _size(public)
    key = rf"Public-Key: \({size} bit\)"
    if kind := ml_dsa_kind(public):
        key = rf"Public Key Algorithm: {_spelt(kind)}\n"
    return {
        "serial": f"serial={read.serial_number:X}\n",
        "fingerprint": f"(?i)sha256 fingerprint={fingerprint(made.certificate)}\n",
        "subject": f"Subject: .*CN = {re.escape(_common_name(read))}\n",
        "issuer": f"Issuer: .*CN = {re.escape(_common_name(parent))}\n",
        "not before": f"Not Before: {_date(read.not_valid_before_utc)}\n",
        "not after": f"Not After : {_date(read.not_valid_after_utc)}\n",
        "key": key,
        "signature algorithm": f"Signature Algorithm: {_algorithm(parent)}\n",
        "basicConstraints": rf"X509v3 Basic Constraints: critical\s+CA:TRUE{path}\n",
        "keyUsage": r"X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n",
    }


def _size(public: object) -> int:
    return int(getattr(public, "key_size", 0))


def _algorithm(parent: x509.Certificate) -> str:
    public = parent.public_key()
    if kind := ml_dsa_kind(public):
        return _spelt(kind)
    der = algorithm_of(public)  # type: ignore[arg-type] # an authority's key is RSA, EC or ML-DSA
    if der == RSA_SHA256:
        return "sha256WithRSAEncryption"
    return "ecdsa-with-SHA384" if der == ECDSA_SHA384 else "ecdsa-with-SHA256"


def _spelt(kind: str) -> str:
    """A pattern for how OpenSSL names ML-DSA: by name if it knows it, else by its number."""
    return f"({kind.upper()}|{re.escape(_ML_DSA_OIDS[kind])})"


def _is_ml_dsa(*certificates: bytes) -> bool:
    return any(ml_dsa_kind(x509.load_der_x509_certificate(one).public_key()) for one in certificates)


def _knows_ml_dsa() -> bool:
    """OpenSSL does from 3.5 on; Debian 12's does not."""
    return "ML-DSA" in _openssl("list", "-signature-algorithms").upper()


def _common_name(read: x509.Certificate) -> str:
    return str(read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def _date(at: datetime) -> str:
    moment = at.astimezone(UTC)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{months[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S %Y} GMT"


def _openssl(*arguments: str, merged: bool = False) -> str:
    program = shutil.which("openssl")
    if program is None:
        raise Fault("ceremony.no-openssl", retryable=False)
    done = subprocess.run(  # noqa: S603 - a fixed program, arguments of our own making
        [program, *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if done.returncode != 0:
        raise Fault("ceremony.cross-check", retryable=False, detail=(done.stderr or done.stdout)[-400:])
    return done.stdout + done.stderr if merged else done.stdout
