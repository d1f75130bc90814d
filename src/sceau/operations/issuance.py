"""From requests to recorded certificates, a batch at a time: weighed, intended, signed, recorded.

The intents (serials and exact bytes) are committed before the signer is asked, so that whatever happens next
there is a record of what was meant. The signer is asked once. What cannot be known is presumed signed, and
revoked. A batch shares its transactions and its exchange with the signer, nothing else: each request has its
own answer, and none is the worse for its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sceau.certification import CertificateState, CertificationRequest, prepare_linter, read_csr, sign_many
from sceau.operations.acts import Act, Telling, append_entries, considering, refusal_of, writing
from sceau.operations.clock import require_clock
from sceau.operations.collection import HandOver, hand_over
from sceau.operations.confinement import Quotas
from sceau.operations.ground import CertificateRequest, Plea, Read, ground_of, read_for
from sceau.operations.intents import Wanted, keep_intents
from sceau.operations.machine import Actor, Machine, machine
from sceau.operations.outcomes import abandon, presume, view
from sceau.operations.recording import Signed, keep_signed
from sceau.operations.typed import read_key
from sceau.operations.weighing import Scales, Weighed, weigh, weigh_on
from sceau.records import CertificateFile, hot
from sceau.vocabulary import Fault, Finding, Reading, Refused

LARGEST_BATCH = 128
_TRIES = 4
_INTENDED = "certificate.intended"

Answer = CertificateFile | Exception
"""What came of one request: its file, `Refused`, `Fault`, or the defect that was met."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a certificate. The same `idempotency_key` from the same actor gives the first
    certificate again. With `hand_over`, what is issued is handed over in the same breath. Keys in `apart`
    must never have given anything: this request would be another one than theirs.
    """

    actor: Actor
    request: CertificateRequest
    idempotency_key: str
    hand_over: HandOver | None = None
    apart: tuple[str, ...] = ()


@dataclass(slots=True)
class _Case:
    """An ask on its way to its answer."""

    ask: Ask
    csr: Reading[CertificationRequest]
    digest: str
    act: Act
    weighed: Weighed | None = None
    row: hot.NewCertificate | None = None
    first: str = ""
    answer: Answer | None = None

    @classmethod
    def of(cls, ask: Ask, present: Machine, at: datetime) -> _Case:
        act = Act(present, ask.actor, at, Telling(_INTENDED, _about(ask)))
        return cls(ask, read_csr(ask.request.csr), ask.request.digest(), act)

    @property
    def name(self) -> tuple[str, str]:
        """What makes it the same request as another."""
        return self.ask.actor.person_id, self.ask.idempotency_key

    @property
    def forbidden(self) -> list[tuple[str, str]]:
        """The names that must not be there."""
        return [(self.ask.actor.person_id, key) for key in self.ask.apart]

    @property
    def key(self) -> str:
        """The digest of its public key; empty when there is none."""
        return "" if self.csr.value is None else self.csr.value.key.sha256

    def begin(self, at: datetime) -> None:
        """Begin an attempt at `at`; what one that was rolled back had made of it is forgotten."""
        self.act.at, self.act.telling, self.act.others = at, Telling(_INTENDED, _about(self.ask)), []
        self.weighed = self.row = self.answer = None
        self.first = ""


def _about(ask: Ask) -> tuple[str, ...]:
    return (ask.request.habilitation,) if ask.request.habilitation else ()


def issue_all(asks: Sequence[Ask]) -> list[Answer]:
    """Certify, many at once; the answers in the order of the asks. Raises nothing but what ends the process.

    `Refused`: every reason at once (right, names, card, contract, CSR, key, lint). `Fault`: the signer or the
    database failed. ``issuance.outcome-unknown``: the serial is burnt, presumed signed and revoked, and a new
    request is needed; ``issuance.in-progress``: the first request under this key is not finished (ask again).
    """
    present = machine()
    at = present.clock()
    cases = [_Case.of(ask, present, at) for ask in asks]
    left = cases
    while left:
        batch, left = _batch_of(left)
        _issue(batch)
    return [_answer_of(case) for case in cases]


def prepare_to_issue() -> None:
    """For a thread that will issue all day, before its first request: the linter's rules, and what its
    connection keeps at hand. May be left out.
    """
    prepare_linter()
    hot.settle_in()


def issue_certificate(actor: Actor, request: CertificateRequest, *, idempotency_key: str) -> CertificateFile:
    """Certify one request; raises what `issue_all` would answer."""
    (answer,) = issue_all([Ask(actor, request, idempotency_key)])
    if isinstance(answer, Exception):
        raise answer
    return answer


def issue_pair(
    actor: Actor, requests: tuple[CertificateRequest, CertificateRequest], *, idempotency_key: str
) -> tuple[CertificateFile, CertificateFile]:
    """DMP: ORG_AUTH_CLI and ORG_SIGN with one identical subject, from two CSRs with two keys.

    Both are weighed before either is intended, so that no half of a pair is left when the other is refused.
    """
    with considering(actor, _INTENDED) as act:
        key = _required_key(idempotency_key)
        if tuple(request.product for request in requests) != ("ORG_AUTH_CLI", "ORG_SIGN"):
            raise Refused([Finding.error("issuance.pair-products", "products")])
        keys = (f"{key}/auth", f"{key}/sign")
        if len(hot.first_under((actor.person_id, one) for one in keys)) < len(keys):
            _check_pair(act, requests)
    answers = issue_all([Ask(actor, one, under) for one, under in zip(requests, keys, strict=True)])
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    first, second = (answer for answer in answers if isinstance(answer, CertificateFile))
    return first, second


def _batch_of(cases: Sequence[_Case]) -> tuple[list[_Case], list[_Case]]:
    """As many as go together, and those left for the next batch: no two under one key of idempotency, no two
    on one public key. The second of such a pair has to find the first on record.
    """
    batch: list[_Case] = []
    left: list[_Case] = []
    names: set[tuple[str, str]] = set()
    keys: set[str] = set()
    for case in cases:
        if len(batch) == LARGEST_BATCH or case.name in names or case.key in keys:
            left.append(case)
            continue
        batch.append(case)
        names.add(case.name)
        keys |= {case.key} - {""}
    return batch, left


def _issue(batch: Sequence[_Case]) -> None:
    """Have the cases of a batch answered. When the batch as such fails before anything was signed, each is
    tried by itself: what is wrong with one is said to that one.
    """
    try:
        _intend_patiently(batch)
    except Exception as error:
        if len(batch) > 1:
            for case in batch:
                _issue([case])
        else:
            batch[0].answer = error
        return
    _finish([case for case in batch if case.row is not None])
    for case in batch:
        if case.first:
            _answer_again(case)


def _intend_patiently(batch: Sequence[_Case]) -> None:
    """Again, when another one took a serial, a key, or a request's place: weighed anew."""
    for _ in range(_TRIES if len(batch) == 1 else 2):
        try:
            _intend(batch)
        except Fault as fault:
            if fault.code != "operations.conflict":
                raise
        else:
            return
    raise Fault("operations.conflict", retryable=True, detail="the records keep changing under this request")


def _intend(batch: Sequence[_Case]) -> None:
    """One transaction: weigh everything; store the intents of what passed, the entries of what did not."""
    with writing() as at:
        for case in batch:
            case.begin(at)
        pleas = [Plea(case.ask.actor, case.ask.request, case.csr.value) for case in batch]
        first = hot.first_under(name for case in batch for name in (case.name, *case.forbidden))
        read, quotas, scales = read_for(pleas, at=at), Quotas(at), Scales(machine(), at)
        for case, plea in zip(batch, pleas, strict=True):
            _consider(case, plea, first, (read, scales))
        _look_for_twins([case for case in batch if isinstance(case.answer, Refused)])
        passed = [case for case in batch if case.weighed is not None]
        _hold_clock(passed)
        _count(passed, quotas)
        passed = [case for case in passed if case.answer is None]
        rows = keep_intents([_wanted(case) for case in passed])
        for case, row in zip(passed, rows, strict=True):
            case.row = row
        tellings = [one for case in passed for one in case.act.tellings()]
        append_entries([*tellings, *_refusals(batch)])


def _consider(
    case: _Case, plea: Plea, first: dict[tuple[str, str], hot.FirstRow], by: tuple[Read, Scales]
) -> None:
    """Weigh one case by what was read: it passed, or has its answer, or had one before."""
    read, scales = by
    try:
        _required_key(case.ask.idempotency_key)
        if case.ask.hand_over is not None:
            case.ask.hand_over.check(case.ask.actor)
        case.first = _first_of(case, first)
        if case.first:
            return
        case.csr.require()
        case.weighed = weigh_on(scales, plea, ground_of(plea, read))
    except (Refused, Fault) as trouble:
        case.answer = trouble


def _first_of(case: _Case, first: dict[tuple[str, str], hot.FirstRow]) -> str:
    """The reference of what this very request gave before; empty when it gave nothing yet."""
    if not first:
        return ""
    if any(name in first for name in case.forbidden):
        raise Refused([Finding.error("issuance.key-for-another", "idempotency_key")])
    before = first.get(case.name)
    return "" if before is None else _same(case, before)


def _same(case: _Case, first: hot.FirstRow) -> str:
    """The reference of what the first request under this key gave."""
    if first.request_digest != case.digest:
        raise Refused([Finding.error("issuance.key-for-another", "idempotency_key")])
    if first.state == CertificateState.INTENDED:
        raise Fault("issuance.in-progress", retryable=True, detail=first.reference)
    if first.state == CertificateState.PRESUMED:
        raise Fault("issuance.outcome-unknown", retryable=False, detail=first.reference)
    return first.reference


def _look_for_twins(refused: Sequence[_Case]) -> None:
    """A case's own twin may have been intended while it was weighed, under this very key, where a database
    has several writers: then it is no refusal.
    """
    weighed = [case for case in refused if case.csr.value is not None]
    found = hot.first_under(case.name for case in weighed)
    for case in weighed:
        if case.name in found:
            try:
                case.first, case.answer = _same(case, found[case.name]), None
            except (Refused, Fault) as trouble:
                case.answer = trouble


def _hold_clock(passed: Sequence[_Case]) -> None:
    if not passed:
        return
    try:
        require_clock(passed[0].act)
    except Fault as fault:
        for case in passed:
            case.answer = fault


def _count(passed: Sequence[_Case], quotas: Quotas) -> None:
    """Take a place of each token's daily limit."""
    for case in passed:
        token = None if case.weighed is None else case.weighed.ground.standing.token
        if token is None or case.answer is not None:
            continue
        try:
            quotas.take(token)
        except Refused as refused:
            case.answer = refused


def _wanted(case: _Case) -> Wanted:
    if case.weighed is None or case.csr.value is None:
        raise LookupError("an intent comes of a request that passed")
    return Wanted(case.act, case.weighed, case.csr.value.der, case.ask.idempotency_key, case.digest)


def _refusals(cases: Sequence[_Case]) -> list[tuple[Act, Telling]]:
    return [
        (case.act, refusal_of(case.act, case.answer)) for case in cases if isinstance(case.answer, Refused)
    ]


def _finish(cases: Sequence[_Case]) -> None:
    """Have the stored intents signed, once, and record what came of each."""
    if not cases:
        return
    drafts = [case.weighed.draft for case in cases if case.weighed is not None]
    issuers = [case.weighed.issuer for case in cases if case.weighed is not None]
    try:
        answers: Sequence[bytes | Exception] = sign_many(drafts, machine().signer, issuers)
    except Exception as error:
        answers = [error] * len(cases)
    pairs = list(zip(cases, answers, strict=True))
    _record([(case, answer) for case, answer in pairs if isinstance(answer, bytes)])
    for case, answer in pairs:
        if not isinstance(answer, bytes):
            case.answer = _unsigned(_reference(case), answer)


def _record(signed: Sequence[tuple[_Case, bytes]]) -> None:
    """Keep what was signed, in one transaction; if that fails as such, each in its own."""
    try:
        kept = keep_signed([_signed(case, der) for case, der in signed])
    except Exception as error:
        if len(signed) > 1:
            for one in signed:
                _record([one])
        elif signed:
            signed[0][0].answer = error
        return
    for (case, _), answer in zip(signed, kept, strict=True):
        case.answer = answer


def _signed(case: _Case, der: bytes) -> Signed:
    if case.row is None or case.weighed is None:
        raise LookupError("only an intent is signed")
    return Signed(case.ask.actor, case.weighed, case.row, der, case.ask.hand_over)


def _unsigned(reference: str, answer: Exception) -> Exception:
    """Account for what came back without a signature, and say it."""
    if isinstance(answer, Refused):
        abandon(reference, why=answer.findings[0].code)
        return answer
    if isinstance(answer, Fault) and answer.retryable:  # by its contract: nothing was asked, nothing signed
        abandon(reference, why=answer.code)
        return answer
    presume(reference, why=answer.code if isinstance(answer, Fault) else "defect")
    unknown = Fault("issuance.outcome-unknown", retryable=False, detail=str(answer))
    unknown.__cause__ = answer
    return unknown


def _reference(case: _Case) -> str:
    if case.row is None:
        raise LookupError("only an intent is signed")
    return case.row.reference


def _answer_again(case: _Case) -> None:
    """The same request asked again: its certificate, handed over if that was still to be done."""
    asked = case.ask.hand_over
    try:
        if asked is None:
            case.answer = view(case.first)
        else:
            case.answer = hand_over(
                case.ask.actor,
                reference=case.first,
                terms_accepted=asked.terms_accepted is True,
                code=asked.code,
            )
    except Exception as trouble:
        case.answer = trouble


def _answer_of(case: _Case) -> Answer:
    if case.answer is None:
        raise LookupError("a request was left without an answer")
    return case.answer


def _required_key(text: str) -> str:
    """The idempotency key, which a request for a certificate must have."""
    key = read_key(text)
    if key is None:
        raise Refused([Finding.error("operations.key-unreadable", "idempotency_key")])
    return key


def _check_pair(act: Act, requests: tuple[CertificateRequest, CertificateRequest]) -> None:
    """One subject, two keys; every reason against either."""
    found: list[Finding] = []
    drafts = []
    for request in requests:
        try:
            drafts.append(weigh(act, request).draft)
        except Refused as refused:
            found += refused.findings
    if found:
        raise Refused(dict.fromkeys(found))
    first, second = drafts
    if first.subject != second.subject:
        found.append(Finding.error("issuance.pair-subjects", "names"))
    if first.spki_sha256 == second.spki_sha256:
        found.append(Finding.error("issuance.pair-keys", "csr"))
    if found:
        raise Refused(found)
