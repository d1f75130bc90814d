"""The e-mail address at which a person is reached when something goes wrong [N413 4.3].

Decides what may be written to: plain ASCII, one domain, nothing that a mail header, a spreadsheet or a
terminal could obey. Does not know whether anyone reads it, and never makes a scope of it [ASSURANCE F30]: the
address that stands in a certificate is a `Mailbox`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sceau.vocabulary.findings import Finding, Reading, errors, read_ok, read_refused
from sceau.vocabulary.host_names import HostName, read_declared_host_name
from sceau.vocabulary.spelling import displayed
from sceau.vocabulary.suffixes import is_public_suffix, public_suffix, special_use
from sceau.vocabulary.typed_text import SPACES, IdentifierMode, listed, unseen_findings

_MAX_LOCAL = 64  # [RFC 5321 §4.5.3.1.1]
_MAX_ADDRESS = 254  # [RFC 5321 §4.5.3.1.3]
_LONGEST_WORTH_READING = 1_000
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*")
# "user%host@relay" and "host!user@relay" were routes, "*@domain" a pattern, long before they were addresses.
_ROUTE_OR_PATTERN = re.compile(r"[%!]|^\*|\*$")
_FOR_TESTS = frozenset({"test", "example", "example.com", "example.net", "example.org"})
_DOCUMENTATION = _FOR_TESTS - {"test", "example"}  # they exist, but nobody reads there [RFC 6761 §6.5]


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A contact address: ASCII, the domain in lower case (A-labels), the local part as given."""

    text: str


def read_email(
    text: object, *, subject: str = "email", mode: IdentifierMode = IdentifierMode.REAL
) -> Reading[EmailAddress]:
    """The address in `text`, or every finding. Test mode accepts ``.test`` and ``.example``."""
    if not isinstance(text, str):
        return read_refused(Finding.error("typed.not-text", subject))
    trimmed = text.strip(SPACES)
    refusal = _whole_findings(trimmed, subject)
    if refusal:
        return read_refused(*refusal)
    local, _, domain = trimmed.rpartition("@")
    findings = _local_findings(local, subject)
    if domain.endswith("."):
        findings.append(Finding.error("email.trailing-dot", subject))
    host = read_declared_host_name(domain, subject=subject)
    findings.extend(host.findings)
    if host.value is not None:
        findings.extend(_domain_findings(host.value, subject, mode))
    if host.value is None or errors(findings):
        return read_refused(*findings)
    return _referee(f"{local}@{host.value.text}", subject, findings)


def _whole_findings(text: str, subject: str) -> list[Finding]:
    if not text:
        return [Finding.error("typed.empty", subject)]
    if len(text) > _LONGEST_WORTH_READING:
        return [Finding.error("email.too-long", subject, found=len(text))]
    findings = list(unseen_findings(text, subject))
    if '"' in text or "\\" in text:
        findings.append(Finding.error("email.quoted", subject))
    elif text.count("@") > 1:
        findings.append(Finding.error("email.many-at", subject, value=displayed(text)))
    if "@" not in text:
        findings.append(Finding.error("email.no-at", subject, value=displayed(text)))
    return findings


def _local_findings(local: str, subject: str) -> list[Finding]:
    if not local:
        return [Finding.error("email.no-local-part", subject)]
    findings = []
    if len(local) > _MAX_LOCAL:
        findings.append(Finding.error("email.local-too-long", subject, found=len(local)))
    foreign = [char for char in dict.fromkeys(local) if not _LOCAL.fullmatch(char)]
    if foreign:
        findings.append(Finding.error("email.local-character", subject, characters=listed(foreign)))
    if "" in local.split("."):
        findings.append(Finding.error("email.dots", subject, value=displayed(local)))
    if _ROUTE_OR_PATTERN.search(local):
        findings.append(Finding.error("email.route-or-pattern", subject, value=displayed(local)))
    if local[0] in "=+-":
        findings.append(Finding.error("email.local-start", subject, found=local[0]))
    return findings


def _domain_findings(domain: HostName, subject: str, mode: IdentifierMode) -> list[Finding]:
    reserved = special_use(domain)
    if reserved is not None:
        return _reserved_findings(reserved, subject, mode)
    if len(domain.labels[-1]) == 1:
        return [Finding.error("email.no-such-suffix", subject, suffix=domain.labels[-1])]
    if public_suffix(domain) is None:
        return [Finding.warning("email.unknown-suffix", subject, suffix=domain.labels[-1])]
    if is_public_suffix(domain):
        return [Finding.warning("email.public-suffix", subject, domain=domain.text)]
    return []


def _reserved_findings(reserved: str, subject: str, mode: IdentifierMode) -> list[Finding]:
    if mode is IdentifierMode.TEST and reserved in _FOR_TESTS:
        return []
    if reserved in _DOCUMENTATION:
        return [Finding.warning("email.documentation-domain", subject, domain=reserved)]
    return [Finding.error("email.special-use", subject, domain=reserved)]


def _referee(address: str, subject: str, findings: list[Finding]) -> Reading[EmailAddress]:
    """The last word is email-validator's, which knows the grammar better than we do."""
    from email_validator import EmailNotValidError, validate_email  # late: most questions never need it

    if len(address) > _MAX_ADDRESS:
        return read_refused(*findings, Finding.error("email.too-long", subject, found=len(address)))
    try:
        validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return read_refused(*findings, Finding.error("email.syntax", subject, value=displayed(address)))
    return read_ok(EmailAddress(address), *findings)
