"""The peers and tools that Debian has: added by the bench itself where it may, named where it may not."""

from __future__ import annotations

import os
import shutil
import subprocess

_PACKAGES = {"wrk": "wrk", "nginx": "nginx-light", "cfssl": "golang-cfssl", "openssl": "openssl"}


def install_missing() -> str:
    """Install what is missing; what could not be is said, and its rows will say it too."""
    missing = [package for command, package in _PACKAGES.items() if shutil.which(command) is None]
    if not missing:
        return ""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"missing, and not installed for want of root: {', '.join(missing)}"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run(
            ["apt-get", *command], env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode:
            return f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}"
    return ""
