"""The drawer of test cards of a development instance: who is in it, and where their certificates lie.

`cards/drawer.json` is written when the test people are made; in an instance that has none, the drawer is
empty.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sceau.portal import TestCard

_FILE = "drawer.json"


@dataclass(frozen=True, slots=True)
class DrawerLine:
    """One card of the drawer. `slug` is the stem of its files ``cards/<slug>.pem`` and ``.p12``."""

    slug: str
    display: str
    role: str
    card_type: str


def write_drawer(data: Path, lines: list[DrawerLine]) -> None:
    """Write what is in the drawer."""
    text = json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1)
    (data / "cards" / _FILE).write_text(text + "\n", "utf-8")


def drawer_lines(data: Path) -> list[DrawerLine]:
    """What is in the drawer; nothing where there is none."""
    path = data / "cards" / _FILE
    return [DrawerLine(**line) for line in json.loads(path.read_text("utf-8"))] if path.is_file() else []


def read_drawer(data: Path) -> tuple[TestCard, ...]:
    """The cards with their certificates. The private keys beside them are not looked at."""
    return tuple(
        TestCard(
            line.slug,
            line.display,
            line.role,
            line.card_type,
            _certificate(data / "cards" / f"{line.slug}.pem"),
        )
        for line in drawer_lines(data)
    )


def _certificate(path: Path) -> bytes:
    return x509.load_pem_x509_certificates(path.read_bytes())[0].public_bytes(Encoding.DER)
