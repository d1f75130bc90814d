"""Programs that we did not write, asked for their opinion: openssl for chains, handshakes, mail and status.

Every command is shown as it is run, so that it can be run again by hand.
"""

from __future__ import annotations

import shlex
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from sceau.vocabulary import Fault

_SECONDS = 30


def write_chain(path: Path, data: Path) -> None:
    """Every authority of the instance, PEM, in one file: what a relying system would have been given."""
    authorities = sorted((data / "public").rglob("*.cer"))
    pems = [ssl.DER_cert_to_PEM_cert(authority.read_bytes()) for authority in authorities]
    path.write_text("".join(pems), encoding="ascii")


class Witnesses:
    """Runs the programs in `folder`; `tell` narrates.

    Raises `Fault` (``demo.unexpected``) when one answers otherwise than it should.
    """

    def __init__(self, folder: Path, *, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell

    def request(self, name: str) -> bytes:
        """A key and a CSR made by OpenSSL. The key never leaves the folder."""
        self._run(
            *("openssl", "req", "-new", "-newkey", "rsa:3072", "-nodes", "-subj", "/"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        (self._folder / f"{name}.key").chmod(0o600)
        return (self._folder / f"{name}.csr").read_bytes()

    def keep(self, name: str, der: bytes) -> None:
        """Put the certificate beside its key."""
        (self._folder / f"{name}.pem").write_text(ssl.DER_cert_to_PEM_cert(der), encoding="ascii")

    def crl_address(self, name: str) -> str:
        """Where the certificate itself says that its list of revoked certificates is."""
        points = self._certificate(name).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        names = [full for point in points for full in point.full_name or ()]
        return next(str(full.value) for full in names if str(full.value).startswith("http"))

    def fetch_lists(self, address: str) -> None:
        """Download the list from the address in the certificate, as a relying system does."""
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - http, from our own certificate
            der = answer.read()
        crl = x509.load_der_x509_crl(der)
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        (self._folder / "liste.der").write_bytes(der)
        self._run("openssl", "crl", "-inform", "DER", "-in", "liste.der", "-out", "liste.pem")
        self._tell(f"Liste n° {number} lue à {address}, {len(crl)} certificat(s) révoqué(s).")

    def verify(self, name: str, *, purpose: str) -> None:
        """`openssl verify -crl_check` must accept."""
        output = self._run(*self._verify_command(name, purpose))
        self._tell(output.strip())

    def refuse(self, name: str, *, purpose: str) -> None:
        """`openssl verify -crl_check` must refuse, because it is revoked."""
        output = self._run(*self._verify_command(name, purpose), succeeds=False)
        if "certificate revoked" not in output:
            raise Fault("demo.unexpected", retryable=False, detail=output)
        self._tell("openssl : certificate revoked")

    def _verify_command(self, name: str, purpose: str) -> tuple[str, ...]:
        return (
            *("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "chaine.pem"),
            *("-CRLfile", "liste.pem", "-crl_check", f"{name}.pem"),
        )

    def ask_ocsp(self, name: str, *, expected: str) -> None:
        """The status service named by the certificate must answer `expected` (good, revoked)."""
        certificate = self._certificate(name)
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        urls = {entry.access_method._name: entry.access_location.value for entry in access}
        with urllib.request.urlopen(urls["caIssuers"], timeout=_SECONDS) as answer:  # noqa: S310 - as above
            (self._folder / "emetteur.pem").write_text(
                ssl.DER_cert_to_PEM_cert(answer.read()), encoding="ascii"
            )
        output = self._run(
            *("openssl", "ocsp", "-issuer", "emetteur.pem", "-cert", f"{name}.pem"),
            *("-url", urls["OCSP"], "-CAfile", "chaine.pem"),
        )
        if f"{name}.pem: {expected}" not in output:
            raise Fault("demo.unexpected", retryable=False, detail=output)
        self._tell(f"OCSP : {expected}")

    def handshake(self, name: str, *, host: str) -> None:
        """A TLS server with the certificate, and a client that checks chain, purpose and name."""
        with _Server(self._folder, name) as port:
            self._client(port, host)
        self._tell(f"Poignée de main TLS : {host} reconnu.")

    def client_call(self, name: str, *, server: str, host: str) -> None:
        """A server that demands a client certificate, and our application's call to it."""
        with _Server(self._folder, server, demand_client=True) as port:
            self._run(*_client_command(port, host), said="Q\n", succeeds=False)
            self._tell("Sans certificat : le serveur refuse.")
            self._client(port, host, "-cert", f"{name}.pem", "-key", f"{name}.key")
        self._tell("TLS mutuel : le serveur a reconnu l'application.")

    def _client(self, port: int, host: str, *more: str) -> None:
        output = self._run(*_client_command(port, host), *more, said="Q\n")
        if "Verify return code: 0 (ok)" not in output:
            raise Fault("demo.unexpected", retryable=False, detail=output)

    def sign_mail(self, name: str, *, sender: str) -> None:
        """An S/MIME signature, verified against the authorities and the sender's address."""
        (self._folder / "message.txt").write_text("Compte rendu transmis.\r\n", encoding="utf-8")
        self._run(
            *("openssl", "cms", "-sign", "-in", "message.txt", "-out", f"{name}-signe.eml"),
            *("-signer", f"{name}.pem", "-inkey", f"{name}.key", "-from", sender),
        )
        self._run(
            *("openssl", "cms", "-verify", "-in", f"{name}-signe.eml", "-CAfile", "chaine.pem"),
            *("-purpose", "smimesign", "-out", f"{name}-verifie.txt"),
        )
        self._tell(f"Message signé par {sender} et vérifié : {name}-signe.eml")

    def seal_mail(self, name: str) -> None:
        """A message that only the key's holder can open."""
        self._run(
            *("openssl", "cms", "-encrypt", "-aes256", "-in", "message.txt", "-out", f"{name}-chiffre.eml"),
            f"{name}.pem",
        )
        self._run(
            *("openssl", "cms", "-decrypt", "-in", f"{name}-chiffre.eml", "-out", f"{name}-clair.txt"),
            *("-recip", f"{name}.pem", "-inkey", f"{name}.key"),
        )
        sent = (self._folder / "message.txt").read_bytes()
        if (self._folder / f"{name}-clair.txt").read_bytes() != sent:
            raise Fault("demo.unexpected", retryable=False, detail=f"{name}-clair.txt")
        self._tell(f"Message chiffré puis déchiffré : {name}-chiffre.eml")

    def verify_journal(self, data: Path) -> None:
        """Our own commands, in processes of their own: export, then verify without the database."""
        sceau = (sys.executable, "-m", "sceau.cli", "journal")
        self._run(*sceau, "export", "journal", "--data", str(data), shown="sceau journal export journal")
        output = self._run(*sceau, "verify", "journal", shown="sceau journal verify journal")
        self._tell(output.strip().splitlines()[0])

    def _certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self._folder / f"{name}.pem").read_bytes())

    def _run(self, *command: str, succeeds: bool = True, said: str = "", shown: str = "") -> str:
        """Run, show, and hold to the expected outcome; gives what the program said."""
        self._tell(f"$ {shown or shlex.join(command)}")
        done = subprocess.run(  # noqa: S603 - fixed programs, arguments of our own making
            command,
            cwd=self._folder,
            input=said,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        output = done.stdout + done.stderr
        if (done.returncode == 0) is not succeeds:
            raise Fault("demo.unexpected", retryable=False, detail=output)
        return output


def _client_command(port: int, host: str) -> tuple[str, ...]:
    return (
        *("openssl", "s_client", "-connect", f"localhost:{port}", "-CAfile", "chaine.pem"),
        *("-verify_return_error", "-verify_hostname", host, "-servername", host, "-tls1_2"),
    )


class _Server:
    """`openssl s_server` on a free port, for as long as the block lasts."""

    def __init__(self, folder: Path, name: str, *, demand_client: bool = False) -> None:
        import socket

        with socket.create_server(("localhost", 0)) as holder:
            self._port: int = holder.getsockname()[1]
        self._command = [
            *("openssl", "s_server", "-accept", f"localhost:{self._port}", "-www", "-quiet"),
            *(
                "-cert",
                f"{name}.pem",
                "-key",
                f"{name}.key",
                "-cert_chain",
                "chaine.pem",
                "-CAfile",
                "chaine.pem",
            ),
            *(("-Verify", "5", "-verify_return_error") if demand_client else ()),
        ]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> int:
        import socket

        self._process = subprocess.Popen(  # noqa: S603 - openssl, arguments of our own making
            self._command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + _SECONDS
        while time.monotonic() < limit:
            try:
                socket.create_connection(("localhost", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self._port
        raise Fault("demo.unexpected", retryable=True, detail=f"s_server, port {self._port}")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
