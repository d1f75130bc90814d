"""TLS of the card door: any client certificate gets through the handshake, once its key was proven.

Python's own `ssl` breaks the handshake of a certificate that it cannot chain, and a person whose card is
refused sees a browser's error instead of a page. Here OpenSSL is asked for the proof of possession only;
whose the certificate is, and whether it opens anything, is decided by `identity` on a page. A certificate
that nobody validated is worth nothing, and nothing here says otherwise.

The face is that of `ssl.SSLContext` and `ssl.SSLObject`, as far as an event loop uses them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto

_PIECE = 64 * 1024
_HTTP = b"http/1.1"
_DEEPEST = 5  # a card shows itself and at most the authorities above it; nothing is made of them


class AnyCertificateContext(ssl.SSLContext):
    """The TLS of a listener that asks for a certificate, requires none, and believes none.

    Resumes no session in either version, so that each connection proves its certificate again [ASSURANCE
    T07].
    """

    door: SSL.Context

    @classmethod
    def made_of(cls, chain: Path, key: Path) -> AnyCertificateContext:
        """With the server's own certificate chain and key (PEM). Raises OSError when they cannot be used."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.door = _door(chain, key)
        return context

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        *_told: Any,
        **_named: Any,
    ) -> ssl.SSLObject:
        """The TLS of one new connection (what an event loop calls)."""
        connection = SSL.Connection(self.door, None)
        connection.set_accept_state()
        return ProvenTls(connection, incoming, outgoing)  # type: ignore[return-value]


def _door(chain: Path, key: Path) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    try:
        context.use_certificate_chain_file(str(chain))
        context.use_privatekey_file(str(key))
        context.check_privatekey()
    except SSL.Error as error:
        raise OSError(f"{chain}, {key}: {error}") from error
    context.set_options(SSL.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"sceau")
    context.set_verify_depth(_DEEPEST)
    context.set_verify(SSL.VERIFY_PEER, _any)
    context.set_alpn_select_callback(_select)
    return context


def _any(*_judged: object) -> bool:
    """OpenSSL's judgement of the chain is not asked for: the possession of the key is proven elsewhere, by
    the signature over the handshake, which no answer here can replace [RFC 8446 §4.4.3].
    """
    return True


def _select(_connection: SSL.Connection, offered: list[bytes]) -> Any:
    return _HTTP if _HTTP in offered else SSL.NO_OVERLAPPING_PROTOCOLS


class ProvenTls:
    """One connection: what `ssl.SSLObject` offers, over OpenSSL with memory on both sides."""

    def __init__(self, connection: SSL.Connection, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._connection = connection
        self._incoming = incoming
        self._outgoing = outgoing

    def do_handshake(self) -> None:
        """Go on with the handshake. Raises `ssl.SSLWantReadError` until it is over, `ssl.SSLError`."""
        self._turn(self._connection.do_handshake)

    def read(self, size: int = 1024, buffer: bytearray | memoryview | None = None) -> bytes | int:
        """At most `size` octets, empty at the end; or into `buffer`, and how many."""
        data: bytes = self._turn(lambda: self._connection.recv(size)) or b""
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes | memoryview) -> int:
        """Send `data`; how many octets were taken."""
        taken: int = self._turn(lambda: self._connection.send(bytes(data)))
        return taken

    def unwrap(self) -> None:
        """Close the TLS in order; `ssl.SSLWantReadError` until the other end has too."""
        if not self._turn(self._connection.shutdown):
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the other end has not closed yet")

    def getpeercert(self, binary_form: bool = False) -> bytes | dict[str, Any] | None:
        """The certificate whose key was proven (DER), None without; read by nobody here, so never told as a
        dict.
        """
        if not binary_form:
            return None
        presented = self._connection.get_peer_certificate()
        return None if presented is None else crypto.dump_certificate(crypto.FILETYPE_ASN1, presented)

    def cipher(self) -> tuple[str, str, int] | None:
        """Name, version of the protocol, bits."""
        name = self._connection.get_cipher_name()
        if name is None:
            return None
        return name, self._connection.get_protocol_version_name(), self._connection.get_cipher_bits() or 0

    def compression(self) -> None:
        """None: there is none."""

    def _turn(self, act: Callable[[], Any]) -> Any:
        """What came in goes to OpenSSL, then `act`, then what OpenSSL has to say goes out."""
        arrived = self._incoming.read()
        if arrived:
            self._connection.bio_write(arrived)
        elif self._incoming.eof:
            self._connection.bio_shutdown()
        try:
            return act()
        except SSL.WantReadError as wanting:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more is needed") from wanting
        except SSL.ZeroReturnError:
            return b""
        except (SSL.SysCallError, SSL.Error) as error:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"TLS: {error}") from error
        finally:
            self._flush()

    def _flush(self) -> None:
        while True:
            try:
                self._outgoing.write(self._connection.bio_read(_PIECE))
            except SSL.WantReadError:
                return
