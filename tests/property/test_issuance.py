"""Whatever names a warrant holds, exactly those are certified; and both examinations agree [F25, F29,
G06].
"""

from __future__ import annotations

from cryptography import x509
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sceau.certification import compose_serial, examine, examine_for_signing
from sceau.certification.examine import Expected
from sceau.registration.naming import Name
from sceau.vocabulary import HostName
from tests.authority import AT, CATALOGUE, RANDOM_BITS, draft_for, request, subject_for, warrant

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)
HOSTS = st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=8, unique=True).map(
    lambda pairs: tuple(HostName(f"{left}.{right}.fr") for left, right in pairs)
)
NAMES = st.text(
    st.characters(whitelist_categories=("Lu", "Ll", "Nd"), max_codepoint=0x17F), min_size=1, max_size=50
)

_DRAFT = draft_for("SERV_SSL")


@settings(max_examples=40, deadline=None)
@given(HOSTS)
def test_the_names_of_the_warrant_are_the_names_of_the_certificate(hosts: tuple[HostName, ...]) -> None:
    names: tuple[Name, ...] = hosts
    draft, issuer = draft_for("SERV_SSL", warrant_given=warrant("SERV_SSL", names=names))
    wrapped = draft.tbs + bytes.fromhex("300d06092a864886f70d01010b0500030100")
    read = x509.load_der_x509_certificate(b"\x30\x82" + len(wrapped).to_bytes(2, "big") + wrapped)
    seen = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert seen.get_values_for_type(x509.DNSName) == [host.text for host in hosts]
    assert examine_for_signing(draft.tbs, issuer=issuer.facts, catalogue=CATALOGUE, at=AT) == ()


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_changed_draft_is_found_by_the_examiner(data: st.DataObject) -> None:
    draft, issuer = _DRAFT
    tbs = bytearray(draft.tbs)
    at = data.draw(st.integers(0, len(tbs) - 1))
    tbs[at] ^= data.draw(st.integers(1, 255))
    given_facts = Expected(
        warrant("SERV_SSL"), request().key.spki, compose_serial(AT, RANDOM_BITS), AT, issuer.facts, CATALOGUE
    )
    assert examine(bytes(tbs), given_facts)
    examine_for_signing(bytes(tbs), issuer=issuer.facts, catalogue=CATALOGUE, at=AT)


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES)
def test_a_structures_names_are_written_as_they_are_or_refused(organisation: str, department: str) -> None:
    from dataclasses import replace

    from sceau.registration import StructureSubject
    from sceau.vocabulary import Refused

    subject = subject_for("SERV_SSL", (HostName("www.mon-domaine.fr"),))
    assert isinstance(subject, StructureSubject)
    names: tuple[Name, ...] = (HostName("www.mon-domaine.fr"),)
    changed = replace(subject, organisation=organisation, department=department)
    given_warrant = warrant("SERV_SSL", names=names, subject=changed)
    try:
        draft, _ = draft_for("SERV_SSL", warrant_given=given_warrant)
    except Refused as refusal:
        codes = {finding.code for finding in refusal.findings}
        event("refused")
    else:
        codes = set()
        assert department.encode() in draft.tbs
        assert organisation[:40].encode() in draft.tbs
    assert codes <= {"draft.subject-character", "draft.organisation-cut"}
