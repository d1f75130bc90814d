"""What each address of this door does: calls verbs and queries, and tells what came of it. No rule here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ssl import DER_cert_to_PEM_cert
from typing import Any

from sceau.enrolment.rest.answers import (
    authorities_of,
    file_told,
    habilitation_told,
    is_handed_over,
    line_told,
    verdict_told,
)
from sceau.enrolment.rest.problems import NotServedError, Problem, problem_of_fault, problem_of_refusal, stop
from sceau.enrolment.rest.requests import as_request
from sceau.operations import (
    Actor,
    CertificateRequest,
    check_chosen_code,
    hand_over,
    issue_certificate,
    machine,
    preview_certificate,
    revoke_certificate,
)
from sceau.records import (
    CertificateFile,
    certificate_for,
    certificate_under,
    certificates_of,
    certificates_under,
    digests_under,
    habilitation_for,
    habilitations_of,
    latest_head,
)
from sceau.vocabulary import Fault, Finding, Refused

PATIENCE_SECONDS = 3.0
PEM_TYPE = "application/pem-certificate-chain"
BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, read and admitted. `key` is the idempotency key, empty where none is asked for."""

    actor: Actor
    instance: str
    reference: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: JSON, unless `raw` is there."""

    status: int
    body: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def post_certificates(call: Call) -> Reply:
    """One request, or several."""
    several = call.body.get("requests")
    if several is None:
        _check_keys(call, [call.body], batch=False)
        file = _issue(call, call.body, _own_key(call))
        return Reply(201, file_told(file), headers={"location": f"{BASE}/certificates/{file.line.reference}"})
    _check_keys(call, several, batch=True)
    return Reply(200, {"results": [_one_of_several(call, at, one) for at, one in enumerate(several)]})


def get_certificates(call: Call) -> Reply:
    """A page of the caller's own certificates."""
    after, limit = call.query.get("after", ""), call.query.get("limit", 50)
    at = machine().clock()
    if after and _find(call.actor, after) is None:
        raise stop(400, [Finding.error("api.after-unknown", "after")])
    within = _asked_right(call)
    lines = (
        certificates_under(within, at=at, after=after, limit=limit + 1)
        if within
        else certificates_of(call.actor.person_id, at=at, after=after, limit=limit + 1)
    )
    more = lines[limit - 1].reference if len(lines) > limit else None
    return Reply(200, {"certificates": [line_told(line) for line in lines[:limit]], "next": more})


def get_certificate(call: Call) -> Reply:
    """One certificate, as it stands."""
    return Reply(200, file_told(_require(call)))


def get_pem(call: Call) -> Reply:
    """The certificate alone, as a file."""
    return _pem(call, with_chain=False)


def get_chain(call: Call) -> Reply:
    """The certificate and its authorities, as a server wants them."""
    return _pem(call, with_chain=True)


def post_revocation(call: Call) -> Reply:
    """Revoke, for good. Asked again with the same reason, the first answer; with another, 409."""
    file = _require(call)
    quality = call.body.get("quality") or ("administrator" if file.line.habilitation else "holder")
    ended = revoke_certificate(
        call.actor,
        reference=call.reference,
        reason=call.body["reason"],
        quality=quality,
        explanation=call.body.get("explanation", ""),
    )
    end = ended.line.revocation
    if end is None or end.reason != call.body["reason"]:
        said = "" if end is None else end.reason
        raise stop(409, [Finding.error("api.revoked-otherwise", call.reference, reason=said)])
    return Reply(200, file_told(ended))


def get_habilitations(call: Call) -> Reply:
    """The caller's rights; a token has one."""
    lines = habilitations_of(call.actor.person_id, at=machine().clock())
    kept = [line for line in lines if call.actor.within in {"", line.reference}]
    return Reply(200, {"habilitations": [habilitation_told(line) for line in kept]})


def post_preview(call: Call) -> Reply:
    """The verdict, nothing kept. A right that is not the caller's does not exist."""
    seen = preview_certificate(call.actor, as_request(call.body, within=call.actor.within))
    if any(finding.code == "habilitation.unknown" for finding in seen.findings):
        raise Refused(seen.findings)
    return Reply(200, verdict_told(seen))


def get_health(call: Call) -> Reply:
    """Whether the door and its records answer; nothing more."""
    del call
    latest_head()
    return Reply(200, {"status": "ok"})


def _one_of_several(call: Call, at: int, read: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one request among several: refused or failed, the others go on."""
    try:
        file = _issue(call, read, f"{_own_key(call)}/{at}")
    except Refused as refused:
        problem = problem_of_refusal(refused)
    except Fault as fault:
        problem = problem_of_fault(fault)
    except NotServedError as ended:
        problem = ended.problem
    else:
        return {"index": at, "status": 201, "certificate": file_told(file)}
    return {"index": at, "status": problem.status, "problem": _document(call, problem, at)}


def _document(call: Call, problem: Problem, at: int) -> dict[str, Any]:
    return problem.document(f"{call.instance}/{at}")


def _issue(call: Call, read: Mapping[str, Any], key: str) -> CertificateFile:
    """Weigh what belongs to the hand-over first, so that nothing is signed that could not be handed over."""
    code = read.get("revocation_code")
    if not call.actor.token and read.get("terms_accepted") is not True:
        raise Refused([Finding.error("collection.terms", "terms_accepted")])
    if read.get("terms_accepted") is False:
        raise Refused([Finding.error("collection.terms", "terms_accepted")])
    if code is not None:
        check_chosen_code(code)
    request = as_request(read, within=call.actor.within)
    file = _issue_patiently(call.actor, request, key)
    return hand_over(
        call.actor, reference=file.line.reference, terms_accepted=read.get("terms_accepted", False), code=code
    )


def _issue_patiently(actor: Actor, request: CertificateRequest, key: str) -> CertificateFile:
    """Wait a little for the same request under way on another connection, rather than send it away."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return issue_certificate(actor, request, idempotency_key=key)
        except Fault as fault:
            if fault.code != "issuance.in-progress" or time.monotonic() > limit:
                raise
        time.sleep(0.05)


def _own_key(call: Call) -> str:
    """The key in the caller's own space: a right's for its tokens, the person's for a card at this door."""
    return f"{call.actor.within or 'api'}:{call.key}"


def _check_keys(call: Call, asked: Sequence[Mapping[str, Any]], *, batch: bool) -> None:
    """Refuse the whole call when its key already served another one. Replays pass [ASSURANCE T55]."""
    base = _own_key(call)
    keys = [f"{base}/{at}" for at in range(len(asked))] if batch else [base]
    beyond = [base, f"{base}/{len(asked)}"] if batch else [f"{base}/0"]
    known = digests_under(call.actor.person_id, [*keys, *beyond])
    if not known:
        return
    is_other = any(key in known for key in beyond) or any(
        key in known and known[key] != as_request(one, within=call.actor.within).digest()
        for key, one in zip(keys, asked, strict=True)
    )
    if is_other:
        raise stop(409, [Finding.error("api.key-for-another", "Idempotency-Key")])


def _asked_right(call: Call) -> str:
    """The habilitation whose certificates are asked for; empty for all of a card's holder."""
    asked = str(call.query.get("habilitation", ""))
    if call.actor.within:
        is_theirs = asked in {"", call.actor.within}
    else:
        is_theirs = not asked or _is_right_of(call.actor, asked)
    if not is_theirs:
        raise Refused([Finding.error("habilitation.unknown", asked)])
    return asked or call.actor.within


def _is_right_of(actor: Actor, reference: str) -> bool:
    return habilitation_for(reference, viewer=actor.person_id, at=machine().clock()) is not None


def _find(actor: Actor, reference: str) -> CertificateFile | None:
    """The certificate if the caller may see it: under its right for a token, the person's own for a card."""
    at = machine().clock()
    if actor.token:
        return certificate_under(reference, habilitation=actor.within, at=at)
    return certificate_for(reference, viewer=actor.person_id, at=at)


def _require(call: Call) -> CertificateFile:
    file = _find(call.actor, call.reference)
    if file is None:
        raise Refused([Finding.error("certificate.unknown", call.reference)])
    return file


def _pem(call: Call, *, with_chain: bool) -> Reply:
    file = _require(call)
    if not is_handed_over(file):
        raise stop(409, [Finding.error("api.not-handed-over", call.reference)])
    several = [file.der, *(authorities_of(file) if with_chain else ())]
    text = "".join(DER_cert_to_PEM_cert(der) for der in several)
    return Reply(200, raw=text.encode("ascii"), content_type=PEM_TYPE)
