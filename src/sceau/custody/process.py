"""The signer process: opens its folder, its keys and its ledger, and answers at its socket until it is
told to stop.

It starts closed: no core file, no file readable by others, a passphrase that came by a prompt, a
descriptor or a file. It is started apart from everything that listens on a network.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sceau.catalogue import Catalogue, load_catalogue
from sceau.certification import IssuerFacts, examine_for_signing, read_time, take_apart
from sceau.custody.body import read_body
from sceau.custody.clock import SignerClock
from sceau.custody.desk import SigningDesk
from sceau.custody.examination import CertificateExaminer, SigningIssuer
from sceau.custody.folders import check_private_folder
from sceau.custody.holdings import SignerFolder
from sceau.custody.ledger import Ledger
from sceau.custody.passphrase import passphrase_from_file
from sceau.custody.server import SignerServer
from sceau.custody.stores import open_store
from sceau.status import partition_at
from sceau.vocabulary import Fault, Finding, Refused, errors

log = logging.getLogger("sceau.signer")


def run_signer(path: Path, passphrase: bytes, *, ready: Callable[[], None] = lambda: None) -> None:
    """Hold the keys of the signer's folder at `path` until SIGTERM or SIGINT. Call it in a process of
    its own.

    `ready` is called once it listens. Requests under way when it is told to stop are finished and
    answered. Raises `Fault` when it cannot start: another signer, a broken ledger, a wrong passphrase,
    an open folder.
    """
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # before any thread: only `sigwait` below gets them
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    catalogue = load_catalogue()
    folder = SignerFolder(path)
    check_private_folder(folder.path)
    environment = folder.environment(catalogue)
    store = open_store(folder.path, folder.keys, passphrase, random_passphrase=environment.test_people)
    issuers = folder.open(store)
    clock = SignerClock()
    with Ledger.open(folder.ledger, at=clock.reading()) as ledger:
        examiner = subscriber_examiner(folder, catalogue)
        desk = SigningDesk(issuers, ledger=ledger, clock=clock, certificate=examiner)
        server = SignerServer(desk, folder.socket)
        server.listen()
        failed = threading.Event()
        worker = threading.Thread(target=_work, args=(desk, failed), name="desk")
        worker.start()
        threading.Thread(target=server.serve, name="door", daemon=True).start()
        ready()
        signal.sigwait(stop)
        desk.close()
        worker.join()
        server.close()
    if failed.is_set():
        raise Fault("signer.stopped", retryable=False)


def _work(desk: SigningDesk, failed: threading.Event) -> None:
    """Run the desk; should it ever fail, stop the whole process: a signer that no longer signs must not
    listen.
    """
    try:
        desk.run()
    except BaseException:
        log.exception("the desk failed")
        failed.set()
        os.kill(os.getpid(), signal.SIGTERM)


def subscriber_examiner(folder: SignerFolder, catalogue: Catalogue) -> CertificateExaminer:
    """What the signer asks of a subscriber's certificate: that a product of this very issuer could have
    given it.

    Roots and card authorities have no products: through this door they sign lists and responders only.
    """
    facts: dict[tuple[str, int], IssuerFacts] = {
        (one.code, one.generation): one for one in folder.facts(catalogue)
    }
    parts: dict[tuple[str, int, int | None], IssuerFacts] = {
        (*name, part): replace(one, partition=part)
        for name, one in facts.items()
        for part in range(1, one.partitions + 1)
    }

    def of_its_day(tbs: bytes, issuer: SigningIssuer) -> IssuerFacts:
        """The issuer, with the partition of its list that a certificate of that day belongs to."""
        own = facts[issuer.name]
        if own.partitions == 1:
            return own
        return parts[(*issuer.name, partition_at(_first_day(tbs), partitions=own.partitions))]

    def examine(tbs: bytes, issuer: SigningIssuer, at: datetime) -> None:
        if not catalogue.issuers[issuer.identity.code].products:
            raise Refused([Finding.error("signer.no-subscribers", issuer.identity.code)])
        findings = examine_for_signing(tbs, issuer=of_its_day(tbs, issuer), catalogue=catalogue, at=at)
        if findings and errors(findings):
            raise Refused(findings)

    return examine


def _first_day(tbs: bytes) -> datetime:
    """From when on a certificate is good. Raises ValueError."""
    taken = take_apart(tbs)
    begins = None if taken is None or not taken.is_plain else read_time(taken.holes.not_before)
    return read_body(tbs).begins if begins is None else begins


def development_passphrase(path: Path, catalogue: Catalogue) -> bytes | None:
    """The passphrase left beside the keys of a development instance, None when there is none.

    Raises `Fault` (``keys.development-passphrase``) when it lies there in any other environment.
    """
    folder = SignerFolder(path)
    if not folder.passphrase.exists():
        return None
    if not folder.environment(catalogue).test_people:
        raise Fault("keys.development-passphrase", retryable=False, detail=str(folder.passphrase))
    return passphrase_from_file(folder.passphrase)
