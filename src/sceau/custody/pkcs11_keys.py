"""Keys in a PKCS#11 token, made there and never out of it: the same promises as `software`.

What is sent to the token is a digest, so a list of any size costs it the same. A signature that the public
key does not confirm never leaves this module.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from sceau.custody.keys import SigningKey, classical_algorithm_of
from sceau.custody.pkcs11_link import Borrowed, TokenLink
from sceau.vocabulary import Fault

if TYPE_CHECKING:
    import pkcs11

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

# DigestInfo of SHA-256 up to the digest [RFC 8017 §9.2].
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_CURVES = {"P-256": "secp256r1", "P-384": "secp384r1"}
_RSA_SIZES = ("2048", "3072", "4096")


class TokenKey:
    """A private key in a token, as `keys.SigningKey`. May be used by several threads."""

    def __init__(self, link: TokenLink, name: str, public: PublicKey) -> None:
        self._link, self._name, self._public = link, name, public
        self.algorithm, self._hash = classical_algorithm_of(public)
        self.public_key = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def ready(self) -> None:
        """Raises a retryable `Fault` while the token is not there; nothing was sent to it."""
        self._link.ready()

    def sign(self, data: bytes) -> bytes:
        """RSA PKCS#1 v1.5 or ECDSA over `data`.

        A token that says that it did not do it (a session or handle of before) is asked once more, on a
        fresh session. Raises `Fault`: retryable when nothing was sent, ``signer.key-failed`` when the token
        failed in the middle.
        """
        digest = hashlib.new(self._hash.name, data).digest()
        for _ in range(2):
            signature = self._ask(digest)
            if signature is not None:
                break
        else:
            raise Fault("signer.key-gone", retryable=True, detail=self._name)
        try:
            self._confirm(signature, data)
        except InvalidSignature as error:
            raise Fault("signer.key-failed", retryable=False, detail="the signature is not good") from error
        return signature

    def _ask(self, digest: bytes) -> bytes | None:
        """The token's signature, None when the session turned out to be gone."""
        import pkcs11

        not_done = (
            pkcs11.SessionHandleInvalid,
            pkcs11.ObjectHandleInvalid,
            pkcs11.KeyHandleInvalid,
            pkcs11.UserNotLoggedIn,
            pkcs11.TokenNotPresent,
        )
        with self._link.borrow() as borrowed:
            try:
                key = self._key(borrowed)
            except (pkcs11.PKCS11Error, Fault):
                self._link.lose(borrowed, is_empty=True)
                return None
            try:
                return self._sign(key, digest)
            except not_done:
                self._link.lose(borrowed)
                return None
            except pkcs11.PKCS11Error as error:
                self._link.lose(borrowed)
                raise Fault("signer.key-failed", retryable=False, detail=type(error).__name__) from error

    def _key(self, borrowed: Borrowed) -> Any:
        if self._name not in borrowed.keys:
            borrowed.keys[self._name] = _private(borrowed.session, self._name)
        return borrowed.keys[self._name]

    def _sign(self, key: Any, digest: bytes) -> bytes:
        import pkcs11

        if isinstance(self._public, rsa.RSAPublicKey):
            signed: bytes = key.sign(_SHA256_INFO + digest, mechanism=pkcs11.Mechanism.RSA_PKCS)
            return signed
        pair: bytes = key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        half = len(pair) // 2
        return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))

    def _confirm(self, signature: bytes, data: bytes) -> None:
        if isinstance(self._public, rsa.RSAPublicKey):
            self._public.verify(signature, data, padding.PKCS1v15(), self._hash)
        else:
            self._public.verify(signature, data, ec.ECDSA(self._hash))


class TokenKeyStore:
    """The keys of one token, each under its label, as `keys.KeyStore`."""

    def __init__(self, link: TokenLink) -> None:
        self._link = link

    def create(self, name: str, kind: str) -> SigningKey:
        """Make a pair in the token: sensitive, never extractable, for signing only."""
        with self._link.writable() as session:
            if _labelled(session, name):
                raise Fault("token.key-exists", retryable=False, detail=name)
            _make(session, name, kind)
        return self.open(name)

    def open(self, name: str) -> SigningKey:
        """The key under `name`. Raises `Fault`: ``token.key-missing``, ``token.key-open`` (it could leave
        the token), or why the token is not there.
        """
        import pkcs11

        with self._link.borrow() as borrowed:
            try:
                private = _private(borrowed.session, name)
                public = _public(borrowed.session, name)
                is_closed = private[pkcs11.Attribute.SENSITIVE] and not private[pkcs11.Attribute.EXTRACTABLE]
            except pkcs11.PKCS11Error as error:
                raise Fault("token.failed", retryable=False, detail=type(error).__name__) from error
        if not is_closed:
            raise Fault("token.key-open", retryable=False, detail=name)
        return TokenKey(self._link, name, public)


def _labelled(session: pkcs11.Session, name: str) -> list[pkcs11.types.Object]:
    import pkcs11

    return list(session.get_objects({pkcs11.Attribute.LABEL: name}))


def _private(session: pkcs11.Session, name: str) -> pkcs11.PrivateKey:
    import pkcs11

    found = [one for one in _labelled(session, name) if isinstance(one, pkcs11.PrivateKey)]
    if len(found) != 1:
        raise Fault("token.key-missing", retryable=False, detail=f"{name}: {len(found)}")
    return found[0]


def _public(session: pkcs11.Session, name: str) -> PublicKey:
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key

    found = [one for one in _labelled(session, name) if isinstance(one, pkcs11.PublicKey)]
    if len(found) != 1:
        raise Fault("token.key-missing", retryable=False, detail=f"{name}: {len(found)}")
    if found[0].key_type == pkcs11.KeyType.RSA:
        modulus, exponent = found[0][pkcs11.Attribute.MODULUS], found[0][pkcs11.Attribute.PUBLIC_EXPONENT]
        return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    read = load_der_public_key(encode_ec_public_key(found[0]))
    if not isinstance(read, ec.EllipticCurvePublicKey):
        raise Fault("keys.kind", retryable=False, detail=type(read).__name__)
    return read


def _make(session: pkcs11.Session, name: str, kind: str) -> None:
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    family, _, size = kind.partition(":")
    options: dict[str, Any] = {
        "id": name.encode(),
        "label": name,
        "store": True,
        "capabilities": pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
        "private_template": {
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.SIGN_RECOVER: False,
        },
    }
    if family == "rsa" and size in _RSA_SIZES:
        session.generate_keypair(pkcs11.KeyType.RSA, int(size), **options)
    elif family == "ec" and size in _CURVES:
        curve = encode_named_curve_parameters(_CURVES[size])
        parameters = {pkcs11.Attribute.EC_PARAMS: curve}
        session.create_domain_parameters(pkcs11.KeyType.EC, parameters, local=True).generate_keypair(
            **options
        )
    else:
        raise Fault("keys.kind", retryable=False, detail=kind)
