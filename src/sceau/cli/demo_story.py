"""The story of `sceau demo`: each step of the notice, told in French, done for real.

People act with the card they hold, read at the door like any card; verbs are those of the pages. What must
be refused is tried too, and a refusal that does not come is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import typer

from sceau.catalogue import load_catalogue
from sceau.cli.demo_witnesses import Witnesses, write_chain
from sceau.operations import (
    Actor,
    CertificateRequest,
    approve_order,
    collect_certificate,
    confirm_mailbox,
    issue_certificate,
    issue_pair,
    machine,
    preview_certificate,
    publish_crls,
    receive_form,
    revoke_certificate,
    seal_journal,
    send_mailbox_code,
    take_order,
    welcome_card,
)
from sceau.portal import doorkeeper
from sceau.records import CertificateFile, habilitations_of, order_file
from sceau.vocabulary import Fault, Refused

HOST = "www.ch-trois-vallees.fr"
MAILBOX = "archives@ch-trois-vallees.fr"
CODE = "7391-vallees"
FORM = {
    "edition": "web",
    "structure": {
        "name": "CENTRE HOSPITALIER DES TROIS VALLEES",
        "siret": "99900100100018",
        "finess": "0B0010104",
        "rpps_rangs": [],
        "postcode": "69003",
        "commune": "LYON",
        "takes_charge": True,
    },
    "contract": {"number": "C-2026-0001"},
    "signatory": {
        "quality": "representative",
        "surname": "MARCHAND",
        "given_names": "Hélène",
        "phone": "0478000101",
        "email": "direction@ch-trois-vallees.example",
        "card_number": "2600900101",
    },
    "usage": {
        "description": "Serveur web, alimentation du DMP, signature des courriers électroniques",
        "editor": "LOGICIELS SANTE DE L'OUEST",
        "solution": "Dossier patient",
    },
    "offers": [
        {"offer": "serv-ssl", "kind": "domain", "declared": "ch-trois-vallees.fr", "owner": "structure"},
        {
            "offer": "serv-mail",
            "kind": "mail",
            "declared": "@ch-trois-vallees.fr",
            "restricted": True,
            "owner": "structure",
        },
        {"offer": "org"},
    ],
    "administrators": [
        {
            "card_number": "2600900104",
            "surname": "BENALI",
            "given_names": "Karim",
            "phone": "0478000104",
            "email": "systemes@ch-trois-vallees.example",
        }
    ],
    "declarations": {"terms": True, "exact": True},
}


def play(data: Path, folder: Path) -> None:
    """Play every step with the started instance under `data`, leaving files in `folder`."""
    story = Story(data, folder)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("La structure commande avec le formulaire 413", story.order),
        ("Le guichet examine et décide, à deux", story.decide),
        ("L'administrateur technique demande un certificat de serveur", story.server_certificate),
        ("Un serveur TLS l'utilise, OpenSSL l'accepte", story.use_server_certificate),
        ("La famille S/MIME : signer, chiffrer, déchiffrer", story.mail),
        ("La paire du DMP, et un appel client en TLS mutuel", story.application),
        ("Un médecin obtient son certificat avec sa carte CPS, sans formulaire", story.professional),
        ("Révoquer : définitif, et visible de tous", story.revoke),
        ("Le journal se vérifie sans la base", story.journal),
    ]
    for number, (title, step) in enumerate(steps, start=1):
        typer.secho(f"\n{number}. {title}", bold=True)
        step()


class Story:
    """What the steps hand on to one another."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data = data
        self._folder = folder
        self._order = ""
        self._server: CertificateFile | None = None
        write_chain(folder / "chaine.pem", data)
        self._witnesses = Witnesses(folder, tell=self._tell)

    def order(self) -> None:
        """The representative sends form 413."""
        form = self._folder / "formulaire-413.json"
        form.write_text(json.dumps(FORM, ensure_ascii=False, indent=2), encoding="utf-8")
        self._tell(f"Formulaire écrit dans {form.name}.")
        file = receive_form(self._with_card("marchand"), raw=FORM, channel="web", idempotency_key="demo")
        self._order = file.line.reference
        self._tell(f"Commande {self._order} reçue, signée par la carte de la représentante.")

    def decide(self) -> None:
        """Two officers; one of them twice is one too few."""
        first, second = self._with_card("leroux"), self._with_card("moreau")
        take_order(first, reference=self._order)
        version = self._version()
        approve_order(first, reference=self._order, version=version)
        self._tell("Première approbation : Sophie Leroux.")
        again = approve_order(first, reference=self._order, version=version)
        self._expect(
            again.line.approvals == 1 and not again.habilitations, "deux approbations d'une personne"
        )
        self._tell("Elle approuve encore : cela compte pour une personne, rien n'est accordé.")
        approve_order(second, reference=self._order, version=version)
        file = order_file(self._order)
        granted = file.habilitations if file else ()
        self._expect(len(granted) == 7, "habilitations accordées")
        self._tell(f"Seconde approbation : Julien Moreau. {len(granted)} habilitations accordées.")

    def server_certificate(self) -> None:
        """Only the key comes from the request; the names come from the habilitation."""
        administrator = self._with_card("benali")
        csr = self._witnesses.request("serveur")
        wanted = CertificateRequest("SERV_SSL", (HOST,), csr, self._right("SERV_SSL"))
        for key, value in preview_certificate(administrator, wanted).subject:
            self._tell(f"   {key} = {value}")
        stranger = CertificateRequest("SERV_SSL", ("www.autre-hopital.fr",), csr, self._right("SERV_SSL"))
        self._must_refuse(
            "Un nom hors du périmètre",
            lambda: issue_certificate(administrator, stranger, idempotency_key="demo-stranger"),
        )
        self._server = self._obtain(administrator, wanted, "serveur")

    def use_server_certificate(self) -> None:
        """A real handshake, and OpenSSL's own opinion, with the list of revoked certificates."""
        publish_crls()
        self._witnesses.fetch_lists(self._issuer_of("serveur"))
        self._witnesses.verify("serveur", purpose="sslserver")
        self._witnesses.handshake("serveur", host=HOST)
        self._witnesses.ask_ocsp("serveur", expected="good")

    def mail(self) -> None:
        """One message signed, one sealed and opened again."""
        administrator = self._with_card("benali")
        for product, name in (
            ("SERV_S/MIME", "smime"),
            ("SERV_SIGN", "cachet"),
            ("SERV_CONF", "chiffrement"),
        ):
            csr = self._witnesses.request(name)
            wanted = CertificateRequest(product, (MAILBOX,), csr, self._right(product))
            self._obtain(administrator, wanted, name)
        self._witnesses.sign_mail("smime", sender=MAILBOX)
        self._witnesses.sign_mail("cachet", sender=MAILBOX)
        self._witnesses.seal_mail("chiffrement")
        self._witnesses.seal_mail("smime")

    def application(self) -> None:
        """DMP wants two certificates with one identical subject [IGC-SANTE 7]."""
        administrator = self._with_card("benali")
        products = (("ORG_AUTH_CLI", "application"), ("ORG_SIGN", "application-signature"))
        wanted = [
            CertificateRequest(code, ("DOSSIER-PATIENT",), self._witnesses.request(name), self._right(code))
            for code, name in products
        ]
        pair = issue_pair(administrator, (wanted[0], wanted[1]), idempotency_key="demo-dmp")
        for file, (_, name) in zip(pair, products, strict=True):
            self._collect(administrator, file, name)
        self._tell(f"Un seul sujet pour les deux : {pair[0].line.subject}")
        self._witnesses.client_call("application", server="serveur", host=HOST)

    def professional(self) -> None:
        """No form: the card is the right. The mailbox is confirmed by a code mailed to it [decision 14]."""
        doctor = self._with_card("lefevre")
        mailbox = send_mailbox_code(doctor, mailbox="claire.lefevre@docteur-lefevre.fr")
        code = _code_in(doorkeeper().mails())
        confirm_mailbox(doctor, mailbox=mailbox, code=code)
        self._tell(f"Adresse {mailbox} confirmée par le code reçu par courriel.")
        csr = self._witnesses.request("medecin")
        self._obtain(doctor, CertificateRequest("PS_AUTH", (mailbox,), csr), "medecin")
        self._witnesses.fetch_lists(self._issuer_of("medecin"))
        self._witnesses.verify("medecin", purpose="sslclient")

    def revoke(self) -> None:
        """Revoked on request of the representative; OCSP says so within a second, the list at once."""
        server = self._server
        if server is None:
            raise Fault("demo.unexpected", retryable=False, detail="serveur")
        revoke_certificate(
            self._with_card("marchand"),
            reference=server.line.reference,
            reason="superseded",
            quality="representative",
        )
        self._tell(f"Certificat {server.line.serial} révoqué par la représentante légale.")
        publish_crls()
        self._witnesses.fetch_lists(self._issuer_of("serveur"))
        self._witnesses.refuse("serveur", purpose="sslserver")
        self._witnesses.ask_ocsp("serveur", expected="revoked")

    def journal(self) -> None:
        """Export, then let the offline verifier read it."""
        seal_journal()
        self._witnesses.verify_journal(self._data)

    def _with_card(self, slug: str) -> Actor:
        """The person at the door, their card read like any card."""
        card = next(card for card in doorkeeper().drawer if card.slug == slug)
        holder = doorkeeper().read(card.certificate, at=machine().clock()).require()
        return welcome_card(holder)

    def _right(self, product: str) -> str:
        holder = self._with_card("benali").person_id
        lines = habilitations_of(holder, at=machine().clock())
        return next(line.reference for line in lines if line.product == product)

    def _version(self) -> int:
        file = order_file(self._order)
        if file is None:
            raise Fault("demo.unexpected", retryable=False, detail=self._order)
        return file.line.version

    def _obtain(self, actor: Actor, wanted: CertificateRequest, name: str) -> CertificateFile:
        file = issue_certificate(actor, wanted, idempotency_key=f"demo-{name}")
        self._collect(actor, file, name)
        self._tell(f"{wanted.product} délivré : {file.line.subject}, {name}.pem")
        return file

    def _collect(self, actor: Actor, file: CertificateFile, name: str) -> None:
        collected = collect_certificate(
            actor, reference=file.line.reference, terms_accepted=True, code=CODE, code_again=CODE
        )
        self._witnesses.keep(name, collected.der)

    def _issuer_of(self, name: str) -> str:
        return self._witnesses.crl_address(name)

    def _must_refuse(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except Refused as refused:
            first = refused.findings[0]
            self._tell(f"{what} : refusé. {load_catalogue().say(first).text}")
            return
        raise Fault("demo.unexpected", retryable=False, detail=what)

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise Fault("demo.unexpected", retryable=False, detail=what)

    def _tell(self, line: str) -> None:
        typer.echo(f"   {line}")


def _code_in(mails: tuple[str, ...]) -> str:
    """The code in the latest mail kept by the development instance."""
    words = mails[-1].split() if mails else []
    codes = [
        word.strip(".,:;") for word in words if word.strip(".,:;").isdigit() and len(word.strip(".,:;")) >= 6
    ]
    if not codes:
        raise Fault("demo.unexpected", retryable=False, detail="code")
    return codes[0]
