"""Programs at work on the REST door, which never give up on a request: each ends with a final answer, and
what was handed over is remembered, so that it can be asked for afterwards.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.reliability.prepare import DECLARED, PRODUCT
from tests.reliability.real import RealInstance

_PATIENCE = 180.0
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Handed:
    """A certificate that somebody holds."""

    reference: str
    serial: int
    der: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """A request whose first asking a crash cut short: under the same key it is to be asked again later."""

    path: str
    body: Any
    key: str


@dataclass
class Answers:
    """What came of everything asked. Kept under one lock."""

    handed: dict[int, Handed] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    unknown: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def new_csr() -> str:
    """A request with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return csr.public_bytes(Encoding.PEM).decode()


class Program:
    """One client: a connection that is opened again whenever it is lost."""

    def __init__(self, instance: RealInstance, *, timeout: float = 30.0) -> None:
        self._instance = instance
        self._timeout = timeout
        self._context = ssl.create_default_context(cafile=str(instance.data / "tls" / "ca.pem"))
        self._connection: http.client.HTTPSConnection | None = None

    def call(self, path: str, body: Any, key: str) -> tuple[int, Any] | None:
        """Status and answer; None when there was none."""
        if self._connection is None:
            port = self._instance.places.api_port
            self._connection = http.client.HTTPSConnection(
                "localhost", port, timeout=self._timeout, context=self._context
            )
        headers = {
            "Authorization": f"Bearer {self._instance.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            self._connection.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return None

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """Programs that ask, together, until told to stop; each then finishes what it has begun."""

    def __init__(
        self, instance: RealInstance, answers: Answers, *, programs: int = 6, seed: int = 413
    ) -> None:
        self._instance = instance
        self._answers = answers
        self._stop = threading.Event()
        self._numbers = itertools.count(time.time_ns() // 1000)
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{seed} {which}"),))
            for which in range(programs)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask for nothing new, and wait until everything asked has its final answer."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_PATIENCE + 60)
            if thread.is_alive():
                self._answers.wrong.append("a request was still without an answer when its time was up")

    def _work(self, chance: random.Random) -> None:
        program = Program(self._instance)
        mine: list[Handed] = []
        while not self._stop.is_set():
            if mine and chance.random() < 0.15:
                self._revoke(program, mine.pop(chance.randrange(len(mine))))
            elif chance.random() < 0.15:
                mine += self._ask_many(program, 5)
            else:
                mine += self._ask_one(program)
        program.close()

    def _ask_one(self, program: Program) -> list[Handed]:
        number = next(self._numbers)
        return self._ask(program, Pending("certificates", _asked(number), f"k{number}"))

    def _ask_many(self, program: Program, count: int) -> list[Handed]:
        number = next(self._numbers)
        asked = {"requests": [_asked(f"{number}-{at}") for at in range(count)]}
        return self._ask(program, Pending("certificates", asked, f"k{number}"))

    def _ask(self, program: Program, one: Pending) -> list[Handed]:
        told = insist(program, one, self._answers)
        return [] if told is None else take(told, self._answers)

    def _revoke(self, program: Program, one: Handed) -> None:
        path = f"certificates/{one.reference}/revocation"
        told = insist(program, Pending(path, {"reason": "superseded"}, f"r{one.reference}"), self._answers)
        with self._answers.lock:
            if told is not None and told[0] == 200:
                self._answers.revoked.add(one.serial)
            elif told is not None:
                self._answers.wrong.append(f"a revocation was answered {told}")


def finish(instance: RealInstance, answers: Answers) -> None:
    """Ask again for everything that a crash cut short: now each gets its final answer."""
    waiting, answers.pending = answers.pending, []
    program = Program(instance)
    for one in waiting:
        told = insist(program, one, answers)
        if told is not None:
            take(told, answers)
    program.close()
    for one in answers.pending:
        answers.wrong.append(f"{one.path} under {one.key} is still in progress after everything was settled")


def insist(program: Program, one: Pending, answers: Answers) -> tuple[int, Any] | None:
    """Ask under one key until the answer is final; None when that has to wait, or never came."""
    limit = time.monotonic() + _PATIENCE
    told = None
    while time.monotonic() < limit:
        told = program.call(one.path, one.body, one.key)
        if told is not None:
            with answers.lock:
                answers.statuses[told[0]] += 1
                if "issuance.in-progress" in str(told[1]):
                    answers.pending.append(one)
                    return None
            if told[0] not in (503, 429) and not any(
                part.get("status") in (503, 429) for part in told[1].get("results", [])
            ):
                return told
        time.sleep(_RETRY_SECONDS)
    with answers.lock:
        answers.wrong.append(f"no final answer to {one.path} under {one.key}: {told}")
    return None


def take(told: tuple[int, Any], answers: Answers) -> list[Handed]:
    """Keep what was handed over, and note whatever nobody expects."""
    status, said = told
    made = [part["certificate"] for part in said.get("results", []) if part.get("certificate")]
    if status == 201:
        made = [said]
    handed = []
    for one in made:
        read = x509.load_pem_x509_certificate(one["certificate"].encode())
        handed.append(Handed(one["reference"], read.serial_number, read.public_bytes(Encoding.DER)))
    codes = _codes(said)
    with answers.lock:
        answers.handed |= {one.serial: one for one in handed}
        answers.unknown += codes.count("issuance.outcome-unknown")
        others = set(codes) - {"issuance.outcome-unknown"}
        if others or not (made or codes):
            answers.wrong.append(f"an answer nobody expects: {status} {others} {str(said)[:300]}")
    return handed


def _asked(number: object) -> dict[str, Any]:
    return {"product": PRODUCT, "names": [f"srv{number}.{DECLARED}"], "csr": new_csr()}


def _codes(told: Any) -> list[str]:
    """The codes of every finding that refuses, whole or in parts."""
    parts = [told, *(one.get("problem") or one for one in told.get("results", []))]
    return [
        finding["code"]
        for part in parts
        for finding in part.get("findings", [])
        if finding.get("severity") == "error" and part.get("status", 400) >= 400
    ]
