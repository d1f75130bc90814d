"""What each address of this door does: calls verbs and queries, and tells what came of it. No rule here."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ssl import DER_cert_to_PEM_cert
from typing import Any

from sceau.catalogue import Language
from sceau.enrolment.rest.answers import (
    authorities_of,
    challenge_told,
    file_told,
    file_written,
    habilitation_told,
    is_handed_over,
    key_told,
    line_told,
    verdict_told,
    written,
)
from sceau.enrolment.rest.problems import defect, problem_of, stop
from sceau.enrolment.rest.requests import as_request
from sceau.operations import (
    Actor,
    Answer,
    Ask,
    HandOver,
    challenge_key,
    doubts_about_names,
    issue_all,
    look_up_key,
    machine,
    preview_certificate,
    report_key_by_signature,
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
from sceau.vocabulary import Finding, Refused

log = logging.getLogger("sceau.enrolment")

PEM_TYPE = "application/pem-certificate-chain"
BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, read and admitted. `key` is the idempotency key, empty where none is asked for; `language` is
    the one that its words are answered in.
    """

    actor: Actor
    instance: str
    reference: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    language: Language = Language.FRENCH


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
    asks = asks_of(call)
    issued = iter(issue_all([ask for ask in asks if isinstance(ask, Ask)]))
    return certificates_told(call, [next(issued) if isinstance(ask, Ask) else ask for ask in asks])


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


def post_key_challenge(call: Call) -> Reply:
    """The line that whoever holds a key signs to have it blocked. Asked again meanwhile, the same."""
    return Reply(200, challenge_told(challenge_key(call.body["key"].encode("utf-8"))))


def post_compromised_key(call: Call) -> Reply:
    """A key proven by the signature of its line: blocked, and every certificate on it ended. Sent again with
    the same signature, the same answer.
    """
    named, signature = (call.body[name].encode("utf-8") for name in ("key", "signature"))
    report = report_key_by_signature(named, signature)
    return Reply(200, key_told(look_up_key(report.key.encode("ascii"))))


def get_habilitations(call: Call) -> Reply:
    """The caller's rights; a token has one."""
    lines = habilitations_of(call.actor.person_id, at=machine().clock())
    kept = [line for line in lines if call.actor.within in {"", line.reference}]
    return Reply(200, {"habilitations": [habilitation_told(line) for line in kept]})


def post_preview(call: Call) -> Reply:
    """The verdict, nothing kept. A right that is not the caller's does not exist."""
    asked = as_request(call.body, within=call.actor.within)
    seen = preview_certificate(call.actor, asked)
    if any(finding.code == "habilitation.unknown" for finding in seen.findings):
        raise Refused(seen.findings)
    odd = doubts_about_names(asked.names, habilitation=asked.habilitation)
    seen = replace(seen, findings=tuple(dict.fromkeys((*seen.findings, *odd))))
    return Reply(200, verdict_told(seen, call.language), headers={"content-language": call.language})


def get_health(call: Call) -> Reply:
    """Whether the door and its records answer; nothing more."""
    del call
    latest_head()
    return Reply(200, {"status": "ok"})


def asks_of(call: Call) -> list[Ask | Exception]:
    """What is asked for, each handed over with its issuance; or why one cannot even be asked.
    `NotServedError` when the key of the whole call already served another one.
    """
    base, several = _own_key(call), call.body.get("requests")
    if several is None:
        return [_ask(call, call.body, key=base, apart=(f"{base}/0",))]
    _check_keys(call, several)
    return [_ask(call, one, key=f"{base}/{at}", apart=()) for at, one in enumerate(several)]


def _ask(call: Call, read: Mapping[str, Any], *, key: str, apart: tuple[str, ...]) -> Ask | Exception:
    hand_over = HandOver(read.get("terms_accepted"), read.get("revocation_code"))
    try:
        return Ask(call.actor, as_request(read, within=call.actor.within), key, hand_over, apart)
    except Refused as refused:
        return refused


def certificates_told(call: Call, answers: Sequence[Answer]) -> Reply:
    """What came of a call: its certificate, or a result for each. Raises what the one request came to."""
    if "requests" in call.body:
        results = b",".join([_result(call, at, one) for at, one in enumerate(answers)])
        told = b'{"results":[%b]}\n' % results
        return Reply(200, raw=told, headers={"content-language": call.language})
    (answer,) = answers
    if isinstance(answer, Exception):
        raise answer
    where = f"{BASE}/certificates/{answer.line.reference}"
    return Reply(201, raw=file_written(answer) + b"\n", headers={"location": where})


def _result(call: Call, at: int, answer: Answer) -> bytes:
    """The result of one request among several: refused or failed, the others went on."""
    if isinstance(answer, CertificateFile):
        return b'{"index":%d,"status":201,"certificate":%b}' % (at, file_written(answer))
    problem = problem_of(answer)
    if problem is None:
        log.error("no answer to %s/%d", call.instance, at, exc_info=answer)
        problem = defect()
    document = written(problem.document(f"{call.instance}/{at}", call.language))
    return b'{"index":%d,"status":%d,"problem":%b}' % (at, problem.status, document)


def _own_key(call: Call) -> str:
    """The key in the caller's own space: a right's for its tokens, the person's for a card at this door."""
    return f"{call.actor.within or 'api'}:{call.key}"


def _check_keys(call: Call, asked: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a whole call of several when its key already served another one. Replays pass [ASSURANCE T55].

    That the key of a call of one served none of several is asked with the request itself.
    """
    base = _own_key(call)
    keys = [f"{base}/{at}" for at in range(len(asked))]
    beyond = [base, f"{base}/{len(asked)}"]
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
