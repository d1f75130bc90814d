"""The minutes of a ceremony: what was read, made and checked, when, by whom; in French, to be printed and
signed by hand.

Markdown, so that it reads as it is. Its bytes are signed with an Ed25519 key of the folder that can do
nothing else; `openssl pkeyutl -verify` checks it, and so does `check_transcript`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from sceau import __version__
from sceau.custody.cross_check import file_digest, openssl_version
from sceau.custody.folders import write_new_file
from sceau.custody.plan import Plan
from sceau.vocabulary import Finding, Refused


@dataclass(slots=True)
class Transcript:
    """Minutes under way. `clock` dates each step; `tell` says it aloud too."""

    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    lines: list[str] = field(default_factory=list)

    def begin(self, act: str, plan: Plan, raw: bytes, *, is_rehearsal: bool) -> None:
        """Head: what this is, on which plan, with which programs."""
        kind = "RÉPÉTITION : rien de ce qui suit ne sert" if is_rehearsal else "cérémonie réelle"
        module = "fichiers chiffrés" if plan.place is None else f"module PKCS#11 {plan.place.module}"
        self.lines += [
            f"# Procès-verbal : {plan.title}",
            "",
            f"- Acte : {act} ({kind})",
            f"- Ouvert le {_moment(self.clock())}",
            f"- Environnement : {plan.environment.label}, organisation {plan.environment.organisation}",
            f"- Plan : SHA-256 `{plan.digest}`",
            f"- Clés : {module}",
            *_experiment(plan),
            f"- Programmes : sceau {__version__}, cryptography {version('cryptography')}, "
            f"Python {platform.python_version()}, {openssl_version()}",
            "",
            "## Le plan, tel qu'il a été relu",
            "",
            "```toml",
            raw.decode("utf-8").rstrip("\n"),
            "```",
            "",
            "## Déroulement",
            "",
        ]

    def step(self, text: str) -> None:
        """One thing that was done, dated."""
        line = f"{self.clock().astimezone(UTC):%H:%M:%S} UTC – {text}"
        self.lines.append(f"- {line}")
        self.tell(line)

    def section(self, title: str, rows: Sequence[str]) -> None:
        """A part of its own."""
        self.lines += ["", f"## {title}", "", *rows]

    def close(self, plan: Plan, public_key: bytes) -> bytes:
        """The minutes as they are signed: closed, with room for the hands of those who were there."""
        present = [*plan.custodians, *plan.witnesses]
        rows = [f"- {name} : ______________________________" for name in present]
        self.section("Ont assisté et signent", rows or ["- ______________________________"])
        self.lines += [
            "",
            f"Clos le {_moment(self.clock())}. Clé de signature de ce procès-verbal (Ed25519) : "
            f"`{public_key.hex()}`",
            "",
        ]
        return "\n".join(self.lines).encode()


def _experiment(plan: Plan) -> list[str]:
    if not plan.post_quantum:
        return []
    return [
        f"- **EXPÉRIMENTAL** : clés ML-DSA (post-quantiques) de {', '.join(plan.post_quantum)}. La plupart "
        "des programmes ne vérifient pas ce qu'elles signent ; rien de réel ne doit en dépendre."
    ]


def write_transcript(path: Path, text: bytes, key: Ed25519PrivateKey) -> tuple[Path, ...]:
    """Write the minutes, their signature (`.sig`, 64 octets) and the public key (`.pub`, PEM) beside them."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    files = {path: text, _beside(path, ".sig"): key.sign(text), _beside(path, ".pub"): public}
    for place, data in files.items():
        write_new_file(place, data)
    return tuple(files)


def check_transcript(path: Path, *, expected: str | None = None) -> str:
    """Raise `Refused` (``ceremony.transcript``) unless the minutes are those that were signed, by the key
    `expected` (hex) if given; returns the key's hex, to be compared with the one on paper.
    """
    try:
        key = _ed25519(_beside(path, ".pub").read_bytes())
        key.verify(_beside(path, ".sig").read_bytes(), path.read_bytes())
    except (OSError, ValueError, TypeError, InvalidSignature) as error:
        raise Refused([Finding.error("ceremony.transcript", str(path))]) from error
    said = key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    if expected is not None and expected.lower() != said:
        raise Refused([Finding.error("ceremony.transcript", str(path))])
    return said


def _ed25519(data: bytes) -> Ed25519PublicKey:
    key = load_pem_public_key(data)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("kind of key")
    return key


def input_line(name: str, data: bytes) -> str:
    """A file that was brought, as the minutes name it."""
    return f"lu {name}, SHA-256 `{file_digest(data)}`"


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d/%m/%Y à %H:%M:%S} UTC"
