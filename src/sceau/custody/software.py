"""Software keys: encrypted PKCS#8 files, the embedded default.

One file a key, mode 0600, PBES2 with scrypt and AES-256-CBC, readable by `openssl pkey` with the
passphrase. Whoever reads the memory of this process has the keys: a hardware module is for who cannot
accept that.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sceau.certification import encode
from sceau.custody.folders import write_new_file
from sceau.custody.keys import PrivateKey, SigningKey, algorithm_of, make_private_key, signing_with
from sceau.custody.pem import pem
from sceau.vocabulary import Fault

# scrypt as openssl accepts it (at most 32 MiB): N = 2^14, r = 8. A person's passphrase gets p = 5; one of
# 256 random bits needs no stretching.
_COST, _BLOCK, _PARALLEL_FOR_PEOPLE = 1 << 14, 8, 5


class SoftwareKey:
    """A private key in memory, as `keys.SigningKey`."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private
        self._sign = signing_with(private)
        public = private.public_key()
        self.algorithm = algorithm_of(public)
        self.public_key = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def ready(self) -> None:
        """A key in memory always is."""

    def sign(self, data: bytes) -> bytes:
        """RSA PKCS#1 v1.5, ECDSA or ML-DSA."""
        return self._sign(data)


class SoftwareKeyStore:
    """A folder of encrypted keys, opened by one passphrase, as `keys.KeyStore`.

    `random_passphrase` says that the passphrase was drawn at random (a development instance's), so that it
    is not stretched at each start.
    """

    def __init__(self, folder: Path, passphrase: bytes, *, random_passphrase: bool = False) -> None:
        if not passphrase:
            raise Fault("keys.no-passphrase", retryable=False)
        self._folder = folder
        self._passphrase = passphrase
        self._parallel = 1 if random_passphrase else _PARALLEL_FOR_PEOPLE

    def create(self, name: str, kind: str) -> SigningKey:
        """Make a key and write it; durable when this returns."""
        return self.keep(name, make_private_key(kind))

    def keep(self, name: str, private: PrivateKey) -> SigningKey:
        """Encrypt and write a key that was made elsewhere (another process, to be quick)."""
        plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        sealed = _seal(plain, self._passphrase, self._parallel)
        write_new_file(self._path(name), pem("ENCRYPTED PRIVATE KEY", sealed), mode=0o600)
        return SoftwareKey(private)

    def open(self, name: str) -> SigningKey:
        """Decrypt a key. The RSA consistency check is left out: these are keys we made, and it costs 160 ms
        each.
        """
        return SoftwareKey(self.private(name))

    def private(self, name: str) -> PrivateKey:
        """The key itself, for the ceremony of a development instance only."""
        path = self._path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise Fault("keys.missing", retryable=False, detail=str(path)) from error
        try:
            key = load_pem_private_key(data, self._passphrase, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Fault("keys.locked", retryable=False, detail=str(path)) from error
        if not isinstance(key, PrivateKey):
            raise Fault("keys.kind", retryable=False, detail=type(key).__name__)
        return key

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pem"


def _seal(plain: bytes, passphrase: bytes, parallel: int) -> bytes:
    """DER of EncryptedPrivateKeyInfo: PBES2 [RFC 8018 §6.2] with scrypt [RFC 7914 §7] and aes256-CBC."""
    salt, vector = secrets.token_bytes(16), secrets.token_bytes(16)
    key = Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=parallel).derive(passphrase)
    padder = block_padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    body = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    stretch = encode.sequence(
        bytes.fromhex("06092b06010401da47040b"),
        encode.sequence(b"\x04\x10" + salt, b"\x02\x02\x40\x00", b"\x02\x01\x08", bytes((2, 1, parallel))),
    )
    cipher = encode.sequence(bytes.fromhex("060960864801650304012a"), b"\x04\x10" + vector)
    scheme = encode.sequence(bytes.fromhex("06092a864886f70d01050d"), encode.sequence(stretch, cipher))
    return encode.sequence(scheme, encode.element(0x04, body))
