"""Whether an instance does what it must by itself: asked by an operator's alarm, each few minutes.

Nothing here is needed to serve; what it says is what somebody has to look at before it is felt outside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sceau.custody import SignerClient
from sceau.operations import late_lists, machine, untold_officers
from sceau.site.clockwork import HEARTBEAT
from sceau.site.postman import signer_of
from sceau.vocabulary import Fault, Finding

_SILENT = timedelta(minutes=10)
"""The longest round of the clockwork that is not a clockwork gone: it notes its rounds after each."""
_FAILURES = 3
"""A task fails once for a restart; three times in a row, it is looked at."""
_MAIL_CERTIFICATE = timedelta(days=30)


def alarms_of(data: Path, environ: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """What has to be looked at, errors first: the signer, the clockwork and its tasks, late lists, the mail
    certificate, officers whom no mail reaches [ASSURANCE F10, F18].
    """
    at = machine().clock()
    found = (
        *_of_signer(data),
        *_of_clockwork(data / HEARTBEAT, at),
        *late_lists(),
        *_of_mail(environ, at),
        *(Finding.warning("health.officer-untold", one.national_id) for one in untold_officers()),
    )
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


def _of_signer(data: Path) -> Iterator[Finding]:
    client = SignerClient(data / "signer" / "socket", timeout=5.0)
    try:
        if not client.is_reachable():
            yield Finding.error("health.signer-silent", "signer")
    finally:
        client.close()


def _of_clockwork(heartbeat: Path, at: datetime) -> Iterator[Finding]:
    try:
        beaten = datetime.fromtimestamp(heartbeat.stat().st_mtime, UTC)
        told = json.loads(heartbeat.read_text("ascii"))
    except (OSError, ValueError):
        yield Finding.error("health.clockwork-silent", HEARTBEAT, since="–")
        return
    if at - beaten > _SILENT:
        yield Finding.error("health.clockwork-silent", HEARTBEAT, since=f"{beaten:%d/%m/%Y %H:%M} UTC")
    for name, task in sorted(told.items()):
        if task["failures"] >= _FAILURES:
            yield Finding.error(
                "health.task-failing", name, failures=task["failures"], last=task["last"] or "jamais"
            )


def _of_mail(environ: Mapping[str, str], at: datetime) -> Iterator[Finding]:
    """The certificate that mails are signed with: readable, and not about to end."""
    try:
        signer = signer_of(environ)
    except Fault as fault:
        yield Finding.error("health.mail-certificate-unreadable", fault.detail)
        return
    if signer is None:
        return
    ends = signer.certificate.not_valid_after_utc
    if ends - at < _MAIL_CERTIFICATE:
        yield Finding.warning("health.mail-certificate-ends", "SCEAU_MAIL_CERTIFICATE", on=f"{ends:%d/%m/%Y}")
