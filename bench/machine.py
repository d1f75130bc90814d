"""The machine and the software that a run was made on."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import ssl
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

from bench.plan import ROOT, Plan


def describe(plan: Plan) -> list[tuple[str, str]]:
    """What has to be known beside the figures."""
    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("revision", revision()),
        ("processor", f"{_processor()}, {os.cpu_count()} cores, {ram:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python", f"{platform.python_version()} ({ssl.OPENSSL_VERSION}, SQLite {sqlite3.sqlite_version})"),
        ("cryptography", f"{version('cryptography')} ({backend.openssl_version_text()})"),
        ("peers", _peers()),
        ("load at start", " ".join(f"{load:.2f}" for load in os.getloadavg())),
        ("plan", f"{plan.rounds} rounds of {plan.seconds} s{', QUICK: no truth' if plan.quick else ''}"),
    ]


def revision() -> str:
    """The commit measured; said when the working copy differs from it."""
    commit = said("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    changed = said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no", "--", "src")
    return f"{commit}, with changes not committed" if changed else commit


def said(*command: str) -> str:
    """What a short command says, empty when it is not there or fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return (done.stdout + done.stderr).strip() if done.returncode == 0 else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _peers() -> str:
    known = {
        "nginx": said("nginx", "-v").removeprefix("nginx version: "),
        "cfssl": " ".join(said("cfssl", "version").split()),
        "openssl": said("openssl", "version"),
    }
    return "; ".join(text or f"no {name}" for name, text in known.items())
