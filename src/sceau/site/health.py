"""Whether an instance does what it must by itself: asked by an operator's alarm, each few minutes.

Nothing here is needed to serve; what it says is what somebody has to look at before it is felt outside.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sceau.custody import SignerClient
from sceau.operations import late_lists, machine, untold_officers
from sceau.portal import Reread, Watched
from sceau.site.clockwork import HEARTBEAT
from sceau.site.environment import HEAD_KEY_FILE
from sceau.site.nightly import last_reading
from sceau.site.postman import signer_of
from sceau.vocabulary import Fault, Finding

_SILENT = timedelta(minutes=10)
"""The longest round of the clockwork that is not a clockwork gone: it notes its rounds after each."""
_FAILURES = 3
"""A task fails once for a restart; three times in a row, it is looked at."""
_MAIL_CERTIFICATE = timedelta(days=30)


_REREAD = timedelta(hours=48)
"""A re-reading each night, and one more night before its lack is told."""
_PATIENCE = 5.0
_PAGE_PATIENCE = 1.0
_FRESH_SECONDS = 15.0


def alarms_of(data: Path, environ: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """What has to be looked at, errors first: the signer, the clockwork and its tasks, late lists, the last
    re-reading, the mail certificate, officers whom no mail reaches [ASSURANCE F10, F18].
    """
    return _alarms(data, environ, signer=_answers(data, _PATIENCE))


class Watchman:
    """Who looks for the pages of the instance `data`: what was seen is said for a few seconds, so that no
    page waits for a signer that hangs more than once in that time.
    """

    def __init__(self, data: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._data = data
        self._environ = environ
        self._kept: tuple[float, Watched] | None = None

    def __call__(self) -> Watched:
        """What is seen now, or was a moment ago."""
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > _FRESH_SECONDS:
            self._kept = (now, self._look())
        return self._kept[1]

    def _look(self) -> Watched:
        signer = _answers(self._data, _PAGE_PATIENCE)
        return Watched(
            at=machine().clock(),
            alarms=_alarms(self._data, self._environ, signer=signer),
            signer=signer,
            clockwork=_beaten(self._data / HEARTBEAT),
            reread=_reread(self._data),
        )


def _alarms(data: Path, environ: Mapping[str, str], *, signer: bool) -> tuple[Finding, ...]:
    at = machine().clock()
    found = (
        *(() if signer else (Finding.error("health.signer-silent", "signer"),)),
        *_of_clockwork(data / HEARTBEAT, at),
        *late_lists(),
        *_of_reading(data, at),
        *_of_mail(environ, at),
        *(Finding.warning("health.officer-untold", one.national_id) for one in untold_officers()),
    )
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


def _answers(data: Path, patience: float) -> bool:
    client = SignerClient(data / "signer" / "socket", timeout=patience)
    try:
        return client.is_reachable()
    finally:
        client.close()


def _beaten(heartbeat: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(heartbeat.stat().st_mtime, UTC)
    except OSError:
        return None


def _reread(data: Path) -> Reread | None:
    last = last_reading(data)
    if not last:
        return None
    began, ended = (datetime.fromisoformat(last[name]) for name in ("began", "ended"))
    return Reread(began, ended, last["alarms"], last["counts"], last["read"])


def _of_reading(data: Path, at: datetime) -> Iterator[Finding]:
    """What the last re-reading found differs, until one finds that nothing does; and a re-reading that does
    not come, counted from the instance's first day while there is none.
    """
    last = _reread(data)
    if last is None:
        key = data / HEAD_KEY_FILE
        if key.exists() and at - datetime.fromtimestamp(key.stat().st_mtime, UTC) > _REREAD:
            yield Finding.error("health.reading-missing", "recheck", since="–")
        return
    if last.alarms:
        codes = ", ".join(f"{name} × {count}" for name, count in sorted(last.counts.items()))
        yield Finding.error("health.reading-differs", codes, on=f"{last.began:%d/%m/%Y %H:%M} UTC")
    if at - last.began > _REREAD:
        yield Finding.error("health.reading-missing", "recheck", since=f"{last.began:%d/%m/%Y %H:%M} UTC")


def _of_clockwork(heartbeat: Path, at: datetime) -> Iterator[Finding]:
    beaten = _beaten(heartbeat)
    try:
        told = json.loads(heartbeat.read_text("ascii"))
    except (OSError, ValueError):
        told = {}
    if beaten is None or not told:
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
