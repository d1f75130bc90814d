"""Which keys may be certified [F17–F21, T28, T29]."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import shake_256
from time import perf_counter

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sceau.certification import (
    KeyFacts,
    KeyKind,
    KeyUse,
    KnownModuli,
    WeakKeyList,
    judge_key,
    read_key,
    weakness,
)
from sceau.certification.curves import P_256, P_384, Curve
from sceau.certification.keys import RSA_2048_UNTIL, reuse_findings
from sceau.vocabulary import Finding
from tests.authority import AT, PrivateKey, private_key, spki_of, tlv
from tests.requests import integer, oid, pem

UNTIL = datetime(2029, 11, 24, 9, 30, 14, tzinfo=UTC)
RSA_OID, EC_OID = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
NULL = b"\x05\x00"
CHANCE = random.Random(20261124)
PRIME_AFTER = {2048: 114, 3072: 6666, 4096: 946}


def codes(spki: bytes, *, until: datetime | None = UNTIL, facts: KeyFacts | None = None) -> set[str]:
    reading = read_key(spki, until=until, facts=facts or KeyFacts())
    return {finding.code for finding in reading.findings}


def rsa_spki(modulus: int, exponent: int = 65537, *, parameters: bytes = NULL, tail: bytes = b"") -> bytes:
    key = tlv(0x30, integer(modulus) + integer(exponent)) + tail
    return tlv(0x30, tlv(0x30, oid(RSA_OID) + parameters) + tlv(0x03, b"\x00" + key))


def ec_spki(curve: str, point: bytes) -> bytes:
    return tlv(0x30, tlv(0x30, oid(EC_OID) + oid(curve)) + tlv(0x03, b"\x00" + point))


@lru_cache
def prime(bits: int, seed: int = 0) -> int:
    """A prime whose two top bits are set, so that two of them make a modulus of full length."""
    assert bits == 1024
    numbers = rsa.generate_private_key(65537, 2 * bits).private_numbers()
    return max(numbers.p, numbers.q) if seed % 2 else min(numbers.p, numbers.q)


def prime_modulus(bits: int) -> int:
    """A prime of `bits`, found once and named by its distance from a number anybody can make again."""
    start = int.from_bytes(shake_256(b"a prime modulus").digest(bits // 8), "big") | 3 << bits - 2 | 1
    return start + PRIME_AFTER[bits]


@lru_cache
def next_prime(number: int) -> int:
    return int(gmpy2.next_prime(number))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rsa:2048", KeyKind.RSA_2048),
        ("rsa:3072", KeyKind.RSA_3072),
        ("rsa:4096", KeyKind.RSA_4096),
        ("ec:P-256", KeyKind.P_256),
        ("ec:P-384", KeyKind.P_384),
    ],
)
def test_the_five_open_kinds_are_accepted_whole(kind: str, expected: KeyKind) -> None:
    spki = spki_of(private_key(kind, "subscriber"))
    key = read_key(spki, until=UNTIL).require()
    assert key.kind is expected
    assert key.spki == spki
    assert len(key.sha256) == 64
    assert len(key.identifier) == 20


@pytest.mark.parametrize("bits", [512, 1024, 2047, 2049, 2056, 3071, 4095, 4097, 8192, 16384, 32768])
def test_f20_an_rsa_modulus_of_another_size_is_refused(bits: int) -> None:
    assert codes(rsa_spki((1 << bits) - 1)) == {"key.rsa-size"}


def test_t28_a_huge_key_is_refused_on_its_size_before_any_arithmetic() -> None:
    spki = rsa_spki((1 << 65536) - 12345, (1 << 60000) + 1)
    begun = perf_counter()
    assert codes(spki) == {"key.rsa-size", "key.rsa-exponent"}
    assert perf_counter() - begun < 0.05


@pytest.mark.parametrize(
    "exponent", [0, 1, 2, 3, 17, 257, 65535, 65536, 65539, (1 << 32) + 1, 1 << 2000, -65537]
)
def test_f20_any_exponent_but_65537_is_refused(exponent: int) -> None:
    modulus = prime(1024) * prime(1024, 1)
    assert codes(rsa_spki(modulus, exponent)) == {"key.rsa-exponent"}


def test_f20_an_even_modulus_is_refused() -> None:
    assert codes(rsa_spki(prime(1024) * (prime(1024, 1) ^ 1))) == {"key.rsa-even"}


def test_f20_a_negative_or_zero_modulus_is_refused() -> None:
    assert codes(rsa_spki(-(prime(1024) * prime(1024, 1)))) == {"key.rsa-size"}
    assert "key.rsa-size" in codes(rsa_spki(0))


@pytest.mark.parametrize("factor", [3, 5, 7, 641, 743, 751, 757, 7919, 65537, 104729])
def test_f20_a_small_factor_is_found(factor: int) -> None:
    other = CHANCE.getrandbits(2048 - factor.bit_length()) | 7 << 2045 - factor.bit_length() | 1
    while (factor * other).bit_length() < 2048:
        other += 1 << 2040 - factor.bit_length()
    other |= 1
    assert (factor * other).bit_length() == 2048
    assert codes(rsa_spki(factor * other)) == {"key.small-factor"}


def test_f20_close_primes_are_found_by_fermat() -> None:
    p = prime(1024)
    for gap in (0, 1, 1 << 100, 1 << 400, 1 << 500):
        q = next_prime(p + gap + 2)
        assert "key.close-primes" in codes(rsa_spki(p * q)), gap


@pytest.mark.parametrize(("left", "right"), [(3, 2), (4, 3), (5, 4), (5, 3)])
def test_f20_primes_close_to_a_small_ratio_are_found(left: int, right: int) -> None:
    base = math.isqrt((1 << 2048) // 5 * 4 * right // left) + CHANCE.getrandbits(900)
    modulus = next_prime(base * left // right) * next_prime(base)
    assert modulus.bit_length() == 2048
    assert "key.close-primes" in codes(rsa_spki(modulus))


def test_f20_the_roca_fingerprint_is_found() -> None:
    primorial = math.prod(p for p in range(2, 702) if all(p % q for q in range(2, int(p**0.5) + 1)))

    def weak_prime(seed: int) -> int:
        chance = random.Random(seed)
        while True:
            k = chance.getrandbits(1024 - primorial.bit_length() - 1) | 3 << 1024 - primorial.bit_length() - 2
            candidate = k * primorial + pow(65537, chance.getrandbits(60), primorial)
            if (
                candidate.bit_length() == 1024
                and candidate >> 1022 == 3
                and pow(2, candidate - 1, candidate) == 1
            ):
                return candidate

    modulus = weak_prime(1) * weak_prime(2)
    assert modulus.bit_length() == 2048
    assert codes(rsa_spki(modulus)) == {"key.roca"}


@pytest.mark.parametrize(("bits", "power"), [(1024, 2), (683, 3), (512, 4), (410, 5), (293, 7), (158, 13)])
def test_f20_a_perfect_power_is_found(bits: int, power: int) -> None:
    p = next_prime(_root((1 << 2048) // 5 * 4, power))
    assert bits - 2 <= p.bit_length() <= bits + 1
    assert (p**power).bit_length() == 2048
    assert "key.power" in codes(rsa_spki(p**power))


def _root(value: int, degree: int) -> int:
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle)
    return low


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_f20_a_prime_modulus_is_found(bits: int) -> None:
    assert codes(rsa_spki(prime_modulus(bits))) == {"key.prime-modulus"}


def test_f20_no_prime_passes_for_a_modulus_and_hardly_a_modulus_for_a_prime() -> None:
    sieve = [
        number for number in range(3, 2000, 2) if all(number % at for at in range(3, 45, 2) if at < number)
    ]
    for number in range(3, 2000, 2):
        assert weakness.is_probable_prime(number) or number not in sieve, number
    taken_for_primes = {number for number in range(3, 2000, 2) if weakness.is_probable_prime(number)}
    assert taken_for_primes == set(sieve)  # 2047 is the first that fools the base 2
    assert weakness.is_probable_prime(2047)
    assert not weakness.is_probable_prime(prime(1024) * prime(1024, 1))
    assert not weakness.is_probable_prime(2)


def test_f20_every_small_prime_is_tried() -> None:
    large = prime(1024)
    for factor in (3, 5, 109_987, 103_591):
        assert weakness.small_factor(large * factor) == factor
    assert weakness.small_factor(large * 110_017) is None
    assert weakness.small_factor(large * 3 * 5 * 7) == 105


def test_f20_a_modulus_with_a_long_run_of_equal_octets_is_refused() -> None:
    p = prime(1024, 3)
    target = (0xC5 << 2040) | (CHANCE.getrandbits(600) << 1100)
    q = next_prime(target // p)
    assert "key.pattern" in codes(rsa_spki(p * q))


def test_f20_a_shared_factor_with_a_known_modulus_is_found() -> None:
    p, q, r = prime(1024, 10), prime(1024, 11), prime(1024, 12)
    others = [prime(1024, seed) * prime(1024, seed + 1) for seed in (20, 22, 24)]
    moduli = KnownModuli.of([p * q, *others])
    assert codes(rsa_spki(p * r), facts=KeyFacts(moduli=moduli)) == {"key.shared-factor"}
    assert codes(rsa_spki(p * q), facts=KeyFacts(moduli=moduli)) == set(), "itself is no news"
    twice = KnownModuli.of([p * q, p * r])
    assert codes(rsa_spki(p * q), facts=KeyFacts(moduli=twice)) == {"key.shared-factor"}


def test_f20_a_key_of_the_operators_weak_list_is_refused() -> None:
    weak, sound = prime(1024, 30) * prime(1024, 31), prime(1024, 32) * prime(1024, 33)
    text = f"# Debian 2008, generated for this test\n\n{WeakKeyList.fingerprint(weak).upper()}\n"
    facts = KeyFacts(weak=WeakKeyList.of_text(text))
    assert codes(rsa_spki(weak), facts=facts) == {"key.on-weak-list"}
    assert codes(rsa_spki(sound), facts=facts) == set()


def test_a_fingerprint_of_the_weak_list_is_the_one_that_openssl_vulnkey_makes() -> None:
    import hashlib

    modulus = prime(1024, 30) * prime(1024, 31)
    line = b"Modulus=" + f"{modulus:X}".encode() + b"\n"
    assert WeakKeyList.fingerprint(modulus) == hashlib.sha1(line).hexdigest()[-20:]


@pytest.mark.parametrize("line", ["zz", "0123456789abcdef0123456789abcdef01234567", "0123456789"])
def test_a_weak_list_with_a_line_that_is_no_fingerprint_is_refused_whole(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        WeakKeyList.of_text(f"0123456789abcdef0123\n{line}\n")


def test_f20_what_the_arithmetic_finds_in_a_sound_key_is_nothing() -> None:
    for seed in range(8):
        modulus = prime(1024, 40 + seed) * prime(1024, 60 + seed)
        assert codes(rsa_spki(modulus)) == set(), seed


def test_f46_rsa_2048_ends_with_2030_and_only_rsa_2048() -> None:
    small = spki_of(private_key("rsa:2048", "subscriber"))
    assert codes(small, until=RSA_2048_UNTIL) == set()
    assert codes(small, until=RSA_2048_UNTIL + timedelta(seconds=1)) == {"key.rsa-2048-ends"}
    assert codes(small, until=None) == set()
    assert read_key(small, until=RSA_2048_UNTIL + timedelta(days=9), deadline=False).value is not None
    for kind in ("rsa:3072", "ec:P-256"):
        assert (
            codes(spki_of(private_key(kind, "subscriber")), until=RSA_2048_UNTIL + timedelta(days=9)) == set()
        )


def test_f46_explain_refuses_rsa_2048_from_2028_on() -> None:
    spki = spki_of(private_key("rsa:2048", "subscriber"))
    assert judge_key(spki, at=datetime(2028, 1, 1, tzinfo=UTC)) == ()
    later = judge_key(spki, at=datetime(2028, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert [finding.code for finding in later] == ["key.rsa-2048-ends"]


@pytest.mark.parametrize("parameters", [b"", b"\x30\x00", b"\x04\x00", b"\x05\x00\x05\x00"])
def test_rsa_parameters_are_null_and_nothing_else(parameters: bytes) -> None:
    modulus = prime(1024) * prime(1024, 1)
    assert codes(rsa_spki(modulus, parameters=parameters)) & {"key.rsa-parameters", "key.malformed"}


def test_an_rsa_key_with_something_behind_it_is_refused() -> None:
    modulus = prime(1024) * prime(1024, 1)
    assert codes(rsa_spki(modulus, tail=b"\x00")) == {"key.malformed"}
    assert codes(rsa_spki(modulus) + b"\x00") == {"key.malformed"}


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
        ("1.2.840.10040.4.1", "DSA"),
        ("1.3.101.110", "X25519"),
        ("1.3.101.113", "Ed448"),
        ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
        ("1.2.3.4", "1.2.3.4"),
    ],
)
def test_every_other_algorithm_is_off_and_refused_by_its_name(identifier: str, said: str) -> None:
    spki = tlv(0x30, tlv(0x30, oid(identifier)) + tlv(0x03, b"\x00" + b"A" * 32))
    (finding,) = read_key(spki, until=UNTIL).findings
    assert (finding.code, dict(finding.details)["algorithm"]) == ("key.algorithm-off", said)


def test_ed25519_as_openssl_writes_it_is_off() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert codes(spki) == {"key.algorithm-off"}


@pytest.mark.parametrize(
    "curve", [ec.SECP224R1(), ec.SECP521R1(), ec.SECP256K1(), ec.BrainpoolP256R1(), ec.BrainpoolP384R1()]
)
def test_f21_every_other_curve_is_off(curve: ec.EllipticCurve) -> None:
    assert codes(spki_of(ec.generate_private_key(curve))) == {"key.curve-off"}


def test_f21_frp256v1_is_off_and_named() -> None:
    (finding,) = read_key(ec_spki("1.2.250.1.223.101.256.1", b"\x04" + b"A" * 64), until=None).findings
    assert dict(finding.details)["curve"] == "FRP256v1"


def test_f21_explicit_parameters_are_refused_whatever_they_describe() -> None:
    """CurveBall: the real curve, or a false generator on it, described instead of named."""
    point = spki_of(private_key("ec:P-256", "subscriber"))[-65:]
    field = tlv(0x30, oid("1.2.840.10045.1.1") + integer(P_256.prime))
    coefficients = tlv(
        0x30, tlv(0x04, (P_256.prime - 3).to_bytes(32, "big")) + tlv(0x04, P_256.b.to_bytes(32, "big"))
    )
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for generator in (b"\x04" + P_256.base[0].to_bytes(32, "big") + P_256.base[1].to_bytes(32, "big"), point):
        explicit = tlv(
            0x30, integer(1) + field + coefficients + tlv(0x04, generator) + integer(order) + integer(1)
        )
        spki = tlv(0x30, tlv(0x30, oid(EC_OID) + explicit) + tlv(0x03, b"\x00" + point))
        assert codes(spki) == {"key.curve-explicit"}


def test_f21_a_missing_or_implicit_curve_is_refused() -> None:
    point = spki_of(private_key("ec:P-256", "subscriber"))[-65:]
    for parameters in (b"", NULL):
        spki = tlv(0x30, tlv(0x30, oid(EC_OID) + parameters) + tlv(0x03, b"\x00" + point))
        assert codes(spki) == {"key.curve-missing"}


@pytest.mark.parametrize("kind", ["ec:P-256", "ec:P-384"])
def test_f21_points_are_uncompressed_on_their_curve_and_not_at_infinity(kind: str) -> None:
    curve = P_256 if kind == "ec:P-256" else P_384
    point = spki_of(private_key(kind, "subscriber"))[-(1 + 2 * curve.octets) :]
    x, y = curve.coordinates(point)
    octets = curve.octets
    compressed = bytes((2 + y % 2,)) + point[1 : 1 + octets]
    off = point[:-1] + bytes((point[-1] ^ 1,))
    wrapped = b"\x04" + point[1 : 1 + octets] + (y + curve.prime).to_bytes(octets + 1, "big")[-octets:]
    expected = {
        b"\x00": "key.point-infinity",
        compressed: "key.point-compressed",
        bytes((6 + y % 2,)) + point[1:]: "key.point-malformed",
        point[:-1]: "key.point-malformed",
        point + b"\x00": "key.point-malformed",
        b"": "key.point-malformed",
        b"\x04" + bytes(2 * octets): "key.point-off-curve",
        off: "key.point-off-curve",
    }
    for octets_given, code in expected.items():
        assert codes(ec_spki(curve.oid, octets_given)) == {code}
    assert codes(ec_spki(curve.oid, wrapped)) <= {"key.point-off-curve"}
    assert curve.holds(x, y)
    assert not curve.holds(x + curve.prime, y), "coordinates are reduced"


def test_f21_a_point_of_one_curve_is_not_taken_for_one_of_the_other() -> None:
    point = spki_of(private_key("ec:P-384", "subscriber"))[-97:]
    assert codes(ec_spki(P_256.oid, point)) == {"key.point-malformed"}


@pytest.mark.parametrize("curve", [P_256, P_384], ids=lambda curve: str(curve.octets))
def test_f21_a_coordinate_that_is_not_reduced_names_no_point(curve: Curve) -> None:
    x, y = curve.base
    assert curve.holds(x, y)
    for unreduced in ((x + curve.prime, y), (x, y + curve.prime), (x + curve.prime, y + curve.prime)):
        assert not curve.holds(*unreduced)
    root = pow(curve.b, (curve.prime + 1) // 4, curve.prime)  # x nought, where there is such a point
    if root * root % curve.prime == curve.b:
        assert curve.holds(0, root)
        assert not curve.holds(curve.prime, root)


@pytest.mark.parametrize("scalar", [1, 2, 3, 100, 256])
def test_f20_a_private_key_that_anybody_would_try_is_refused(scalar: int) -> None:
    for curve in (ec.SECP256R1(), ec.SECP384R1()):
        assert codes(spki_of(ec.derive_private_key(scalar, curve))) == {"key.trivial"}


def test_the_constants_of_the_curves_are_those_of_the_library() -> None:
    for curve, theirs in ((P_256, ec.SECP256R1()), (P_384, ec.SECP384R1())):
        numbers = ec.derive_private_key(1, theirs).public_key().public_numbers()
        assert (numbers.x, numbers.y) == curve.base
        assert curve.holds(*curve.base)


def test_f18_a_blocked_key_is_refused_for_ever() -> None:
    spki = spki_of(private_key("ec:P-256", "subscriber"))
    digest = read_key(spki, until=None).require().sha256
    assert codes(spki, facts=KeyFacts(blocked=frozenset({digest}))) == {"key.blocked"}


USE = KeyUse("ORG_SIGN", "318751275100020", "C-1")


@pytest.mark.parametrize(
    ("product", "holder", "renewable", "code"),
    [
        ("ORG_AUTH_CLI", "318751275100020", False, "key.used-for-another-product"),
        ("ORG_AUTH_CLI", "318751275100020", True, "key.used-for-another-product"),
        ("ORG_SIGN", "10B0152872", False, "key.used-by-another"),
        ("ORG_SIGN", "10B0152872", True, "key.used-by-another"),
        ("ORG_SIGN", "318751275100020", False, "key.used-before"),
        ("ORG_SIGN", "318751275100020", True, "key.renewed"),
    ],
)
def test_f19_a_key_serves_one_product_of_one_holder_once(
    product: str, holder: str, renewable: bool, code: str
) -> None:
    found = reuse_findings(KeyFacts(uses=(USE,), renewable=renewable), product=product, holder=holder)
    assert [finding.code for finding in found] == [code]
    assert (found[0].severity == "error") == (code != "key.renewed")


def test_f19_another_holder_is_not_told_whose_key_it_is() -> None:
    (finding,) = reuse_findings(KeyFacts(uses=(USE,)), product="ORG_SIGN", holder="10B0152872")
    assert finding == Finding.error("key.used-by-another", "key")


def test_explain_reads_a_key_in_pem_or_der() -> None:
    spki = spki_of(private_key("ec:P-256", "subscriber"))
    assert judge_key(spki, at=AT) == ()
    assert judge_key(pem(spki, "PUBLIC KEY"), at=AT) == ()


@pytest.mark.parametrize("label", ["CERTIFICATE", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"])
def test_explain_says_that_another_block_is_no_key(label: str) -> None:
    found = judge_key(pem(spki_of(private_key("ec:P-256", "subscriber")), label), at=AT)
    assert [finding.code for finding in found] == ["key.other-block"]


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"hello", b"\x30", b"\x30\x82", b"\xff" * 40, bytes(100), b"0" * 20000]
)
def test_explain_refuses_what_is_no_key_at_all(data: bytes) -> None:
    found = judge_key(data, at=AT)
    assert [finding.severity for finding in found] == ["error"]


def private_forms(key: PrivateKey) -> list[bytes]:
    old = PrivateFormat.TraditionalOpenSSL
    return [
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        key.private_bytes(Encoding.DER, old, NoEncryption()),
        key.private_bytes(Encoding.PEM, old, NoEncryption()),
    ]


@pytest.mark.parametrize("kind", ["rsa:2048", "ec:P-256"])
def test_a_private_key_is_recognised_in_every_form_and_its_destruction_asked(kind: str) -> None:
    key = private_key(kind, "subscriber")
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    for data in private_forms(key):
        assert [finding.code for finding in judge_key(data, at=AT)] == ["key.private-key"]


@settings(max_examples=200)
@given(st.data())
def test_a_changed_key_is_refused_or_is_another_key(data: st.DataObject) -> None:
    spki = bytearray(spki_of(private_key("ec:P-256", "subscriber")))
    at = data.draw(st.integers(0, len(spki) - 1))
    spki[at] ^= data.draw(st.integers(1, 255))
    reading = read_key(bytes(spki), until=UNTIL)
    assert reading.value is None or reading.value.spki == bytes(spki)
