"""The instance's DNS resolver, for the one question it asks: the TXT records of a name that the desk gave.

The servers are the system's, or those of `SCEAU_RESOLVER` (addresses, with a port if it is not 53, separated
by commas). Nothing that a stranger sends chooses a server, and nothing is fetched from what is found. Whether
DNSSEC was validated is what that resolver says: it should be ours, on this machine or a trusted link.
"""

from __future__ import annotations

import ipaddress
import os

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from sceau.operations import TxtAnswer
from sceau.vocabulary import Fault

SECONDS = 5.0
_LONGEST = 16_000


class SystemResolver:
    """Asks the configured name servers, with a clock."""

    def __init__(self, servers: str = "") -> None:
        self._servers = servers

    def __call__(self, name: str) -> TxtAnswer:
        """The answer, whatever it is: silence and failures are answers too."""
        try:
            resolver = self._resolver()
        except (dns.resolver.NoResolverConfiguration, OSError) as error:
            raise Fault("site.resolver", retryable=False, detail=str(error)) from error
        asked = ",".join(str(server) for server in resolver.nameservers)
        try:
            answer = resolver.resolve(
                dns.name.from_text(name), dns.rdatatype.TXT, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN as denied:
            return TxtAnswer("none", (), _is_validated(denied), _whole(denied), asked)
        except dns.exception.DNSException as failed:
            return TxtAnswer("silent", (), False, f"{type(failed).__name__}: {failed}"[:_LONGEST], asked)
        records = tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer.rrset or ())
        validated = bool(answer.response.flags & dns.flags.AD)
        outcome = "found" if records else "none"
        return TxtAnswer(outcome, records, validated, answer.response.to_text()[:_LONGEST], asked)

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            found = [_address(one) for one in self._servers.split(",") if one.strip()]
            resolver.nameservers = [address for address, _ in found]
            resolver.nameserver_ports = dict(found)
        resolver.lifetime, resolver.timeout = SECONDS, SECONDS / 2
        resolver.use_edns(0, dns.flags.DO, 1232)
        resolver.flags = dns.flags.RD | dns.flags.AD
        return resolver


def resolver_of_environment() -> SystemResolver:
    """The resolver that the settings name, the system's by default."""
    return SystemResolver(os.environ.get("SCEAU_RESOLVER", ""))


def _address(text: str) -> tuple[str, int]:
    """``192.0.2.1``, ``192.0.2.1:5353``, ``[2001:db8::1]:5353``."""
    text = text.strip()
    host, port = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.lstrip(":") or "53"
    elif text.count(":") == 1:
        host, port = text.split(":")
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError as error:
        raise Fault("site.resolver", retryable=False, detail=text) from error


def _responses(denied: dns.resolver.NXDOMAIN) -> list[dns.message.Message]:
    """The answers that deny a name (the library does not type its own way to them)."""
    return list(denied.kwargs["responses"].values())


def _is_validated(denied: dns.resolver.NXDOMAIN) -> bool:
    return all(bool(response.flags & dns.flags.AD) for response in _responses(denied))


def _whole(denied: dns.resolver.NXDOMAIN) -> str:
    return "\n".join(response.to_text() for response in _responses(denied))[:_LONGEST]
