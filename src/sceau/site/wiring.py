"""Putting an instance together: its machine for the verbs, its doorkeeper, its public server.

Only here do the rooms meet. Nothing is decided: each part is made from the instance's folder and handed over.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from django.conf import settings

from sceau.catalogue import Catalogue, load_catalogue
from sceau.certification import IssuerFacts, LintKey, MlDsaPrivateKey, WeakKeyList, ml_dsa_kind
from sceau.custody import PieceCabinet, ResponderFolder, SignerClient, SignerFolder, open_head_key
from sceau.enrolment import RestApp, Silence
from sceau.enrolment import Settings as RestSettings
from sceau.identity import CardHolder, CardUse, lookup_from_lists, read_card
from sceau.operations import Machine, SignerReader, install, sign_of_life
from sceau.portal import (
    KEY_TRIES,
    Doorkeeper,
    doorkeeper,
    peer_certificate,
    post,
    post_brakes,
    post_psc,
    post_watch,
    too_often_from,
)
from sceau.publication import (
    FolderShelf,
    OcspService,
    PreparedShelf,
    Preparer,
    PublicApp,
    build_app,
    policy_path,
    render_policy,
)
from sceau.records import StatusRecords
from sceau.site.drawer import read_drawer
from sceau.site.environment import DEVELOPMENT, HEAD_KEY_FILE, now, ocsp_shelf_of
from sceau.site.health import Watchman
from sceau.site.mail import mailer_of, mails_kept
from sceau.site.postman import mail_room_of
from sceau.site.psc_link import psc_door_of, psc_settings_of
from sceau.site.resolver import resolver_of_environment
from sceau.site.trust import FileLists, addresses, card_authorities
from sceau.status import IssuerIdentity, issuer_identity
from sceau.vocabulary import Fault, Reading


def wire() -> Machine:
    """The machine of the instance that the settings name, installed; and its doorkeeper, posted."""
    data: Path = settings.SCEAU_DATA
    catalogue = load_catalogue()
    issuers = issuers_of(data, catalogue)
    environment = environment_of(issuers)
    if environment != settings.SCEAU_ENVIRONMENT:
        raise Fault(
            "site.other-environment", retryable=False, detail=f"{environment}/{settings.SCEAU_ENVIRONMENT}"
        )
    machine = Machine(
        catalogue=catalogue,
        environment=environment,
        signer=SignerClient(data / "signer" / "socket"),
        clock=now,
        random=secrets.token_bytes,
        issuers=issuers,
        lint_key=LintKeys(),
        origin=settings.SCEAU_ORIGIN,
        head_key=open_head_key(data / HEAD_KEY_FILE),
        shelf=data / "public",
        responders=ResponderFolder(data / "responders"),
        mailer=mailer_of(settings.PLACE),
        weak_keys=_weak_keys(),
        mode="development" if environment == DEVELOPMENT else "production",
        cabinet=PieceCabinet(data / "pieces", data / "keys" / "pieces"),
        txt=resolver_of_environment(),
        signing_card=_signing_card(data, issuers, catalogue),
        mail=mail_room_of(settings.PLACE, contact=contact_of(catalogue)),
    )
    install(machine)
    post(doorkeeper_of(data, issuers, catalogue))
    post_brakes(data / "run" / "brakes")
    post_watch(Watchman(data))
    back = f"{settings.SCEAU_PORTAL_ADDRESS}/pro-sante-connect/retour/"
    post_psc(
        psc_door_of(
            psc_settings_of(os.environ, catalogue),
            back=back,
            is_production=settings.SCEAU_ENVIRONMENT == "production",
        )
    )
    return machine


def issuers_of(data: Path, catalogue: Catalogue) -> Mapping[str, tuple[IssuerFacts, ...]]:
    """Each issuer's generations, oldest first, as the signer's folder lists them. No key is read."""
    found: dict[str, list[IssuerFacts]] = {}
    for facts in SignerFolder(data / "signer").facts(catalogue):
        found.setdefault(facts.code, []).append(facts)
    return {code: tuple(sorted(several, key=lambda one: one.generation)) for code, several in found.items()}


def environment_of(issuers: Mapping[str, tuple[IssuerFacts, ...]]) -> str:
    """The one environment that all issuers belong to."""
    codes = {facts.environment for several in issuers.values() for facts in several}
    if len(codes) != 1:
        raise Fault("site.other-environment", retryable=False, detail=", ".join(sorted(codes)) or "–")
    return codes.pop()


def _signing_card(
    data: Path, issuers: Mapping[str, tuple[IssuerFacts, ...]], catalogue: Catalogue
) -> SignerReader:
    """Whose card signed a form: the authorities of the door, their lists as they are now, the other key."""
    authorities = card_authorities(data, issuers, catalogue)
    trust = authorities.trust(test_allowed=settings.SCEAU_ENVIRONMENT != "production")
    lists = FileLists(authorities.lists)

    def read(certificate: bytes, *, at: datetime) -> Reading[CardHolder]:
        lookup = lookup_from_lists(lists(), trust=trust, at=at)
        return read_card(certificate, trust=trust, at=at, revoked=lookup, use=CardUse.SIGN)

    return read


def doorkeeper_of(
    data: Path, issuers: Mapping[str, tuple[IssuerFacts, ...]], catalogue: Catalogue
) -> Doorkeeper:
    """Who watches the door: the card authorities trusted here, their lists, and the drawer of a development
    instance.
    """
    authorities = card_authorities(data, issuers, catalogue)
    return Doorkeeper(
        trust=authorities.trust(test_allowed=settings.SCEAU_ENVIRONMENT != "production"),
        lists=FileLists(authorities.lists),
        drawer=read_drawer(data) if settings.SCEAU_TEST_CARDS else (),
        mails=lambda: mails_kept(data / "mail") if settings.SCEAU_TEST_CARDS else (),
    )


def rest_app() -> RestApp:
    """The door for programs: it reads cards as the card door does, by the same doorkeeper."""
    return RestApp(
        RestSettings(
            address=settings.SCEAU_API_ADDRESS,
            peer_certificate=peer_certificate,
            read_card=lambda certificate, at: doorkeeper().read(certificate, at=at),
            too_often=lambda what, address: too_often_from(address, what, per_minute=KEY_TRIES),
            hsts=settings.SECURE_HSTS_SECONDS,
        ),
        silence=Silence(sign_of_life()),
    )


def public_app(data: Path) -> PublicApp:
    """The public server's application: the shelf, and OCSP over the records with the delegated responders."""
    catalogue = load_catalogue()
    prepared = ocsp_shelf_of(os.environ)
    ocsp = OcspService(
        issuers=_identities(data, catalogue),
        source=StatusRecords(),
        signer=ResponderFolder(data / "responders").current,
        valid=timedelta(hours=catalogue.calendar.ocsp_valid_hours),
        prepared=None if prepared is None else PreparedShelf(prepared).find,
    )
    return build_app(FolderShelf(data / "public"), ocsp=ocsp, pages=_policies(data, catalogue))


def _policies(data: Path, catalogue: Catalogue) -> dict[str, str]:
    """The policy at each address that the certificates of this instance name."""
    found = {
        addresses(facts, catalogue) for several in issuers_of(data, catalogue).values() for facts in several
    }
    contact = contact_of(catalogue)
    return {policy_path(one): render_policy(catalogue, one, contact=contact) for one in found}


def contact_of(catalogue: Catalogue) -> str:
    """The address at which the authority is reached."""
    return settings.SCEAU_CONTACTS.get("email") or catalogue.contacts["email"].value


def preparer(data: Path, shelf: Path) -> Preparer:
    """Who keeps the OCSP answers prepared ahead in the folder `shelf`."""
    catalogue = load_catalogue()
    shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Preparer(
        PreparedShelf(shelf),
        _identities(data, catalogue),
        source=StatusRecords(),
        signer=ResponderFolder(data / "responders").current,
        valid=timedelta(hours=catalogue.calendar.ocsp_valid_hours),
        clock=now,
    )


def _identities(data: Path, catalogue: Catalogue) -> list[IssuerIdentity]:
    """Every generation of every issuer that the signer's folder lists: what signs is what is answered for
    [F50].
    """
    return [
        issuer_identity(facts.code, facts.generation, facts.certificate)
        for several in issuers_of(data, catalogue).values()
        for facts in several
    ]


def _weak_keys() -> WeakKeyList | None:
    """The operator's list of published weak keys, when `SCEAU_WEAK_KEYS` names one [decision 7]."""
    path = os.environ.get("SCEAU_WEAK_KEYS", "")
    return WeakKeyList.of_text(Path(path).read_text("ascii")) if path else None


_ML_DSA: Mapping[str, Callable[[], MlDsaPrivateKey]] = {
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}


class LintKeys:
    """Throw-away keys for the linter, one for each kind of issuer key, made in this process and kept in its
    memory only.
    """

    def __init__(self) -> None:
        self._made: dict[str, LintKey] = {}
        self._of: dict[bytes, LintKey] = {}

    def __call__(self, issuer: IssuerFacts) -> LintKey:
        """A key of the same kind and size as the issuer's own."""
        found = self._of.get(issuer.certificate)
        if found is None:
            found = self._of[issuer.certificate] = self._like(issuer.certificate)
        return found

    def _like(self, certificate: bytes) -> LintKey:
        public = x509.load_der_x509_certificate(certificate).public_key()
        if isinstance(public, rsa.RSAPublicKey):
            kind = f"rsa:{public.key_size}"
            if kind not in self._made:
                self._made[kind] = rsa.generate_private_key(65537, public.key_size)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            kind = f"ec:{public.curve.name}"
            if kind not in self._made:
                self._made[kind] = ec.generate_private_key(public.curve)
        elif (kind := ml_dsa_kind(public) or "") in _ML_DSA:
            if kind not in self._made:
                self._made[kind] = _ML_DSA[kind]()
        else:
            raise Fault("site.issuer-key", retryable=False)
        return self._made[kind]
