"""The ceremony that makes a hierarchy: keys, roots, issuing authorities, and what the public gets of them.

Development only needs this one call at its first start. A production hierarchy is made by the same code
on a machine of its own, where a person gives the passphrase; offline roots and split secrets come with
the ceremony's own command.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from sceau.catalogue import Catalogue, Environment, Issuer
from sceau.custody.authorities import Authority, certificate_pem, make_authority
from sceau.custody.folders import replace_file, write_new_file
from sceau.custody.holdings import SignerFolder
from sceau.custody.keys import key_name, make_private_key
from sceau.custody.software import SoftwareKeyStore
from sceau.vocabulary import Fault

_CHAIN = "Chaine_de_certification-IGC-Sante"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """What a ceremony made: authorities in the order parents first, and the public files written."""

    environment: Environment
    authorities: tuple[Authority, ...]
    public: tuple[Path, ...]

    def __getitem__(self, code: str) -> Authority:
        """The authority of that code."""
        return next(one for one in self.authorities if one.issuer.code == code)


def create_hierarchy(
    data: Path, passphrase: bytes, *, catalogue: Catalogue, environment: Environment, at: datetime
) -> Hierarchy:
    """Make every authority of the catalogue for `environment` under `data`: keys in ``signer/``, files
    in ``public/``.

    Refuses (`Fault` ``hierarchy.exists``) when the signer's folder has a hierarchy already. A run that
    was cut leaves keys that no list names. Nothing is written over: the next run stops on them
    (``folder.file-exists``) and a person looks; in development alone they are dropped.
    """
    folder = SignerFolder(data / "signer")
    if folder.contents.exists():
        raise Fault("hierarchy.exists", retryable=False, detail=str(folder.contents))
    folder.make()
    if environment.test_people:
        _drop_what_a_cut_run_left(folder, data / "public" / public_path(environment.ca_issuers_base))
    store = SoftwareKeyStore(folder.keys, passphrase, random_passphrase=environment.test_people)
    rows = parents_first(catalogue.issuers.values())
    kinds = [environment.key_of(issuer) for issuer in rows]
    with ThreadPoolExecutor(2) as threads:  # making a key leaves the interpreter free
        keys = list(threads.map(make_private_key, kinds))
    made: dict[str, Authority] = {}
    for issuer, private in zip(rows, keys, strict=True):
        key = store.keep(key_name(issuer.code, 1), private)
        parent = None if issuer.parent is None else made[issuer.parent]
        made[issuer.code] = make_authority(issuer, key, parent=parent, environment=environment, at=at)
    authorities = tuple(made.values())
    public = put_on_shelf(data / "public", authorities, environment=environment)
    folder.keep(authorities, environment=environment)  # last: the list says that all the rest is there
    return Hierarchy(environment, authorities, public)


def _drop_what_a_cut_run_left(folder: SignerFolder, shelf: Path) -> None:
    """Keys and certificates of a development instance whose list was never written: nothing rests on them."""
    for place in (folder.keys, folder.certificates, shelf):
        for file in place.glob("*.*"):
            file.unlink()


def parents_first(issuers: Iterable[Issuer]) -> list[Issuer]:
    """Issuers in an order in which each can be certified by one before it."""
    waiting = list(issuers)
    ordered: list[Issuer] = []
    known: set[str | None] = {None}
    while waiting:
        ready = [issuer for issuer in waiting if issuer.parent in known]
        if not ready:
            raise ValueError("an issuer's parent is not in the catalogue")
        ordered += ready
        known |= {issuer.code for issuer in ready}
        waiting = [issuer for issuer in waiting if issuer not in ready]
    return ordered


def public_path(uri: str) -> PurePosixPath:
    """Where the file published at `uri` lies under the public folder: its path, decoded
    (``AC/ACI-EL-ORG.cer``).
    """
    path = PurePosixPath(unquote(urlsplit(uri).path).lstrip("/"))
    if ".." in path.parts or not path.parts:
        raise ValueError(f"no place on the shelf for {uri!r}")
    return path


def put_on_shelf(
    public: Path,
    authorities: Iterable[Authority],
    *,
    environment: Environment,
    before: Iterable[bytes] = (),
) -> tuple[Path, ...]:
    """Write each authority's certificate (DER) where the certificates say it is, and the whole chain as
    P7B and PEM, with the certificates of `before`. Raises `Fault` (``folder.file-exists``) where another
    certificate lies.
    """
    made = list(authorities)
    files: dict[Path, bytes] = {}
    for one in made:
        path = public / public_path(environment.ca_issuers_uri(one.issuer.of_generation(one.generation)))
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != one.certificate:
            write_new_file(path, one.certificate)
            files[path] = one.certificate
    beside = public / public_path(environment.ca_issuers_base)
    stem = f"{_CHAIN}{environment.file_suffix}"
    whole = tuple(dict.fromkeys((*before, *(one.certificate for one in made))))
    read = [x509.load_der_x509_certificate(one) for one in whole]
    chains = {
        beside / f"{stem}.p7b": pkcs7.serialize_certificates(read, Encoding.DER),
        beside / f"{stem}.pem": b"".join(certificate_pem(one) for one in whole),
    }
    for path, data in chains.items():
        replace_file(path, data)
    return (*files, *chains)
