"""Programs that we did not write, each asked the same questions about the same certificates.

A relying party says whether it accepts, and why not in its own words. What one of them cannot be asked
(Botan's command reads no list, for instance) is absent from its `checks` and said in docs/conformance.md.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, ClassVar, cast

import pytest
from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from tests.conformance.relying_kit import Issued, World, made

EKU = {
    "server": "1.3.6.1.5.5.7.3.1",
    "client": "1.3.6.1.5.5.7.3.2",
    "sign": "1.3.6.1.5.5.7.3.4",
    "encrypt": "1.3.6.1.5.5.7.3.4",
}


@dataclass(frozen=True)
class Verdict:
    """What a program made of a certificate."""

    accepted: bool
    said: str

    def refuses(self, *words: str) -> bool:
        """Whether it refuses, and for this reason: one of `words` in what it said."""
        return not self.accepted and any(word in self.said.lower() for word in words)


def run(*command: str | Path, give: bytes | None = None, cwd: Path | None = None) -> tuple[int, str]:
    """Exit code and everything said."""
    done = subprocess.run(
        [str(part) for part in command], input=give, capture_output=True, timeout=60, check=False, cwd=cwd
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


class OpenSsl:
    """`openssl verify`, strictly; `openssl ocsp`."""

    needs = ("openssl",)
    checks = frozenset({"crl", "ocsp", "purpose", "host"})
    _purposes: ClassVar[Mapping[str, str]] = {
        "server": "sslserver",
        "client": "sslclient",
        "sign": "smimesign",
        "encrypt": "smimeencrypt",
    }

    def __init__(self, world: World) -> None:
        self._world = world

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        purpose = () if use is None else ("-purpose", self._purposes[use])
        name = () if host is None else ("-verify_hostname", host)
        code, said = run(
            *("openssl", "verify", "-x509_strict", "-crl_check_all", *purpose, *name),
            *("-CAfile", one.root, "-untrusted", one.issuing, "-CRLfile", one.lists, one.leaf),
        )
        return Verdict(code == 0, said)

    def ask(self, one: Issued) -> Verdict:
        code, said = run(
            *("openssl", "ocsp", "-issuer", one.issuing, "-cert", one.leaf, "-url", one.url),
            *("-CAfile", one.root, "-verify_other", one.issuing),
        )
        sound = code == 0 and "Response verify OK" in said
        return Verdict(sound and f"{one.leaf}: good" in said, said)

    def version(self) -> str:
        return run("openssl", "version")[1].split()[1]


class GnuTls:
    """`certtool --verify`, `ocsptool --ask`."""

    needs = ("certtool", "ocsptool")
    checks = frozenset({"crl", "ocsp", "purpose", "host"})

    def __init__(self, world: World) -> None:
        self._world = world

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        purpose = () if use is None else ("--verify-purpose", EKU[use])
        name = () if host is None else ("--verify-hostname", host)
        code, said = run(
            *("certtool", "--verify", "--load-ca-certificate", one.root, "--infile", one.chain),
            *("--load-crl", one.lists, *purpose, *name),
        )
        return Verdict(code == 0 and "The certificate is trusted" in said, said)

    def ask(self, one: Issued) -> Verdict:
        _, said = run(
            *("ocsptool", f"--ask={one.url}", "--nonce", "--load-cert", one.leaf),
            *("--load-issuer", one.issuing, "--load-trust", one.issuing),
        )
        sound = "Verifying OCSP Response: Success" in said
        return Verdict(sound and "Certificate Status: good" in said, said)

    def version(self) -> str:
        return run("certtool", "--version")[1].split("\n")[0].split()[-1]


class Nss:
    """`vfychain` over libpkix, with the list or the responder that the certificate itself names."""

    needs = ("vfychain", "certutil")
    checks = frozenset({"crl", "ocsp", "purpose"})
    _usages: ClassVar[Mapping[str | None, str]] = {
        None: "1",
        "client": "0",
        "server": "1",
        "sign": "4",
        "encrypt": "5",
    }

    def __init__(self, world: World) -> None:
        self._folder = world.folder / "nss"
        self._folder.mkdir()
        run("certutil", "-N", "-d", f"sql:{self._folder}", "--empty-password")
        trust = ("-t", "CT,C,C", "-n", "root", "-i", world.folder / "root.pem")
        code, said = run("certutil", "-A", "-d", f"sql:{self._folder}", *trust)
        assert code == 0, said

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        return self._chain(one, use or one.uses[0], "crl")

    def ask(self, one: Issued) -> Verdict:
        return self._chain(one, one.uses[0], "ocsp")

    def _chain(self, one: Issued, use: str, method: str) -> Verdict:
        code, said = run(
            *("vfychain", "-d", f"sql:{self._folder}", "-pp", "-g", "leaf", "-m", method),
            *("-s", "requireInfo", "-u", self._usages[use], "-a", one.leaf, "-a", one.issuing),
        )
        return Verdict(code == 0 and "Chain is good!" in said, said)

    def version(self) -> str:
        return run("dpkg-query", "-W", "-f=${Version}", "libnss3-tools")[1]


class Java:
    """`CertPathValidator` of the JDK, by a program of ours compiled here."""

    needs = ("javac", "java")
    checks = frozenset({"crl", "ocsp", "purpose", "host"})

    def __init__(self, world: World) -> None:
        classes = world.folder / "java"
        code, said = run("javac", "-d", classes, Path(__file__).parent / "Relying.java")
        assert code == 0, said
        self._process = subprocess.Popen(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(classes), "Relying"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        return self._asked(str(one.lists), one, "-" if use is None else EKU[use], host or "-")

    def ask(self, one: Issued) -> Verdict:
        return self._asked(one.url, one, "-", "-")

    def close(self) -> None:
        cast(IO[str], self._process.stdin).close()
        cast(IO[str], self._process.stdout).close()
        self._process.wait(20)

    def _asked(self, status: str, one: Issued, usage: str, host: str) -> Verdict:
        line = "\t".join((status, str(one.root), str(one.leaf), str(one.issuing), usage, host))
        questions, answers = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        questions.write(line + "\n")
        questions.flush()
        said = answers.readline().strip()
        return Verdict(said == "OK", said)

    def version(self) -> str:
        return run("javac", "-version")[1].split()[-1]


class Botan:
    """`botan cert_verify` (which reads no list and asks for no purpose), `botan ocsp_check`."""

    needs = ("botan",)
    checks = frozenset({"ocsp"})

    def __init__(self, world: World) -> None:
        self._world = world

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        _, said = run("botan", "cert_verify", one.leaf, one.issuing, one.root)
        return Verdict("passes validation checks" in said, said)

    def ask(self, one: Issued) -> Verdict:
        _, said = run("botan", "ocsp_check", one.leaf, one.issuing)
        return Verdict("OCSP check OK" in said, said)

    def version(self) -> str:
        return run("botan", "--version")[1].strip()


class StrongSwan:
    """`pki --verify` with lists."""

    needs = ("pki",)
    checks = frozenset({"crl"})

    def __init__(self, world: World) -> None:
        self._lists = [part for code in world.lists for part in ("--crl", world.folder / f"{code}.crl")]

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        code, said = run(
            *("pki", "--verify", "--in", one.leaf, "--cacert", one.issuing, "--cacert", one.root),
            *self._lists,
        )
        return Verdict(code == 0 and "certificate trusted" in said, said)

    def version(self) -> str:
        return run("dpkg-query", "-W", "-f=${Version}", "strongswan-pki")[1]


class Pyca:
    """`cryptography.x509.verification`. It reads no list by itself: the list is its own class's, its
    signature checked with its own call.
    """

    needs = ()
    checks = frozenset({"crl", "purpose", "host"})

    def __init__(self, world: World) -> None:
        self._store = Store([x509.load_der_x509_certificate(world.root.certificate)])
        self._lists = [x509.load_der_x509_crl(one) for one in world.lists.values()]

    def verify(self, one: Issued, *, use: str | None = None, host: str | None = None) -> Verdict:
        issuing = x509.load_pem_x509_certificate(one.issuing.read_bytes())
        builder = PolicyBuilder().store(self._store).time(datetime.now(UTC))
        try:
            if use == "server" or host is not None:
                name = x509.DNSName(host or "tops.demo.asipsante.fr")
                builder.build_server_verifier(name).verify(one.certificate, [issuing])
            else:
                policies = builder.extension_policies(
                    ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_for(use)
                )
                policies.build_client_verifier().verify(one.certificate, [issuing])
        except VerificationError as refusal:
            return Verdict(False, str(refusal))
        return self._listed(one, issuing)

    def _listed(self, one: Issued, issuing: x509.Certificate) -> Verdict:
        (crl,) = [one for one in self._lists if one.issuer == issuing.subject]
        if not crl.is_signature_valid(issuing.public_key()):  # type: ignore[arg-type]  # RSA or EC
            return Verdict(False, "the list's signature is not its authority's")
        entry = crl.get_revoked_certificate_by_serial_number(one.certificate.serial_number)
        return Verdict(entry is None, "not listed" if entry is None else "revoked")

    def version(self) -> str:
        import cryptography

        return str(cryptography.__version__)


def _for(use: str | None) -> ExtensionPolicy:
    """The policy of an end certificate: the extended usage asked for. The library's own client policy asks
    for a subjectAltName too, which ORG_AUTH_CLI has not, as in the real samples.
    """

    def check(policy: Policy, certificate: x509.Certificate, usages: x509.ExtendedKeyUsage) -> None:
        if use is not None and x509.ObjectIdentifier(EKU[use]) not in usages:
            raise ValueError(f"not for {use}")

    return ExtensionPolicy.permit_all().require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, check)


Party = OpenSsl | GnuTls | Nss | Java | Botan | StrongSwan | Pyca
PARTIES: dict[str, Callable[[World], Party]] = {
    "openssl": OpenSsl,
    "gnutls": GnuTls,
    "nss": Nss,
    "java": Java,
    "botan": Botan,
    "strongswan": StrongSwan,
    "pyca": Pyca,
}


def lacking(name: str) -> str:
    """The first program that `name` needs and this machine has not; empty when it has all."""
    missing = [tool for tool in PARTIES[name].needs if shutil.which(tool) is None]  # type: ignore[attr-defined]
    return missing[0] if missing else ""


class Stand:
    """The worlds of a run and the programs asked about them, each made when first needed."""

    def __init__(self, factory: pytest.TempPathFactory, stack: ExitStack) -> None:
        self._factory = factory
        self._stack = stack
        self._worlds: dict[str, World] = {}
        self._parties: dict[tuple[str, str], Party] = {}

    def world(self, kind: str) -> World:
        if kind not in self._worlds:
            folder = self._factory.mktemp("relying")
            self._worlds[kind] = self._stack.enter_context(made(kind, folder))
        return self._worlds[kind]

    def party(self, name: str, kind: str) -> Party:
        """Skips the test, naming the program, where this machine has it not."""
        if lacking(name):
            pytest.skip(f"{lacking(name)} is not installed")
        if (name, kind) not in self._parties:
            party = PARTIES[name](self.world(kind))
            self._parties[name, kind] = party
            if isinstance(party, Java):
                self._stack.callback(party.close)
        return self._parties[name, kind]
