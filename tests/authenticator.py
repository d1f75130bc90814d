"""An authenticator in software, for tests: makes passkeys and answers with them as a browser would pass it
on, or as an attacker would wish it to.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x18, 0x40


@dataclass
class Key:
    """One passkey as its authenticator holds it."""

    credential: bytes
    private: ec.EllipticCurvePrivateKey
    user: bytes
    count: int = 0


@dataclass
class Lie:
    """What an answer says otherwise than an honest one would. None: the truth."""

    origin: str | None = None
    relying_party: str | None = None
    challenge: bytes | None = None
    kind: str | None = None
    verified: bool = True
    present: bool = True
    cross_origin: bool = False
    count: int | None = None
    user: bytes | None = None
    attestation: str = "none"


TRUTH = Lie()


@dataclass
class Authenticator:
    """A device. `counts` says whether it counts its uses; `drawn` makes its keys its own."""

    name: str
    origin: str = "https://localhost:8443"
    counts: bool = True
    backed_up: bool = False
    keys: list[Key] = field(default_factory=list)

    def make(self, options: str, lie: Lie = TRUTH) -> str:
        """Answer a question that makes a passkey."""
        asked = json.loads(options)
        drawn = hashlib.sha256(f"{self.name}/{len(self.keys)}".encode()).digest()
        private = ec.derive_private_key(int.from_bytes(drawn, "big") >> 1, ec.SECP256R1())
        key = Key(hashlib.sha256(drawn).digest(), private, octets(asked["user"]["id"]))
        self.keys.append(key)
        data = self._data(key, asked["rp"]["id"], lie, making=True)
        attestation = {"fmt": lie.attestation, "attStmt": {}, "authData": data}
        told = _client_data("webauthn.create", asked, self.origin, lie)
        response = {"clientDataJSON": text(told), "attestationObject": text(cbor2.dumps(attestation))}
        return _answer(key, response)

    def use(self, options: str, lie: Lie = TRUTH, *, key: Key | None = None) -> str:
        """Answer a question that uses a passkey."""
        asked, held = json.loads(options), key or self.keys[-1]
        data = self._data(held, asked["rpId"], lie, making=False)
        told = _client_data("webauthn.get", asked, self.origin, lie)
        signature = held.private.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(told),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": text(held.user if lie.user is None else lie.user),
        }
        return _answer(held, response)

    def _data(self, key: Key, relying_party: str, lie: Lie, *, making: bool) -> bytes:
        if self.counts:
            key.count += 1
        count = key.count if lie.count is None else lie.count
        flags = (_PRESENT * lie.present) | (_VERIFIED * lie.verified) | (_BACKED_UP * self.backed_up)
        digest = hashlib.sha256((lie.relying_party or relying_party).encode()).digest()
        head = digest + bytes([flags | (_ATTESTED * making)]) + count.to_bytes(4, "big")
        if not making:
            return head
        credential = len(key.credential).to_bytes(2, "big") + key.credential
        return head + bytes(16) + credential + _cose(key.private)


def _cose(private: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = private.public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _client_data(kind: str, asked: dict[str, Any], origin: str, lie: Lie) -> bytes:
    told = {
        "type": lie.kind or kind,
        "challenge": asked["challenge"] if lie.challenge is None else text(lie.challenge),
        "origin": lie.origin or origin,
        "crossOrigin": lie.cross_origin,
    }
    return json.dumps(told).encode()


def _answer(key: Key, response: dict[str, str]) -> str:
    named = text(key.credential)
    return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})


def octets(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
