"""The two open curves, P-256 and P-384, with just enough arithmetic to validate a point [F21, CVE-2020-0601].

Their cofactor is 1, so a point on the curve that is not the point at infinity is a point of the right order.
Constants: FIPS 186-4 D.1.2. No secret ever passes through this arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ − 3x + b over the integers modulo `prime`; `base` is the generator, `octets` a coordinate's
    length.
    """

    oid: str
    prime: int
    b: int
    base: tuple[int, int]
    octets: int

    def coordinates(self, point: bytes) -> tuple[int, int]:
        """The two coordinates of an uncompressed point."""
        middle = 1 + self.octets
        return int.from_bytes(point[1:middle], "big"), int.from_bytes(point[middle:], "big")

    def holds(self, x: int, y: int) -> bool:
        """Whether the point is on the curve, its coordinates reduced."""
        return x < self.prime and y < self.prime and (y * y - x * x * x + 3 * x - self.b) % self.prime == 0


P_256 = Curve(
    oid="1.2.840.10045.3.1.7",
    prime=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    base=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    octets=32,
)
P_384 = Curve(
    oid="1.3.132.0.34",
    prime=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    base=(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    octets=48,
)
BY_OID = {curve.oid: curve for curve in (P_256, P_384)}

NAMES = {
    "1.2.840.10045.3.1.1": "P-192",
    "1.3.132.0.33": "P-224",
    "1.3.132.0.35": "P-521",
    "1.3.132.0.10": "secp256k1",
    "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
    "1.2.250.1.223.101.256.1": "FRP256v1",
    "1.2.156.10197.1.301": "SM2",
}

_TRIVIAL_TO = 256


@lru_cache(maxsize=2)
def trivial_abscissas(curve: Curve) -> frozenset[int]:
    """Abscissas of the generator times 1 to 256 (and their opposites): private keys that anybody would
    try.
    """
    found = []
    point = curve.base
    for _ in range(_TRIVIAL_TO):
        found.append(point[0])
        point = _add(curve, point, curve.base)
    return frozenset(found)


def _add(curve: Curve, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    """Sum of two points, neither the opposite of the other."""
    if left == right:
        slope = (3 * left[0] * left[0] - 3) * pow(2 * left[1], -1, curve.prime)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, curve.prime)
    x = (slope * slope - left[0] - right[0]) % curve.prime
    return x, (slope * (left[0] - x) - left[1]) % curve.prime
