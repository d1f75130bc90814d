"""`sceau check`: what an operator's alarm is told, and what it is not told when all is well."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from sceau.cli import check
from sceau.operations import publish_crls, publish_deltas
from sceau.site import health
from sceau.site.clockwork import HEARTBEAT
from sceau.site.environment import HEAD_KEY_FILE
from sceau.site.nightly import STATUS
from tests.instance import Instance


class Signer:
    """The signer's door as the alarm knocks at it; the real one is in the tests of processes."""

    answers = True

    def __init__(self, path: Path, *, timeout: float) -> None:
        assert path.name == "socket"
        assert timeout < 10

    def is_reachable(self) -> bool:
        return Signer.answers

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def data(instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(check, "open_instance", lambda data: None)
    monkeypatch.setattr(health, "SignerClient", Signer)
    publish_crls()
    publish_deltas()
    beat(tmp_path, instance)
    yield tmp_path
    Signer.answers = True


def beat(data: Path, instance: Instance, ago: float = 1.0, **failures: int) -> None:
    told = {"crl": {"last": "2026-11-24T11:59:00+00:00", "failures": failures.get("crl", 0)}}
    (data / HEARTBEAT).write_text(json.dumps(told))
    when = instance.clock().timestamp() - ago
    os.utime(data / HEARTBEAT, (when, when))


def signed_by_itself(instance: Instance, days: int) -> bytes:
    """A certificate and its key, in PEM, that ends `days` from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), instance.clock()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guichet@exemple.fr")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=days))
    made = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return made + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def asked(data: Path) -> tuple[int, set[str]]:
    result = CliRunner().invoke(check.app, ["--data", str(data), "--json"])
    told: list[dict[str, Any]] = json.loads(result.stdout)
    return result.exit_code, {one["code"] for one in told}


def test_nothing_is_said_while_all_is_well(data: Path) -> None:
    assert asked(data) == (0, set())
    plain = CliRunner().invoke(check.app, ["--data", str(data)])
    assert plain.stdout == "Rien à signaler.\n"


def test_a_signer_that_does_not_answer_is_an_alarm(data: Path) -> None:
    Signer.answers = False
    assert asked(data) == (1, {"health.signer-silent"})


def test_a_clockwork_gone_and_a_task_that_keeps_failing_are_alarms(data: Path, instance: Instance) -> None:
    beat(data, instance, crl=2)
    assert asked(data) == (0, set())
    beat(data, instance, crl=3)
    assert asked(data) == (1, {"health.task-failing"})
    beat(data, instance, ago=601)
    assert asked(data) == (1, {"health.clockwork-silent"})
    (data / HEARTBEAT).unlink()
    assert asked(data) == (1, {"health.clockwork-silent"})


def test_late_lists_are_told_with_the_rest(data: Path, instance: Instance) -> None:
    instance.clock.forward(days=2)
    beat(data, instance)
    assert "crl.late" in asked(data)[1]


def test_the_mail_certificate_is_told_before_it_ends(
    data: Path, instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "mail.pem"
    monkeypatch.setenv("SCEAU_MAIL_CERTIFICATE", str(certificate))
    monkeypatch.setenv("SCEAU_MAIL_KEY", str(certificate))
    assert asked(data) == (1, {"health.mail-certificate-unreadable"})
    certificate.write_bytes(signed_by_itself(instance, days=60))
    assert asked(data) == (0, set())
    certificate.write_bytes(signed_by_itself(instance, days=20))
    assert asked(data) == (1, {"health.mail-certificate-ends"})


def reading(data: Path, instance: Instance, ago: timedelta, **counts: int) -> None:
    began = (instance.clock() - ago).isoformat()
    told = {"began": began, "ended": began, "alarms": sum(counts.values()), "counts": counts, "read": {}}
    (data / STATUS).write_text(json.dumps(told))


def test_f39_what_a_rereading_found_stays_an_alarm_until_one_finds_nothing(
    data: Path, instance: Instance
) -> None:
    reading(data, instance, timedelta(hours=3), **{"recheck.not-in-ledger": 2})
    assert asked(data) == (1, {"health.reading-differs"})
    reading(data, instance, timedelta(hours=1))
    assert asked(data) == (0, set())


def test_a_rereading_that_does_not_come_is_an_alarm_from_the_second_night_on(
    data: Path, instance: Instance
) -> None:
    reading(data, instance, timedelta(hours=49))
    assert asked(data) == (1, {"health.reading-missing"})
    (data / STATUS).unlink()
    key, now = data / HEAD_KEY_FILE, instance.clock().timestamp()
    key.touch()
    os.utime(key, (now - 47 * 3600, now - 47 * 3600))
    assert asked(data) == (0, set())
    os.utime(key, (now - 49 * 3600, now - 49 * 3600))
    assert asked(data) == (1, {"health.reading-missing"})


def test_a_page_does_not_wait_again_for_what_was_looked_at_a_moment_ago(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: at)
    look = health.Watchman(data, {})
    assert look().alarms == ()
    Signer.answers = False
    at += 10
    assert look().signer
    at += 10
    assert not look().signer
    assert [one.code for one in look().alarms] == ["health.signer-silent"]
